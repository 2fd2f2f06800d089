"""Business time, reckoned in one place: opening hours compiled into sorted intervals, then bisection.

All counting is on local wall time in the calendar's own zone, with half-open
intervals. A wall time that the clock change skips is the first instant after
the gap; one that comes twice is the first of the two.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TypeAlias
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from contactcenter.lib.errors import DomainError

FIRST_DAY, LAST_DAY = date(2010, 1, 1), date(2039, 12, 31)
MINUTES_A_DAY = 1440
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS = 1_000_000  # a second
_MINUTE = 60 * _MICROSECONDS
_SECOND = timedelta(seconds=1)

Hours: TypeAlias = tuple[tuple[int, int], ...]
Week: TypeAlias = tuple[Hours, ...]


@dataclass(frozen=True)
class Schedule:
    """The usual week from a date on: seven days, Monday first, each with its hours in minutes after midnight."""

    starts_on: date
    week: Week


@dataclass(frozen=True)
class Day:
    """A date with hours of its own: a closure (none), a half day, or an opening."""

    kind: str
    hours: Hours
    why: str


@dataclass(frozen=True)
class Definition:
    """What a calendar is: its zone, its weeks, its holidays, and the dates that differ from both."""

    zone: str
    schedules: tuple[Schedule, ...]
    holidays: Mapping[date, str]
    days: Mapping[date, Day]

    def week_on(self, on: date) -> Week:
        """Return the usual week that holds on a date; before the first schedule nothing is open."""
        started = [schedule.week for schedule in self.schedules if schedule.starts_on <= on]
        return started[-1] if started else ((),) * 7

    def hours_on(self, on: date) -> Hours:
        """Return the hours of a local date: its own, else none on a holiday, else those of its weekday."""
        own = self.days.get(on)
        if own is not None:
            return own.hours
        return () if on in self.holidays else self.week_on(on)[on.weekday()]


@dataclass(frozen=True)
class Calendar:
    """A definition, compiled for 2010 to 2039; instants in microseconds since 1970.

    `passed[i]` is the opening time before interval `i`. Business day `d` (its
    ordinal in `days[d]`) has the intervals `first[d]` to `first[d + 1] - 1`.
    """

    definition: Definition
    opens: list[int]
    closes: list[int]
    passed: list[int]
    days: list[int]
    first: list[int]
    version: int | None = field(default=None, compare=False)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.definition.zone)

    def local_date(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def opening_of(self, index: int) -> int:
        """Return when business day `index` opens."""
        return self.opens[self.first[index]]

    def closing_of(self, index: int) -> int:
        """Return when business day `index` closes: the end of its last interval."""
        return self.closes[self.first[index + 1] - 1]

    def is_open(self, at: datetime) -> bool:
        moment = micros(at)
        index = bisect_right(self.opens, moment) - 1
        return index >= 0 and moment < self.closes[index]

    def next_opening(self, at: datetime) -> datetime | None:
        """Return when it opens next after `at`, or None when it never does."""
        index = bisect_right(self.opens, micros(at))
        while 0 < index < len(self.opens) and self.opens[index] == self.closes[index - 1]:
            index += 1  # it goes on without a break
        return self.moment(self.opens[index]) if index < len(self.opens) else None

    def closing(self, at: datetime) -> datetime | None:
        """Return the closing time of the local day of `at`, or None without hours on it.

        An interval to 24:00 that goes on at 0:00 is no closing; round the clock there is none.
        """
        index = self._business_day(at)
        closing = None if index is None else self._closings[index]
        return None if closing is None else self.moment(closing)

    def last_closing(self, at: datetime) -> datetime | None:
        """Return the latest closing time that is not after `at`, of whatever day, or None when there was none."""
        moment = micros(at)
        index = bisect_right(self.days, self.local_date(at).toordinal()) - 1
        while index >= 0:
            closing = self._closings[index]
            if closing is not None and closing <= moment:
                return self.moment(closing)
            index -= 1
        return None

    @cached_property
    def _closings(self) -> list[int | None]:
        """The closing of each business day; None where it goes on to the end of what is covered."""
        closings: list[int | None] = []
        last = len(self.days) - 1
        for index in range(last, -1, -1):
            goes_on = index < last and self.closing_of(index) == self.opening_of(index + 1)
            closings.append(closings[-1] if goes_on else self.closing_of(index))
        last_hours = self.definition.hours_on(LAST_DAY)
        if last_hours and last_hours[-1][1] == MINUTES_A_DAY:  # round the clock, as far as we know
            closings = [None if closing == closings[0] else closing for closing in closings]
        return closings[::-1]

    def _business_day(self, at: datetime) -> int | None:
        ordinal = self.local_date(at).toordinal()
        index = bisect_left(self.days, ordinal)
        return index if index < len(self.days) and self.days[index] == ordinal else None

    def is_break(self, at: datetime) -> bool:
        """Say whether it is closed between two intervals of one local day."""
        index = bisect_right(self.opens, micros(at))
        if self.is_open(at) or not 0 < index < len(self.opens):
            return False
        today = self.local_date(at)
        before, after = self.moment(self.opens[index - 1]), self.moment(self.opens[index])
        return self.local_date(before) == today == self.local_date(after)

    def is_business_day(self, at: datetime) -> bool:
        """Say whether the local date of `at` has any hours."""
        return self._business_day(at) is not None

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """Return how much opening time lies between two instants."""
        return (self._passed_at(micros(end)) - self._passed_at(micros(start))) * MICROSECOND

    def _passed_at(self, moment: int) -> int:
        index = bisect_right(self.opens, moment) - 1
        if index < 0:
            return 0
        return self.passed[index] + min(moment, self.closes[index]) - self.opens[index]

    def moment(self, micros: int) -> datetime:
        """Return an instant with the zone's offset."""
        return (EPOCH + micros * MICROSECOND).astimezone(self.zone)


def micros(at: datetime) -> int:
    """Return an aware instant in microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


# Compiling ------------------------------------------------------------------
def compile_calendar(definition: Definition) -> Calendar:
    """Return the definition's opening hours as intervals, for every covered date."""
    zone = ZoneInfo(definition.zone)
    opens: list[int] = []
    closes: list[int] = []
    for ordinal in range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1):
        on = date.fromordinal(ordinal)
        for start, end in definition.hours_on(on):
            opened, closed = _instant_of(on, start, zone), _instant_of(on, end, zone)
            if opened < closed:
                opens.append(opened)
                closes.append(closed)
    return calendar_of_intervals(definition, opens, closes)


def calendar_of_intervals(
    definition: Definition, opens: list[int], closes: list[int], *, version: int | None = None
) -> Calendar:
    """Return a calendar from its intervals, in seconds since 1970: those of a definition, now or in former times."""
    zone = ZoneInfo(definition.zone)
    passed = [0]
    days: list[int] = []
    first: list[int] = []
    for index, (opened, closed) in enumerate(zip(opens, closes, strict=True)):
        ordinal = datetime.fromtimestamp(opened, zone).toordinal()
        if not days or days[-1] != ordinal:
            days.append(ordinal)
            first.append(index)
        passed.append(passed[-1] + (closed - opened) * _MICROSECONDS)
    first.append(len(opens))
    scaled = [opened * _MICROSECONDS for opened in opens], [closed * _MICROSECONDS for closed in closes]
    return Calendar(definition, *scaled, passed, days, first, version)


def _instant_of(on: date, minutes: int, zone: ZoneInfo) -> int:
    wall = datetime.combine(on, time()) + timedelta(minutes=minutes)
    return int(instant(wall, zone).timestamp())


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a wall time: after the gap if it is skipped, the first if it comes twice."""
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == wall:
        return at
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the clock jumped over a wall time, to the second."""
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0) - _SECOND
    after = wall.replace(tzinfo=zone).astimezone(UTC).replace(microsecond=0) + _SECOND
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


# Reckoning ------------------------------------------------------------------
@dataclass(frozen=True)
class Due:
    """When something is due, in the calendar's zone, and what was asked; `policies.steps` says how it came about."""

    calendar: Calendar
    start: datetime
    unit: str
    amount: int
    at: datetime


def due_at(calendar: Calendar, start: datetime, unit: str, amount: int) -> Due:
    """Reckon a deadline. `unit` is one of `UNITS`, `amount` a whole number of 0 or more.

    Raises `out_of_range` when the start or the answer lies outside of the
    calendar's years, and `KeyError` for an unknown unit.
    """
    reckon = UNITS[unit]
    _guard_covered(calendar, start)
    try:
        at = reckon(calendar, start, amount)
    except (OverflowError, IndexError, ValueError):
        raise _out_of_range() from None
    _guard_covered(calendar, at)
    return Due(calendar, start, unit, amount, at.astimezone(calendar.zone))


def _guard_covered(calendar: Calendar, at: datetime) -> None:
    try:
        on = calendar.local_date(at)
    except OverflowError:
        raise _out_of_range() from None
    if not FIRST_DAY <= on <= LAST_DAY:
        raise _out_of_range()


def _out_of_range() -> DomainError:
    return DomainError(
        "out_of_range",
        _("Calendars cover %(first)d to %(last)d. The start and the answer must both lie in those years.")
        % {"first": FIRST_DAY.year, "last": LAST_DAY.year},
    )


def _business_days(calendar: Calendar, start: datetime, amount: int) -> datetime:
    """The closing time of the n-th business day after the day of receipt, which never counts."""
    if amount == 0:
        return _same_business_day(calendar, start, 0)
    after = bisect_right(calendar.days, calendar.local_date(start).toordinal())
    return calendar.moment(calendar.closing_of(after + amount - 1))


def _same_business_day(calendar: Calendar, start: datetime, _amount: int) -> datetime:
    """The closing time of the day of receipt if it comes before it, else of the next business day."""
    ordinal = calendar.local_date(start).toordinal()
    index = bisect_left(calendar.days, ordinal)
    if index < len(calendar.days) and calendar.days[index] == ordinal and micros(start) >= calendar.closing_of(index):
        index += 1
    return calendar.moment(calendar.closing_of(index))


def _business_minutes(calendar: Calendar, start: datetime, amount: int) -> datetime:
    """The earliest instant by which n minutes of opening time have passed."""
    if amount == 0:
        return start
    target = calendar._passed_at(micros(start)) + amount * _MINUTE
    index = bisect_left(calendar.passed, target) - 1
    return calendar.moment(calendar.opens[index] + target - calendar.passed[index])


def _calendar_days(calendar: Calendar, start: datetime, amount: int) -> datetime:
    if amount == 0:
        return start
    wall = start.astimezone(calendar.zone).replace(tzinfo=None, fold=0)
    return instant(wall + timedelta(days=amount), calendar.zone)


def _calendar_years(calendar: Calendar, start: datetime, amount: int) -> datetime:
    """The same local time n years later; 29 February becomes the 28th in a year without it."""
    if amount == 0:
        return start
    wall = start.astimezone(calendar.zone).replace(tzinfo=None, fold=0)
    try:
        later = wall.replace(year=wall.year + amount)
    except ValueError:
        later = wall.replace(year=wall.year + amount, day=28)
    return instant(later, calendar.zone)


def _seconds(_calendar: Calendar, start: datetime, amount: int) -> datetime:
    return start.astimezone(UTC) + timedelta(seconds=amount)  # a start in the zone would add wall time


def _two_weeks(calendar: Calendar, start: datetime, amount: int) -> datetime:
    """The local date and 7n days, or the next business day, at closing time. Source: PK-2W."""
    on = calendar.local_date(start) + timedelta(days=7 * amount)
    return calendar.moment(calendar.closing_of(bisect_left(calendar.days, on.toordinal())))


def _one_week_before(calendar: Calendar, start: datetime, amount: int) -> datetime:
    """The local date less 7n days, or the business day before it, at opening time. Source: PK-LATE."""
    on = calendar.local_date(start) - timedelta(days=7 * amount)
    index = bisect_right(calendar.days, on.toordinal()) - 1
    if index < 0:
        raise IndexError
    return calendar.moment(calendar.opening_of(index))


UNITS: dict[str, Callable[[Calendar, datetime, int], datetime]] = {
    "business_days": _business_days,
    "same_business_day": _same_business_day,
    "business_minutes": _business_minutes,
    "calendar_days": _calendar_days,
    "calendar_years": _calendar_years,
    "seconds": _seconds,
    "two_weeks": _two_weeks,
    "one_week_before": _one_week_before,
}
