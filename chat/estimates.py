"""How long people will wait, from how many chats were accepted lately. Source: DF-WAIT."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from chat.models import ChatSession
from chat.rules import estimated_wait_seconds
from policies.versions import numbers_in_force

RULE = "DF-WAIT"


@dataclass(frozen=True, slots=True)
class Estimates:
    """What the expected wait is reckoned from: accepted chats by department and language, in a window of time."""

    accepts: Counter[tuple[int, str]]
    window: timedelta
    needed: int

    def wait_of(self, position: int, department_id: int, language: str) -> int | None:
        """Return the expected wait in seconds at a position of the queue, or None where too few were accepted."""
        accepts = self.accepts[(department_id, language)]
        return estimated_wait_seconds(position, accepts, window=self.window, needed=self.needed)


def read_estimates(*, at: datetime) -> Estimates:
    """Return what waits are reckoned from now; how far back and from how many on, says the rule or its default."""
    minutes, needed = numbers_in_force(RULE, "minutes", "accepts", at=at)
    window = timedelta(minutes=minutes)
    rows = ChatSession.objects.filter(accepted_at__gt=at - window)
    counted = rows.values_list("department_id", "language_id").annotate(count=Count("pk"))
    accepts = Counter({(department, language): count for department, language, count in counted})
    return Estimates(accepts, window, needed)
