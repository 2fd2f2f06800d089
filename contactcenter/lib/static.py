"""Static files by WhiteNoise, beside the application: as a middleware it would cost each page a thread hop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from whitenoise import WhiteNoise

MAX_AGE = 300  # seconds a browser keeps a file without asking


def serve_static(application: Callable[..., Any]) -> WhiteNoise:
    """Wrap a WSGI application: requests below STATIC_URL get their file, others pass through."""
    files = WhiteNoise(application, max_age=MAX_AGE, charset="utf-8")
    for finder in get_finders():
        for path, storage in finder.list([]):
            files.add_file_to_dictionary(f"{settings.STATIC_URL}{path}", storage.path(path))
    return files


def static_asgi() -> StaticFiles:
    """Return an ASGI application that serves the static files, and 404 for what is none."""
    return StaticFiles(serve_static(_not_found))


class StaticFiles:
    """Serves WhiteNoise's files without WSGI.

    asgiref's WsgiToAsgi sends from a thread that waits for it; what came next on the same
    kept-alive connection inherited that thread, and was answered 500 when it had gone.
    """

    def __init__(self, files: WhiteNoise) -> None:
        self.files = files.files

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asked = {
            f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}": value.decode("latin-1")
            for name, value in scope["headers"]
        }
        status, headers, body = await asyncio.get_running_loop().run_in_executor(
            None, self._read, scope["path"], scope["method"], asked
        )
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    def _read(self, path: str, method: str, asked: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return status, headers and body. On a thread: it opens the file."""
        found = self.files.get(path)
        if found is None:
            return 404, [("Content-Type", "text/plain; charset=utf-8")], b"There is no such file.\n"
        response = found.get_response(method, asked)
        if response.file is None:
            return int(response.status), list(response.headers), b""
        with response.file:
            return int(response.status), list(response.headers), response.file.read()


def _not_found(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"There is no such file.\n"]
