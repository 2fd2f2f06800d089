"""Which calendar holds where: the hours of a department and channel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from agents.models import Department, DepartmentHours
from policies.calendar import Calendar
from policies.calendars import latest
from policies.hours import say_week
from policies.models import BusinessCalendar


def calendar_of(department_id: int, *, channel: str) -> Calendar | None:
    """Return the calendar as it stands now; None when the city has none.

    The most specific row decides: department and channel, department, channel,
    any; without a row it is the default calendar. Source: DF-BH.
    """
    rows = DepartmentHours.objects.filter(
        Q(department_id=department_id) | Q(department__isnull=True), channel__in=[channel, ""]
    )
    return latest(_most_specific(rows))


def _most_specific(rows: Iterable[DepartmentHours]) -> int | None:
    best = max(rows, key=lambda row: (row.department_id is not None, row.channel != ""), default=None)
    return best.calendar_id if best else None


def calendars_in_use() -> list[BusinessCalendar]:
    """Return the default calendar, then those that some department or channel has."""
    used = set(DepartmentHours.objects.values_list("calendar_id", flat=True))
    rows = BusinessCalendar.objects.filter(Q(is_default=True) | Q(pk__in=used), versions__isnull=False).distinct()
    return list(rows.order_by("-is_default", "name"))


def hours_in_words(departments: Iterable[Department], *, at: datetime) -> dict[int, str]:
    """Return the usual hours of each department, by its id: its own words, else those of its calendar.

    These are the hours of the department itself, not of one of its channels.
    """
    rows = list(DepartmentHours.objects.filter(channel=""))
    said: dict[int | None, str] = {}
    words = {}
    for department in departments:
        calendar_id = _most_specific(row for row in rows if row.department_id in (None, department.pk))
        if calendar_id not in said:
            said[calendar_id] = _say_usual_week(latest(calendar_id), at=at)
        words[department.pk] = department.hours_text or said[calendar_id]
    return words


def _say_usual_week(calendar: Calendar | None, *, at: datetime) -> str:
    return say_week(calendar.definition.week_on(calendar.local_date(at))) if calendar else ""


def date_in(department_id: int, *, channel: str, at: datetime) -> date:
    """Return the date on which assignments and certificates are asked for in a department, on a channel."""
    return local_date(at, calendar=calendar_of(department_id, channel=channel))


def local_date(at: datetime, *, calendar: Calendar | None = None) -> date:
    """Return the date on which certificates are asked for: in the calendar's zone, else in that of the city."""
    return calendar.local_date(at) if calendar else timezone.localtime(at).date()
