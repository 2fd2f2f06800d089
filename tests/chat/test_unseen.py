"""Residents who are not there: what is a sign of them, when they show as away, when their place is given up."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from chat.actions import (
    Request,
    accept,
    close_connection,
    note_poll,
    open_connection,
    request_chat,
    sweep_connections,
)
from chat.models import ChatSession, Connection
from chat.timers import act_on_due_timers, note_pulse
from tests.chat.conftest import NOON, City
from tests.policies.factories import adopt
from tests.wire import Wires

MOMENT = timedelta(microseconds=1)
INSTANCE = uuid.uuid4()


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def policy(db: None) -> None:
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)


@pytest.fixture
def waiting(city: City, policy: None) -> ChatSession:
    return request_chat(Request("Dana", "Hello", city.general, city.english), at=NOON).session


@pytest.fixture
def running(city: City, waiting: ChatSession) -> ChatSession:
    connect(waiting, at=NOON)
    return accept(waiting.pk, agent_id=city.rosa.pk, at=after(1))


def connect(session: ChatSession, *, at: datetime) -> uuid.UUID:
    connection = uuid.uuid4()
    open_connection(connection, instance=INSTANCE, session_id=session.pk, at=at)
    return connection


def sweep(session: ChatSession, second: float) -> ChatSession:
    act_on_due_timers(at=after(second))
    session.refresh_from_db()
    return session


# The queue --------------------------------------------------------------------------
@pytest.mark.rule("SJ-ACD")
def test_who_waits_without_a_connection_for_two_minutes_gives_the_place_up(waiting: ChatSession) -> None:
    assert sweep(waiting, 119.9).status == "queued"
    assert sweep(waiting, 120).outcome == "abandoned"
    ended = waiting.events.get(kind="ended")
    assert (ended.side, ended.rule) == ("system", "SJ-ACD")
    assert ended.data["unseen_since"] == NOON.isoformat()
    assert "2:00" in ended.data["why"]


@pytest.mark.rule("SJ-ACD")
def test_how_long_a_place_is_kept_is_a_row(waiting: ChatSession) -> None:
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=600, away_seconds=30)
    assert sweep(waiting, 599).status == "queued"
    assert sweep(waiting, 600).outcome == "abandoned"


def test_where_the_rule_is_not_adopted_nobody_is_let_go(city: City) -> None:
    session = request_chat(Request("Dana", "Hello", city.general, city.english), at=NOON).session
    assert sweep(session, 3000).status == "queued"


@pytest.mark.rule("SJ-ACD")
def test_an_open_socket_keeps_the_place_and_its_last_one_begins_the_time(waiting: ChatSession) -> None:
    first, second = connect(waiting, at=after(5)), connect(waiting, at=after(10))
    assert sweep(waiting, 25).unseen_since is None
    close_connection(first, at=after(26))
    assert sweep(waiting, 27).unseen_since is None
    close_connection(second, at=after(28))
    assert sweep(waiting, 147).status == "queued"
    assert sweep(waiting, 148).outcome == "abandoned"


@pytest.mark.rule("SJ-ACD")
def test_sockets_of_a_process_that_died_count_until_they_are_stale(waiting: ChatSession) -> None:
    connect(waiting, at=after(5))
    sweep_connections(at=after(34))
    assert sweep(waiting, 34).unseen_since is None
    sweep_connections(at=after(35))
    assert sweep(waiting, 35).unseen_since == after(35)
    assert not Connection.objects.filter(session=waiting).exists()


@pytest.mark.rule("SJ-ACD")
def test_a_poll_is_presence_until_its_end(waiting: ChatSession) -> None:
    note_poll(waiting.pk, until=after(100 + 25))
    assert sweep(waiting, 244).status == "queued"
    assert sweep(waiting, 245).outcome == "abandoned"


def test_a_poll_beside_a_socket_changes_nothing(waiting: ChatSession) -> None:
    connect(waiting, at=after(5))
    note_poll(waiting.pk, until=after(25))
    waiting.refresh_from_db()
    assert waiting.unseen_since is None


# A running chat -----------------------------------------------------------------------
@pytest.mark.rule("SJ-ACD")
def test_in_a_running_chat_who_is_gone_shows_as_away_and_nothing_ends(running: ChatSession) -> None:
    close_connection(Connection.objects.get(session=running).pk, at=after(10))
    assert sweep(running, 39).away_at is None
    assert sweep(running, 40).away_at == after(40)
    assert sweep(running, 4000).status == "active"
    assert running.away_at == after(40)


@pytest.mark.rule("SJ-ACD")
def test_when_somebody_shows_as_away_is_a_row(running: ChatSession) -> None:
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=300)
    close_connection(Connection.objects.get(session=running).pk, at=after(10))
    assert sweep(running, 309).away_at is None
    assert sweep(running, 310).away_at == after(310)


@pytest.mark.parametrize("sign", ["socket", "poll"])
def test_whoever_is_seen_again_is_not_away(running: ChatSession, sign: str) -> None:
    close_connection(Connection.objects.get(session=running).pk, at=after(10))
    sweep(running, 40)
    if sign == "socket":
        connect(running, at=after(50))
    else:
        note_poll(running.pk, until=after(75))
    running.refresh_from_db()
    assert (running.away_at, running.unseen_since) == (None, None if sign == "socket" else after(75))


def test_the_desk_is_told_who_is_away_and_who_is_back(
    running: ChatSession, django_capture_on_commit_callbacks: object, heard: list[dict[str, object]]
) -> None:
    close_connection(Connection.objects.get(session=running).pk, at=after(10))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        sweep(running, 40)
    assert {"topic": "agent", "agent_id": running.agent_id} in heard
    heard.clear()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        connect(running, at=after(50))
    assert {"topic": "agent", "agent_id": running.agent_id} in heard


@pytest.fixture
def heard():
    """What was told to everybody."""
    from contactcenter.lib import events

    said: list[dict[str, object]] = []

    def listener(facts: dict[str, object]) -> bool:
        said.append(facts)
        return True

    events.listen(listener)
    yield said
    events.stop_listening(listener)


# Our own outage -----------------------------------------------------------------------
@pytest.mark.rule("SJ-ACD")
def test_our_own_outage_is_nobodys_absence(waiting: ChatSession) -> None:
    note_pulse(at=after(1))
    note_pulse(at=after(600))
    assert sweep(waiting, 719).status == "queued"
    assert sweep(waiting, 720).outcome == "abandoned"


# Over the wire --------------------------------------------------------------------------
@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("SJ-ACD")
async def test_socket_poll_and_frames_are_signs_of_a_resident(city: City, wires: Wires) -> None:
    chat = await wires.ask()
    headers = {"authorization": f"Bearer {chat.token}"}
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)

    async def since() -> datetime | None:
        return await ChatSession.objects.values_list("unseen_since", flat=True).aget(pk=chat.id)

    async def forget() -> None:
        await ChatSession.objects.filter(pk=chat.id).aupdate(unseen_since=long_ago)

    await forget()
    await wires.get(f"/api/v1/chat/sessions/{chat.session}/events", **headers)
    assert (await since()) > long_ago
    await forget()
    await wires.post(f"/api/v1/chat/sessions/{chat.session}/frames", {"type": "here"}, **headers)
    assert (await since()) > long_ago
    customer = await wires.customer(chat)
    await customer.next("welcome")
    assert await since() is None
    await customer.disconnect()
    assert abs((await since()) - await sync_to_async(timezone.now)()) < timedelta(minutes=5)
