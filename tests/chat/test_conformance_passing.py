"""Whether the rules on holding and passing on were kept: green after what is done, red once they were broken."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.actions import (
    accept_transfer,
    ask_transfer,
    end_as_agent,
    end_as_customer,
    expire_transfers,
    place_on_hold,
    resume,
)
from chat.models import ChatSession, Kind, Side, Transfer
from chat.timers import act_on_due_timers
from policies.conformance import Judgement, Period, Verdict, judge_all
from tests.chat.conftest import NOON, City, online_agent
from tests.chat.test_hold import after, agent_writes
from tests.factories import ActiveSessionFactory, EventFactory, as_owner
from tests.policies.factories import adopt

PERIOD = Period(NOON - timedelta(hours=1), NOON + timedelta(days=1))

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def policy(city: City) -> None:
    adopt("EM-HOLD")
    adopt("EM-FWD", seconds=60)
    adopt("EM-DIS-B")
    adopt("DF-XFER")
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


# Transfers --------------------------------------------------------------------------
def passed_on(city: City, *, accepted: bool = True) -> ChatSession:
    session = running(city)
    ruth = online_agent("Ruth", city.general)
    to, reason, summary = {"agent": ruth.pk}, "expertise", "A shed."
    ask_transfer(session.pk, agent_id=city.rosa.pk, to=to, reason=reason, summary=summary, at=after(1))
    if accepted:
        accept_transfer(session.pk, agent_id=ruth.pk, at=after(1.5))
    return session


def is_broken(rule: str, session: ChatSession) -> bool:
    found = verdict(rule)
    assert found.finding is not None
    return (found.verdict, found.finding.broken) == (Verdict.BROKEN, (str(session.pk),))


@pytest.mark.parametrize("accepted", [True, False])
def test_a_transfer_that_goes_as_it_should_counts_as_kept(city: City, accepted: bool) -> None:
    passed_on(city, accepted=accepted)
    expire_transfers(at=after(2))
    assert verdict("EM-FWD").verdict == Verdict.KEPT
    assert verdict("EM-DIS-B").verdict == Verdict.KEPT
    assert verdict("DF-XFER").verdict == (Verdict.IN_PART if accepted else Verdict.NOT_MEASURED)


def test_a_transfer_that_stays_open_beyond_its_time_is_found(city: City) -> None:
    assert is_broken("EM-FWD", passed_on(city, accepted=False))


def test_a_transfer_accepted_after_its_time_is_found(city: City) -> None:
    session = passed_on(city)
    Transfer.objects.update(deadline=after(1.2))
    assert is_broken("EM-FWD", session)


def test_a_transfer_without_anybody_who_joined_is_found(city: City) -> None:
    session = passed_on(city)
    with as_owner():
        session.events.filter(kind="joined").delete()
    assert is_broken("EM-FWD", session)


def test_a_transfer_that_is_not_logged_with_its_reason_is_found(city: City) -> None:
    session = passed_on(city)
    with as_owner():
        session.staff_events.update(data={"reason": "their accent"})
    assert is_broken("EM-DIS-B", session)


def test_a_second_transfer_that_nobody_explains_is_found(city: City) -> None:
    session = passed_on(city)
    one = Transfer.objects.get()
    Transfer.objects.create(
        session=session,
        from_agent=city.rosa,
        to_agent=city.rosa,
        reason="expertise",
        asked_at=after(5),
        ended_at=after(6),
        ending="accepted",
        accepted_by=one.accepted_by,
    )
    ChatSession.objects.update(transfers=2)
    assert is_broken("DF-XFER", session)
    Transfer.objects.exclude(pk=one.pk).update(again="She knows the case.")
    assert verdict("DF-XFER").verdict == Verdict.IN_PART


def test_a_transfer_that_is_not_counted_is_found(city: City) -> None:
    session = passed_on(city)
    ChatSession.objects.update(transfers=0)
    assert is_broken("DF-XFER", session)


@pytest.mark.parametrize("accepted", [True, False])
def test_time_in_a_transfer_offer_or_before_the_receivers_first_words_is_no_silence(city: City, accepted: bool) -> None:
    adopt("EM-FWD", seconds=600)
    session = passed_on(city, accepted=accepted)
    end_as_customer(session.pk, token_digest=session.token_digest, at=after(8))
    found = verdict("EM-IDLE-2").finding
    assert found is not None
    assert found.broken == ()
