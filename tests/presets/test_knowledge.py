"""The scripts and menus of the demo: complete in each language, good by their own rules, kept as an admin left them."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from contactcenter.knowledge.conformance import rows_of
from contactcenter.knowledge.models import Menu, Node, Script, Sequence
from contactcenter.knowledge.rules import faults_of
from policies.models import ProfanityWord
from policies.staff_texts import words_that_stop
from policies.words import forget_words
from tests.factories import AgentFactory, ScriptFactory

LANGUAGES = ["en", "es", "fr"]


@pytest.fixture(autouse=True)
def _demo(settings: Settings, db: None) -> None:
    settings.DEMO = True
    settings.DEMO_PASSWORD = "maple leaves in autumn"
    load()


def load(*options: str) -> None:
    call_command("load_preset", "demo", *options, verbosity=0)


def snapshot() -> list[object]:
    return [
        sorted(Script.objects.values_list("language", "name", "text", "department", "about", "is_active")),
        sorted(Sequence.objects.values_list("language", "key", "name", "steps__position", "steps__script__name")),
        sorted(Node.objects.values_list("menu__language", "code", "parent__code", "label", "text", "page", "topic")),
    ]


@pytest.mark.rule("EM-SCR")
def test_every_row_of_the_demo_passes_its_form() -> None:
    for model in (Script, Sequence, Menu, Node):
        rows = list(model.objects.all())
        assert rows
        for row in rows:
            row.full_clean()
    today = timezone.localdate()
    assert all(script.review_on is not None and script.review_on > today for script in Script.objects.all())


@pytest.mark.rule("EM-COM-C")
def test_no_script_of_the_demo_holds_a_word_for_which_a_chat_would_stop_it() -> None:
    def stopped() -> set[str]:
        forget_words()
        now = timezone.now()
        return {
            word for text in Script.objects.values_list("text", flat=True) for word in words_that_stop(text, at=now)
        }

    assert stopped() == set()
    ProfanityWord.objects.create(language="en", kind="profanity", phrase="question")
    assert "question" in stopped()


@pytest.mark.rule("EM-OFF")
@pytest.mark.rule("PK-EAR")
def test_each_language_has_the_same_scripts_and_the_three_sequences() -> None:
    counts = {code: Script.objects.filter(language=code).count() for code in LANGUAGES}
    assert len(set(counts.values())) == 1
    for code in LANGUAGES:
        rows = Sequence.objects.filter(language=code).order_by("key")
        assert [(row.key, row.rule, row.outcome, row.steps.count()) for row in rows] == [
            ("e", "PK-EAR", "", 3),
            ("o", "EM-OFF", "off_topic", 3),
            ("w", "PK-EAR", "conduct", 3),
        ]


@pytest.mark.rule("SJ-IVR")
def test_each_language_has_a_menu_that_leads_somewhere() -> None:
    menus = Menu.objects.order_by("language").prefetch_related("nodes__parent")
    assert [menu.language_id for menu in menus] == LANGUAGES
    for menu in menus:
        assert faults_of(rows_of(menu)) == []
        kinds = {node.kind for node in menu.nodes.all()}
        assert kinds == set(Node.Kind.values)
        assert all(node.text for node in menu.nodes.all() if node.kind == "answer")


def test_loading_again_changes_nothing_and_what_an_admin_changed_is_kept_until_reset() -> None:
    before = snapshot()
    load()
    assert snapshot() == before
    Script.objects.filter(name="pothole").update(text="Which street?")
    Script.objects.get(name="bache").delete()
    renamed = Script.objects.get(name="hello")
    renamed.name = "good day"
    renamed.save()
    Sequence.objects.get(key="e", language="en").delete()
    Menu.objects.get(language="es").delete()
    Node.objects.filter(menu__language="fr", code="person").delete()
    changed = snapshot()
    load()
    assert snapshot() == changed
    own = ScriptFactory(owner=AgentFactory(), name="hello")
    load("--reset")
    assert Script.objects.get(pk=own.pk).text == own.text
    assert Script.objects.filter(name="good day").exists()
    Script.objects.filter(name="good day").delete()
    own.delete()
    assert snapshot() == before
