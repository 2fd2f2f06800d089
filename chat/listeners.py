"""Who listens in a web process, and what each has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from chat.models import Kind, Side
from chat.projection import Frame, Waiting
from chat.rows import EventRow

LEAVING = frozenset({Kind.LEFT.value, Kind.REQUEUED.value})  # the last of a chat that its agent gets


class Socket(Protocol):
    """What the relay asks of a socket."""

    id: UUID
    side: Side

    def push(self, frame: Frame) -> None: ...
    def push_text(self, text: str) -> None: ...
    def close(self, code: int, reason: str = "") -> None: ...


class CustomerListener(Socket, Protocol):
    session_id: UUID
    token_digest: str
    waiting: Waiting | None


class DeskListener(Socket, Protocol):
    agent_id: int
    session_key: str
    departments: frozenset[int] | None
    queue: dict[UUID, Frame]
    seats: Frame
    offers: dict[UUID, Frame]
    shown: dict[UUID, Frame]  # of its chats, without `last_seq`
    colleagues: dict[int, Frame]  # by agent, as this desk was told of them
    backup: Frame | None  # the way round the chat, while it is out of order


class Seen:
    """What one socket has of one session: everything up to `cursor`, and its own messages `ahead` of a hole."""

    __slots__ = ("ahead", "cursor", "is_over", "since", "socket", "staff_n")

    def __init__(self, socket: Socket, cursor: int, since: int = 0) -> None:
        self.socket = socket
        self.since = since  # the number of the last event at which the chat was known to be this desk's
        self.cursor = cursor
        self.ahead: set[int] = set()
        self.staff_n = 0  # of the list that staff alone see
        self.is_over = False  # its agent has left the chat: nothing more of it is for her

    def note_own(self, seq: int) -> bool:
        """Note that the socket got the ack of `seq`; answer whether nothing is missing before it."""
        if seq <= self.cursor:
            return True
        self.ahead.add(seq)
        self._advance()
        return seq <= self.cursor

    def offer(self, seq: int, texts: Sequence[str]) -> bool:
        """Send event `seq`, whose frames these are, if it is the next one; answer False on a hole."""
        if self.is_over or seq <= self.cursor or seq in self.ahead:
            return True
        if seq != self.cursor + 1:
            return False
        for text in texts:
            self.socket.push_text(text)
        self.cursor = seq
        self._advance()
        return True

    def rewind(self, cursor: int) -> None:
        """The client asks again for everything after `cursor`."""
        self.cursor = cursor
        self.ahead.clear()

    def _advance(self) -> None:
        while self.cursor + 1 in self.ahead:
            self.cursor += 1
            self.ahead.discard(self.cursor)

    def note_leaving(self, event: EventRow) -> None:
        """Note that the chat is over for this socket, once its agent has left it; not when she got it back since."""
        if event.kind not in LEAVING or event.agent_id is None or not self.since < event.seq <= self.cursor:
            return
        if event.agent_id == getattr(self.socket, "agent_id", None):
            self.is_over = True
