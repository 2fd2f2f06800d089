"""One JSON request over HTTP; nothing of it is measured."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


async def post(port: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send `body` to this machine's `port` and return the answer's JSON object. Raises `ConnectionError`."""
    return await asyncio.to_thread(_post, port, path, body)


def _post(port: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
    asked = Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(asked, timeout=30) as answer:
            answered: dict[str, Any] = json.load(answer)
    except HTTPError as refused:
        raise ConnectionError(f"{path}: {refused.code} {refused.read()[:400].decode()}") from None
    return answered
