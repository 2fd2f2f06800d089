"""The reckoning of a deadline in words, for whoever wants to check it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.utils.translation import gettext as _

from policies.calendar import LAST_DAY, MICROSECOND, Calendar, Due, micros
from policies.hours import say_date, say_day, say_moment, say_time

SHOWN = 15  # steps at either end of a long row


def steps_of(due: Due) -> list[str]:
    """Return how a deadline came about, one sentence a step; a long row of steps is left out in its middle."""
    begin = _("Received %(moment)s, %(zone)s time.") % {
        "moment": say_moment(due.start.astimezone(due.calendar.zone)),
        "zone": due.calendar.definition.zone,
    }
    return [begin, *_SAY[_unit_of(due)](due), _("Due %(moment)s.") % {"moment": say_moment(due.at)}]


def _just_before(at: datetime) -> datetime:
    """Return the last moment before; elapsed time, whatever the wall clock does."""
    return at.astimezone(UTC) - MICROSECOND


def _unit_of(due: Due) -> str:
    if due.unit == "business_days" and due.amount == 0:
        return "same_business_day"
    if due.amount == 0 and due.unit in _ELAPSED:
        return "nothing"
    return due.unit


def _nothing(_due: Due) -> Iterator[str]:
    yield _("Nothing is added: the start itself.")


def _business_days(due: Due) -> Iterator[str]:
    yield _("The day of receipt never counts.")
    calendar, on = due.calendar, due.calendar.local_date(due.start)
    after = bisect_right(calendar.days, on.toordinal())
    for number in range(due.amount):
        business_day = date.fromordinal(calendar.days[after + number])
        if SHOWN <= number < due.amount - SHOWN:
            if number == SHOWN:
                yield _left_out(due.amount - 2 * SHOWN)
            on = business_day
            continue
        yield from _closed_between(calendar, on, business_day)
        facts = {"number": number + 1, "date": say_date(business_day), "hours": _hours(calendar, business_day)}
        yield _("Business day %(number)d: %(date)s, %(hours)s.") % facts
        on = business_day
    yield _("Due at closing time of that day.")


def _same_business_day(due: Due) -> Iterator[str]:
    calendar, on = due.calendar, due.calendar.local_date(due.start)
    due_on = calendar.local_date(_just_before(due.at))
    if due_on == on:
        yield _("Received before closing time on a business day: %(hours)s.") % {"hours": _hours(calendar, on)}
    elif calendar.is_business_day(due.start):
        yield _("Received at or after closing time: %(hours)s.") % {"hours": _hours(calendar, on)}
    else:
        yield _closed(calendar, on)
    if due_on != on:
        yield from _closed_between(calendar, on, due_on)
        facts = {"date": say_date(due_on), "hours": _hours(calendar, due_on)}
        yield _("The next business day: %(date)s, %(hours)s.") % facts


def _business_minutes(due: Due) -> Iterator[str]:
    calendar, now, end = due.calendar, micros(due.start), micros(due.at)
    begin = max(0, bisect_right(calendar.opens, now) - 1)
    if calendar.closes[begin] <= now:
        begin += 1
    last = bisect_left(calendar.opens, end)
    for index in range(begin, last):
        if begin + SHOWN <= index < last - SHOWN:
            if index == begin + SHOWN:
                yield _left_out(last - begin - 2 * SHOWN)
            continue
        since, until = max(calendar.opens[index], now), min(calendar.closes[index], end)
        left = calendar.open_time(calendar.moment(until), due.at) // MICROSECOND
        facts = {"moment": say_moment(calendar.moment(since)), "minutes": _minutes(until - since)}
        yield _("Open from %(moment)s: %(minutes)s minutes count, %(left)s are left.") % {
            **facts,
            "left": _minutes(left),
        }


def _left_out(count: int) -> str:
    return _("… %(count)d more are counted in the same way …") % {"count": count}


def _minutes(micros: int) -> str:
    minutes, rest = divmod(micros, 60_000_000)
    return str(minutes) if not rest else f"{micros / 60_000_000:.2f}"


def _wall(due: Due, sentence: str) -> Iterator[str]:
    yield sentence % {"count": due.amount}
    before, after = due.start.astimezone(due.calendar.zone), due.at
    if (before.hour, before.minute) != (after.hour, after.minute):
        yield _("The clock change skips %(time)s on that day: the first instant after it.") % {"time": say_time(before)}
    if (before.month, before.day, after.day) == (2, 29, 28):
        yield _("That year has no 29 February: the 28th.")


def _calendar_days(due: Due) -> Iterator[str]:
    return _wall(due, _("The same local time %(count)d days later."))


def _calendar_years(due: Due) -> Iterator[str]:
    return _wall(due, _("The same local time %(count)d years later."))


def _seconds(due: Due) -> Iterator[str]:
    yield _("%(count)d seconds of elapsed time, open or not.") % {"count": due.amount}


def _two_weeks(due: Due) -> Iterator[str]:
    on = due.calendar.local_date(due.start) + timedelta(days=7 * due.amount)
    yield _("%(count)d weeks later: %(date)s.") % {"count": due.amount, "date": say_date(on)}
    due_on = due.calendar.local_date(_just_before(due.at))
    if due_on != on:
        yield _closed(due.calendar, on)
        yield from _closed_between(due.calendar, on, due_on)
        yield _("The next business day: %(date)s.") % {"date": say_date(due_on)}
    yield _("Due at closing time: %(hours)s.") % {"hours": _hours(due.calendar, due_on)}


def _one_week_before(due: Due) -> Iterator[str]:
    on = due.calendar.local_date(due.start) - timedelta(days=7 * due.amount)
    yield _("%(count)d weeks earlier: %(date)s.") % {"count": due.amount, "date": say_date(on)}
    due_on = due.calendar.local_date(due.at)
    while on > due_on:
        yield _closed(due.calendar, on)
        on -= timedelta(days=1)
    facts = {"date": say_date(due_on), "hours": _hours(due.calendar, due_on)}
    yield _("Due at opening time of %(date)s: %(hours)s.") % facts


def _closed_between(calendar: Calendar, before: date, after: date) -> Iterator[str]:
    on = before + timedelta(days=1)
    while on < after:
        yield _closed(calendar, on)
        on += timedelta(days=1)


def _closed(calendar: Calendar, on: date) -> str:
    return _("%(date)s does not count: %(why)s.") % {"date": say_date(on), "why": why_closed(calendar, on)}


def why_closed(calendar: Calendar, on: date) -> str:
    """Say why a date has no hours: a closure, a holiday, or its weekday."""
    definition = calendar.definition
    if on in definition.days:
        return _("closed, %(why)s") % {"why": definition.days[on].why}
    if on in definition.holidays:
        return _("holiday, %(name)s") % {"name": definition.holidays[on]}
    return _("closed on this weekday") if on <= LAST_DAY else _("not covered")


def _hours(calendar: Calendar, on: date) -> str:
    said = _("open %(hours)s") % {"hours": say_day(calendar.definition.hours_on(on))}
    day = calendar.definition.days.get(on)
    return f"{said} ({day.why})" if day else said


_ELAPSED = frozenset({"business_minutes", "calendar_days", "calendar_years", "seconds"})
_SAY = {
    "nothing": _nothing,
    "business_days": _business_days,
    "same_business_day": _same_business_day,
    "business_minutes": _business_minutes,
    "calendar_days": _calendar_days,
    "calendar_years": _calendar_years,
    "seconds": _seconds,
    "two_weeks": _two_weeks,
    "one_week_before": _one_week_before,
}
