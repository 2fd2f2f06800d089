"""Rules and calendars for tests: the plain valid thing, in one line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone

from policies.actions import write_calendar
from policies.calendar import FIRST_DAY, Day, Definition, Schedule
from policies.hours import read_hours
from policies.models import BusinessCalendar, CalendarVersion, RuleVersion

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
WEEKDAYS = "8:30-16:30"


def adopt(rule: str, *, since: datetime = LONG_AGO, is_adopted: bool = True, **values: Any) -> RuleVersion:
    """Return a version of a rule that holds since then."""
    last = RuleVersion.objects.filter(rule=rule).order_by("-number").first()
    return RuleVersion.objects.create(
        rule=rule,
        number=last.number + 1 if last else 1,
        is_adopted=is_adopted,
        values=values,
        clause="F",
        effective_from=since,
        reason="For a test.",
        made_at=since,
    )


def definition(
    hours: str = WEEKDAYS,
    *,
    saturday: str = "",
    sunday: str = "",
    zone: str = "America/Toronto",
    holidays: dict[date, str] | None = None,
    days: dict[date, Day] | None = None,
) -> Definition:
    """Return a calendar with the same hours from Monday to Friday."""
    week = (
        *(read_hours(hours, field="week"),) * 5,
        read_hours(saturday, field="week"),
        read_hours(sunday, field="week"),
    )
    return Definition(zone, (Schedule(FIRST_DAY, week),), holidays or {}, days or {})


def calendar(
    hours: str = WEEKDAYS, *, code: str = "city", is_default: bool = True, at: datetime = LONG_AGO, **more: Any
) -> BusinessCalendar:
    """Return a calendar that is written down, by default the city's."""
    row, _is_new = BusinessCalendar.objects.get_or_create(code=code, defaults={"name": code, "is_default": is_default})
    write_calendar(row, definition(hours, **more), reason="For a test.", by=None, at=at)
    return row


def zone_at_noon() -> str:
    """Return a zone in which it is about noon now, so that the day has its closing time still before it."""
    ahead = 12 - timezone.now().hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def versions_of(row: BusinessCalendar) -> list[CalendarVersion]:
    return list(row.versions.order_by("number"))


def keep_chats(**values: Any) -> RuleVersion:
    """Adopt the rule on retention, without which no chat begins."""
    basis = {"purge_at": "02:00", "grace_minutes": 60, "run_on_minutes": 60, "legal_basis": "By-law 1-2026"}
    return adopt("EM-RET-A", **{**basis, **values})
