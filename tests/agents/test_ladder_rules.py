"""The rules of the ladder over plain values."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ladder import (
    Binding,
    Descent,
    Record,
    Rung,
    Threshold,
    least,
    next_rung,
    placed_anew,
    read_ladder,
    record_of,
    rung_earned,
)
from policies.values_ladder import BEGINNING

LADDER = read_ladder(BEGINNING)
QUICK, MINUTE = timedelta(seconds=41), timedelta(seconds=60)
DOWN = Descent(below_satisfaction=80, first_response=MINUTE, min_ratings=10, chats_between=20)


@pytest.mark.parametrize(
    ("record", "seats"),
    [
        (Record(), 1),
        (Record(99, 99, 99, QUICK), 1),
        (Record(100, 100, 81, QUICK), 2),
        (Record(100, 100, 80, QUICK), 1),  # over 80 %, not 80 %
        (Record(100, 1000, 801, QUICK), 2),
        (Record(100, 0, 0, QUICK), 1),  # nobody rated
        (Record(100, 100, 100, MINUTE), 1),
        (Record(100, 100, 100, MINUTE - timedelta(microseconds=1)), 2),
        (Record(100, 100, 100, None), 1),
        (Record(499, 400, 400, QUICK), 2),
        (Record(500, 400, 320, QUICK), 3),  # 80 % is enough here
        (Record(500, 400, 319, QUICK), 1),
        (Record(9000, 8000, 8000, QUICK), 3),
    ],
)
def test_the_highest_rung_that_is_met_decides(record: Record, seats: int) -> None:
    assert LADDER[rung_earned(LADDER, record)].seats == seats


def test_a_threshold_compares_exactly() -> None:
    assert Threshold(">=", 80).is_met(4, 5)
    assert not Threshold(">", 80).is_met(4, 5)
    assert not Threshold(">=", 80).is_met(799_999, 1_000_000)
    assert not Threshold(">=", 0).is_met(0, 0)


def test_records_add_up_with_their_means_weighted() -> None:
    first, second = Record(1, 1, 1, timedelta(seconds=10)), Record(3, 2, 0, timedelta(seconds=30))
    assert first + second == Record(4, 3, 1, timedelta(seconds=25))
    assert Record() + second == second
    some = record_of([4, 3, None], [timedelta(seconds=10), timedelta(seconds=20)])
    assert some == Record(3, 2, 1, timedelta(seconds=15))
    assert (some + Record(1, 1, 1, timedelta(seconds=30))).first_response == timedelta(seconds=20)
    assert record_of([], []) == Record()


def test_first_responses_in_chats_that_others_went_on_with_are_weighed_too() -> None:
    slow = record_of([], [timedelta(seconds=150)])
    assert (slow.chats, slow.first_response) == (0, timedelta(seconds=150))
    assert slow + Record(2, 2, 2, timedelta(seconds=30)) == Record(2, 2, 2, timedelta(seconds=70))


@pytest.mark.parametrize(
    ("window", "is_below"),
    [
        (Record(100, 10, 8, QUICK), False),  # exactly 80 % stays
        (Record(100, 10, 7, QUICK), True),
        (Record(100, 9, 0, QUICK), False),  # too few ratings
        (Record(100, 10, 10, MINUTE), True),
        (Record(100, 10, 10, MINUTE - timedelta(microseconds=1)), False),
        (Record(100, 9, 9, 2 * MINUTE), False),
        (Record(), False),
    ],
)
def test_below_is_less_than_the_level_or_a_minute_and_more(window: Record, is_below: bool) -> None:
    assert DOWN.is_below(window) is is_below


GOOD, BAD = Record(100, 20, 20, QUICK), Record(100, 20, 10, QUICK)
LONG = Record(600, 500, 450, QUICK)


@pytest.mark.parametrize(
    ("held", "window", "descent", "since", "rung"),
    [
        (2, BAD, DOWN, None, 1),  # one rung at a time
        (1, BAD, DOWN, 19, 1),  # too soon
        (1, BAD, DOWN, 20, 0),
        (0, BAD, DOWN, 50, 0),  # there is no rung below, and nobody rises while below
        (0, GOOD, DOWN, 3, 2),  # improved
        (2, BAD, None, None, 2),  # not adopted: nobody steps down
        (0, BAD, None, None, 2),
    ],
)
def test_steps_down_and_up_again(
    held: int, window: Record, descent: Descent | None, since: int | None, rung: int
) -> None:
    found = next_rung(LADDER, held, whole=LONG, window=window, descent=descent, chats_since_step_down=since)
    assert found == rung


def test_a_rung_once_earned_stays_while_the_last_chats_are_not_below() -> None:
    fallen = Record(600, 500, 399, QUICK)  # 79.8 % of all
    assert rung_earned(LADDER, fallen) == 0
    assert next_rung(LADDER, 2, whole=fallen, window=GOOD, descent=DOWN, chats_since_step_down=None) == 2


def test_a_changed_ladder_places_anew_and_lifts_nobody_who_is_below() -> None:
    assert placed_anew(LADDER, whole=LONG, is_below=False, seats_held=1) == 2
    assert placed_anew(LADDER, whole=LONG, is_below=True, seats_held=None) == 2
    assert placed_anew(LADDER, whole=LONG, is_below=True, seats_held=2) == 1
    assert placed_anew(LADDER, whole=Record(), is_below=False, seats_held=3) == 0


def test_the_least_limit_binds_and_of_equal_ones_the_first() -> None:
    limits = {Binding.RESTRICTION: None, Binding.TRAINEE: 2, Binding.RUNG: 2, Binding.MAXIMUM: 3}
    assert least(limits) == (2, Binding.TRAINEE)
    assert least({**limits, Binding.RESTRICTION: 1}) == (1, Binding.RESTRICTION)


# Properties -----------------------------------------------------------------
@st.composite
def records(draw: st.DrawFn) -> Record:
    rated = draw(st.integers(0, 700))
    first = draw(st.none() | st.timedeltas(min_value=timedelta(), max_value=timedelta(minutes=3)))
    return Record(rated + draw(st.integers(0, 700)), rated, draw(st.integers(0, rated)), first)


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Rung, ...]:
    """Return any ladder that an administrator could write."""
    steps = draw(st.lists(st.integers(1, 300), max_size=5))
    rungs, chats = [Rung(0, None, None, 1)], 0
    for number, step in enumerate(steps, start=2):
        chats += step
        operator, percent = draw(st.sampled_from([">", ">="])), draw(st.integers(0, 99))
        satisfaction = draw(st.sampled_from([None, Threshold(operator, percent)]))
        first = draw(st.none() | st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(minutes=3)))
        rungs.append(Rung(chats, satisfaction, first, number))
    return tuple(rungs)


@given(ladders(), st.lists(records(), min_size=1, max_size=40), st.integers(0, 30), st.booleans())
def test_whatever_happens_one_steps_down_by_one_and_rises_only_to_what_was_earned(
    ladder: tuple[Rung, ...], days: list[Record], between: int, is_adopted: bool
) -> None:
    descent = Descent(80, MINUTE, 10, between) if is_adopted else None
    held, stepped_down_at = 0, None
    for chats, window in enumerate(days):
        whole = Record(chats * 50, window.rated, window.satisfied, window.first_response)
        since = None if stepped_down_at is None else whole.chats - stepped_down_at
        rung = next_rung(ladder, held, whole=whole, window=window, descent=descent, chats_since_step_down=since)
        assert 0 <= rung < len(ladder)
        assert rung >= held - 1
        if rung < held:
            assert descent is not None
            assert descent.is_below(window)
            assert since is None or since >= between
            stepped_down_at = whole.chats
        if rung > held:
            assert whole.meets(ladder[rung])
            assert descent is None or not descent.is_below(window)
        held = rung


@given(ladders(), records(), st.integers(0, 500))
def test_more_chats_of_the_same_kind_never_cost_a_seat(ladder: tuple[Rung, ...], record: Record, more: int) -> None:
    longer = Record(record.chats + more, record.rated, record.satisfied, record.first_response)
    assert ladder[rung_earned(ladder, longer)].seats >= ladder[rung_earned(ladder, record)].seats
