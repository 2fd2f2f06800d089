"""What changes on the desks of this process, sent to each as far as it has not seen it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from agents.models import Presence
from chat import news
from chat.desks import read_endings
from chat.listeners import DeskListener
from chat.models import Ending
from chat.projection import Frame, event_texts
from contactcenter.lib.frames import dump
from contactcenter.lib.sockets import CLOSED_FORBIDDEN

if TYPE_CHECKING:
    from chat.relay import Relay


def shown_of(sessions: Collection[Frame]) -> dict[UUID, Frame]:
    """Return the chats of a desk by id, without their last number: that moves with each message."""
    return {
        UUID(session["session"]): {name: value for name, value in session.items() if name != "last_seq"}
        for session in sessions
    }


def latest_of(sessions: Collection[Frame]) -> dict[UUID, int]:
    """Return the number of the last event of each of these chats."""
    return {UUID(session["session"]): session["last_seq"] for session in sessions}


def told_of(colleague: Frame) -> Frame:
    """Return what of a colleague is news: of her free seats, whether there are any."""
    return {**colleague, "free": colleague["free"] > 0}


class DeskNews:
    """Compares what the database says of a desk with what its sockets have, and sends the difference."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.colleagues: dict[int, Frame] = {}  # as they were last read, whoever was told
        self.is_backup_woken = False

    def note_welcome(self, socket: DeskListener, colleagues: list[Frame]) -> None:
        """Note whom a desk knows that has just opened. What others were told while it opened is read again for it."""
        socket.colleagues = {colleague["id"]: told_of(colleague) for colleague in colleagues}
        for agent_id, told in self.colleagues.items():
            if _is_news(socket, agent_id, told):
                self.relay.wake_agent(agent_id)

    async def refresh(self, agent_ids: set[int]) -> None:
        """Bring the agents' sockets, and what others see of them, up to date."""
        if not agent_ids:
            return
        desks = await self.relay.read(news.read_desks, agent_ids, at=timezone.now())
        for agent_id, desk in desks.items():
            self._tell_colleagues(agent_id, desk.colleague)
            for socket in list(self.relay.desks.get(agent_id, ())):
                await self._refresh_desk(socket, desk)

    def _tell_colleagues(self, agent_id: int, colleague: Frame) -> None:
        """Send an agent's presence to every desk that knows her otherwise."""
        told = self.colleagues[agent_id] = told_of(colleague)
        text = dump({"type": "presence", "agent": agent_id, **colleague})
        for sockets in self.relay.desks.values():
            for socket in sockets:
                if _is_news(socket, agent_id, told):
                    socket.colleagues[agent_id] = told
                    socket.push_text(text)

    async def refresh_backup(self) -> None:
        """Send every desk how the chat's back-up mode stands, where it knows it otherwise."""
        if not self.is_backup_woken:
            return
        self.is_backup_woken = False
        backup = await self.relay.read(news.read_backup, at=timezone.now())
        for sockets in self.relay.desks.values():
            for socket in sockets:
                if socket.backup != backup:
                    socket.backup = backup
                    socket.push({"type": "backup", "backup": backup})

    async def _refresh_desk(self, socket: DeskListener, desk: news.Desk) -> None:
        if not desk.may_work:
            socket.close(CLOSED_FORBIDDEN)
            return
        shown = shown_of(desk.sessions)
        await self._follow(socket, latest_of(desk.sessions))
        for session_id, frame in shown.items():
            if socket.shown.get(session_id) != frame:
                socket.push({"type": "session", **frame})
        socket.shown = shown
        await self._refresh_offers(socket, desk.offers)
        if socket.departments != desk.departments:
            socket.departments = desk.departments
            self.relay.wake_queue()
        if socket.seats != desk.seats():
            socket.seats = desk.seats()
            socket.push({"type": "seats", **socket.seats})

    async def _refresh_offers(self, socket: DeskListener, offers: dict[UUID, Frame]) -> None:
        known, socket.offers = socket.offers, offers
        gone = known.keys() - offers.keys()
        if gone:
            endings = await self.relay.read(read_endings, socket.agent_id, gone)
            for session_id in gone:
                why = endings.get(session_id, Ending.WITHDRAWN.value)
                socket.push({"type": "offer_gone", "session": str(session_id), "why": why})
        for session_id, offer in offers.items():
            if known.get(session_id) != offer:
                socket.push({"type": "offer", **offer})

    async def _follow(self, socket: DeskListener, current: Mapping[UUID, int]) -> None:
        """Let a socket hear of the chats that are its agent's now, each with its last number, and of no others."""
        followed = self.relay.sessions_of(socket)
        await self._send_last(socket, followed - current.keys())
        for session_id in followed - current.keys():
            self.relay.unsubscribe(socket, session_id)
        for session_id, latest in current.items():
            seen = self.relay.seen_by(socket, session_id)
            if seen is None or seen.is_over:  # it is hers, or hers again
                self.relay.unsubscribe(socket, session_id)
                self.relay.subscribe(socket, session_id, 0, since=latest)
                self.relay.wake_session(session_id)
                self.relay.wake_staff([session_id])

    async def _send_last(self, socket: DeskListener, gone: set[UUID]) -> None:
        """Send what of these chats came before their agent left them, and nothing of what came after."""
        seen = {session_id: self.relay.seen_by(socket, session_id) for session_id in gone}
        cursors = {session_id: each.cursor for session_id, each in seen.items() if each and not each.is_over}
        for event in await self.relay.read(news.events_after, cursors):
            each = seen[event.session_id]
            if each is not None:
                each.offer(event.seq, event_texts(event))
                each.note_leaving(event)


def _is_news(socket: DeskListener, agent_id: int, told: Frame) -> bool:
    known = socket.colleagues.get(agent_id)
    return known != told if known else told["state"] != Presence.OFFLINE
