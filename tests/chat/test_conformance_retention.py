"""Whether the rules on retention, payments and emergencies were kept: green as it is, red once something is damaged."""

from __future__ import annotations

import uuid
from datetime import UTC, timedelta

import pytest

from chat import timers
from chat.actions import (
    Draft,
    append,
    close_evaluation,
    end_as_agent,
    mark,
    note_readings,
    purge,
    purge_if_due,
    request_chat,
)
from chat.actions.sessions import Request
from chat.models import ChatEvent, ChatSession, Evaluation, PurgeRun, Reading, Side
from policies.conformance import Judgement, Period, Verdict, judge_all
from policies.models import ScreeningWord, Tally
from policies.words import forget_words
from tests.chat.conftest import City
from tests.chat.test_opening import local
from tests.factories import as_owner
from tests.policies.factories import adopt, keep_chats

PERIOD = Period(local(0), local(0, day=25))
RULES = ("EM-RET-A", "EM-RET-B", "EM-RET-Ba-i", "EM-PII-B", "EM-PAY", "EM-911")
CARD = "4111 1111 1111 1111"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def policy(city: City) -> None:
    adopt("EM-RET-B")
    adopt("EM-RET-Ba-i")
    adopt("EM-PII-B", ask_email=True, ask_phone=False)
    adopt("EM-PAY", page="https://www.maplebrook.example/pay/", phone="555-0150")
    adopt("EM-911", life_number="911")
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)
    ScreeningWord.objects.create(language="en", kind="life", phrase="gas leak")
    forget_words()


def verdict(rule: str, *, period: Period = PERIOD) -> Judgement:
    [found] = judge_all(period, at=period.end, only=[rule])
    return found


def a_chat(city: City, question: str = "Is the pool open?", *, hour: int = 9, **more: str) -> ChatSession:
    request = Request("Dana", question, city.general, city.english, **more)
    session = request_chat(request, at=local(hour)).session
    ChatSession.objects.filter(pk=session.pk).update(agent=city.rosa, status="active", accepted_at=local(hour))
    return session


def an_ended_chat(city: City, **more: str) -> ChatSession:
    session = a_chat(city, **more)
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=local(9, 30))
    session.refresh_from_db()
    return session


def is_kept(rule: str) -> bool:
    found = verdict(rule)
    return found.verdict in (Verdict.KEPT, Verdict.IN_PART) and bool(found.finding and found.finding.considered)


# The purge ----------------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
def test_a_purge_that_ran_when_it_was_due_keeps_the_rule(city):
    purge_if_due(at=local(0, day=23))
    purge_if_due(at=local(2))
    assert is_kept("EM-RET-A")


@pytest.mark.rule("EM-RET-A")
def test_a_purge_that_did_not_run_is_found(city):
    purge_if_due(at=local(0, day=23))
    assert verdict("EM-RET-A").verdict == Verdict.BROKEN


@pytest.mark.rule("EM-RET-A")
def test_a_purge_that_was_caught_up_keeps_the_rule_and_a_late_one_by_hand_does_not(city):
    purge_if_due(at=local(0, day=23))
    run = purge_if_due(at=local(9))
    assert run.cause == PurgeRun.Cause.CATCH_UP
    assert is_kept("EM-RET-A")
    PurgeRun.objects.filter(pk=run.pk).update(cause=PurgeRun.Cause.BY_HAND)
    assert verdict("EM-RET-A").finding.broken == (local(2).astimezone(UTC).isoformat(),)


@pytest.mark.rule("EM-RET-A")
def test_a_purge_that_never_finished_is_found(city):
    purge_if_due(at=local(0, day=23))
    run = purge_if_due(at=local(2))
    PurgeRun.objects.filter(pk=run.pk).update(finished_at=None)
    assert verdict("EM-RET-A").finding.broken == (local(2).astimezone(UTC).isoformat(),)


@pytest.mark.rule("EM-RET-A")
def test_a_purge_that_was_refused_when_it_was_due_is_found(city):
    first = purge_if_due(at=local(0, day=23))
    PurgeRun.objects.filter(pk=first.pk).update(refusal="No legal basis.")
    assert verdict("EM-RET-A").finding.broken == (local(2).astimezone(UTC).isoformat(),)


@pytest.mark.rule("EM-RET-A")
def test_a_transcript_that_is_too_old_is_found(city):
    purge_if_due(at=local(0, day=23))
    purge_if_due(at=local(2))
    session = an_ended_chat(city)
    with as_owner():
        ChatSession.objects.filter(pk=session.pk).update(
            ended_at=local(0), requested_at=local(0), wrapped_up_at=local(0), wrap_up_deadline=None
        )
    assert verdict("EM-RET-A").finding.broken == (str(session.pk),)


@pytest.mark.rule("EM-RET-A")
def test_what_a_run_left_over_is_found(city):
    purge_if_due(at=local(0, day=23))
    run = purge_if_due(at=local(2))
    PurgeRun.objects.filter(pk=run.pk).update(leftover=1)
    assert verdict("EM-RET-A").verdict == Verdict.BROKEN


@pytest.mark.rule("EM-RET-A")
def test_without_a_legal_basis_the_page_says_so(city):
    purge_if_due(at=local(0, day=23))
    purge_if_due(at=local(2))
    keep_chats(legal_basis="")
    assert "no legal basis" in verdict("EM-RET-A").reason


# Who reads, and what is kept -------------------------------------------------------------
@pytest.mark.rule("EM-RET-B")
@pytest.mark.rule("EM-PII-B")
def test_readings_of_those_on_the_chat_and_of_supervisors_keep_the_rules(city):
    session = an_ended_chat(city)
    for reader in (city.rosa, city.supervisor):
        note_readings([session], reader=reader, place=Reading.Place.DESK, at=local(10))
    assert is_kept("EM-RET-B")
    assert is_kept("EM-PII-B")
    note_readings([session], reader=city.rudi, place=Reading.Place.DESK, at=local(11))
    assert verdict("EM-RET-B").finding.broken == (str(session.pk),)
    assert verdict("EM-PII-B").verdict == Verdict.BROKEN


@pytest.mark.rule("EM-RET-Ba-i")
def test_a_mark_with_its_evaluation_keeps_the_rule_also_after_its_end(city):
    session = a_chat(city, returning_key="r" * 64)
    mark(session.pk, agent_id=city.rosa.pk, reason="harassment", at=local(9, 5))
    a_chat(city, hour=10, returning_key="r" * 64)
    assert is_kept("EM-RET-Ba-i")
    close_evaluation(Evaluation.objects.get().pk, by_id=city.supervisor.pk, reason="No.", at=local(11))
    assert is_kept("EM-RET-Ba-i")


@pytest.mark.rule("EM-RET-Ba-i")
@pytest.mark.parametrize("damage", [{"retained": False}, {"requested_at": local(8)}])
def test_a_kept_chat_that_should_not_be_and_the_other_way_round_is_found(city, damage):
    session = a_chat(city, returning_key="r" * 64)
    mark(session.pk, agent_id=city.rosa.pk, reason="harassment", at=local(9, 5))
    later = a_chat(city, hour=10, returning_key="r" * 64)
    with as_owner():
        ChatSession.objects.filter(pk=later.pk).update(**damage)
    assert verdict("EM-RET-Ba-i").finding.broken == (str(later.pk),)


@pytest.mark.rule("EM-RET-Ba-i")
def test_a_later_chat_that_its_open_evaluation_does_not_hold_is_found(city):
    a_chat(city, hour=8)
    session = a_chat(city, returning_key="r" * 64)
    mark(session.pk, agent_id=city.rosa.pk, reason="harassment", at=local(9, 5))
    later = a_chat(city, hour=10)
    assert is_kept("EM-RET-Ba-i")
    with as_owner():
        ChatSession.objects.filter(pk=later.pk).update(returning_key="r" * 64)
    assert verdict("EM-RET-Ba-i").finding.broken == (str(later.pk),)


@pytest.mark.rule("EM-RET-Ba-i")
def test_a_chat_that_is_kept_without_a_mark_is_found(city):
    session = a_chat(city)
    ChatSession.objects.filter(pk=session.pk).update(retained=True)
    assert verdict("EM-RET-Ba-i").finding.broken == (str(session.pk),)


@pytest.mark.rule("EM-PII-B")
def test_a_contact_that_the_city_did_not_ask_for_is_found(city):
    a_chat(city, email="dana@maplebrook.example")
    assert is_kept("EM-PII-B")
    session = a_chat(city, phone="555-0100")
    assert verdict("EM-PII-B").finding.broken == (str(session.pk),)


# Screening --------------------------------------------------------------------------------
@pytest.mark.rule("EM-PAY")
def test_a_masked_card_keeps_the_rule_and_one_in_the_clear_is_found(city):
    session = a_chat(city, f"My card is {CARD}")
    assert is_kept("EM-PAY")
    with as_owner():
        ChatEvent.objects.filter(session=session, seq=1).update(text=f"My card is {CARD}")
    assert verdict("EM-PAY").finding.broken == (str(session.pk),)


@pytest.mark.rule("EM-PAY")
def test_a_card_in_the_name_of_a_resident_is_found(city):
    session = a_chat(city)
    ChatSession.objects.filter(pk=session.pk).update(customer_name=f"Dana {CARD}")
    assert verdict("EM-PAY").finding.broken == (str(session.pk),)


@pytest.mark.rule("EM-911")
def test_who_spoke_of_an_emergency_was_told_and_not_let_go(city):
    session = a_chat(city, "There is a gas leak")
    append([Draft(session.pk, uuid.uuid4(), Side.AGENT, "Where?", local(9, 1), agent_id=city.rosa.pk, name="Rosa")])
    for minutes in range(1, 12):
        timers.act_on_due_timers(at=local(9) + timedelta(minutes=minutes))
    session.refresh_from_db()
    assert session.status == "active"
    assert is_kept("EM-911")
    session.events.filter(rule="EM-911").delete()
    assert verdict("EM-911").finding.broken == (str(session.pk),)


# What goes leaves its count -----------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
@pytest.mark.parametrize("rule", ["EM-PAY", "EM-PII-B"])
def test_what_was_measured_of_chats_stays_when_they_are_gone(city, rule):
    an_ended_chat(city, question=f"My card is {CARD}")
    before = verdict(rule).finding.considered
    assert before
    purge(at=local(20), cause="by_hand")
    assert ChatSession.objects.count() == 0
    assert Tally.objects.filter(rule=rule).exists()
    assert verdict(rule).finding.considered == before


def test_every_rule_of_the_step_has_its_check():
    assert [rule for rule in RULES if verdict(rule).keeper is None] == []
