"""When a task is due: reckoned once, with the rule and the calendar that said so. Source: decision 5."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from agents.hours import calendar_of
from contactcenter.cases.models import TaskKind
from policies.calendar import due_at
from policies.calendars import compiled
from policies.hours import say_moment_to_residents
from policies.models import RuleVersion

BUSINESS_MINUTES, BUSINESS_DAYS, WEEKS = "business_minutes", "business_days", "two_weeks"
_ELAPSED = {BUSINESS_MINUTES: timedelta(minutes=1), BUSINESS_DAYS: timedelta(days=1), WEEKS: timedelta(weeks=1)}


@dataclass(frozen=True)
class Due:
    """An instant in the zone of its calendar, and what it was reckoned by; without a calendar in elapsed time."""

    at: datetime
    version: RuleVersion
    calendar_version_id: int | None


_PROMISED = {
    TaskKind.CALL_BACK: (BUSINESS_MINUTES, "callback_minutes"),
    TaskKind.MESSAGE: (BUSINESS_DAYS, "message_days"),
    TaskKind.CASE: (WEEKS, "weeks"),
}


def promised(version: RuleVersion | None, kind: TaskKind, *, department_id: int, start: datetime) -> Due | None:
    """Return by when a rule of the city promises something; without a version of that rule: None.

    DF-HOLD promises a call back and the answer to a message, PK-2W the follow-up of a case. Raises `out_of_range`.
    Source: DF-HOLD, PK-2W.
    """
    if version is None:
        return None
    unit, value = _PROMISED[kind]
    return due_by(version, unit=unit, amount=version.number_of(value), department_id=department_id, start=start)


def in_its_zone(due_at: datetime, calendar_version_id: int | None) -> datetime:
    """Return when something is due in the zone of the calendar by which that was reckoned."""
    zone = compiled(calendar_version_id).zone if calendar_version_id else None
    return timezone.localtime(due_at, zone)


def say_due(due_at: datetime, calendar_version_id: int | None) -> str:
    """Return when something is due, as residents read it, in the zone of the calendar by which that was reckoned."""
    return say_moment_to_residents(in_its_zone(due_at, calendar_version_id))


def due_by(version: RuleVersion, *, unit: str, amount: int, department_id: int, start: datetime) -> Due:
    """Return when something of a department is due: `amount` business minutes, business days or weeks after `start`.

    The hours are those of the department, not of one of its channels. Raises `out_of_range`.
    """
    calendar = calendar_of(department_id, channel="")
    if calendar is None:
        return Due(start + amount * _ELAPSED[unit], version, None)
    return Due(due_at(calendar, start, unit, amount).at, version, calendar.version)
