"""Card numbers, through the whole chat: masked before they are stored, wherever and however they are typed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from agents.models import Agent
from chat.actions import Draft, Result, append
from chat.actions.screened import redact
from chat.models import ChatEvent, ChatSession, Side
from chat.rows import EventRow
from contactcenter.lib.hashing import digest
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import ActiveSessionFactory
from tests.needles import texts_in_database, texts_in_valkey, where_digits
from tests.policies.factories import adopt
from tests.policies.payment_numbers import BRANDS, card
from tests.wire import Chat, Frame, Wire, Wires

pytestmark = pytest.mark.rule("EM-PAY")
SECOND = timedelta(seconds=1)
VISA = "4111111111111111"


def cards() -> list[str]:
    """Return one number of each of the eight brands, of its usual length."""
    random = Random(4)
    usual = {"American Express": 15, "Diners Club": 14}
    return [card(random, prefixes.split()[0], usual.get(brand, 16)) for brand, (prefixes, _) in BRANDS.items()]


def grouped(sign: str) -> Callable[[str], list[str]]:
    return lambda number: [sign.join(number[place : place + 4] for place in range(0, len(number), 4))]


def from_zero(zero: str) -> Callable[[str], list[str]]:
    return lambda number: ["".join(chr(ord(zero) + int(digit)) for digit in number)]


FORMATS: dict[str, Callable[[str], list[str]]] = {
    "none": grouped(""),
    "blank": grouped(" "),
    "dash": grouped("-"),
    "dot": grouped("."),
    "NBSP": grouped("\u00a0"),
    "full-width": from_zero("０"),
    "Arabic-Indic": from_zero("٠"),
    "line break": lambda number: [f"{number[:8]}\n{number[8:]}"],
    "two messages": lambda number: [number[:8], number[8:]],
}


def masked(text: str) -> str:
    return "".join("•" if letter.isdigit() else letter for letter in text)


def halves(numbers: list[str]) -> list[str]:
    return [half for number in numbers for half in (number[:8], number[8:]) if len(half) >= 6]


def unmasked(numbers: list[str]) -> list[str]:
    """Return where halves of the numbers are left."""
    found = where_digits(halves(numbers), texts_in_database())
    return found + where_digits(halves(numbers), texts_in_valkey())


def message(text: str, session: str | None = None, uid: str | None = None) -> Frame:
    frame = {"type": "message", "id": uid or str(uuid.uuid4()), "text": text}
    return {**frame, "session": session} if session else frame


@pytest.fixture
def no_limits(settings: Settings) -> None:
    settings.LIMIT_CHATS_PER_ADDRESS_HOUR = settings.LIMIT_MESSAGES_WARN = settings.LIMIT_MESSAGES_CLOSE = 0
    settings.LIMIT_SOCKETS_PER_ADDRESS = 0


async def open_chat(wires: Wires, desk: Wire, **fields: Any) -> tuple[Chat, Wire]:
    chat = await wires.ask(**fields)
    customer = await wires.customer(chat)
    await desk.send({"type": "accept", "session": chat.session, "ref": "accept"})
    await desk.next("ok", ref="accept")
    await customer.next("event", kind="joined")
    await desk.next("event", session=chat.session, kind="joined")
    return chat, customer


async def events_by_poll(wires: Wires, chat: Chat) -> list[Frame]:
    path = f"/api/v1/chat/sessions/{chat.session}/events"
    answer = await wires.get(path, authorization=f"Bearer {chat.token}")
    events: list[Frame] = answer.json()["events"]
    return events


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
class TestThroughTheChat:
    @pytest.fixture
    def agent(self, city: City, no_limits: None) -> Agent:
        adopt("EM-PAY", page="https://pay.example", phone="555-0111")
        return online_agent("Eve", city.general, seats=20)

    @pytest.mark.parametrize("form", FORMATS)
    async def test_a_residents_card_of_any_brand_is_masked_everywhere(
        self, agent: Agent, wires: Wires, form: str
    ) -> None:
        desk = await wires.desk(agent)
        for number in cards():
            chat, customer = await open_chat(wires, desk)
            pieces = FORMATS[form](number)
            for piece in pieces:
                await customer.send(message(piece))
                ack = await customer.next("ack")
                event = await desk.next("event", session=chat.session, seq=ack["seq"])
            assert (ack["text"], event["text"]) == (masked(pieces[-1]), masked(pieces[-1]))
            polled = [event["text"] for event in await events_by_poll(wires, chat) if event["from"] == "customer"]
            assert polled[1:] == [masked(piece) for piece in pieces]
            if len(pieces) > 1:
                for wire in (customer, desk):
                    told = await wire.next("event", session=chat.session, kind="redacted")
                    frame = await wire.next("redacted", session=chat.session)
                    assert told["data"] == {"seq": ack["seq"] - 1, "text": masked(pieces[0])}
                    assert (frame["seq"], frame["text"]) == (ack["seq"] - 1, masked(pieces[0]))
        assert await sync_to_async(unmasked)(cards()) == []

    @pytest.mark.parametrize("form", ["blank", "Arabic-Indic", "two messages"])
    async def test_an_agents_card_is_masked_too(self, agent: Agent, wires: Wires, form: str) -> None:
        desk = await wires.desk(agent)
        for number in cards()[:3]:
            chat, customer = await open_chat(wires, desk)
            pieces = FORMATS[form](number)
            for piece in pieces:
                await desk.send(message(piece, chat.session))
                ack = await desk.next("ack")
                event = await customer.next("event", seq=ack["seq"])
            assert (ack["text"], event["text"]) == (masked(pieces[-1]), masked(pieces[-1]))
            if len(pieces) > 1:
                assert (await customer.next("redacted"))["text"] == masked(pieces[0])
                assert (await desk.next("redacted", session=chat.session))["text"] == masked(pieces[0])
        assert await sync_to_async(unmasked)(cards()) == []

    @pytest.mark.parametrize("form", [form for form in FORMATS if form != "two messages"])
    async def test_question_name_and_topic_are_masked(self, agent: Agent, wires: Wires, form: str) -> None:
        desk = await wires.desk(agent)
        for number in cards()[:2]:
            [text] = FORMATS[form](number)
            chat, _customer = await open_chat(wires, desk, question=f"Charge {text}!", name=text, topic=text)
            question = (await events_by_poll(wires, chat))[0]
            assert (question["text"], question["name"]) == (f"Charge {masked(text)}!", masked(text))
            session = await sync_to_async(ChatSession.objects.get)(pk=chat.id)
            assert (session.customer_name, session.topic) == (masked(text), masked(text))
        assert await sync_to_async(unmasked)(cards()) == []

    @pytest.mark.parametrize(
        ("field", "value"), [("email", f"{VISA}@example.com"), ("phone", "4111 1111 1111 1111"), ("phone", VISA)]
    )
    async def test_what_cannot_be_masked_is_refused_when_it_holds_a_card(
        self, agent: Agent, wires: Wires, field: str, value: str
    ) -> None:
        body = {"name": "Dana", "question": "Hello?", "language": "en", field: value}
        answer = await wires.post("/api/v1/chat/sessions", body)
        assert (answer.status, answer.json()["code"], answer.json()["field"]) == (400, "invalid", field)
        assert await sync_to_async(unmasked)([VISA]) == []
        assert not await sync_to_async(ChatSession.objects.exists)()

    async def test_over_http_the_answer_bears_the_masked_text(self, agent: Agent, wires: Wires) -> None:
        chat = await wires.ask()
        path, key = f"/api/v1/chat/sessions/{chat.session}/frames", {"authorization": f"Bearer {chat.token}"}
        answer = await wires.post(path, message(f"It is {VISA}"), **key)
        assert answer.json()["text"] == "It is " + "•" * 16
        assert await sync_to_async(unmasked)([VISA]) == []

    async def test_a_resync_after_a_redaction_brings_masked_texts_alone(self, agent: Agent, wires: Wires) -> None:
        desk = await wires.desk(agent)
        chat, customer = await open_chat(wires, desk)
        first = message(VISA[:8])
        for frame in (first, message(VISA[8:])):
            await customer.send(frame)
            await customer.next("ack")
        await customer.next("redacted")
        await desk.next("redacted")
        for wire, more in ((customer, {}), (desk, {"session": chat.session})):
            await wire.nothing_more()
            await wire.send({"type": "resync", "last_seq": 0, "ref": "r", **more})
            again = []
            while (frame := await wire.receive())["type"] != "ok":
                again.append(frame)
            assert [frame["seq"] for frame in again if frame["type"] == "event"] == list(range(1, 8))
            assert [frame["text"] for frame in again if frame["type"] == "redacted"] == ["•" * 8]
            assert "1111" not in str([frame.get("text") for frame in again])
        await customer.send(first)
        assert (await customer.next("ack"))["text"] == "•" * 8


# In one batch, and where a number ends ------------------------------------------------
@pytest.fixture
def session(city: City) -> ChatSession:
    made: ChatSession = ActiveSessionFactory(department=city.general, agent=city.rosa, token_digest=digest("a token"))
    return made


def resident(session: ChatSession, text: str, *, after: timedelta = timedelta(), uid: Any = None) -> Draft:
    uid = uid or uuid.uuid4()
    return Draft(session.pk, uid, Side.CUSTOMER, text, NOON + after, token_digest=session.token_digest)


def agent(session: ChatSession, text: str, *, after: timedelta = timedelta()) -> Draft:
    return Draft(session.pk, uuid.uuid4(), Side.AGENT, text, NOON + after, agent_id=session.agent_id, name="Rosa")


def texts(session: ChatSession) -> list[str]:
    return list(session.events.filter(kind="message").order_by("seq").values_list("text", flat=True))


def kinds(session: ChatSession) -> list[str]:
    return list(session.events.order_by("seq").values_list("kind", flat=True))


def stored(results: list[Result]) -> list[tuple[str, bool]]:
    assert [result.error for result in results] == [None] * len(results)
    return [(result.event.text, result.event.is_changed) for result in results if result.event]


def test_both_pieces_in_one_batch_are_masked_before_anybody_saw_them(session: ChatSession) -> None:
    results = append([resident(session, VISA[:8]), resident(session, VISA[8:])])
    assert stored(results) == [("•" * 8, True)] * 2
    assert kinds(session) == ["message", "message"]


def test_a_word_of_the_other_side_between_the_pieces_changes_nothing(session: ChatSession) -> None:
    append([resident(session, VISA[:8]), agent(session, "Please do not."), resident(session, VISA[8:])])
    assert texts(session) == ["•" * 8, "Please do not.", "•" * 8]


def test_pieces_of_two_senders_are_no_number(session: ChatSession) -> None:
    append([resident(session, VISA[:8]), agent(session, VISA[8:])])
    append([resident(session, "Hello")])
    assert texts(session) == [VISA[:8], VISA[8:], "Hello"]


@pytest.mark.parametrize(("seconds", "is_joined"), [(59, True), (60, False), (3600, False)])
@pytest.mark.parametrize("is_one_batch", [True, False])
def test_pieces_are_joined_within_a_minute(
    session: ChatSession, seconds: int, is_joined: bool, is_one_batch: bool
) -> None:
    drafts = [resident(session, VISA[:8]), resident(session, VISA[8:], after=seconds * SECOND)]
    for batch in [drafts] if is_one_batch else [[draft] for draft in drafts]:
        append(batch)
    assert texts(session) == (["•" * 8] * 2 if is_joined else [VISA[:8], VISA[8:]])


def test_a_number_in_four_messages_is_masked_in_each(session: ChatSession) -> None:
    for place in range(0, 16, 4):
        append([resident(session, VISA[place : place + 4], after=place * SECOND)])
    assert texts(session) == ["••••"] * 4
    assert kinds(session) == ["message"] * 4 + ["redacted"] * 3
    assert not ChatEvent.objects.filter(text__contains="1").exists()


def test_a_piece_that_is_completed_twice_is_masked_twice_and_so_is_what_was_said_of_it(session: ChatSession) -> None:
    one, two = "5500 0000 0000 0004", "4111 1111 1111 1111"
    append([resident(session, f"{two[:9]} or {one[:9]}")])
    append([resident(session, one[10:], after=SECOND)])
    first = session.events.get(kind="redacted")
    assert first.data["text"] == "4111 1111 or •••• ••••"
    assert texts(session)[0] == "4111 1111 or •••• ••••"
    row = session.events.get(seq=1)
    event = EventRow(session.pk, 1, row.uid, row.kind, row.side, None, row.name, row.text, True, row.at)
    redact(event, "•••• •••• or •••• ••••", at=NOON + 2 * SECOND)
    first.refresh_from_db()
    assert first.data == {"seq": 1, "text": "•••• •••• or •••• ••••"}


def test_a_batch_that_completes_the_same_stored_piece_twice_is_stored(session: ChatSession) -> None:
    append([resident(session, "1234 4111 1111")])
    results = append([resident(session, "1111 1111", after=SECOND), resident(session, "1111 1111", after=2 * SECOND)])
    assert [result.error for result in results] == [None, None]
    assert texts(session)[0] == "1234 •••• ••••"
    assert [event.data["text"] for event in session.events.filter(kind="redacted")] == ["1234 •••• ••••"]


def test_the_same_id_after_a_redaction_answers_the_masked_text(session: ChatSession) -> None:
    uid = uuid.uuid4()
    append([resident(session, VISA[:8], uid=uid)])
    append([resident(session, VISA[8:])])
    assert stored(append([resident(session, VISA[:8], uid=uid)])) == [("•" * 8, True)]
    assert len(texts(session)) == 2
