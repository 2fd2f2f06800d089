"""To whom a chat is offered: the order, the demands and their names, without a database."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.matching_rules import Candidate, Match, Waiting, match, reach_of
from chat.models import Unmatched
from chat.models.offers import Offer

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OWN, HELPER, FAR = 1, 2, 3


def agent(pk: int, **more: Any) -> Candidate:
    """Return somebody of the department who may take anything and came online at noon."""
    facts: dict[str, Any] = {
        "departments": frozenset({OWN}),
        "primary": None,
        "languages": frozenset({"en"}),
        "lacks": frozenset(),
        "is_assigned": True,
        "is_away": False,
        "free": 1,
        "idle_since": NOON,
    }
    return Candidate(pk, **{**facts, **more})


def chat(**more: Any) -> Waiting:
    facts: dict[str, Any] = {
        "reach": (OWN,),
        "language": "en",
        "asks_for_language": False,
        "is_for_all": False,
        "is_open": True,
        "on": NOON.date(),
    }
    return Waiting(uuid.uuid4(), **{**facts, **more})


def chosen(wanted: Waiting, *agents: Candidate) -> tuple[int, str] | str:
    found = match([wanted], agents, at=NOON + 9 * MINUTE)[wanted.id]
    return (found.agent_id, found.why) if isinstance(found, Match) else found


SPANISH: dict[str, Any] = {"language": "es", "asks_for_language": True}


@pytest.mark.parametrize(
    ("wanted", "agents", "expected"),
    [
        (chat(), [agent(1), agent(2, idle_since=NOON - MINUTE)], (2, "longest_idle")),
        (chat(), [agent(2), agent(1)], (1, "longest_idle")),
        (chat(), [agent(1, idle_since=NOON - MINUTE), agent(2, primary=OWN)], (2, "department")),
        (chat(**SPANISH), [agent(1, primary=OWN), agent(2, languages=frozenset({"es"}))], (2, "language")),
        (chat(**SPANISH), [agent(1, primary=OWN)], (1, "department")),
        (chat(), [agent(1, languages=frozenset({"es"})), agent(2, idle_since=NOON - MINUTE)], (2, "longest_idle")),
        (chat(reach=(OWN, HELPER)), [agent(1, departments=frozenset({HELPER}))], (1, "overflow")),
        (chat(reach=(OWN, HELPER)), [agent(1, departments=frozenset({HELPER})), agent(2)], (2, "longest_idle")),
        (chat(is_for_all=True), [agent(1, departments=frozenset({FAR}))], (1, "another")),
        (chat(lost_by=frozenset({1})), [agent(1, primary=OWN), agent(2)], (2, "longest_idle")),
        (chat(lost_by=frozenset({1})), [agent(1)], (1, "longest_idle")),
        (chat(misses={1: 1}), [agent(1, primary=OWN), agent(2)], (2, "longest_idle")),
        (chat(misses={1: 1}), [agent(1), agent(2, free=0)], (1, "longest_idle")),
        (chat(misses={1: 1, 2: 1}), [agent(1), agent(2, idle_since=NOON - MINUTE)], (2, "longest_idle")),
        (chat(misses={1: 2, 2: 1}), [agent(1, primary=OWN), agent(2)], (2, "longest_idle")),
        (chat(misses={1: 1}, lost_by=frozenset({2})), [agent(1), agent(2)], (2, "longest_idle")),
        (chat(misses={1: 1, 2: 1}, lost_by=frozenset({2})), [agent(1), agent(2)], (1, "longest_idle")),
    ],
)
@pytest.mark.rule("SJ-ACD")
@pytest.mark.rule("EM-LANG")
def test_the_order_of_agents(wanted: Waiting, agents: list[Candidate], expected: tuple[int, str]) -> None:
    assert chosen(wanted, *agents) == expected


@pytest.mark.parametrize(
    ("wanted", "agents", "expected"),
    [
        (chat(is_open=False), [agent(1)], "office_closed"),
        (chat(), [], "no_one_online"),
        (chat(), [agent(1, departments=frozenset({FAR}))], "no_one_online"),
        (chat(), [agent(1, is_assigned=False)], "not_assigned"),
        (chat(), [agent(1, lacks=frozenset({None}))], "not_certified"),
        (chat(**SPANISH), [agent(1, lacks=frozenset({"es"}))], "no_language"),
        (chat(), [agent(1, lacks=frozenset({"es"}), is_away=True)], "away"),
        (chat(passed_by=frozenset({1})), [agent(1)], "all_declined"),
        (chat(), [agent(1, free=0)], "no_seat"),
        (chat(passed_by=frozenset({1})), [agent(1), agent(2, free=0)], "no_seat"),
    ],
)
def test_why_nobody_is_offered_it(wanted: Waiting, agents: list[Candidate], expected: str) -> None:
    assert chosen(wanted, *agents) == expected
    assert expected in Unmatched.values


@pytest.mark.rule("EM-COM-Daii")
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"languages": frozenset()},
        {"free": 0},
        {"is_away": True},
        {"is_assigned": False},
        {"lacks": frozenset({None})},
        {"lacks": frozenset({"es"})},
        {"lacks": frozenset({"en"})},
    ],
)
@pytest.mark.parametrize("language", [{}, SPANISH])
def test_free_is_who_would_be_offered_the_chat(more: dict[str, Any], language: dict[str, Any]) -> None:
    wanted = chat(**language)
    is_free = agent(1, **more).is_free_for(wanted.language)
    assert isinstance(chosen(wanted, agent(1, **more)), tuple) == is_free


@given(st.integers(0, 2**32))
def test_each_chat_goes_to_one_agent_and_no_agent_gets_more_than_her_seats(seed: int) -> None:
    dice = random.Random(seed)
    free = {pk: dice.randint(0, 3) for pk in range(1, 6)}
    agents = [agent(pk, free=seats, idle_since=NOON - dice.randint(0, 9) * MINUTE) for pk, seats in free.items()]
    waiting = [chat(passed_by=frozenset(dice.sample(range(1, 6), dice.randint(0, 5)))) for _ in range(12)]
    found = match(waiting, agents, at=NOON)
    assert list(found) == [each.id for each in waiting]
    matches = [each for each in found.values() if isinstance(each, Match)]
    assert {each.why for each in matches} <= set(Offer.Why.values)
    for pk, seats in free.items():
        assert sum(each.agent_id == pk for each in matches) <= seats
    by_id: dict[UUID, Waiting] = {each.id: each for each in waiting}
    assert all(each.agent_id not in by_id[each.session_id].passed_by for each in matches)


def test_chats_are_spread_over_agents_with_several_seats() -> None:
    waiting = [chat() for _ in range(4)]
    found = match(waiting, [agent(1, free=3), agent(2, free=3)], at=NOON + MINUTE)
    assert [each.agent_id for each in found.values() if isinstance(each, Match)] == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("waited", "expected"),
    [(0, (OWN,)), (59, (OWN,)), (60, (OWN, HELPER)), (89, (OWN, HELPER)), (90, (OWN, HELPER, FAR))],
)
def test_departments_that_help_out_come_in_one_after_the_other(waited: int, expected: tuple[int, ...]) -> None:
    helpers = {OWN: (HELPER, 60), HELPER: (FAR, 30)}
    assert reach_of(OWN, timedelta(seconds=waited), helpers) == expected


def test_a_circle_of_helpers_ends() -> None:
    assert reach_of(OWN, MINUTE, {OWN: (HELPER, 0), HELPER: (OWN, 0)}) == (OWN, HELPER)
