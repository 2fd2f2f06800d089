"""Seats: the cap is kept where the seat is taken, whoever races."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from agents.models import Agent, Presence
from chat.actions import accept, end_as_agent
from chat.models import ChatSession, Seat, Wording
from chat.states import Status
from contactcenter.lib.errors import DomainError
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import QueuedSessionFactory, WordingFactory


def race(jobs: list[Callable[[], None]]) -> Counter[str]:
    """Run all jobs at the same moment, each on a thread and connection of its own; count how they went."""
    barrier = threading.Barrier(len(jobs))
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def run(job: Callable[[], None]) -> None:
        barrier.wait()
        try:
            job()
            outcome = "ok"
        except DomainError as refusal:
            outcome = refusal.code
        finally:
            connection.close()
        with lock:
            outcomes[outcome] += 1

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def accepting(session_id: UUID, agent: Agent) -> Callable[[], None]:
    return lambda: void(accept(session_id, agent_id=agent.pk, at=NOON))


def void(_value: object) -> None:
    return None


@pytest.mark.django_db(transaction=True)
def test_of_twelve_accepts_at_once_an_agent_with_three_seats_gets_three(city: City) -> None:
    sessions = [QueuedSessionFactory(department=city.general) for _ in range(12)]
    outcomes = race([accepting(session.pk, city.rosa) for session in sessions])
    assert outcomes == {"ok": 3, "no_seat": 9}
    assert sorted(Seat.objects.filter(agent=city.rosa).values_list("number", flat=True)) == [1, 2, 3]
    assert ChatSession.objects.filter(status=Status.ACTIVE).count() == 3


@pytest.mark.django_db(transaction=True)
def test_of_two_agents_at_each_of_three_hundred_chats_one_gets_it(city: City) -> None:
    agents = [online_agent(name, city.general, seats=300) for name in ("One", "Two")]
    sessions = [QueuedSessionFactory(department=city.general) for _ in range(300)]
    outcomes: Counter[str] = Counter()
    barrier = threading.Barrier(8)
    lock = threading.Lock()

    def accept_all(agent: Agent, share: int) -> None:
        barrier.wait()
        for session in sessions[share::4]:
            try:
                accept(session.pk, agent_id=agent.pk, at=NOON)
                outcome = "ok"
            except DomainError as refusal:
                outcome = refusal.code
            with lock:
                outcomes[outcome] += 1
        connection.close()

    threads = [threading.Thread(target=accept_all, args=[agent, share]) for agent in agents for share in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"ok": 300, "taken": 300}
    assert Seat.objects.count() == 300
    owners = {seat.session_id: seat.agent_id for seat in Seat.objects.all()}
    assert {session.pk: session.agent_id for session in ChatSession.objects.all()} == owners


@pytest.mark.django_db(transaction=True)
def test_the_same_accept_from_two_tabs_at_once_takes_one_seat(city: City) -> None:
    session = QueuedSessionFactory(department=city.general)
    assert race([accepting(session.pk, city.rosa)] * 5) == {"ok": 5}
    assert Seat.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_accept_and_the_customers_end_at_once_leave_one_outcome(city: City) -> None:
    from chat.actions import end_as_customer

    for _ in range(10):
        session = QueuedSessionFactory(department=city.general)
        leave = lambda: void(end_as_customer(session.pk, token_digest=session.token_digest, at=NOON))  # noqa: B023, E731
        outcomes = race([accepting(session.pk, city.rosa), leave])
        session.refresh_from_db()
        assert session.status == Status.ENDED
        assert Seat.objects.count() == 0
        assert outcomes in ({"ok": 2}, {"ok": 1, "ended": 1})


def test_the_seat_is_free_at_the_end_and_the_lowest_number_is_taken_again(city: City) -> None:
    first, second, third = (QueuedSessionFactory(department=city.general) for _ in range(3))
    accept(first.pk, agent_id=city.rosa.pk, at=NOON)
    accept(second.pk, agent_id=city.rosa.pk, at=NOON)
    end_as_agent(first.pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON)
    accept(third.pk, agent_id=city.rosa.pk, at=NOON)
    assert Seat.objects.get(session=third).number == 1


def test_the_number_of_seats_decides_how_many_chats_an_agent_may_hold(city: City) -> None:
    Agent.objects.filter(pk=city.rosa.pk).update(seats=1)
    first, second = (QueuedSessionFactory(department=city.general) for _ in range(2))
    accept(first.pk, agent_id=city.rosa.pk, at=NOON)
    with pytest.raises(DomainError) as refused:
        accept(second.pk, agent_id=city.rosa.pk, at=NOON)
    assert (refused.value.code, refused.value.detail) == (
        "no_seat",
        "You hold 1 of 1 chats. End one before you accept the next.",
    )
    Agent.objects.filter(pk=city.rosa.pk).update(seats=2)
    accept(second.pk, agent_id=city.rosa.pk, at=NOON)


def test_the_database_itself_refuses_a_seat_too_many(city: City) -> None:
    sessions = [QueuedSessionFactory(department=city.general) for _ in range(4)]
    for number, session in enumerate(sessions[:3], start=1):
        Seat.objects.create(agent=city.rosa, session=session, number=number, taken_at=NOON)
    with pytest.raises(IntegrityError, match="chat_seat_within_allowed"), transaction.atomic():
        Seat.objects.create(agent=city.rosa, session=sessions[3], number=4, taken_at=NOON)


@pytest.mark.parametrize("presence", [state for state in Presence.values if state != "online"])
def test_only_who_is_online_accepts(city: City, presence: str) -> None:
    Agent.objects.filter(pk=city.rosa.pk).update(presence=presence)
    session = QueuedSessionFactory(department=city.general)
    with pytest.raises(DomainError) as refused:
        accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    assert refused.value.code == "not_online"


def test_an_agent_of_another_department_learns_nothing(city: City) -> None:
    session = QueuedSessionFactory(department=city.general)
    with pytest.raises(DomainError) as refused:
        accept(session.pk, agent_id=city.rudi.pk, at=NOON)
    assert refused.value.code == "not_found"


@pytest.mark.rule("SJ-GREET")
def test_the_customer_is_greeted_with_name_and_department_as_the_row_says(city: City) -> None:
    session = QueuedSessionFactory(department=city.general)
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    joined, greeting = session.events.order_by("seq")
    assert (joined.kind, joined.name) == ("joined", "Rosa")
    assert (greeting.kind, greeting.side, greeting.text, greeting.rule) == (
        "notice",
        "system",
        "I am Rosa from General services.",
        "SJ-GREET",
    )


@pytest.mark.rule("SJ-GREET")
def test_a_departments_own_greeting_goes_before_the_general_one(city: City) -> None:
    Wording.objects.filter(kind=Wording.Kind.GREETING).update(text="Hello from {city}, {agent} speaking.")
    WordingFactory(kind=Wording.Kind.GREETING, language=city.english, department=city.roads, text="Roads: {agent}.")
    general, roads = (QueuedSessionFactory(department=each) for each in (city.general, city.roads))
    accept(general.pk, agent_id=city.rosa.pk, at=NOON)
    accept(roads.pk, agent_id=city.rudi.pk, at=NOON)
    assert general.events.get(rule="SJ-GREET").text == "Hello from Maplebrook, Rosa speaking."
    assert roads.events.get(rule="SJ-GREET").text == "Roads: Rudi."
