"""Where each draft of a batch goes: guarded, numbered, and with what follows from its words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chat.actions.outgoing import NOTHING, Passed, guard_words_and_contacts, links_in, notes_on
from chat.actions.screened import (
    PAY_COMMAND,
    PIECES,
    WINDOW,
    consequences,
    emergencies_said,
    notice_row,
    pay_text,
    pieces_before,
    redacted_row,
)
from chat.actions.staff_notes import Flag
from chat.emergencies import help_in_emergency
from chat.models import ChatSession, Kind, Side, StoppedText
from chat.permissions import no_such_chat
from chat.rows import EventRow, SessionRow
from chat.states import Status
from contactcenter.lib.errors import DomainError, Invalid, Unauthorized
from policies.screening import Screened, complete, may_complete

MESSAGE = Kind.MESSAGE.value


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that somebody wants to say in a session.

    `uid` is the client's id of it. A customer's draft bears the digest of the
    token that it came with, an agent's draft the agent, the name that the
    customer reads, and what she `confirmed` of it.
    """

    session_id: UUID
    uid: UUID
    side: Side
    text: str
    at: datetime
    token_digest: str = ""
    agent_id: int | None = None
    name: str = ""
    confirmed: frozenset[str] = frozenset()


@dataclass(slots=True)
class Result:
    """What became of a draft: an event (new, or known from before) and what followed from it, or a refusal."""

    event: EventRow | None = None
    error: DomainError | None = None
    is_new: bool = False
    more: list[EventRow] = field(default_factory=list)

    @property
    def stored(self) -> list[EventRow]:
        """The events that are new, in order."""
        return [self.event, *self.more] if self.is_new and self.event else []


@dataclass(slots=True)
class Change:
    """What the new events of a batch do to one session row."""

    last_seq: int
    customer_wrote_at: datetime | None = None
    agent_wrote_at: datetime | None = None
    silent_from: datetime | None = None  # where the clock of a silent resident starts anew
    owed_from: datetime | None = None  # where the clock of an agent who owes an answer starts
    messages: list[EventRow] = field(default_factory=list)
    warned_of: set[str] = field(default_factory=set)  # kinds of emergencies
    masked: dict[int, str] = field(default_factory=dict)  # what becomes of texts stored before, by number

    def next_seq(self) -> int:
        self.last_seq += 1
        return self.last_seq


class Placing:
    """Places the drafts of one batch, whose sessions are locked, one after the other; writes nothing.

    `changes` is what becomes of each session, `redactions` which stored texts
    are to be masked, `flags` what staff are to be told, `sent` which released
    texts became which message.
    """

    def __init__(self, sessions: dict[UUID, SessionRow], known: dict[tuple[UUID, UUID], EventRow]) -> None:
        self.sessions = sessions
        self.known = known
        self.changes: dict[UUID, Change] = {}
        self.redactions: list[tuple[EventRow, str, datetime]] = []
        self.flags: list[Flag] = []
        self.sent: list[tuple[StoppedText, int]] = []

    def place(self, draft: Draft, screened: Screened) -> Result:
        """Guard one draft and, when it is new, number it and what follows from it."""
        try:
            session = _guard_sender(draft, self.sessions.get(draft.session_id))
            earlier = self.known.get((draft.session_id, draft.uid))
            if earlier is not None:
                return Result(event=_guard_same_side(draft, earlier))
            if session.status == Status.ENDED:
                raise _ended(draft, screened)
            told = pay_text(session.id, at=draft.at) if _asks_where_to_pay(draft) else None
            passed = self._guard_agents_text(draft, screened) if told is None else NOTHING
        except DomainError as refusal:
            return Result(error=refusal)
        change = self.changes.get(session.id)
        if change is None:
            change = self.changes[session.id] = Change(last_seq=session.last_seq)
        masked: list[tuple[EventRow, str]] = []
        if may_complete(screened.text):
            screened, masked = _completed(draft, screened, change)
        event = _numbered(draft, session, change, told.text if told else screened.text)
        if told:
            event.rule, event.data = told.rule, told.data
        elif draft.side == Side.AGENT:
            self._note_what_passed(passed, event)
        self.known[(draft.session_id, draft.uid)] = event
        change.messages.append(event)
        more = [self._redact(piece, text, change, at=draft.at) for piece, text in masked]
        if screened.payment or screened.emergency or screened.is_profane:
            more += self._follow_up(draft, screened, event, change)
        return Result(event=event, is_new=True, more=more)

    def _guard_agents_text(self, draft: Draft, screened: Screened) -> Passed:
        if draft.side != Side.AGENT or draft.agent_id is None:
            return NOTHING
        return guard_words_and_contacts(
            draft.session_id,
            draft.text,
            screened,
            agent_id=draft.agent_id,
            confirmed=draft.confirmed,
            used=frozenset(released.pk for released, _seq in self.sent),
            at=draft.at,
        )

    def _note_what_passed(self, passed: Passed, event: EventRow) -> None:
        self.flags += notes_on(passed, event.session_id, event.seq, at=event.at)
        if passed.released is not None:
            self.sent.append((passed.released, event.seq))
        links = links_in(event.text, at=event.at)
        if links:
            event.data = {"links": links}

    def _redact(self, piece: EventRow, text: str, change: Change, *, at: datetime) -> EventRow:
        self.redactions.append((piece, text, at))
        change.masked[piece.seq] = text
        return redacted_row(piece, text, change.next_seq(), at=at)

    def _follow_up(self, draft: Draft, screened: Screened, event: EventRow, change: Change) -> list[EventRow]:
        """Return what the system says after a text in which the screening found something."""
        session = ChatSession.objects.select_related("department").get(pk=draft.session_id)
        before = change.warned_of | (emergencies_said(session.pk) if screened.emergency else set())
        found = consequences(session, screened, side=draft.side, seq=event.seq, said_before=before, at=draft.at)
        change.warned_of.update(screened.emergency)
        self.flags += found.flags
        return [notice_row(session.pk, change.next_seq(), said, at=draft.at) for said in found.said]


def _guard_sender(draft: Draft, session: SessionRow | None) -> SessionRow:
    if draft.side == Side.CUSTOMER:
        if session is None or session.token_digest != draft.token_digest:
            raise Unauthorized(_("This chat cannot be opened with that key. Start a new chat."))
    elif session is None or session.agent_id is None or session.agent_id != draft.agent_id:
        raise no_such_chat()
    return session


def _guard_same_side(draft: Draft, earlier: EventRow) -> EventRow:
    if earlier.side != draft.side:
        raise Invalid(_("This id is taken in this chat. Send the text with a new id."), field="id")
    return earlier


def _ended(draft: Draft, screened: Screened) -> DomainError:
    """Return the refusal of a text after the end; who speaks of an emergency is told whom to call. Source: EM-911."""
    refusal = DomainError("ended", _("This chat has ended. Your text was not sent."))
    if screened.emergency and draft.side == Side.CUSTOMER:
        session = ChatSession.objects.select_related("department").get(pk=draft.session_id)
        found = help_in_emergency(screened.emergency[0], session.department, session.language_id, at=draft.at)
        refusal.more.update({"emergency": found.body()} if found else {})
    return refusal


def _asks_where_to_pay(draft: Draft) -> bool:
    return draft.side == Side.AGENT and draft.text.strip() == PAY_COMMAND


def _completed(draft: Draft, screened: Screened, change: Change) -> tuple[Screened, list[tuple[EventRow, str]]]:
    """Mask what completes a number that the sender began before; answer the stored pieces that are to be masked, too.

    Source: EM-PAY, decision 8.
    """
    here = [event for event in change.messages if event.side == draft.side and event.at > draft.at - WINDOW]
    before = pieces_before(draft.session_id, draft.side, at=draft.at)
    for piece in before:
        piece.text = change.masked.get(piece.seq, piece.text)
    pieces = [*before, *here][-PIECES:]
    found = complete([piece.text for piece in pieces], screened.text)
    if found is None:
        return screened, []
    masked = [pair for pair in zip(pieces, found.earlier, strict=True) if pair[0].text != pair[1]]
    for piece, text in masked:
        if piece in here:  # of this very batch: nobody has seen it
            piece.text, piece.is_changed = text, True
    payment = tuple(sorted({*screened.payment, *found.payment}))
    stored = [(piece, text) for piece, text in masked if piece not in here]
    return replace(screened, text=found.text, payment=payment), stored


def _numbered(draft: Draft, session: SessionRow, change: Change, text: str) -> EventRow:
    if draft.side == Side.CUSTOMER:
        change.customer_wrote_at = draft.at
        change.silent_from = None
        if change.owed_from is None and _starts_owing(session, change):
            change.owed_from = draft.at
    else:
        change.agent_wrote_at = draft.at
        change.owed_from = None
        if _starts_silence(session, change):
            change.silent_from = draft.at
    return EventRow(
        session_id=session.id,
        seq=change.next_seq(),
        uid=draft.uid,
        kind=MESSAGE,
        side=draft.side.value,
        agent_id=draft.agent_id,
        name=draft.name or session.customer_name,
        text=text,
        is_changed=text != draft.text,
        at=draft.at,
    )


def _starts_owing(session: SessionRow, change: Change) -> bool:
    """Say whether a resident's message is the first of a running chat that nobody has answered. Source: EM-COM-D."""
    return session.status == Status.ACTIVE and (not session.is_owed or change.agent_wrote_at is not None)


def _starts_silence(session: SessionRow, change: Change) -> bool:
    """Say whether an agent's message starts the clock of a silent resident, or moves it on.

    Once the resident was asked, or the agent keeps the chat open, only the resident does. Source: EM-IDLE-2.
    """
    was_stopped = (session.is_asked or session.is_kept_open) and change.customer_wrote_at is None
    return session.status == Status.ACTIVE and not was_stopped
