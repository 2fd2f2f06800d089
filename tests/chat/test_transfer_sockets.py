"""Passing a chat on, seen from the desks and from the resident's window."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from tests.chat.conftest import City, online_agent
from tests.policies.factories import adopt
from tests.wire import Chat, Wire, Wires

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def policy(city: City) -> None:
    adopt("EM-FWD", seconds=60)
    adopt("EM-DIS-B")


@pytest.fixture
def ruth(city: City) -> Agent:
    return online_agent("Ruth", city.general)


async def do(desk: Wire, kind: str, chat: Chat, **more: Any) -> dict[str, Any]:
    await desk.send({"type": kind, "session": chat.session, "ref": kind, **more})
    return await desk.where(lambda frame: frame.get("ref") == kind)


async def pass_on(desk: Wire, chat: Chat, to: Agent) -> None:
    asked = await do(desk, "transfer", chat, to={"agent": to.pk}, reason="expertise", summary="A shed.")
    assert asked["type"] == "ok", asked


async def events(wire: Wire, *kinds: str) -> list[dict[str, Any]]:
    return [await wire.next("event", kind=kind) for kind in kinds]


@pytest.mark.rule("EM-FWD")
async def test_the_receiver_gets_everything_from_the_beginning_and_the_summary(
    city: City, wires: Wires, ruth: Agent
) -> None:
    chat, _customer, desk = await wires.conversation(city.rosa, question="May I build a shed?")
    other = await wires.desk(ruth)
    await other.next("welcome")
    await pass_on(desk, chat, ruth)
    assert (await do(other, "accept_transfer", chat))["type"] == "ok"
    got = await events(other, "message", "joined", "notice", "transferred", "left", "joined", "notice")
    assert [event["seq"] for event in got] == [1, 2, 3, 4, 5, 6, 7]
    assert got[0]["text"] == "May I build a shed?"
    summary = await other.next("staff_event")
    assert (summary["n"], summary["kind"], summary["text"], summary["name"]) == (1, "transfer", "A shed.", "Rosa")
    await other.send(
        {"type": "message", "session": chat.session, "id": "7" * 8 + "-7777-4777-8777-" + "7" * 12, "text": "Hi"}
    )
    assert (await other.next("ack"))["seq"] == 8


@pytest.mark.rule("EM-FWD")
async def test_left_is_the_last_that_the_first_desk_gets_and_the_resident_sees_it_all_in_one_window(
    city: City, wires: Wires, ruth: Agent
) -> None:
    chat, customer, desk = await wires.conversation(city.rosa)
    other = await wires.desk(ruth)
    await other.next("welcome")
    await pass_on(desk, chat, ruth)
    await do(other, "accept_transfer", chat)
    [left] = await events(desk, "left")
    assert left["name"] == "Rosa"
    got = await events(customer, "transferred", "left", "joined")
    assert [event["name"] for event in got] == ["Rosa", "Rosa", "Ruth"]
    await customer.send({"type": "message", "id": "6" * 8 + "-6666-4666-8666-" + "6" * 12, "text": "Hello Ruth"})
    await events(other, "message", "message")
    later = [frame for frame in await desk.nothing_more() if frame["type"] == "event"]
    assert [frame for frame in later if frame["seq"] > left["seq"]] == []
    refused = await do(desk, "typing", chat)
    assert refused["code"] == "not_found"


async def test_who_gets_a_chat_back_follows_it_again(city: City, wires: Wires, ruth: Agent) -> None:
    chat, _customer, desk = await wires.conversation(city.rosa)
    other = await wires.desk(ruth)
    await other.next("welcome")
    await pass_on(desk, chat, ruth)
    await do(other, "accept_transfer", chat)
    await events(desk, "left")
    await events(other, "transferred")
    await pass_on(other, chat, city.rosa)
    assert (await do(desk, "accept_transfer", chat))["type"] == "ok"
    joined = await desk.where(lambda frame: frame.get("kind") == "joined" and frame["seq"] > 6)
    assert joined["name"] == "Rosa"
    await desk.send({"type": "resync", "session": chat.session, "last_seq": 0, "ref": "again"})
    await desk.next("ok", ref="again")
    assert (await do(desk, "keep_open", chat))["type"] == "ok"
    fresh = await wires.desk(city.rosa)
    welcome = await fresh.next("welcome")
    assert [state["transfer_pending"] for state in welcome["sessions"]] == [False]
    assert (await fresh.next("event", kind="joined", seq=joined["seq"]))["name"] == "Rosa"


async def test_what_is_being_passed_on_shows_in_the_state_of_both_sides(city: City, wires: Wires, ruth: Agent) -> None:
    chat, _customer, desk = await wires.conversation(city.rosa)
    await (await wires.desk(ruth)).next("welcome")
    await pass_on(desk, chat, ruth)
    customer = await wires.customer(chat)
    state = (await customer.next("welcome"))["session"]
    assert (state["state"], state["transfer_pending"], state["agent_name"]) == ("active", True, "Rosa")
    [session] = (await (await wires.desk(city.rosa)).next("welcome"))["sessions"]
    assert session["transfer_pending"] is True
    transfer = session["transfer"]
    assert (transfer["to"], transfer["reason"], transfer["declined_why"]) == ("Ruth", "expertise", None)
    assert transfer["deadline"] is not None


async def test_a_refusal_reaches_the_first_desk_with_its_reason(city: City, wires: Wires, ruth: Agent) -> None:
    chat, _customer, desk = await wires.conversation(city.rosa)
    other = await wires.desk(ruth)
    await other.next("welcome")
    await pass_on(desk, chat, ruth)
    assert (await do(other, "decline_transfer", chat, why="I go home."))["type"] == "ok"
    told = await desk.next("staff_event", kind="declined")
    assert (told["name"], told["text"]) == ("Ruth", "I go home.")
    [session] = (await (await wires.desk(city.rosa)).next("welcome"))["sessions"]
    assert session["transfer_pending"] is False
    assert session["transfer"]["declined_why"] == "I go home."
    gone = await do(other, "accept_transfer", chat)
    assert gone["code"] == "wrong_state"


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ({"to": {"supervisor": True}, "reason": "supervisor"}, "summary"),
        ({"to": {"supervisor": True}, "summary": "x"}, "reason"),
        ({"to": {"supervisor": True}, "summary": "x", "reason": 1}, "reason"),
        ({"reason": "supervisor", "summary": "x"}, "to"),
        ({"to": {"supervisor": True}, "reason": "supervisor", "summary": ["x"]}, "summary"),
    ],
)
async def test_a_frame_that_does_not_fit_is_refused_with_the_field(
    city: City, wires: Wires, frame: dict[str, Any], field: str
) -> None:
    chat, _customer, desk = await wires.conversation(city.rosa)
    refused = await do(desk, "transfer", chat, **frame)
    assert (refused["code"], refused["field"]) == ("invalid", field)
