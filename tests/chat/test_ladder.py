"""How many chats an agent may hold at once, from finished and rated chats to the seat that is refused."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from agents.actions import fix_seats, note_earlier, restrict_seats, set_roles
from agents.ladder import Record
from agents.models import Agent, LadderStanding, LadderStep
from chat.actions import (
    Draft,
    accept,
    accept_transfer,
    append,
    ask_transfer,
    end_as_agent,
    end_as_customer,
    end_wrap_ups,
    rate,
    recompute,
    settle_ladders,
    wrap_up,
)
from chat.actions.requeue import requeue_all_of
from chat.models import ChatRecord, ChatSession, Seat, Side
from chat.news import read_desk
from chat.states import Outcome
from chat.timers import act_on_due_timers
from contactcenter.lib.errors import DomainError, Invalid
from policies.values_ladder import BEGINNING
from tests.chat.conftest import City, online_agent
from tests.chat.test_seats import race, void
from tests.factories import ActiveSessionFactory, AgentFactory, EndedSessionFactory, QueuedSessionFactory
from tests.policies.factories import adopt

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
QUICK = timedelta(seconds=41)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.django_db


def finished(
    agent: Agent,
    count: int,
    *,
    rating: int | None = 5,
    first: timedelta | None = QUICK,
    ended_at: datetime = NOON - DAY,
    city: City,
) -> None:
    """Let an agent have finished so many chats, one a second, each with this rating and first response."""
    ChatRecord.objects.bulk_create(
        ChatRecord(
            id=EndedSessionFactory.build(department=city.general, language=city.english, agent=agent).pk,
            department=city.general,
            language=city.english,
            agent=agent,
            is_answered=first is not None,
            first_agent=agent if first is not None else None,
            outcome=Outcome.RESOLVED,
            rating=rating,
            requested_at=ended_at,
            ended_at=ended_at + timedelta(seconds=number),
            first_response=first,
            first_response_offered=first,
        )
        for number in range(count)
    )


def seats_of(agent: Agent, *, at: datetime = NOON) -> int:
    return recompute(agent.pk, at=at).seats


def why(agent: Agent) -> str:
    desk = read_desk(agent.pk, at=NOON)
    assert desk is not None
    return str(desk.seats()["why"])


def hold(agent: Agent, count: int, city: City) -> list[ChatSession]:
    return [ActiveSessionFactory(department=city.general, agent=agent) for _ in range(count)]


def refusal_of(agent: Agent, city: City, *, at: datetime = NOON) -> str:
    """Return the code with which the next chat is refused; empty when it is given."""
    session = QueuedSessionFactory(department=city.general)
    try:
        accept(session.pk, agent_id=agent.pk, at=at)
    except DomainError as refused:
        return refused.code
    return ""


# Up -------------------------------------------------------------------------
@pytest.mark.rule("EM-CAP")
def test_an_agent_begins_with_one_chat_and_earns_the_others(city: City) -> None:
    adopt("EM-CAP")
    assert seats_of(city.rosa) == 1
    finished(city.rosa, 99, city=city)
    assert seats_of(city.rosa) == 1
    finished(city.rosa, 1, city=city)
    assert seats_of(city.rosa) == 2
    finished(city.rosa, 400, city=city)
    assert seats_of(city.rosa) == 3
    assert list(LadderStep.objects.order_by("pk").values_list("kind", "seats_before", "seats_after", "rule")) == [
        ("placed", 3, 1, "EM-CAP"),
        ("up", 1, 2, "EM-CAP"),
        ("up", 2, 3, "EM-CAP"),
    ]


@pytest.mark.rule("EM-CAP")
def test_another_row_asks_for_other_figures(city: City) -> None:
    adopt("EM-CAP")
    finished(city.rosa, 60, city=city)
    assert seats_of(city.rosa) == 1
    earlier = [BEGINNING[0], {**BEGINNING[1], "chats": 50}]
    adopt("EM-CAP", rungs=earlier, maximum=3, trainee_seats=1)
    assert seats_of(city.rosa) == 2
    adopt("EM-CAP", rungs=[BEGINNING[0], {**BEGINNING[1], "chats": 61}], maximum=3, trainee_seats=1)
    assert seats_of(city.rosa) == 1
    adopt("EM-CAP", rungs=[BEGINNING[0], {"chats": 50, "seats": 7}], maximum=3, trainee_seats=1)
    assert seats_of(city.rosa) == 3
    assert why(city.rosa) == "3 of 3 chats: 60 chats, 100 % satisfied, first response 0:41; nobody holds more"
    adopt("EM-CAP", rungs=[BEGINNING[0], {"chats": 50, "seats": 7}], maximum=9, trainee_seats=1)
    assert seats_of(city.rosa) == 7


@pytest.mark.rule("EM-CAP")
@pytest.mark.parametrize(
    ("rating", "first", "seats"),
    [
        (4, QUICK, 2),
        (3, QUICK, 1),
        (None, QUICK, 1),
        (5, timedelta(seconds=60), 1),
        (5, timedelta(seconds=59, milliseconds=999), 2),
    ],
)
def test_satisfied_is_four_or_five_and_a_minute_is_too_slow(
    city: City, rating: int | None, first: timedelta, seats: int
) -> None:
    adopt("EM-CAP")
    finished(city.rosa, 100, rating=rating, first=first, city=city)
    assert seats_of(city.rosa) == seats


@pytest.mark.rule("EM-CAP")
def test_a_chat_in_which_nobody_answered_does_not_count(city: City) -> None:
    adopt("EM-CAP")
    finished(city.rosa, 99, city=city)
    finished(city.rosa, 50, first=None, city=city)
    assert seats_of(city.rosa) == 1


@pytest.mark.rule("EM-CAP")
def test_a_finished_chat_counts_as_soon_as_its_wrap_up_is_over(city: City) -> None:
    adopt("EM-CAP")
    finished(city.rosa, 99, city=city)
    assert seats_of(city.rosa) == 1
    EndedSessionFactory(
        department=city.general,
        agent=city.rosa,
        requested_at=NOON - timedelta(hours=3),
        ended_at=NOON - timedelta(minutes=20),
        first_answer_at=NOON - timedelta(hours=3) + QUICK,
        wrap_up_deadline=NOON,
        wrapped_up_at=None,
    )
    assert end_wrap_ups(at=NOON - timedelta(seconds=1)) == 0
    assert end_wrap_ups(at=NOON) == 1
    city.rosa.refresh_from_db()
    assert city.rosa.seats == 2


@pytest.mark.rule("EM-CAP")
def test_a_rating_counts_before_the_wrap_up_is_over_and_once(city: City) -> None:
    adopt("EM-CAP")
    finished(city.rosa, 99, city=city)
    assert seats_of(city.rosa) == 1
    session = EndedSessionFactory(
        department=city.general,
        agent=city.rosa,
        requested_at=NOON,
        first_answer_at=NOON + QUICK,
        wrapped_up_at=None,
        rating=5,
        rated_at=NOON,
    )
    assert seats_of(city.rosa) == 2
    figures = LadderStep.objects.get(kind="up").figures
    assert figures["all"] == {"chats": 100, "rated": 100, "satisfied": 100, "first_response_seconds": 41.0}
    ChatRecord.objects.create(
        id=session.pk,
        department=city.general,
        language=city.english,
        agent=city.rosa,
        is_answered=True,
        first_agent=city.rosa,
        outcome=Outcome.RESOLVED,
        rating=5,
        requested_at=NOON,
        ended_at=NOON,
        first_response=QUICK,
        first_response_offered=QUICK,
    )
    assert recompute(city.rosa.pk, at=NOON).standing.whole.chats == 100


# Whose figure it is ---------------------------------------------------------
def says(session: ChatSession, agent: Agent, *, at: datetime) -> None:
    [result] = append([Draft(session.pk, uuid.uuid4(), Side.AGENT, "Yes?", at, agent_id=agent.pk, name="Agent")])
    assert result.error is None


def ended_and_rated(session: ChatSession, agent: Agent, *, at: datetime) -> None:
    end_as_agent(session.pk, agent_id=agent.pk, outcome="resolved", at=at)
    rate(session.pk, token_digest=session.token_digest, score=5, at=at)


def figures(agent: Agent) -> tuple[int, int, timedelta | None]:
    """Return how many chats count for an agent, how many of them are rated, and the mean first response; twice."""
    standing = LadderStanding.objects.filter(agent=agent).first() or LadderStanding()
    assert (standing.first_response is None) == (standing.responses == 0)
    window = standing.window
    assert (window.chats, window.rated, window.first_response) == (
        standing.chats,
        standing.rated,
        standing.first_response,
    )
    return standing.chats, standing.rated, standing.first_response


@pytest.fixture
def answered_late(city: City) -> ChatSession:
    """A chat that Rosa answered after 150 s, as the first one."""
    adopt("EM-CAP")
    adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)
    adopt("EM-FWD", seconds=60)
    session: ChatSession = QueuedSessionFactory(department=city.general, requested_at=NOON, customer_wrote_at=NOON)
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    says(session, city.rosa, at=NOON + 150 * SECOND)
    return session


@pytest.mark.rule("EM-CAP")
@pytest.mark.rule("EM-CAP-down")
def test_the_first_response_is_whose_who_gave_it_though_that_agent_was_lost(
    city: City, answered_late: ChatSession
) -> None:
    requeue_all_of(Agent.objects.locked().get(pk=city.rosa.pk), at=NOON + 160 * SECOND)
    accept(answered_late.pk, agent_id=city.supervisor.pk, at=NOON + 200 * SECOND)
    says(answered_late, city.supervisor, at=NOON + 205 * SECOND)
    ended_and_rated(answered_late, city.supervisor, at=NOON + 300 * SECOND)
    assert figures(city.supervisor) == (1, 1, None)  # a rating counts at once
    end_wrap_ups(at=NOON + DAY)
    assert figures(city.supervisor) == (1, 1, None)
    assert figures(city.rosa) == (0, 0, 150 * SECOND)
    record = ChatRecord.objects.get()
    assert (record.agent, record.first_agent) == (city.supervisor, city.rosa)


@pytest.mark.rule("EM-CAP")
def test_the_first_response_of_a_chat_that_was_put_back_and_left_counts_with_the_next_sweep(
    city: City, answered_late: ChatSession
) -> None:
    requeue_all_of(Agent.objects.locked().get(pk=city.rosa.pk), at=NOON + 160 * SECOND)
    left = NOON + 170 * SECOND
    end_as_customer(answered_late.pk, token_digest=answered_late.token_digest, at=left)
    end_wrap_ups(at=left)
    assert figures(city.rosa) == (0, 0, 150 * SECOND)
    answered_late.refresh_from_db()
    assert (answered_late.wrapped_up_at, answered_late.wrap_up_deadline) == (left, None)
    record = ChatRecord.objects.get()
    assert (record.agent, record.first_agent, record.is_answered) == (None, city.rosa, False)


@pytest.mark.rule("EM-CAP")
@pytest.mark.rule("EM-CAP-down")
@pytest.mark.parametrize("is_written", [True, False])
def test_a_chat_that_was_passed_on_counts_for_who_took_it_over_and_wrote(
    city: City, answered_late: ChatSession, is_written: bool
) -> None:
    at = NOON + 160 * SECOND
    to = {"agent": city.supervisor.pk}
    ask_transfer(answered_late.pk, agent_id=city.rosa.pk, to=to, reason="expertise", summary="A shed.", at=at)
    accept_transfer(answered_late.pk, agent_id=city.supervisor.pk, at=at + 5 * SECOND)
    if is_written:
        says(answered_late, city.supervisor, at=at + 10 * SECOND)
    ended_and_rated(answered_late, city.supervisor, at=at + 20 * SECOND)
    counted = (1, 1, None) if is_written else (0, 0, None)
    assert figures(city.supervisor) == counted
    wrap_up(answered_late.pk, agent_id=city.supervisor.pk, at=at + 30 * SECOND)
    assert figures(city.supervisor) == counted
    assert figures(city.rosa) == (0, 0, 150 * SECOND)


@pytest.mark.rule("EM-CAP")
def test_who_takes_over_a_chat_that_nobody_answered_is_measured_from_their_own_turn(city: City) -> None:
    adopt("EM-CAP")
    adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)
    session: ChatSession = QueuedSessionFactory(department=city.general, requested_at=NOON, customer_wrote_at=NOON)
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    for seconds in (60, 120, 180):
        act_on_due_timers(at=NOON + seconds * SECOND)
    accept(session.pk, agent_id=city.supervisor.pk, at=NOON + 200 * SECOND)
    says(session, city.supervisor, at=NOON + 205 * SECOND)
    ended_and_rated(session, city.supervisor, at=NOON + 300 * SECOND)
    end_wrap_ups(at=NOON + DAY)
    assert figures(city.supervisor) == (1, 1, 5 * SECOND)
    assert figures(city.rosa) == (0, 0, None)


# What the agent reads -------------------------------------------------------
@pytest.mark.rule("EM-CAP")
def test_the_agent_reads_why_and_what_comes_next(city: City) -> None:
    adopt("EM-CAP")
    note_earlier(city.rosa.pk, figures=Record(341, 200, 172, QUICK), by=None, at=NOON)
    assert why(city.rosa) == (
        "2 of 3 chats: 341 chats, 86 % satisfied, first response 0:41; the third seat comes at 500"
    )


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        (Record(), "1 of 3 chats: 0 chats, not rated yet; the second seat comes at 100"),
        (
            Record(120, 10, 8, QUICK),
            "1 of 3 chats: 120 chats, 80 % satisfied, first response 0:41; "
            "the second seat asks for more than 80 % satisfied",
        ),
        (
            Record(120, 10, 9, timedelta(seconds=75)),
            "1 of 3 chats: 120 chats, 90 % satisfied, first response 1:15; "
            "the second seat asks for a first response below 1:00",
        ),
        (Record(600, 10, 9, QUICK), "3 of 3 chats: 600 chats, 90 % satisfied, first response 0:41"),
    ],
)
def test_what_still_lacks_is_said(city: City, figures: Record, sentence: str) -> None:
    adopt("EM-CAP")
    note_earlier(city.rosa.pk, figures=figures, by=None, at=NOON)
    assert why(city.rosa) == sentence


def test_the_reason_on_the_desk_costs_no_statement_more(city: City) -> None:
    with CaptureQueriesContext(connection) as without:
        read_desk(city.rosa.pk, at=NOON)
    adopt("EM-CAP")
    note_earlier(city.rosa.pk, figures=Record(341, 200, 172, QUICK), by=None, at=NOON)
    with CaptureQueriesContext(connection) as with_ladder:
        read_desk(city.rosa.pk, at=NOON)
    assert len(with_ladder) == len(without)


# Down -----------------------------------------------------------------------
@pytest.fixture
def senior(city: City) -> Agent:
    """An agent on the third rung, with 100 good chats here."""
    adopt("EM-CAP")
    adopt("EM-CAP-down")
    note_earlier(city.rosa.pk, figures=Record(900, 500, 450, QUICK), by=None, at=NOON)
    finished(city.rosa, 100, city=city, ended_at=NOON - 9 * DAY)
    assert seats_of(city.rosa) == 3
    return city.rosa


@pytest.mark.rule("EM-CAP-down")
def test_whose_last_chats_are_bad_steps_down_one_rung_at_a_time_with_chats_between(city: City, senior: Agent) -> None:
    finished(senior, 20, rating=1, city=city)
    assert seats_of(senior) == 3  # 80 of 100 is not below 80 %
    finished(senior, 1, rating=1, city=city)
    assert seats_of(senior) == 2
    finished(senior, 19, rating=1, city=city)
    assert seats_of(senior) == 2
    finished(senior, 1, rating=1, city=city)
    assert seats_of(senior) == 1
    finished(senior, 60, rating=1, city=city)
    assert seats_of(senior) == 1  # there is no rung below
    steps = LadderStep.objects.filter(kind="down").order_by("pk")
    assert list(steps.values_list("seats_before", "seats_after", "rule", "figures__last__satisfied")) == [
        (3, 2, "EM-CAP-down", 79),
        (2, 1, "EM-CAP-down", 59),
    ]
    assert all(step.version.rule == "EM-CAP-down" for step in steps)


@pytest.mark.rule("EM-CAP-down")
def test_who_improves_gets_the_seats_back(city: City, senior: Agent) -> None:
    finished(senior, 21, rating=1, city=city)
    assert seats_of(senior) == 2
    assert why(senior).endswith(
        "; the third seat comes when the last chats are better (100 chats, 79 % satisfied, first response 0:41)"
    )
    finished(senior, 90, city=city, ended_at=NOON)
    assert seats_of(senior, at=NOON + DAY) == 3


@pytest.mark.rule("EM-CAP-down")
def test_a_slow_first_response_is_below_too(city: City, senior: Agent) -> None:
    finished(senior, 100, first=timedelta(seconds=60), city=city)
    assert seats_of(senior) == 2


@pytest.mark.rule("EM-CAP-down")
@pytest.mark.parametrize(
    ("row", "bad", "seats"),
    [
        ({"below_satisfaction": 60}, 21, 3),
        ({"below_satisfaction": 81}, 20, 2),
        ({"window": 20}, 5, 2),
        ({"min_ratings": 101}, 100, 3),
        ({"first_response_seconds": 41}, 1, 2),
        ({}, 5, 3),
    ],
)
def test_the_row_says_what_is_below(city: City, senior: Agent, row: dict[str, Any], bad: int, seats: int) -> None:
    adopt("EM-CAP-down", **row)
    finished(senior, bad, rating=1, city=city)
    assert seats_of(senior) == seats


@pytest.mark.rule("EM-CAP-down")
def test_another_row_holds_from_its_moment_and_not_from_the_next_chat(city: City, senior: Agent) -> None:
    finished(senior, 20, rating=1, city=city)
    assert seats_of(senior) == 3
    adopt("EM-CAP-down", below_satisfaction=81, since=NOON)
    adopt("EM-CAP-down", since=NOON + 2 * DAY, is_adopted=False)
    assert settle_ladders(at=NOON - timedelta(seconds=1)) == 2  # Rudi and Sam, who have stood nowhere yet
    assert settle_ladders(at=NOON) == 3
    assert settle_ladders(at=NOON) == 0
    senior.refresh_from_db()
    assert senior.seats == 2
    [step] = LadderStep.objects.filter(kind="down")
    assert (step.rule, step.version.values) == ("EM-CAP-down", {"below_satisfaction": 81})
    assert settle_ladders(at=NOON + 2 * DAY) == 3
    senior.refresh_from_db()
    assert senior.seats == 3


@pytest.mark.rule("EM-CAP-down")
def test_nobody_steps_down_twice_for_the_same_chats(city: City, senior: Agent) -> None:
    adopt("EM-CAP-down", chats_between=0)
    finished(senior, 21, rating=1, city=city)
    assert seats_of(senior) == 2
    restrict_seats(senior.pk, to=3, why="For a week.", by=city.supervisor.user, at=NOON)
    assert seats_of(senior) == 2
    finished(senior, 1, rating=1, city=city)
    assert seats_of(senior) == 1


@pytest.mark.rule("EM-CAP-down")
def test_the_seat_itself_asks_which_levels_hold(city: City, senior: Agent) -> None:
    finished(senior, 20, rating=1, city=city)
    hold(senior, 2, city)
    adopt("EM-CAP-down", below_satisfaction=81, since=NOON)
    assert refusal_of(senior, city, at=NOON) == "no_seat"


@pytest.mark.rule("EM-CAP-down")
def test_the_row_says_how_many_chats_lie_between_and_without_it_nobody_steps_down(city: City, senior: Agent) -> None:
    finished(senior, 30, rating=1, city=city)
    assert seats_of(senior) == 2
    assert seats_of(senior) == 2
    finished(senior, 1, rating=1, city=city)
    assert seats_of(senior) == 2
    adopt("EM-CAP-down", chats_between=1)
    assert seats_of(senior) == 1
    adopt("EM-CAP-down", is_adopted=False)
    assert seats_of(senior) == 3


@pytest.mark.rule("EM-CAP-down")
def test_a_step_down_ends_no_chat_and_lets_no_new_one_in_above_it(city: City, senior: Agent) -> None:
    sessions = hold(senior, 3, city)
    finished(senior, 21, rating=1, city=city)
    assert seats_of(senior) == 2
    assert Seat.objects.filter(agent=senior).count() == 3
    assert {session.status for session in ChatSession.objects.filter(agent=senior)} == {"active"}
    assert refusal_of(senior, city) == "no_seat"
    Seat.objects.filter(session=sessions[0]).delete()
    assert refusal_of(senior, city) == "no_seat"  # she holds two of two
    Seat.objects.filter(session=sessions[2]).delete()
    assert refusal_of(senior, city) == ""
    waiting = QueuedSessionFactory(department=city.general)
    with pytest.raises(IntegrityError, match="chat_seat_within_allowed"), transaction.atomic():
        Seat.objects.create(agent=senior, session=waiting, number=3, taken_at=NOON)


# What else limits -----------------------------------------------------------
@pytest.mark.rule("EM-CAP")
def test_a_trainee_holds_no_more_than_the_row_says_until_they_are_an_agent(city: City) -> None:
    adopt("EM-CAP")
    trainee = online_agent("Tia", city.general, role="trainee")
    note_earlier(trainee.pk, figures=Record(600, 10, 10, QUICK), by=None, at=NOON)
    trainee.refresh_from_db()
    assert (trainee.seats, why(trainee)) == (1, "1 of 3 chats: a trainee holds no more")
    adopt("EM-CAP", rungs=BEGINNING, maximum=3, trainee_seats=2)
    assert seats_of(trainee) == 2
    set_roles(trainee.user, ["agent"], by=None, at=NOON)
    trainee.refresh_from_db()
    assert trainee.seats == 3


@pytest.mark.rule("EM-CAP")
def test_a_supervisor_limits_an_agent_with_a_reason_that_the_agent_reads(city: City) -> None:
    adopt("EM-CAP")
    note_earlier(city.rosa.pk, figures=Record(600, 10, 10, QUICK), by=None, at=NOON)
    restrict_seats(city.rosa.pk, to=1, why="Back from a long leave.", by=city.supervisor.user, at=NOON)
    assert why(city.rosa) == "1 of 3 chats: limited by a supervisor: Back from a long leave."
    hold(city.rosa, 1, city)
    assert refusal_of(city.rosa, city) == "no_seat"
    agent = restrict_seats(city.rosa.pk, to=None, why="She is well again.", by=city.supervisor.user, at=NOON)
    assert (agent.seats, agent.restricted_why, agent.restricted_by) == (3, "", None)
    steps = LadderStep.objects.filter(kind="limit").order_by("pk")
    assert list(steps.values_list("seats_before", "seats_after", "why", "by")) == [
        (3, 1, "Back from a long leave.", city.supervisor.user.pk),
        (1, 3, "She is well again.", city.supervisor.user.pk),
    ]


@pytest.mark.parametrize(
    ("to", "reason", "field"),
    [(0, "Why", "to"), (-1, "Why", "to"), (1001, "Why", "to"), (1, " ", "why"), (None, "Why", "to")],
)
def test_a_limit_that_is_none_is_refused_with_the_reason(city: City, to: int | None, reason: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        restrict_seats(city.rosa.pk, to=to, why=reason, by=city.supervisor.user, at=NOON)
    assert refused.value.more["field"] == field


def test_a_limit_holds_where_the_city_has_no_ladder(city: City) -> None:
    restrict_seats(city.rosa.pk, to=2, why="New here.", by=city.supervisor.user, at=NOON)
    assert why(city.rosa) == "2 of 3 chats: limited by a supervisor: New here."
    agent = restrict_seats(city.rosa.pk, to=None, why="No more.", by=city.supervisor.user, at=NOON)
    assert (agent.seats, why(agent)) == (3, "0 of 3 chats")


@pytest.mark.rule("EM-CAP")
def test_a_fixed_number_stands_apart_from_the_ladder(city: City) -> None:
    adopt("EM-CAP")
    agent = fix_seats(city.rosa.pk, seats=7, by=None, at=NOON)
    assert agent.seats == 7
    assert why(agent) == "7 chats, a number that an administrator has fixed apart from the ladder"
    assert fix_seats(city.rosa.pk, seats=None, by=None, at=NOON).seats == 1
    with pytest.raises(Invalid):
        fix_seats(city.rosa.pk, seats=0, by=None, at=NOON)


def test_without_the_rule_the_number_is_what_it_was(city: City) -> None:
    finished(city.rosa, 10, rating=1, city=city)
    assert seats_of(city.rosa) == 3
    assert seats_of(AgentFactory(seats=20)) == 20
    assert why(city.rosa) == "0 of 3 chats"
    assert not LadderStep.objects.exists()


# When the row changes -------------------------------------------------------
@pytest.mark.rule("EM-CAP")
def test_a_row_that_comes_into_force_settles_everybody_at_its_moment(city: City) -> None:
    finished(city.rosa, 100, city=city)
    adopt("EM-CAP", since=NOON)
    assert settle_ladders(at=NOON - timedelta(seconds=1)) == 0
    assert act_on_due_timers(at=NOON) == 3
    assert dict(Agent.objects.values_list("user__first_name", "seats")) == {"Rosa": 2, "Rudi": 1, "Sam": 1}
    assert settle_ladders(at=NOON) == 0
    adopt("EM-CAP", since=NOON + DAY, is_adopted=False)
    assert settle_ladders(at=NOON + DAY) == 3
    assert set(Agent.objects.values_list("seats", flat=True)) == {3}


@pytest.mark.rule("EM-CAP")
def test_the_seat_itself_asks_which_row_holds_before_any_sweep_came(city: City) -> None:
    hold(city.rosa, 1, city)
    adopt("EM-CAP", since=NOON)
    assert refusal_of(city.rosa, city, at=NOON) == "no_seat"
    adopt("EM-CAP", since=NOON + DAY, rungs=[{"chats": 0, "seats": 2}], maximum=3, trainee_seats=1)
    assert refusal_of(city.rosa, city, at=NOON + DAY) == ""


def test_a_step_is_never_changed_or_deleted(city: City) -> None:
    adopt("EM-CAP")
    seats_of(city.rosa)
    for write in (lambda: LadderStep.objects.update(why="x"), lambda: LadderStep.objects.all().delete()):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            write()


# Races ----------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_step_down_and_accepts_at_the_same_moment_never_exceed_the_cap(city: City) -> None:
    adopt("EM-CAP")
    adopt("EM-CAP-down", chats_between=0)
    note_earlier(city.rosa.pk, figures=Record(900, 500, 450, QUICK), by=None, at=NOON)
    finished(city.rosa, 100, rating=1, city=city)
    waiting = [QueuedSessionFactory(department=city.general) for _ in range(4)]
    acts = [lambda pk=each.pk: void(accept(pk, agent_id=city.rosa.pk, at=NOON)) for each in waiting]
    acts += [lambda: void(recompute(city.rosa.pk, at=NOON))] * 2
    outcomes = race(acts)
    held = Seat.objects.filter(agent=city.rosa).count()
    city.rosa.refresh_from_db()
    assert city.rosa.seats == 2
    assert held in (2, 3)
    assert outcomes.get("no_seat", 0) == 4 - held
    assert refusal_of(city.rosa, city) == "no_seat"
