"""An agent is lost: what she leaves behind goes to the head of the queue, and nobody is lost with it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from threading import Thread

import pytest
from django.conf import settings
from django.db import connection, transaction

from agents.actions import set_presence
from agents.models import Agent, Language, Presence
from chat.actions import (
    Draft,
    accept,
    append,
    close_connection,
    decline,
    end_as_agent,
    end_wrap_ups,
    open_connection,
    route,
    sweep_connections,
)
from chat.models import ChatEvent, ChatRecord, ChatSession, Connection, Offer, Pulse, Seat, Side, Transfer
from chat.states import Status
from chat.tasks import sweep_connections as sweep_task
from chat.timers import note_pulse
from tests.chat.conftest import NOON, City
from tests.factories import QueuedSessionFactory
from tests.locks import wait_until_blocked
from tests.policies.factories import adopt

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
GRACE = settings.AGENT_GRACE
INSTANCE = uuid.UUID(int=1)

pytestmark = [pytest.mark.django_db, pytest.mark.rule("EM-COM-D")]


@pytest.fixture(autouse=True)
def rules(city: City) -> None:
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)
    adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)


@pytest.fixture
def socket(city: City) -> uuid.UUID:
    """Rosa's only socket, open since a minute before noon."""
    connection_id = uuid.uuid4()
    open_connection(connection_id, instance=INSTANCE, agent_id=city.rosa.pk, at=NOON - MINUTE)
    return connection_id


def chat_of(agent: Agent, city: City) -> ChatSession:
    session: ChatSession = QueuedSessionFactory(
        department=city.general, requested_at=NOON - MINUTE, customer_wrote_at=NOON - MINUTE
    )
    accept(session.pk, agent_id=agent.pk, at=NOON - 30 * SECOND)
    session.refresh_from_db()
    return session


def keep_alive(*connections: uuid.UUID, at: object) -> None:
    Connection.objects.filter(pk__in=connections).update(seen_at=at)


def test_after_the_grace_the_chats_go_to_the_head_of_the_queue_with_all_that_was_said(
    city: City, socket: uuid.UUID
) -> None:
    session, earlier = (
        chat_of(city.rosa, city),
        QueuedSessionFactory(department=city.general, requested_at=NOON - MINUTE),
    )
    said = session.last_seq
    close_connection(socket, at=NOON)
    sweep_connections(at=NOON + GRACE - SECOND)
    session.refresh_from_db()
    assert session.status == Status.ACTIVE
    sweep_connections(at=NOON + GRACE)
    sweep_connections(at=NOON + GRACE + SECOND)
    session.refresh_from_db()
    assert (session.status, session.agent, session.requeued_at, session.requeues) == (
        Status.QUEUED,
        None,
        NOON + GRACE,
        1,
    )
    assert not Seat.objects.exists()
    assert list(ChatSession.objects.queued().in_queue_order()) == [session, earlier]
    [event] = ChatEvent.objects.filter(session=session, seq__gt=said)
    assert (event.kind, event.side, event.rule, event.data["why"]) == ("requeued", "system", "EM-COM-D", "agent_lost")
    assert "head of the queue" in event.text
    assert "connection of the agent was lost" in event.data["reason"]


def test_the_resident_reads_it_in_their_language(city: City, socket: uuid.UUID) -> None:
    session = chat_of(city.rosa, city)
    Language.objects.create(code="es", name="Español")
    ChatSession.objects.filter(pk=session.pk).update(language="es")
    close_connection(socket, at=NOON)
    sweep_connections(at=NOON + GRACE)
    assert session.events.filter(kind="requeued").exists()


def test_who_comes_back_in_time_goes_on(city: City, socket: uuid.UUID) -> None:
    session = chat_of(city.rosa, city)
    close_connection(socket, at=NOON)
    open_connection(uuid.uuid4(), instance=INSTANCE, agent_id=city.rosa.pk, at=NOON + GRACE - SECOND)
    sweep_connections(at=NOON + GRACE)
    session.refresh_from_db()
    assert session.agent == city.rosa


def test_who_is_there_when_her_deadline_is_over_is_offered_chats_again(city: City, socket: uuid.UUID) -> None:
    keep_alive(socket, at=NOON)
    Agent.objects.filter(pk=city.rosa.pk).update(offline_deadline=NOON)
    Agent.objects.exclude(pk=city.rosa.pk).update(presence=Presence.BREAK)
    session = QueuedSessionFactory(department=city.general, requested_at=NOON)
    sweep_connections(at=NOON)
    city.rosa.refresh_from_db()
    assert (city.rosa.presence, city.rosa.offline_deadline) == (Presence.ONLINE, None)
    route(at=NOON)
    assert Offer.objects.get(session=session).agent == city.rosa


@pytest.mark.django_db(transaction=True)
def test_a_socket_that_opens_while_the_sweep_looks_for_the_lost_leaves_no_deadline(city: City) -> None:
    with transaction.atomic():
        open_connection(uuid.uuid4(), instance=INSTANCE, agent_id=city.rosa.pk, at=NOON)
        sweep = Thread(target=sweep_and_close)  # finds her without a socket, and waits for her row
        sweep.start()
        with connection.cursor() as cursor:
            wait_until_blocked(cursor)
    sweep.join()
    city.rosa.refresh_from_db()
    assert city.rosa.offline_deadline is None


def sweep_and_close() -> None:
    try:
        sweep_connections(at=NOON)
    finally:
        connection.close()


def test_who_went_offline_and_then_left_is_gone_too(city: City, socket: uuid.UUID) -> None:
    session = chat_of(city.rosa, city)
    set_presence(city.rosa.pk, Presence.OFFLINE, at=NOON)
    keep_alive(socket, at=NOON + 9 * MINUTE)
    sweep_connections(at=NOON + 9 * MINUTE)
    session.refresh_from_db()
    assert session.agent == city.rosa  # offline, and still there: running chats stay
    close_connection(socket, at=NOON + 9 * MINUTE)
    sweep_connections(at=NOON + 9 * MINUTE + GRACE)
    session.refresh_from_db()
    assert session.status == Status.QUEUED


def test_without_the_rule_the_chats_stay_with_their_agent(city: City, socket: uuid.UUID) -> None:
    adopt("EM-COM-D", is_adopted=False)
    session = chat_of(city.rosa, city)
    close_connection(socket, at=NOON)
    sweep_connections(at=NOON + GRACE)
    session.refresh_from_db()
    assert session.agent == city.rosa


def test_it_is_offered_to_somebody_else_first_and_to_the_same_agent_only_in_the_end(
    city: City, socket: uuid.UUID
) -> None:
    session = chat_of(city.rosa, city)
    close_connection(socket, at=NOON)
    sweep_connections(at=NOON + GRACE)
    set_presence(city.rosa.pk, Presence.ONLINE, at=NOON + GRACE)
    Agent.objects.update(offline_deadline=None)  # as if both had a socket
    for agent, ago in ((city.rosa, 3), (city.supervisor, 1)):
        agent.intervals.filter(ended_at__isnull=True).update(started_at=NOON - ago * MINUTE)
    route(at=NOON + GRACE)
    assert Offer.objects.open().get(session=session).agent == city.supervisor
    decline(session.pk, agent_id=city.supervisor.pk, why="", at=NOON + GRACE)
    route(at=NOON + GRACE)
    assert Offer.objects.open().get(session=session).agent == city.rosa


def test_on_hold_or_being_passed_on_it_goes_back_as_well(city: City, socket: uuid.UUID) -> None:
    session = chat_of(city.rosa, city)
    ChatSession.objects.filter(pk=session.pk).update(status=Status.ON_HOLD, held_at=NOON, answer_deadline=None)
    other = chat_of(city.rosa, city)
    transfer = Transfer.objects.create(
        session=other, from_agent=city.rosa, to_supervisor=True, reason="supervisor", asked_at=NOON
    )
    close_connection(socket, at=NOON)
    sweep_connections(at=NOON + GRACE)
    session.refresh_from_db()
    transfer.refresh_from_db()
    assert (session.status, session.held_at, session.hold_time) == (Status.QUEUED, None, GRACE)
    assert (transfer.ending, transfer.ended_at) == ("withdrawn", NOON + GRACE)


def test_what_stays_of_a_requeued_chat_counts_the_first_wait_and_the_first_answer(
    city: City, socket: uuid.UUID
) -> None:
    session = chat_of(city.rosa, city)
    append([Draft(session.pk, uuid.uuid4(), Side.AGENT, "Yes?", NOON, agent_id=city.rosa.pk, name="Rosa")])
    close_connection(socket, at=NOON)
    sweep_connections(at=NOON + GRACE)
    accept(session.pk, agent_id=city.supervisor.pk, at=NOON + 2 * MINUTE)
    end_as_agent(session.pk, agent_id=city.supervisor.pk, outcome="resolved", at=NOON + 3 * MINUTE)
    end_wrap_ups(at=NOON + 60 * MINUTE)
    record = ChatRecord.objects.get(pk=session.pk)
    assert (record.wait, record.first_response) == (30 * SECOND, MINUTE)
    assert record.first_response_offered == 30 * SECOND


# An outage of ours -------------------------------------------------------------------
def test_while_no_web_process_runs_nobody_is_lost(city: City, socket: uuid.UUID) -> None:
    session = chat_of(city.rosa, city)
    Pulse.objects.create(name="web", at=NOON)
    sweep_task()  # long after noon
    session.refresh_from_db()
    assert session.agent == city.rosa


def test_after_an_outage_everybody_has_the_grace_anew(city: City, socket: uuid.UUID) -> None:
    session = chat_of(city.rosa, city)
    note_pulse(at=NOON)
    close_connection(socket, at=NOON)
    back = NOON + 5 * MINUTE
    note_pulse(at=back)
    sweep_connections(at=back + GRACE - SECOND)
    session.refresh_from_db()
    assert session.agent == city.rosa
    sweep_connections(at=back + GRACE)
    session.refresh_from_db()
    assert session.agent is None
