"""One JSON request over HTTP, as small as it goes."""

from __future__ import annotations

import asyncio
import json
from typing import Any


async def post(port: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send `body` to this machine's `port` and return the answer's JSON object. Raises `ConnectionError`."""
    payload = json.dumps(body).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + payload)
    answer = await reader.read()
    writer.close()
    status_line, _, rest = answer.partition(b"\r\n")
    if status_line.split(b" ")[1] not in (b"200", b"201"):
        raise ConnectionError(f"{path}: {status_line.decode()} {rest[-400:].decode()}")
    answered: dict[str, Any] = json.loads(rest.partition(b"\r\n\r\n")[2])
    return answered
