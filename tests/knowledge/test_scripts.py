"""Whose scripts an agent is offered, what she may write herself, and how often one is used."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from agents.models import Agent, Role
from contactcenter.knowledge import actions
from contactcenter.knowledge.actions import Words
from contactcenter.knowledge.models import Script
from contactcenter.lib.errors import Invalid, NotFound, WrongState
from policies.reviews import overdue
from tests.chat.conftest import City
from tests.factories import DepartmentNameFactory, LanguageFactory, ScriptFactory, StepFactory, UserFactory, log_in
from tests.policies.factories import adopt

AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
LIST = "/api/v1/desk/scripts"
PAGE = "/desk/scripts/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _adopted(db: None) -> None:
    adopt("EM-SCR")


def client_of(agent: Agent) -> Client:
    client = Client()
    log_in(client, agent.user)
    return client


def offered(agent: Agent) -> list[str]:
    answer = client_of(agent).get(LIST)
    assert answer.status_code == 200
    return [script["name"] for script in answer.json()["scripts"]]


def words(city: City, text: str = "Hello {customer}.", name: str = "greet") -> Words:
    return Words(name, text, city.english)


# Who is offered what ------------------------------------------------------------
@pytest.mark.rule("EM-SCR")
def test_an_agent_is_offered_shared_scripts_of_her_departments_and_of_all_and_her_own(city: City) -> None:
    ScriptFactory(name="for all")
    ScriptFactory(name="general", department=city.general)
    ScriptFactory(name="roads", department=city.roads)
    ScriptFactory(name="hers", owner=city.rosa)
    ScriptFactory(name="his", owner=city.rudi)
    ScriptFactory(name="off", is_active=False)
    assert offered(city.rosa) == ["for all", "general", "hers"]
    assert offered(city.rudi) == ["for all", "his", "roads"]
    assert offered(city.supervisor) == ["for all", "general", "roads"]


@pytest.mark.rule("EM-SCR")
def test_a_script_is_answered_as_the_desk_needs_it(city: City) -> None:
    DepartmentNameFactory(department=city.roads, name="Calles")
    script = ScriptFactory(
        name="roads",
        text="{department}: {phone}",
        department=city.general,
        about=city.roads,
        review_on=date(2026, 1, 1),
    )
    with time_machine.travel(AT, tick=False):
        answer = client_of(city.rosa).get(LIST)
    assert answer["Cache-Control"].startswith("max-age=0")
    assert answer.json() == {
        "scripts": [
            {
                "id": script.pk,
                "name": "roads",
                "text": "{department}: {phone}",
                "department": "general",
                "language": "en",
                "personal": False,
                "uses": 0,
                "overdue": True,
                "about": {"department": "Roads", "names": {"es": "Calles"}, "phone": "", "email": "", "page": ""},
            }
        ],
        "sequences": [],
    }


@pytest.mark.rule("EM-SCR")
def test_changing_a_row_changes_what_is_offered(city: City) -> None:
    script = ScriptFactory(name="waste", department=city.roads)
    assert offered(city.rosa) == []
    script.department, script.name = None, "waste day"
    script.save()
    assert offered(city.rosa) == ["waste day"]
    script.is_active = False
    script.save()
    assert offered(city.rosa) == []


@pytest.mark.rule("EM-SCR")
def test_without_the_rule_nothing_is_offered_written_or_counted(city: City) -> None:
    script = ScriptFactory()
    adopt("EM-SCR", is_adopted=False)
    assert client_of(city.rosa).get(LIST).json() == {"scripts": [], "sequences": []}
    assert client_of(city.rosa).post(f"{LIST}/{script.pk}/used").status_code == 409
    assert "has not adopted EM-SCR" in client_of(city.rosa).get(PAGE).content.decode()
    with pytest.raises(WrongState, match="EM-SCR"):
        actions.write_own_script(words(city), by=city.rosa, at=AT)


def test_the_list_takes_the_same_statements_whatever_its_length(
    city: City, django_assert_num_queries: Any, client: Client
) -> None:
    log_in(client, city.rosa.user)
    client.get(LIST)
    with django_assert_num_queries(11):
        client.get(LIST)
    for _ in range(5):
        ScriptFactory(about=city.roads, department=city.general)
    step = StepFactory(sequence__key="a")
    StepFactory(sequence=step.sequence)
    with django_assert_num_queries(13):  # two more: the steps of what sequences there are, names of departments
        client.get(LIST)


@pytest.mark.parametrize(
    ("roles", "status", "code"), [(None, 401, "unauthorized"), ([Role.ADMIN], 404, "not_found"), ([], 404, "not_found")]
)
def test_who_does_not_work_the_desk_gets_no_scripts(db: None, roles: list[str] | None, status: int, code: str) -> None:
    script, client = ScriptFactory(), Client()
    if roles is not None:
        log_in(client, UserFactory(roles=roles))
    for answer in (client.get(LIST), client.post(f"{LIST}/{script.pk}/used")):
        assert (answer.status_code, answer.json()["code"]) == (status, code)


# Uses -----------------------------------------------------------------------------
@pytest.mark.rule("EM-SCR")
def test_each_use_is_counted_without_a_row_of_history(city: City) -> None:
    script = ScriptFactory()
    with time_machine.travel(AT, tick=False):
        for _ in range(2):
            assert client_of(city.rosa).post(f"{LIST}/{script.pk}/used").status_code == 204
    script.refresh_from_db()
    assert (script.uses, script.used_at, script.history.count()) == (2, AT, 1)


def test_a_script_that_is_not_hers_to_use_looks_like_none(city: City) -> None:
    for script in (
        ScriptFactory(owner=city.rudi),
        ScriptFactory(department=city.roads),
        ScriptFactory(is_active=False),
    ):
        foreign = client_of(city.rosa).post(f"{LIST}/{script.pk}/used")
        absent = client_of(city.rosa).post(f"{LIST}/0/used")
        assert (foreign.status_code, foreign.json()) == (absent.status_code, absent.json()) == (404, absent.json())
        script.refresh_from_db()
        assert script.uses == 0


def test_a_use_is_not_counted_for_another_site(city: City) -> None:
    client = Client(enforce_csrf_checks=True)
    log_in(client, city.rosa.user)
    assert client.post(f"{LIST}/{ScriptFactory().pk}/used").status_code == 403


# Her own ----------------------------------------------------------------------------
@pytest.mark.rule("EM-SCR")
def test_an_agent_writes_rewrites_and_deletes_a_script_of_her_own(city: City) -> None:
    client = client_of(city.rosa)
    facts = {"name": "hi", "text": "Hi {customer}", "language": "en", "department": city.general.pk}
    assert client.post(f"{PAGE}add/", facts).status_code == 302
    script = Script.objects.get()
    assert (script.owner, script.text, script.department) == (city.rosa, "Hi {customer}", city.general)
    assert script.history.get().history_user == city.rosa.user
    changed = {**facts, "text": "Hi there", "department": ""}
    assert client.post(f"{PAGE}{script.pk}/", changed).status_code == 302
    script.refresh_from_db()
    assert (script.text, script.department) == ("Hi there", None)
    assert client.post(f"{PAGE}{script.pk}/delete/").status_code == 302
    assert not Script.objects.exists()


@pytest.mark.rule("EM-SCR")
def test_a_colleagues_own_script_can_be_neither_read_nor_touched(city: City) -> None:
    script = ScriptFactory(name="secret of Rudi", owner=city.rudi)
    for agent in (city.rosa, city.supervisor):
        client = client_of(agent)
        assert "secret of Rudi" not in client.get(PAGE).content.decode()
        assert client.get(f"{PAGE}{script.pk}/").status_code == 404
        assert client.post(f"{PAGE}{script.pk}/", {"name": "x", "text": "x", "language": "en"}).status_code == 404
        assert client.post(f"{PAGE}{script.pk}/delete/").status_code == 404
    shared = ScriptFactory()
    assert client_of(city.rosa).post(f"{PAGE}{shared.pk}/delete/").status_code == 404
    assert Script.objects.count() == 2


@pytest.mark.rule("EM-SCR")
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"text": "Hello {name}"}, "{name} cannot be filled in. The fields are: {customer}, {agent}"),
        ({"text": "Hello {customer"}, "{ cannot be filled in."),
        ({"text": "Card 4111 1111 1111 1111"}, "looks like a card or bank number"),
        ({"text": ""}, "Write what the script says."),
        ({"text": "x" * 2001}, "at most 2000 characters"),
        ({"name": ""}, "Give the script a short name."),
        ({"name": "a/b"}, "one line without a /"),
        ({"department": "roads"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_a_script_is_refused_where_it_is_typed(city: City, wrong: dict[str, str], sentence: str) -> None:
    sent = {"name": "hi", "text": "Hi", "language": "en", **wrong}
    if "department" in wrong:
        sent["department"] = str(city.roads.pk)  # not one of hers
    answer = client_of(city.rosa).post(f"{PAGE}add/", sent)
    assert answer.status_code == 400
    assert sentence in answer.content.decode().replace("&#x27;", "'")
    assert not Script.objects.exists()


@pytest.mark.rule("EM-COM-C")
@pytest.mark.parametrize("is_adopted", [True, False])
def test_a_text_that_a_chat_would_stop_is_refused_with_its_words(city: City, damn: None, is_adopted: bool) -> None:
    adopt("EM-COM-C", is_adopted=is_adopted)
    facts = {"name": "pothole", "language": "en", "text": "That DAMN pothole in Damn Street. Well, damn!"}
    answer = client_of(city.rosa).post(f"{PAGE}add/", facts)
    assert Script.objects.exists() is not is_adopted
    if is_adopted:
        sentence = "A chat would stop this text: it holds “DAMN”, “damn” (EM-COM-C). Write it in another way."
        assert answer.context["form"].errors == {"text": [sentence]}


def test_a_name_is_hers_once_a_language_and_may_be_a_colleagues_too(city: City) -> None:
    actions.write_own_script(words(city), by=city.rudi, at=AT)
    actions.write_own_script(words(city), by=city.rosa, at=AT)
    with pytest.raises(Invalid, match="already a script of this name"):
        actions.write_own_script(words(city), by=city.rosa, at=AT)
    spanish = Words("greet", "Hola", LanguageFactory(code="es", name="Español"))
    actions.write_own_script(spanish, by=city.rosa, at=AT)
    answer = client_of(city.rosa).post(f"{PAGE}add/", {"name": "greet", "text": "Hi", "language": "en"})
    assert answer.status_code == 400
    assert "already a script of this name" in answer.content.decode()


def test_an_agent_has_no_more_than_200_of_her_own(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_OWN", 1)
    script = actions.write_own_script(words(city), by=city.rosa, at=AT)
    with pytest.raises(WrongState, match="Delete one first"):
        actions.write_own_script(words(city, name="second"), by=city.rosa, at=AT)
    actions.write_own_script(words(city, "Changed"), by=city.rosa, script_id=script.pk, at=AT)
    with pytest.raises(NotFound):
        actions.write_own_script(words(city), by=city.rosa, script_id=0, at=AT)


# Reviews ----------------------------------------------------------------------------
@pytest.mark.rule("EM-SCR")
def test_a_shared_script_past_its_day_is_listed_where_overdue_rows_are(city: City) -> None:
    script = ScriptFactory(name="pothole", review_on=date(2026, 11, 23))
    ScriptFactory(review_on=date(2026, 11, 24))
    ScriptFactory(review_on=date(2020, 1, 1), is_active=False)
    with time_machine.travel(AT, tick=False):
        assert [each.code for each in overdue(date(2026, 11, 24), AT)] == ["pothole"]
        page = client_of(city.supervisor).get("/supervise/").content.decode()
    assert "pothole" in page
    script.review_on = date(2027, 11, 24)
    script.save()
    assert overdue(date(2026, 11, 24), AT) == []
