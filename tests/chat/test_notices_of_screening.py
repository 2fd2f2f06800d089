"""What follows from a screened text: where to pay, whom to call, what staff are told, and what a city's rows change."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from agents.models import Language
from chat.actions import Draft, Request, append, request_chat
from chat.actions.sessions import end_as_agent
from chat.models import ChatEvent, ChatSession, Side, StaffEvent, Wording
from chat.states import Status
from chat.timers import act_on_due_timers
from contactcenter.lib.errors import DomainError
from contactcenter.lib.hashing import digest
from policies.models import ScreeningWord
from policies.words import forget_words
from tests.chat.conftest import NOON, City
from tests.chat.test_cards_in_chat import VISA, message
from tests.factories import ActiveSessionFactory, WordingFactory
from tests.policies.factories import adopt, keep_chats
from tests.wire import Wires

MINUTE = timedelta(minutes=1)
PAGE, PHONE = "https://pay.maplebrook.example", "555-0111"
NUMBERS = {"life_number": "911", "non_emergency_number": "555-0311", "city_number": "555-0300"}
WORDS = [
    ("en", "life", "gas leak"),
    ("fr", "life", "fuite de gaz"),
    ("es", "city", "calle inundada"),
    ("en", "city", "burst main"),
    ("en", "non_emergency", "stolen bike"),
]


@pytest.fixture
def words(db: None) -> Iterator[None]:
    for language, kind, phrase in WORDS:
        ScreeningWord.objects.create(language=language, kind=kind, phrase=phrase)
    forget_words()
    yield
    forget_words()


@pytest.fixture
def session(city: City, words: None) -> ChatSession:
    made: ChatSession = ActiveSessionFactory(
        department=city.general, agent=city.rosa, token_digest=digest("a token"), requested_at=NOON
    )
    return made


def say(session: ChatSession, text: str, *, side: Side = Side.CUSTOMER, at: Any = NOON) -> DomainError | None:
    is_agent = side == Side.AGENT
    draft = Draft(
        session.pk,
        uuid.uuid4(),
        side,
        text,
        at,
        token_digest="" if is_agent else session.token_digest,
        agent_id=session.agent_id if is_agent else None,
        name="Rosa" if is_agent else "",
    )
    [result] = append([draft])
    return result.error


def notices(session: ChatSession, rule: str) -> list[ChatEvent]:
    return list(session.events.filter(kind="notice", rule=rule).order_by("seq"))


def staff(session: ChatSession) -> list[tuple[int, str]]:
    return list(session.staff_events.order_by("n").values_list("n", "kind"))


# Where to pay -------------------------------------------------------------------------
@pytest.mark.rule("EM-PAY")
def test_who_types_a_card_reads_where_to_pay_and_the_row_changes_it(session: ChatSession) -> None:
    adopt("EM-PAY", page=PAGE, phone=PHONE)
    say(session, f"Take {VISA}")
    [notice] = notices(session, "EM-PAY")
    assert PAGE in notice.text
    assert PHONE in notice.text
    assert (notice.side, notice.data["page"], notice.data["phone"]) == ("system", PAGE, PHONE)
    assert "EM-PAY" in notice.data["why"]
    adopt("EM-PAY", page="", phone="555-0222")
    say(session, f"Take {VISA}", at=NOON + 2 * MINUTE)
    changed = notices(session, "EM-PAY")[1]
    assert "555-0222" in changed.text
    assert PAGE not in changed.text
    assert staff(session) == [(1, "payment"), (2, "payment")]
    flag = StaffEvent.objects.first()
    assert flag is not None
    assert (flag.rule, flag.data) == ("EM-PAY", {"found": ["card"], "seq": 1, "from": "customer"})


@pytest.mark.rule("EM-PAY")
def test_where_the_rule_is_not_adopted_cards_are_masked_and_nothing_is_said(session: ChatSession) -> None:
    say(session, VISA)
    assert [(event.kind, event.text) for event in session.events.all()] == [("message", "•" * 16)]


@pytest.mark.rule("EM-PAY")
def test_where_neither_page_nor_phone_is_written_down_the_notice_names_none(session: ChatSession) -> None:
    adopt("EM-PAY", page="", phone="")
    say(session, VISA)
    assert notices(session, "EM-PAY")[0].text.endswith("was hidden.")


@pytest.mark.rule("EM-PAY")
def test_the_city_words_the_notice_in_the_chats_language(session: ChatSession) -> None:
    adopt("EM-PAY", page=PAGE, phone=PHONE)
    spanish = Language.objects.create(code="es", name="Español")
    ChatSession.objects.filter(pk=session.pk).update(language=spanish)
    WordingFactory(kind=Wording.Kind.PAYMENT, language=spanish, text="Pague en {pay_page} o {pay_phone}.")
    say(session, VISA)
    assert notices(session, "EM-PAY")[0].text == f"Pague en {PAGE} o {PHONE}."


@pytest.mark.rule("EM-PAY")
def test_an_agents_card_is_told_to_staff_too(session: ChatSession) -> None:
    adopt("EM-PAY", page=PAGE, phone=PHONE)
    say(session, VISA, side=Side.AGENT)
    assert StaffEvent.objects.get().data["from"] == "agent"
    assert len(notices(session, "EM-PAY")) == 1


@pytest.mark.rule("EM-PAY")
def test_slash_pay_says_where_to_pay_in_the_agents_name(session: ChatSession) -> None:
    refusal = say(session, "/pay", side=Side.AGENT)
    assert refusal is not None
    assert (refusal.code, "administrator can enter it in EM-PAY" in refusal.detail) == ("wrong_state", True)
    adopt("EM-PAY", page=PAGE, phone=PHONE)
    say(session, " /pay ", side=Side.AGENT)
    say(session, "/pay")
    said = session.events.filter(kind="message").order_by("seq")
    assert [(event.side, event.rule) for event in said] == [("agent", "EM-PAY"), ("customer", "")]
    assert PAGE in said[0].text
    assert said[0].is_changed
    assert said[1].text == "/pay"  # a resident's is a text like any other


@pytest.mark.rule("EM-PAY")
@pytest.mark.parametrize("topic", ["pay", "Payment"])
def test_who_comes_to_pay_is_told_at_once_where(city: City, topic: str) -> None:
    adopt("EM-PAY", page=PAGE, phone=PHONE)
    request = Request(name="Dana", question="My bill", department=city.general, language=city.english, topic=topic)
    session = request_chat(request, at=NOON).session
    assert PAGE in notices(session, "EM-PAY")[0].text
    assert staff(session) == []
    assert (session.last_seq, ChatEvent.objects.count()) == (2, 2)


@pytest.mark.rule("EM-PAY")
def test_a_card_in_the_question_is_answered_once(city: City) -> None:
    adopt("EM-PAY", page=PAGE, phone=PHONE)
    request = Request(name="Dana", question=VISA, department=city.general, language=city.english, topic="pay")
    session = request_chat(request, at=NOON).session
    assert len(notices(session, "EM-PAY")) == 1
    assert staff(session) == [(1, "payment")]


# Emergencies --------------------------------------------------------------------------
@pytest.mark.rule("EM-911")
@pytest.mark.parametrize(
    ("text", "kind", "numbers"),
    [
        ("There is a GAS LEAK here", "life", ["911"]),
        ("Il y a une fuite de gaz", "life", ["911"]),
        ("La calle inundada", "city", ["555-0300", "911"]),
        ("A burst main!", "city", ["555-0300", "911"]),
        ("My stolen bike", "non_emergency", ["555-0311", "911"]),
    ],
)
def test_who_writes_of_an_emergency_reads_at_once_whom_to_call(
    session: ChatSession, text: str, kind: str, numbers: list[str]
) -> None:
    adopt("EM-911", **NUMBERS)
    say(session, text)
    [notice] = notices(session, "EM-911")
    assert numbers[0] in notice.text
    assert (notice.data["kind"], notice.data["numbers"], notice.seq) == (kind, numbers, 2)
    assert staff(session) == [(1, "emergency")]
    assert StaffEvent.objects.get().data == {"emergency": kind, "seq": 1}
    session.refresh_from_db()
    assert (session.emergency, session.emergency_at) == (kind, NOON)


@pytest.mark.rule("EM-911")
def test_each_kind_is_said_once_and_the_gravest_is_noted(session: ChatSession) -> None:
    adopt("EM-911", **NUMBERS)
    for minute, text in enumerate(("my stolen bike", "stolen bike again", "a gas leak", "burst main", "gas leak")):
        say(session, text, at=NOON + minute * MINUTE)
    kinds = [notice.data["kind"] for notice in notices(session, "EM-911")]
    assert kinds == ["non_emergency", "life", "city"]
    assert [n for n, _ in staff(session)] == [1, 2, 3]
    session.refresh_from_db()
    assert (session.emergency, session.emergency_at) == ("life", NOON)


@pytest.mark.rule("EM-911")
def test_twice_in_one_batch_is_said_once(session: ChatSession) -> None:
    adopt("EM-911", **NUMBERS)
    drafts = [
        Draft(session.pk, uuid.uuid4(), Side.CUSTOMER, "gas leak", NOON, token_digest=session.token_digest)
        for _ in range(2)
    ]
    append(drafts)
    assert [event.kind for event in session.events.order_by("seq")] == ["message", "notice", "message"]


@pytest.mark.rule("EM-911")
def test_other_rows_other_numbers_other_words(session: ChatSession) -> None:
    adopt("EM-911", **NUMBERS)
    say(session, "a burst main")
    adopt("EM-911", life_number="112", non_emergency_number="", city_number="")
    say(session, "a stolen bike")
    assert [notice.data["numbers"] for notice in notices(session, "EM-911")] == [["555-0300", "911"], []]
    say(session, "the cellar is afire")
    ScreeningWord.objects.create(language="en", kind="life", phrase="is afire")
    forget_words()
    say(session, "the cellar is afire")
    [last] = notices(session, "EM-911")[2:]
    assert (last.data["kind"], last.data["numbers"]) == ("life", ["112"])
    assert "112" in last.text


@pytest.mark.rule("EM-911")
def test_the_notice_is_in_the_chats_language(session: ChatSession) -> None:
    adopt("EM-911", **NUMBERS)
    french = Language.objects.create(code="fr", name="Français")
    ChatSession.objects.filter(pk=session.pk).update(language=french)
    WordingFactory(kind=Wording.Kind.EMERGENCY_LIFE, language=french, text="Appelez le {number}.")
    say(session, "gas leak")
    assert notices(session, "EM-911")[0].text == "Appelez le 911."


@pytest.mark.rule("EM-911")
def test_an_agent_speaks_of_no_emergency_and_without_the_rule_nobody_does(session: ChatSession) -> None:
    say(session, "gas leak")
    adopt("EM-911", **NUMBERS)
    say(session, "Is it a gas leak?", side=Side.AGENT)
    assert notices(session, "EM-911") == []
    assert staff(session) == []


@pytest.mark.rule("EM-911")
def test_the_question_is_looked_at_too(city: City, words: None) -> None:
    adopt("EM-911", **NUMBERS)
    request = Request(name="Dana", question="A gas leak!", department=city.general, language=city.english)
    session = request_chat(request, at=NOON).session
    session.refresh_from_db()
    assert (session.emergency, len(notices(session, "EM-911")), session.last_seq) == ("life", 1, 2)


@pytest.mark.rule("EM-911")
def test_a_text_after_the_end_is_refused_with_whom_to_call(session: ChatSession) -> None:
    adopt("EM-911", **NUMBERS)
    end_as_agent(session.pk, agent_id=session.agent.pk, outcome="resolved", at=NOON)
    refusal = say(session, "A gas leak!", at=NOON + MINUTE)
    assert refusal is not None
    assert (refusal.code, refusal.more["emergency"]["numbers"]) == ("ended", ["911"])
    assert "911" in refusal.more["emergency"]["text"]
    calm = say(session, "Thanks", at=NOON + MINUTE)
    assert calm is not None
    assert "emergency" not in calm.more


@pytest.mark.rule("EM-911")
@pytest.mark.rule("EM-IDLE-4")
@pytest.mark.parametrize(("text", "is_ended"), [("There is a gas leak", False), ("There is a leak", True)])
def test_a_chat_with_an_emergency_is_warned_and_not_ended(session: ChatSession, text: str, is_ended: bool) -> None:
    adopt("EM-911", **NUMBERS)
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)
    say(session, text)
    say(session, "Where?", side=Side.AGENT)
    for minutes in (2, 4, 60):
        act_on_due_timers(at=NOON + minutes * MINUTE)
    assert len(notices(session, "EM-IDLE-2")) == 1
    session.refresh_from_db()
    assert (session.status == Status.ENDED) == is_ended


@pytest.mark.rule("EM-911")
@pytest.mark.rule("EM-IDLE-4")
def test_an_emergency_spoken_of_after_the_warning_saves_the_chat_as_any_word_does(session: ChatSession) -> None:
    adopt("EM-911", **NUMBERS)
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)
    say(session, "Where?", side=Side.AGENT)
    act_on_due_timers(at=NOON + 2 * MINUTE)
    say(session, "gas leak", at=NOON + 3 * MINUTE)
    act_on_due_timers(at=NOON + 60 * MINUTE)
    session.refresh_from_db()
    assert session.status == Status.ACTIVE


# Over the wire ------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
class TestOverTheWire:
    @pytest.fixture(autouse=True)
    def rules(self, city: City, words: None) -> None:
        adopt("EM-PAY", page=PAGE, phone=PHONE)
        adopt("EM-911", **NUMBERS)

    @pytest.mark.rule("EM-PAY")
    @pytest.mark.rule("EM-911")
    async def test_both_sides_read_the_notices_and_staff_alone_the_flags(self, city: City, wires: Wires) -> None:
        chat, customer, desk = await wires.conversation(city.rosa)
        for text in (VISA, "a gas leak"):
            await customer.send(message(text))
            await customer.next("ack")
        for wire in (customer, desk):
            for rule in ("EM-PAY", "EM-911"):
                notice = await wire.next("event", kind="notice", rule=rule)
                assert notice["from"] == "system"
        flags = [await desk.next("staff_event") for _ in range(2)]
        assert [(flag["n"], flag["kind"], flag["session"]) for flag in flags] == [
            (1, "payment", chat.session),
            (2, "emergency", chat.session),
        ]
        assert "staff_event" not in {frame["type"] for frame in await customer.nothing_more()}
        supervisor = await wires.desk(city.supervisor)
        await supervisor.next("welcome")
        assert "staff_event" not in {frame["type"] for frame in await supervisor.nothing_more()}

        again = await wires.desk(city.rosa, {chat.session: 99})
        await again.next("welcome")
        assert [(await again.next("staff_event"))["n"] for _ in range(2)] == [1, 2]
        await customer.send(message("a burst main"))
        assert (await again.next("staff_event"))["n"] == (await desk.next("staff_event"))["n"] == 3

    @pytest.mark.rule("EM-PAY")
    async def test_slash_pay_is_acknowledged_with_what_it_stands_for(self, city: City, wires: Wires) -> None:
        chat, customer, desk = await wires.conversation(city.rosa)
        await desk.send(message("/pay", chat.session))
        ack = await desk.next("ack")
        event = await customer.next("event", seq=ack["seq"])
        assert (event["text"], event["rule"], event["from"]) == (ack["text"], "EM-PAY", "agent")
        assert PAGE in ack["text"]

    @pytest.mark.rule("EM-911")
    async def test_a_refused_request_says_whom_to_call(self, city: City, wires: Wires, settings: Settings) -> None:
        body = {"name": "Dana", "question": "There is a gas leak", "language": "en"}
        invalid = await wires.post("/api/v1/chat/sessions", {**body, "name": ""})
        settings.LIMIT_CHATS_PER_ADDRESS_HOUR = 1
        await wires.post("/api/v1/chat/sessions", {**body, "question": "Hello"})
        too_many = await wires.post("/api/v1/chat/sessions", body)
        calm = await wires.post("/api/v1/chat/sessions", {**body, "question": "Hello"})
        await sync_to_async(keep_chats)(legal_basis="")
        closed = await wires.post("/api/v1/chat/sessions", body)
        for answer, code in ((invalid, "invalid"), (too_many, "too_many"), (closed, "closed")):
            refusal = answer.json()
            assert (refusal["code"], refusal["emergency"]["numbers"]) == (code, ["911"])
            assert "911" in refusal["emergency"]["text"]
        assert "emergency" not in calm.json()

    @pytest.mark.rule("EM-911")
    async def test_a_socket_after_the_end_says_whom_to_call(self, city: City, wires: Wires) -> None:
        chat, customer, desk = await wires.conversation(city.rosa)
        await desk.send({"type": "end", "session": chat.session, "outcome": "resolved", "ref": "e"})
        await desk.next("ok", ref="e")
        await customer.send(message("a gas leak"))
        refusal = await customer.next("error", code="ended")
        assert refusal["emergency"]["numbers"] == ["911"]

    @pytest.mark.rule("EM-PII-B")
    @pytest.mark.parametrize(("ask_email", "ask_phone"), [(True, True), (False, True), (True, False), (False, False)])
    async def test_what_is_not_asked_for_is_not_kept(
        self, city: City, wires: Wires, ask_email: bool, ask_phone: bool
    ) -> None:
        await sync_to_async(adopt)("EM-PII-B", ask_email=ask_email, ask_phone=ask_phone)
        chat = await wires.ask(email="dana@example.com", phone="555 010 0199")
        session = await sync_to_async(ChatSession.objects.get)(pk=chat.id)
        assert (session.customer_email, session.customer_phone) == (
            "dana@example.com" if ask_email else "",
            "555 010 0199" if ask_phone else "",
        )
        facts = (await wires.get("/api/v1/chat/availability")).json()
        asked = [field for field, is_asked in (("email", ask_email), ("phone", ask_phone)) if is_asked]
        assert facts["asks"] == asked

    @pytest.mark.rule("EM-PII-B")
    async def test_without_that_rule_what_is_given_is_kept(self, city: City, wires: Wires) -> None:
        chat = await wires.ask(email="dana@example.com")
        session = await sync_to_async(ChatSession.objects.get)(pk=chat.id)
        assert session.customer_email == "dana@example.com"


@pytest.mark.rule("EM-911")
def test_who_is_in_no_danger_is_not_sent_to_the_dispatchers(session: ChatSession) -> None:
    adopt("EM-911", **{**NUMBERS, "non_emergency_number": ""})
    say(session, "My stolen bike")
    [notice] = notices(session, "EM-911")
    assert notice.data["numbers"] == []
    assert "911" not in notice.text


@pytest.mark.rule("EM-PAY")
def test_an_iban_in_pieces_is_masked_in_both_and_its_letters_stay_in_the_first(session: ChatSession) -> None:
    adopt("EM-PAY", page=PAGE, phone=PHONE)
    say(session, "GB29 NWBK")
    say(session, "6016 1331 9268 19")
    texts = [event.text for event in session.events.filter(kind="message").order_by("seq")]
    assert texts[-2:] == ["GB•• NWBK", "•••• •••• •••• ••"]


@pytest.mark.rule("EM-PAY")
def test_a_card_in_the_name_is_answered_like_one_in_the_question(city: City, words: None) -> None:
    adopt("EM-PAY", page=PAGE, phone=PHONE)
    asked = Request("Dana 4111 1111 1111 1111", "Is the pool open?", city.general, city.english, topic="gas leak")
    adopt("EM-911", **NUMBERS)
    opened = request_chat(asked, at=NOON).session
    assert [len(notices(opened, rule)) for rule in ("EM-PAY", "EM-911")] == [1, 1]
