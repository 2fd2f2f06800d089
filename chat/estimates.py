"""How long people will wait, from how many chats were accepted lately. Source: DF-WAIT."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from agents.models import Department
from chat.models import ChatEvent, ChatSession, Kind
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
    rows = ChatSession.objects.filter(accepted_at__gt=at - window, requeues=0, transfers=0)
    counted = rows.values_list("department_id", "language_id").annotate(count=Count("pk"))
    accepts = Counter({(department, language): count for department, language, count in counted})
    return Estimates(accepts + _accepts_of_moved(since=at - window), window, needed)


def _accepts_of_moved(*, since: datetime) -> Counter[tuple[int, str]]:
    """Count the accepts of chats that went back to the queue or were passed on: of them the session has only the last.

    Taking over from a colleague, which follows upon `left`, is no accept from the queue.
    """
    moved = Q(session__requeues__gt=0) | Q(session__transfers__gt=0)
    taken_over = ChatEvent.objects.filter(session=OuterRef("session"), seq=OuterRef("seq") - 1, kind=Kind.LEFT)
    joined = ChatEvent.objects.filter(moved, session__accepted_at__gt=since, kind=Kind.JOINED, at__gt=since)
    rows = joined.filter(~Exists(taken_over)).values_list("data__department", "data__language")
    counted = list(rows.annotate(count=Count("pk")).order_by())
    codes = dict(Department.objects.values_list("code", "pk")) if counted else {}
    return Counter({(codes[code], language): count for code, language, count in counted if code in codes})
