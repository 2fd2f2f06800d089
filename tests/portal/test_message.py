"""Whoever cannot chat leaves a message, and somebody is to answer it in time."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from agents.models import Channel
from contactcenter.cases.actions import finish_task
from contactcenter.cases.models import Task, TaskKind
from policies.models import ScreeningWord
from policies.words import forget_words
from tests.factories import AgentFactory, DepartmentFactory, DepartmentNameFactory, LanguageFactory
from tests.policies.factories import adopt, calendar, keep_chats

pytestmark = pytest.mark.django_db
PATH = "/chat/message/"
MONDAY_NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # 21:00 in the office, which is closed
CARD = "4111 1111 1111 1111"


@pytest.fixture
def town():
    cache.clear()
    forget_words()
    keep_chats()
    calendar()
    LanguageFactory(code="en")
    LanguageFactory(code="es", name="Español")
    yield DepartmentFactory(code="general", name="General services", is_default=True, phone="555-0100")
    forget_words()


def send(client: Client, headers: dict[str, str] | None = None, **fields: str):
    given = {"name": "Dana", "department": "general", "text": "My bin was not emptied.", "answer": "email"}
    given |= {"email": "dana@example.com", "phone": "", "key": str(uuid.uuid4()), **fields}
    with time_machine.travel(MONDAY_NIGHT, tick=False):
        return client.post(PATH, given, headers=headers)


@pytest.mark.rule("EM-HRS")
def test_a_message_is_taken_while_the_office_is_closed_and_becomes_a_task(client, town):
    adopt("EM-HRS", always_open=False)
    adopt("DF-HOLD", seconds=120, callback_minutes=120, message_days=1)
    answer = send(client)
    task = Task.objects.select_related("customer", "contact").get()
    assert (task.kind, task.rule, task.text) == (TaskKind.MESSAGE, "DF-HOLD", "My bin was not emptied.")
    assert (task.customer.name, task.customer.email, task.contact.channel) == ("Dana", "dana@example.com", Channel.WEB)
    assert "General services answers you by e-mail." in answer.content.decode()
    assert not answer.cookies


@pytest.mark.rule("EM-HRS")
def test_the_row_says_by_when_and_without_it_nothing_is_promised(client, town):
    send(client)
    task = Task.objects.get()
    assert (task.rule, task.rule_version, task.due_at) == ("EM-HRS", None, None)
    adopt("DF-HOLD", seconds=120, callback_minutes=120, message_days=1)
    send(client)
    adopt("DF-HOLD", seconds=120, callback_minutes=120, message_days=3)
    send(client)
    one, three = Task.objects.exclude(due_at=None).order_by("due_at")
    assert (three.due_at - one.due_at).days == 2


@pytest.mark.rule("DF-HOLD")
def test_the_page_says_by_when_in_the_zone_of_the_calendar(client, town):
    calendar(zone="America/Vancouver")
    adopt("DF-HOLD", seconds=120, callback_minutes=120, message_days=1)
    page = send(client).content.decode()
    assert "By Tuesday 24 November 2026, 4:30 PM at the latest." in page


@pytest.mark.parametrize(
    ("fields", "to"),
    [
        ({}, "dana@example.com"),
        ({"email": "o'dana@example.com"}, "o&#x27;dana@example.com"),
        ({"answer": "phone", "phone": " 416 555  0100 ", "email": "not@example.com"}, "416 555 0100"),
    ],
)
def test_the_page_repeats_how_we_reach_who_wrote_so_that_a_slip_is_noticed(client, town, fields, to):
    page = send(client, **fields).content.decode()
    assert f"We reach you at {to}." in page
    assert "not@example.com" not in page


@pytest.mark.rule("EM-LANG")
@pytest.mark.parametrize("answer", ["email", "phone"])
def test_who_reads_spanish_reads_the_spanish_name_on_the_form_and_once_it_is_sent(client, town, answer):
    DepartmentNameFactory(department=town, name="Servicios generales")
    DepartmentFactory(code="roads", name="Roads")
    client.cookies["townline_language"] = "es"
    form = client.get(PATH).content.decode()
    assert '<option value="general">Servicios generales</option>' in form
    assert '<option value="roads">Roads</option>' in form
    for code, name in (("general", "Servicios generales"), ("roads", "Roads")):
        page = send(client, department=code, answer=answer, phone="416 555 0100").content.decode()
        assert name in page
        assert "General services" not in page
    assert client.get(f"{PATH}?department=roads").content.decode().count('value="roads" selected') == 1


@pytest.mark.rule("EM-HRS-30")
def test_a_call_back_is_asked_for_with_a_number_that_can_be_called(client, town):
    send(client, answer="phone", phone="416 555 0100", email="not kept")
    task = Task.objects.select_related("customer").get()
    assert (task.kind, task.customer.phone, task.customer.email) == (TaskKind.CALL_BACK, "416 555 0100", "")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "Enter your name, so that we know how to address you."),
        ({"text": ""}, "Write what we can help with."),
        ({"answer": ""}, "Choose how we shall answer: by e-mail or by a call."),
        ({"email": ""}, "Enter your e-mail address, or choose to be called."),
        ({"answer": "phone"}, "Enter your phone number, or choose an answer by e-mail."),
        ({"answer": "phone", "phone": "12"}, "We cannot call this number."),
        ({"email": "dana"}, "Write an e-mail address like name@example.com."),
        ({"text": "x" * 4001}, "at most 4000 characters"),
        ({"department": "nowhere"}, "Select a valid choice."),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_that_was_typed_is_lost(client, town, fields, sentence):
    answer = send(client, **fields)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert sentence in page
    assert "errors-title" in page
    if "text" not in fields:
        assert "My bin was not emptied." in page
    assert not Task.objects.exists()


def test_the_same_form_twice_is_one_message(client, town):
    key = str(uuid.uuid4())
    send(client, key=key)
    send(client, key=key)
    assert Task.objects.count() == 1


@pytest.mark.parametrize(
    ("corrected", "texts", "reached"),
    [
        ({"text": "And the blue one."}, ["My bin was not emptied.\n\nAnd the blue one."], ["dana@example.com"]),
        ({"email": "d@example.com"}, ["My bin was not emptied."], ["d@example.com"]),
        (
            {"department": "roads"},
            ["My bin was not emptied.", "My bin was not emptied."],
            ["dana@example.com", "dana@example.com"],
        ),
        (
            {"answer": "phone", "phone": "416 555 0100"},
            ["My bin was not emptied.", "My bin was not emptied."],
            ["416 555 0100", "dana@example.com"],
        ),
    ],
)
def test_what_is_corrected_in_a_form_that_was_sent_is_not_lost(client, town, corrected, texts, reached):
    DepartmentFactory(code="roads", name="Roads")
    key = str(uuid.uuid4())
    send(client, key=key)
    assert send(client, key=key, **corrected).status_code == 200
    tasks = list(Task.objects.select_related("customer"))
    assert [task.text for task in tasks] == texts
    assert sorted(task.customer.phone or task.customer.email for task in tasks) == reached


def test_what_is_corrected_after_the_answer_is_another_message(client, town):
    key = str(uuid.uuid4())
    send(client, key=key)
    agent = AgentFactory(user__roles=["supervisor"])
    finish_task(Task.objects.get().pk, by=agent, result="answered", at=MONDAY_NIGHT)
    send(client, key=key)
    assert Task.objects.count() == 1
    for _twice in range(2):
        send(client, key=key, text=f"It is still full. My card is {CARD}")
        assert Task.objects.open().get().text.startswith("It is still full.")
    Task.objects.open().delete()
    send(client, key=key, email="d@example.com")  # the first address was wrong
    assert Task.objects.select_related("customer").open().get().customer.email == "d@example.com"


def test_a_card_number_is_hidden_before_it_is_kept(client, town):
    answer = send(client, text=f"My card is {CARD}")
    assert CARD not in Task.objects.get().text
    assert "was hidden" in answer.content.decode()


@pytest.mark.rule("EM-911")
def test_whoever_writes_of_an_emergency_is_told_whom_to_call_whatever_becomes_of_the_form(client, town):
    adopt("EM-911", life_number="911", non_emergency_number="", city_number="")
    ScreeningWord.objects.create(language="en", kind="life", phrase="my house is on fire")
    forget_words()
    for fields in ({}, {"name": ""}):
        page = send(client, text="Help, my house is on fire", **fields).content.decode()
        assert 'href="tel:911"' in page


def test_a_form_of_another_site_is_refused_and_one_without_origin_is_not(client, town):
    assert send(client, {"Origin": "https://elsewhere.example"}).status_code == 400
    assert not Task.objects.exists()
    assert send(client).status_code == 200


def test_more_than_the_limit_from_one_address_is_refused_with_a_sentence(client, town, settings):
    settings.LIMIT_CHATS_PER_ADDRESS_HOUR = 2
    codes = [send(client).status_code for _each in range(3)]
    assert codes == [200, 200, 400]
    assert Task.objects.count() == 2


def test_the_page_and_the_task_speak_the_language_that_was_chosen(client, town):
    client.get(f"{PATH}?language=es")
    send(client)
    assert Task.objects.get().language_id == "es"


def test_the_way_to_answer_that_is_chosen_is_not_called_optional(client, town):
    assert "(optional)" not in client.get(PATH).content.decode()
