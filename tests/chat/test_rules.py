"""Rules of the chat, as plain values."""

from __future__ import annotations

import math
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import rules
from chat.limits import FrameGate, Pace
from chat.states import ALLOWED, Status, check_transition
from contactcenter.lib.errors import DomainError


@given(st.integers(1, 500), st.integers(5, 900))
@settings(derandomize=True)
def test_the_estimate_is_position_over_accepts_a_minute_rounded_up(position: int, accepts: int) -> None:
    exact = 60 * Fraction(position) / (Fraction(accepts) / 30)
    window = timedelta(minutes=30)
    assert rules.estimated_wait_seconds(position, accepts, window=window, needed=5) == math.ceil(exact)


@pytest.mark.parametrize("accepts", [0, 1, 4])
def test_no_estimate_is_made_up_from_fewer_than_five_accepts(accepts: int) -> None:
    assert rules.estimated_wait_seconds(1, accepts, window=timedelta(minutes=30), needed=5) is None


@given(st.sets(st.integers(1, 50)))
@settings(derandomize=True)
def test_the_lowest_free_number_is_free_and_none_below_it_is(taken: set[int]) -> None:
    number = rules.lowest_free(taken)
    assert number not in taken
    assert set(range(1, number)) <= taken


def test_fields_are_filled_and_unknown_ones_named() -> None:
    allowed = rules.WORDING_FIELDS["greeting"]
    assert rules.unknown_fields("Hello {agent} of {departmnet}", allowed) == {"{departmnet}"}
    assert (
        rules.fill("I am {agent}, {city}. {x}", {"agent": "Rosa", "city": "Maplebrook"}) == "I am Rosa, Maplebrook. {x}"
    )


@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", Status.values)
def test_only_the_moves_of_the_table_are_allowed(before: str, after: str) -> None:
    if after in ALLOWED[before]:
        check_transition(before, after)
        return
    with pytest.raises(DomainError) as refused:
        check_transition(before, after)
    assert refused.value.code == ("ended" if before == Status.ENDED else "wrong_state")


def test_the_eleventh_frame_in_ten_seconds_is_slowed_down_and_the_thirty_first_closes() -> None:
    gate = FrameGate()
    paces = [gate.count("sender", now=100.0)[0] for _ in range(31)]
    assert paces == [Pace.FINE] * 10 + [Pace.SLOW_DOWN] * 20 + [Pace.CLOSE]
    assert gate.count("another", now=100.0)[0] is Pace.FINE


def test_the_next_window_starts_anew_and_the_wait_says_when() -> None:
    gate = FrameGate()
    for _ in range(10):
        gate.count("sender", now=100.0)
    assert gate.count("sender", now=103.5) == (Pace.SLOW_DOWN, 7)
    assert gate.count("sender", now=110.0) == (Pace.FINE, 0)
    gate.forget_old(now=120.0)
    assert gate._windows == {}
