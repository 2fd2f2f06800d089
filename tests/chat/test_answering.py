"""An agent who does not answer: reminded, then the supervisor is told, then somebody else goes on."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest

from agents.actions import record_activity
from agents.models import Agent
from chat.actions import Draft, accept, append
from chat.actions.routing import note_who_is_away
from chat.models import ChatSession, Side, StaffEvent, StaffKind, Transfer
from chat.states import Status
from chat.timers import act_on_due_timers, note_pulse
from contactcenter.lib.hashing import digest
from contactcenter.notices.models import Mail
from tests.chat.conftest import NOON, City
from tests.factories import LogInFactory, QueuedSessionFactory
from tests.policies.factories import adopt, calendar

MOMENT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
TOKEN = digest("a token")
ROWS = {"away_seconds": 300, "answer_seconds": 60, "supervisor_seconds": 60, "requeue_seconds": 60}

pytestmark = [pytest.mark.django_db, pytest.mark.rule("EM-COM-D")]


@pytest.fixture
def session(city: City) -> ChatSession:
    """A chat that Rosa has accepted at noon, with the question unanswered."""
    adopt("EM-COM-D", **ROWS)
    return accepted(city)


def accepted(city: City) -> ChatSession:
    session: ChatSession = QueuedSessionFactory(
        department=city.general, token_digest=TOKEN, requested_at=NOON - MINUTE, customer_wrote_at=NOON - MINUTE
    )
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    session.refresh_from_db()
    return session


def says(session: ChatSession, *sides: Side, at: datetime) -> None:
    """Let these sides write, in one batch."""
    drafts = [
        Draft(session.pk, uuid.uuid4(), side, "Hello", at, token_digest=TOKEN)
        if side == Side.CUSTOMER
        else Draft(session.pk, uuid.uuid4(), side, "Hello", at, agent_id=session.agent_id, name="Rosa")
        for side in sides
    ]
    assert [result.error for result in append(drafts)] == [None] * len(drafts)


def due(session: ChatSession) -> datetime | None:
    session.refresh_from_db()
    return session.answer_deadline


def steps(session: ChatSession) -> list[int]:
    rows = StaffEvent.objects.filter(session=session, kind=StaffKind.ANSWER_DUE, rule="EM-COM-D").order_by("n")
    return [row.data["step"] for row in rows]


def test_reminded_after_a_minute_supervisor_a_minute_later_and_back_to_the_queue_another_later(
    city: City, session: ChatSession
) -> None:
    act_on_due_timers(at=NOON + MINUTE - MOMENT)
    assert steps(session) == []
    act_on_due_timers(at=NOON + MINUTE)
    act_on_due_timers(at=NOON + MINUTE)
    assert steps(session) == [1]
    assert not Mail.objects.exists()
    act_on_due_timers(at=NOON + 2 * MINUTE)
    assert steps(session) == [1, 2]
    mail = Mail.objects.get()
    assert mail.to == city.supervisor.user.email
    assert f"/supervise/chats/{session.pk}/" in mail.body
    assert "Hello" not in mail.body
    act_on_due_timers(at=NOON + 3 * MINUTE - MOMENT)
    assert due(session) is not None
    act_on_due_timers(at=NOON + 3 * MINUTE)
    session.refresh_from_db()
    assert (session.status, session.answer_deadline, session.answer_step) == (Status.QUEUED, None, 0)
    event = session.events.get(kind="requeued")
    assert event.data["why"] == "agent_silent"
    assert "sorry" in event.text


def test_each_step_counts_from_when_the_one_before_was_really_taken(session: ChatSession) -> None:
    act_on_due_timers(at=NOON + 9 * MINUTE)
    assert (steps(session), due(session)) == ([1], NOON + 10 * MINUTE)
    act_on_due_timers(at=NOON + 30 * MINUTE)
    assert (steps(session), due(session)) == ([1, 2], NOON + 31 * MINUTE)


@pytest.mark.parametrize(("name", "step"), [("answer_seconds", 0), ("supervisor_seconds", 1), ("requeue_seconds", 2)])
def test_how_long_each_step_lasts_is_a_row(city: City, name: str, step: int) -> None:
    adopt("EM-COM-D", **{**ROWS, name: 20})
    session = accepted(city)
    at = NOON
    for number in range(3):
        at += timedelta(seconds=20 if number == step else 60)
        act_on_due_timers(at=at - MOMENT)
        assert steps(session) == [1, 2][:number]
        act_on_due_timers(at=at)
    session.refresh_from_db()
    assert session.status == Status.QUEUED


def test_without_the_rule_nobody_is_pressed(city: City) -> None:
    session = accepted(city)
    says(session, Side.CUSTOMER, at=NOON)
    act_on_due_timers(at=NOON + 60 * MINUTE)
    assert (due(session), steps(session)) == (None, [])


def test_the_clock_runs_from_the_first_message_that_nobody_has_answered(session: ChatSession) -> None:
    assert due(session) == NOON + MINUTE
    says(session, Side.CUSTOMER, at=NOON + MINUTE / 2)
    assert due(session) == NOON + MINUTE
    says(session, Side.AGENT, at=NOON + MINUTE / 2)
    assert due(session) is None
    says(session, Side.CUSTOMER, at=NOON + 5 * MINUTE)
    says(session, Side.CUSTOMER, at=NOON + 5 * MINUTE + MINUTE / 2)
    assert due(session) == NOON + 6 * MINUTE


@pytest.mark.parametrize(
    ("sides", "is_owed"),
    [
        ((Side.CUSTOMER, Side.AGENT), False),
        ((Side.AGENT, Side.CUSTOMER), True),
        ((Side.AGENT, Side.CUSTOMER, Side.AGENT), False),
        ((Side.CUSTOMER, Side.AGENT, Side.CUSTOMER, Side.CUSTOMER), True),
    ],
)
def test_within_one_batch_the_last_word_counts(session: ChatSession, sides: tuple[Side, ...], is_owed: bool) -> None:
    says(session, *sides, at=NOON + 3 * MINUTE)
    assert due(session) == (NOON + 4 * MINUTE if is_owed else None)
    assert session.answer_step == 0


def test_an_answer_after_the_reminder_starts_all_over(session: ChatSession) -> None:
    act_on_due_timers(at=NOON + MINUTE)
    says(session, Side.AGENT, at=NOON + MINUTE)
    act_on_due_timers(at=NOON + 9 * MINUTE)
    assert steps(session) == [1]
    says(session, Side.CUSTOMER, at=NOON + 9 * MINUTE)
    act_on_due_timers(at=NOON + 10 * MINUTE)
    assert steps(session) == [1, 1]


def test_it_stands_still_while_the_chat_is_being_passed_on(city: City, session: ChatSession) -> None:
    transfer = Transfer.objects.create(
        session=session, from_agent=city.rosa, to_agent=city.supervisor, reason="expertise", asked_at=NOON
    )
    act_on_due_timers(at=NOON + 5 * MINUTE)
    assert steps(session) == []
    Transfer.objects.filter(pk=transfer.pk).update(ended_at=NOON + 5 * MINUTE, ending="declined")
    act_on_due_timers(at=NOON + 5 * MINUTE)
    act_on_due_timers(at=NOON + 6 * MINUTE - MOMENT)
    assert (steps(session), due(session)) == ([], NOON + 6 * MINUTE)
    act_on_due_timers(at=NOON + 6 * MINUTE)
    assert steps(session) == [1]


def test_after_closing_the_chat_stays_with_its_agent(city: City) -> None:
    adopt("EM-COM-D", **ROWS)
    adopt("EM-HRS", always_open=False)
    calendar("8:30-12:02")  # noon, and two minutes more
    session = accepted(city)
    for minute in (1, 2, 3, 4):
        act_on_due_timers(at=NOON + minute * MINUTE)
    session.refresh_from_db()
    assert (session.agent, session.answer_deadline) == (city.rosa, None)
    says(session, Side.CUSTOMER, at=NOON + 5 * MINUTE)
    assert due(session) is None
    says(session, Side.AGENT, Side.CUSTOMER, at=NOON + 6 * MINUTE)
    assert due(session) == NOON + 7 * MINUTE


def test_an_outage_of_ours_is_not_the_agents_silence(session: ChatSession) -> None:
    note_pulse(at=NOON)
    note_pulse(at=NOON + 10 * MINUTE)
    act_on_due_timers(at=NOON + 11 * MINUTE - MOMENT)
    assert steps(session) == []
    act_on_due_timers(at=NOON + 11 * MINUTE)
    assert steps(session) == [1]


# Away from the desk ------------------------------------------------------------------
def test_who_is_away_reads_it_and_her_chats_stay(city: City, session: ChatSession) -> None:
    Agent.objects.exclude(pk=city.rosa.pk).update(presence="offline")
    city.rosa.intervals.update(started_at=NOON - 9 * MINUTE)
    log_in = LogInFactory(user=city.rosa.user, at=NOON - 9 * MINUTE, seen_at=NOON - 5 * MINUTE)
    assert note_who_is_away(at=NOON - MOMENT) == 0
    assert note_who_is_away(at=NOON) == 1
    assert note_who_is_away(at=NOON) == 0
    city.rosa.refresh_from_db()
    session.refresh_from_db()
    assert (city.rosa.presence, city.rosa.away_at, session.agent) == ("online", NOON, city.rosa)
    record_activity(log_in.session_key, at=NOON + MINUTE)
    assert note_who_is_away(at=NOON + MINUTE) == 1
    city.rosa.refresh_from_db()
    assert city.rosa.away_at is None
