"""Offers: what is held out to one agent reserves the chat and one of her seats."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agents.models import Agent
from chat.actions import accept, end_as_customer
from chat.actions.offers import close_offer, hold_out
from chat.actions.seats import move_seat
from chat.models import ChatSession, Ending, Offer, Seat
from contactcenter.lib.errors import DomainError
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import CertificateKindFactory, QueuedSessionFactory

SECOND = timedelta(seconds=1)
HALF_A_MINUTE = timedelta(seconds=30)

pytestmark = pytest.mark.django_db


def offered(session: ChatSession, agent: Agent, **more: Any) -> Offer:
    facts = {"kind": Offer.Kind.QUEUE, "why": Offer.Why.LONGEST_IDLE, "expires_at": NOON + HALF_A_MINUTE, "at": NOON}
    return hold_out(session, agent, **{**facts, **more})


def refusal_of(session: ChatSession, agent: Agent, *, after: timedelta = SECOND) -> DomainError:
    with pytest.raises(DomainError) as refused:
        accept(session.pk, agent_id=agent.pk, at=NOON + after)
    return refused.value


def test_what_is_offered_to_one_agent_is_refused_to_the_others(city: City) -> None:
    session = QueuedSessionFactory(department=city.general)
    offered(session, city.rosa)
    assert refusal_of(session, city.supervisor).code == "offered_elsewhere"
    accept(session.pk, agent_id=city.rosa.pk, at=NOON + 3 * SECOND)
    offer = Offer.objects.get()
    assert (offer.ending, offer.ended_at) == (Ending.ACCEPTED, NOON + 3 * SECOND)
    session.refresh_from_db()
    assert (session.offered_at, session.accepted_at) == (NOON, NOON + 3 * SECOND)


def test_an_offer_that_has_run_out_holds_nobody_up_before_the_sweep_sees_it(city: City) -> None:
    session = QueuedSessionFactory(department=city.general)
    offered(session, city.rosa)
    accept(session.pk, agent_id=city.supervisor.pk, at=NOON + HALF_A_MINUTE)
    assert Offer.objects.get().ending == Ending.EXPIRED
    session.refresh_from_db()
    assert session.offered_at == NOON + HALF_A_MINUTE


def test_an_offer_keeps_a_seat_free_for_itself(city: City) -> None:
    Agent.objects.filter(pk=city.rosa.pk).update(seats=2)
    held, on_offer, waiting = (QueuedSessionFactory(department=city.general) for _ in range(3))
    accept(held.pk, agent_id=city.rosa.pk, at=NOON)
    city.rosa.refresh_from_db()
    offered(on_offer, city.rosa)
    refused = refusal_of(waiting, city.rosa)
    assert (refused.code, refused.detail) == (
        "no_seat",
        "You hold 1 of 2 chats, and 1 more is offered to you. Accept or decline that first.",
    )
    accept(on_offer.pk, agent_id=city.rosa.pk, at=NOON + SECOND)
    assert refusal_of(waiting, city.rosa).detail == "You hold 2 of 2 chats. End one before you accept the next."


def test_a_session_is_offered_to_one_agent_at_a_time(city: City) -> None:
    session = QueuedSessionFactory(department=city.general)
    offer = offered(session, city.rosa)
    with pytest.raises(DomainError, match="offered to a colleague"):
        offered(session, city.supervisor)
    close_offer(offer, Ending.DECLINED, at=NOON + SECOND, why="I know them.")
    offered(session, city.supervisor)
    assert list(Offer.objects.order_by("pk").values_list("ending", "declined_why")) == [
        ("declined", "I know them."),
        ("", ""),
    ]


def test_nothing_is_offered_beyond_the_seats_or_without_the_certificate(city: City) -> None:
    Agent.objects.filter(pk=city.rosa.pk).update(seats=1)
    city.rosa.refresh_from_db()
    first, second = (QueuedSessionFactory(department=city.general) for _ in range(2))
    offered(first, city.rosa)
    with pytest.raises(DomainError) as full:
        offered(second, city.rosa)
    CertificateKindFactory()
    with pytest.raises(DomainError) as closed:
        offered(second, city.supervisor)
    assert (full.value.code, closed.value.code) == ("no_seat", "not_certified")


def test_who_leaves_the_queue_takes_the_offer_along(city: City) -> None:
    session = QueuedSessionFactory(department=city.general)
    offered(session, city.rosa)
    end_as_customer(session.pk, token_digest=session.token_digest, at=NOON + SECOND)
    offer = Offer.objects.get()
    assert (offer.ending, offer.ended_at) == (Ending.WITHDRAWN, NOON + SECOND)


def test_the_seat_moves_to_the_lowest_free_number_of_the_other_agent(city: City) -> None:
    session, other = (QueuedSessionFactory(department=city.general) for _ in range(2))
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    helper = online_agent("Hedy", city.general, seats=2)
    accept(other.pk, agent_id=helper.pk, at=NOON)
    move_seat(session, helper, on=NOON.date(), at=NOON + SECOND)
    seat = Seat.objects.get(session=session)
    assert (seat.agent_id, seat.number) == (helper.pk, 2)
    assert not Seat.objects.filter(agent=city.rosa).exists()


def test_no_seat_moves_to_who_has_none_free(city: City) -> None:
    session = QueuedSessionFactory(department=city.general)
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    helper = online_agent("Hedy", city.general, seats=1)
    offered(QueuedSessionFactory(department=city.general), helper)
    with pytest.raises(DomainError) as refused:
        move_seat(session, helper, on=NOON.date(), at=NOON + SECOND)
    assert refused.value.code == "no_seat"
    assert Seat.objects.get().agent_id == city.rosa.pk
