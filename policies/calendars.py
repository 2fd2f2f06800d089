"""Calendars as they are kept: definitions in and out of JSON, versions compiled once a process."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from contactcenter.lib.errors import Invalid
from policies.calendar import (
    Calendar,
    Day,
    Definition,
    Hours,
    Schedule,
    calendar_of_intervals,
    micros,
)
from policies.models import BusinessCalendar, CalendarVersion
from policies.shipped import shipped_calendar, shipped_names

KEPT = 64  # compiled versions kept in memory
_compiled: OrderedDict[int, Calendar] = OrderedDict()


# In and out of JSON ---------------------------------------------------------
def as_json(definition: Definition) -> dict[str, Any]:
    """Return a definition as `CalendarVersion.definition` keeps it."""
    return {
        "zone": definition.zone,
        "schedules": [
            {"starts_on": schedule.starts_on.isoformat(), "week": [_plain(hours) for hours in schedule.week]}
            for schedule in definition.schedules
        ],
        "holidays": {on.isoformat(): name for on, name in sorted(definition.holidays.items())},
        "days": {
            on.isoformat(): {"kind": day.kind, "hours": _plain(day.hours), "why": day.why}
            for on, day in sorted(definition.days.items())
        },
    }


def from_json(kept: dict[str, Any]) -> Definition:
    """Return the definition of a kept version."""
    return Definition(
        zone=kept["zone"],
        schedules=tuple(
            Schedule(date.fromisoformat(each["starts_on"]), tuple(_hours(hours) for hours in each["week"]))
            for each in kept["schedules"]
        ),
        holidays={date.fromisoformat(on): name for on, name in kept["holidays"].items()},
        days={
            date.fromisoformat(on): Day(day["kind"], _hours(day["hours"]), day["why"])
            for on, day in kept["days"].items()
        },
    )


def _plain(hours: Hours) -> list[list[int]]:
    return [list(interval) for interval in hours]


def _hours(kept: list[list[int]]) -> Hours:
    return tuple((start, end) for start, end in kept)


# Versions -------------------------------------------------------------------
def compiled(version_id: int) -> Calendar:
    """Return a version with the intervals that it had when it was written; read once a process."""
    known = _compiled.get(version_id)
    if known is None:
        version = CalendarVersion.objects.get(pk=version_id)
        known = calendar_of_intervals(from_json(version.definition), version.opens, version.closes, version=version_id)
        _compiled[version_id] = known
        while len(_compiled) > KEPT:
            _compiled.popitem(last=False)
    return known


def latest_version(calendar: BusinessCalendar) -> CalendarVersion | None:
    """Return the newest version of a calendar, without its intervals."""
    return calendar.versions.order_by("-number").defer("opens", "closes").first()


def latest(calendar_id: int | None) -> Calendar | None:
    """Return a calendar as it stands now (None: the default one); None when there is none.

    A newer version already holds what an older one said about dates before its
    own change, and what comes later: so the newest is the one to reckon with.
    """
    rows = CalendarVersion.objects.order_by("-number")
    rows = rows.filter(calendar__is_default=True) if calendar_id is None else rows.filter(calendar_id=calendar_id)
    version_id = rows.values_list("pk", flat=True).first()
    return None if version_id is None else compiled(version_id)


# By name --------------------------------------------------------------------
def calendar_named(code: str) -> Calendar:
    """Return the loaded calendar with this code, else the shipped one. Raises `Invalid`."""
    row = BusinessCalendar.objects.filter(code=code).first()
    calendar = (latest(row.pk) if row else None) or shipped_calendar(code)
    if calendar is None:
        names = sorted({*shipped_names(), *BusinessCalendar.objects.values_list("code", flat=True)})
        raise Invalid(
            _("There is no calendar with that name. These exist: %(names)s.") % {"names": ", ".join(names)},
            field="calendar",
        )
    return calendar


def first_difference(old: Calendar | None, new: Calendar) -> date:
    """Return the first local date on which two calendars are open at different times."""
    if old is None:
        return date.fromordinal(new.days[0])
    before = set(zip(old.opens, old.closes, strict=True))
    after = set(zip(new.opens, new.closes, strict=True))
    changed = before ^ after
    first = min((opened for opened, _closed in changed), default=None)
    return date.max if first is None else new.moment(first).date()


def changes_past(old: Calendar, new: Calendar, *, at: datetime) -> bool:
    """Say whether the two were open at different times before `at`."""
    return _before(old, micros(at)) != _before(new, micros(at))


def _before(calendar: Calendar, moment: int) -> list[tuple[int, int]]:
    pairs = zip(calendar.opens, calendar.closes, strict=True)
    return [(opened, min(closed, moment)) for opened, closed in pairs if opened < moment]
