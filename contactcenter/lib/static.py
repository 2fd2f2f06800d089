"""Static files by WhiteNoise, beside the application: as a middleware it would cost each page a thread hop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from asgiref.wsgi import WsgiToAsgi
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


def static_asgi() -> WsgiToAsgi:
    """Return an ASGI application that serves the static files, and 404 for what is none."""
    return WsgiToAsgi(serve_static(_not_found))


def _not_found(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"There is no such file.\n"]
