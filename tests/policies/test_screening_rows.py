"""Profane words and domains for links as rows: what may be listed, who changes them, how they reach the screening."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from agents.models import Role
from policies.models import LinkDomain, ProfanityWord
from policies.screening import NO_PROFANITY
from policies.words import forget_words, link_domains, profanity_list
from tests.factories import UserFactory, log_in
from tests.policies.pages import shown

pytestmark = pytest.mark.django_db
WORDS, DOMAINS = "/admin/policies/profanityword/", "/admin/policies/linkdomain/"
FACTS = {"language": "en", "kind": "profanity", "phrase": "damn"}


@pytest.fixture(autouse=True)
def nothing_remembered():
    forget_words()
    yield
    forget_words()


@pytest.mark.rule("EM-COM-C")
def test_a_profane_word_is_added_and_deleted_and_counts_at_once(admin_client, django_capture_on_commit_callbacks):
    assert profanity_list() is NO_PROFANITY
    with django_capture_on_commit_callbacks(execute=True):
        assert admin_client.post(f"{WORDS}add/", FACTS).status_code == 302
    assert profanity_list().find("DAMN!") == ("profanity",)
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(f"{WORDS}add/", {**FACTS, "kind": "name", "phrase": "Damn  Yankees"})
    assert ProfanityWord.objects.get(kind="name").phrase == "Damn Yankees"
    assert profanity_list().find("the Damn Yankees") == ()
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(f"{WORDS}{ProfanityWord.objects.get(kind='profanity').pk}/delete/", {"post": "yes"})
    assert profanity_list().find("damn") == ()
    assert ProfanityWord.history.filter(history_type="-").count() == 1


@pytest.mark.rule("EM-LINK")
def test_a_domain_is_added_and_deleted_and_counts_at_once(admin_client, django_capture_on_commit_callbacks):
    assert link_domains() == frozenset()
    with django_capture_on_commit_callbacks(execute=True):
        assert admin_client.post(f"{DOMAINS}add/", {"domain": " Maplebrook.Example. "}).status_code == 302
    assert link_domains() == {"maplebrook.example"}
    facts = {"action": "delete_selected", "_selected_action": [LinkDomain.objects.get().pk], "post": "yes"}
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(DOMAINS, facts)
    assert link_domains() == frozenset()


@pytest.mark.parametrize(
    ("path", "facts", "field", "sentence"),
    [
        (WORDS, {**FACTS, "phrase": ""}, "phrase", "Write the word"),
        (WORDS, {**FACTS, "phrase": "!!"}, "phrase", "at least one whole word"),
        (WORDS, {**FACTS, "kind": "fun"}, "kind", "Select a valid choice"),
        (WORDS, {**FACTS, "language": "English, please"}, "language", "BCP 47"),
        (WORDS, {**FACTS, "kind": "name", "phrase": "heck"}, "phrase", "would never be found"),
        (WORDS, {**FACTS, "phrase": "HECK"}, "__all__", "listed already"),
        (DOMAINS, {"domain": ""}, "domain", "Write a domain"),
        (DOMAINS, {"domain": "https://maplebrook.example/"}, "domain", "the domain alone"),
        (DOMAINS, {"domain": "example"}, "domain", "everybody's sites"),
        (DOMAINS, {"domain": "CITY.example"}, "__all__", "listed already"),
    ],
)
@pytest.mark.rule("EM-COM-C")
@pytest.mark.rule("EM-LINK")
def test_what_is_wrong_is_said_at_its_field(admin_client, path, facts, field, sentence):
    ProfanityWord.objects.create(language="en", kind="profanity", phrase="heck")
    LinkDomain.objects.create(domain="city.example")
    found = admin_client.post(f"{path}add/", facts).context["adminform"].form.errors
    assert list(found) == [field]
    assert sentence in " ".join(found[field])
    assert (ProfanityWord.objects.count(), LinkDomain.objects.count()) == (1, 1)


def test_a_word_beside_a_name_that_silences_it_is_refused():
    ProfanityWord.objects.create(language="fr", kind="name", phrase="cul de sac")
    with pytest.raises(ValidationError, match="would never be found"):
        ProfanityWord(language="en", kind="profanity", phrase="cul de sac").full_clean()


@pytest.mark.parametrize("path", [WORDS, DOMAINS])
def test_the_pages_say_what_a_change_does(admin_client, path):
    assert "written from then on, after five seconds at most" in shown(admin_client.get(f"{path}add/"))


@pytest.mark.parametrize("role", [*Role.values, None])
def test_the_rows_are_for_administrators_alone(client, role):
    if role is not None:
        log_in(client, UserFactory(roles=[role]))
    client.post(f"{WORDS}add/", FACTS)
    client.post(f"{DOMAINS}add/", {"domain": "maplebrook.example"})
    assert (ProfanityWord.objects.exists(), LinkDomain.objects.exists()) == (role == "admin", role == "admin")
