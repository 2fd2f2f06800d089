"""Whether who waited was told what the rules ask for: each check looks at what was stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Min, Q
from django.utils.translation import gettext_lazy

from chat import rules
from chat.conformance import Changes
from chat.models import ChatEvent, ChatSession, Kind
from policies.conformance import Finding, Period, keep

BUSY, CHOICES, DIRECTORY = "EM-COM-Daii", "DF-HOLD", "EM-COM-B"
BEGINS = (Kind.REQUEUED, Kind.HELD)
ENDS = (Kind.JOINED, Kind.RESUMED, Kind.ENDED)


def register() -> None:
    """Tell the register what the chat keeps of waiting."""
    keep(
        BUSY,
        how=gettext_lazy("A sweep says it each second: at once where no seat is free, else after the city's time."),
        check=check_told_busy,
        is_transient=True,
    )
    keep(
        CHOICES,
        how=gettext_lazy("A sweep offers the choices in the queue and on hold; call backs and messages are tasks."),
        check=check_choices,
        is_transient=True,
    )
    keep(
        DIRECTORY,
        how=gettext_lazy("Departments and outside bodies stand in a directory on the desk, with what reaches them."),
    )


def _ids(sessions: set[UUID]) -> tuple[str, ...]:
    return tuple(str(each) for each in sorted(sessions))


def check_told_busy(period: Period) -> Finding:
    """Who waited for longer than the city's time was told by then that all are busy. Source: EM-COM-Daii."""
    changes = Changes([BUSY], period)
    asked = ChatSession.objects.filter(requested_at__gte=period.start, requested_at__lt=period.end)
    rows = asked.annotate(
        taken_at=Min("events__at", filter=Q(events__kind__in=ENDS)),
        told_at=Min("events__at", filter=Q(events__kind=Kind.NOTICE, events__rule=BUSY)),
    )
    considered, broken = set(), set()
    for pk, requested_at, taken_at, told_at in rows.values_list("pk", "requested_at", "taken_at", "told_at"):
        version = changes.at(requested_at).get(BUSY)
        if version is None:
            continue
        due_at = requested_at + timedelta(seconds=version.number_of("busy_seconds")) + rules.SWEEP_LAG
        if (taken_at or period.end) > due_at:
            considered.add(pk)
            if told_at is None or told_at > due_at:
                broken.add(pk)
    return Finding(len(considered), _ids(broken))


def check_choices(period: Period) -> Finding:
    """Nobody waited, in the queue or on hold, for longer than the city's time without a choice. Source: DF-HOLD."""
    changes = Changes([CHOICES], period)
    considered, broken = set(), set()
    for pk, begun_at, next_at in _waits(period):
        version = changes.at(begun_at).get(CHOICES)
        if version is None:
            continue
        span = timedelta(seconds=version.number_of("seconds"))
        if next_at - begun_at >= span:
            considered.add(pk)
        if next_at - begun_at > span + rules.SWEEP_LAG:
            broken.add(pk)
    return Finding(len(considered), _ids(broken))


def _waits(period: Period) -> Iterator[tuple[UUID, datetime, datetime]]:
    """Yield each wait of the period: of which chat, from when, and when it ended or there was a choice."""
    begun = ChatSession.objects.filter(requested_at__gte=period.start, requested_at__lt=period.end)
    requested = dict(begun.values_list("pk", "requested_at"))
    told = Q(kind=Kind.NOTICE, rule=CHOICES) | Q(kind__in=[*BEGINS, *ENDS])
    events = ChatEvent.objects.filter(told, session__in=begun, at__lt=period.end).order_by("session", "seq")
    seen = set()
    for pk, rows in groupby(events.values_list("session_id", "kind", "at"), key=lambda row: row[0]):
        seen.add(pk)
        yield from _waits_of(pk, requested[pk], [(kind, at) for _pk, kind, at in rows], period.end)
    for pk in requested.keys() - seen:
        yield pk, requested[pk], period.end


def _waits_of(
    pk: UUID, requested_at: datetime, events: list[tuple[Any, datetime]], end: datetime
) -> Iterator[tuple[UUID, datetime, datetime]]:
    since: datetime | None = requested_at
    for kind, at in events:
        if since is not None:
            yield pk, since, at
        if kind in ENDS:
            since = None
        elif since is not None or kind in BEGINS:
            since = at
    if since is not None:
        yield pk, since, end
