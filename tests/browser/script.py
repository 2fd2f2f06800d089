"""The server's side of one chat, played to a page: each state of the widget, whatever the server does otherwise."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, Route, WebSocketRoute

from tests.browser.conftest import PATIENCE

Body = dict[str, Any]
AT = datetime(2026, 11, 26, 15, 40, tzinfo=UTC)
OPEN: Body = {
    "state": "open",
    "staffed": True,
    "next_opening": None,
    "estimated_wait_seconds": None,
    "languages": ["en"],
    "departments": [{"code": "general", "name": "General services"}],
    "notice": "We use what you type to answer you. It is deleted every day.",
    "incident": None,
    "backup": None,
    "asks": [],
}


class Script:
    """What the page asks is in `asked`; what it is told comes from here, frame by frame."""

    def __init__(self, page: Page, *, availability: Body | None = None, menu: list[Body] | None = None) -> None:
        self.page = page
        self.availability = OPEN | (availability or {})
        self.state: Body = {"state": "queued", "position": 1, "estimated_wait_seconds": None, "agent_name": None}
        self.events: list[Body] = []
        self.asked: list[Body] = []
        self.answers: dict[str, tuple[int, Body]] = {}
        self.sockets: list[WebSocketRoute] = []
        self.menu = menu or []
        self.is_mute = False  # takes a socket, and what comes over it, and says nothing on it
        self.unheard: list[Body] = []  # what came meanwhile
        self.slows: list[str] = []  # the types of frames that came too fast
        self.refuses: Body | None = None  # the error that answers a message
        page.route("**/api/v1/chat/availability*", lambda route: route.fulfill(json=self.availability))
        page.route("**/api/v1/chat/menu*", lambda route: route.fulfill(json=self._menu()))
        page.route("**/api/v1/chat/sessions", self._begin)
        page.route("**/api/v1/chat/sessions/*/frames", self._frame)
        page.route_web_socket("**/ws/chat/", self._socket)

    # ---- What the page is told ----
    def tell(self, kind: str, side: str = "system", **more: Any) -> Body:
        """Add an event and send it to the page."""
        event = {"type": "event", "session": "s", "seq": len(self.events) + 1, "id": str(uuid4()), "kind": kind}
        event |= {"from": side, "name": None, "text": "", "at": _now(), "rule": None, "data": {}} | more
        self.events.append(event)
        self.send(event)
        return event

    def joins(self, name: str = "Rosa", text: str = "") -> None:
        data = {"agent": 1, "department": "general", "language": "en", "topic": None}
        self.tell("joined", "agent", name=name, data=data)
        self.tell("message", "agent", name=name, text=text or f"Hello, I am {name}. How can I help?")

    def places(self, position: int, seconds: int | None) -> None:
        self.state |= {"position": position, "estimated_wait_seconds": seconds}
        self.send({"type": "queue", "position": position, "estimated_wait_seconds": seconds})

    def offers_choices(self, rule: str = "DF-HOLD", text: str = "", **more: Any) -> None:
        choices = ["wait", "another", "message", "callback"]
        data = {"choices": choices, "next_at": _now(), "why": "Nobody waits over 2 minutes without a choice.", **more}
        self.tell("notice", rule=rule, text=text or "You have waited for 2 minutes.", data=data)

    def ends(self, outcome: str = "resolved", side: str = "agent", **more: Any) -> None:
        self.state |= {"state": "ended"}
        self.tell("ended", side, data={"outcome": outcome}, **more)

    def send(self, frame: Body) -> None:
        for socket in self.sockets:
            socket.send(json.dumps(frame))

    def waits_for(self, kind: str, times: int) -> None:
        """Wait until frames of this type came so often, heard or not."""
        patience = time.monotonic() + PATIENCE / 1000
        while [frame.get("type") for frame in (*self.asked, *self.unheard)].count(kind) < times:
            assert time.monotonic() < patience, f"the page did not ask for `{kind}` {times} times"
            self.page.evaluate("() => new Promise(requestAnimationFrame)")  # what it sent meanwhile comes in

    def cut(self, code: int) -> None:
        for socket in self.sockets:
            socket.close(code=code)
        self.sockets.clear()

    # ---- What the page asks ----
    def _menu(self) -> Body:
        why = "Contact Centre Policies, Department 4 (SJ-IVR, version 1, since 5 January 2026)."
        return {"nodes": self.menu, "rule": "SJ-IVR" if self.menu else None, "why": why if self.menu else None}

    def _begin(self, route: Route) -> None:
        asked = route.request.post_data_json
        self.asked.append(asked)
        status, body = self.answers.get("begin", (201, {}))
        if status != 201:
            route.fulfill(status=status, json=body)
            return
        self.events.clear()
        self.tell("message", "customer", text=asked["question"])
        body = {"session": "s", "token": "t" * 22, "returning": "r" * 22, **self.state}
        route.fulfill(status=201, json=body)

    def _frame(self, route: Route) -> None:
        frame = route.request.post_data_json
        self.asked.append(frame)
        status, body = self.answers.get(frame["type"], (200, {"type": "ok"}))
        route.fulfill(status=status, json=body)

    def _socket(self, socket: WebSocketRoute) -> None:
        socket.on_message(lambda text: self._said(socket, json.loads(str(text))))

    def _said(self, socket: WebSocketRoute, frame: Body) -> None:
        if self.is_mute:
            self.unheard.append(frame)
            return
        if frame["type"] == "hello":
            self.sockets.append(socket)
            welcome = {"type": "welcome", "session": self.state, "last_seq": len(self.events), "server_time": _now()}
            socket.send(json.dumps(welcome))
            for event in self.events[frame["last_seq"] :]:
                socket.send(json.dumps(event))
        elif frame["type"] == "message" and self.refuses:
            socket.send(json.dumps({"type": "error", "id": frame["id"], **self.refuses}))
        elif frame["type"] == "message":
            event = self.tell("message", "customer", text=frame["text"], id=frame["id"])
            socket.send(json.dumps({"type": "ack", "id": frame["id"], "seq": event["seq"]}))
        elif frame["type"] == "resync":
            socket.send(json.dumps({"type": "ok"}))
        else:
            self.asked.append(frame)
            answer: Body = {"type": "ok"}
            if frame["type"] in self.slows:
                answer = {"type": "error", "code": "slow_down", "detail": "Wait a moment.", "retry_after": 7}
            socket.send(json.dumps({"ref": frame.get("ref"), **answer}))


def _now() -> str:
    return datetime.now(UTC).isoformat()
