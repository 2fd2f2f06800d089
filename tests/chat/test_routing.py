"""Routing: who is offered what, when, and why nobody is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agents.actions import assign_channel, record_activity, set_presence
from agents.models import Agent, Department, DepartmentHours, Language, Membership, Presence
from chat import news
from chat.actions import accept, decline, end_as_agent, expire_offers, route
from chat.actions.screened import Flag, raise_flags
from chat.models import ChatSession, Ending, Offer, Seat, StaffKind
from chat.timers import act_on_due_timers
from contactcenter.lib.errors import DomainError, Invalid, NotFound, WrongState
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import (
    CertificateKindFactory,
    LanguageFactory,
    LogInFactory,
    MembershipFactory,
    QueuedSessionFactory,
    UserFactory,
)
from tests.policies.factories import adopt, calendar

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rules(city: City) -> None:
    """Offers of 30 seconds; everybody in the city came online an hour ago."""
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)
    for number, agent in enumerate((city.rosa, city.rudi, city.supervisor)):
        came_online(agent, ago=timedelta(hours=1) - number * MINUTE)


def came_online(agent: Agent, *, ago: timedelta = timedelta(hours=1)) -> Agent:
    agent.intervals.filter(ended_at__isnull=True).update(started_at=NOON - ago)
    return agent


def present(name: str, *departments: Department, ago: timedelta = timedelta(hours=1), **more: Any) -> Agent:
    return came_online(online_agent(name, *departments, **more), ago=ago)


def waits(department: Department, *, since: timedelta = SECOND, **more: Any) -> ChatSession:
    session: ChatSession = QueuedSessionFactory(department=department, requested_at=NOON - since, **more)
    return session


def offered_to(session: ChatSession) -> Agent | None:
    offer = Offer.objects.open().filter(session=session).select_related("agent").first()
    return offer.agent if offer else None


def unmatched(session: ChatSession) -> str:
    session.refresh_from_db()
    assert (session.unmatched_at is None) == (session.unmatched == "")
    return session.unmatched


# The offer -------------------------------------------------------------------------
@pytest.mark.rule("SJ-ACD")
def test_a_waiting_chat_is_offered_to_who_has_been_free_the_longest(city: City) -> None:
    session = waits(city.general)
    assert route(at=NOON) == 1
    offer = Offer.objects.get()
    assert (offer.session_id, offer.agent_id, offer.kind, offer.why) == (
        session.pk,
        city.rosa.pk,
        "queue",
        "longest_idle",
    )
    assert (offer.offered_at, offer.expires_at) == (NOON, NOON + 30 * SECOND)
    assert route(at=NOON + SECOND) == 0


@pytest.mark.rule("SJ-ACD")
def test_an_offer_lasts_as_long_as_the_city_says(city: City) -> None:
    adopt("SJ-ACD", offer_seconds=45, abandoned_seconds=120, away_seconds=30)
    session = waits(city.general)
    route(at=NOON)
    act_on_due_timers(at=NOON + 44 * SECOND)
    assert offered_to(session) == city.rosa
    act_on_due_timers(at=NOON + 45 * SECOND)
    assert offered_to(session) == city.supervisor
    assert Offer.objects.earliest("pk").ending == Ending.EXPIRED


def test_without_the_rule_nothing_is_offered(city: City) -> None:
    adopt("SJ-ACD", is_adopted=False)
    session = waits(city.general)
    assert route(at=NOON) == 0
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)


def test_the_sweep_offers_what_waits(city: City) -> None:
    session = waits(city.general)
    act_on_due_timers(at=NOON)
    assert offered_to(session) == city.rosa


def test_who_was_just_given_a_chat_is_not_the_longest_idle_any_more(city: City) -> None:
    for turn, expected in enumerate((city.rosa, city.supervisor, city.rosa)):
        at = NOON + turn * MINUTE
        session = waits(city.general)
        route(at=at)
        assert offered_to(session) == expected
        accept(session.pk, agent_id=expected.pk, at=at + SECOND)
        if turn == 0:
            end_as_agent(session.pk, agent_id=expected.pk, outcome="resolved", at=at + 2 * SECOND)


@pytest.mark.rule("SJ-ACD")
def test_the_queue_is_served_requeued_first_then_by_priority_then_by_time(city: City) -> None:
    set_presence(city.supervisor.pk, Presence.OFFLINE, at=NOON)
    Agent.objects.filter(pk=city.rosa.pk).update(seats=1)
    late = waits(city.general, since=MINUTE)
    early = waits(city.general, since=2 * MINUTE)
    grave = waits(city.general, since=SECOND, priority=100)
    requeued = waits(city.general, since=SECOND, requeued_at=NOON)
    for number, expected in enumerate((requeued, grave, early, late)):
        at = NOON + number * MINUTE
        route(at=at)
        assert Offer.objects.open().get().session_id == expected.pk
        accept(expected.pk, agent_id=city.rosa.pk, at=at)
        end_as_agent(expected.pk, agent_id=city.rosa.pk, outcome="resolved", at=at)


def test_the_own_department_goes_before_the_longest_idle(city: City) -> None:
    own = present("Ona", ago=MINUTE)
    MembershipFactory(agent=own, department=city.general, is_primary=True)
    session = waits(city.general)
    route(at=NOON)
    assert offered_to(session) == own
    assert Offer.objects.get().why == "department"


@pytest.mark.rule("EM-LANG")
@pytest.mark.rule("PH-BIL")
def test_another_language_goes_to_who_speaks_it_first_and_certified_where_that_is_asked(city: City) -> None:
    spanish: Language = LanguageFactory(code="es", name="Español")
    lola = present("Lola", city.general, ago=MINUTE)
    session = waits(city.general, language=spanish)
    route(at=NOON)
    assert offered_to(session) == city.rosa  # nobody speaks it
    decline(session.pk, agent_id=city.rosa.pk, why="I do not speak Spanish.", at=NOON)
    lola.languages.add(spanish)
    route(at=NOON)
    assert offered_to(session) == lola
    assert Offer.objects.latest("pk").why == "language"
    CertificateKindFactory(code="spanish", rule="PH-BIL", language=spanish, channel="")
    other = waits(city.general, language=spanish)
    route(at=NOON)
    assert offered_to(other) is None
    assert unmatched(other) == "no_language"


# Who is not offered anything -----------------------------------------------------------
@pytest.mark.parametrize("state", ["on_call", "at_counter", "break", "offline"])
@pytest.mark.rule("EM-COM-Da")
def test_who_is_not_online_is_offered_nothing(city: City, state: str) -> None:
    set_presence(city.rosa.pk, state, at=NOON)
    session = waits(city.general)
    route(at=NOON)
    assert offered_to(session) == city.supervisor
    set_presence(city.supervisor.pk, state, at=NOON)
    other = waits(city.general)
    route(at=NOON + SECOND)
    assert unmatched(other) == "no_one_online"


def test_what_is_offered_to_who_goes_offline_is_offered_to_the_next_and_was_not_declined(city: City) -> None:
    session = waits(city.general)
    route(at=NOON)
    set_presence(city.rosa.pk, Presence.BREAK, at=NOON + SECOND)
    route(at=NOON + SECOND)
    assert offered_to(session) == city.supervisor
    assert Offer.objects.earliest("pk").ending == Ending.WITHDRAWN
    decline(session.pk, agent_id=city.supervisor.pk, why="", at=NOON + 2 * SECOND)
    set_presence(city.rosa.pk, Presence.ONLINE, at=NOON + 2 * SECOND)
    route(at=NOON + 2 * SECOND)
    assert offered_to(session) == city.rosa


@pytest.mark.rule("EM-COM-D")
def test_who_has_been_away_from_the_desk_for_five_minutes_is_offered_nothing(city: City) -> None:
    adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)
    set_presence(city.supervisor.pk, Presence.OFFLINE, at=NOON)
    log_in = LogInFactory(user=city.rosa.user, at=NOON - 20 * MINUTE, seen_at=NOON - 5 * MINUTE)
    session = waits(city.general)
    route(at=NOON)
    assert unmatched(session) == "away"
    record_activity(log_in.session_key, at=NOON + SECOND)
    route(at=NOON + SECOND)
    assert offered_to(session) == city.rosa
    assert unmatched(session) == ""


@pytest.mark.rule("EM-COM-D")
def test_how_long_one_may_be_away_is_a_row(city: City) -> None:
    adopt("EM-COM-D", away_seconds=600, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)
    LogInFactory(user=city.rosa.user, at=NOON - 20 * MINUTE, seen_at=NOON - 6 * MINUTE)
    session = waits(city.general)
    route(at=NOON)
    assert offered_to(session) == city.rosa


def test_whose_last_connection_is_lost_is_offered_nothing_until_she_is_back(city: City) -> None:
    Agent.objects.filter(pk=city.rosa.pk).update(offline_deadline=NOON + SECOND)
    Agent.objects.exclude(pk=city.rosa.pk).update(seats=1)
    first, second = waits(city.general), waits(city.general)
    route(at=NOON)
    assert {offered_to(first), offered_to(second)} == {city.supervisor, None}
    assert {unmatched(first), unmatched(second)} == {"", "no_seat"}
    Agent.objects.filter(pk=city.rosa.pk).update(offline_deadline=None)
    route(at=NOON + SECOND)
    assert {offered_to(first), offered_to(second)} == {city.supervisor, city.rosa}


@pytest.mark.rule("EM-COM-Da")
def test_the_supervisor_decides_who_takes_chats(city: City) -> None:
    adopt("EM-COM-Da")
    session = waits(city.general)
    route(at=NOON)
    assert unmatched(session) == "not_assigned"
    with pytest.raises(DomainError, match="not assigned to this channel today: Live chat") as refused:
        accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    assert (refused.value.code, refused.value.more["rule"]) == ("not_certified", "EM-COM-Da")
    assign_channel(city.rosa, "chat", from_on=NOON.date(), why="Takes chats.", by=UserFactory())
    route(at=NOON + SECOND)
    assert offered_to(session) == city.rosa


@pytest.mark.rule("EM-COM-Da")
def test_it_is_the_day_of_the_chats_department_that_counts(city: City) -> None:
    adopt("EM-COM-Da")
    calendar()
    far = calendar(code="far", is_default=False, zone="Pacific/Auckland")
    DepartmentHours.objects.create(department=city.general, channel="", calendar=far)
    tomorrow = NOON.date() + timedelta(days=1)  # it is morning there
    assign_channel(city.rosa, "chat", from_on=tomorrow, why="Takes chats.", by=None)
    rudi = came_online(city.rudi)
    assign_channel(rudi, "chat", from_on=NOON.date(), through_on=NOON.date(), why="Takes chats today.", by=None)
    Membership.objects.create(agent=rudi, department=city.general)
    Membership.objects.create(agent=city.rosa, department=city.roads)
    there, here = waits(city.general), waits(city.roads)
    route(at=NOON)
    assert (offered_to(there), offered_to(here)) == (city.rosa, rudi)


@pytest.mark.rule("SJ-ACD")
def test_no_seat_is_reserved_twice_when_it_is_midnight_between_two_departments(city: City) -> None:
    calendar()
    far = calendar(code="far", is_default=False, zone="Pacific/Auckland")
    DepartmentHours.objects.create(department=city.general, channel="", calendar=far)
    city.supervisor.memberships.all().delete()
    set_presence(city.rudi.pk, Presence.OFFLINE, at=NOON)
    Membership.objects.create(agent=city.rosa, department=city.roads)
    Agent.objects.filter(pk=city.rosa.pk).update(seats=1)
    first, second = waits(city.general, since=2 * SECOND), waits(city.roads)
    route(at=NOON)
    assert (offered_to(first), unmatched(second)) == (city.rosa, "no_seat")


@pytest.mark.rule("EM-COM-Da")
def test_an_assignment_that_is_over_opens_nothing(city: City) -> None:
    adopt("EM-COM-Da")
    yesterday = NOON.date() - timedelta(days=1)
    assign_channel(city.rosa, "chat", from_on=yesterday, through_on=yesterday, why="For a day.", by=None)
    session = waits(city.general)
    route(at=NOON)
    assert unmatched(session) == "not_assigned"


@pytest.mark.rule("PH-CERT")
def test_only_who_holds_the_certificates_is_offered_a_chat(city: City) -> None:
    CertificateKindFactory()
    session = waits(city.general)
    route(at=NOON)
    assert unmatched(session) == "not_certified"


def test_why_nobody_is_offered_it_is_written_when_it_changes_only(city: City) -> None:
    for agent in (city.rosa, city.supervisor):
        set_presence(agent.pk, Presence.OFFLINE, at=NOON)
    session = waits(city.general)
    route(at=NOON)
    route(at=NOON + SECOND)
    session.refresh_from_db()
    assert (session.unmatched, session.unmatched_at) == ("no_one_online", NOON)


def test_after_closing_nothing_is_offered(city: City) -> None:
    adopt("EM-HRS", always_open=False)
    calendar("8:30-11:00")
    session = waits(city.general)
    route(at=NOON)
    assert unmatched(session) == "office_closed"


# Beyond the own department ---------------------------------------------------------------
@pytest.mark.rule("SJ-ACD")
def test_a_chat_that_has_waited_long_is_offered_to_the_department_that_helps_out(city: City) -> None:
    Department.objects.filter(pk=city.general.pk).update(overflow=city.roads, overflow_after_seconds=60)
    for agent in (city.rosa, city.supervisor):
        set_presence(agent.pk, Presence.OFFLINE, at=NOON)
    session = waits(city.general, since=59 * SECOND)
    route(at=NOON)
    assert unmatched(session) == "no_one_online"
    route(at=NOON + SECOND)
    assert offered_to(session) == city.rudi
    assert Offer.objects.get().why == "overflow"
    accept(session.pk, agent_id=city.rudi.pk, at=NOON + 2 * SECOND)


@pytest.mark.rule("SJ-ACD")
@pytest.mark.parametrize("waited", [59, 60])
def test_who_helps_out_accepts_by_hand_what_her_desk_shows_and_nothing_else(city: City, waited: int) -> None:
    adopt("SJ-ACD", is_adopted=False)
    Department.objects.filter(pk=city.general.pk).update(overflow=city.roads, overflow_after_seconds=60)
    session = waits(city.general, since=waited * SECOND)
    departments = news.read_desks([city.rudi.pk], at=NOON)[city.rudi.pk].departments
    is_shown = session.pk in news.read_queue(at=NOON).seen_from(departments)
    assert is_shown == (waited >= 60)
    if not is_shown:
        with pytest.raises(NotFound):
            accept(session.pk, agent_id=city.rudi.pk, at=NOON)
        return
    assert route(at=NOON) == 0
    accept(session.pk, agent_id=city.rudi.pk, at=NOON)
    assert Seat.objects.get().agent_id == city.rudi.pk


def test_when_it_helps_out_is_a_row(city: City) -> None:
    Department.objects.filter(pk=city.general.pk).update(overflow=city.roads, overflow_after_seconds=10)
    Membership.objects.exclude(agent=city.rudi).delete()
    session = waits(city.general, since=10 * SECOND)
    route(at=NOON)
    assert offered_to(session) == city.rudi


def test_who_asks_for_another_person_is_offered_to_every_department(city: City) -> None:
    decline_all = waits(city.general, is_for_all=True)
    route(at=NOON)
    for agent in (city.rosa, city.supervisor):
        decline(decline_all.pk, agent_id=agent.pk, why="", at=NOON)
        route(at=NOON)
    assert offered_to(decline_all) == city.rudi
    assert Offer.objects.latest("pk").why == "another"


# Declined ------------------------------------------------------------------------------
@pytest.mark.rule("SJ-ACD")
def test_a_declined_chat_goes_to_the_next_and_in_the_end_to_nobody(city: City) -> None:
    session = waits(city.general)
    route(at=NOON)
    decline(session.pk, agent_id=city.rosa.pk, why="I know them.", at=NOON + SECOND)
    decline(session.pk, agent_id=city.rosa.pk, why="Again.", at=NOON + 2 * SECOND)
    assert Offer.objects.get().declined_why == "I know them."
    route(at=NOON + 2 * SECOND)
    assert offered_to(session) == city.supervisor
    decline(session.pk, agent_id=city.supervisor.pk, why="", at=NOON + 3 * SECOND)
    route(at=NOON + 3 * SECOND)
    assert unmatched(session) == "all_declined"
    accept(session.pk, agent_id=city.rosa.pk, at=NOON + 2 * MINUTE)
    assert Seat.objects.get().agent_id == city.rosa.pk


@pytest.mark.rule("SJ-ACD")
def test_who_missed_an_offer_is_asked_again_when_the_others_have_been(city: City) -> None:
    Membership.objects.filter(agent=city.rosa).update(is_primary=True)  # it would always be hers
    session = waits(city.general)
    route(at=NOON)
    assert offered_to(session) == city.rosa
    asked = []
    for minutes in range(1, 4):
        expire_offers(at=NOON + minutes * MINUTE)
        route(at=NOON + minutes * MINUTE)
        asked.append(offered_to(session))
    assert asked == [city.supervisor, city.rosa, city.supervisor]
    assert unmatched(session) == ""


def test_in_its_next_stay_in_the_queue_it_is_offered_to_them_again(city: City) -> None:
    session = waits(city.general)
    route(at=NOON)
    decline(session.pk, agent_id=city.rosa.pk, why="", at=NOON)
    ChatSession.objects.filter(pk=session.pk).update(requeued_at=NOON + SECOND)
    set_presence(city.supervisor.pk, Presence.OFFLINE, at=NOON)
    route(at=NOON + SECOND)
    assert offered_to(session) == city.rosa


def test_only_what_is_offered_to_one_can_be_declined(city: City) -> None:
    session = waits(city.general)
    with pytest.raises(NotFound):
        decline(session.pk, agent_id=city.rosa.pk, why="", at=NOON)
    route(at=NOON)
    with pytest.raises(Invalid, match="at most 300"):
        decline(session.pk, agent_id=city.rosa.pk, why="x" * 301, at=NOON)
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    with pytest.raises(WrongState, match="nothing to decline"):
        decline(session.pk, agent_id=city.rosa.pk, why="", at=NOON)
    with pytest.raises(NotFound):
        decline(session.pk, agent_id=city.rudi.pk, why="", at=NOON)


def test_a_chat_in_which_danger_was_spoken_of_comes_first(city: City) -> None:
    waits(city.general, since=MINUTE)
    grave, less = waits(city.general), waits(city.general)
    for session, kind in ((grave, "life"), (less, "non_emergency")):
        raise_flags([Flag(session.pk, StaffKind.EMERGENCY, "EM-911", NOON, {"emergency": kind, "seq": 1})])
        session.refresh_from_db()
    assert (grave.priority > 0, less.priority) == (True, 0)
    assert ChatSession.objects.queued().in_queue_order().first() == grave
