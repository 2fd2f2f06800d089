"""Referring: the right way first, and what to say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
import time_machine
from django.test import Client

from agents.models import Agent, OutsideBody, Presence
from chat.actions.referring import PassedOn, pass_message_on
from chat.models import ChatSession, StaffEvent
from chat.refer import Contact, Way, contact_of, help_to_refer, ways_to_refer
from contactcenter.cases.actions import finish_task
from contactcenter.cases.due import say_due
from contactcenter.cases.models import Task
from contactcenter.lib.errors import DomainError
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import ActiveSessionFactory, DepartmentNameFactory, LanguageFactory, UserFactory, log_in
from tests.policies.factories import adopt

ROADS = Contact("Roads", "555-0101", "roads@maplebrook.example", "https://www.maplebrook.example/roads/", "roads")
POWER = Contact("Power", "555-0900", "", "https://power.example/")
CONTACT, LINK, MESSAGE, TRANSFER = Way.CONTACT, Way.LINK, Way.MESSAGE, Way.TRANSFER


@pytest.mark.parametrize(
    ("contact", "there", "in_order", "ways"),
    [
        (ROADS, True, True, [TRANSFER, CONTACT, LINK, MESSAGE]),
        (ROADS, False, True, [CONTACT, LINK, MESSAGE]),
        (ROADS, True, False, [CONTACT, LINK, MESSAGE, TRANSFER]),
        (Contact("Roads", code="roads"), False, True, [MESSAGE]),
        (Contact("Roads", email="a@b.example", code="roads"), False, True, [CONTACT, MESSAGE]),
        (POWER, True, True, [CONTACT, LINK]),
        (Contact("Power", page="https://power.example/"), False, True, [LINK]),
    ],
)
def test_the_ways_come_in_the_order_of_the_rule(contact: Contact, there: bool, in_order: bool, ways: list[Way]) -> None:
    assert ways_to_refer(contact, is_somebody_there=there, in_order=in_order) == ways


def test_a_body_outside_of_the_city_gets_no_chat_and_no_message() -> None:
    for there, in_order in product([True, False], repeat=2):
        assert {TRANSFER, MESSAGE}.isdisjoint(ways_to_refer(POWER, is_somebody_there=there, in_order=in_order))


@pytest.fixture
def rules(city: City) -> None:
    adopt("EM-COM-B")
    adopt("EM-REF")
    city.roads.phone, city.roads.page = "555-0101", "https://www.maplebrook.example/roads/"
    city.roads.save()


def steps(city: City, *, language: str | None = None) -> list[str]:
    told = help_to_refer(contact_of(city.roads), city.roads, agent_id=city.rosa.pk, language=language, at=NOON)
    return [step["way"] for step in told["steps"]]


@pytest.mark.rule("EM-REF")
def test_a_transfer_comes_first_as_long_as_somebody_qualified_is_online(city: City, rules: None) -> None:
    assert steps(city) == ["transfer", "contact", "link", "message"]
    Agent.objects.filter(pk=city.rudi.pk).update(presence=Presence.BREAK)
    assert steps(city) == ["contact", "link", "message"]


def test_who_has_no_free_seat_is_nobody_to_pass_a_chat_on_to(city: City, rules: None) -> None:
    Agent.objects.filter(pk=city.rudi.pk).update(seats=1)
    ActiveSessionFactory(agent=city.rudi)
    assert steps(city)[0] == "contact"


def test_nobody_is_referred_to_herself(city: City, rules: None) -> None:
    Agent.objects.filter(pk=city.rudi.pk).update(presence=Presence.BREAK)
    online_agent("Rita", city.roads)
    assert steps(city)[0] == "transfer"
    Agent.objects.filter(user__first_name="Rita").update(presence=Presence.BREAK)
    city.rosa.memberships.create(department=city.roads)
    assert steps(city)[0] == "contact"


@pytest.mark.rule("EM-REF")
def test_without_the_rule_on_the_order_a_transfer_comes_last(city: City, rules: None) -> None:
    adopt("EM-REF", is_adopted=False)
    assert steps(city) == ["contact", "link", "message", "transfer"]


@pytest.mark.rule("EM-COM-B")
def test_each_step_says_what_to_do_and_where_it_comes_from(city: City, rules: None) -> None:
    told = help_to_refer(contact_of(city.roads), city.roads, agent_id=city.rosa.pk, language=None, at=NOON)
    assert (told["name"], told["phone"], told["rule"]) == ("Roads", "555-0101", "EM-REF")
    assert "EM-REF" in told["why"]
    assert told["steps"][1]["say"] == "Name how to reach Roads: 555-0101."
    assert told["steps"][2]["say"] == "Link the page of Roads: https://www.maplebrook.example/roads/"


@pytest.mark.rule("EM-COM-B")
def test_a_city_without_a_rule_on_referring_is_told_so(city: City, rules: None) -> None:
    for rule in ("EM-COM-B", "EM-REF"):
        adopt(rule, is_adopted=False)
    with pytest.raises(DomainError) as refused:
        steps(city)
    assert refused.value.code == "wrong_state"


def test_the_desk_asks_for_it_over_http(city: City, rules: None, client: Client) -> None:
    path = "/api/v1/desk/refer?department="
    assert client.get(path + "roads").status_code == 401
    log_in(client, city.rosa.user)
    told = client.get(path + "roads").json()
    assert told["steps"][0]["way"] == "transfer"
    assert client.get(path + "nowhere").status_code == 404


@pytest.mark.rule("EM-REF")
def test_of_a_body_outside_only_what_reaches_it_is_named(city: City, rules: None, client: Client) -> None:
    body = OutsideBody.objects.create(code="power", name="Power", responsible_for="electricity", phone="555-0900")
    log_in(client, city.rosa.user)
    told = client.get("/api/v1/desk/refer?body=power").json()
    assert [step["way"] for step in told["steps"]] == ["contact"]
    assert told["department"] is None
    body.is_active = False
    body.save()
    assert client.get("/api/v1/desk/refer?body=power").status_code == 404


def test_who_does_not_work_the_desk_learns_nothing(city: City, rules: None, client: Client) -> None:
    log_in(client, UserFactory(roles=["admin"]))
    assert client.get("/api/v1/desk/refer?department=roads").status_code == 404


@pytest.mark.rule("EM-REF")
def test_what_the_resident_is_written_is_in_their_language(city: City, rules: None) -> None:
    told = help_to_refer(contact_of(city.roads), city.roads, agent_id=city.rosa.pk, language="es", at=NOON)
    texts = {step["way"]: step["text"] for step in told["steps"]}
    assert texts == {
        "transfer": "",
        "contact": "Roads puede ayudarle con esto: 555-0101",
        "link": "Encontrará más información en la página de Roads: https://www.maplebrook.example/roads/",
        "message": "",
    }
    assert told["steps"][1]["say"] == "Name how to reach Roads: 555-0101."


@pytest.mark.rule("EM-LANG")
@pytest.mark.parametrize(("language", "name"), [("es", "Calles"), ("fr", "Roads"), (None, "Roads")])
def test_the_resident_reads_the_department_in_their_language_and_the_agent_as_staff_do(
    city: City, rules: None, language: str | None, name: str
) -> None:
    DepartmentNameFactory(department=city.roads, name="Calles")
    told = help_to_refer(contact_of(city.roads), city.roads, agent_id=city.rosa.pk, language=language, at=NOON)
    assert all(name in step["text"] for step in told["steps"] if step["text"])
    assert all("Roads" in step["say"] for step in told["steps"])
    assert told["name"] == "Roads"


# A message passed on ----------------------------------------------------------
MESSAGE = "/api/v1/desk/refer/message"
POTHOLE = "A pothole at 18 Millrace Court, reported twice."


@pytest.fixture
def held(city: City, rules: None) -> ChatSession:
    adopt("DF-HOLD", seconds=120, callback_minutes=120, message_days=2)
    made: ChatSession = ActiveSessionFactory(agent=city.rosa, department=city.general, customer_name="Tomasz Lind")
    return made


Post = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def post(city: City, client: Client) -> Post:
    """Returns a function that passes a message on as Rosa; answers status and body."""
    log_in(client, city.rosa.user)

    def post_it(chat: ChatSession, **more: str) -> tuple[int, dict[str, Any]]:
        body = {"session": str(chat.pk), "department": "roads", "text": POTHOLE, "phone": "555-010-0142", **more}
        answer = client.post(MESSAGE, body, content_type="application/json")
        return answer.status_code, answer.json()

    return post_it


@pytest.mark.rule("EM-REF")
@pytest.mark.rule("DF-HOLD")
def test_a_message_passed_on_is_a_task_of_the_other_department_due_as_if_the_resident_had_left_it(
    city: City, held: ChatSession, post: Post
) -> None:
    with time_machine.travel(NOON, tick=False):
        status, said = post(held)
    task = Task.objects.get()
    assert (status, task.kind, task.department, task.text) == (200, "message", city.roads, POTHOLE)
    assert task.due_at == NOON + timedelta(days=2)
    assert (task.opened_by, task.rule) == (city.rosa, "DF-HOLD")
    assert (task.customer.name, task.customer.phone) == ("Tomasz Lind", "555-010-0142")
    assert (task.contact.department, task.contact.purpose) == (city.roads, "message")
    assert said["text"].startswith("I have passed your message on to Roads. You get an answer by ")
    note = StaffEvent.objects.get(session=held)
    assert (note.kind, note.agent, note.text) == (
        "note",
        city.rosa,
        f"A message was passed on to Roads: {POTHOLE}",
    )
    adopt("DF-HOLD", seconds=120, callback_minutes=120, message_days=5)
    with time_machine.travel(NOON, tick=False):
        post(ActiveSessionFactory(agent=city.rosa, department=city.general))
    assert Task.objects.latest("pk").due_at == NOON + timedelta(days=5)


def test_more_for_the_same_department_is_added_and_the_same_changes_nothing(held: ChatSession, post: Post) -> None:
    assert post(held) == post(held)
    assert post(held, text="It is a foot wide.")[0] == 200
    assert Task.objects.get().text == f"{POTHOLE}\n\nIt is a foot wide."
    assert StaffEvent.objects.filter(session=held).count() == 2


def pass_on(city: City, chat: ChatSession, text: str, *, at: datetime) -> str:
    message = PassedOn(city.roads, text, phone="555-010-0142")
    return pass_message_on(chat.pk, message, agent_id=city.rosa.pk, at=at)


@pytest.mark.rule("DF-HOLD")
@pytest.mark.parametrize("text", ["It is a foot wide.", POTHOLE])
def test_what_is_passed_on_after_the_first_was_done_is_another_task_due_anew(
    city: City, held: ChatSession, text: str
) -> None:
    later = NOON + timedelta(days=3)
    first = pass_on(city, held, POTHOLE, at=NOON)
    done = Task.objects.get()
    finish_task(done.pk, by=city.supervisor, result="answered", at=NOON)
    second = pass_on(city, held, text, at=later)
    assert pass_on(city, held, text, at=later) == second
    task = Task.objects.open().get()
    assert (task.text, task.due_at) == (text, done.due_at + timedelta(days=3))
    assert (say_due(done.due_at, None) in first, say_due(task.due_at, None) in second) == (True, True)
    assert StaffEvent.objects.filter(session=held).count() == 2


def test_no_moment_that_is_past_is_promised(city: City, held: ChatSession) -> None:
    pass_on(city, held, POTHOLE, at=NOON)
    said = pass_on(city, held, "It is a foot wide.", at=NOON + timedelta(days=3))
    assert said == "I have passed your message on to Roads."


def test_without_another_way_the_resident_is_answered_as_they_said_when_the_chat_began(
    held: ChatSession, post: Post
) -> None:
    assert post(held, phone="")[1]["field"] == "email"
    held.customer_email = "tomasz@lind.example"
    held.save()
    assert post(held, phone="")[0] == 200
    assert Task.objects.get().customer.email == "tomasz@lind.example"


def test_a_city_that_promises_no_time_says_none(held: ChatSession, post: Post) -> None:
    adopt("DF-HOLD", is_adopted=False)
    assert post(held)[1] == {"text": "I have passed your message on to Roads."}
    assert Task.objects.get().due_at is None


def test_the_resident_is_told_in_the_language_of_the_chat(city: City, held: ChatSession, post: Post) -> None:
    held.language = LanguageFactory(code="fr", name="Français")
    held.save()
    assert post(held)[1]["text"].startswith("J’ai transmis votre message au service Roads.")
    DepartmentNameFactory(department=city.roads, language=held.language, name="Voirie")
    assert post(held)[1]["text"].startswith("J’ai transmis votre message au service Voirie.")
    assert StaffEvent.objects.get(session=held).text == f"A message was passed on to Roads: {POTHOLE}"


@pytest.mark.rule("EM-PAY")
def test_payment_data_in_a_message_passed_on_is_masked(held: ChatSession, post: Post) -> None:
    post(held, text="Card 4111 1111 1111 1111, he says.")
    assert "4111" not in Task.objects.get().text


@pytest.mark.parametrize(
    ("more", "status", "field"),
    [
        ({"text": " "}, 400, "text"),
        ({"text": "x" * 4001}, 400, "text"),
        ({"phone": "call me"}, 400, "phone"),
        ({"email": "tomasz"}, 400, "email"),
        ({"session": "s1"}, 400, "session"),
        ({"department": "nowhere"}, 404, None),
    ],
)
def test_a_message_that_does_not_fit_is_refused(
    held: ChatSession, post: Post, more: dict[str, str], status: int, field: str | None
) -> None:
    answered, body = post(held, **more)
    assert (answered, body.get("field")) == (status, field)
    assert not Task.objects.exists()


@pytest.mark.rule("EM-REF")
def test_a_city_without_a_rule_on_referring_passes_no_message_on(held: ChatSession, post: Post) -> None:
    for rule in ("EM-COM-B", "EM-REF"):
        adopt(rule, is_adopted=False)
    assert post(held)[0] == 409
    assert not Task.objects.exists()


def test_nobody_passes_a_message_on_for_a_chat_of_somebody_else(city: City, held: ChatSession, post: Post) -> None:
    assert post(ActiveSessionFactory(agent=city.rudi))[0] == 404
    assert not Task.objects.exists()


def test_a_message_is_passed_on_only_with_the_log_in_and_the_token_of_a_page(city: City, held: ChatSession) -> None:
    body = {"session": str(held.pk), "department": "roads", "text": POTHOLE, "phone": "555-010-0142"}
    strict = Client(enforce_csrf_checks=True)
    log_in(strict, city.rosa.user)
    assert strict.post(MESSAGE, body, content_type="application/json").status_code == 403
    assert Client().post(MESSAGE, body, content_type="application/json").status_code == 401
    assert not Task.objects.exists()
