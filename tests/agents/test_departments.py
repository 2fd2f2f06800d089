"""What residents call a department, and what staff do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.directory import offered_departments
from agents.models import Department, DepartmentName
from tests.factories import DepartmentFactory, DepartmentNameFactory, LanguageFactory, UserFactory, log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def roads() -> Department:
    made: Department = DepartmentFactory(code="roads", name="Roads")
    return made


def named(department: Department, **names: str) -> None:
    for code, name in names.items():
        language = LanguageFactory(code=code.replace("_", "-"), name=code)
        DepartmentNameFactory(department=department, language=language, name=name)


@pytest.mark.rule("EM-LANG")
@pytest.mark.parametrize(
    ("names", "language", "read"),
    [
        ({}, "es", "Roads"),
        ({"es": "Calles"}, "es", "Calles"),
        ({"es": "Calles"}, "fr", "Roads"),
        ({"es": "Calles"}, "", "Roads"),
        ({"en": "Streets"}, "en", "Streets"),
        ({"en": "Streets"}, "fr", "Roads"),
        ({"fr": "Voirie"}, "fr-CA", "Voirie"),
        ({"fr_CA": "Travaux publics"}, "fr", "Travaux publics"),
        ({"fr": "Voirie", "fr_CA": "Travaux publics"}, "fr-CA", "Travaux publics"),
        ({"fr": "Voirie", "fr_CA": "Travaux publics"}, "fr", "Voirie"),
    ],
)
def test_who_reads_a_language_is_shown_its_name_or_that_of_its_nearest_or_the_departments_own(
    roads: Department, names: Mapping[str, str], language: str, read: str
) -> None:
    named(roads, **names)
    assert roads.name_in(language) == read


def test_a_list_is_read_with_its_names_in_two_statements_and_stands_in_the_order_of_the_reader(
    roads: Department, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    named(roads, es="Útiles")
    named(DepartmentFactory(name="Parks"), es="Viveros")
    DepartmentFactory(name="Ferries", is_active=False)
    DepartmentFactory(name="Welcome", is_default=True)
    with django_assert_num_queries(2):
        read = {code: [each.name_in(code) for each in offered_departments(code)] for code in ("es",)}
    assert read == {"es": ["Welcome", "Útiles", "Viveros"]}
    assert [each.name for each in offered_departments("en")] == ["Welcome", "Parks", "Roads"]


@pytest.mark.parametrize("name", ["", "Vías"])
def test_a_name_that_says_nothing_or_is_the_second_in_its_language_is_never_stored(
    roads: Department, name: str
) -> None:
    if name:
        named(roads, es="Calles")
    with pytest.raises(IntegrityError), transaction.atomic():
        DepartmentNameFactory(department=roads, name=name)


# The form ---------------------------------------------------------------------
@pytest.fixture
def admin(client: Client) -> Client:
    log_in(client, UserFactory(username="boss", roles=["admin"]))
    return client


def save(client: Client, department: Department, *names: tuple[str, str]) -> Any:
    stored = list(department.names.order_by("pk").values_list("pk", flat=True))
    facts = {"code": department.code, "name": department.name, "is_active": "on"}
    facts |= {"names-TOTAL_FORMS": str(len(names)), "names-INITIAL_FORMS": str(len(stored))}
    for number, (language, name) in enumerate(names):
        own = {"id": str(stored[number]) if number < len(stored) else "", "department": str(department.pk)}
        facts |= {f"names-{number}-{key}": value for key, value in own.items()}
        facts |= {f"names-{number}-language": language, f"names-{number}-name": name}
    return client.post(f"/admin/agents/department/{department.pk}/change/", facts)


def test_an_administrator_names_a_department_in_each_language_and_the_history_says_who(
    admin: Client, roads: Department
) -> None:
    for code in ("es", "fr"):
        LanguageFactory(code=code, name=code)
    assert "see it instead of the name above" in admin.get("/admin/agents/department/add/").content.decode()
    assert save(admin, roads, ("es", " Calles "), ("fr", "Voirie")).status_code == 302
    assert roads.names_by_language() == {"es": "Calles", "fr": "Voirie"}
    assert save(admin, roads, ("es", "Vías"), ("fr", "Voirie")).status_code == 302
    assert roads.name_in("es") == "Vías"
    past = DepartmentName.objects.get(language="es").history.values_list("name", "history_user__username")
    assert list(past) == [("Vías", "boss"), ("Calles", "boss")]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([("es", "Calles"), ("fr", "")], "This field is required."),
        ([("es", "Calles"), ("fr", "   ")], "This field is required."),
        ([("es", "Calles"), ("es", "Vías")], "Please correct the duplicate"),
        ([("es", "Calles"), ("fr", "x" * 101)], "at most 100 characters"),
    ],
)
def test_an_empty_a_second_or_an_endless_name_is_refused_at_the_form(
    admin: Client, roads: Department, names: list[tuple[str, str]], sentence: str
) -> None:
    named(roads, es="Calles")
    LanguageFactory(code="fr", name="fr")
    page = save(admin, roads, *names)
    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert roads.names_by_language() == {"es": "Calles"}
