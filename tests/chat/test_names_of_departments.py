"""A resident reads what a department is called in the language of the chat; staff read its own name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Language
from chat import news
from chat.actions import accept, accept_transfer, ask_transfer
from chat.api import _notice
from chat.desks import read_directory, read_transfers
from chat.models import ChatSession, Wording
from chat.timers import act_on_due_timers
from contactcenter.lib.errors import DomainError
from tests.chat.conftest import NOON, City
from tests.factories import DepartmentNameFactory, LanguageFactory, QueuedSessionFactory, WordingFactory
from tests.policies.factories import adopt

pytestmark = [pytest.mark.django_db, pytest.mark.rule("EM-LANG")]


@pytest.fixture
def spanish(city: City) -> Language:
    """The city with its departments named in Spanish, and agents who speak it."""
    DepartmentNameFactory(department=city.general, name="Servicios generales")
    DepartmentNameFactory(department=city.roads, name="Calles")
    language = Language.objects.get(code="es")
    for agent in (city.rosa, city.rudi):
        agent.languages.add(language)
    return language


def said(session: ChatSession, rule: str) -> str:
    return session.events.filter(rule=rule).order_by("seq").last().text


# Before a chat ------------------------------------------------------------------
def test_availability_names_the_departments_as_they_are_read(city: City, spanish: Language) -> None:
    def names(language: Language | None) -> list[str]:
        return [each["name"] for each in news.read_availability(city.general, language, at=NOON)["departments"]]

    assert names(spanish) == ["Servicios generales", "Calles"]
    assert names(LanguageFactory(code="fr", name="Français")) == ["General services", "Roads"]
    assert names(city.english) == names(None) == ["General services", "Roads"]


def test_availability_takes_the_same_statements_however_many_departments_there_are(
    city: City, spanish: Language
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            news.read_availability(city.general, spanish, at=NOON)
        return len(queries)

    before = asked()
    DepartmentNameFactory.create_batch(4)
    assert asked() == before


def test_the_notice_of_collection_names_the_department_as_it_is_read(city: City, spanish: Language) -> None:
    Wording.objects.filter(kind=Wording.Kind.COLLECTION).update(text="{department} {phone}")
    assert _notice(city.general, spanish) == "Servicios generales 555-0100"
    assert _notice(city.general, None) == "General services 555-0100"


# In a chat ------------------------------------------------------------------------
@pytest.mark.rule("SJ-GREET")
def test_the_greeting_names_the_department_in_the_language_of_the_chat(city: City, spanish: Language) -> None:
    WordingFactory(language=spanish, text="Soy {agent}, de {department}.")
    sessions = [QueuedSessionFactory(department=city.general, language=each) for each in (spanish, city.english)]
    for session in sessions:
        accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    read = [said(session, "SJ-GREET") for session in sessions]
    assert read == ["Soy Rosa, de Servicios generales.", "I am Rosa from General services."]


@pytest.mark.rule("SJ-GREET")
def test_a_greeting_that_is_written_in_english_alone_names_what_the_resident_has_chosen(
    city: City, spanish: Language
) -> None:
    session = QueuedSessionFactory(department=city.general, language=spanish)
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    assert said(session, "SJ-GREET") == "I am Rosa from Servicios generales."


@pytest.mark.rule("EM-FWD")
def test_who_is_passed_on_reads_the_new_department_and_the_agent_its_own_name(city: City, spanish: Language) -> None:
    adopt("EM-FWD", seconds=60)
    session = QueuedSessionFactory(department=city.general, language=spanish)
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    to, summary = {"department": "roads"}, "A pothole."
    ask_transfer(session.pk, agent_id=city.rosa.pk, to=to, reason="department", summary=summary, at=NOON)
    [transfer] = read_transfers([city.rosa.pk]).values()
    assert transfer.to_department is not None
    assert transfer.to_department.name == "Roads"
    accept_transfer(session.pk, agent_id=city.rudi.pk, at=NOON + timedelta(seconds=10))
    assert said(session, "SJ-GREET") == "I am Rudi from Calles."


@pytest.mark.rule("EM-FWD")
def test_an_agent_whose_transfer_is_refused_reads_the_departments_own_name(city: City, spanish: Language) -> None:
    adopt("EM-FWD", seconds=60)
    session = QueuedSessionFactory(department=city.general, language=spanish)
    accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    city.rudi.languages.clear()
    city.rudi.memberships.all().delete()
    with pytest.raises(DomainError, match="Nobody of Roads is online"):
        ask_transfer(
            session.pk, agent_id=city.rosa.pk, to={"department": "roads"}, reason="", summary="A pothole.", at=NOON
        )


@pytest.mark.rule("EM-COM-Daii")
def test_who_waits_reads_it_and_many_who_wait_cost_no_statement_more_for_it(city: City, spanish: Language) -> None:
    adopt("EM-COM-Daii", busy_seconds=30)
    for kind in (Wording.Kind.ALL_BUSY, Wording.Kind.NOBODY_THERE, Wording.Kind.UNANSWERED):
        WordingFactory(kind=kind, language=spanish, text="{department}: un momento.")

    def statements(number: int) -> list[str]:
        due = [QueuedSessionFactory(department=city.general, language=spanish) for _ in range(number)]
        ChatSession.objects.filter(pk__in=[each.pk for each in due]).update(busy_deadline=NOON)
        with CaptureQueriesContext(connection) as queries:
            act_on_due_timers(at=NOON)
        assert {said(each, "EM-COM-Daii") for each in due} == {"Servicios generales: un momento."}
        return [each["sql"] for each in queries if "agents_departmentname" in each["sql"]]

    assert len(statements(1)) == len(statements(3)) == 1


# On the desk ----------------------------------------------------------------------
def test_the_desk_knows_every_name_by_language_and_shows_the_departments_own(city: City, spanish: Language) -> None:
    DepartmentNameFactory(department=city.roads, language=LanguageFactory(code="fr", name="Français"), name="Voirie")
    departments, _languages = read_directory()
    assert [(each["name"], each["names"]) for each in departments] == [
        ("General services", {"es": "Servicios generales"}),
        ("Roads", {"es": "Calles", "fr": "Voirie"}),
    ]
