"""Offers against whoever decides at the same moment: on real PostgreSQL, with threads and a barrier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from agents.models import Agent
from chat.actions import accept, decline, end_as_customer, expire_offers, route
from chat.models import ChatSession, Ending, Offer, Seat
from chat.states import Status
from tests.chat.conftest import NOON, City, online_agent
from tests.chat.test_seats import race, void
from tests.factories import QueuedSessionFactory
from tests.policies.factories import adopt

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rule("SJ-ACD")]
LATER = NOON + timedelta(seconds=30)
ROUNDS = 8


@pytest.fixture(autouse=True)
def rules(city: City) -> None:
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)
    Agent.objects.filter(pk=city.rosa.pk).update(seats=100)
    city.rosa.intervals.update(started_at=NOON - timedelta(hours=1))


def on_offer(city: City) -> ChatSession:
    """Return a chat that is on offer to Rosa."""
    session: ChatSession = QueuedSessionFactory(department=city.general, requested_at=NOON)
    Agent.objects.filter(pk=city.supervisor.pk).update(presence="break")
    route(at=NOON)
    Agent.objects.filter(pk=city.supervisor.pk).update(presence="online")
    assert Offer.objects.open().get(session=session).agent_id == city.rosa.pk
    return session


def taking(session: ChatSession, agent: Agent) -> Callable[[], None]:
    return lambda: void(accept(session.pk, agent_id=agent.pk, at=LATER))


def is_whole(session: ChatSession) -> None:
    """Nothing is open of a chat that somebody has, and its one seat is that agent's."""
    session.refresh_from_db()
    assert not Offer.objects.open().filter(session=session).exists()
    holders = list(Seat.objects.filter(session=session).values_list("agent_id", flat=True))
    assert holders == ([session.agent_id] if session.status == Status.ACTIVE else [])


def test_an_offer_that_is_accepted_as_it_runs_out_is_accepted_and_ends_once(city: City) -> None:
    for _ in range(ROUNDS):
        session = on_offer(city)
        outcomes = race([taking(session, city.rosa), lambda: void(expire_offers(at=LATER))])
        assert outcomes == {"ok": 2}
        is_whole(session)
        assert session.agent_id == city.rosa.pk
        assert Offer.objects.get(session=session).ending in (Ending.ACCEPTED, Ending.EXPIRED)


def test_a_decline_and_an_accept_at_once_leave_one_ending(city: City) -> None:
    for _ in range(ROUNDS):
        session = on_offer(city)
        passing = lambda: void(decline(session.pk, agent_id=city.rosa.pk, why="", at=LATER))  # noqa: B023, E731
        outcomes = race([taking(session, city.rosa), passing])
        is_whole(session)
        assert session.agent_id == city.rosa.pk
        ending = Offer.objects.get(session=session).ending
        assert (outcomes, ending) in (({"ok": 2}, "declined"), ({"ok": 1, "wrong_state": 1}, "accepted"))


def test_of_two_agents_the_one_to_whom_it_is_offered_gets_it(city: City) -> None:
    for _ in range(ROUNDS):
        session: ChatSession = QueuedSessionFactory(department=city.general, requested_at=NOON)
        Agent.objects.filter(pk=city.supervisor.pk).update(presence="break")
        route(at=LATER)
        Agent.objects.filter(pk=city.supervisor.pk).update(presence="online")
        outcomes = race([taking(session, city.rosa), taking(session, city.supervisor)])
        is_whole(session)
        assert session.agent_id == city.rosa.pk
        assert outcomes in ({"ok": 1, "offered_elsewhere": 1}, {"ok": 1, "taken": 1})


def test_an_offer_and_the_residents_end_at_once_leave_nothing_open(city: City) -> None:
    for _ in range(ROUNDS):
        session: ChatSession = QueuedSessionFactory(department=city.general, requested_at=NOON)
        leaving = lambda: void(end_as_customer(session.pk, token_digest=session.token_digest, at=NOON))  # noqa: B023, E731
        race([lambda: void(route(at=NOON)), leaving])
        is_whole(session)
        assert session.status == Status.ENDED


def test_ten_passes_at_once_offer_each_chat_once_and_no_agent_more_than_her_seats(city: City) -> None:
    Agent.objects.filter(pk=city.rosa.pk).update(seats=2)
    agents = [city.rosa, city.supervisor, online_agent("Lea", city.general, seats=1)]
    for _ in range(12):
        QueuedSessionFactory(department=city.general, requested_at=NOON)
    taken = QueuedSessionFactory(department=city.general, requested_at=NOON)
    outcomes = race(
        [lambda: void(route(at=NOON))] * 9 + [lambda: void(accept(taken.pk, agent_id=agents[2].pk, at=NOON))]
    )
    route(at=NOON)
    assert outcomes["ok"] >= 9
    for agent in agents:
        agent.refresh_from_db()
        reserved = Offer.objects.open().filter(agent=agent).count() + Seat.objects.filter(agent=agent).count()
        assert reserved == agent.seats
    assert Offer.objects.open().values("session").distinct().count() == Offer.objects.open().count()
