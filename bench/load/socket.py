"""A WebSocket client that does no more than a benchmark needs: text frames, ping, close, no extensions.

It masks with a key of zeros, which the protocol allows: the server does all of
its work, the client saves some of its own.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import cast

HEADER_END = b"\r\n\r\n"
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_ZERO_MASK = b"\0\0\0\0"


class ClientSocket(asyncio.Protocol):
    """One connection; `hear` is called with the payload of each text frame."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self.hear = hear
        self.close_code: int | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._rest = b""

    def send(self, payload: bytes) -> None:
        assert self._transport is not None
        self._transport.write(frame_of(_TEXT, payload))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.write(frame_of(_CLOSE, struct.pack("!H", 1000)))
            self._transport.close()

    # asyncio.Protocol -------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has another base

    def connection_lost(self, exc: Exception | None) -> None:
        self.close_code = self.close_code or 1006
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before the handshake was answered"))

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        if not self.opened.done():
            data = self._take_handshake(data)
        self._rest = self._take_frames(data) if self.opened.done() else data

    def _take_handshake(self, data: bytes) -> bytes:
        head, found, rest = data.partition(HEADER_END)
        if not found:
            return data
        if head.startswith(b"HTTP/1.1 101 "):
            self.opened.set_result(None)
        else:
            status_line = head.split(b"\r\n", 1)[0].decode("latin-1")
            self.opened.set_exception(ConnectionError(status_line))
        return rest

    def _take_frames(self, data: bytes) -> bytes:
        """Hand on all whole frames; return what is left."""
        position, end = 0, len(data)
        while end - position >= 2:
            length, start = data[position + 1], position + 2
            if length == 126:
                if end - position < 4:
                    break
                length, start = int.from_bytes(data[position + 2 : position + 4], "big"), position + 4
            elif length == 127:
                if end - position < 10:
                    break
                length, start = int.from_bytes(data[position + 2 : position + 10], "big"), position + 10
            if end - start < length:
                break
            self._take(data[position] & 0x0F, data[start : start + length])
            position = start + length
        return data[position:]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT:
            self.hear(payload)
        elif opcode == _PING:
            assert self._transport is not None
            self._transport.write(frame_of(_PONG, payload))
        elif opcode == _CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005


def frame_of(opcode: int, payload: bytes) -> bytes:
    """Return one final, masked frame."""
    length = len(payload)
    if length < 126:
        head = bytes((0x80 | opcode, 0x80 | length))
    elif length < 65_536:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
    return head + _ZERO_MASK + payload


async def open_socket(
    port: int, path: str, hear: Callable[[bytes], None], *, headers: dict[str, str] | None = None
) -> ClientSocket:
    """Connect to this machine's `port` and return the socket after its handshake. Raises `ConnectionError`."""
    _, socket = await asyncio.get_running_loop().create_connection(lambda: ClientSocket(hear), "127.0.0.1", port)
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dG93bmxpbmUtYmVuY2htaw==",
        **(headers or {}),
    }
    assert socket._transport is not None
    text = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    socket._transport.write(text.encode())
    await socket.opened
    return socket
