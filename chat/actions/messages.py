"""Messages: the batch-shaped append of decision 2."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.models import ChatEvent, ChatSession, Kind, Side
from chat.permissions import no_such_chat
from chat.rows import EVENT_COLUMNS, SESSION_COLUMNS, EventRow, SessionRow, as_uuids, event_row
from chat.rules import normal_text
from chat.states import Status
from contactcenter.lib.errors import DomainError, Invalid, Unauthorized
from contactcenter.lib.failpoints import failpoint

MESSAGE = Kind.MESSAGE.value


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that somebody wants to say in a session.

    `uid` is the client's id of it. A customer's draft bears the digest of the
    token that it came with, an agent's draft the agent and the name that the
    customer reads.
    """

    session_id: UUID
    uid: UUID
    side: Side
    text: str
    at: datetime
    token_digest: str = ""
    agent_id: int | None = None
    name: str = ""


@dataclass(slots=True)
class Result:
    """What became of a draft: an event (new, or known from before), or a refusal."""

    event: EventRow | None = None
    error: DomainError | None = None
    is_new: bool = False


@dataclass(slots=True)
class _Change:
    """What the new messages of a batch do to one session row."""

    last_seq: int
    customer_wrote_at: datetime | None = None
    agent_wrote_at: datetime | None = None
    silent_from: datetime | None = None  # where the clock of a silent resident starts anew


_LOCK = f"""
SELECT {SESSION_COLUMNS} FROM chat_chatsession WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
_KNOWN = f"""
SELECT {EVENT_COLUMNS} FROM unnest(%s::uuid[], %s::uuid[]) AS sent(session_id, uid)
JOIN chat_chatevent e ON e.session_id = sent.session_id AND e.uid = sent.uid
"""
_WRITE = """
WITH counted AS (
    UPDATE chat_chatsession AS s
    SET last_seq = v.last_seq,
        customer_wrote_at = coalesce(v.customer_wrote_at, s.customer_wrote_at),
        agent_wrote_at = coalesce(v.agent_wrote_at, s.agent_wrote_at),
        first_answer_at = coalesce(s.first_answer_at, v.agent_wrote_at),
        idle_deadline = CASE
            WHEN v.silent_from IS NOT NULL THEN v.silent_from + idle.span
            WHEN v.customer_wrote_at IS NULL THEN s.idle_deadline
        END,
        idle_version_id = CASE WHEN v.silent_from IS NOT NULL THEN idle.id ELSE s.idle_version_id END,
        idle_notice_at = CASE WHEN v.customer_wrote_at IS NULL THEN s.idle_notice_at END,
        kept_open_at = CASE WHEN v.customer_wrote_at IS NULL THEN s.kept_open_at END
    FROM unnest(%s::uuid[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
         AS v(id, last_seq, customer_wrote_at, agent_wrote_at, silent_from)
    LEFT JOIN LATERAL (
        SELECT held.id, held.span FROM (
            SELECT id, is_adopted, make_interval(secs => (values->>'seconds')::int) AS span
            FROM policies_ruleversion
            WHERE rule = 'EM-IDLE-2' AND effective_from <= v.silent_from
            ORDER BY effective_from DESC, id DESC LIMIT 1
        ) AS held WHERE held.is_adopted
    ) AS idle ON v.silent_from IS NOT NULL
    WHERE s.id = v.id
)
INSERT INTO chat_chatevent (session_id, seq, uid, kind, side, agent_id, name, text, is_changed, at, rule, data)
SELECT e.*, '', '{}' FROM unnest(
    %s::uuid[], %s::int[], %s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::bool[],
    %s::timestamptz[]
) AS e
"""


def append(batch: Sequence[Draft]) -> list[Result]:
    """Store the messages of a batch in one transaction; answer one `Result` a draft, in order.

    A draft that is refused gets its own error and the others commit. The same
    `uid` of the same side again is answered with the first event, also after
    the end. Events of one session get consecutive numbers in the order of the
    batch. Three statements, whatever the size: lock, look for known ids, write.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        sessions = _lock_sessions(cursor, batch)
        known = _known_events(cursor, batch)
        changes: dict[UUID, _Change] = {}
        results = [_place(draft, sessions.get(draft.session_id), known, changes) for draft in batch]
        new = [result.event for result in results if result.is_new and result.event]
        if new:
            _write(cursor, changes, new)
        failpoint("append.before_commit")
    return results


def _lock_sessions(cursor: CursorWrapper, batch: Sequence[Draft]) -> dict[UUID, SessionRow]:
    cursor.execute(_LOCK, [as_uuids([*{draft.session_id for draft in batch}])])
    return {row[0]: SessionRow(*row) for row in cursor.fetchall()}


def _known_events(cursor: CursorWrapper, batch: Sequence[Draft]) -> dict[tuple[UUID, UUID], EventRow]:
    sent = [as_uuids([draft.session_id for draft in batch]), as_uuids([draft.uid for draft in batch])]
    cursor.execute(_KNOWN, sent)
    events = [event_row(row) for row in cursor.fetchall()]
    return {(event.session_id, event.uid): event for event in events}


def _place(
    draft: Draft,
    session: SessionRow | None,
    known: dict[tuple[UUID, UUID], EventRow],
    changes: dict[UUID, _Change],
) -> Result:
    """Guard one draft and, when it is new, number it."""
    try:
        session = _guard_sender(draft, session)
        earlier = known.get((draft.session_id, draft.uid))
        if earlier is not None:
            return Result(event=_guard_same_side(draft, earlier))
        if session.status == Status.ENDED:
            raise DomainError("ended", _("This chat has ended. Your text was not sent."))
    except DomainError as refusal:
        return Result(error=refusal)
    change = changes.get(session.id)
    if change is None:
        change = changes[session.id] = _Change(last_seq=session.last_seq)
    event = known[(draft.session_id, draft.uid)] = _numbered(draft, session, change)
    return Result(event=event, is_new=True)


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


def _numbered(draft: Draft, session: SessionRow, change: _Change) -> EventRow:
    change.last_seq += 1
    if draft.side == Side.CUSTOMER:
        change.customer_wrote_at = draft.at
        change.silent_from = None
    else:
        change.agent_wrote_at = draft.at
        if _starts_silence(session, change):
            change.silent_from = draft.at
    text = normal_text(draft.text)
    return EventRow(
        session_id=session.id,
        seq=change.last_seq,
        uid=draft.uid,
        kind=MESSAGE,
        side=draft.side.value,
        agent_id=draft.agent_id,
        name=draft.name or session.customer_name,
        text=text,
        is_changed=text != draft.text,
        at=draft.at,
    )


def _starts_silence(session: SessionRow, change: _Change) -> bool:
    """Say whether an agent's message starts the clock of a silent resident, or moves it on.

    Once the resident was asked, or the agent keeps the chat open, only the resident does. Source: EM-IDLE-2.
    """
    was_stopped = (session.is_asked or session.is_kept_open) and change.customer_wrote_at is None
    return session.status == Status.ACTIVE and not was_stopped


def _write(cursor: CursorWrapper, changes: dict[UUID, _Change], new: list[EventRow]) -> None:
    """Insert the events and move the counters of their sessions."""
    moved = changes.values()
    columns: list[list[Any]] = [
        as_uuids([*changes]),
        [change.last_seq for change in moved],
        [change.customer_wrote_at for change in moved],
        [change.agent_wrote_at for change in moved],
        [change.silent_from for change in moved],
        as_uuids([event.session_id for event in new]),
        [event.seq for event in new],
        as_uuids([event.uid for event in new]),
        [event.kind for event in new],
        [event.side for event in new],
        [event.agent_id for event in new],
        [event.name for event in new],
        [event.text for event in new],
        [event.is_changed for event in new],
        [event.at for event in new],
    ]
    cursor.execute(_WRITE, columns)


def record(
    session: ChatSession,
    kind: Kind,
    *,
    side: Side,
    at: datetime,
    text: str = "",
    agent: Agent | None = None,
    name: str = "",
    rule: str = "",
    data: dict[str, Any] | None = None,
) -> ChatEvent:
    """Add one event to a session that the caller has locked; the caller saves `last_seq` with its own changes."""
    session.last_seq += 1
    return ChatEvent.objects.create(
        session=session,
        seq=session.last_seq,
        uid=uuid.uuid4(),
        kind=kind,
        side=side,
        agent=agent,
        name=name,
        text=text,
        at=at,
        rule=rule,
        data=data or {},
    )
