"""What of retention and emergencies a supervisor should see first. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chat.models import ChatSession, Evaluation, PurgeRun
from chat.retention import retention_in_force


@dataclass(frozen=True)
class Standing:
    """How retention stands, in a few figures for the console."""

    refusal: str
    next_purge: datetime | None
    last_run: PurgeRun | None
    open_evaluations: int
    overdue_evaluations: int
    emergencies: list[ChatSession]


def standing(*, at: datetime) -> Standing:
    """Return what of retention a supervisor should see first."""
    held = retention_in_force(at=at)
    is_open = Evaluation.objects.open()
    running = ChatSession.objects.exclude(emergency="").filter(ended_at__isnull=True)
    return Standing(
        refusal=held.refusal,
        next_purge=None if held.refusal else held.next_time(at=at),
        last_run=PurgeRun.objects.first(),
        open_evaluations=is_open.count(),
        overdue_evaluations=is_open.filter(due_at__lt=at).count(),
        emergencies=list(running.select_related("department", "agent__user").order_by("emergency_at")),
    )
