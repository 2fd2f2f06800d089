"""Business time reckoned the slow way, from the rules' text alone: day by day, interval by interval.

It shares no code with the clock that it checks; it only reads what a
definition says: zone, weeks, holidays, days.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST, LAST = date(2010, 1, 1), date(2039, 12, 31)
ONE_DAY, ONE_MINUTE = timedelta(days=1), timedelta(minutes=1)


class Outside(Exception):
    """The start or the answer lies outside of the covered years."""


class NaiveClock:
    def __init__(self, definition) -> None:
        self.definition = definition
        self.zone = ZoneInfo(definition.zone)
        self._known: dict[date, list[tuple[datetime, datetime]]] = {}

    def due_at(self, start: datetime, unit: str, amount: int) -> datetime:
        """Return the answer in UTC. Raises `Outside`."""
        self._inside(start)
        try:
            answer = getattr(self, unit)(start.astimezone(UTC), amount)
        except (OverflowError, ValueError):
            raise Outside from None
        return self._inside(answer)

    def _inside(self, at: datetime) -> datetime:
        try:
            on = self.date_of(at)
        except OverflowError:
            raise Outside from None
        if on < FIRST or on > LAST:
            raise Outside
        return at

    # Units ------------------------------------------------------------------
    def business_days(self, start: datetime, amount: int) -> datetime:
        if amount == 0:
            return self.same_business_day(start, 0)
        on = self.date_of(start)
        while amount:
            on = self.next_business_day(on + ONE_DAY)
            amount -= 1
        return self.closing(on)

    def same_business_day(self, start: datetime, _amount: int) -> datetime:
        on = self.date_of(start)
        if self.is_business_day(on) and start < self.closing(on):
            return self.closing(on)
        return self.closing(self.next_business_day(on + ONE_DAY))

    def business_minutes(self, start: datetime, amount: int) -> datetime:
        if amount == 0:
            return start
        left = timedelta(minutes=amount)
        on = max(self.date_of(start) - ONE_DAY, FIRST)
        while True:
            for opened, closed in self.intervals(on):
                since = max(opened, start)
                if since >= closed:
                    continue
                if closed - since >= left:
                    return since + left
                left -= closed - since
            on = self.covered(on + ONE_DAY)

    def calendar_days(self, start: datetime, amount: int) -> datetime:
        if amount == 0:
            return start
        return self.instant(self.wall(start) + timedelta(days=amount))

    def calendar_years(self, start: datetime, amount: int) -> datetime:
        if amount == 0:
            return start
        wall = self.wall(start)
        year = wall.year + amount
        if (wall.month, wall.day) == (2, 29) and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
            wall = wall.replace(day=28)
        return self.instant(wall.replace(year=year))

    def seconds(self, start: datetime, amount: int) -> datetime:
        return start + timedelta(seconds=amount)

    def two_weeks(self, start: datetime, amount: int) -> datetime:
        return self.closing(self.next_business_day(self.date_of(start) + amount * 7 * ONE_DAY))

    def one_week_before(self, start: datetime, amount: int) -> datetime:
        on = self.covered(self.date_of(start) - amount * 7 * ONE_DAY)
        while not self.is_business_day(on):
            on = self.covered(on - ONE_DAY)
        return self.intervals(on)[0][0]

    # Days -------------------------------------------------------------------
    def covered(self, on: date) -> date:
        if on < FIRST or on > LAST:
            raise Outside
        return on

    def next_business_day(self, on: date) -> date:
        """Return this date, or the first after it with opening hours."""
        while not self.is_business_day(self.covered(on)):
            on += ONE_DAY
        return on

    def is_business_day(self, on: date) -> bool:
        return len(self.intervals(on)) > 0

    def closing(self, on: date) -> datetime:
        return self.intervals(on)[-1][1]

    def intervals(self, on: date) -> list[tuple[datetime, datetime]]:
        """Return when a date opens and closes, in UTC; what the clock change leaves nothing of is left out."""
        if on not in self._known:
            walls = [(self.of_day(on, start), self.of_day(on, end)) for start, end in self.hours(on)]
            instants = [(self.instant(opened), self.instant(closed)) for opened, closed in walls]
            self._known[on] = [(opened, closed) for opened, closed in instants if opened < closed]
        return self._known[on]

    def hours(self, on: date):
        if on in self.definition.days:
            return self.definition.days[on].hours
        if on in self.definition.holidays:
            return ()
        hours = ()
        for schedule in self.definition.schedules:
            if schedule.starts_on <= on:
                hours = schedule.week[on.weekday()]
        return hours

    # Wall time --------------------------------------------------------------
    def of_day(self, on: date, minutes: int) -> datetime:
        if minutes == 24 * 60:
            return datetime.combine(on + ONE_DAY, time(0, 0))
        return datetime.combine(on, time(minutes // 60, minutes % 60))

    def wall(self, at: datetime) -> datetime:
        return at.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def date_of(self, at: datetime) -> date:
        return self.wall(at).date()

    def instant(self, wall: datetime) -> datetime:
        """Return the first instant at which clocks show a wall time, else the first one after it that they show."""
        shown = self.shown_at(wall)
        wall = wall if shown else wall.replace(second=0, microsecond=0)
        while not shown:
            wall += ONE_MINUTE
            shown = self.shown_at(wall)
        return min(shown)

    def shown_at(self, wall: datetime) -> list[datetime]:
        """Return the instants at which clocks show a wall time: none, one or two."""
        guesses = [wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        return [guess for guess in guesses if self.wall(guess) == wall]
