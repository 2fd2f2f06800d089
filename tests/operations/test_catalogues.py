"""Residents read the program in each of its languages, completely; staff read it in English."""

from __future__ import annotations

import pytest
from babel.messages import Catalog
from django.conf import settings
from django.test import Client

from contactcenter.lib.language import COOKIE, supported
from contactcenter.operations.catalogues import LANGUAGES, compiled, extracted, faults, path_of, read
from tests.factories import DepartmentFactory, LanguageFactory
from tests.policies.factories import keep_chats


def test_there_is_a_catalogue_for_every_language_but_the_programs_own():
    assert {code for code, _name in settings.LANGUAGES} == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_a_resident_is_missing_fuzzy_or_broken(language):
    assert faults(language, read(language), extracted()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_kept(language):
    assert path_of(language).with_suffix(".mo").read_bytes() == compiled(language)


def catalogue(text, translation_, **more) -> Catalog:
    made = Catalog(locale="es", fuzzy=False)
    made.add(text, translation_, **more)
    return made


@pytest.mark.parametrize(
    ("text", "given", "fault"),
    [
        ("Wait", "", "missing"),
        ("%(n)d chats", "%(m)d chats", "broken placeholder"),
        ("{name} left", "se fue", "broken placeholder"),
        (("%(n)d chat", "%(n)d chats"), ("%(n)d chat", ""), "missing"),
        (("%(n)d chat", "%(n)d chats"), ("un chat", "chats", "chats"), "broken placeholder"),
    ],
)
def test_each_fault_is_found(text, given, fault):
    found = faults("es", catalogue(text, given), catalogue(text, None))
    assert found
    assert all(fault in each for each in found)


def test_a_fuzzy_text_and_one_that_nobody_uses_are_faults():
    kept = catalogue("Wait", "Espera", flags=["fuzzy"])
    assert "fuzzy" in faults("es", kept, catalogue("Wait", None))[0]
    assert "not used" in faults("es", catalogue("Gone", "Ida"), Catalog(locale="es"))[0]


def test_a_singular_may_do_without_its_number():
    text, given = ("%(n)d chat", "%(n)d chats"), ("un chat", "%(n)d chats", "%(n)d chats")
    assert faults("es", catalogue(text, given), catalogue(text, None)) == []


# Which language --------------------------------------------------------------
@pytest.fixture
def town(db):
    keep_chats()
    LanguageFactory(code="en")
    return DepartmentFactory(code="general", is_default=True)


def shown(path: str, client: Client | None = None, **headers: str) -> str:
    return (client or Client()).get(path, headers=headers).headers["Content-Language"]


@pytest.mark.parametrize(
    ("path", "browser", "language"),
    [
        ("/", "fr-CA,fr;q=0.9", "fr"),
        ("/", "de,it", "en"),
        ("/?language=es", "fr", "es"),
        ("/?language=xx", "fr", "fr"),
        ("/accounts/login/?language=es", "es", "en"),
    ],
)
def test_a_page_speaks_the_language_that_was_chosen_else_the_browsers_and_to_staff_english(
    town, path, browser, language
):
    assert shown(path, **{"Accept-Language": browser}) == language


def test_a_choice_is_kept_for_the_next_page_and_never_by_the_framed_widget(town):
    client = Client()
    assert shown("/chat/widget/?language=fr", client) == "fr"
    assert COOKIE not in client.cookies
    assert shown("/?language=es", client) == "es"
    assert shown("/", client, **{"Accept-Language": "fr"}) == "es"


def test_a_code_from_outside_that_is_no_language_is_none():
    assert (supported("es-MX"), supported("../es"), supported(7), supported(None)) == ("es", None, None, None)


def test_a_refusal_of_the_api_is_said_in_the_language_that_was_asked_for(town):
    answer = Client().get("/api/v1/chat/availability?department=nowhere&language=es")
    assert answer.json()["detail"] == "No existe ese departamento."
