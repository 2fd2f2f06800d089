"""A client as the contract wants it: keeps its cursor, resends what was not acknowledged, never shows twice."""

from __future__ import annotations

import contextlib
import json
import uuid
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.patience import SOON

Frame = dict[str, Any]


class Client:
    """One side of one chat. `shown` is what its person reads: seq → text."""

    def __init__(self, port: int, path: str, session: str, headers: dict[str, str], hello: Frame) -> None:
        self.port = port
        self.path = path
        self.session = session
        self.headers = headers
        self.hello = hello
        self.shown: dict[int, str] = {}
        self.shown_twice: list[int] = []
        self.unacknowledged: dict[str, str] = {}
        self.socket: ClientConnection | None = None
        self.closed_with: int | None = None

    @property
    def cursor(self) -> int:
        """The highest seq up to which everything is here."""
        return next(seq for seq in range(len(self.shown) + 1) if seq + 1 not in self.shown)

    def connect(self, port: int | None = None) -> None:
        """Open the socket, say hello with the cursor, and send again what was not acknowledged."""
        self.port = port or self.port
        self.closed_with = None
        self._manager = connect(
            f"ws://127.0.0.1:{self.port}{self.path}",
            origin=Origin("http://localhost:8000"),
            additional_headers=self.headers,
            open_timeout=SOON,
        )
        self.socket = self._manager.__enter__()
        cursor = {"cursors": {self.session: self.cursor}} if "cursors" in self.hello else {"last_seq": self.cursor}
        self._send({**self.hello, **cursor})
        self.read_until(lambda frame: frame["type"] == "welcome")
        for uid, text in self.unacknowledged.items():
            self._send({"type": "message", "session": self.session, "id": uid, "text": text})

    def say(self, text: str) -> str:
        """Send a message; it is kept until its ack."""
        uid = str(uuid.uuid4())
        self.unacknowledged[uid] = text
        self._send({"type": "message", "session": self.session, "id": uid, "text": text})
        return uid

    def command(self, **frame: Any) -> None:
        self._send({"session": self.session, **frame})

    def read_until_shown(self, seq: int) -> None:
        if self.cursor < seq:
            self.read_until(lambda _frame: self.cursor >= seq)

    def read_until_acknowledged(self) -> None:
        if self.unacknowledged:
            self.read_until(lambda _frame: not self.unacknowledged)

    def read_until_closed(self) -> int | None:
        """Read until the connection is gone; answer its close code."""
        with contextlib.suppress(ConnectionClosed):
            self.read_until(lambda _frame: False)
        return self.closed_with

    def read_until(self, wanted: Any) -> Frame:
        assert self.socket is not None
        while True:
            try:
                frame: Frame = json.loads(self.socket.recv(SOON))
            except ConnectionClosed as closed:
                self.closed_with = closed.rcvd.code if closed.rcvd else None
                raise
            self._take(frame)
            if wanted(frame):
                return frame

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _send(self, frame: Frame) -> None:
        assert self.socket is not None
        with contextlib.suppress(ConnectionClosed):  # it stays unacknowledged
            self.socket.send(json.dumps(frame))

    def _take(self, frame: Frame) -> None:
        if frame["type"] == "ack":
            text = self.unacknowledged.pop(frame["id"], None)
            if text is not None:
                self._show(frame["seq"], text)
        elif frame["type"] == "event":
            self.unacknowledged.pop(frame["id"], None)
            self._show(frame["seq"], frame["text"])

    def _show(self, seq: int, text: str) -> None:
        if seq in self.shown and self.shown[seq] != text:
            self.shown_twice.append(seq)
        self.shown[seq] = text


__all__ = ["Client", "ConnectionClosed", "InvalidHandshake"]
