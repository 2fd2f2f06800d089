"""Rows as plain values, on the path of every message, where a model instance would cost more than the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(slots=True)
class EventRow:
    """A durable event, as `ChatEvent` has it."""

    session_id: UUID
    seq: int
    uid: UUID
    kind: str
    side: str
    agent_id: int | None
    name: str
    text: str
    is_changed: bool
    at: datetime
    rule: str = ""
    data: dict[str, Any] = field(default_factory=dict)


EVENT_COLUMNS = (
    "e.session_id, e.seq, e.uid, e.kind, e.side, e.agent_id, e.name, e.text, e.is_changed, e.at, e.rule, e.data"
)


def event_row(columns: Sequence[Any]) -> EventRow:
    """Return the event of a row of `EVENT_COLUMNS`; Django leaves JSON in raw rows as text."""
    event = EventRow(*columns)
    event.data = json.loads(columns[-1])
    return event


@dataclass(slots=True)
class SessionRow:
    """What a message needs to know of its session."""

    id: UUID
    last_seq: int
    status: str
    token_digest: str
    agent_id: int | None
    customer_name: str
    is_asked: bool  # the notice to a silent resident is out, and nothing has come back
    is_kept_open: bool
    is_owed: bool  # the agent's time to answer runs, or more than that has been done about it


SESSION_COLUMNS = (
    "id, last_seq, status, token_digest, agent_id, customer_name, idle_notice_at IS NOT NULL, "
    "kept_open_at IS NOT NULL, answer_deadline IS NOT NULL OR answer_step > 0"
)


def as_uuids(ids: Sequence[UUID]) -> list[str]:
    """Return ids as a parameter for `%s::uuid[]`."""
    return [str(each) for each in ids]
