"""The server's side of the desk, played to a page: each state an agent can meet, whatever the server does otherwise."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, WebSocketRoute

from tests.browser.conftest import PATIENCE

Body = dict[str, Any]
ROSA, RUDI, NOOR = 1, 2, 3
DEPARTMENT = {"code": "general", "name": "General services", "phone": "555-0100", "email": "hello@maplebrook.example"}
FACTS: Body = {
    "state": "active",
    "name": "Tomasz Lind",
    "department": "general",
    "language": "en",
    "topic": "Water bill",
    "outcome": None,
    "ended_at": None,
    "emergency": None,
    "retained": False,
    "transfer_pending": False,
    "transfer": None,
    "held_at": None,
    "choice_deadline": None,
    "idle_deadline": None,
    "idle_notice_at": None,
    "answer_deadline": None,
    "away_since": None,
    "wrap_up_deadline": None,
    "wrapped_up_at": None,
    "rating": None,
    "transfers": 0,
    "topic_code": None,
    "note": "",
}


def at(seconds: float = 0) -> str:
    """Return the time so many seconds from now, as frames bear it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


class PlayedDesk:
    """What the desk asks is in `asked`; what it is told comes from here, frame by frame."""

    def __init__(self, page: Page) -> None:
        self.asked: list[Body] = []
        self.answers: dict[str, Body] = {}  # by the type of a frame; others are answered `ok`
        self.sessions: dict[str, Body] = {}
        self.events: dict[str, list[Body]] = {}
        self.staff: dict[str, list[Body]] = {}
        self.queue: list[Body] = []
        self.offers: list[Body] = []
        self.stopped: list[Body] = []
        self.presence = "online"
        self.backup: Body | None = None
        self.is_away = False
        self.is_mute = False  # takes what comes and answers nothing, as a dead line does
        self.sockets: list[WebSocketRoute] = []
        self.page = page
        page.route_web_socket("**/ws/desk/", self._socket)

    # ---- What the desk is told ----
    def chat(self, session: str = "s1", *said: str, **facts: Any) -> str:
        """Give the agent a chat in which the resident and she have spoken in turn."""
        known = {"requested_at": at(-240), "accepted_at": at(-208)}
        self.sessions[session] = FACTS | {"session": session} | known | facts
        self.events[session] = []
        for number, text in enumerate(said):
            self.says(session, text, side="agent" if number % 2 else "customer", at=at(45 * number - 240))
        self.send({"type": "session", **self.sessions[session]})
        self.send({"type": "seats", **self._seats()})
        return session

    def knows(self, session: str = "s1", **facts: Any) -> None:
        """Say what has changed of a chat."""
        self.sessions[session] |= facts
        self.send({"type": "session", **self.sessions[session]})

    def tell(self, session: str, kind: str, side: str = "system", **more: Any) -> Body:
        events = self.events[session]
        event = {"type": "event", "session": session, "seq": len(events) + 1, "id": str(uuid4()), "kind": kind}
        event |= {"from": side, "name": None, "text": "", "at": at(), "rule": None, "data": {}} | more
        events.append(event)
        if session in self.sessions:  # of another's chat this desk hears nothing
            self.send(event)
        return event

    def says(self, session: str, text: str, side: str = "customer", **more: Any) -> Body:
        name = "Rosa" if side == "agent" else self.sessions[session]["name"]
        return self.tell(session, "message", side, text=text, name=name, **more)

    def notes(self, session: str, kind: str, **more: Any) -> None:
        """Send what staff alone see."""
        entries = self.staff.setdefault(session, [])
        entry = {"type": "staff_event", "session": session, "n": len(entries) + 1, "kind": kind, "name": None}
        entry |= {"text": "", "at": at(), "rule": None, "data": {}} | more
        entries.append(entry)
        self.send(entry)

    def takes_away(self, session: str) -> None:
        """Give a chat to somebody else: the last that this desk hears of it is `left`."""
        self.tell(session, "left", "agent", name="Rosa", data={"agent": ROSA})
        del self.sessions[session]

    def gives_back(self, session: str, **facts: Any) -> None:
        """Let a chat that was taken away be the agent's again: all of it is sent, from event 1 on."""
        self.sessions[session] = FACTS | {"session": session} | facts
        self.send({"type": "session", **self.sessions[session]})
        for event in list(self.events[session]):
            self.send(event)
        self.tell(session, "joined", "agent", name="Rosa", data={"agent": ROSA})

    def holds_out(self, session: str, seconds: float = 25, **more: Any) -> None:
        """Offer a chat to the agent."""
        offer = {"session": session, "kind": "queue", "from": None, "summary": None, "expires_at": at(seconds)}
        offer |= {"why": "You have the most free seats of those who speak English.", "department": "general"}
        offer |= {"language": "en", "topic": "Water bill", "priority": 0, "reason": None} | more
        self.offers.append(offer)
        self.send({"type": "offer", **offer})

    def waits(self, session: str, position: int, seconds: float, **more: Any) -> None:
        """Put somebody in the line."""
        item = {"session": session, "department": "general", "language": "en", "topic": None, "priority": 0}
        item |= {"position": position, "hidden_before": 0, "queued_at": at(-seconds), "requeued_at": None}
        item |= {"offered": False} | more
        self.queue.append(item)
        self.send({"type": "queue", "added": [item], "removed": []})

    def turns_backup(self, *, is_on: bool, **facts: Any) -> None:
        """Turn the chat's back-up mode on or off."""
        ways = {"since": at(-60), "phone": "555-0100", "page": "https://maplebrook.example/contact/"} | facts
        self.backup = ways if is_on else None
        self.send({"type": "backup", "backup": self.backup})

    def goes_away(self) -> None:
        """Close every socket, and each that comes, until `is_away` is false again."""
        self.is_away = True
        for socket in self.sockets:
            socket.close(code=1012)
        self.sockets.clear()

    def send(self, frame: Body) -> None:
        for socket in self.sockets:
            socket.send(json.dumps(frame))

    # ---- What the desk asks ----
    def last(self, kind: str) -> Body:
        """Wait for a frame of this type, and take it from what was asked, without what only ties the answer to it."""
        patience = time.monotonic() + PATIENCE / 1000
        while not (found := [frame for frame in self.asked if frame["type"] == kind]):
            assert time.monotonic() < patience, f"the desk never asked for `{kind}`"
            self.page.evaluate("() => new Promise(requestAnimationFrame)")  # what it sent meanwhile comes in
        self.asked = [frame for frame in self.asked if frame not in found]
        return {key: value for key, value in found[-1].items() if key not in ("type", "ref")}

    def _socket(self, socket: WebSocketRoute) -> None:
        if self.is_away:
            socket.close(code=1012)
            return
        socket.on_message(lambda text: self._said(socket, json.loads(str(text))))

    def _said(self, socket: WebSocketRoute, frame: Body) -> None:
        if frame["type"] == "hello" and not self.is_mute:
            self.sockets.append(socket)
            self._greet(socket, frame["cursors"])
            return
        self.asked.append(frame)
        if frame["type"] in ("typing", "read") or self.is_mute:
            return
        bears = {key: frame[key] for key in ("ref", "id", "session") if key in frame}
        if frame["type"] in self.answers:
            socket.send(json.dumps(bears | self.answers[frame["type"]]))
        elif frame["type"] == "message":
            stored = self.events[frame["session"]]
            stored.append({"seq": len(stored) + 1})
            socket.send(json.dumps({"type": "ack", **bears, "seq": len(stored)}))
        else:
            socket.send(json.dumps({"type": "ok", **bears}))

    def _seats(self) -> Body:
        held = sum(facts["state"] != "ended" for facts in self.sessions.values())
        return {"held": held, "allowed": 3, "why": "3 chats: 42 chats held (EM-CAP)."}

    def _greet(self, socket: WebSocketRoute, cursors: dict[str, int]) -> None:
        welcome: Body = {"type": "welcome", "agent": {"id": ROSA, "name": "Rosa"}, "presence": self.presence}
        welcome |= {"seats": self._seats()}
        welcome |= {"queue": self.queue, "offers": self.offers, "colleagues": colleagues(), "server_time": at()}
        welcome |= {
            "departments": [
                DEPARTMENT | {"page": "https://maplebrook.example/help", "names": {"es": "Servicios generales"}}
            ]
        }
        welcome |= {"languages": [{"code": "en", "name": "English"}], "backup": self.backup, "stopped": self.stopped}
        welcome |= {"sessions": [{**facts, "last_seq": len(self.events[key])} for key, facts in self.sessions.items()]}
        socket.send(json.dumps(welcome))
        for session in self.sessions:
            for frame in (*self.events[session][cursors.get(session, 0) :], *self.staff.get(session, ())):
                socket.send(json.dumps(frame))


def colleagues() -> list[Body]:
    def one(number: int, name: str, state: str, departments: list[str], free: int, **more: Any) -> Body:
        facts: Body = {"id": number, "agent": number, "name": name, "state": state, "departments": departments}
        return facts | {"languages": ["en"], "free": free, "is_supervisor": False, "away": False} | more

    return [
        one(RUDI, "Rudi", "online", ["roads"], 2),
        one(NOOR, "Noor", "online", ["general"], 1, is_supervisor=True),
        one(4, "Ines", "on_call", ["general"], 0),
    ]
