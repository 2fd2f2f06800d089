"""The relay of one web process: who listens here, what each has seen, and how news reaches them.

One way for all news: somebody is woken, what is newer is read from PostgreSQL
and sent. The one short cut is a message that this process has just committed
itself: it goes straight to the sockets here that have seen everything before
it. A hole is never jumped: it wakes the reader.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from functools import partial
from typing import Any, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.db import Error, connections
from django.utils import timezone, translation

from agents.permissions import live_logins
from chat import news
from chat.actions import Draft, Result, keep_connections
from chat.actions.sessions import GREET as GREETING
from chat.desk_news import DeskNews
from chat.limits import FrameGate
from chat.listeners import CustomerListener, DeskListener, Seen, Socket
from chat.models import ChatSession, Kind, Side
from chat.permissions import alive
from chat.projection import Frame, event_texts, staff_event_frame
from chat.queue_news import QueueNews
from chat.rows import EventRow
from chat.timers import note_pulse
from chat.writer import Writer
from contactcenter.lib import events
from contactcenter.lib.events import Facts
from contactcenter.lib.failpoints import failpoint
from contactcenter.lib.link import ProcessLink
from contactcenter.lib.sockets import CLOSED_ELSEWHERE, CLOSED_UNAUTHORIZED

WRITERS = 2  # while one waits for the disk, the other works; more only cost (see docs/decisions)
READERS = 3  # threads, each with a connection of its own
SWITCH_EVERY = 0.0005  # seconds a busy thread keeps the event loop waiting; Python's own 5 ms are felt
MAKES_A_MATCH = frozenset({"queue", "agent"})
QUIET_KINDS = frozenset({Kind.MESSAGE.value, Kind.JOINED.value})  # they come with news of the desk, or change nothing
T = TypeVar("T")
logger = logging.getLogger(__name__)


class Relay:
    """Everything that one web process knows of its sockets. Lives in one event loop."""

    def __init__(self) -> None:
        self.instance = uuid.uuid4()
        self.loop = asyncio.get_running_loop()
        self.gate = FrameGate()
        self.sessions: dict[UUID, dict[UUID, Seen]] = defaultdict(dict)
        self.customers: dict[UUID, set[CustomerListener]] = defaultdict(set)
        self.desks: dict[int, set[DeskListener]] = defaultdict(set)
        self.sockets: dict[UUID, Socket] = {}
        self.followed: dict[UUID, set[UUID]] = defaultdict(set)
        self.polls: dict[UUID, asyncio.Future[bool]] = {}
        self.addresses: dict[str, int] = defaultdict(int)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="chat-reader")
        self._writing = [ThreadPoolExecutor(1, thread_name_prefix="chat-writer") for _ in range(WRITERS)]
        self._writers = [Writer(executor, self._written) for executor in self._writing]
        self.link = ProcessLink(str(self.instance), self.hear, self.wake_all)
        self._woken_sessions: set[UUID] = set()
        self._woken_staff: set[UUID] = set()
        self._woken_agents: set[int] = set()
        self.desk_news = DeskNews(self)
        self._queue_news = QueueNews(self)
        self._refreshing: asyncio.Task[None] | None = None
        self._cycling: asyncio.Task[None] | None = None

    # Life -------------------------------------------------------------------
    def start(self) -> None:
        sys.setswitchinterval(SWITCH_EVERY)
        events.listen(self._hear_from_thread)
        self.link.start()
        self._cycling = self.loop.create_task(self._cycle_forever(), context=Context())  # not its first socket's

    async def stop(self) -> None:
        events.stop_listening(self._hear_from_thread)
        if self._cycling is not None:
            self._cycling.cancel()
            await asyncio.gather(self._cycling, return_exceptions=True)
        await self._queue_news.stop()
        await self.link.stop()
        await asyncio.gather(*(writer.stop() for writer in self._writers))
        if self._refreshing is not None:
            await asyncio.gather(self._refreshing, return_exceptions=True)
        for executor, threads in ((self._readers, READERS), *((writing, 1) for writing in self._writing)):
            everybody = threading.Barrier(threads)
            closing = [self.loop.run_in_executor(executor, _close_on_each, everybody) for _ in range(threads)]
            await asyncio.gather(*closing)
            executor.shutdown(wait=True)

    async def read(self, function: Callable[..., T], *arguments: Any, **more: Any) -> T:
        """Run a function that asks the database on a reader's thread, in the language of whoever asks."""
        language = translation.get_language()
        return await self.loop.run_in_executor(self._readers, partial(_ask, language, function, *arguments, **more))

    # Who listens ------------------------------------------------------------
    def subscribe(self, socket: Socket, session_id: UUID, cursor: int, since: int = 0) -> Seen:
        seen = self.sessions[session_id].get(socket.id)
        if seen is None:
            seen = self.sessions[session_id][socket.id] = Seen(socket, cursor, since)
            self.followed[socket.id].add(session_id)
        return seen

    def unsubscribe(self, socket: Socket, session_id: UUID) -> None:
        _discard(self.followed, socket.id, session_id)
        listeners = self.sessions.get(session_id)
        if listeners is not None:
            listeners.pop(socket.id, None)
            if not listeners:
                del self.sessions[session_id]

    def add_customer(self, socket: CustomerListener, cursor: int) -> Seen:
        self.sockets[socket.id] = socket
        self.customers[socket.session_id].add(socket)
        return self.subscribe(socket, socket.session_id, cursor)

    def remove_customer(self, socket: CustomerListener) -> None:
        self.sockets.pop(socket.id, None)
        self.unsubscribe(socket, socket.session_id)
        _discard(self.customers, socket.session_id, socket)

    def add_desk(self, socket: DeskListener, cursors: dict[UUID, int], latest: Mapping[UUID, int]) -> None:
        """Let a desk follow its agent's chats from its cursors on; `latest` is the last number of each by now."""
        self.sockets[socket.id] = socket
        self.desks[socket.agent_id].add(socket)
        for session_id, cursor in cursors.items():
            self.subscribe(socket, session_id, cursor, latest.get(session_id, 0))

    def remove_desk(self, socket: DeskListener) -> None:
        self.sockets.pop(socket.id, None)
        _discard(self.desks, socket.agent_id, socket)
        for session_id in self.sessions_of(socket):
            self.unsubscribe(socket, session_id)

    def sessions_of(self, socket: Socket) -> set[UUID]:
        return set(self.followed.get(socket.id, ()))

    def seen_by(self, socket: Socket, session_id: UUID) -> Seen | None:
        return self.sessions.get(session_id, {}).get(socket.id)

    # Messages ---------------------------------------------------------------
    def write(self, draft: Draft, source: Socket | None, answer: Callable[[Result], None]) -> None:
        """Store a message; then `answer`, then everybody else's event."""
        self.writer_of(draft.session_id).write(draft, partial(self._answer, source, answer))

    def writer_of(self, session_id: UUID) -> Writer:
        """Return the writer of a session, always the same one: what is said in it is stored in order."""
        return self._writers[session_id.int % WRITERS]

    def _answer(self, source: Socket | None, answer: Callable[[Result], None], result: Result) -> None:
        failpoint("append.before_ack")
        answer(result)
        event = result.event
        if event is None:
            return
        if source is not None:
            seen = self.seen_by(source, event.session_id)
            if seen is not None and not seen.note_own(event.seq):
                self.wake_session(event.session_id)
        for stored in result.stored:
            self._deliver(stored)

    def _deliver(self, event: EventRow) -> None:
        """Send an event that was just committed here to the sockets here."""
        listeners = self.sessions.get(event.session_id)
        if listeners:
            texts = event_texts(event)
            complete = [seen.offer(event.seq, texts) for seen in listeners.values()]
            if not all(complete):
                self.wake_session(event.session_id)
        self._end_poll(event.session_id, news=True)

    def _written(self, drafts: list[Draft], results: list[Result]) -> None:
        """Wake the other processes for what a batch has stored."""
        failpoint("append.before_publish")
        new = {str(draft.session_id) for draft, result in zip(drafts, results, strict=True) if result.is_new}
        if new:
            self.link.send({"topic": "session", "sessions": sorted(new)})

    def tell_other_side(self, session_id: UUID, side: Side, frame: Frame) -> None:
        """Send what is not kept (typing, read) to the other side's sockets, here and elsewhere."""
        self._push_to_other_side(session_id, side, frame)
        self.link.send({"topic": "passing", "session": str(session_id), "side": str(side), "frame": frame})

    def _push_to_other_side(self, session_id: UUID, side: str, frame: Frame) -> None:
        for seen in self.sessions.get(session_id, {}).values():
            if seen.socket.side != side:
                seen.socket.push(frame)

    # Polls ------------------------------------------------------------------
    def open_poll(self, session_id: UUID) -> asyncio.Future[bool]:
        """Return what becomes True with the next event, and False when a newer poll of the session takes over."""
        self._end_poll(session_id, news=False)
        self.link.send({"topic": "poll", "session": str(session_id)})
        poll: asyncio.Future[bool] = self.loop.create_future()
        self.polls[session_id] = poll
        return poll

    def close_poll(self, session_id: UUID, poll: asyncio.Future[bool]) -> None:
        if self.polls.get(session_id) is poll:
            del self.polls[session_id]

    def _end_poll(self, session_id: UUID, *, news: bool) -> None:
        poll = self.polls.get(session_id)
        if poll is not None and not poll.done():
            poll.set_result(news)

    # Wake-ups ---------------------------------------------------------------
    def _hear_from_thread(self, facts: Facts) -> bool:
        """Facts that an action of this process has emitted, on whatever thread it ran."""
        if self.loop.is_closed():
            return False
        self.loop.call_soon_threadsafe(self._hear_and_pass_on, facts)
        return True

    def _hear_and_pass_on(self, facts: Facts) -> None:
        self.hear(facts)
        if facts["topic"] in MAKES_A_MATCH:  # here alone: whoever committed it sets the routing going
            self._queue_news.route_soon()
        self.link.send(facts)

    def hear(self, facts: Facts) -> None:
        """Take facts in, from here or from another process."""
        topic = facts["topic"]
        if topic == "session":
            for session in facts["sessions"]:
                self.wake_session(UUID(session))
        elif topic == "staff":
            self.wake_staff(map(UUID, facts["sessions"]))
        elif topic == "agent":
            self.wake_agent(facts["agent_id"])
        elif topic == "queue":
            self.wake_queue()
        elif topic == "backup":
            self.wake_backup()
        elif topic == "passing":
            self._push_to_other_side(UUID(facts["session"]), facts["side"], facts["frame"])
        elif topic == "poll":
            self._end_poll(UUID(facts["session"]), news=False)
        elif topic == "surplus":
            self._close_sockets(map(UUID, facts["connections"]), CLOSED_ELSEWHERE)
        elif topic == "token":
            self.loop.create_task(self._check_tokens([UUID(facts["session"])]))
        elif topic == "login":
            self._close_logins(set(facts["session_keys"]))

    def wake_session(self, session_id: UUID) -> None:
        if session_id in self.sessions or session_id in self.polls:
            self._woken_sessions.add(session_id)
            self._refresh_soon()
        self._end_poll(session_id, news=True)

    def wake_staff(self, session_ids: Iterable[UUID]) -> None:
        """There is news that staff alone see."""
        self._woken_staff.update(self._on_desks_here(session_ids))
        if self._woken_staff:
            self._refresh_soon()

    def _on_desks_here(self, session_ids: Iterable[UUID]) -> set[UUID]:
        return {each for each in session_ids if self._desks_on(each)}

    def _desks_on(self, session_id: UUID) -> list[Seen]:
        listeners = self.sessions.get(session_id, {}).values()
        return [seen for seen in listeners if seen.socket.side == Side.AGENT]

    def wake_agent(self, agent_id: int) -> None:
        if self.desks:
            self._woken_agents.add(agent_id)
            self._refresh_soon()

    def wake_queue(self) -> None:
        if self.sockets:
            self._queue_news.is_woken = True
            self._refresh_soon()

    def wake_backup(self) -> None:
        """The chat's back-up mode may have been turned on or off."""
        if self.desks:
            self.desk_news.is_backup_woken = True
            self._refresh_soon()

    def wake_all(self) -> None:
        """Look for everything that may have been missed."""
        self._woken_sessions.update(self.sessions)
        self._woken_staff.update(self._on_desks_here(self.sessions))
        self._woken_agents.update(self.desks, self.desk_news.colleagues if self.desks else ())
        self._queue_news.is_woken = bool(self.sockets)
        self.desk_news.is_backup_woken = bool(self.desks)
        self._refresh_soon()

    def _refresh_soon(self) -> None:
        if self._refreshing is None:
            self._refreshing = self.loop.create_task(self._refresh())

    async def _refresh(self) -> None:
        try:
            while self._is_anything_woken():
                agents, self._woken_agents = self._woken_agents, set()
                await _outlive(self.desk_news.refresh(agents))
                sessions, self._woken_sessions = self._woken_sessions, set()
                await _outlive(self._refresh_sessions(sessions))
                staff, self._woken_staff = self._woken_staff, set()
                await _outlive(self._refresh_staff_events(staff))
                await _outlive(self.desk_news.refresh_backup())
                await _outlive(self._queue_news.refresh_in_time())
        except Error as error:
            logger.warning("news not read, tried again in the next cycle: %s", type(error).__name__)
        finally:
            self._refreshing = None

    def _is_anything_woken(self) -> bool:
        of_chats = self._woken_agents or self._woken_sessions or self._woken_staff
        return bool(of_chats) or self._queue_news.is_woken or self.desk_news.is_backup_woken

    async def _refresh_sessions(self, sessions: Iterable[UUID]) -> None:
        """Send what is newer in these sessions to whoever here has not seen it."""
        while cursors := self._lowest_cursors(sessions):
            rows = await self.read(news.events_after, cursors)
            for event in rows:
                texts = event_texts(event)
                for seen in list(self.sessions.get(event.session_id, {}).values()):
                    if seen.offer(event.seq, texts) and seen.cursor == event.seq:
                        self._note_event(seen, event)
            if len(rows) < news.PAGE:
                return

    def _note_event(self, seen: Seen, event: EventRow) -> None:
        """An event that is no message has changed the chat: its agent's desk looks again."""
        seen.note_leaving(event)
        if seen.socket.side == Side.AGENT and event.kind not in QUIET_KINDS and event.rule != GREETING:
            self._woken_agents.add(cast(DeskListener, seen.socket).agent_id)

    def _lowest_cursors(self, sessions: Iterable[UUID]) -> dict[UUID, int]:
        cursors = {
            session_id: [seen.cursor for seen in self.sessions.get(session_id, {}).values() if not seen.is_over]
            for session_id in sessions
        }
        return {session_id: min(seqs) for session_id, seqs in cursors.items() if seqs}

    async def _refresh_staff_events(self, sessions: Iterable[UUID]) -> None:
        """Send the desks here what staff alone see of these sessions, as far as they have not seen it."""
        desks = {session_id: self._desks_on(session_id) for session_id in sessions}
        cursors = {session_id: min(seen.staff_n for seen in each) for session_id, each in desks.items() if each}
        for event in await self.read(news.staff_events_after, cursors):
            frame = staff_event_frame(event)
            for seen in self._desks_on(event.session_id):
                if event.n > seen.staff_n and not seen.is_over:
                    seen.socket.push(frame)
                    seen.staff_n = event.n
                    self._woken_agents.add(cast(DeskListener, seen.socket).agent_id)

    # Credentials ------------------------------------------------------------
    def _close_sockets(self, socket_ids: Iterable[UUID], code: int) -> None:
        for socket_id in socket_ids:
            socket = self.sockets.get(socket_id)
            if socket is not None:
                socket.close(code)

    def _close_logins(self, session_keys: set[str]) -> None:
        for sockets in list(self.desks.values()):
            for socket in list(sockets):
                if socket.session_key in session_keys:
                    socket.close(CLOSED_UNAUTHORIZED)

    async def _check_tokens(self, session_ids: list[UUID]) -> None:
        """Close the customers' sockets whose token no longer opens their session."""
        digests = await self.read(_live_digests, session_ids)
        for session_id in session_ids:
            for socket in list(self.customers.get(session_id, ())):
                if digests.get(session_id) != socket.token_digest:
                    socket.close(CLOSED_UNAUTHORIZED)

    async def _check_logins(self) -> None:
        keys = {socket.session_key for sockets in self.desks.values() for socket in sockets}
        if keys:
            live = await self.read(live_logins, sorted(keys), at=timezone.now())
            self._close_logins(keys - live)

    # The cycle --------------------------------------------------------------
    async def _cycle_forever(self) -> None:
        while True:
            await asyncio.sleep(settings.CATCH_UP_SECONDS)
            await self.cycle()

    async def cycle(self) -> None:
        """What a missed wake-up would have brought, and the end of credentials; every 10 s, or called.

        Whatever fails, the next cycle comes: without it every socket of this process would count as dead.
        """
        try:
            await _outlive(self.read(keep_connections, self.instance, at=timezone.now()))
            await _outlive(self.read(note_pulse, at=timezone.now()))
            self._queue_news.read_at_once()
            self.wake_all()
            self.gate.forget_old(now=time.monotonic())
            await _outlive(self._check_logins())
            await _outlive(self._check_tokens(list(self.customers)))
        except Error as error:
            logger.warning("a cycle failed: %s", type(error).__name__)
        except Exception:
            logger.exception("a cycle failed by a fault of ours")
        while self._refreshing is not None:
            await asyncio.wait([self._refreshing])


async def _outlive(step: Awaitable[object]) -> None:
    """Take one step; a fault of ours in it is logged, and keeps none of the others from being taken."""
    try:
        await step
    except Error:
        raise  # the database is away: so are the other steps
    except Exception:
        logger.exception("a step of the relay failed by a fault of ours, tried again in the next cycle")


def _live_digests(session_ids: list[UUID]) -> dict[UUID, str]:
    rows = alive(ChatSession.objects.filter(pk__in=session_ids), at=timezone.now())
    return dict(rows.values_list("pk", "token_digest"))


def _ask(language: str | None, function: Callable[..., T], *arguments: Any, **more: Any) -> T:
    """Call `function` in a language; a connection that broke is dropped, so that the next call gets a new one."""
    try:
        with translation.override(language):
            return function(*arguments, **more)
    except Error:
        _close_connections(only_broken=True)
        raise


def _close_on_each(everybody: threading.Barrier) -> None:
    """Close this thread's connections; the barrier keeps one thread from closing for two."""
    everybody.wait()
    _close_connections()


def _close_connections(*, only_broken: bool = False) -> None:
    for connection in connections.all(initialized_only=True):
        if only_broken:
            connection.close_if_unusable_or_obsolete()
        else:
            connection.close()


def _discard(table: dict[Any, set[Any]], key: Any, member: Any) -> None:
    members = table.get(key)
    if members is not None:
        members.discard(member)
        if not members:
            del table[key]


_relays: dict[asyncio.AbstractEventLoop, Relay] = {}


def current_relay() -> Relay:
    """Return the relay of the running event loop; the first caller starts it."""
    loop = asyncio.get_running_loop()
    relay = _relays.get(loop)
    if relay is None:
        relay = _relays[loop] = Relay()
        relay.start()
    return relay


async def stop_current_relay() -> None:
    """Stop the relay of the running event loop, if one was started."""
    relay = _relays.pop(asyncio.get_running_loop(), None)
    if relay is not None:
        await relay.stop()
