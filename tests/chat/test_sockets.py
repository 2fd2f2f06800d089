"""The two sockets, frame by frame."""

from __future__ import annotations

import asyncio
import json
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from chat.actions.requeue import requeue
from chat.actions.screened import raise_flags
from chat.actions.staff_notes import Flag
from chat.models import ChatEvent, ChatSession, Connection, Pulse, Seat, StaffKind
from chat.relay import Relay, current_relay
from policies.models import RuleVersion
from tests.chat.conftest import City
from tests.factories import as_owner
from tests.patience import SOON
from tests.policies.factories import adopt
from tests.wire import ORIGIN, Wires

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


def message(text: str, session: str | None = None, uid: str | None = None) -> dict[str, str]:
    frame = {"type": "message", "id": uid or str(uuid.uuid4()), "text": text}
    return {**frame, "session": session} if session else frame


@pytest.mark.rule("EM-DEF")
async def test_a_whole_chat_from_the_queue_to_the_end(city: City, wires: Wires) -> None:
    desk = await wires.desk(city.rosa)
    welcome = await desk.next("welcome")
    assert (welcome["presence"], welcome["seats"]["held"], welcome["seats"]["allowed"]) == ("online", 0, 3)
    chat = await wires.ask(name="Dana", question="When is my bin collected?")
    assert (chat.answer["state"], chat.answer["position"]) == ("queued", 1)
    item = (await desk.next("queue"))["added"][0]
    assert (item["session"], item["department"], item["position"]) == (chat.session, "general", 1)
    assert "Dana" not in json.dumps(item)

    customer = await wires.customer(chat)
    welcome = await customer.next("welcome")
    assert (welcome["session"]["state"], welcome["session"]["position"], welcome["last_seq"]) == ("queued", 1, 1)
    question = await customer.next("event", seq=1)
    assert (question["kind"], question["from"], question["text"]) == (
        "message",
        "customer",
        "When is my bin collected?",
    )

    await desk.send({"type": "accept", "session": chat.session, "ref": "a1"})
    assert await desk.next("ok", ref="a1")
    assert (await desk.next("event", seq=1))["text"] == "When is my bin collected?"
    assert (await customer.next("event", kind="joined"))["name"] == "Rosa"
    greeting = await customer.next("event", kind="notice")
    assert (greeting["rule"], greeting["text"]) == ("SJ-GREET", "I am Rosa from General services.")
    assert (await desk.next("queue"))["removed"] == [chat.session]
    assert (await desk.next("seats"))["held"] == 1

    await customer.send(message("Hello?"))
    ack = await customer.next("ack")
    assert ack["seq"] == 4
    assert (await desk.next("event", seq=4))["text"] == "Hello?"
    await desk.send(message("On Friday.", chat.session))
    assert (await desk.next("ack"))["seq"] == 5
    assert (await customer.next("event", seq=5))["name"] == "Rosa"

    await desk.send({"type": "end", "session": chat.session, "outcome": "resolved", "ref": "e"})
    await desk.next("ok", ref="e")
    for wire in (customer, desk):
        assert (await wire.next("event", kind="ended"))["data"] == {"outcome": "resolved"}
    assert (await desk.next("seats"))["held"] == 0


async def test_the_sender_gets_the_ack_and_every_other_socket_the_event(city: City, wires: Wires) -> None:
    chat, customer, desk = await wires.conversation(city.rosa)
    second_tab, second_desk = await wires.customer(chat), await wires.desk(city.rosa)
    await second_desk.next("event", seq=3)
    await second_tab.next("event", seq=3)
    await customer.send(message("Hello"))
    ack = await customer.next("ack")
    for wire in (second_tab, desk, second_desk):
        assert (await wire.next("event", seq=ack["seq"]))["id"] == ack["id"]
    assert [frame for frame in await customer.nothing_more() if frame.get("seq") == ack["seq"]] == []


async def test_a_client_resumes_from_its_cursor(city: City, wires: Wires) -> None:
    chat, customer, desk = await wires.conversation(city.rosa)
    await customer.disconnect()
    for text in ("one", "two"):
        await desk.send(message(text, chat.session))
        await desk.next("ack")
    back = await wires.customer(chat, last_seq=3)
    assert (await back.receive())["type"] == "welcome"
    assert [(await back.receive())["seq"] for _ in range(2)] == [4, 5]
    assert await back.nothing_more() == []


async def test_a_cursor_beyond_the_latest_counts_as_none(city: City, wires: Wires) -> None:
    chat = await wires.ask()
    customer = await wires.customer(chat, last_seq=99)
    assert (await customer.next("event"))["seq"] == 1


async def test_resync_sends_everything_after_the_cursor_again(city: City, wires: Wires) -> None:
    chat, customer, desk = await wires.conversation(city.rosa)
    await customer.nothing_more()
    await customer.send({"type": "resync", "last_seq": 1, "ref": "r"})
    assert [(await customer.receive())["seq"] for _ in range(2)] == [2, 3]
    assert await customer.receive() == {"type": "ok", "ref": "r"}
    await desk.nothing_more()
    await desk.send({"type": "resync", "session": chat.session, "last_seq": 0, "ref": "r"})
    assert [(await desk.next("event"))["seq"] for _ in range(3)] == [1, 2, 3]
    assert await desk.next("ok", ref="r") == {"type": "ok", "ref": "r"}


async def test_the_same_id_three_times_is_one_message(city: City, wires: Wires) -> None:
    chat, customer, desk = await wires.conversation(city.rosa)
    frame = message("Hello")
    acks = []
    for _ in range(3):
        await customer.send(frame)
        acks.append(await customer.next("ack"))
    assert acks[0] == acks[1] == acks[2]
    assert await sync_to_async(ChatEvent.objects.filter(uid=frame["id"]).count)() == 1
    shown = [frame for frame in await desk.nothing_more() if frame.get("kind") == "message" and frame["seq"] > 1]
    assert len(shown) == 1


async def test_typing_and_read_reach_the_other_side_only(city: City, wires: Wires) -> None:
    chat, customer, desk = await wires.conversation(city.rosa)
    second_tab = await wires.customer(chat)
    await second_tab.next("event", seq=3)
    await customer.send({"type": "typing"})
    assert (await desk.next("typing"))["from"] == "customer"
    await desk.send({"type": "read", "session": chat.session, "seq": 3})
    for wire in (customer, second_tab):
        read = await wire.next("read")
        assert (read["from"], read["seq"]) == ("agent", 3)
    assert [frame for frame in await second_tab.nothing_more() if frame["type"] == "typing"] == []


async def test_who_is_back_in_the_line_learns_the_place_be_it_the_same(city: City, wires: Wires) -> None:
    chat, customer, _desk = await wires.conversation(city.rosa)
    await current_relay().cycle()
    version = await sync_to_async(adopt)("EM-COM-D", answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)
    await sync_to_async(_requeue_all)(version)
    assert (await customer.next("queue"))["position"] == 1


def _requeue_all(version: RuleVersion) -> None:
    with transaction.atomic():
        for session in ChatSession.objects.locked():
            requeue(session, why="agent_lost", version=version, at=timezone.now())


async def test_who_waits_learns_each_new_position(city: City, wires: Wires) -> None:
    first, second = await wires.ask(), await wires.ask()
    waiting = await wires.customer(second)
    assert (await waiting.next("welcome"))["session"]["position"] == 2
    customer = await wires.customer(first)
    await customer.send({"type": "end", "ref": "e"})
    await customer.next("ok", ref="e")
    assert (await waiting.next("queue"))["position"] == 1


@pytest.mark.rule("DF-WAIT")
async def test_of_a_queue_that_moves_up_a_desk_is_told_who_left_and_nothing_of_the_others(
    city: City, wires: Wires
) -> None:
    first, second, third = [await wires.ask() for _number in range(3)]
    desk, rosa = await wires.desk(city.supervisor), await wires.desk(city.rosa)
    welcome = await desk.next("welcome")
    assert [(item["session"], item["position"]) for item in welcome["queue"]] == [
        (first.session, 1),
        (second.session, 2),
        (third.session, 3),
    ]
    await rosa.send({"type": "accept", "session": first.session, "ref": "a"})
    news = await desk.next("queue")
    assert (news["added"], news["removed"]) == ([], [first.session])


@pytest.mark.rule("EM-COM-D")
async def test_who_is_put_back_and_who_became_urgent_come_with_what_orders_them(city: City, wires: Wires) -> None:
    def put_back() -> None:
        version = adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)
        with transaction.atomic():
            session = ChatSession.objects.locked().get(pk=first.id)
            requeue(session, why="agent_lost", version=version, at=timezone.now())

    def becomes_urgent() -> None:
        data = {"emergency": "life", "seq": 1}
        with transaction.atomic():
            raise_flags([Flag(third.id, StaffKind.EMERGENCY, "EM-911", timezone.now(), data)])

    first, second, third = [await wires.ask() for _number in range(3)]
    desk, rosa = await wires.desk(city.supervisor), await wires.desk(city.rosa)
    await rosa.send({"type": "accept", "session": first.session, "ref": "a"})
    await desk.next("queue", removed=[first.session])
    await sync_to_async(put_back)()
    [item] = (await desk.next("queue", removed=[]))["added"]
    assert (item["session"], item["requeued_at"] > item["queued_at"], item["position"]) == (first.session, True, 1)
    await sync_to_async(becomes_urgent)()
    [item] = (await desk.next("queue", removed=[]))["added"]
    assert (item["session"], item["priority"] > 0, item["position"]) == (third.session, True, 2)


@pytest.mark.rule("DF-WAIT")
async def test_who_sees_a_part_of_a_line_learns_how_many_stand_before_it(city: City, wires: Wires) -> None:
    first, _second, third = [await wires.ask() for _number in range(3)]
    await ChatSession.objects.filter(pk=third.id).aupdate(is_for_all=True)
    desk, rosa = await wires.desk(city.rudi), await wires.desk(city.rosa)
    [item] = (await desk.next("welcome"))["queue"]
    assert (item["session"], item["position"], item["hidden_before"]) == (third.session, 3, 2)
    await rosa.send({"type": "accept", "session": first.session, "ref": "a"})
    [item] = (await desk.next("queue"))["added"]
    assert (item["session"], item["position"], item["hidden_before"]) == (third.session, 2, 1)


async def test_an_agent_sees_the_queues_of_her_departments_and_a_supervisor_all(city: City, wires: Wires) -> None:
    general, roads = await wires.ask(), await wires.ask(department="roads")
    seen = {}
    for agent in (city.rosa, city.rudi, city.supervisor):
        desk = await wires.desk(agent)
        seen[agent.pk] = {item["session"] for item in (await desk.next("welcome"))["queue"]}
    assert seen == {
        city.rosa.pk: {general.session},
        city.rudi.pk: {roads.session},
        city.supervisor.pk: {general.session, roads.session},
    }


async def test_presence_is_one_whatever_the_number_of_tabs(city: City, wires: Wires) -> None:
    first, second = await wires.desk(city.rosa), await wires.desk(city.rosa)
    await second.next("welcome")
    await first.send({"type": "presence", "state": "break", "ref": "p"})
    await first.next("ok", ref="p")
    assert await second.next("presence", agent=city.rosa.pk, state="break")
    chat = await wires.ask()
    await second.send({"type": "accept", "session": chat.session, "ref": "a"})
    assert (await second.next("error", ref="a"))["code"] == "not_online"


async def test_the_fourth_socket_of_a_session_closes_the_oldest(city: City, wires: Wires) -> None:
    chat = await wires.ask()
    sockets = []
    for _ in range(4):
        sockets.append(await wires.customer(chat))
        await sockets[-1].next("welcome")
    assert await sockets[0].closed() == 4409
    assert await sync_to_async(Connection.objects.filter(session_id=chat.id).count)() == 3
    assert await sockets[1].nothing_more() is not None


async def test_the_sixth_socket_of_an_agent_closes_the_oldest(city: City, wires: Wires) -> None:
    sockets = []
    for _ in range(6):
        sockets.append(await wires.desk(city.rosa))
        await sockets[-1].next("welcome")
    assert await sockets[0].closed() == 4409


async def test_one_socket_too_many_from_an_address_is_refused_at_the_handshake(
    city: City, wires: Wires, settings: Settings
) -> None:
    settings.LIMIT_SOCKETS_PER_ADDRESS = 2
    first = await wires.open("/ws/chat/", client="198.51.100.7")
    await wires.open("/ws/chat/", client="198.51.100.7")
    refused = await wires.open("/ws/chat/", client="198.51.100.7")
    assert refused.status == 429
    assert (await refused.receive())["code"] == "too_many"
    assert (await wires.open("/ws/chat/", client="198.51.100.8")).status is None
    await first.disconnect()
    assert (await wires.open("/ws/chat/", client="198.51.100.7")).status is None


async def test_too_fast_is_told_and_far_too_fast_closes(
    city: City, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.limits.LIMIT_WINDOW", 3600.0)
    chat = await wires.ask()
    customer = await wires.customer(chat)
    await customer.next("event", seq=1)
    for number in range(11):
        await customer.send(message(str(number), uid=str(uuid.UUID(int=number, version=4))))
    for _ in range(10):
        await customer.next("ack")
    refusal = await customer.next("error")
    assert (refusal["code"], refusal["id"]) == ("slow_down", str(uuid.UUID(int=10, version=4)))
    assert 3500 <= refusal["retry_after"] <= 3600
    assert await sync_to_async(ChatEvent.objects.filter(session_id=chat.id).count)() == 11
    for _ in range(40):
        await customer.send({"type": "typing"})
    assert await customer.closed() == 4429


async def test_no_limit_is_no_limit(city: City, wires: Wires, settings: Settings) -> None:
    settings.LIMIT_MESSAGES_WARN = settings.LIMIT_MESSAGES_CLOSE = 0
    customer = await wires.customer(await wires.ask())
    for number in range(40):
        await customer.send(message(str(number)))
    assert [(await customer.next("ack"))["seq"] for _ in range(40)] == list(range(2, 42))


# Credentials ----------------------------------------------------------------
@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:8000.evil.example", "null", ""])
async def test_a_page_of_another_site_gets_no_socket(city: City, wires: Wires, origin: str) -> None:
    for path in ("/ws/chat/", "/ws/desk/"):
        wire = await wires.open(path, {"origin": origin})
        assert (wire.status, (await wire.receive())["code"]) == (403, "forbidden_origin")


async def test_a_program_without_origin_may_chat_but_has_no_desk(city: City, wires: Wires) -> None:
    assert (await wires.open("/ws/chat/")).status is None
    assert (await wires.open("/ws/desk/")).status == 403


@pytest.mark.parametrize("spoil", ["session", "token", "both", "type", "missing"])
async def test_a_bad_hello_closes_with_4401(city: City, wires: Wires, spoil: str) -> None:
    chat, other = await wires.ask(), await wires.ask()
    hello = {"type": "hello", "session": chat.session, "token": chat.token, "last_seq": 0}
    spoiled = {
        "session": {**hello, "session": other.session},
        "token": {**hello, "token": "x" * 43},
        "both": {**hello, "session": str(uuid.uuid4())},
        "type": {**hello, "type": "message"},
        "missing": {"type": "hello"},
    }
    wire = await wires.open("/ws/chat/")
    await wire.send(spoiled[spoil])
    assert await wire.closed() == 4401


@pytest.mark.parametrize("text", ["", "no json", "[1]", '{"type": "hello", "x": NaN}', "[" * 30_000])
async def test_a_first_frame_that_is_no_json_object_closes_with_4401(city: City, wires: Wires, text: str) -> None:
    wire = await wires.open("/ws/chat/")
    await wire.send_text(text)
    assert await wire.closed() == 4401


async def test_a_hello_that_does_not_come_closes_with_4408(
    city: City, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcenter.lib.sockets.JsonSocket.hello_within", 0.01)
    wire = await wires.open("/ws/chat/")
    assert await wire.closed() == 4408


async def test_an_unknown_path_closes_with_4404(city: City, wires: Wires) -> None:
    wire = await wires.open("/ws/nothing/")
    assert await wire.closed() == 4404


async def test_without_a_log_in_the_desk_closes_with_4401(city: City, wires: Wires) -> None:
    for cookie in ("", "townline_staff=unknown", "townline_staff", ";;=;"):
        wire = await wires.open("/ws/desk/", {"origin": ORIGIN, "cookie": cookie})
        assert await wire.closed() == 4401


async def test_a_newer_token_closes_the_older_ones_sockets(city: City, wires: Wires) -> None:
    request = str(uuid.uuid4())
    chat = await wires.ask(id=request)
    customer = await wires.customer(chat)
    await customer.next("welcome")
    again = await wires.post("/api/v1/chat/sessions", {"name": "D", "question": "?", "language": "en", "id": request})
    assert (again.status, again.json()["session"]) == (200, chat.session)
    assert await customer.closed() == 4401


async def test_a_log_in_that_ended_closes_the_desk(city: City, wires: Wires, relay: Relay) -> None:
    from agents.actions import end_logins

    desk = await wires.desk(city.rosa)
    await desk.next("welcome")
    await sync_to_async(end_logins)(city.rosa.user, at=timezone.now())
    assert await desk.closed() == 4401


async def test_an_idle_log_in_is_found_by_the_cycle(city: City, wires: Wires, relay: Relay) -> None:
    from agents.models import LogIn

    desk = await wires.desk(city.rosa)
    await desk.next("welcome")
    idle = timezone.now() - timezone.timedelta(minutes=31)
    await LogIn.objects.filter(user=city.rosa.user).aupdate(seen_at=idle)
    await relay.cycle()
    assert await desk.closed() == 4401


# Bad input ------------------------------------------------------------------
BAD_TEXTS = ["no json", "[]", '{"type": "message", "text": "\\u0000"}', '{"a": "\\ud800"}', '{"a": NaN}', "[" * 30_000]
BAD_FRAMES = [
    {},
    {"type": None},
    {"type": ["message"]},
    {"type": "chat.close"},
    {"type": "websocket.disconnect"},
    {"type": "hello"},
    {"type": "rate", "score": "5"},
    {"type": "message"},
    {"type": "message", "id": "1", "text": "Hello"},
    {"type": "message", "id": 1, "text": "Hello"},
    {"type": "message", "id": str(uuid.uuid4()), "text": ""},
    {"type": "message", "id": str(uuid.uuid4()), "text": " \n "},
    {"type": "message", "id": str(uuid.uuid4()), "text": 1},
    {"type": "message", "id": str(uuid.uuid4())},
    {"type": "message", "id": str(uuid.uuid4()), "text": "x" * 4001},
    {"type": "message", "id": str(uuid.uuid4()), "text": "Hello", "ref": "x" * 65},
    {"type": "read"},
    {"type": "read", "seq": -1},
    {"type": "read", "seq": 1.5},
    {"type": "read", "seq": True},
    {"type": "resync", "last_seq": "1"},
    {"type": "resync", "last_seq": 10**30},
]


async def test_what_does_not_fit_is_answered_with_an_error_and_changes_nothing(
    city: City, wires: Wires, settings: Settings
) -> None:
    settings.LIMIT_MESSAGES_WARN = settings.LIMIT_MESSAGES_CLOSE = 0
    chat, customer, desk = await wires.conversation(city.rosa)
    before = await sync_to_async(list)(ChatEvent.objects.values_list("session", "seq", "text"))
    for wire in (customer, desk):
        await wire.nothing_more()
        for text in BAD_TEXTS:
            await wire.send_text(text)
            await wire.next("error")
        for frame in BAD_FRAMES:
            await wire.send({"session": chat.session, **frame})
            answer = await wire.next("error")
            assert answer["code"] in ("invalid", "too_long"), frame
            assert answer["detail"].endswith(".")
    assert await sync_to_async(list)(ChatEvent.objects.values_list("session", "seq", "text")) == before


async def test_forged_members_are_ignored(city: City, wires: Wires) -> None:
    chat, customer, desk = await wires.conversation(city.rosa)
    forged = {
        "from": "agent",
        "seq": 99,
        "at": "2000-01-01T00:00:00Z",
        "name": "Mayor",
        "rule": "EM-BAN",
        "kind": "ended",
    }
    await customer.send({**message("Hello"), **forged, "session": str(uuid.uuid4())})
    assert (await customer.next("ack"))["seq"] == 4
    event = await desk.next("event", seq=4)
    assert (event["from"], event["name"], event["rule"], event["kind"]) == ("customer", "Dana", None, "message")


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "accept"},
        {"type": "end", "outcome": "resolved"},
        {"type": "typing"},
        {"type": "read", "seq": 1},
        {"type": "resync", "last_seq": 0},
        {"type": "message", "text": "Hello"},
    ],
)
async def test_foreign_and_absent_sessions_answer_alike(city: City, wires: Wires, frame: dict[str, object]) -> None:
    foreign, _customer, _desk = await wires.conversation(city.rosa)
    desk = await wires.desk(city.rudi)
    await desk.next("welcome")
    uid = {"id": str(uuid.uuid4())} if frame["type"] == "message" else {}
    answers = []
    for session in (foreign.session, str(uuid.uuid4())):
        await desk.send({**frame, **uid, "session": session, "ref": "x"})
        answers.append(await desk.next("error", ref="x"))
    assert answers[0] == answers[1]
    assert answers[0]["code"] == "not_found"
    assert await Seat.objects.filter(agent=city.rudi).acount() == 0


async def test_a_frame_of_65_kib_closes_with_4413(city: City, wires: Wires) -> None:
    customer = await wires.customer(await wires.ask())
    await customer.next("welcome")
    await customer.send_text(json.dumps({"type": "message", "text": "x" * 65 * 1024}))
    assert await customer.closed() == 4413


async def test_binary_frames_are_read_as_utf8_and_refused_when_they_are_none(city: City, wires: Wires) -> None:
    customer = await wires.customer(await wires.ask())
    await customer.next("event", seq=1)
    await customer.send_bytes(b"\xff\xfe")
    assert (await customer.next("error"))["code"] == "invalid"


async def test_a_wrong_outcome_is_refused_and_the_chat_goes_on(city: City, wires: Wires) -> None:
    chat, _customer, desk = await wires.conversation(city.rosa)
    for outcome in ("", "closed", "inactive", None, 5, ["resolved"]):
        await desk.send({"type": "end", "session": chat.session, "outcome": outcome, "ref": "e"})
        assert (await desk.next("error", ref="e"))["field"] == "outcome"
    assert await Seat.objects.acount() == 1


# The cycle ------------------------------------------------------------------
async def test_a_missed_wake_up_is_found_by_the_cycle(city: City, wires: Wires, relay: Relay) -> None:
    from tests.chat.test_append import from_agent

    chat, customer, _desk = await wires.conversation(city.rosa)
    await customer.nothing_more()
    await sync_to_async(_append_elsewhere)(chat.id, from_agent)
    await relay.cycle()
    assert (await customer.next("event", seq=4))["text"] == "From another process"


def _append_elsewhere(session_id: uuid.UUID, make: object) -> None:
    from chat.actions import append
    from chat.models import ChatSession

    append([make(ChatSession.objects.get(pk=session_id), "From another process")])  # type: ignore[operator]


async def test_a_fault_of_ours_in_a_cycle_stops_neither_the_heartbeat_nor_the_rest_of_it(
    city: City, wires: Wires, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    from agents.models import LogIn

    desk = await wires.desk(city.rosa)
    await desk.next("welcome")
    await sync_to_async(adopt)("EM-IDLE-2", seconds=120)
    await sync_to_async(adopt)("EM-IDLE-4", seconds="often")  # what no form lets in: our code cannot read it
    long_ago = timezone.now() - timezone.timedelta(minutes=31)
    await Pulse.objects.filter(pk="web").adelete()
    await Pulse.objects.acreate(name="web", at=long_ago)
    await Connection.objects.aupdate(seen_at=long_ago)
    await LogIn.objects.filter(user=city.rosa.user).aupdate(seen_at=long_ago)
    await relay.cycle()
    assert await Connection.objects.filter(seen_at__gt=long_ago).aexists()
    assert await desk.closed() == 4401
    failed, *_again = [record for record in caplog.records if record.name == "chat.relay"]
    assert failed.exc_info is not None
    assert failed.exc_info[0] is ValueError


async def test_news_that_cannot_be_read_keep_no_other_news_from_being_sent(
    city: City, wires: Wires, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.chat.test_append import from_agent

    chat, customer, _desk = await wires.conversation(city.rosa)
    await customer.nothing_more()
    await sync_to_async(_let_no_desk_be_read)(city)
    await sync_to_async(_append_elsewhere)(chat.id, from_agent)
    await relay.cycle()
    assert (await customer.next("event", seq=4))["text"] == "From another process"
    assert "a step of the relay failed by a fault of ours" in caplog.text


def _let_no_desk_be_read(city: City) -> None:
    """Let the row of the ladder hold what no form lets in."""
    from chat.actions import recompute

    version = adopt("EM-CAP")
    recompute(city.rosa.pk, at=timezone.now())
    with as_owner():
        type(version).objects.filter(pk=version.pk).update(values={"rungs": [], "maximum": "many"})


async def test_a_fault_of_ours_in_the_routing_is_logged_and_the_next_pass_comes(
    city: City, wires: Wires, caplog: pytest.LogCaptureFixture
) -> None:
    desk = await wires.desk(city.rosa)
    await desk.next("welcome")
    await sync_to_async(adopt)("SJ-ACD", offer_seconds="soon", abandoned_seconds=120, away_seconds=30)
    await wires.ask()
    async with asyncio.timeout(SOON):
        while "chats not routed by a fault of ours" not in caplog.text:
            await asyncio.sleep(0)
    await sync_to_async(adopt)("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)
    await wires.ask(question="And the other bin?")
    assert await desk.next("offer")


async def test_an_agent_whose_last_socket_is_gone_is_offline_after_the_grace(
    city: City, wires: Wires, settings: Settings
) -> None:
    from chat.actions import sweep_connections

    sweep = sync_to_async(sweep_connections)
    desk = await wires.desk(city.rosa)
    await desk.next("welcome")
    other = await wires.desk(city.rosa)
    await other.next("welcome")
    await other.disconnect()
    await Connection.objects.aupdate(seen_at=timezone.now())
    await sweep(at=timezone.now() + settings.AGENT_GRACE * 2 / 5)
    await city.rosa.arefresh_from_db()
    assert (city.rosa.presence, city.rosa.offline_deadline) == ("online", None)
    await desk.disconnect()
    await city.rosa.arefresh_from_db()
    deadline = city.rosa.offline_deadline
    assert deadline is not None
    await sweep(at=deadline - timezone.timedelta(microseconds=1))
    await city.rosa.arefresh_from_db()
    assert city.rosa.presence == "online"
    await sweep(at=deadline)
    await city.rosa.arefresh_from_db()
    assert city.rosa.presence == "offline"
