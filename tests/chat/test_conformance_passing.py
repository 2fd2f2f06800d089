"""Whether the rules on holding and passing on were kept: green after what is done, red once they were broken."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.actions import end_as_agent, place_on_hold, resume
from chat.models import ChatSession, Kind, Side
from chat.timers import act_on_due_timers
from policies.conformance import Judgement, Period, Verdict, judge_all
from tests.chat.conftest import NOON, City
from tests.chat.test_hold import after, agent_writes
from tests.factories import ActiveSessionFactory, EventFactory
from tests.policies.factories import adopt

PERIOD = Period(NOON - timedelta(hours=1), NOON + timedelta(days=1))

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def policy(city: City) -> None:
    adopt("EM-HOLD")
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)


def verdict(rule: str) -> Judgement:
    [found] = judge_all(PERIOD, at=PERIOD.end, only=[rule])
    return found


def running(city: City) -> ChatSession:
    session: ChatSession = ActiveSessionFactory(
        department=city.general, agent=city.rosa, requested_at=after(-2), customer_wrote_at=after(-2)
    )
    agent_writes(session, at=NOON)
    return session


def held_for(session: ChatSession, minutes: float) -> None:
    assert session.agent_id is not None
    place_on_hold(session.pk, agent_id=session.agent_id, at=after(1))
    act_on_due_timers(at=after(1 + minutes))


def test_a_hold_during_which_nobody_is_asked_counts_as_kept(city: City) -> None:
    session = running(city)
    held_for(session, 30)
    assert verdict("EM-HOLD").verdict == Verdict.KEPT


def test_a_question_in_the_middle_of_a_hold_is_found(city: City) -> None:
    session = running(city)
    held_for(session, 30)
    EventFactory(session=session, seq=3, kind=Kind.NOTICE, side=Side.SYSTEM, rule="EM-IDLE-2", at=after(10))
    found = verdict("EM-HOLD")
    assert (found.verdict, found.finding and found.finding.broken) == (Verdict.BROKEN, (str(session.pk),))


def test_a_question_after_a_hold_is_none_of_its_business(city: City) -> None:
    session = running(city)
    held_for(session, 5)
    resume(session.pk, agent_id=city.rosa.pk, at=after(6))
    act_on_due_timers(at=after(8))
    assert session.events.filter(rule="EM-IDLE-2").exists()
    assert verdict("EM-HOLD").verdict == Verdict.KEPT
    assert verdict("EM-IDLE-2").verdict == Verdict.KEPT


def test_time_on_hold_is_no_silence_that_nobody_asked_about(city: City) -> None:
    session = running(city)
    held_for(session, 30)
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=after(31))
    found = verdict("EM-IDLE-2").finding
    assert found is not None
    assert found.broken == ()
