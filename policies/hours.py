"""Opening hours in words: read from what an admin types, and said back as people read them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from contactcenter.lib.errors import Invalid
from contactcenter.lib.language import stem_of
from policies.calendar import (
    LAST_DAY,
    MINUTES_A_DAY,
    Day,
    Definition,
    Hours,
    Week,
    instant,
)

WEEKDAYS = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)
_INTERVAL = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})", re.ASCII)
CLOCKS = {"en": "g:i A", "fr": "H:i"}  # by language; elsewhere 9:05 and 16:30
DATES = {"es": r"j \d\e F \d\e Y"}  # by language; elsewhere 30 November 2026
BEFORE_CLOCKS = {"fr": " à "}  # by language; elsewhere a comma
CLOCK_CHANGES_AHEAD = timedelta(days=400)


def read_hours(text: str, *, field: str) -> Hours:
    """Return the hours of one day, typed like `8:30-12:00, 13:00-16:30`; nothing or a dash means closed.

    Raises `Invalid` that names `field`: what is no time, reversed, or overlapping.
    """
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    if not parts or parts in (["-"], ["–"]):
        return ()
    hours = tuple(sorted(_interval(part, field=field) for part in parts))
    check_hours(hours, field=field)
    return hours


def _interval(part: str, *, field: str) -> tuple[int, int]:
    match = _INTERVAL.fullmatch(part)
    if match is None:
        raise Invalid(
            _("“%(text)s” is no interval. Write hours like 8:30-12:00, 13:00-16:30; leave it empty for a closed day.")
            % {"text": part},
            field=field,
        )
    start, end = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4]))
    if int(match[2]) > 59 or int(match[4]) > 59 or start >= MINUTES_A_DAY or end > MINUTES_A_DAY:
        raise Invalid(
            _("“%(text)s” is no time of day. Times go from 0:00 to 24:00.") % {"text": part},
            field=field,
        )
    return start, end


def check_hours(hours: Hours, *, field: str) -> None:
    """Raise `Invalid` for hours that are reversed, overlap, or lie outside of a day. `hours` ascends."""
    for start, end in hours:
        if not 0 <= start < MINUTES_A_DAY or end > MINUTES_A_DAY:
            raise Invalid(_("Hours go from 0:00 to 24:00. Hours past midnight belong to the next day."), field=field)
        if end <= start:
            raise Invalid(
                _("%(hours)s ends before it starts. Hours past midnight belong to the next day.")
                % {"hours": say_interval(start, end)},
                field=field,
            )
    for (start, end), (after, last) in itertools.pairwise(hours):
        if after < end:
            raise Invalid(
                _("%(one)s and %(other)s overlap. Join them, or move one.")
                % {"one": say_interval(start, end), "other": say_interval(after, last)},
                field=field,
            )


def check_definition(definition: Definition) -> None:
    """Raise `Invalid` for a calendar that cannot be, or that never opens."""
    if definition.zone not in available_timezones():
        raise Invalid(
            _("There is no time zone %(zone)s. Write one like America/Toronto.") % {"zone": definition.zone},
            field="zone",
        )
    for schedule in definition.schedules:
        for number, hours in enumerate(schedule.week):
            check_hours(hours, field=f"day_{number}")
    for day in definition.days.values():
        check_hours(day.hours, field="hours")
    if not any(any(schedule.week) for schedule in definition.schedules[-1:]):
        raise Invalid(_("With these hours it never opens. Give at least one day of the week its hours."), field="day_0")


def say_minutes(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"


def say_interval(start: int, end: int) -> str:
    return f"{say_minutes(start)}-{say_minutes(end)}"


def say_hours(hours: Hours) -> str:
    """Return hours as an admin types them; empty for a closed day."""
    return ", ".join(say_interval(start, end) for start, end in hours)


def say_day(hours: Hours) -> str:
    """Return hours as people read them."""
    if hours == ((0, MINUTES_A_DAY),):
        return _("round the clock")
    return _(" and ").join(say_interval(start, end).replace("-", "–") for start, end in hours) or _("closed")


def say_week(week: Week) -> str:
    """Return a week in words, equal days in a row together: `Monday to Friday 8:30–16:30`."""
    groups: list[tuple[int, int, Hours]] = []
    for number, hours in enumerate(week):
        if groups and groups[-1][2] == hours:
            groups[-1] = (groups[-1][0], number, hours)
        else:
            groups.append((number, number, hours))
    said = [f"{_days(first, last)} {say_day(hours)}" for first, last, hours in groups if hours]
    return "; ".join(said) or _("closed all week")


def _days(first: int, last: int) -> str:
    if first == 0 and last == 6:
        return _("Every day")
    if first == last:
        return str(WEEKDAYS[first])
    return _("%(first)s to %(last)s") % {"first": WEEKDAYS[first], "last": WEEKDAYS[last]}


def say_date(on: date) -> str:
    """Return a date with its weekday, in the language of the page."""
    return date_format(on, f"l {_of_language(DATES, 'j F Y')}")


def say_plain_date(on: date) -> str:
    """Return a date without its weekday, in the language of the page."""
    return date_format(on, _of_language(DATES, "j F Y"))


def _of_language(known: dict[str, str], otherwise: str) -> str:
    return known.get(stem_of(get_language() or "en"), otherwise)


def say_moment(at: datetime) -> str:
    """Return an instant in the zone that it bears: weekday, date, time, with seconds where there are any."""
    return f"{say_date(at.date())}, {say_time(at)}"


def say_time(at: datetime) -> str:
    return f"{at.hour}:{at.minute:02d}" + (f":{at.second:02d}" if at.second else "")


def say_moment_to_residents(at: datetime) -> str:
    """Return an instant in the zone that it bears, as residents read it: weekday, date, and time by their clock."""
    return f"{say_date(at.date())}{_of_language(BEFORE_CLOCKS, ', ')}{say_clock(at)}"


def say_clock(at: datetime) -> str:
    """Return a time of day as residents read it, and their browser writes it: 4:30 PM in English, else 16:30."""
    return date_format(at, _of_language(CLOCKS, "G:i"))


def say_changes(old: Definition | None, new: Definition) -> list[str]:
    """Say in sentences what becomes different from one definition to the next, and from when."""
    known = old.schedules if old else ()
    sentences = [
        _("From %(date)s: %(week)s.") % {"date": say_date(schedule.starts_on), "week": say_week(schedule.week)}
        for schedule in new.schedules
        if schedule not in known
    ]
    sentences += [
        _("The change that was planned for %(date)s is withdrawn.") % {"date": say_date(schedule.starts_on)}
        for schedule in known
        if not any(other.starts_on == schedule.starts_on for other in new.schedules)
    ]
    sentences += _day_changes(dict(old.days) if old else {}, dict(new.days), new)
    if old and old.holidays != new.holidays:
        gained, lost = set(new.holidays) - set(old.holidays), set(old.holidays) - set(new.holidays)
        sentences += [_("%(date)s becomes a holiday.") % {"date": say_date(on)} for on in sorted(gained)]
        sentences += [_("%(date)s is no holiday any more.") % {"date": say_date(on)} for on in sorted(lost)]
    if old and old.zone != new.zone:
        sentences.append(_("The time zone becomes %(zone)s.") % {"zone": new.zone})
    return sentences


def _day_changes(old: dict[date, Day], new: dict[date, Day], definition: Definition) -> list[str]:
    sentences = []
    for on in sorted(set(old) | set(new)):
        if on in new and old.get(on) != new[on]:
            facts = {"date": say_date(on), "hours": say_day(new[on].hours), "why": new[on].why}
            sentences.append(_("%(date)s: %(hours)s (%(why)s).") % facts)
        elif on not in new:
            facts = {"date": say_date(on), "hours": say_day(definition.hours_on(on))}
            sentences.append(_("%(date)s is as usual again: %(hours)s.") % facts)
    return sentences


def clock_change_notes(definition: Definition, *, since: date) -> list[str]:
    """Say what hours mean on days within the next year on which the clock change skips or repeats them."""
    zone = ZoneInfo(definition.zone)
    notes: list[str] = []
    for offset in range(CLOCK_CHANGES_AHEAD.days):
        on = since + timedelta(days=offset)
        if on <= LAST_DAY and _clock_changes(on, zone):
            notes += clock_change_notes_on(definition, on)
    return notes


def clock_change_notes_on(definition: Definition, on: date) -> list[str]:
    """Say what the hours of one date mean where the clock change skips or repeats them."""
    zone = ZoneInfo(definition.zone)
    edges = sorted({edge for interval in definition.hours_on(on) for edge in interval})
    return [note for minutes in edges for note in _clock_note(on, minutes, zone)]


def _clock_changes(on: date, zone: ZoneInfo) -> bool:
    midnight = datetime.combine(on, time(), zone)
    return midnight.utcoffset() != (midnight + timedelta(days=1)).utcoffset()


def _clock_note(on: date, minutes: int, zone: ZoneInfo) -> Iterable[str]:
    wall = datetime.combine(on, time()) + timedelta(minutes=minutes)
    at = instant(wall, zone).astimezone(zone)
    facts = {"time": say_minutes(minutes), "date": say_date(on), "means": say_time(at)}
    if at.replace(tzinfo=None) != wall:
        yield _("The clock change skips %(time)s on %(date)s. On that day it means %(means)s.") % facts
    elif wall.replace(tzinfo=zone, fold=1).astimezone(UTC) != at.astimezone(UTC):
        yield _("%(time)s comes twice on %(date)s. The first one counts.") % facts
