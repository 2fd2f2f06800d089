"""A socket that speaks JSON frames, as lean as ASGI allows.

Channels' own consumers hop into a thread for each event and hold a channel of
their own; measured, that is half of what a relayed message costs (see
docs/decisions). This one reads in a plain loop, and writes through a bounded
buffer, so that a client which never reads is let go and harms nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, ClassVar, TypeAlias

from contactcenter.lib.errors import DomainError
from contactcenter.lib.frames import dump, parse_object

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

CLOSED_UNAUTHORIZED = 4401
CLOSED_FORBIDDEN = 4403
CLOSED_UNKNOWN_PATH = 4404
CLOSED_HELLO_TOO_LATE = 4408
CLOSED_ELSEWHERE = 4409
CLOSED_TOO_LARGE = 4413
CLOSED_TOO_FAST = 4429
CLOSED_TOO_SLOW = 1013
CLOSED_BROKEN = 1011

HELLO_WITHIN = 10.0  # seconds
BUFFER_BYTES = 1_048_576  # what may wait for a client that does not read
logger = logging.getLogger(__name__)


class Refused(Exception):
    """The handshake is refused with an HTTP status and a refusal as its body."""

    def __init__(self, refusal: DomainError) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


class Closed(Exception):
    """The socket is to be closed with this code."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class JsonSocket:
    """One WebSocket. Subclasses say who is admitted, what `hello` does, and what a frame does."""

    hello_within: ClassVar[float] = HELLO_WITHIN

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._buffer: deque[str] = deque()
        self._buffered = 0
        self._pump: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self.is_closed = False

    @classmethod
    def as_asgi(cls) -> Application:
        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await cls(scope, receive, send).run()

        return application

    # What a subclass says ---------------------------------------------------
    async def admit(self) -> None:
        """Look at the handshake. Raises `Refused` for an HTTP answer, `Closed` for accept-then-close."""

    async def greet(self, frame: dict[str, Any]) -> None:
        """Take the first frame, which is a `hello`."""
        raise NotImplementedError

    async def hear(self, frame: dict[str, Any]) -> None:
        """Take any later frame."""
        raise NotImplementedError

    def complain(self, refusal: DomainError) -> None:
        """Answer a frame that could not even be read."""
        self.push({"type": "error", **refusal.body()})

    async def leave(self) -> None:
        """The socket is gone, whoever closed it."""

    # The life of a socket ---------------------------------------------------
    async def run(self) -> None:
        await self._receive()  # websocket.connect
        try:
            await self.admit()
        except Refused as refused:
            await self._answer_http(refused.refusal)
            return
        except Closed as closed:
            await self._send({"type": "websocket.accept"})
            await self._send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})
            return
        await self._send({"type": "websocket.accept"})
        try:
            await self._converse()
        except Closed as closed:
            self.close(closed.code, closed.reason)
        except Exception:
            logger.exception("a socket failed")
            self.close(CLOSED_BROKEN)
        finally:
            self.is_closed = True
            await self.leave()
            if self._closing is not None:
                await self._closing

    async def _converse(self) -> None:
        first = await self._first_text()
        if first is None:
            return
        await self.greet(self._hello_in(first))
        while (text := await self._next_text()) is not None:
            try:
                frame = parse_object(text)
            except DomainError as refusal:
                if refusal.code == "too_large":
                    raise Closed(CLOSED_TOO_LARGE) from None
                self.complain(refusal)
                continue
            await self.hear(frame)

    async def _first_text(self) -> str | bytes | None:
        try:
            return await asyncio.wait_for(self._next_text(), self.hello_within)
        except TimeoutError:
            raise Closed(CLOSED_HELLO_TOO_LATE) from None

    @staticmethod
    def _hello_in(text: str | bytes) -> dict[str, Any]:
        try:
            frame = parse_object(text)
        except DomainError as refusal:
            raise Closed(CLOSED_TOO_LARGE if refusal.code == "too_large" else CLOSED_UNAUTHORIZED) from None
        if frame.get("type") != "hello":
            raise Closed(CLOSED_UNAUTHORIZED)
        return frame

    async def _next_text(self) -> str | bytes | None:
        """Return the next frame's text, or None when the client is gone or was let go."""
        message = await self._receive()
        if message["type"] != "websocket.receive" or self.is_closed:
            return None
        text: str | bytes | None = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    async def _answer_http(self, refusal: DomainError) -> None:
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            await self._send({"type": "websocket.close", "code": 1008})
            return
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        status = refusal.status
        await self._send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": dump(refusal.body()).encode()})

    # Writing ----------------------------------------------------------------
    def push(self, frame: dict[str, Any]) -> None:
        """Send a frame as soon as the client reads; never waits."""
        self.push_text(dump(frame))

    def push_text(self, text: str) -> None:
        """Send the text of a frame that was made once for many sockets."""
        if self.is_closed:
            return
        self._buffer.append(text)
        self._buffered += len(text)
        if self._buffered > BUFFER_BYTES:
            self.close(CLOSED_TOO_SLOW)
        elif self._pump is None:
            self._pump = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._buffer:
                text = self._buffer.popleft()
                self._buffered -= len(text)
                await self._send({"type": "websocket.send", "text": text})
        except Exception as error:  # the server raises its own kinds when the client is gone
            logger.debug("not written: %s", type(error).__name__)
            self._buffer.clear()
        finally:
            self._pump = None

    def close(self, code: int, reason: str = "") -> None:
        """Close with this code, after what was already pushed; a client that does not read loses it."""
        if self.is_closed:
            return
        self.is_closed = True
        self._closing = asyncio.get_running_loop().create_task(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        if self._pump is not None:
            if code == CLOSED_TOO_SLOW:
                self._pump.cancel()
            await asyncio.wait([self._pump], timeout=2)
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except Exception as error:  # already gone
            logger.debug("not closed: %s", type(error).__name__)


async def refuse_unknown_path(scope: Scope, receive: Receive, send: Send) -> None:
    """Close a socket on a path that is none of ours."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": CLOSED_UNKNOWN_PATH})


def lifespan(at_the_end: Callable[[], Awaitable[None]]) -> Application:
    """Return what answers the server's start and stop; `at_the_end` runs before the stop is answered."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await at_the_end()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    return application
