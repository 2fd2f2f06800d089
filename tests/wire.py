"""Sockets and requests against the real application, inside the test's event loop."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.utils import timezone

from agents.models import Agent
from contactcenter.asgi import application
from tests.patience import SOON

Frame = dict[str, Any]
ORIGIN = "http://localhost:8000"


class Wire:
    """One socket: frames in, frames out."""

    def __init__(self, path: str, headers: dict[str, str] | None = None, client: str = "127.0.0.1") -> None:
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
            "client": (client, 1),
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }
        self.communicator = ApplicationCommunicator(application, scope)
        self.waiting: list[Frame] = []
        self.status: int | None = None
        self.code: int | None = None

    async def connect(self) -> Wire:
        await self.communicator.send_input({"type": "websocket.connect"})
        answer = await self.communicator.receive_output(SOON)
        if answer["type"] == "websocket.http.response.start":
            self.status = answer["status"]
            body = await self.communicator.receive_output(SOON)
            self.waiting.append(json.loads(body["body"]))
        else:
            assert answer["type"] == "websocket.accept", answer
        return self

    async def send(self, frame: Frame) -> None:
        await self.send_text(json.dumps(frame))

    async def send_text(self, text: str) -> None:
        await self.communicator.send_input({"type": "websocket.receive", "text": text})

    async def send_bytes(self, raw: bytes) -> None:
        await self.communicator.send_input({"type": "websocket.receive", "bytes": raw})

    async def receive(self) -> Frame:
        """Return the next frame, in order. A close becomes `{"type": "closed", "code"}`."""
        if self.waiting:
            return self.waiting.pop(0)
        return await self._from_socket()

    async def _from_socket(self) -> Frame:
        message = await self.communicator.receive_output(SOON)
        if message["type"] == "websocket.close":
            self.code = message["code"]
            return {"type": "closed", "code": message["code"]}
        frame: Frame = json.loads(message["text"])
        return frame

    async def next(self, of_type: str, /, **members: Any) -> Frame:
        """Return the next frame of this type with these members; others stay for later."""
        return await self.where(lambda frame: frame["type"] == of_type and members.items() <= frame.items())

    async def where(self, wanted: Callable[[Frame], bool]) -> Frame:
        for index, frame in enumerate(self.waiting):
            if wanted(frame):
                return self.waiting.pop(index)
        while True:
            frame = await self._from_socket()
            if wanted(frame):
                return frame
            self.waiting.append(frame)
            if frame["type"] == "closed":
                raise AssertionError(f"closed with {frame['code']} before it came; got {self.waiting}")

    async def closed(self) -> int:
        """Wait for the server to close and return its code."""
        frame = await self.where(lambda frame: frame["type"] == "closed")
        code: int = frame["code"]
        return code

    async def nothing_more(self) -> list[Frame]:
        """Return what else was sent, after everything that was asked has been answered."""
        await self.send({"type": "here", "ref": "fence"})
        await self.next("ok", ref="fence")
        frames, self.waiting = self.waiting, []
        return frames

    async def disconnect(self) -> None:
        if not self.communicator.future.done():
            await self.communicator.send_input({"type": "websocket.disconnect", "code": 1001})
            await asyncio.wait([self.communicator.future], timeout=SOON)


class Answer:
    """An HTTP answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


class Chat:
    """A chat that a resident has asked for."""

    def __init__(self, answer: Frame) -> None:
        self.id = UUID(answer["session"])
        self.token: str = answer["token"]
        self.answer = answer

    @property
    def session(self) -> str:
        return str(self.id)


class Wires:
    """Everything that a test opens."""

    def __init__(self) -> None:
        self._open: list[Wire] = []

    async def close(self) -> None:
        for wire in self._open:
            await wire.disconnect()

    async def open(self, path: str, headers: dict[str, str] | None = None, client: str = "127.0.0.1") -> Wire:
        wire = Wire(path, headers, client)
        self._open.append(wire)
        return await wire.connect()

    # The resident -----------------------------------------------------------
    async def ask(self, **fields: Any) -> Chat:
        body = {"name": "Dana", "question": "When is my bin collected?", "language": "en", **fields}
        answer = await self.post("/api/v1/chat/sessions", body)
        assert answer.status == 201, answer.body
        return Chat(answer.json())

    async def customer(self, chat: Chat, last_seq: int = 0) -> Wire:
        wire = await self.open("/ws/chat/", {"origin": ORIGIN})
        await wire.send({"type": "hello", "session": chat.session, "token": chat.token, "last_seq": last_seq})
        return wire

    # Staff ------------------------------------------------------------------
    async def desk(self, agent: Agent, cursors: dict[str, int] | None = None, *, hello: bool = True) -> Wire:
        key = await sync_to_async(log_in)(agent)
        wire = await self.open("/ws/desk/", {"origin": ORIGIN, "cookie": f"{settings.SESSION_COOKIE_NAME}={key}"})
        if hello:
            await wire.send({"type": "hello", "cursors": cursors or {}})
            first = await wire.where(lambda frame: frame["type"] in ("welcome", "closed"))
            wire.waiting.insert(0, first)  # to be looked at; what happens from here on is news to this desk
        return wire

    async def conversation(self, agent: Agent, **fields: Any) -> tuple[Chat, Wire, Wire]:
        """Return a chat that the agent has accepted, with both sockets, both having seen `joined`."""
        chat = await self.ask(**fields)
        customer = await self.customer(chat)
        desk = await self.desk(agent)
        await desk.send({"type": "accept", "session": chat.session, "ref": "accept"})
        await desk.next("ok", ref="accept")
        for wire in (customer, desk):
            await wire.next("event", kind="joined")
        return chat, customer, desk

    # Requests ---------------------------------------------------------------
    async def get(self, path: str, **headers: str) -> Answer:
        return await self.request("GET", path, headers=headers)

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.request("POST", path, raw, {"content-type": "application/json", **headers})

    async def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        client: str = "127.0.0.1",
    ) -> Answer:
        target, _question, query = path.partition("?")
        given = {"host": "localhost", "content-length": str(len(body)), **(headers or {})}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": target,
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "scheme": "http",
            "headers": [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in given.items()],
            "client": (client, 1),
            "server": ("localhost", 8000),
        }
        communicator = ApplicationCommunicator(application, scope)
        await communicator.send_input({"type": "http.request", "body": body, "more_body": False})
        answer = await _answer_of(communicator)
        await communicator.wait(SOON)
        return answer


async def _answer_of(communicator: ApplicationCommunicator) -> Answer:
    start = await communicator.receive_output(30)
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    body = b""
    while True:
        part = await communicator.receive_output(SOON)
        body += part.get("body", b"")
        if not part.get("more_body"):
            return Answer(start["status"], headers, body)


def log_in(agent: Agent) -> str:
    """Log an agent in and return the key of the session."""
    from tests.factories import LogInFactory

    now = timezone.now()
    login = LogInFactory(user=agent.user, session_key=uuid.uuid4().hex, at=now, seen_at=now, second_factor=True)
    key: str = login.session_key
    return key
