"""The clock against a naive one of our own, where clocks err: at clock changes, closings, holidays, leap days.

The starts are drawn from a seed, so a red test is red again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactcenter.lib.errors import DomainError
from contactcenter.presets.files import preset_names, read_calendar
from policies.calendar import FIRST_DAY, LAST_DAY, UNITS, Calendar, Day, Definition, Schedule, compile_calendar, due_at
from policies.hours import check_definition
from policies.shipped import shipped_calendar
from tests.policies.factories import definition
from tests.policies.naive_clock import NaiveClock, Outside

MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
OUT_OF_RANGE = "out_of_range"
SHIPPED = ("demo", "dufferin", "eagle-mountain", "philadelphia", "pickering", "san-jose")
STARTS, STARTS_MADE_UP = 2000, 500

NOBODY_WORKS = {date(2026, 7, 1): "Canada Day", date(2026, 12, 25): "Christmas Day", date(2028, 2, 29): "Leap Day"}
MADE_UP: dict[str, Definition] = {
    "two intervals a day": definition("8:30-12:00, 13:00-16:30", saturday="10:00-12:00", holidays=NOBODY_WORKS),
    "a minute's break": definition("0:00-12:00, 12:01-23:59", sunday="1:00-1:30, 1:30-2:00, 2:00-2:30"),
    "past midnight": definition("0:00-2:00, 18:00-24:00", saturday="0:00-3:00", zone="America/New_York"),
    "round the clock": definition("0:00-24:00", saturday="0:00-24:00", sunday="0:00-24:00"),
    "inside the change": definition("9:00-10:00", sunday="2:10-2:50", zone="America/Denver"),
    "from the change on": definition("2:30-5:00", saturday="1:30-2:30", sunday="1:30-2:30, 2:45-4:00"),
    "half an hour's change": definition("9:00-17:00", sunday="1:45-2:15, 2:20-6:00", zone="Australia/Lord_Howe"),
    "a date left out": definition("0:00-6:00, 9:00-24:00", saturday="0:00-24:00", zone="Pacific/Apia"),
    "change at midnight": definition("20:00-24:00", saturday="12:00-24:00", sunday="0:00-4:00", zone="America/Havana"),
    "change after midnight": definition(
        "9:00-17:00", saturday="23:00-24:00", sunday="0:00-2:00", zone="America/St_Johns"
    ),
    "days of their own": definition(
        holidays=NOBODY_WORKS,
        days={
            date(2026, 3, 8): Day("opening", ((60, 150), (170, 240)), "Flood."),
            date(2026, 6, 30): Day("closed_early", ((510, 733),), "Power failure."),
            date(2026, 7, 1): Day("opening", ((600, 720), (780, 900)), "Fireworks."),
            date(2026, 11, 1): Day("opening", ((75, 105), (110, 1440)), "Flood."),
            date(2026, 11, 2): Day("opening", ((0, 510), (510, 990)), "Flood."),
            date(2026, 12, 24): Day("half_day", ((510, 720),), "Christmas Eve."),
            date(2026, 12, 28): Day("closure", (), "Inventory."),
            date(2028, 2, 28): Day("closure", (), "Inventory."),
        },
    ),
    "new hours twice": Definition(
        "America/Los_Angeles",
        (
            Schedule(date(2012, 2, 29), (((540, 1020),),) * 5 + ((),) * 2),
            Schedule(date(2026, 3, 9), ((),) * 2 + (((540, 720), (780, 1320)),) * 5),
            Schedule(date(2039, 1, 3), (((0, 1440),),) + ((),) * 6),
        ),
        NOBODY_WORKS,
        {},
    ),
}


# Where clocks err -----------------------------------------------------------
def clock_changes(zone: ZoneInfo) -> list[datetime]:
    """Return the instants at which the zone's offset changes, found hour by hour and minute by minute."""
    changes = []
    midnight = datetime(2010, 1, 1, tzinfo=UTC)
    while midnight.year < 2040:
        if offset(midnight, zone) != offset(midnight + DAY, zone):
            at = midnight
            while offset(at, zone) == offset(at + 60 * MINUTE, zone):
                at += 60 * MINUTE
            while offset(at, zone) == offset(at + MINUTE, zone):
                at += MINUTE
            changes.append(at + MINUTE)
        midnight += DAY
    return changes


def offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


@cache
def clock(name: str) -> NaiveClock:
    return NaiveClock(MADE_UP[name] if name in MADE_UP else read_calendar(name))


@cache
def calendar(name: str) -> Calendar:
    shipped = shipped_calendar(name)
    return shipped if shipped is not None else compile_calendar(MADE_UP[name])


@cache
def edges(name: str) -> dict[str, list[datetime]]:
    """Return the instants around which the clock of a calendar may err, by what they are."""
    naive = clock(name)
    kept = naive.definition
    dates = [FIRST_DAY + number * DAY for number in range((LAST_DAY - FIRST_DAY).days + 1)]
    hours = [interval for on in dates for interval in naive.intervals(on)]
    own = [*kept.holidays, *kept.days, *(schedule.starts_on for schedule in kept.schedules)]
    leap_days = [on for on in dates if (on.month, on.day) in {(2, 28), (2, 29), (3, 1)}]
    year_ends = [on for on in dates if (on.month, on.day) in {(12, 31), (1, 1)}]
    return {
        "clock change": clock_changes(naive.zone),
        "opening": [opened for opened, _closed in hours],
        "closing": [closed for _opened, closed in hours],
        "own date": [naive.instant(datetime.combine(on, time())) for on in own],
        "leap day": [naive.instant(datetime.combine(on, time())) for on in leap_days],
        "year end": [naive.instant(datetime.combine(on, time())) for on in year_ends],
        "first and last": [
            naive.instant(datetime.combine(on, time())) for on in (FIRST_DAY, FIRST_DAY + DAY, LAST_DAY, LAST_DAY + DAY)
        ],
    }


def near_change(draw: Random, change: datetime) -> datetime:
    """Return an instant about a clock change: its gap or either of its two equal hours, that day or some days off."""
    days_off = draw.choice([0, 0, 0, 0, -1, -1, -7, -365, -366, 1])
    minutes_off = draw.choice([-60, -30, 0, 0, 30, 60, draw.randint(-150, 150)])
    return change + days_off * DAY + minutes_off * MINUTE + draw.choice([-1, 0, 0, 1]) * MICROSECOND


def at_edge(draw: Random, edge: datetime) -> datetime:
    return edge + draw.choice([-1, 0, 1]) * MICROSECOND


def within_date(draw: Random, midnight: datetime) -> datetime:
    off = draw.choice([0, 1, 86_399_999_999, draw.randrange(86_400_000_000), draw.randrange(1440) * 60_000_000])
    return midnight + off * MICROSECOND + draw.choice([-1, 0, 0, 0]) * DAY


def anywhere(draw: Random, _edge: datetime) -> datetime:
    return datetime(2009, 12, 1, tzinfo=UTC) + draw.randrange(30 * 366 * 86_400_000_000) * MICROSECOND


DRAWS: list[tuple[int, str, Callable[[Random, datetime], datetime]]] = [
    (30, "clock change", near_change),
    (20, "closing", at_edge),
    (10, "opening", at_edge),
    (12, "own date", within_date),
    (8, "leap day", within_date),
    (8, "year end", within_date),
    (4, "first and last", at_edge),
    (8, "opening", anywhere),
]


def starts(name: str, draw: Random, number: int) -> Iterator[datetime]:
    """Yield instants drawn near the edges of a calendar, told in UTC, in its zone, or with another's offset."""
    found = edges(name)
    zones = (UTC, clock(name).zone, timezone(timedelta(hours=5, minutes=45)))
    for _weight, kind, draw_near in draw.choices(DRAWS, [weight for weight, _kind, _near in DRAWS], k=number):
        near = draw.choice(found[kind] or found["year end"])
        yield draw_near(draw, near).astimezone(draw.choice(zones))


AMOUNTS = {
    "business_days": [0, 1, 1, 2, 3, 5, 10, 15, 22],
    "same_business_day": [0, 1, 9],
    "business_minutes": [0, 1, 30, 60, 90, 210, 420, 479, 480, 481, 540, 660, 720, 960, 1440, 2400],
    "calendar_days": [0, 1, 1, 1, 7, 7, 10, 30, 365, 366],
    "calendar_years": [0, 1, 1, 2, 3, 4, 5, 6, 11],
    "seconds": [0, 1, 59, 120, 240, 3600, 86_400, 604_800],
    "two_weeks": [0, 1, 2, 2, 3, 26],
    "one_week_before": [0, 1, 1, 2, 52],
}
LARGE = {
    "business_days": 3000,
    "same_business_day": 10**30,
    "business_minutes": 300_000,
    "calendar_days": 12_000,
    "calendar_years": 31,
    "seconds": 10**9,
    "two_weeks": 1600,
    "one_week_before": 1600,
}


def amount_of(unit: str, draw: Random) -> int:
    which = draw.random()
    if which < 0.02:
        return draw.randint(0, LARGE[unit])
    if which < 0.03:
        return draw.choice([10_000, 10**12, 10**40])
    if which < 0.3:
        return draw.randint(0, 60)
    return draw.choice(AMOUNTS[unit])


# One clock against the other ------------------------------------------------
def answer_of(name: str, start: datetime, unit: str, amount: int) -> datetime | str:
    """Return what the clock says, in UTC: two instants in the same zone would be compared by their wall time."""
    try:
        due = due_at(calendar(name), start, unit, amount)
    except DomainError as refusal:
        return refusal.code
    assert due.at.tzinfo is calendar(name).zone
    return due.at.astimezone(UTC)


def naive_answer_of(name: str, start: datetime, unit: str, amount: int) -> datetime | str:
    try:
        return clock(name).due_at(start, unit, amount)
    except Outside:
        return OUT_OF_RANGE


def differences(name: str, unit: str, number: int) -> list[tuple[str, int, str, str]]:
    draw = Random(f"{name}, {unit}")
    found = []
    for start in starts(name, draw, number):
        amount = amount_of(unit, draw)
        ours, naive = answer_of(name, start, unit, amount), naive_answer_of(name, start, unit, amount)
        if ours != naive:
            found.append((str(start), amount, f"clock: {ours}", f"naive: {naive}"))
    return found[:5]


def test_these_are_the_presets_that_are_shipped() -> None:
    assert preset_names() == sorted(SHIPPED)


@pytest.mark.rule("DF-BH")
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("preset", SHIPPED)
def test_the_clock_of_a_preset_agrees_with_the_naive_one(preset: str, unit: str) -> None:
    assert differences(preset, unit, STARTS) == []


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", MADE_UP)
def test_the_clock_of_a_made_up_calendar_agrees_with_the_naive_one(name: str, unit: str) -> None:
    assert differences(name, unit, STARTS_MADE_UP) == []


@pytest.mark.parametrize("name", MADE_UP)
def test_the_made_up_calendars_are_ones_that_a_city_could_write(name: str) -> None:
    check_definition(MADE_UP[name])


def test_the_starts_lie_where_clocks_err() -> None:
    draw = Random("coverage")
    naive = clock("demo")
    drawn = list(starts("demo", draw, STARTS))
    walls = [naive.wall(start) for start in drawn]
    next_days = [wall + DAY for wall in walls if wall.year < 2040]
    assert sum(len(naive.shown_at(wall)) == 2 for wall in walls) > 50
    assert sum(len(naive.shown_at(wall)) == 0 for wall in next_days) > 10
    assert {start.astimezone(naive.zone).fold for start in drawn} == {0, 1}
    closings = set(edges("demo")["closing"])
    assert all(sum(start + off in closings for start in drawn) > 50 for off in (-MICROSECOND, 0 * DAY, MICROSECOND))


# The naive clock itself, by hand --------------------------------------------
@pytest.mark.parametrize(
    ("start", "unit", "amount", "due"),
    [
        ("2026-03-02T07:00-05:00", "business_days", 1, "2026-03-03T16:30-05:00"),
        ("2026-03-06T10:00-05:00", "business_days", 1, "2026-03-09T16:30-04:00"),
        ("2026-03-02T16:30-05:00", "same_business_day", 0, "2026-03-03T16:30-05:00"),
        ("2026-03-06T16:00-05:00", "business_minutes", 60, "2026-03-09T09:00-04:00"),
        ("2026-03-07T02:30-05:00", "calendar_days", 1, "2026-03-08T03:00-04:00"),
        ("2026-10-31T01:30-04:00", "calendar_days", 1, "2026-11-01T01:30-04:00"),
        ("2028-02-29T10:00-05:00", "calendar_years", 1, "2029-02-28T10:00-05:00"),
        ("2026-03-02T10:00-05:00", "two_weeks", 2, "2026-03-16T16:30-04:00"),
        ("2026-03-16T10:00-04:00", "one_week_before", 1, "2026-03-09T08:30-04:00"),
    ],
)
def test_both_clocks_answer_the_examples_of_the_rules(start: str, unit: str, amount: int, due: str) -> None:
    expected = datetime.fromisoformat(due).astimezone(UTC)
    assert naive_answer_of("dufferin", datetime.fromisoformat(start), unit, amount) == expected
    assert answer_of("dufferin", datetime.fromisoformat(start), unit, amount) == expected


# Laws -----------------------------------------------------------------------
LAWFUL = settings(derandomize=True, max_examples=100, deadline=None)
names = st.sampled_from(["demo", "eagle-mountain", "philadelphia", *MADE_UP])
moments = st.datetimes(datetime(2015, 1, 1), datetime(2034, 12, 31), timezones=st.just(UTC))
few_minutes = st.integers(0, 5000)
# Of two equal hours the first counts: so the later of two starts may come to the earlier wall time.
monotone_units = st.sampled_from(sorted(set(UNITS) - {"calendar_days", "calendar_years"}))


@LAWFUL
@given(names, moments, few_minutes, few_minutes)
def test_business_minutes_can_be_added_in_two_steps(name: str, start: datetime, one: int, other: int) -> None:
    halfway = due_at(calendar(name), start, "business_minutes", one).at
    in_two = due_at(calendar(name), halfway, "business_minutes", other).at
    at_once = due_at(calendar(name), start, "business_minutes", one + other).at
    assert in_two.astimezone(UTC) == at_once.astimezone(UTC)


@LAWFUL
@given(names, moments, st.integers(1, 5000))
def test_so_many_minutes_of_opening_time_lie_before_their_deadline_and_fewer_a_moment_before(
    name: str, start: datetime, amount: int
) -> None:
    due = due_at(calendar(name), start, "business_minutes", amount).at.astimezone(UTC)
    assert calendar(name).open_time(start, due) == amount * MINUTE
    assert calendar(name).open_time(start, due - MICROSECOND) == amount * MINUTE - MICROSECOND


@LAWFUL
@given(names, moments, st.timedeltas(timedelta(), timedelta(days=9)), monotone_units, st.integers(0, 40))
def test_what_starts_later_is_never_due_earlier(
    name: str, start: datetime, later: timedelta, unit: str, amount: int
) -> None:
    first = due_at(calendar(name), start, unit, amount).at.astimezone(UTC)
    second = due_at(calendar(name), start + later, unit, amount).at.astimezone(UTC)
    assert first <= second


@LAWFUL
@given(names, moments, st.sampled_from(["business_days", "same_business_day", "two_weeks"]), st.integers(0, 40))
def test_a_deadline_in_business_days_is_the_closing_time_of_one(
    name: str, start: datetime, unit: str, amount: int
) -> None:
    due = due_at(calendar(name), start, unit, amount).at.astimezone(UTC)
    naive = clock(name)
    about = naive.date_of(due)
    closings = [naive.closing(on) for on in (about - DAY, about) if naive.is_business_day(on)]
    assert due in closings
    assert calendar(name).is_open(due - MICROSECOND)


@LAWFUL
@given(names, moments)
def test_it_is_open_at_the_next_opening_and_not_right_before_it(name: str, at: datetime) -> None:
    opening = calendar(name).next_opening(at)
    if opening is None:
        assert name == "round the clock"
        return
    opening = opening.astimezone(UTC)
    assert opening > at
    assert calendar(name).is_open(opening)
    assert not calendar(name).is_open(opening - MICROSECOND)


@LAWFUL
@given(names, moments)
def test_it_is_open_when_the_naive_clock_is_within_an_interval(name: str, at: datetime) -> None:
    naive = clock(name)
    on = naive.date_of(at)
    nearby = [interval for day in (on - DAY, on, on + DAY) for interval in naive.intervals(day)]
    assert calendar(name).is_open(at) == any(opened <= at < closed for opened, closed in nearby)
