"""The second list of a session, which staff alone see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from agents.models import Agent
from chat.models import ChatSession, StaffEvent, StaffKind
from contactcenter.lib.events import emit


@dataclass(slots=True)
class Flag:
    """Something that staff are told once the texts are stored."""

    session_id: UUID
    kind: StaffKind
    rule: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


def tell_staff(
    session: ChatSession,
    kind: StaffKind,
    *,
    at: datetime,
    agent: Agent | None = None,
    text: str = "",
    rule: str = "",
    data: dict[str, Any] | None = None,
) -> StaffEvent:
    """Add one entry to the staff's list of a session that the caller has locked."""
    row = ChatSession.objects.filter(pk=session.pk)
    row.update(last_staff_n=F("last_staff_n") + 1)
    session.last_staff_n = row.values_list("last_staff_n", flat=True).get()
    emit("staff", sessions=[str(session.pk)])
    return StaffEvent.objects.create(
        session=session, n=session.last_staff_n, kind=kind, agent=agent, text=text, at=at, rule=rule, data=data or {}
    )
