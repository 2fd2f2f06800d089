"""What who waits may choose, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from agents.models import Language
from chat.actions import Choice, Option, Request, accept, choose, place_on_hold, request_chat
from chat.commands_waiting import choice_of
from chat.models import ChatSession
from chat.timers import act_on_due_timers
from chat.transcripts import transcript
from contactcenter.cases.actions import finish_task
from contactcenter.cases.models import Contact, Task
from contactcenter.lib.errors import DomainError, Invalid
from policies.models import ScreeningWord
from policies.words import forget_words
from tests.chat.conftest import NOON, City
from tests.policies.factories import adopt, calendar
from tests.wire import Wires

PHONE, EMAIL = "416-555-0123", "dana@resident.example"


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def policy(db: None) -> None:
    calendar()  # noon is 12:00 of a Tuesday, open until 16:30
    adopt("DF-HOLD", seconds=120, callback_minutes=120, message_days=1)


@pytest.fixture
def waiting(city: City, policy: None) -> ChatSession:
    return request_chat(Request("Dana", "A private matter", city.general, city.english), at=NOON).session


@pytest.fixture
def held(city: City, waiting: ChatSession) -> ChatSession:
    adopt("EM-HOLD")
    accept(waiting.pk, agent_id=city.rosa.pk, at=after(10))
    return place_on_hold(waiting.pk, agent_id=city.rosa.pk, at=after(20))


def pick(session: ChatSession, option: str, *, at: datetime = NOON, **more: str) -> None:
    choose(session.pk, Choice(Option(option), **more), token_digest=session.token_digest, at=at)
    session.refresh_from_db()


def chosen(session: ChatSession) -> list[str]:
    events = session.events.filter(kind="chosen").order_by("seq")
    return [event.data["option"] for event in events]


# Wait, and another person -----------------------------------------------------------
@pytest.mark.rule("DF-HOLD")
def test_who_goes_on_waiting_keeps_the_place_and_the_next_choice(waiting: ChatSession) -> None:
    act_on_due_timers(at=after(120))
    pick(waiting, "wait", at=after(130))
    pick(waiting, "wait", at=after(131))
    assert chosen(waiting) == ["wait"]
    assert (waiting.status, waiting.queued_at, waiting.choice_deadline) == ("queued", NOON, after(240))
    act_on_due_timers(at=after(240))
    pick(waiting, "wait", at=after(250))
    assert chosen(waiting) == ["wait", "wait"]


@pytest.mark.rule("DF-HOLD")
def test_who_wants_another_person_is_offered_beyond_the_department_and_keeps_the_place(waiting: ChatSession) -> None:
    pick(waiting, "another")
    pick(waiting, "another")
    assert chosen(waiting) == ["another"]
    assert (waiting.is_for_all, waiting.status, waiting.queued_at) == (True, "queued", NOON)


# Call backs and messages ---------------------------------------------------------------
@pytest.mark.rule("DF-HOLD")
def test_a_call_back_is_one_task_due_in_office_minutes(city: City, waiting: ChatSession) -> None:
    pick(waiting, "callback", phone=PHONE)
    pick(waiting, "callback", phone=PHONE)
    task, contact = Task.objects.get(), Contact.objects.get()
    assert (task.kind, task.department, task.language_id, task.text) == ("call_back", city.general, "en", "")
    assert task.due_at == after(120 * 60)
    assert (task.rule, task.rule_version.number, task.calendar_version is not None) == ("DF-HOLD", 1, True)
    assert (task.customer.name, task.customer.phone, task.contact) == ("Dana", PHONE, contact)
    assert (contact.channel, contact.direction, contact.purpose) == ("chat", "in", "call_back")
    event = waiting.events.get(kind="chosen")
    assert (event.side, event.rule) == ("customer", "DF-HOLD")
    assert datetime.fromisoformat(event.data["due_at"]) == task.due_at
    assert "Tuesday 24 November 2026, 2:00 PM" in event.text
    assert waiting.status == "queued"
    [note] = waiting.staff_events.all()
    due_at = "2026-11-24T14:00:00-05:00"
    assert (note.kind, note.data) == ("chosen", {"option": "callback", "task": task.pk, "due_at": due_at})


@pytest.mark.rule("DF-HOLD")
def test_a_message_is_one_task_due_in_business_days(waiting: ChatSession) -> None:
    pick(waiting, "message", text="My bin is gone.", email=EMAIL)
    pick(waiting, "message", text="My bin is gone.", email=EMAIL)
    task = Task.objects.get()
    assert (task.kind, task.text, task.customer.email) == ("message", "My bin is gone.", EMAIL)
    assert task.due_at.isoformat() == "2026-11-25T21:30:00+00:00"  # closing time of the next business day
    assert chosen(waiting) == ["message"]


@pytest.mark.rule("DF-HOLD")
def test_the_due_times_are_rows(waiting: ChatSession) -> None:
    adopt("DF-HOLD", seconds=120, callback_minutes=30, message_days=2)
    pick(waiting, "callback", phone=PHONE)
    pick(waiting, "message", text="Hello", phone=PHONE)
    call, message = Task.objects.order_by("kind")
    assert call.due_at == after(30 * 60)
    assert message.due_at.isoformat() == "2026-11-26T21:30:00+00:00"


@pytest.mark.rule("DF-HOLD")
def test_a_supervisor_reads_which_choice_it_was_and_by_when_it_is_due(waiting: ChatSession) -> None:
    calendar(zone="America/Vancouver")
    pick(waiting, "callback", phone=PHONE, at=after(3600 * 2))
    pick(waiting, "message", text="My bin is gone.", email=EMAIL, at=after(3600 * 2))
    pick(waiting, "message", text="It was green.", email=EMAIL, at=after(3600 * 2))
    message = "The resident left a message, due by Wednesday 25 November 2026, 16:30."
    assert [line.text for line in transcript(waiting) if line.kind == "note"] == [
        "The resident asked to be called back, due by Tuesday 24 November 2026, 13:00.",
        message,
        message,
    ]


def test_nothing_of_how_they_are_reached_stands_in_the_chat_and_nothing_of_the_chat_in_the_task(
    waiting: ChatSession,
) -> None:
    pick(waiting, "callback", phone=PHONE)
    pick(waiting, "message", text="Please write.", email=EMAIL)
    said = json.dumps(list(waiting.events.values_list("text", "data")))
    said += json.dumps(list(waiting.staff_events.values_list("text", "data")))
    for word in (PHONE, EMAIL, "Please write"):
        assert word not in said
    kept = json.dumps(list(Task.objects.values_list("text", "source_key", "result_note", "topic_code")))
    assert "private" not in kept
    assert str(waiting.pk) not in kept


def test_a_corrected_number_is_the_one_that_is_called_at_the_same_due_time(waiting: ChatSession) -> None:
    pick(waiting, "callback", phone=PHONE)
    pick(waiting, "callback", phone="416-555-0199", at=after(600))
    task = Task.objects.get()
    assert (task.customer.phone, task.due_at) == ("416-555-0199", after(120 * 60))
    assert chosen(waiting) == ["callback", "callback"]


def test_what_is_added_to_a_message_is_kept_with_it(waiting: ChatSession) -> None:
    pick(waiting, "message", text="My bin is gone.", email=EMAIL)
    pick(waiting, "message", text="It was green.", email=EMAIL)
    pick(waiting, "message", text="It was", email=EMAIL)
    pick(waiting, "message", text="It was green.", email=EMAIL)
    assert Task.objects.get().text == "My bin is gone.\n\nIt was green.\n\nIt was"
    for _time in range(2):
        pick(waiting, "message", text="x" * 4000, email=EMAIL)
    pick(waiting, "message", text="y" * 4000, email=EMAIL)
    with pytest.raises(DomainError) as refusal:
        pick(waiting, "message", text="z" * 4000, email=EMAIL)
    assert refusal.value.code == "too_long"


DONE: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("callback", {"phone": PHONE}, {"phone": "416-555-0199"}),
    ("callback", {"phone": PHONE}, {"phone": PHONE}),
    ("message", {"text": "My bin is gone.", "email": EMAIL}, {"text": "It is still gone.", "email": EMAIL}),
    ("message", {"text": "My bin is gone.", "email": EMAIL}, {"text": "My bin is gone.", "email": EMAIL}),
]


@pytest.mark.rule("DF-HOLD")
@pytest.mark.parametrize(("option", "first", "second"), DONE)
def test_who_asks_again_after_the_first_was_done_gets_another_task_due_anew_and_is_told(
    city: City, waiting: ChatSession, option: str, first: dict[str, str], second: dict[str, str]
) -> None:
    adopt("DF-HOLD", seconds=120, callback_minutes=60, message_days=1)
    day = timedelta(days=1)
    pick(waiting, option, **first)
    done = Task.objects.get()
    finish_task(done.pk, by=city.rosa, result="answered", at=after(60))
    for _twice in range(2):
        pick(waiting, option, at=NOON + day, **second)
    done.refresh_from_db()
    task = Task.objects.open().get()
    assert (done.text, done.customer.phone) == (first.get("text", ""), first.get("phone", ""))
    assert (task.text, task.customer.phone) == (second.get("text", ""), second.get("phone", ""))
    assert (task.due_at, task.contact.at) == (done.due_at + day, NOON + day)
    told = waiting.events.filter(kind="chosen").order_by("seq")
    assert [datetime.fromisoformat(event.data["due_at"]) for event in told] == [done.due_at, task.due_at]
    assert [note.data["task"] for note in waiting.staff_events.order_by("n")] == [done.pk, task.pk]


@pytest.fixture
def fresh_words() -> Iterator[None]:
    yield
    forget_words()


@pytest.mark.usefixtures("fresh_words")
def test_a_message_is_screened_as_every_text_is(waiting: ChatSession) -> None:
    adopt("EM-911", life_number="911", non_emergency_number="", city_number="")
    adopt("EM-PAY", page="https://pay.example/", phone="")
    ScreeningWord.objects.create(language="en", kind="life", phrase="fire at my house")
    forget_words()
    text = "Fire at my house, card 4111 1111 1111 1111"
    pick(waiting, "message", text=text, phone=PHONE)
    assert "4111" not in Task.objects.get().text
    assert {"EM-911", "EM-PAY"} <= set(waiting.events.filter(kind="notice").values_list("rule", flat=True))
    assert waiting.emergency == "life"


def test_the_sentence_is_in_the_residents_language(waiting: ChatSession) -> None:
    Language.objects.create(code="fr", name="Français")
    ChatSession.objects.filter(pk=waiting.pk).update(language_id="fr")
    pick(waiting, "callback", phone=PHONE)
    assert "mardi 24 novembre 2026" in waiting.events.get(kind="chosen").text


# On hold --------------------------------------------------------------------------------
@pytest.mark.rule("DF-HOLD")
def test_on_hold_the_same_choices_hold_and_the_chat_stays_on_hold(held: ChatSession) -> None:
    pick(held, "callback", phone=PHONE, at=after(30))
    pick(held, "wait", at=after(31))
    assert (held.status, Task.objects.count(), chosen(held)) == ("on_hold", 1, ["callback", "wait"])


@pytest.mark.rule("DF-HOLD")
def test_on_hold_another_person_is_looked_for_and_the_agent_keeps_the_chat(city: City, held: ChatSession) -> None:
    pick(held, "another", at=after(30))
    pick(held, "another", at=after(31))
    transfer = held.passed.get()
    assert (transfer.reason, transfer.to_department, transfer.from_agent) == ("choice", city.general, city.rosa)
    assert (held.status, held.agent, chosen(held)) == ("on_hold", city.rosa, ["another"])


# When there is nothing to choose ------------------------------------------------------------
OPTIONS: list[dict[str, Any]] = [
    {"option": "wait"},
    {"option": "another"},
    {"option": "message", "text": "Hello", "email": EMAIL},
    {"option": "callback", "phone": PHONE},
]


@pytest.mark.parametrize("more", OPTIONS, ids=lambda more: more["option"])
def test_who_does_not_wait_chooses_nothing(city: City, waiting: ChatSession, more: dict[str, Any]) -> None:
    accept(waiting.pk, agent_id=city.rosa.pk, at=after(10))
    with pytest.raises(DomainError) as refusal:
        pick(waiting, **more)
    assert refusal.value.code == "wrong_state"
    assert (chosen(waiting), Task.objects.count()) == ([], 0)


def test_where_the_rule_is_not_adopted_there_is_nothing_to_choose(city: City) -> None:
    session = request_chat(Request("Dana", "Hello", city.general, city.english), at=NOON).session
    with pytest.raises(DomainError) as refusal:
        pick(session, "callback", phone=PHONE)
    assert refusal.value.code == "wrong_state"


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ({}, "option"),
        ({"option": "fly"}, "option"),
        ({"option": ["wait"]}, "option"),
        ({"option": "callback"}, "phone"),
        ({"option": "callback", "phone": "call me"}, "phone"),
        ({"option": "callback", "phone": 5550100}, "phone"),
        ({"option": "callback", "phone": "123"}, "phone"),
        ({"option": "message", "email": EMAIL}, "text"),
        ({"option": "message", "text": " ", "email": EMAIL}, "text"),
        ({"option": "message", "text": "Hello"}, "email"),
        ({"option": "message", "text": "Hello", "email": "dana"}, "email"),
        ({"option": "message", "text": "Hello", "phone": "12"}, "phone"),
    ],
)
def test_a_choice_that_lacks_something_is_refused_with_what_to_do(frame: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        choice_of({"type": "choose", **frame})
    assert refusal.value.more["field"] == field
    assert refusal.value.detail.endswith(".")


# Over the wire --------------------------------------------------------------------------------
@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("DF-HOLD")
async def test_a_choice_over_the_socket_and_over_http_is_one_task(city: City, wires: Wires) -> None:
    await sync_to_async(adopt)("DF-HOLD", seconds=120, callback_minutes=120, message_days=1)
    chat = await wires.ask()
    customer = await wires.customer(chat)
    await customer.send({"type": "choose", "option": "callback", "phone": PHONE, "ref": "a"})
    event = await customer.next("event", kind="chosen")
    await customer.next("ok", ref="a")
    assert (event["from"], event["data"]["option"]) == ("customer", "callback")
    frame = {"type": "choose", "option": "callback", "phone": PHONE, "ref": "b"}
    headers = {"authorization": f"Bearer {chat.token}"}
    answer = await wires.post(f"/api/v1/chat/sessions/{chat.session}/frames", frame, **headers)
    assert (answer.status, answer.json()) == (200, {"type": "ok", "ref": "b"})
    assert await Task.objects.acount() == 1
    frame["phone"] = "no number"
    refused = await wires.post(f"/api/v1/chat/sessions/{chat.session}/frames", frame, **headers)
    assert (refused.status, refused.json()["field"]) == (400, "phone")


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_who_accepts_a_chat_reads_what_was_asked_for_before(city: City, wires: Wires) -> None:
    await sync_to_async(adopt)("DF-HOLD", seconds=120, callback_minutes=120, message_days=1)
    chat = await wires.ask()
    customer = await wires.customer(chat)
    await customer.send({"type": "choose", "option": "callback", "phone": PHONE, "ref": "a"})
    await customer.next("ok", ref="a")
    task = await Task.objects.aget()
    desk = await wires.desk(city.rosa)
    await desk.send({"type": "accept", "session": chat.session, "ref": "b"})
    entry = await desk.next("staff_event", kind="chosen")
    assert (entry["data"]["option"], entry["data"]["task"]) == ("callback", task.pk)
    assert datetime.fromisoformat(entry["data"]["due_at"]) == task.due_at
