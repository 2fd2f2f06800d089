"""Transfers raced with everything else that may become of a chat: one outcome, and a clear code for the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from agents.models import Agent
from chat.actions import (
    accept,
    accept_transfer,
    ask_transfer,
    decline_transfer,
    end_as_agent,
    end_as_customer,
    expire_transfers,
)
from chat.actions.requeue import requeue_all_of
from chat.models import ChatSession, Offer, Seat, Transfer
from chat.states import Status
from tests.chat.conftest import NOON, City, online_agent
from tests.chat.test_seats import race, void
from tests.factories import ActiveSessionFactory, QueuedSessionFactory
from tests.policies.factories import adopt

TIMES = 12
DEADLINE = NOON + timedelta(seconds=60)
MOMENT = timedelta(microseconds=1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def policy(city: City) -> None:
    adopt("EM-FWD", seconds=60)


@pytest.fixture
def ruth(city: City) -> Agent:
    return online_agent("Ruth", city.general, seats=1)


def passed_on(city: City, to: Agent) -> ChatSession:
    session: ChatSession = ActiveSessionFactory(department=city.general, agent=city.rosa, requested_at=NOON)
    asking(session, city.rosa, to)()
    return session


def asking(session: ChatSession, agent: Agent, to: Agent) -> Callable[[], None]:
    given = {"to": {"agent": to.pk}, "reason": "expertise", "summary": "A shed.", "again": "Once more."}
    return lambda: void(ask_transfer(session.pk, agent_id=agent.pk, at=NOON, **given))


def taking(session: ChatSession, agent: Agent) -> Callable[[], None]:
    return lambda: void(accept_transfer(session.pk, agent_id=agent.pk, at=DEADLINE - MOMENT))


def guard_whole(session: ChatSession) -> str:
    """Check that seat, owner, offers and numbers of a chat agree, and clear the desk; answer its state."""
    session.refresh_from_db()
    seats = list(Seat.objects.filter(session=session).values_list("agent_id", flat=True))
    assert seats == ([session.agent_id] if session.status == Status.ACTIVE else [])
    assert not Offer.objects.open().filter(session=session).exists()
    assert not Transfer.objects.open().filter(session=session).exists()
    assert list(session.events.order_by("seq").values_list("seq", flat=True)) == [*range(1, session.last_seq + 1)]
    state = session.status
    if not session.is_ended:
        end_as_customer(session.pk, token_digest=session.token_digest, at=DEADLINE)
    return state


def repeated(once: Callable[[], tuple[Counter[str], str]]) -> set[tuple[tuple[tuple[str, int], ...], str]]:
    """Run a race many times; answer which outcomes there were, each with the state that it left."""
    outcomes = set()
    for _time in range(TIMES):
        counted, state = once()
        outcomes.add((tuple(sorted(counted.items())), state))
    return outcomes


@pytest.mark.rule("EM-FWD")
def test_raced_with_the_end_by_the_first_agent(city: City, ruth: Agent) -> None:
    def once() -> tuple[Counter[str], str]:
        session = passed_on(city, ruth)
        ending = lambda: void(  # noqa: E731
            end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=DEADLINE - MOMENT)
        )
        counted = race([taking(session, ruth), ending])
        return counted, guard_whole(session)

    assert repeated(once) <= {
        ((("not_found", 1), ("ok", 1)), Status.ACTIVE),  # it is no longer hers to end
        ((("ended", 1), ("ok", 1)), Status.ENDED),
    }


def test_raced_with_the_end_by_the_resident(city: City, ruth: Agent) -> None:
    def once() -> tuple[Counter[str], str]:
        session = passed_on(city, ruth)
        leaving = lambda: void(  # noqa: E731
            end_as_customer(session.pk, token_digest=session.token_digest, at=DEADLINE - MOMENT)
        )
        counted = race([taking(session, ruth), leaving])
        return counted, guard_whole(session)

    assert repeated(once) <= {((("ok", 2),), Status.ENDED), ((("ended", 1), ("ok", 1)), Status.ENDED)}


def test_raced_with_the_loss_of_the_first_agent(city: City, ruth: Agent) -> None:
    adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)

    def lose() -> None:
        with transaction.atomic():
            requeue_all_of(Agent.objects.locked().get(pk=city.rosa.pk), at=DEADLINE - MOMENT)

    def once() -> tuple[Counter[str], str]:
        session = passed_on(city, ruth)
        counted = race([taking(session, ruth), lose])
        return counted, guard_whole(session)

    assert repeated(once) <= {((("ok", 2),), Status.ACTIVE), ((("ok", 1), ("wrong_state", 1)), Status.QUEUED)}


def test_raced_with_the_receivers_accept_of_another_chat(city: City, ruth: Agent) -> None:
    """Her one seat is kept for what is offered to her; whichever comes first, the other chat waits on."""

    def once() -> tuple[Counter[str], str]:
        waiting = QueuedSessionFactory(department=city.general)
        session = passed_on(city, ruth)
        other = lambda: void(accept(waiting.pk, agent_id=ruth.pk, at=DEADLINE - MOMENT))  # noqa: E731
        counted = race([taking(session, ruth), other])
        assert Seat.objects.filter(agent=ruth).count() == 1
        waiting.refresh_from_db()
        assert waiting.status == Status.QUEUED
        return counted, guard_whole(session)

    assert repeated(once) == {((("no_seat", 1), ("ok", 1)), Status.ACTIVE)}


def test_raced_with_its_own_expiry(city: City, ruth: Agent) -> None:
    def once() -> tuple[Counter[str], str]:
        session = passed_on(city, ruth)
        counted = race([taking(session, ruth), lambda: void(expire_transfers(at=DEADLINE))])
        expire_transfers(at=DEADLINE)  # one that found the session locked leaves it to the next
        ending = Transfer.objects.get(session=session).ending
        session.refresh_from_db()
        assert (ending == "accepted") == (session.agent_id == ruth.pk)
        return counted, f"{ending} {guard_whole(session)}"

    assert repeated(once) <= {((("ok", 2),), "accepted active"), ((("ok", 1), ("wrong_state", 1)), "expired active")}


def test_accepted_in_one_tab_and_declined_in_the_other(city: City, ruth: Agent) -> None:
    def once() -> tuple[Counter[str], str]:
        session = passed_on(city, ruth)
        declining = lambda: void(  # noqa: E731
            decline_transfer(session.pk, agent_id=ruth.pk, why="I go home.", at=DEADLINE - MOMENT)
        )
        counted = race([taking(session, ruth), declining])
        return counted, guard_whole(session)

    assert repeated(once) == {((("ok", 1), ("wrong_state", 1)), Status.ACTIVE)}


def test_accepted_in_three_tabs_at_once(city: City, ruth: Agent) -> None:
    def once() -> tuple[Counter[str], str]:
        session = passed_on(city, ruth)
        counted = race([taking(session, ruth)] * 3)
        session.refresh_from_db()
        assert session.transfers == 1
        return counted, guard_whole(session)

    assert repeated(once) == {((("ok", 3),), Status.ACTIVE)}


def test_asked_for_in_two_tabs_at_once_it_goes_to_one(city: City, ruth: Agent) -> None:
    rita = online_agent("Rita", city.general)

    def once() -> tuple[Counter[str], str]:
        session = ActiveSessionFactory(department=city.general, agent=city.rosa, requested_at=NOON)
        counted = race([asking(session, city.rosa, ruth), asking(session, city.rosa, rita)])
        assert Offer.objects.open().count() == 1
        expire_transfers(at=DEADLINE)
        return counted, guard_whole(session)

    assert repeated(once) == {((("ok", 1), ("wrong_state", 1)), Status.ACTIVE)}


def test_of_two_chats_passed_on_to_one_seat_one_is_offered(city: City, ruth: Agent) -> None:
    def once() -> tuple[Counter[str], str]:
        sessions = [
            ActiveSessionFactory(department=city.general, agent=agent, requested_at=NOON)
            for agent in (city.rosa, city.supervisor)
        ]
        counted = race([asking(each, each.agent, ruth) for each in sessions])
        assert Offer.objects.open().filter(agent=ruth).count() == 1
        expire_transfers(at=DEADLINE)
        return counted, " ".join(guard_whole(each) for each in sessions)

    assert repeated(once) == {((("no_seat", 1), ("ok", 1)), "active active")}


def test_two_agents_who_pass_their_chats_on_to_each_other_do_not_block_each_other(city: City) -> None:
    def once() -> tuple[Counter[str], str]:
        mine, yours = (
            ActiveSessionFactory(department=city.general, agent=agent, requested_at=NOON)
            for agent in (city.rosa, city.supervisor)
        )
        counted = race([asking(mine, city.rosa, city.supervisor), asking(yours, city.supervisor, city.rosa)])
        counted += race([taking(mine, city.supervisor), taking(yours, city.rosa)])
        return counted, " ".join(guard_whole(each) for each in (mine, yours))

    assert repeated(once) == {((("ok", 4),), "active active")}
