"""The list of tasks, and what the desk's own programs ask: counts, and the directory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from agents.models import Agent, OutsideBody, User
from contactcenter.cases.models import Task
from policies.models import ProfanityWord
from policies.words import forget_words
from tests.chat.conftest import City, city
from tests.factories import MembershipFactory, TaskFactory, UserFactory, log_in
from tests.policies.factories import adopt

pytestmark = pytest.mark.django_db
__all__ = ["city"]
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIST = "/desk/tasks/"


def browser(user: User) -> Client:
    client = Client()
    log_in(client, user, at=NOON)
    return client


@pytest.fixture
def rosa(city: City) -> Client:
    return browser(city.rosa.user)


@pytest.mark.rule("DF-HOLD")
@time_machine.travel(NOON, tick=False)
def test_an_agent_sees_takes_and_finishes_what_waits_in_her_departments(city: City, rosa: Client) -> None:
    version = adopt("DF-HOLD", seconds=120)
    late = TaskFactory(department=city.general, created_at=NOON - 4 * HOUR, rule="DF-HOLD", rule_version=version)
    TaskFactory(department=city.roads, customer__name="Somebody else", created_at=NOON)
    soon = TaskFactory(department=city.general, customer__name="Tomasz", created_at=NOON)
    page = rosa.get(LIST).content.decode()
    assert page.index("overdue") < page.index("Tomasz")
    assert "Somebody else" not in page
    assert 'href="tel:416-555-0123"' in page
    assert "DF-HOLD" in page
    rosa.post(reverse("desk:take", args=[late.pk]))
    late.refresh_from_db()
    assert late.agent == city.rosa
    wrong = rosa.post(reverse("desk:finish", args=[late.pk]), {f"task-{late.pk}-note": "He was out."})
    assert (wrong.status_code, "Choose a result" in wrong.content.decode()) == (400, True)
    assert "He was out." in wrong.content.decode()
    facts = {f"task-{late.pk}-result": "not_reached", f"task-{late.pk}-note": "He was out."}
    rosa.post(reverse("desk:finish", args=[late.pk]), facts)
    late.refresh_from_db()
    assert (late.result, late.result_note, late.done_at, late.done_by) == (
        "not_reached",
        "He was out.",
        NOON,
        city.rosa,
    )
    assert list(Task.objects.visible_to(city.rosa).open()) == [soon]


@pytest.mark.parametrize("what", ["take", "finish"])
@time_machine.travel(NOON, tick=False)
def test_what_is_not_on_the_list_is_not_there(city: City, rosa: Client, what: str) -> None:
    task = TaskFactory(department=city.roads)
    for pk in (task.pk, task.pk + 1000):
        assert rosa.post(reverse(f"desk:{what}", args=[pk]), {f"task-{pk}-result": "answered"}).status_code == 404
    task.refresh_from_db()
    assert (task.agent, task.done_at) == (None, None)


@pytest.mark.rule("EM-COM-C")
@time_machine.travel(NOON, tick=False)
def test_a_note_that_is_stopped_stays_in_its_field(city: City, rosa: Client) -> None:
    adopt("EM-COM-C")
    ProfanityWord.objects.create(language="en", kind="profanity", phrase="damn")
    forget_words()
    task = TaskFactory(department=city.general, agent=city.rosa)
    facts = {f"task-{task.pk}-result": "answered", f"task-{task.pk}-note": "The damn pipe."}
    page = rosa.post(reverse("desk:finish", args=[task.pk]), facts)
    forget_words()
    assert page.status_code == 400
    assert "The damn pipe." in page.content.decode()
    assert "put it in quotation marks" in page.content.decode()
    assert Task.objects.open().get() == task


@time_machine.travel(NOON, tick=False)
def test_what_a_colleague_has_is_refused_with_a_sentence(city: City, rosa: Client) -> None:
    other = Agent.objects.get(pk=city.rudi.pk)
    task = TaskFactory(department=city.general, agent=other)
    page = rosa.post(reverse("desk:take", args=[task.pk]), follow=True).content.decode()
    assert "A colleague has taken this task" in page


@time_machine.travel(NOON, tick=False)
def test_the_list_costs_the_same_however_long_it_is(city: City, rosa: Client, django_assert_max_num_queries) -> None:
    for _number in range(30):
        TaskFactory(department=city.general)
    with django_assert_max_num_queries(20):
        assert rosa.get(LIST).status_code == 200


# Counts ---------------------------------------------------------------------------
@time_machine.travel(NOON, tick=False)
def test_the_desk_reads_how_many_tasks_there_are_and_how_many_are_late(city: City, rosa: Client) -> None:
    MembershipFactory(agent=city.rosa, department=city.roads)
    TaskFactory(department=city.general, agent=city.rosa, created_at=NOON - 3 * HOUR)
    TaskFactory(department=city.roads, created_at=NOON)
    TaskFactory(department=city.roads, agent=city.rudi, due_at=None)
    TaskFactory()
    answer = rosa.get("/api/v1/desk/tasks").json()
    assert answer == {
        "mine": 1,
        "departments": 2,
        "overdue": 1,
        "next_due_at": (NOON - HOUR).isoformat(),
        "server_time": NOON.isoformat(),
    }


@pytest.mark.parametrize("path", ["/api/v1/desk/tasks", "/api/v1/desk/directory"])
@time_machine.travel(NOON, tick=False)
def test_only_who_works_the_desk_is_answered(city: City, rosa: Client, path: str) -> None:
    assert rosa.get(path)["Content-Type"] == "application/json"
    nobody, admin = Client().get(path), browser(UserFactory(roles=["admin"])).get(path)
    assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthorized")
    assert (admin.status_code, admin.json()["code"]) == (404, "not_found")
    assert rosa.post(path).status_code == 405


def test_what_a_program_of_the_desk_asks_is_no_sign_of_a_person(city: City) -> None:
    with time_machine.travel(NOON, tick=False):
        rosa = browser(city.rosa.user)
    with time_machine.travel(NOON + timedelta(minutes=20), tick=False):
        assert rosa.get("/api/v1/desk/tasks").status_code == 200
    with time_machine.travel(NOON + timedelta(minutes=31), tick=False):
        assert rosa.get("/api/v1/desk/tasks").status_code == 401


# The directory ----------------------------------------------------------------------
def body(**more: str) -> OutsideBody:
    facts = {"code": "electric", "name": "County Electric", "responsible_for": "Power cuts", "phone": "555-0200"}
    return OutsideBody(**{**facts, **more})


@pytest.mark.rule("EM-COM-B")
@time_machine.travel(NOON, tick=False)
def test_the_directory_names_departments_and_outside_bodies_with_what_reaches_them(city: City, rosa: Client) -> None:
    electric = body(page="https://electric.example/")
    electric.save()
    electric.departments.add(city.general)
    electric.languages.add(city.english)
    body(code="gone", name="Gone", phone="1").save()
    OutsideBody.objects.filter(code="gone").update(is_active=False)
    answer = rosa.get("/api/v1/desk/directory").json()
    general = {"code": "general", "name": "General services", "phone": "555-0100", "email": "", "page": ""}
    assert general in answer["departments"]
    assert answer["bodies"] == [
        {
            "code": "electric",
            "name": "County Electric",
            "responsible_for": "Power cuts",
            "phone": "555-0200",
            "email": "",
            "page": "https://electric.example/",
            "departments": ["general"],
            "languages": ["en"],
        }
    ]


@pytest.mark.rule("EM-COM-B")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"phone": ""}, "at least one way"),
        ({"page": "http://electric.example/"}, "https://"),
        ({"page": "electric"}, "https://"),
        ({"phone": "call us"}, "no phone number"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_a_body_that_cannot_be_reached_is_refused_where_it_is_typed(more: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        body(**more).full_clean()
    assert said in str(refusal.value)


@pytest.mark.rule("EM-COM-B")
def test_an_administrator_writes_a_body_down_at_its_form(admin_client: Client, city: City) -> None:
    facts = {"code": "electric", "name": "Electric", "responsible_for": "Power", "is_active": "on"}
    refused = admin_client.post("/admin/agents/outsidebody/add/", facts)
    assert "at least one way" in refused.content.decode()
    admin_client.post(
        "/admin/agents/outsidebody/add/", {**facts, "phone": "555-0200", "departments": [city.general.pk]}
    )
    assert OutsideBody.objects.get().departments.get() == city.general
    assert OutsideBody.history.count() >= 1
