"""Waiting: what is said by itself, in the queue and on hold, and where everybody stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.actions import assign_channel, set_presence
from agents.models import Agent, ChannelAssignment, Department, Language
from chat import news
from chat.actions import Request, accept, place_on_hold, request_chat
from chat.actions.requeue import requeue
from chat.models import ChatSession, Offer, Wording
from chat.rules import WORDING_FIELDS
from chat.timers import act_on_due_timers
from chat.waiting import offer_choices, tell_all_busy
from tests.chat.conftest import NOON, City
from tests.factories import ActiveSessionFactory, QueuedSessionFactory, WordingFactory
from tests.policies.factories import adopt, calendar

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)
ALL_CHOICES = ["wait", "another", "message", "callback"]


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def city(city: City) -> City:
    """The same, where everybody but Rudi of the roads speaks English."""
    for agent in (city.rosa, city.supervisor):
        agent.languages.add(city.english)
    return city


def ask(department: Department, language: Language, *, at: datetime = NOON) -> ChatSession:
    return request_chat(Request("Dana", "Which bin?", department, language), at=at).session


def fill(agent: Agent) -> None:
    for _seat in range(agent.seats):
        ActiveSessionFactory(agent=agent, department=agent.memberships.get().department, requested_at=NOON)


def notices(session: ChatSession, rule: str) -> list[datetime]:
    return list(session.events.filter(kind="notice", rule=rule).order_by("seq").values_list("at", flat=True))


# All are busy -------------------------------------------------------------------
@pytest.mark.rule("EM-COM-Daii")
def test_who_waits_is_told_after_the_citys_time_that_all_are_busy_and_only_once(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    adopt("DF-HOLD", seconds=120)
    session = ask(city.general, city.english)
    act_on_due_timers(at=after(30) - MOMENT)
    assert notices(session, "EM-COM-Daii") == []
    act_on_due_timers(at=after(31))
    act_on_due_timers(at=after(32))
    act_on_due_timers(at=after(100))
    assert notices(session, "EM-COM-Daii") == [after(31)]
    said = session.events.get(rule="EM-COM-Daii")
    assert said.data["choices"] == ALL_CHOICES
    assert said.data["next_at"] == after(120).isoformat()
    assert said.data["phone"] == "555-0100"
    assert "EM-COM-Daii" in said.data["why"]
    assert "555-0100" in said.text


@pytest.mark.rule("EM-COM-Daii")
def test_where_no_seat_is_free_it_is_said_at_once(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    for agent in (city.rosa, city.supervisor):
        fill(agent)
    session = ask(city.general, city.english)
    act_on_due_timers(at=NOON)
    assert notices(session, "EM-COM-Daii") == [NOON]


@pytest.mark.rule("EM-COM-Daii")
def test_the_time_is_a_row(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=90)
    session = ask(city.general, city.english)
    act_on_due_timers(at=after(89))
    assert notices(session, "EM-COM-Daii") == []
    act_on_due_timers(at=after(90))
    assert notices(session, "EM-COM-Daii") == [after(90)]


def test_where_the_rule_is_not_adopted_nothing_is_said(city: City) -> None:
    session = ask(city.general, city.english)
    act_on_due_timers(at=after(600))
    assert [event.kind for event in session.events.all()] == ["message"]


def test_without_the_rule_on_choices_the_notice_names_none(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=0)
    session = ask(city.general, city.english)
    act_on_due_timers(at=NOON)
    said = session.events.get(rule="EM-COM-Daii")
    assert (said.data["choices"], said.data["next_at"]) == ([], None)


@pytest.mark.parametrize("presence", ["offline", "break", "on_call"])
def test_who_is_not_online_has_no_seat_free(city: City, presence: str) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    for agent in (city.rosa, city.supervisor):
        set_presence(agent.pk, presence, at=NOON)
    session = ask(city.general, city.english)
    assert session.busy_deadline == NOON


def suspend(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(suspended_until=after(600))


def lose_connection(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(offline_deadline=after(60))


def leave_the_desk(agent: Agent) -> None:
    adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)
    agent.intervals.update(started_at=after(-600))


def assign_nobody(agent: Agent) -> None:
    adopt("EM-COM-Da")


NOT_THERE = [suspend, lose_connection, assign_nobody]


@pytest.mark.rule("EM-COM-Daii")
@pytest.mark.parametrize("happens", [*NOT_THERE, leave_the_desk])
def test_whoever_could_be_offered_no_chat_has_no_seat_free(city: City, happens: Callable[[Agent], None]) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    assert ask(city.general, city.english).busy_deadline == after(30)
    for agent in (city.rosa, city.supervisor):
        happens(agent)
    assert ask(city.general, city.english).busy_deadline == NOON


@pytest.mark.rule("EM-COM-Daii")
def test_a_department_that_helps_out_from_the_beginning_has_seats_for_it(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    for agent in (city.rosa, city.supervisor):
        fill(agent)
    city.rudi.languages.add(city.english)
    assert ask(city.general, city.english).busy_deadline == NOON
    Department.objects.filter(pk=city.general.pk).update(overflow=city.roads, overflow_after_seconds=0)
    assert ask(city.general, city.english).busy_deadline == after(30)


def test_who_is_accepted_in_time_is_not_told(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    session = ask(city.general, city.english)
    accept(session.pk, agent_id=city.rosa.pk, at=after(10))
    act_on_due_timers(at=after(60))
    assert notices(session, "EM-COM-Daii") == []


@pytest.mark.rule("EM-COM-Daii")
def test_the_city_words_it_in_the_residents_language(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=0)
    french = Language.objects.create(code="fr", name="Français")
    WordingFactory(kind=Wording.Kind.ALL_BUSY, language=french, text="Tous occupés : {phone}, {department}.")
    for agent in (city.rosa, city.supervisor):
        fill(agent)
    session = ask(city.general, french)
    act_on_due_timers(at=NOON)
    assert session.events.get(rule="EM-COM-Daii").text == "Tous occupés : 555-0100, General services."


# Free, busy, or not there ---------------------------------------------------------
@pytest.mark.rule("EM-COM-Daii")
@pytest.mark.rule("SJ-ACD")
def test_nobody_reads_that_all_are_busy_while_somebody_is_offered_the_chat(city: City) -> None:
    """Whoever takes chats answers in the city's own language, whether or not it stands among hers."""
    adopt("EM-COM-Daii", busy_seconds=30)
    adopt("EM-LANG")
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)
    for agent in (city.rosa, city.supervisor):
        agent.languages.clear()
    session = ask(city.general, city.english)
    act_on_due_timers(at=NOON)
    assert Offer.objects.open().filter(session=session).exists()
    assert notices(session, "EM-COM-Daii") == []


def take_a_break(agent: Agent) -> None:
    set_presence(agent.pk, "break", at=NOON)


def go_home(agent: Agent) -> None:
    set_presence(agent.pk, "offline", at=NOON)


THERE_OR_NOT = [(fill, False), (take_a_break, False), (leave_the_desk, True), (go_home, True)]


@pytest.mark.rule("EM-COM-Daii")
@pytest.mark.parametrize(("happens", "is_nobody_there"), THERE_OR_NOT)
def test_nobody_is_called_busy_who_is_not_there(
    city: City, happens: Callable[[Agent], None], is_nobody_there: bool
) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    for agent in (city.rosa, city.supervisor):
        happens(agent)
    session = ask(city.general, city.english)
    act_on_due_timers(at=NOON)
    said = session.events.get(rule="EM-COM-Daii").text
    assert ("Nobody is here" in said, "busy with other residents" in said) == (is_nobody_there, not is_nobody_there)
    assert "555-0100" in said


def test_the_city_words_what_is_said_where_nobody_is_there(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    for kind, text in ((Wording.Kind.ALL_BUSY, "Busy."), (Wording.Kind.NOBODY_THERE, "Nobody at {department}.")):
        WordingFactory(kind=kind, language=city.english, text=text)
    for agent in (city.rosa, city.supervisor):
        go_home(agent)
    session = ask(city.general, city.english)
    act_on_due_timers(at=NOON)
    assert session.events.get(rule="EM-COM-Daii").text == "Nobody at General services."


@pytest.mark.rule("EM-COM-Daii")
def test_who_is_free_and_does_not_answer_is_not_called_busy(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    session, other = ask(city.general, city.english), ask(city.general, city.english)
    act_on_due_timers(at=after(30))
    assert session.events.get(rule="EM-COM-Daii").text.startswith("Nobody has answered yet. You keep your place")
    WordingFactory(kind=Wording.Kind.UNANSWERED, language=city.english, text="Soon at {department}.")
    ChatSession.objects.filter(pk=other.pk).update(busy_deadline=after(60))
    act_on_due_timers(at=after(60))
    assert other.events.filter(rule="EM-COM-Daii").last().text == "Soon at General services."


@pytest.mark.rule("EM-COM-Daii")
@pytest.mark.rule("SJ-ACD")
def test_whose_last_seat_an_offer_keeps_is_not_called_busy(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    adopt("SJ-ACD", offer_seconds=60, abandoned_seconds=120, away_seconds=30)
    go_home(city.supervisor)
    Agent.objects.update(seats=1, fixed_seats=1)
    session = ask(city.general, city.english)
    act_on_due_timers(at=NOON)
    assert Offer.objects.open().filter(session=session).exists()
    act_on_due_timers(at=after(31))
    assert session.events.get(rule="EM-COM-Daii").text.startswith("Nobody has answered yet.")


def test_every_wording_of_the_city_has_its_fields() -> None:
    assert WORDING_FIELDS.keys() == set(Wording.Kind.values)


# Nobody speaks it -----------------------------------------------------------------
@pytest.mark.rule("EM-LANG")
def test_where_nobody_there_speaks_the_language_the_queue_says_so_and_offers_a_call_back(city: City) -> None:
    adopt("EM-LANG")
    adopt("DF-HOLD", seconds=120)
    french = Language.objects.create(code="fr", name="Français")
    session = ask(city.general, french)
    act_on_due_timers(at=NOON)
    said = session.events.get(rule="EM-LANG")
    assert "Français" in said.text
    assert "callback" in said.data["choices"]
    spoken = ask(city.general, city.english)
    act_on_due_timers(at=NOON)
    assert notices(spoken, "EM-LANG") == []


@pytest.mark.rule("EM-LANG")
@pytest.mark.parametrize("happens", NOT_THERE)
def test_who_speaks_it_and_could_be_offered_no_chat_is_not_there(city: City, happens: Callable[[Agent], None]) -> None:
    adopt("EM-LANG")
    for agent in (city.rosa, city.supervisor):
        assign_channel(agent, "chat", from_on=NOON.date(), why="Takes chats.", by=None)
    french = Language.objects.create(code="fr", name="Français")
    city.rosa.languages.add(french)
    assert ask(city.general, french).busy_deadline is None
    happens(city.rosa)
    ChannelAssignment.objects.filter(agent=city.rosa).delete()
    assert ask(city.general, french).busy_deadline == NOON


@pytest.mark.rule("EM-LANG")
def test_with_both_rules_one_notice_says_both(city: City) -> None:
    adopt("EM-LANG")
    adopt("EM-COM-Daii", busy_seconds=30)
    french = Language.objects.create(code="fr", name="Français")
    session = ask(city.general, french)
    act_on_due_timers(at=NOON)
    said = session.events.get(rule="EM-COM-Daii")
    assert said.data["also"] == ["EM-LANG"]
    assert "Français" in said.text


@pytest.mark.rule("EM-LANG")
@pytest.mark.rule("EM-COM-Daii")
@pytest.mark.parametrize("happens", [lambda _agent: None, fill, take_a_break, leave_the_desk])
def test_where_the_language_is_missing_nobody_is_called_busy(city: City, happens: Callable[[Agent], None]) -> None:
    adopt("EM-LANG")
    adopt("EM-COM-Daii", busy_seconds=30)
    spanish = Language.objects.create(code="es", name="Español")
    WordingFactory(kind=Wording.Kind.ALL_BUSY, language=spanish, text="Todas las personas están ocupadas.")
    for agent in (city.rosa, city.supervisor):
        happens(agent)
    session = ask(city.general, spanish)
    act_on_due_timers(at=NOON)
    said = session.events.get(rule="EM-COM-Daii")
    assert said.text == (
        "No hay nadie que atienda en este idioma (Español). Conserva su lugar y le responderemos en cuanto podamos. "
        "También puede llamar al 555-0100."
    )
    assert said.data["phone"] == "555-0100"


@pytest.mark.rule("EM-LANG")
def test_the_rule_on_languages_alone_names_the_other_ways_too(city: City) -> None:
    adopt("EM-LANG")
    session = ask(city.general, Language.objects.create(code="es", name="Español"))
    act_on_due_timers(at=NOON)
    assert session.events.get(rule="EM-LANG").text.endswith("También puede llamar al 555-0100.")


def test_without_the_rule_on_languages_nothing_is_said_about_them(city: City) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    french = Language.objects.create(code="fr", name="Français")
    session = ask(city.general, french)
    act_on_due_timers(at=after(30))
    assert "also" not in session.events.get(rule="EM-COM-Daii").data


# Choices ----------------------------------------------------------------------------
@pytest.mark.rule("DF-HOLD")
@pytest.mark.rule("EM-COM-Daii")
def test_who_is_put_back_into_the_queue_begins_a_stay_of_its_own(city: City) -> None:
    adopt("DF-HOLD", seconds=120)
    adopt("EM-COM-Daii", busy_seconds=30)
    version = adopt("EM-COM-D", away_seconds=300, answer_seconds=999, supervisor_seconds=60, requeue_seconds=60)
    session = ask(city.general, city.english)
    act_on_due_timers(at=after(30))
    accept(session.pk, agent_id=city.rosa.pk, at=after(100))
    requeue(ChatSession.objects.locked().get(pk=session.pk), why="agent_lost", version=version, at=after(200))
    act_on_due_timers(at=after(230))
    act_on_due_timers(at=after(320))
    assert notices(session, "EM-COM-Daii") == [after(30), after(230)]
    assert notices(session, "DF-HOLD") == [after(320)]


@pytest.mark.rule("DF-HOLD")
def test_every_two_minutes_who_waits_has_a_choice(city: City) -> None:
    adopt("DF-HOLD", seconds=120)
    session = ask(city.general, city.english)
    act_on_due_timers(at=after(120) - MOMENT)
    assert notices(session, "DF-HOLD") == []
    for second in (120, 121, 239, 240, 361, 479, 480, 481):
        act_on_due_timers(at=after(second))
    assert notices(session, "DF-HOLD") == [after(120), after(240), after(361), after(481)]
    first = session.events.filter(rule="DF-HOLD").order_by("seq")[0]
    assert first.data["choices"] == ALL_CHOICES
    assert first.data["next_at"] == after(240).isoformat()
    assert "2:00" in first.data["why"]


@pytest.mark.rule("DF-HOLD")
def test_a_stay_on_hold_has_its_own_two_minutes(city: City) -> None:
    adopt("DF-HOLD", seconds=120)
    adopt("EM-HOLD")
    session = ask(city.general, city.english)
    accept(session.pk, agent_id=city.rosa.pk, at=after(119))
    act_on_due_timers(at=after(300))
    assert notices(session, "DF-HOLD") == []
    place_on_hold(session.pk, agent_id=city.rosa.pk, at=after(300))
    act_on_due_timers(at=after(420) - MOMENT)
    assert notices(session, "DF-HOLD") == []
    act_on_due_timers(at=after(420))
    act_on_due_timers(at=after(540))
    assert notices(session, "DF-HOLD") == [after(420), after(540)]


@pytest.mark.rule("DF-HOLD")
def test_the_time_between_choices_is_a_row_that_holds_for_stays_that_begin_then(city: City) -> None:
    adopt("DF-HOLD", seconds=120)
    early = ask(city.general, city.english)
    adopt("DF-HOLD", seconds=60, since=after(1))
    late = ask(city.general, city.english, at=after(2))
    act_on_due_timers(at=after(62))
    assert (notices(early, "DF-HOLD"), notices(late, "DF-HOLD")) == ([], [after(62)])


@pytest.mark.rule("DF-HOLD")
def test_what_an_outage_of_ours_held_up_comes_once(city: City) -> None:
    adopt("DF-HOLD", seconds=120)
    session = ask(city.general, city.english)
    for second in (1000, 1001, 1119):
        act_on_due_timers(at=after(second))
    assert notices(session, "DF-HOLD") == [after(1000)]
    act_on_due_timers(at=after(1120))
    assert notices(session, "DF-HOLD") == [after(1000), after(1120)]


def test_the_city_words_the_choices(city: City) -> None:
    adopt("DF-HOLD", seconds=120)
    WordingFactory(kind=Wording.Kind.CHOICES, language=city.english, text="Choose, or write to {email}{phone}.")
    session = ask(city.general, city.english)
    act_on_due_timers(at=after(120))
    assert session.events.get(rule="DF-HOLD").text == "Choose, or write to 555-0100."


def test_many_who_wait_are_told_in_one_sweep(city: City) -> None:
    adopt("DF-HOLD", seconds=120)
    adopt("EM-COM-Daii", busy_seconds=30)
    for _number in range(205):
        QueuedSessionFactory(
            department=city.general, requested_at=NOON, choice_deadline=NOON, busy_deadline=NOON,
            choice_version=adopt_once("DF-HOLD"),
        )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        assert tell_all_busy(at=NOON) == 205
    assert sum("LEFT JOIN agents_presenceinterval" in each["sql"] for each in asked) == 2  # once for 200 chats
    assert offer_choices(at=NOON) == 205
    assert (tell_all_busy(at=NOON), offer_choices(at=NOON)) == (0, 0)


def adopt_once(rule: str):
    from policies.versions import in_force

    return in_force(rule, at=NOON)


# Position and estimate ---------------------------------------------------------------
@pytest.mark.rule("DF-WAIT")
def test_position_and_estimate_hold_for_who_is_put_back_and_for_who_is_offered_to_all(city: City) -> None:
    for number in range(6):
        ActiveSessionFactory(department=city.general, accepted_at=after(-60 * number), requested_at=after(-600))
    first = QueuedSessionFactory(department=city.general, requested_at=after(-300))
    wide = QueuedSessionFactory(department=city.general, requested_at=after(-200), is_for_all=True)
    back = QueuedSessionFactory(department=city.general, requested_at=after(-100), requeued_at=after(-5))
    other = QueuedSessionFactory(department=city.roads, requested_at=after(-400))
    waiting = news.read_queue(at=NOON).waiting
    assert [waiting[each.pk] for each in (back, first, wide)] == [(1, 300), (2, 600), (3, 900)]
    assert waiting[other.pk] == (1, None)


@pytest.mark.rule("DF-WAIT")
def test_below_five_accepts_there_is_no_estimate(city: City) -> None:
    session = QueuedSessionFactory(department=city.general, requested_at=NOON)
    for number in range(5):
        assert news.read_waiting(session, at=NOON) == (1, None), number
        ActiveSessionFactory(department=city.general, accepted_at=NOON, requested_at=NOON)
    assert news.read_waiting(session, at=NOON) == (1, 360)


def test_a_calendar_is_no_condition(city: City) -> None:
    calendar()
    adopt("DF-HOLD", seconds=120)
    session = ask(city.general, city.english)
    act_on_due_timers(at=after(120))
    assert len(notices(session, "DF-HOLD")) == 1
