"""Goal 9: a deadline of 5 business days by bisection, against a loop over the days. Needs no server."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from statistics import median
from time import perf_counter
from zoneinfo import ZoneInfo

import holidays

from bench.measures import median_ratio
from contactcenter.presets.files import read_calendar
from policies.calendar import FIRST_DAY, LAST_DAY, Calendar, Definition, compile_calendar, due_at, instant

NUMBER, BOUND = 9, 0.1
DAYS, STARTS = 5, 2_000
SIDES = ("ours", "loop", "package")
_DAY = timedelta(days=1)


def by_loop(definition: Definition, zone: ZoneInfo, start: datetime) -> datetime:
    """The baseline: the same answer from day to day, without a compiled calendar.

    Each day's hours become instants, since a clock change may swallow them all.
    """
    on, left = start.astimezone(zone).date(), DAYS
    closing = start
    while left:
        on += _DAY
        midnight = datetime.combine(on, time())
        edges = [
            (instant(midnight + timedelta(minutes=opens), zone), instant(midnight + timedelta(minutes=closes), zone))
            for opens, closes in definition.hours_on(on)
        ]
        if any(opened < closed for opened, closed in edges):
            left, closing = left - 1, edges[-1][1]
    return closing.astimezone(zone)


class PackageLoop:
    """Beside it: what the `holidays` package offers, which knows weekdays and holidays, and no hours."""

    def __init__(self) -> None:
        years = range(FIRST_DAY.year, LAST_DAY.year + 1)
        self.holidays = holidays.country_holidays("CA", subdiv="ON", years=years)

    def due_on(self, start: datetime) -> date:
        due_on: date = self.holidays.get_nth_working_day(start.date(), DAYS)
        return due_on


@dataclass(frozen=True)
class Times:
    """Seconds a deadline takes, in one round over the same starts."""

    ours: float
    loop: float
    package: float


def rounds(count: int, *, seed: int) -> list[Times]:
    """Reckon the same starts in each way, round after round. Raises `RuntimeError` when ours and the loop differ."""
    definition = read_calendar("pickering")
    calendar, zone, package = compile_calendar(definition), ZoneInfo(definition.zone), PackageLoop()
    picked = random.Random(seed)
    first = datetime(2015, 1, 1, tzinfo=UTC)
    starts = [first + timedelta(minutes=picked.randrange(20 * 365 * 1440)) for _ in range(STARTS)]
    loop = partial(by_loop, definition, zone)
    ours = partial(_ours, calendar)
    if any(loop(start) != ours(start) for start in starts):
        raise RuntimeError("the two clocks differ")
    return [
        Times(_timed(ours, starts), _timed(loop, starts), _timed(package.due_on, starts)) for _number in range(count)
    ]


def _ours(calendar: Calendar, start: datetime) -> datetime:
    return due_at(calendar, start, "business_days", DAYS).at


def _timed(reckon: Callable[[datetime], object], starts: Sequence[datetime]) -> float:
    begun = perf_counter()
    for start in starts:
        reckon(start)
    return (perf_counter() - begun) / len(starts)


def section(count: int, *, seed: int) -> str:
    """Return goal 9 as Markdown."""
    measured = rounds(count, seed=seed)
    ours = [times.ours for times in measured]
    ratio = median_ratio(ours, [times.loop for times in measured])
    beside = median_ratio(ours, [times.package for times in measured])
    figures = " · ".join(f"{median(getattr(times, side) for times in measured) * 1e6:.1f} µs" for side in SIDES)
    met = "met" if ratio <= BOUND else "**not met**"
    return (
        "| # | what | goal | measured | against `holidays`, which knows no hours | ours · loop · `holidays` | |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        f"| {NUMBER} | a deadline of {DAYS} business days against a loop over the days | at most {BOUND:g}× "
        f"| **{ratio:.2f}×** | {beside:.2f}× | {figures} | {met} |\n"
    )
