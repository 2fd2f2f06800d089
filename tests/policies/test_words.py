"""Emergency words as rows: what may be listed, who changes them, and how they reach the screening."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agents.models import Role, User
from policies import words
from policies.models import ProfanityWord, ScreeningWord
from policies.phrases import fault_of
from policies.screening import NO_WORDS
from policies.words import forget_words, word_list
from tests.factories import UserFactory, log_in
from tests.policies.pages import shown

pytestmark = [pytest.mark.django_db, pytest.mark.rule("EM-911")]
WORDS = "/admin/policies/screeningword/"
FACTS = {"language": "en", "kind": "life", "phrase": "fire at my house"}
SERVICES = [("service", "fire department"), ("service", "police")]


@pytest.fixture(autouse=True)
def nothing_remembered():
    forget_words()
    yield
    forget_words()


def word(phrase: str = "gas leak", kind: str = "life", language: str = "en") -> ScreeningWord:
    made: ScreeningWord = ScreeningWord.objects.create(language=language, kind=kind, phrase=phrase)
    return made


# What the database refuses -----------------------------------------------------
@pytest.mark.parametrize("listed", [ScreeningWord, ProfanityWord])
def test_a_kind_that_nobody_knows_stops_no_message_since_it_is_never_stored(listed):
    with pytest.raises(IntegrityError), transaction.atomic():
        listed.objects.bulk_create([listed(language="en", kind="lief", phrase="gas leak")])


# What may be listed -----------------------------------------------------------
@pytest.mark.parametrize("phrase", ["fire at my house", "911", "no respira", "fuite de gaz", "fire", "火事"])
def test_a_phrase_that_says_what_has_happened_is_good(phrase):
    assert fault_of("life", phrase, SERVICES) == ""


@pytest.mark.parametrize("kind", ["life", "service"])
@pytest.mark.parametrize("phrase", ["", "!", "?!...", "a", " é ", "-f-", "🔥"])
def test_signs_and_single_letters_are_refused(kind, phrase):
    assert "Write at least one whole word." in fault_of(kind, phrase, SERVICES)


@pytest.mark.parametrize(
    "phrase", ["fire department", "Fire-Department!", "call the fire department", "POLICE", "Pólice"]
)
def test_what_is_or_holds_a_service_is_refused_since_it_would_never_be_found(phrase):
    fault = fault_of("life", phrase, SERVICES)
    assert "the name of a service (“" in fault
    assert "Write what has happened" in fault


def test_a_service_that_would_silence_a_phrase_is_refused_with_those_phrases():
    calls = [("life", "gas leak"), ("city", "smell gas"), ("service", "gas leak")]
    fault = fault_of("service", "Gas leak", calls)
    assert "“gas leak”. Delete them first" in fault
    many = [("life", f"gas {number}") for number in range(5)]
    assert "“gas 0”, “gas 1”, “gas 2”, …." in fault_of("service", "gas", many)
    assert fault_of("service", "gas company", calls) == ""


def test_a_row_says_its_faults_whatever_the_language_of_the_others():
    word("police", "service")
    with pytest.raises(ValidationError) as refusal:
        ScreeningWord(language="fr", kind="life", phrase="appelez la police").full_clean()
    assert list(refusal.value.message_dict) == ["phrase"]
    word("feu", language="fr")
    with pytest.raises(ValidationError, match="never be found again"):
        ScreeningWord(language="en", kind="service", phrase="feu").full_clean()


def test_a_row_may_be_cleaned_again_and_its_blanks_are_made_one():
    row = word("  gas   leak ")
    row.full_clean()
    assert row.phrase == "gas leak"


@pytest.mark.parametrize(("language", "is_good"), [("en", True), ("fr-CA", True), ("English", False), ("e", False)])
def test_the_language_is_a_code(language, is_good):
    row = ScreeningWord(language=language, kind="life", phrase="gas leak")
    with nullcontext() if is_good else pytest.raises(ValidationError, match="BCP 47"):
        row.full_clean()


def test_a_phrase_is_listed_once_for_its_language_and_kind_whatever_its_capitals():
    word("gas leak")
    word("gas leak", language="es")
    word("gas leak", kind="city")
    with pytest.raises(IntegrityError), transaction.atomic():
        word("Gas Leak")


# The list ---------------------------------------------------------------------
def test_without_rows_there_are_no_words():
    assert word_list() is NO_WORDS


def test_the_rows_reach_the_screening_with_their_kinds():
    word("gas leak")
    word("calle inundada", "city", "es")
    word("noise complaint", "non_emergency")
    word("gas leak detector", "service")
    assert word_list().find("A GAS LEAK, and a noise complaint!") == ("life", "non_emergency")
    assert word_list().find("Calle inundada.") == ("city",)
    assert word_list().find("Where do I buy a gas leak detector?") == ()


def test_the_rows_are_read_again_when_they_are_older_than_five_seconds(monkeypatch, django_assert_num_queries):
    moment = 1000.0
    monkeypatch.setattr(words, "monotonic", lambda: moment)
    with django_assert_num_queries(1):
        assert word_list().find("gas leak") == ()
        word_list()
    word("gas leak")
    moment += 5
    assert word_list().find("gas leak") == ()
    moment += 0.1
    assert word_list().find("gas leak") == ("life",)
    with django_assert_num_queries(0):
        word_list()


def test_who_has_changed_the_rows_can_have_them_read_at_once():
    assert word_list().find("gas leak") == ()
    word("gas leak")
    forget_words()
    assert word_list().find("gas leak") == ("life",)


# The administration -------------------------------------------------------------
def test_a_word_is_added_changed_and_deleted_and_counts_at_once(admin_client, django_capture_on_commit_callbacks):
    def sent(path: str, facts: dict) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            assert admin_client.post(f"{WORDS}{path}", facts).status_code == 302

    boss = User.objects.get(username="boss")
    assert word_list().find("Fire at my house!") == ()
    sent("add/", FACTS)
    assert word_list().find("Fire at my house!") == ("life",)
    row = ScreeningWord.objects.get()
    sent(f"{row.pk}/change/", {**FACTS, "kind": "city"})
    assert word_list().find("Fire at my house!") == ("city",)
    assert [each.history_user for each in row.history.all()] == [boss, boss]
    assert str(boss) in shown(admin_client.get(f"{WORDS}{row.pk}/history/"))
    sent(f"{row.pk}/delete/", {"post": "yes"})
    assert word_list() is NO_WORDS


def test_several_words_are_deleted_and_their_history_says_so(admin_client, django_capture_on_commit_callbacks):
    rows = [word("gas leak"), word("smell gas")]
    assert word_list().find("gas leak") == ("life",)
    facts = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}
    with django_capture_on_commit_callbacks(execute=True):
        assert admin_client.post(WORDS, facts).status_code == 302
    assert word_list() is NO_WORDS
    assert ScreeningWord.history.filter(history_type="-").count() == 2


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"phrase": ""}, "phrase", "Write the phrase as residents write it"),
        ({"phrase": "   "}, "phrase", "Write the phrase as residents write it"),
        ({"phrase": "!!"}, "phrase", "Write at least one whole word."),
        ({"phrase": "Police"}, "phrase", "the name of a service (“police”)"),
        ({"phrase": "x" * 101}, "phrase", "at most 100"),
        ({"kind": ""}, "kind", "Choose what the phrase means."),
        ({"kind": "fun"}, "kind", "Select a valid choice"),
        ({"language": ""}, "language", "Write the language of the phrase"),
        ({"language": "English, please"}, "language", "BCP 47"),
        ({"phrase": "Gas  LEAK"}, "__all__", "This phrase is listed already"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_stays_as_it_was_typed(admin_client, wrong, field, sentence):
    word("police", "service")
    word("gas leak")
    answer = admin_client.post(f"{WORDS}add/", {**FACTS, **wrong})
    found = answer.context["adminform"].form.errors
    assert list(found) == [field]
    assert sentence in " ".join(found[field])
    typed = {**FACTS, **wrong}
    page = shown(answer)
    assert f'name="language" value="{typed["language"]}"' in page or not typed["language"]
    assert f'name="phrase" value="{typed["phrase"]}"' in page or not typed["phrase"]
    assert ScreeningWord.objects.count() == 2


def test_the_list_is_narrowed_by_language_and_kind_and_searched(admin_client):
    word("gas leak")
    word("calle inundada", "city", "es")
    page = shown(admin_client.get(WORDS, {"language": "es", "kind__exact": "city"}))
    assert "calle inundada" in page
    assert "gas leak" not in page
    assert "calle inundada" not in shown(admin_client.get(WORDS, {"q": "leak"}))
    assert "left out of a text before the other phrases are looked for" in shown(admin_client.get(f"{WORDS}add/"))


@pytest.mark.parametrize("role", [*Role.values, None])
def test_words_are_for_administrators_alone(client, role):
    if role is not None:
        log_in(client, UserFactory(roles=[role]))
    for path in (WORDS, f"{WORDS}add/"):
        assert client.get(path).status_code == {"admin": 200, None: 302}.get(role, client.get("/admin/").status_code)
    client.post(f"{WORDS}add/", FACTS)
    assert ScreeningWord.objects.exists() == (role == "admin")
