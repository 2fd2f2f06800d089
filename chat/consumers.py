"""The two sockets: the customer's and the desk's. They admit, greet, and hand frames on."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from agents.actions import record_activity
from agents.models import Agent
from agents.permissions import access_login, may_work_the_desk
from chat import news
from chat.actions import close_connection, note_readings, open_connection
from chat.commands import (
    QUIET_FRAMES,
    STAFF_FRAMES,
    Customer,
    check_pace,
    obey_customer,
    obey_staff,
    offer_all,
    refusal_frame,
)
from chat.desk_news import latest_of, shown_of
from chat.desks import read_colleagues, read_directory
from chat.fields import ref_of, uuid_of
from chat.limits import Pace
from chat.models import ChatSession, Connection, Reading, Side
from chat.passing import is_passed_on
from chat.permissions import access_as_customer
from chat.projection import Frame, Waiting, customer_state, iso, with_ref
from chat.relay import Relay, current_relay
from chat.rows import EventRow
from chat.texts import stopped_on_desk
from chat.topics import offered_topics
from contactcenter.lib.address import address_block, client_address
from contactcenter.lib.errors import DomainError, Invalid, TooFast
from contactcenter.lib.hashing import keyed_hash
from contactcenter.lib.sockets import (
    CLOSED_FORBIDDEN,
    CLOSED_TOO_FAST,
    CLOSED_UNAUTHORIZED,
    Closed,
    JsonSocket,
    Refused,
)

ACTIVITY_EVERY = 10.0  # seconds between two notes that a person is at the desk


def header(scope: Any, name: bytes) -> str | None:
    """Return a header of the handshake, or None."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def check_origin(scope: Any, *, required: bool) -> None:
    """Refuse a handshake from a page of another site. Raises `Refused`."""
    origin = header(scope, b"origin")
    if (origin is None and not required) or origin in settings.ALLOWED_ORIGINS:
        return
    raise Refused(DomainError("forbidden_origin", _("This site may not open a chat here.")))


class CustomerSocket(JsonSocket):
    """`/ws/chat/`"""

    side = Side.CUSTOMER

    async def admit(self) -> None:
        self.id = uuid.uuid4()
        self.relay: Relay = current_relay()
        self.waiting: Waiting | None = None
        self.session_id: UUID | None = None
        self.token_digest = ""
        self.address_key = ""
        check_origin(self.scope, required=False)
        await self._count_address()

    async def _count_address(self) -> None:
        """Refuse more sockets from one address than allowed, counted over all processes. Raises `Refused`."""
        address = client_address(self.scope)
        limit = settings.LIMIT_SOCKETS_PER_ADDRESS
        if address is None or not limit:
            return
        key = keyed_hash("address", address_block(address))
        elsewhere = await self.relay.read(_sockets_elsewhere, key, self.relay.instance)
        if self.relay.addresses[key] + elsewhere >= limit:
            raise Refused(
                TooFast(
                    _("Too many chats are open from your connection. Close one, or call us."),
                    retry_after=60,
                    code="too_many",
                )
            )
        self.relay.addresses[key] += 1
        self.address_key = key

    async def greet(self, frame: Frame) -> None:
        token = frame.get("token")
        try:
            session_id, ref = uuid_of(frame, "session"), ref_of(frame)
            cursor = _cursor(frame.get("last_seq", 0))
            if not isinstance(token, str):
                raise Invalid(_("A token is needed."), field="token")
            opened = await self.relay.read(_open_customer, self, session_id, token, cursor)
        except DomainError as refusal:
            raise Closed(CLOSED_UNAUTHORIZED, refusal.code) from None
        self.session_id, self.token_digest, self.waiting = session_id, opened.token_digest, opened.waiting
        self.caller = Customer(self.relay, session_id, self.token_digest, self, self.push, opened.language)
        translation.activate(opened.language)  # for this socket's task alone
        self.push(with_ref(opened.welcome, ref))
        self.relay.add_customer(self, opened.cursor)  # type: ignore[arg-type]  # has its session by now
        offer_all(self.relay, self, opened.events)
        self.relay.wake_session(session_id)
        self.relay.wake_queue()

    async def hear(self, frame: Frame) -> None:
        pace, refusal = check_pace(self.relay, (self.session_id, self.side))
        if refusal is not None:
            refuse_pace(self, pace, refusal, frame)
            return
        await obey_customer(self.caller, frame)

    async def leave(self) -> None:
        if self.address_key:
            self.relay.addresses[self.address_key] -= 1
            if not self.relay.addresses[self.address_key]:
                del self.relay.addresses[self.address_key]
        if self.session_id is not None:
            self.relay.remove_customer(self)  # type: ignore[arg-type]
            await self.relay.read(close_connection, self.id, at=timezone.now())


class DeskSocket(JsonSocket):
    """`/ws/desk/`"""

    side = Side.AGENT

    async def admit(self) -> None:
        check_origin(self.scope, required=True)
        self.id = uuid.uuid4()
        self.relay: Relay = current_relay()
        self.session_key = session_key_of(self.scope)
        self.is_open = False
        self.queue: dict[UUID, Frame] = {}
        self.seats: Frame = {}
        self.offers: dict[UUID, Frame] = {}
        self.shown: dict[UUID, Frame] = {}
        self.colleagues: dict[int, Frame] = {}
        self.backup: Frame | None = None
        self.departments: frozenset[int] | None = frozenset()
        self._noted_at = 0.0
        self.agent_id, self.agent_name = await self.relay.read(_admit_staff, self.session_key)

    async def greet(self, frame: Frame) -> None:
        try:
            ref = ref_of(frame)
            cursors = _cursors(frame.get("cursors", {}))
        except DomainError as refusal:
            raise Closed(CLOSED_UNAUTHORIZED, refusal.code) from None
        opened = await self.relay.read(_open_desk, self, cursors)
        self.is_open = True
        desk = opened.desk
        self.queue, self.seats, self.departments = opened.queue, desk.seats(), desk.departments
        self.offers, self.shown = desk.offers, shown_of(desk.sessions)
        self.backup = opened.welcome["backup"]
        self.push(with_ref(opened.welcome, ref))
        self.relay.add_desk(self, opened.cursors, latest_of(desk.sessions))
        self.relay.desk_news.note_welcome(self, opened.welcome["colleagues"])
        offer_all(self.relay, self, opened.events)
        self.relay.wake_staff(opened.cursors)
        self.relay.wake_agent(self.agent_id)
        self.relay.wake_queue()
        self.relay.wake_backup()
        for session_id in opened.cursors:
            self.relay.wake_session(session_id)

    async def hear(self, frame: Frame) -> None:
        session = frame.get("session")
        sender = (self.agent_id, session if isinstance(session, str) else "")
        pace, refusal = check_pace(self.relay, sender)
        if refusal is not None:
            refuse_pace(self, pace, refusal, frame)
            return
        await self._note_activity(frame)
        await obey_staff(self, frame)

    async def _note_activity(self, frame: Frame) -> None:
        """Keep the log-in alive: a frame that a person caused says that she is there."""
        now, kind = time.monotonic(), frame.get("type")
        is_personal = isinstance(kind, str) and kind in STAFF_FRAMES and kind not in QUIET_FRAMES
        if is_personal and now - self._noted_at >= ACTIVITY_EVERY:
            self._noted_at = now
            await self.relay.read(record_activity, self.session_key, at=timezone.now())

    async def leave(self) -> None:
        if self.is_open:
            self.relay.remove_desk(self)
            await self.relay.read(close_connection, self.id, at=timezone.now())


def refuse_pace(socket: JsonSocket, pace: Pace, refusal: DomainError, frame: Frame) -> None:
    """Answer a frame that came too fast; one far too fast ends the socket. Raises `Closed`."""
    if pace is Pace.CLOSE:
        raise Closed(CLOSED_TOO_FAST)
    socket.push(refusal_frame(refusal, frame))


def session_key_of(scope: Any) -> str:
    """Return the staff session's key from the cookie, or an empty text."""
    try:
        cookies = SimpleCookie(header(scope, b"cookie") or "")
    except CookieError:
        return ""
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel else ""


# On a reader's thread -------------------------------------------------------
@dataclass(slots=True)
class _OpenedCustomer:
    token_digest: str
    language: str
    waiting: Waiting | None
    cursor: int
    welcome: Frame
    events: list[EventRow]


def _open_customer(socket: CustomerSocket, session_id: UUID, token: str, cursor: int) -> _OpenedCustomer:
    at = timezone.now()
    session = access_as_customer(session_id, token, at=at)
    open_connection(
        socket.id, instance=socket.relay.instance, session_id=session_id, address_key=socket.address_key, at=at
    )
    cursor = cursor if cursor <= session.last_seq else 0
    waiting = news.read_waiting(session, at=at)
    agent = Agent.objects.select_related("user").filter(sessions=session).first()
    welcome: Frame = {
        "type": "welcome",
        "session": customer_state(
            session, waiting, agent.display_name if agent else None, is_passed_on=is_passed_on(session.pk)
        ),
        "last_seq": session.last_seq,
        "server_time": iso(at),
    }
    events = news.events_after({session_id: cursor})
    return _OpenedCustomer(session.token_digest, session.language_id, waiting, cursor, welcome, events)


@dataclass(slots=True)
class _OpenedDesk:
    cursors: dict[UUID, int]
    queue: dict[UUID, Frame]
    desk: news.Desk
    welcome: Frame
    events: list[EventRow]


def _open_desk(socket: DeskSocket, known: dict[UUID, int]) -> _OpenedDesk:
    at = timezone.now()
    open_connection(socket.id, instance=socket.relay.instance, agent_id=socket.agent_id, at=at)
    desk = news.read_desk(socket.agent_id, at=at)
    if desk is None or not desk.may_work:
        raise Closed(CLOSED_FORBIDDEN)
    queue = news.read_queue(at=at).seen_from(desk.departments)
    cursors = news.cursors_of(known, desk.sessions)
    _note_readings(socket.agent_id, desk.sessions, at=at)
    departments, languages = read_directory()
    welcome: Frame = {
        "type": "welcome",
        "agent": desk.agent,
        "presence": desk.presence,
        "seats": desk.seats(),
        "queue": list(queue.values()),
        "offers": list(desk.offers.values()),
        "sessions": desk.sessions,
        "colleagues": read_colleagues(at=at),
        "departments": departments,
        "languages": languages,
        "topics": offered_topics(),
        "backup": news.read_backup(at=at),
        "stopped": stopped_on_desk(socket.agent_id, at=at),
        "server_time": iso(at),
    }
    return _OpenedDesk(cursors, queue, desk, welcome, news.events_after(cursors))


def _note_readings(agent_id: int, sessions: list[Frame], *, at: datetime) -> None:
    """Write down which ended chats a desk that opens shows again. Source: EM-RET-B."""
    ended = [UUID(session["session"]) for session in sessions if session["ended_at"] is not None]
    if ended:
        reader = Agent.objects.select_related("user").get(pk=agent_id)
        note_readings(ChatSession.objects.filter(pk__in=ended), reader=reader, place=Reading.Place.DESK, at=at)


def _admit_staff(session_key: str) -> tuple[int, str]:
    """Return the agent of a log-in, id and name. Raises `Closed`."""
    login = access_login(session_key, at=timezone.now()) if session_key else None
    if login is None:
        raise Closed(CLOSED_UNAUTHORIZED)
    if not may_work_the_desk(login.user):
        raise Closed(CLOSED_FORBIDDEN)
    agent = Agent.objects.select_related("user").get(user=login.user)
    return agent.pk, agent.display_name


def _sockets_elsewhere(address_key: str, instance: UUID) -> int:
    others = Connection.objects.fresh(at=timezone.now()).filter(address_key=address_key)
    return others.exclude(instance=instance).count()


def _cursor(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise Invalid(_("A cursor is a whole number, 0 or more."), field="last_seq")


def _cursors(value: Any) -> dict[UUID, int]:
    if not isinstance(value, dict):
        raise Invalid(_("cursors must be an object of session ids."), field="cursors")
    cursors = {}
    for key, cursor in value.items():
        try:
            cursors[UUID(key)] = _cursor(cursor)
        except ValueError:
            continue
    return cursors
