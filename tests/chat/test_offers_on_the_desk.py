"""Offers as desks see them: shown, declined, expired, accepted, and what colleagues and supervisors read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from agents.actions import assign_channel
from agents.models import Agent
from chat.actions import expire_offers
from chat.relay import Relay
from tests.chat.conftest import City
from tests.locks import held_table, wait_until_blocked
from tests.policies.factories import adopt
from tests.wire import Wires

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def rules(city: City) -> None:
    """Only Rosa and the supervisor serve the department; Rosa has been free the longest."""
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)
    city.rosa.intervals.update(started_at=timezone.now() - timedelta(hours=1))


@pytest.mark.rule("SJ-ACD")
async def test_a_chat_that_is_asked_for_is_offered_at_once_and_accepted(city: City, wires: Wires) -> None:
    desk, other = await wires.desk(city.rosa), await wires.desk(city.supervisor)
    chat = await wires.ask(topic="Bins")
    offer = await desk.next("offer")
    shown = {name: offer[name] for name in ("session", "kind", "from", "summary", "why", "topic", "reason")}
    assert shown == {
        "session": chat.session,
        "kind": "queue",
        "from": None,
        "summary": "",
        "why": "You have been free the longest",
        "topic": "Bins",
        "reason": None,
    }
    await other.send({"type": "accept", "session": chat.session, "ref": "a"})
    refused = await other.next("error", ref="a")
    assert refused["code"] == "offered_elsewhere"
    await desk.send({"type": "accept", "session": chat.session, "ref": "a"})
    await desk.next("ok", ref="a")
    gone = await desk.next("offer_gone")
    assert (gone["session"], gone["why"]) == (chat.session, "accepted")
    session = await desk.next("session")
    assert (session["state"], session["name"], session["transfer_pending"]) == ("active", "Dana", False)
    assert "last_seq" not in session
    assert [frame for frame in await other.nothing_more() if frame["type"] == "offer"] == []


async def test_a_declined_chat_is_offered_to_the_next_and_may_still_be_taken(city: City, wires: Wires) -> None:
    desk, other = await wires.desk(city.rosa), await wires.desk(city.supervisor)
    chat = await wires.ask()
    await desk.next("offer")
    await desk.send({"type": "decline", "session": chat.session, "why": "I know them.", "ref": "d"})
    await desk.next("ok", ref="d")
    assert (await desk.next("offer_gone"))["why"] == "declined"
    assert (await other.next("offer"))["session"] == chat.session
    await other.send({"type": "decline", "session": chat.session, "why": 7, "ref": "d"})
    assert (await other.next("error", ref="d"))["field"] == "why"
    await other.send({"type": "decline", "session": chat.session, "ref": "d"})
    await other.next("ok", ref="d")
    item = await other.where(
        lambda frame: frame["type"] == "queue" and frame["added"] and frame["added"][0]["unmatched"]
    )
    assert item["added"][0]["unmatched_why"] == "Everybody who could take it has passed it on"
    await desk.send({"type": "accept", "session": chat.session, "ref": "a"})
    await desk.next("ok", ref="a")
    assert all("unmatched" not in each for frame in desk.waiting if frame["type"] == "queue" for each in frame["added"])


@pytest.mark.rule("SJ-ACD")
async def test_every_desk_reads_of_a_waiting_chat_whether_it_is_on_offer_and_never_to_whom(
    city: City, wires: Wires
) -> None:
    desk, other = await wires.desk(city.rosa), await wires.desk(city.supervisor)
    chat = await wires.ask()
    await desk.next("offer")
    item = await other.where(lambda frame: frame["type"] == "queue" and frame["added"] and frame["added"][0]["offered"])
    assert item["added"][0]["offered"] is True
    assert "Rosa" not in str(item)
    await desk.send({"type": "decline", "session": chat.session, "ref": "d"})
    await other.next("offer")
    await other.send({"type": "decline", "session": chat.session, "ref": "d"})
    await other.where(lambda frame: frame["type"] == "queue" and frame["added"] and not frame["added"][0]["offered"])
    third = await wires.desk(city.rosa)
    [waiting] = (await third.next("welcome"))["queue"]
    assert waiting["offered"] is False


async def test_an_offer_that_runs_out_leaves_the_desk_and_a_desk_that_opens_is_told_of_what_is_on_offer(
    city: City, wires: Wires, relay: Relay
) -> None:
    desk = await wires.desk(city.rosa)
    chat = await wires.ask()
    offer = await desk.next("offer")
    second = await wires.desk(city.rosa)
    welcome = await second.next("welcome")
    assert welcome["offers"] == [{name: value for name, value in offer.items() if name != "type"}]
    assert {"code": "general", "name": "General services"}.items() <= welcome["departments"][0].items()
    assert welcome["languages"] == [{"code": "en", "name": "English"}]
    await sync_to_async(expire_offers)(at=timezone.now() + 30 * SECOND)
    for wire in (desk, second):
        gone = await wire.next("offer_gone")
        assert (gone["session"], gone["why"]) == (chat.session, "expired")


async def test_who_leaves_the_queue_takes_the_offer_from_the_desk(city: City, wires: Wires) -> None:
    desk = await wires.desk(city.rosa)
    chat = await wires.ask()
    await desk.next("offer")
    customer = await wires.customer(chat)
    await customer.send({"type": "end"})
    assert (await desk.next("offer_gone"))["why"] == "withdrawn"


async def test_going_online_brings_what_waits(city: City, wires: Wires) -> None:
    desk = await wires.desk(city.rosa)
    for agent in (city.rosa, city.supervisor):
        await sync_to_async(Agent.objects.filter(pk=agent.pk).update)(presence="break")
    chat = await wires.ask()
    await desk.send({"type": "presence", "state": "online"})
    assert (await desk.next("offer"))["session"] == chat.session


async def test_colleagues_see_who_is_there_and_whether_a_seat_is_free(city: City, wires: Wires) -> None:
    await sync_to_async(Agent.objects.filter(pk=city.rosa.pk).update)(seats=1)
    await sync_to_async(city.rosa.languages.add)(city.english)
    other, desk = await wires.desk(city.supervisor), await wires.desk(city.rosa)
    welcome = await other.next("welcome")
    assert {each["name"]: (each["free"], each["is_supervisor"]) for each in welcome["colleagues"]} == {
        "Rosa": (1, False),
        "Rudi": (3, False),
        "Sam": (3, True),
    }
    await wires.ask()
    assert await other.next("presence", agent=city.rosa.pk) == {
        "type": "presence",
        "agent": city.rosa.pk,
        "id": city.rosa.pk,
        "name": "Rosa",
        "state": "online",
        "away": False,
        "departments": ["general"],
        "languages": ["en"],
        "free": 0,
        "is_supervisor": False,
    }
    welcome = await (await wires.desk(city.supervisor)).next("welcome")
    assert {each["name"]: each["free"] for each in welcome["colleagues"]} == {"Rosa": 0, "Rudi": 3, "Sam": 3}
    await desk.next("offer")


@pytest.mark.rule("EM-COM-Da")
async def test_colleagues_to_whom_no_chat_opens_have_no_seat_free(city: City, wires: Wires) -> None:
    def assign_the_supervisor_alone() -> None:
        adopt("EM-COM-Da")
        yesterday = timezone.localdate() - timedelta(days=1)
        assign_channel(city.supervisor, "chat", from_on=yesterday, why="Takes chats.", by=None)

    await sync_to_async(assign_the_supervisor_alone)()
    other, desk = await wires.desk(city.supervisor), await wires.desk(city.rosa)
    welcome = await other.next("welcome")
    assert {each["name"]: each["free"] for each in welcome["colleagues"]} == {"Rosa": 0, "Rudi": 0, "Sam": 3}
    await desk.send({"type": "presence", "state": "break"})
    assert (await other.next("presence", agent=city.rosa.pk, state="break"))["free"] == 0


async def test_a_desk_that_opens_misses_no_colleague_who_leaves_meanwhile(city: City, wires: Wires) -> None:
    """Its welcome was read, and it does not listen yet, while the others are told."""
    desk = await wires.desk(city.rosa)
    await desk.next("welcome")
    late = await wires.desk(city.supervisor, hello=False)
    held = held_table("cases_topic")  # read for a welcome, after the colleagues
    cursor = await sync_to_async(held.__enter__)()
    try:
        await late.send({"type": "hello", "cursors": {}})
        await sync_to_async(wait_until_blocked)(cursor)
        await desk.send({"type": "presence", "state": "break"})
        await desk.next("presence", agent=city.rosa.pk, state="break")
    finally:
        await sync_to_async(held.__exit__)(None, None, None)
    welcome = await late.next("welcome")
    assert {each["name"]: each["state"] for each in welcome["colleagues"]}["Rosa"] == "online"
    assert await late.next("presence", agent=city.rosa.pk, state="break")


async def test_after_the_cut_of_a_line_each_desk_hears_of_colleagues_who_work_elsewhere(
    city: City, wires: Wires, relay: Relay
) -> None:
    desk = await wires.desk(city.rosa)
    await desk.next("welcome")
    await relay.desk_news.refresh({city.rudi.pk})
    await sync_to_async(Agent.objects.filter(pk=city.rudi.pk).update)(presence="break")  # no news of it came
    relay.wake_all()
    assert await desk.next("presence", agent=city.rudi.pk, state="break")
