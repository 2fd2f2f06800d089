"""The chat over HTTP, to the letter of docs/protocol.md."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from agents.models import Presence
from chat.actions import Request, request_chat
from chat.models import ChatEvent, ChatSession
from chat.relay import READERS, current_relay
from contactcenter.lib.hashing import keyed_hash
from tests.chat.conftest import NOON, City
from tests.chat.test_seats import race, void
from tests.factories import DepartmentFactory, LanguageFactory, LogInFactory
from tests.patience import SOON
from tests.phones import NO_NUMBERS, NUMBERS
from tests.wire import ORIGIN, Answer, Chat, Wire, Wires

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
AVAILABILITY = "/api/v1/chat/availability"
SESSIONS = "/api/v1/chat/sessions"
STRANGER = "https://elsewhere.example"


def asked(**fields: Any) -> dict[str, Any]:
    """Return a request for a chat; None leaves a field out."""
    body = {"name": "Dana", "question": "When is my bin collected?", "language": "en", **fields}
    return {key: value for key, value in body.items() if value is not None}


def bearer(chat: Chat, token: str | None = None) -> dict[str, str]:
    return {"authorization": f"Bearer {token or chat.token}"}


def events_of(chat: Chat, query: str = "") -> str:
    return f"{SESSIONS}/{chat.session}/events{query}"


def frames_of(chat: Chat) -> str:
    return f"{SESSIONS}/{chat.session}/frames"


def refusal(answer: Answer) -> tuple[int, str, str | None]:
    """Return status, code and field of a refusal, having looked at its form."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert body["detail"].endswith(".")
    return answer.status, body["code"], body.get("field")


async def counted() -> int:
    return await ChatSession.objects.acount()


# Availability ---------------------------------------------------------------
async def test_availability_says_what_a_resident_may_know_before_asking(city: City, wires: Wires) -> None:
    answer = await wires.get(AVAILABILITY)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=10"
    facts = answer.json()
    assert facts == {
        "state": "open",
        "staffed": True,
        "next_opening": None,
        "rule": None,
        "why": None,
        "estimated_wait_seconds": None,
        "languages": facts["languages"],
        "departments": [{"code": "general", "name": "General services"}, {"code": "roads", "name": "Roads"}],
        "notice": "What you write here is deleted daily.",
        "asks": ["email", "phone"],
        "incident": None,
        "backup": None,
    }


async def test_availability_is_the_same_for_everybody_and_sets_no_cookie(city: City, wires: Wires) -> None:
    chat, _customer, desk = await wires.conversation(city.rosa)
    plain = await wires.get(AVAILABILITY)
    login = await sync_to_async(LogInFactory)(user=city.rosa.user)
    staff = {"cookie": f"townline_staff={login.session_key}"}
    for headers in ({"origin": ORIGIN}, bearer(chat), staff):
        answer = await wires.get(AVAILABILITY, **headers)
        assert answer.json() == plain.json()
        assert "set-cookie" not in answer.headers


async def test_nobody_online_is_not_staffed(city: City, wires: Wires) -> None:
    from agents.models import Agent

    await Agent.objects.exclude(pk=city.rudi.pk).aupdate(presence=Presence.BREAK)
    assert (await wires.get(AVAILABILITY)).json()["staffed"] is False
    assert (await wires.get(f"{AVAILABILITY}?department=roads")).json()["staffed"] is True


@pytest.mark.parametrize(
    ("query", "field"),
    [("?department=nowhere", "department"), ("?language=tlh", "language"), ("?department=%00", "department")],
)
async def test_availability_refuses_an_unknown_department_or_language(
    city: City, wires: Wires, query: str, field: str
) -> None:
    assert refusal(await wires.get(AVAILABILITY + query)) == (400, "invalid", field)


# Asking for a chat ----------------------------------------------------------
async def test_a_request_is_answered_201_with_token_and_position(city: City, wires: Wires) -> None:
    first = await wires.post(SESSIONS, asked())
    second = await wires.post(SESSIONS, asked(id=str(uuid.uuid4())))
    assert (first.status, second.status) == (201, 201)
    assert first.headers["cache-control"] == "no-store"
    body = second.json()
    assert set(body) == {"session", "token", "returning", "state", "position", "estimated_wait_seconds"}
    assert (body["state"], body["position"], body["estimated_wait_seconds"]) == ("queued", 2, None)
    assert UUID(body["session"]) != UUID(first.json()["session"])
    assert min(len(body["token"]), len(body["returning"])) >= 22


async def test_the_question_is_event_1_and_its_id_is_the_servers(city: City, wires: Wires) -> None:
    request_id = str(uuid.uuid4())
    chat = await wires.ask(id=request_id, question="  One\r\ntwo \n", name=" Dana\r\nD ")
    event = (await wires.get(events_of(chat), **bearer(chat))).json()["events"][0]
    assert (event["seq"], event["kind"], event["from"]) == (1, "message", "customer")
    assert (event["text"], event["name"]) == ("  One\ntwo \n", " Dana\nD ")
    assert event["id"] != request_id


async def test_secrets_are_kept_as_hashes_only(city: City, wires: Wires) -> None:
    request_id = str(uuid.uuid4())
    chat = await wires.ask(id=request_id, email="dana@example.com", phone="+1 555 0100")
    row = await ChatSession.objects.values().aget(pk=chat.id)
    kept = repr(row)
    assert (row["customer_email"], row["customer_phone"]) == ("dana@example.com", "+1 555 0100")
    for secret in (request_id, chat.token, chat.answer["returning"], "127.0.0.1"):
        assert secret not in kept


async def test_the_same_id_within_ten_minutes_opens_the_same_session_with_a_new_token(city: City, wires: Wires) -> None:
    body = asked(id=str(uuid.uuid4()))
    first = await wires.post(SESSIONS, body)
    chat = Chat(first.json())
    socket = await wires.customer(chat)
    await socket.next("welcome")
    again = await wires.post(SESSIONS, {**body, "name": "Eve", "question": "Another"})
    assert (again.status, again.json()["session"]) == (200, chat.session)
    assert again.json()["token"] != chat.token
    assert await socket.closed() == 4401
    assert (await wires.get(events_of(chat), **bearer(chat))).status == 401
    answer = await wires.get(events_of(chat), **bearer(chat, again.json()["token"]))
    assert [event["text"] for event in answer.json()["events"]] == ["When is my bin collected?"]
    assert await counted() == 1


async def test_a_repeated_request_needs_no_other_field(city: City, wires: Wires) -> None:
    request_id = str(uuid.uuid4())
    chat = await wires.ask(id=request_id)
    for body in ({}, {"name": " ", "language": "tlh", "department": 5, "email": "no"}):
        again = await wires.post(SESSIONS, {"id": request_id, **body})
        assert (again.status, again.json()["session"]) == (200, chat.session)


async def test_the_same_id_tells_the_running_state(city: City, wires: Wires) -> None:
    request_id = str(uuid.uuid4())
    await wires.conversation(city.rosa, id=request_id)
    again = (await wires.post(SESSIONS, asked(id=request_id))).json()
    assert (again["state"], again["position"], again["estimated_wait_seconds"]) == ("active", None, None)


@pytest.mark.parametrize("minutes", [9, 10])
async def test_the_same_id_is_a_new_request_after_ten_minutes(city: City, wires: Wires, minutes: int) -> None:
    request_id = str(uuid.uuid4())
    chat = await wires.ask(id=request_id)
    await ChatSession.objects.filter(pk=chat.id).aupdate(requested_at=timezone.now() - timedelta(minutes=minutes))
    assert (await wires.post(SESSIONS, asked(id=request_id))).status == (200 if minutes < 10 else 201)


async def test_the_same_id_is_a_new_request_after_the_end(city: City, wires: Wires) -> None:
    request_id = str(uuid.uuid4())
    chat = await wires.ask(id=request_id)
    await wires.post(frames_of(chat), {"type": "end"}, **bearer(chat))
    again = await wires.post(SESSIONS, asked(id=request_id))
    assert again.status == 201
    assert again.json()["session"] != chat.session


async def test_the_secret_of_who_comes_back_is_kept_by_the_client(city: City, wires: Wires) -> None:
    first = await wires.ask()
    returning = first.answer["returning"]
    second = await wires.ask(returning=returning)
    assert second.answer["returning"] == returning
    keys = [key async for key in ChatSession.objects.values_list("returning_key", flat=True)]
    assert keys == [keyed_hash("returning", returning)] * 2
    for bad in ("short", 5, "x" * 100, "a b" * 10):
        assert (await wires.ask(returning=bad)).answer["returning"] not in (bad, returning)
    assert (await wires.get(events_of(first), authorization=f"Bearer {returning}")).status == 401


BAD_REQUESTS: list[tuple[dict[str, Any], str, str]] = [
    ({"name": None}, "invalid", "name"),
    ({"name": ""}, "invalid", "name"),
    ({"name": " \r\n\t"}, "invalid", "name"),
    ({"name": 5}, "invalid", "name"),
    ({"name": ["Dana"]}, "invalid", "name"),
    ({"name": "x" * 101}, "too_long", "name"),
    ({"question": None}, "invalid", "question"),
    ({"question": " \n "}, "invalid", "question"),
    ({"question": {"text": "Hello"}}, "invalid", "question"),
    ({"question": "x" * 4001}, "too_long", "question"),
    ({"language": None}, "invalid", "language"),
    ({"language": "tlh"}, "invalid", "language"),
    ({"language": 1}, "invalid", "language"),
    ({"language": "e" * 36}, "too_long", "language"),
    ({"department": "nowhere"}, "invalid", "department"),
    ({"department": 1}, "invalid", "department"),
    ({"topic": ["bins"]}, "invalid", "topic"),
    ({"topic": "x" * 101}, "too_long", "topic"),
    ({"email": "dana"}, "invalid", "email"),
    ({"email": "dana@example.com\nBcc: all@example.com"}, "invalid", "email"),
    ({"email": "a@" + "b" * 253}, "too_long", "email"),
    ({"phone": "call me"}, "invalid", "phone"),
    ({"phone": "1" * 41}, "too_long", "phone"),
    ({"id": "1"}, "invalid", "id"),
    ({"id": 1}, "invalid", "id"),
    ({"id": str(uuid.uuid1())}, "invalid", "id"),
    ({"id": "{" + str(uuid.uuid4())[1:-1] + "}"}, "invalid", "id"),
    ({"id": "1_" + uuid.uuid4().hex[:30] + "----"}, "invalid", "id"),
]


@pytest.mark.parametrize(("fields", "code", "field"), BAD_REQUESTS)
async def test_a_field_that_does_not_fit_is_named(
    city: City, wires: Wires, fields: dict[str, Any], code: str, field: str
) -> None:
    assert refusal(await wires.post(SESSIONS, asked(**fields))) == (400, code, field)
    assert await counted() == 0


async def test_what_is_a_phone_number_is_one_before_a_chat_too(city: City, wires: Wires, settings: Settings) -> None:
    settings.LIMIT_CHATS_PER_ADDRESS_HOUR = 0
    for number in NUMBERS:
        chat = await wires.ask(phone=f" {number} ")
        assert (await ChatSession.objects.aget(pk=chat.id)).customer_phone == number
    answers = [refusal(await wires.post(SESSIONS, asked(phone=number)))[1:] for number in NO_NUMBERS]
    assert set(answers) <= {("invalid", "phone"), ("too_long", "phone")}
    assert await counted() == len(NUMBERS)


async def test_the_longest_that_fits_is_taken(city: City, wires: Wires) -> None:
    chat = await wires.ask(name="é" * 100, question="𝄞" * 4000, topic="t" * 100, language="EN-ca")
    row = await ChatSession.objects.aget(pk=chat.id)
    assert (len(row.customer_name), row.language_id) == (100, "en")


async def test_without_a_department_the_default_one_is_asked(city: City, wires: Wires) -> None:
    chats = [await wires.ask(), await wires.ask(department="roads")]
    rows = [await ChatSession.objects.aget(pk=chat.id) for chat in chats]
    assert [row.department_id for row in rows] == [city.general.pk, city.roads.pk]


async def test_closed_departments_and_languages_are_not_offered(city: City, wires: Wires) -> None:
    await sync_to_async(DepartmentFactory)(code="old", is_active=False)
    await sync_to_async(LanguageFactory)(code="la", name="Latin", is_active=False)
    assert refusal(await wires.post(SESSIONS, asked(department="old"))) == (400, "invalid", "department")
    assert refusal(await wires.post(SESSIONS, asked(language="la"))) == (400, "invalid", "language")


# Limits per address ---------------------------------------------------------
async def test_an_address_may_ask_for_so_many_chats_an_hour(city: City, wires: Wires, settings: Settings) -> None:
    settings.LIMIT_CHATS_PER_ADDRESS_HOUR = 2
    request_id = str(uuid.uuid4())
    await wires.ask(id=request_id)
    assert (await wires.post(SESSIONS, asked(id=request_id))).status == 200  # does not count
    await wires.ask()
    refused = await wires.post(SESSIONS, asked())
    assert refusal(refused) == (429, "too_many", None)
    assert 3500 <= refused.json()["retry_after"] <= 3600
    assert refused.headers["retry-after"] == str(refused.json()["retry_after"])
    assert (await wires.post(SESSIONS, asked(id=request_id))).status == 200  # nor is it refused
    raw, headers = json.dumps(asked()).encode(), {"content-type": "application/json"}
    assert (await wires.request("POST", SESSIONS, raw, headers, client="10.9.8.7")).status == 201
    await ChatSession.objects.aupdate(requested_at=timezone.now() - timedelta(hours=1))
    assert (await wires.post(SESSIONS, asked())).status == 201


async def test_addresses_of_one_ipv6_network_count_together(city: City, wires: Wires, settings: Settings) -> None:
    settings.LIMIT_CHATS_PER_ADDRESS_HOUR = 1
    raw, headers = json.dumps(asked()).encode(), {"content-type": "application/json"}
    clients = ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1")
    answers = [await wires.request("POST", SESSIONS, raw, headers, client=client) for client in clients]
    assert [answer.status for answer in answers] == [201, 429, 201]


async def test_zero_lifts_the_limit(city: City, wires: Wires, settings: Settings) -> None:
    settings.LIMIT_CHATS_PER_ADDRESS_HOUR = 0
    assert [(await wires.post(SESSIONS, asked())).status for _ in range(12)] == [201] * 12


def requesting(city: City, **more: str) -> Callable[[], None]:
    request = Request(name="Dana", question="Hello?", department=city.general, language=city.english, **more)
    return lambda: void(request_chat(request, at=NOON))


async def test_the_same_id_ten_times_at_once_is_one_session(city: City) -> None:
    jobs = [requesting(city, request_key="k" * 64, address_key="a" * 64)] * 10
    assert await sync_to_async(race)(jobs) == {"ok": 10}
    assert await counted() == await ChatEvent.objects.acount() == 1


async def test_the_limit_of_an_address_holds_when_it_asks_all_at_once(city: City, settings: Settings) -> None:
    settings.LIMIT_CHATS_PER_ADDRESS_HOUR = 3
    jobs = [requesting(city, address_key="a" * 64)] * 10
    assert await sync_to_async(race)(jobs) == {"ok": 3, "too_many": 7}
    assert await counted() == 3


# Who may ask from a page ----------------------------------------------------
async def test_a_listed_origin_gets_cors_headers_without_credentials(city: City, wires: Wires) -> None:
    for answer in (await wires.get(AVAILABILITY, origin=ORIGIN), await wires.post(SESSIONS, asked(), origin=ORIGIN)):
        assert answer.status in (200, 201)
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "Origin" in answer.headers["vary"]
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_refusal_bears_the_headers_too(city: City, wires: Wires) -> None:
    answer = await wires.post(SESSIONS, asked(name=""), origin=ORIGIN)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (400, ORIGIN)


@pytest.mark.parametrize("path", [AVAILABILITY, SESSIONS, f"{SESSIONS}/{uuid.UUID(int=1)}/frames"])
async def test_a_preflight_is_answered(city: City, wires: Wires, path: str) -> None:
    answer = await wires.request("OPTIONS", path, headers={"origin": ORIGIN})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, ORIGIN)
    method = "GET" if path == AVAILABILITY else "POST"
    assert answer.headers["access-control-allow-methods"] == method
    assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", [STRANGER, "null", "", ORIGIN + "/", "http://localhost:8000.evil.example"])
async def test_an_unlisted_origin_is_refused_before_anything_is_done(city: City, wires: Wires, origin: str) -> None:
    chat = await wires.ask()
    for method, path in (
        ("GET", AVAILABILITY),
        ("OPTIONS", SESSIONS),
        ("POST", SESSIONS),
        ("GET", events_of(chat)),
        ("POST", frames_of(chat)),
    ):
        headers = {"origin": origin, "content-type": "application/json", **bearer(chat)}
        answer = await wires.request(method, path, json.dumps(asked()).encode(), headers)
        assert refusal(answer) == (403, "forbidden_origin", None)
        assert "access-control-allow-origin" not in answer.headers
    assert await counted() == 1


async def test_another_method_is_refused(city: City, wires: Wires) -> None:
    for method, path in (("POST", AVAILABILITY), ("GET", SESSIONS), ("DELETE", SESSIONS), ("PUT", SESSIONS)):
        answer = await wires.request(method, path)
        assert (answer.status, answer.json()["code"]) == (405, "invalid")


# Bad bodies -----------------------------------------------------------------
GOOD = json.dumps(asked()).encode()
BAD_BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "invalid"),
    (b"name=Dana", 400, "invalid"),
    (b"[]", 400, "invalid"),
    (b'"text"', 400, "invalid"),
    (b"null", 400, "invalid"),
    (GOOD[:-1], 400, "invalid"),
    (GOOD.replace(b"Dana", b"Da\\u0000na"), 400, "invalid"),
    (GOOD.replace(b"Dana", b"Da\\ud800na"), 400, "invalid"),
    (GOOD.replace(b"Dana", b"Da\xffna"), 400, "invalid"),
    (GOOD.replace(b"Dana", b"Da\xed\xa0\x80na"), 400, "invalid"),
    (GOOD.replace(b'"Dana"', b"NaN"), 400, "invalid"),
    (GOOD[:-1] + b', "extra": -Infinity}', 400, "invalid"),
    (GOOD[:-1] + b', "extra": "\\u0000"}', 400, "invalid"),
    (GOOD[:-1] + b', "extra": ' + b"9" * 5000 + b"}", 400, "invalid"),
    (b"[" * 30_000, 400, "invalid"),
    (b'{"name":' * 8_000, 400, "invalid"),
    (b'{"name": "' + b"x" * 65_536 + b'"}', 413, "too_large"),
    (b'{"name": "' + b"x" * 10_000_000 + b'"}', 413, "too_large"),
]


@pytest.mark.parametrize(
    ("raw", "status", "code"), BAD_BODIES, ids=[f"{len(each[0])}-{each[0][-12:]!r}" for each in BAD_BODIES]
)
async def test_a_body_that_does_not_fit_changes_nothing(
    city: City, wires: Wires, raw: bytes, status: int, code: str
) -> None:
    chat = await wires.ask()
    for path in (SESSIONS, frames_of(chat)):
        assert refusal(await wires.post(path, raw, **bearer(chat)))[:2] == (status, code)
    assert await counted() == await ChatEvent.objects.acount() == 1


async def test_a_body_without_its_length_is_measured_as_it_comes(city: City, wires: Wires) -> None:
    raw = b'{"name": "' + b"x" * 100_000 + b'"}'
    answer = await wires.request("POST", SESSIONS, raw, {"content-type": "application/json", "content-length": ""})
    assert refusal(answer)[:2] == (413, "too_large")


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
async def test_another_content_type_is_unsupported(city: City, wires: Wires, content_type: str) -> None:
    chat = await wires.ask()
    for path in (SESSIONS, frames_of(chat)):
        headers = {"content-type": content_type, **bearer(chat)}
        answer = await wires.request("POST", path, json.dumps(asked()).encode(), headers)
        assert refusal(answer) == (415, "unsupported", None)


async def test_json_with_its_charset_is_supported(city: City, wires: Wires) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    assert (await wires.request("POST", SESSIONS, json.dumps(asked()).encode(), headers)).status == 201


# Polling --------------------------------------------------------------------
async def test_events_come_after_the_cursor_with_the_state(city: City, wires: Wires) -> None:
    chat, _customer, _desk = await wires.conversation(city.rosa)
    body = (await wires.get(events_of(chat), **bearer(chat))).json()
    assert set(body) == {"events", "state", "position", "estimated_wait_seconds", "last_seq", "server_time"}
    assert [event["seq"] for event in body["events"]] == [1, 2, 3]
    assert (body["state"], body["position"], body["last_seq"]) == ("active", None, 3)
    assert set(body["events"][0]) == {
        *("type", "session", "seq", "id", "kind", "from", "name", "text", "at", "rule", "data"),
    }
    after = (await wires.get(events_of(chat, "?after=2"), **bearer(chat))).json()
    assert after["events"] == body["events"][2:]
    assert (await wires.get(events_of(chat, "?after=3&wait=0"), **bearer(chat))).json()["events"] == []


async def test_while_queued_the_answer_bears_the_position(city: City, wires: Wires) -> None:
    await wires.ask()
    chat = await wires.ask()
    body = (await wires.get(events_of(chat, "?after=1"), **bearer(chat))).json()
    assert (body["state"], body["position"], body["estimated_wait_seconds"]) == ("queued", 2, None)


@pytest.mark.parametrize("name", ["after", "wait"])
@pytest.mark.parametrize("value", ["-1", "1.5", "x", "", "٣", "1e3", "99999999999", "%00"])
async def test_a_bad_argument_is_named(city: City, wires: Wires, name: str, value: str) -> None:
    chat = await wires.ask()
    assert refusal(await wires.get(events_of(chat, f"?{name}={value}"), **bearer(chat))) == (400, "invalid", name)


async def test_an_answer_holds_at_most_200_events(city: City, wires: Wires) -> None:
    chat = await wires.ask()
    await sync_to_async(_write_many)(chat.id, 250)
    first = (await wires.get(events_of(chat), **bearer(chat))).json()
    assert (len(first["events"]), first["last_seq"]) == (200, 251)
    rest = (await wires.get(events_of(chat, "?after=200"), **bearer(chat))).json()
    assert [event["seq"] for event in rest["events"]] == list(range(201, 252))


def _write_many(session_id: UUID, number: int) -> None:
    from chat.actions import append
    from tests.chat.test_append import from_customer

    session = ChatSession.objects.get(pk=session_id)
    append([from_customer(session, f"Message {each}") for each in range(number)])


@pytest.mark.parametrize("wait", ["25", "26", "9999999999"])
async def test_a_waiting_poll_wakes_on_news(city: City, wires: Wires, wait: str) -> None:
    chat, _customer, desk = await wires.conversation(city.rosa)
    poll = asyncio.create_task(wires.get(events_of(chat, f"?after=3&wait={wait}"), **bearer(chat)))
    await _until_polling(chat)
    uid = str(uuid.uuid4())
    await desk.send({"type": "message", "id": uid, "session": chat.session, "text": "On Friday."})
    answer = await asyncio.wait_for(poll, SOON)
    assert [event["id"] for event in answer.json()["events"]] == [uid]


async def test_a_wait_above_25_seconds_counts_as_25() -> None:
    from chat.api import LONGEST_WAIT

    assert LONGEST_WAIT == 25


async def test_a_poll_without_news_ends_empty_when_its_time_is_over(city: City, wires: Wires) -> None:
    chat = await wires.ask()
    body = (await wires.get(events_of(chat, "?after=1&wait=1"), **bearer(chat))).json()
    assert (body["events"], body["state"], body["last_seq"]) == ([], "queued", 1)


async def test_a_newer_poll_ends_the_older_with_an_empty_list(city: City, wires: Wires) -> None:
    chat = await wires.ask()
    older = asyncio.create_task(wires.get(events_of(chat, "?after=1&wait=25"), **bearer(chat)))
    await _until_polling(chat)
    newer = await wires.get(events_of(chat, "?after=0&wait=25"), **bearer(chat))
    answer = await asyncio.wait_for(older, SOON)
    assert (answer.status, answer.json()["events"]) == (200, [])
    assert len(newer.json()["events"]) == 1


async def test_a_token_that_dies_during_a_poll_ends_it_with_401(city: City, wires: Wires) -> None:
    request_id = str(uuid.uuid4())
    chat = await wires.ask(id=request_id)
    older = asyncio.create_task(wires.get(events_of(chat, "?after=1&wait=25"), **bearer(chat)))
    await _until_polling(chat)
    token = (await wires.post(SESSIONS, {"id": request_id})).json()["token"]
    await wires.get(events_of(chat, "?after=0"), **bearer(chat, token))
    assert refusal(await asyncio.wait_for(older, SOON)) == (401, "unauthorized", None)


async def _until_polling(chat: Chat) -> None:
    async with asyncio.timeout(SOON):
        while chat.id not in current_relay().polls:
            await asyncio.sleep(0)


# Frames without a socket ----------------------------------------------------
async def test_each_frame_by_post_gets_one_answer(city: City, wires: Wires) -> None:
    chat, customer, desk = await wires.conversation(city.rosa)
    uid = str(uuid.uuid4())
    said = {"type": "message", "id": uid, "text": "a\r\nb", "ref": "m"}
    ack = await wires.post(frames_of(chat), said, **bearer(chat))
    assert ack.status == 200
    body = ack.json()
    assert (body["type"], body["id"], body["seq"], body["text"], body["ref"]) == ("ack", uid, 4, "a\nb", "m")
    assert (await wires.post(frames_of(chat), {**said, "text": "other"}, **bearer(chat))).json() == body
    assert (await desk.next("event", seq=4))["text"] == "a\nb"
    assert (await customer.next("event", seq=4))["id"] == uid
    for frame in (
        {"type": "typing"},
        {"type": "read", "seq": 3},
        {"type": "resync", "last_seq": 0},
        {"type": "here"},
        {"type": "end"},
        {"type": "end"},
    ):
        answer = await wires.post(frames_of(chat), {**frame, "ref": "r"}, **bearer(chat))
        assert (answer.status, answer.json()) == (200, {"type": "ok", "ref": "r"})
    assert (await desk.next("typing"))["from"] == "customer"
    assert (await desk.next("read"))["seq"] == 3
    assert (await desk.next("event", kind="ended"))["data"] == {"outcome": "customer_ended"}
    late = await wires.post(frames_of(chat), {"type": "message", "id": str(uuid.uuid4()), "text": "?"}, **bearer(chat))
    assert (late.status, late.json()["type"], late.json()["code"]) == (409, "error", "ended")
    assert (await wires.post(frames_of(chat), said, **bearer(chat))).json() == body


async def test_an_id_of_the_other_side_is_invalid(city: City, wires: Wires) -> None:
    chat, _customer, desk = await wires.conversation(city.rosa)
    frame = {"type": "message", "id": str(uuid.uuid4()), "text": "Hello"}
    await desk.send({**frame, "session": chat.session})
    await desk.next("ack")
    answer = await wires.post(frames_of(chat), frame, **bearer(chat))
    assert (answer.status, answer.json()["code"], answer.json()["field"]) == (400, "invalid", "id")


@pytest.mark.parametrize(
    ("frame", "status", "code"),
    [
        ({"type": "hello", "session": "x", "token": "x", "last_seq": 0}, 400, "invalid"),
        ({"type": "accept"}, 400, "invalid"),
        ({"type": "rate", "score": "5"}, 400, "invalid"),
        ({}, 400, "invalid"),
        ({"type": "message", "text": "Hello"}, 400, "invalid"),
        ({"type": "message", "id": str(uuid.uuid4()), "text": "x" * 4001}, 400, "too_long"),
        ({"type": "read"}, 400, "invalid"),
        ({"type": "read", "seq": -1}, 400, "invalid"),
        ({"type": "resync"}, 400, "invalid"),
        ({"type": "typing", "ref": "x" * 65}, 400, "invalid"),
        ({"type": "typing", "ref": 5}, 400, "invalid"),
    ],
)
async def test_a_frame_that_does_not_fit_is_refused_with_its_status(
    city: City, wires: Wires, frame: dict[str, Any], status: int, code: str
) -> None:
    chat = await wires.ask()
    answer = await wires.post(frames_of(chat), frame, **bearer(chat))
    assert answer.json()["type"] == "error"
    assert refusal(answer)[:2] == (status, code)
    assert await ChatEvent.objects.acount() == 1


async def test_too_many_frames_are_told_to_slow_down(
    city: City, wires: Wires, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.limits.LIMIT_WINDOW", 3600.0)
    settings.LIMIT_MESSAGES_WARN, settings.LIMIT_MESSAGES_CLOSE = 2, 3
    chat = await wires.ask()
    answers = []
    for number in range(4):
        frame = {"type": "message", "id": str(uuid.uuid4()), "text": "Hello", "ref": str(number)}
        answers.append((frame, await wires.post(frames_of(chat), frame, **bearer(chat))))
    assert [answer.status for _frame, answer in answers] == [200, 200, 429, 429]
    for (frame, answer), code in zip(answers[2:], ("slow_down", "too_many"), strict=True):
        body = answer.json()
        assert (body["type"], body["code"], body["ref"], body["id"]) == ("error", code, frame["ref"], frame["id"])
        assert 3500 <= body["retry_after"] <= 3600
    assert await ChatEvent.objects.acount() == 3


# The database goes away -----------------------------------------------------
async def test_a_lost_database_is_unavailable_and_the_next_try_goes_well(city: City, wires: Wires) -> None:
    chat = await wires.ask()
    await wires.get(events_of(chat), **bearer(chat))
    await _cut_the_readers_off()
    answers = [await wires.get(events_of(chat), **bearer(chat)) for _ in range(8)]
    refused = [answer for answer in answers if answer.status != 200]
    assert {refusal(answer) for answer in refused} == {(503, "unavailable", None)}
    assert len(refused) <= READERS  # each reader once


async def test_a_socket_outlives_a_lost_database(city: City, wires: Wires, settings: Settings) -> None:
    settings.LIMIT_MESSAGES_WARN = settings.LIMIT_MESSAGES_CLOSE = 0
    chat = await wires.ask()
    socket = await wires.customer(chat)
    await socket.nothing_more()
    codes: list[str] = []
    for cut in range(5):  # a reader that was cut off may have served the relay's own news before it serves the frame
        await _cut_the_readers_off()
        codes = [await _end(socket, f"{cut} {number}") for number in range(8)]
        assert codes.count("unavailable") <= READERS
        if "unavailable" in codes:
            break
    assert set(codes) == {"unavailable", "ok"}
    assert (await ChatSession.objects.aget(pk=chat.id)).status == "ended"


async def _end(socket: Wire, ref: str) -> str:
    """Ask for the end; return the code of the answer, `ok` where it is none."""
    await socket.send({"type": "end", "ref": ref})
    answer = await socket.where(lambda frame: frame.get("ref") == ref)
    return str(answer.get("code", "ok"))


async def _cut_the_readers_off() -> None:
    """End, on the server, every connection through which the relay reads."""
    await current_relay().cycle()  # what it was about to read is read
    everybody = Barrier(READERS)  # each reader is asked once
    pids = await asyncio.gather(*(current_relay().read(_own_pid, everybody) for _ in range(READERS)))
    assert len(set(pids)) == READERS
    await sync_to_async(_end_connections)(pids)


def _own_pid(everybody: Barrier) -> int:
    everybody.wait(SOON)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
        return pid


def _end_connections(pids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", [pids])


# Who has no business here ---------------------------------------------------
async def test_unknown_foreign_wrong_and_dead_all_look_the_same(city: City, wires: Wires) -> None:
    chat, other, dead = await wires.ask(), await wires.ask(), await wires.ask()
    await wires.post(frames_of(dead), {"type": "end"}, **bearer(dead))
    late = timezone.now() - timedelta(minutes=30)
    await ChatSession.objects.filter(pk=dead.id).aupdate(ended_at=late)
    unknown = Chat({"session": str(uuid.uuid4()), "token": chat.token})
    seen = set()
    for which, headers in (
        (unknown, bearer(chat)),
        (chat, bearer(other)),
        (chat, bearer(chat, "x" * 43)),
        (chat, bearer(chat, chat.token + "x")),
        (dead, bearer(dead)),
    ):
        for answer in (
            await wires.get(events_of(which), **headers),
            await wires.post(frames_of(which), {"type": "here"}, **headers),
        ):
            seen.add((answer.status, answer.body, answer.headers["www-authenticate"]))
    assert len(seen) == 1
    status, body, scheme = seen.pop()
    assert (status, json.loads(body)["code"], scheme) == (401, "unauthorized", "Bearer")


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", "Basic abc", "token"])
async def test_without_a_token_nothing_opens(city: City, wires: Wires, value: str | None) -> None:
    chat = await wires.ask()
    headers = {} if value is None else {"authorization": value}
    assert refusal(await wires.get(events_of(chat), **headers)) == (401, "unauthorized", None)
    assert refusal(await wires.post(frames_of(chat), {"type": "end"}, **headers)) == (401, "unauthorized", None)
    assert (await ChatSession.objects.aget(pk=chat.id)).ended_at is None


async def test_the_token_opens_the_chat_for_thirty_minutes_after_its_end(city: City, wires: Wires) -> None:
    chat = await wires.ask()
    await wires.post(frames_of(chat), {"type": "end"}, **bearer(chat))
    await ChatSession.objects.filter(pk=chat.id).aupdate(ended_at=timezone.now() - timedelta(minutes=29))
    answer = await wires.get(events_of(chat), **bearer(chat))
    assert (answer.status, answer.json()["state"]) == (200, "ended")


async def test_refusals_are_said_in_the_language_of_the_chat(city: City, wires: Wires) -> None:
    await sync_to_async(LanguageFactory)(code="es", name="Español")
    nameless = await wires.post(SESSIONS, asked(language="es", name=" "))
    assert nameless.json()["detail"] == "Escriba su nombre, para que sepamos cómo dirigirnos a usted."
    chat = await wires.ask(language="es")
    over_http = await wires.post(frames_of(chat), {"type": "message", "id": "no id", "text": "x"}, **bearer(chat))
    assert over_http.json()["detail"] == "id debe ser un UUID."
    customer = await wires.customer(chat)
    message = {"type": "message", "id": str(uuid.uuid4()), "text": "Hola"}
    await customer.send({"type": "end"})
    await customer.next("ok")
    await customer.send(message)  # refused where it would have been written, on another thread
    refused = await customer.next("error")
    assert refused["detail"] == "Este chat ha terminado. Su texto no se envió."
