"""Messages: the batch-shaped append of decision 2."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from agents.models import Agent
from chat.actions.placing import Change, Draft, Placing, Result
from chat.actions.screened import raise_flags, redact
from chat.emergencies import emergency_words
from chat.models import ChatEvent, ChatSession, Kind, Side, StoppedText
from chat.rows import EVENT_COLUMNS, SESSION_COLUMNS, EventRow, SessionRow, as_uuids, event_row
from chat.rules import TOKEN_AFTERLIFE
from contactcenter.lib.failpoints import failpoint
from contactcenter.lib.frames import dump
from contactcenter.lib.text import normal_text
from policies.screening import screen
from policies.words import profanity_list

_LOCK = f"""
SELECT {SESSION_COLUMNS} FROM chat_chatsession
WHERE id = ANY(%s::uuid[]) AND (ended_at IS NULL OR ended_at > %s) ORDER BY id FOR NO KEY UPDATE
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
        kept_open_at = CASE WHEN v.customer_wrote_at IS NULL THEN s.kept_open_at END,
        answer_deadline = CASE
            WHEN v.owed_from IS NOT NULL THEN v.owed_from + answer.span
            WHEN v.agent_wrote_at IS NULL THEN s.answer_deadline
        END,
        answer_version_id = CASE WHEN v.owed_from IS NOT NULL THEN answer.id ELSE s.answer_version_id END,
        answer_step = CASE WHEN v.agent_wrote_at IS NULL THEN s.answer_step ELSE 0 END
    FROM unnest(%s::uuid[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
         AS v(id, last_seq, customer_wrote_at, agent_wrote_at, silent_from, owed_from)
    LEFT JOIN LATERAL (
        SELECT held.id, held.span FROM (
            SELECT id, is_adopted, make_interval(secs => (values->>'seconds')::int) AS span
            FROM policies_ruleversion
            WHERE rule = 'EM-IDLE-2' AND effective_from <= v.silent_from
            ORDER BY effective_from DESC, id DESC LIMIT 1
        ) AS held WHERE held.is_adopted
    ) AS idle ON v.silent_from IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT held.id, held.span FROM (
            SELECT id, is_adopted, make_interval(secs => (values->>'answer_seconds')::int) AS span
            FROM policies_ruleversion
            WHERE rule = 'EM-COM-D' AND effective_from <= v.owed_from
            ORDER BY effective_from DESC, id DESC LIMIT 1
        ) AS held WHERE held.is_adopted
    ) AS answer ON v.owed_from IS NOT NULL
    WHERE s.id = v.id
)
INSERT INTO chat_chatevent (session_id, seq, uid, kind, side, agent_id, name, text, is_changed, at, rule, data)
SELECT * FROM unnest(
    %s::uuid[], %s::int[], %s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::bool[],
    %s::timestamptz[], %s::text[], %s::jsonb[]
)
"""


def append(batch: Sequence[Draft]) -> list[Result]:
    """Store the messages of a batch in one transaction; answer one `Result` a draft, in order.

    A draft that is refused gets its own error and the others commit. The same
    `uid` of the same side again is answered with the first event, while the
    token of the resident lives. Events of one session get consecutive numbers
    in the order of the batch. Each text is screened before it is stored; only
    where that finds something are there more than three statements: lock, look
    for known ids, write. Source: EM-PAY, EM-911, EM-COM-C, EM-PII-A, EM-LINK.
    """
    if not batch:
        return []
    words, profanity = emergency_words(), profanity_list()
    screened = [screen(normal_text(draft.text), words, profanity) for draft in batch]
    with transaction.atomic(), connection.cursor() as cursor:
        placing = Placing(_lock_sessions(cursor, batch), _known_events(cursor, batch))
        results = [placing.place(draft, found) for draft, found in zip(batch, screened, strict=True)]
        new = [event for result in results for event in result.stored]
        if new:
            _write(cursor, placing.changes, new)
        for event, masked, at in placing.redactions:
            redact(event, masked, at=at)
        raise_flags(placing.flags)
        for released, seq in placing.sent:
            StoppedText.objects.filter(pk=released.pk).update(sent_seq=seq, text="")
        failpoint("append.before_commit")
    return results


def _lock_sessions(cursor: CursorWrapper, batch: Sequence[Draft]) -> dict[UUID, SessionRow]:
    """Lock the sessions that still can be written in or asked about; what the purge may be at is none of them."""
    since = min(draft.at for draft in batch) - TOKEN_AFTERLIFE
    cursor.execute(_LOCK, [as_uuids([*{draft.session_id for draft in batch}]), since])
    return {row[0]: SessionRow(*row) for row in cursor.fetchall()}


def _known_events(cursor: CursorWrapper, batch: Sequence[Draft]) -> dict[tuple[UUID, UUID], EventRow]:
    sent = [as_uuids([draft.session_id for draft in batch]), as_uuids([draft.uid for draft in batch])]
    cursor.execute(_KNOWN, sent)
    events = [event_row(row) for row in cursor.fetchall()]
    return {(event.session_id, event.uid): event for event in events}


def _write(cursor: CursorWrapper, changes: dict[UUID, Change], new: list[EventRow]) -> None:
    """Insert the events and move the counters of their sessions."""
    moved = changes.values()
    columns: list[list[Any]] = [
        as_uuids([*changes]),
        [change.last_seq for change in moved],
        [change.customer_wrote_at for change in moved],
        [change.agent_wrote_at for change in moved],
        [change.silent_from for change in moved],
        [change.owed_from for change in moved],
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
        [event.rule for event in new],
        [dump(event.data) if event.data else "{}" for event in new],
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
