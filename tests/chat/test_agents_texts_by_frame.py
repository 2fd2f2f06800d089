"""The same through the desk's socket and the supervisor's page."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from chat.actions import ask_release, report_link
from chat.models import ChatEvent, ChatSession, StoppedText
from policies.models import LinkDomain, ProfanityWord
from policies.words import forget_words
from tests.chat.conftest import NOON, City
from tests.factories import ActiveSessionFactory, log_in
from tests.policies.factories import adopt
from tests.policies.pages import shown
from tests.wire import Frame, Wires


@pytest.fixture(autouse=True)
def rules(city: City) -> Iterator[None]:
    for rule in ("EM-COM-C", "EM-PII-A", "EM-LINK"):
        adopt(rule)
    ProfanityWord.objects.create(language="en", kind="profanity", phrase="damn")
    LinkDomain.objects.create(domain="maplebrook.example")
    forget_words()
    yield
    forget_words()


def message(session: str, text: str, uid: str = "", **more: object) -> Frame:
    return {"type": "message", "session": session, "id": uid or str(uuid.uuid4()), "text": text, **more}


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("EM-COM-C")
async def test_a_stopped_text_is_laid_before_a_supervisor_and_sent_once_it_is_released(
    city: City, wires: Wires
) -> None:
    chat, customer, desk = await wires.conversation(city.rosa)
    uid, text = str(uuid.uuid4()), "Damn Yankees is on tonight"
    await desk.send(message(chat.session, text, uid))
    refusal = await desk.next("error", id=uid)
    assert (refusal["code"], refusal["spans"]) == ("edit", [[0, 4, "profanity"]])
    await desk.send({"type": "ask_release", "session": chat.session, "id": uid, "text": text, "ref": "a"})
    await desk.next("ok", ref="a")
    await desk.send({"type": "withdraw_release", "session": chat.session, "id": uid, "ref": "w"})
    await desk.next("ok", ref="w")
    await desk.send({"type": "ask_release", "session": chat.session, "id": uid, "text": text, "ref": "a2"})
    await desk.next("ok", ref="a2")
    boss = await wires.desk(city.supervisor)
    await boss.send({"type": "release", "session": chat.session, "id": uid, "ref": "b"})
    await boss.next("ok", ref="b")
    told = await desk.next("staff_event", kind="released")
    assert (told["data"], told["name"]) == ({"id": uid, "is_released": True}, "Sam")
    await desk.send(message(chat.session, text, uid))
    await desk.next("ack", id=uid)
    assert (await (await wires.desk(city.rosa)).next("welcome"))["stopped"] == []
    assert (await customer.next("event", kind="message", id=uid))["text"] == text
    await desk.send({"type": "release", "session": chat.session, "id": uid, "is_released": "yes", "ref": "c"})
    assert (await desk.next("error", ref="c"))["field"] == "is_released"


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("EM-COM-C")
async def test_a_desk_that_was_closed_meanwhile_gets_back_what_is_asked_for_and_what_was_released(
    city: City, wires: Wires
) -> None:
    chat, _customer, desk = await wires.conversation(city.rosa)
    uid, text = str(uuid.uuid4()), "Damn Yankees is on tonight"
    await desk.send({"type": "ask_release", "session": chat.session, "id": uid, "text": text, "ref": "a"})
    await desk.next("ok", ref="a")
    await desk.disconnect()
    [asked] = (await (await wires.desk(city.rosa)).next("welcome"))["stopped"]
    assert (asked["session"], asked["id"], asked["text"], asked["released_by"]) == (chat.session, uid, text, None)
    assert (asked["spans"], asked["rule"]) == ([[0, 4, "profanity"]], "EM-COM-C")
    assert asked["detail"].startswith("This holds a word that is not used in chats.")
    boss = await wires.desk(city.supervisor)
    assert (await boss.next("welcome"))["stopped"] == []
    await boss.send({"type": "release", "session": chat.session, "id": uid, "ref": "b"})
    await boss.next("ok", ref="b")
    again = await wires.desk(city.rosa)
    [released] = (await again.next("welcome"))["stopped"]
    assert released == {**asked, "released_by": "Sam"}
    await again.send({"type": "end", "session": chat.session, "outcome": "resolved", "ref": "e"})
    await again.next("ok", ref="e")
    assert (await (await wires.desk(city.rosa)).next("welcome"))["stopped"] == []


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("EM-PII-A")
@pytest.mark.rule("EM-LINK")
async def test_contact_details_are_confirmed_and_links_arrive_live(city: City, wires: Wires) -> None:
    chat, customer, desk = await wires.conversation(city.rosa)
    uid, text = str(uuid.uuid4()), "416-555-0177, https://maplebrook.example/x"
    await desk.send(message(chat.session, text, uid))
    refusal = await desk.next("error", id=uid)
    assert (refusal["code"], refusal["spans"], refusal["rule"]) == ("confirm", [[0, 12, "phone"]], "EM-PII-A")
    for wrong in ("phone", [1], ["phone"] * 11):
        await desk.send(message(chat.session, text, uid, confirm=wrong))
        assert (await desk.next("error", id=uid))["field"] == "confirm"
    await desk.send(message(chat.session, text, uid, confirm=["phone"]))
    await desk.next("ack", id=uid)
    event = await customer.next("event", kind="message", id=uid)
    assert event["data"] == {"links": [[14, 42, "https://maplebrook.example/x"]]}
    assert (await desk.next("staff_event", kind="contact"))["data"] == {"seq": event["seq"], "why": ["phone"]}
    await desk.send({"type": "resync", "session": chat.session, "last_seq": event["seq"] - 1})
    assert (await desk.next("event", id=uid))["data"] == event["data"]


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("EM-LINK")
async def test_a_residents_link_is_plain_text_and_is_copied_to_the_supervisor(city: City, wires: Wires) -> None:
    chat, customer, desk = await wires.conversation(city.rosa, question="https://maplebrook.example/mine")
    asked = await desk.next("event", seq=1)
    assert asked["data"] == {}
    await desk.send({"type": "report_link", "session": chat.session, "seq": 1, "ref": "a"})
    await desk.next("ok", ref="a")
    assert (await desk.next("staff_event", kind="link"))["text"] == "https://maplebrook.example/mine"
    page = await sync_to_async(supervision)(city)
    assert "<code>https://maplebrook.example/mine</code>" in page
    assert 'href="https://maplebrook.example/mine"' not in page


def supervision(city: City) -> str:
    client = Client()
    log_in(client, city.supervisor.user)
    return shown(client.get("/supervise/"))


@pytest.mark.django_db
@pytest.mark.rule("EM-COM-C")
@pytest.mark.parametrize(("button", "is_released"), [("release", True), ("keep", False)])
def test_a_supervisor_decides_on_the_page(city: City, client: Client, button: str, is_released: bool) -> None:
    session = ActiveSessionFactory(department=city.general, agent=city.rosa)
    uid = uuid.uuid4()
    ask_release(session.pk, agent_id=city.rosa.pk, uid=uid, text="A <damn> title", at=NOON)
    assert "A &lt;<mark>damn</mark>&gt; title" in supervision(city)
    path = f"/supervise/chats/{session.pk}/texts/{uid}/"
    log_in(client, city.rosa.user)
    assert client.post(path, {button: ""}).status_code == 403
    log_in(client, city.supervisor.user)
    assert client.post(path, {button: ""}).status_code == 302
    assert StoppedText.objects.get().is_released == is_released
    page = supervision(city)
    assert "<mark>" not in page
    said = "A stopped text was released" if is_released else "A stopped text was not released"
    assert said in shown(client.get(f"/supervise/chats/{session.pk}/"))
    assert "already" in shown(client.post(path, {"keep" if is_released else "release": ""}, follow=True))


@pytest.mark.django_db
@pytest.mark.rule("EM-COM-C")
def test_supervisors_are_told_how_many_texts_wait_and_nobody_else(city: City, client: Client) -> None:
    session = ActiveSessionFactory(department=city.general, agent=city.rosa)
    ask_release(session.pk, agent_id=city.rosa.pk, uid=uuid.uuid4(), text="damn", at=NOON)
    assert client.get("/api/v1/desk/decisions").status_code == 401
    log_in(client, city.rosa.user)
    assert client.get("/api/v1/desk/decisions").status_code == 404
    assert "data-counts" not in shown(client.get("/desk/"))
    log_in(client, city.supervisor.user)
    assert client.get("/api/v1/desk/decisions").json() == {"texts": 1, "newest": NOON.isoformat()}
    assert 'data-counts="/api/v1/desk/decisions"' in shown(client.get("/desk/"))


@pytest.mark.django_db
@pytest.mark.rule("EM-LINK")
def test_links_of_a_chat_stand_on_the_page_for_as_long_as_it_is_there(city: City) -> None:
    session: ChatSession = ActiveSessionFactory(department=city.general, agent=city.rosa)
    ChatEvent.objects.create(
        session=session, seq=1, uid=uuid.uuid4(), kind="message", side="customer", text="www.evil.example", at=NOON
    )
    report_link(session.pk, agent_id=city.rosa.pk, seq=1, at=NOON)
    assert "www.evil.example" in supervision(city)
    session.delete()
    assert "www.evil.example" not in supervision(city)
