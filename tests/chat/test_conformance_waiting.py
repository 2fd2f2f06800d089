"""Whether the rules on waiting were kept: green after what is done, red once they were broken."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.actions import Request, accept, place_on_hold, request_chat
from chat.models import ChatEvent, ChatSession
from chat.timers import act_on_due_timers
from policies.conformance import Judgement, Period, Verdict, judge_all
from tests.chat.conftest import NOON, City
from tests.chat.test_waiting import after
from tests.factories import as_owner
from tests.policies.factories import adopt

pytestmark = pytest.mark.django_db
PERIOD = Period(NOON - timedelta(hours=1), after(600))


@pytest.fixture(autouse=True)
def policy(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    adopt("DF-HOLD", seconds=120)
    adopt("EM-COM-B")
    adopt("EM-HOLD")


def verdict(rule: str, *, end: float = 600) -> Judgement:
    period = Period(PERIOD.start, after(end))
    [found] = judge_all(period, at=period.end, only=[rule])
    return found


def ask(city: City, *, at: float = 0) -> ChatSession:
    return request_chat(Request("Dana", "Hello", city.general, city.english), at=after(at)).session


def sweep(*seconds: float) -> None:
    for second in seconds:
        act_on_due_timers(at=after(second))


@pytest.mark.rule("EM-COM-Daii")
def test_who_was_told_in_time_that_all_are_busy_is_kept_and_who_was_not_is_broken(city: City) -> None:
    session = ask(city)
    sweep(0, 30)
    assert (verdict("EM-COM-Daii").verdict, verdict("EM-COM-Daii").finding.considered) == (Verdict.KEPT, 1)
    with as_owner():
        ChatEvent.objects.filter(rule="EM-COM-Daii").update(at=after(41))
    assert verdict("EM-COM-Daii").finding.broken == (str(session.pk),)
    with as_owner():
        ChatEvent.objects.filter(rule="EM-COM-Daii").delete()
    assert verdict("EM-COM-Daii").verdict == Verdict.BROKEN


def test_who_was_taken_before_is_not_considered(city: City) -> None:
    session = ask(city)
    accept(session.pk, agent_id=city.rosa.pk, at=after(20))
    assert verdict("EM-COM-Daii").finding.considered == 0
    assert verdict("DF-HOLD").finding.considered == 0


@pytest.mark.rule("DF-HOLD")
def test_a_wait_without_a_choice_is_broken_in_the_queue(city: City) -> None:
    session = ask(city)
    sweep(120, 240, 360, 480, 600)
    assert (verdict("DF-HOLD").verdict, verdict("DF-HOLD").finding.considered) == (Verdict.KEPT, 1)
    with as_owner():
        ChatEvent.objects.filter(rule="DF-HOLD", at=after(240)).delete()
    assert verdict("DF-HOLD").finding.broken == (str(session.pk),)


@pytest.mark.rule("DF-HOLD")
def test_a_stay_on_hold_is_measured_from_its_own_beginning(city: City) -> None:
    session = ask(city)
    accept(session.pk, agent_id=city.rosa.pk, at=after(100))
    place_on_hold(session.pk, agent_id=city.rosa.pk, at=after(200))
    sweep(320, 440)
    assert verdict("DF-HOLD", end=500).verdict == Verdict.KEPT
    assert verdict("DF-HOLD", end=600).verdict == Verdict.BROKEN
    with as_owner():
        ChatEvent.objects.filter(rule="DF-HOLD", at=after(320)).delete()
    assert verdict("DF-HOLD", end=500).finding.broken == (str(session.pk),)


def test_what_no_figure_can_show_is_said_to_be_so() -> None:
    assert verdict("EM-COM-B").verdict == Verdict.NOT_MEASURED
