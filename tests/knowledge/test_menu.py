"""The self-service menu: whose it is, what a program gets of it, and how it reads without JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils import translation

from contactcenter.knowledge.menus import branches_of, menu_context, plain_menu
from contactcenter.knowledge.models import Menu, Node
from tests.chat.conftest import City
from tests.factories import LanguageFactory, MenuFactory, NodeFactory
from tests.policies.factories import adopt
from tests.wire import Wires

AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
MENU = "/api/v1/chat/menu"


def grow(menu: Menu | None = None) -> Menu:
    """Return a menu with a topic of an answer and a form, and a person."""
    menu = menu or MenuFactory()
    waste = NodeFactory(menu=menu, code="waste", kind="topic", text="", position=1)
    NodeFactory(menu=menu, code="missed", kind="form", text="", page="/chat/", parent=waste, position=9)
    NodeFactory(menu=menu, code="day", parent=waste, position=2)
    NodeFactory(menu=menu, code="person", kind="person", text="", topic="Waste", position=3)
    return menu


def labels(city: City, language: str = "en", **more: Any) -> list[str]:
    return [node["label"] for node in plain_menu(more.get("department", city.general), language, at=AT)["nodes"]]


@pytest.fixture
def adopted(db: None) -> None:
    adopt("SJ-IVR")


# What is answered ---------------------------------------------------------------
@pytest.mark.rule("SJ-IVR")
@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_resident_is_answered_the_menu_in_the_order_in_which_it_is_read(city: City, wires: Wires) -> None:
    await sync_to_async(adopt)("SJ-IVR")
    menu = await sync_to_async(grow)()
    ids = {node.code: node.pk async for node in menu.nodes.all()}
    answer = await wires.get(f"{MENU}?department=general&language=en")
    assert answer.status == 200
    assert answer.json()["rule"] == "SJ-IVR"
    assert "SJ-IVR, version 1" in answer.json()["why"]
    assert [(node["label"], node["parent"], node["kind"]) for node in answer.json()["nodes"]] == [
        ("Waste", None, "topic"),
        ("Day", ids["waste"], "answer"),
        ("Missed", ids["waste"], "form"),
        ("Person", None, "person"),
    ]
    assert answer.json()["nodes"][1] == {
        "id": ids["day"],
        "parent": ids["waste"],
        "label": "Day",
        "kind": "answer",
        "text": "On Tuesdays.",
        "page": "",
        "department": None,
        "topic": "",
    }
    assert (answer.json()["nodes"][2]["page"], answer.json()["nodes"][3]["topic"]) == ("/chat/", "Waste")


@pytest.mark.rule("SJ-IVR")
@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_answers_are_there_at_any_hour(city: City, wires: Wires) -> None:
    def close() -> None:
        adopt("SJ-IVR")
        adopt("EM-RET-A", is_adopted=False)  # no chat begins
        grow()

    await sync_to_async(close)()
    assert (await wires.get("/api/v1/chat/availability")).json()["state"] == "closed"
    assert len((await wires.get(MENU)).json()["nodes"]) == 4


@pytest.mark.rule("SJ-IVR")
@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_changing_a_row_changes_what_the_resident_reads_ten_seconds_later(
    city: City, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.api.AVAILABILITY_SECONDS", 600)  # over when the test says so
    await sync_to_async(adopt)("SJ-IVR")
    menu = await sync_to_async(grow)()
    assert (await wires.get(MENU)).json()["nodes"][1]["text"] == "On Tuesdays."
    await menu.nodes.filter(code="day").aupdate(text="On Fridays.")
    assert (await wires.get(MENU)).json()["nodes"][1]["text"] == "On Tuesdays."
    cache.clear()  # the ten seconds
    assert (await wires.get(MENU)).json()["nodes"][1]["text"] == "On Fridays."


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("query", ["department=none", "language=tlh", "department=a%00b"])
async def test_an_unknown_department_or_language_is_refused(city: City, wires: Wires, query: str) -> None:
    answer = await wires.get(f"{MENU}?{query}")
    assert (answer.status, answer.json()["code"]) == (400, "invalid")


@pytest.mark.rule("SJ-IVR")
def test_without_the_rule_or_a_menu_there_is_none(city: City) -> None:
    grow()
    assert plain_menu(city.general, "en", at=AT) == {"nodes": [], "rule": None, "why": None}
    assert menu_context(city.general, "en", at=AT)["branches"] == []
    adopt("SJ-IVR")
    assert menu_context(city.general, "en", at=AT)["menu"] is not None
    assert len(labels(city)) == 4
    assert labels(city, "es") == []


@pytest.mark.rule("SJ-IVR")
def test_a_department_shows_its_own_menu_and_may_switch_it_off(city: City, adopted: None) -> None:
    grow()
    own = MenuFactory(department=city.roads)
    NodeFactory(menu=own, code="pothole")
    assert labels(city, department=city.roads) == ["Pothole"]
    assert len(labels(city)) == 4
    own.is_shown = False
    own.save()
    assert labels(city, department=city.roads) == []
    assert len(labels(city)) == 4
    own.delete()
    assert len(labels(city, department=city.roads)) == 4


@pytest.mark.rule("SJ-IVR")
def test_each_language_has_a_menu_of_its_own(city: City, adopted: None) -> None:
    grow()
    spanish = MenuFactory(language=LanguageFactory(code="es", name="Español"))
    NodeFactory(menu=spanish, code="basura")
    assert labels(city, "es") == ["Basura"]
    Menu.objects.filter(pk=spanish.pk).update(is_shown=False)
    assert labels(city, "es") == []


def test_a_chat_is_sent_to_no_department_that_takes_none(city: City, adopted: None) -> None:
    menu = MenuFactory()
    NodeFactory(menu=menu, kind="person", text="", department=city.roads)
    assert plain_menu(city.general, "en", at=AT)["nodes"][0]["department"] == "roads"
    city.roads.is_active = False
    city.roads.save()
    assert plain_menu(city.general, "en", at=AT)["nodes"][0]["department"] is None


def test_a_menu_takes_the_same_statements_whatever_its_length(
    city: City, adopted: None, django_assert_num_queries: Any
) -> None:
    grow()
    with django_assert_num_queries(3):
        labels(city)


# Without JavaScript ---------------------------------------------------------------
@pytest.mark.rule("SJ-IVR")
def test_the_menu_reads_without_javascript(city: City, adopted: None) -> None:
    menu = grow()
    menu.nodes.filter(code="day").update(text="<b>On</b> Tuesdays.", page="https://www.maplebrook.example/waste/")
    menu.nodes.filter(code="person").update(department=city.roads)
    html = render_to_string("knowledge/_menu.html", menu_context(city.general, "en", at=AT))
    assert '<div class="menu" lang="en">' in html
    assert html.index("<summary>Waste</summary>") < html.index("<summary>Day</summary>") < html.index(">Missed</a>")
    assert "&lt;b&gt;On&lt;/b&gt; Tuesdays." in html
    assert 'href="https://www.maplebrook.example/waste/"' in html
    assert 'href="/chat/?department=roads&amp;topic=Waste"' in html
    assert "<script" not in html


def test_what_the_program_adds_is_in_the_language_of_the_menu(city: City) -> None:
    menu = MenuFactory(language=LanguageFactory(code="fr", name="Français"))
    NodeFactory(menu=menu, page="https://www.maplebrook.example/dechets/")
    with translation.override("fr"):
        html = render_to_string("knowledge/_menu.html", {"menu": menu, "branches": branches_of(menu)})
    assert '<div class="menu" lang="fr">' in html
    assert "En savoir plus" in html


def test_no_menu_leaves_nothing_on_the_page() -> None:
    assert render_to_string("knowledge/_menu.html", {"menu": None, "branches": []}).strip() == ""


def test_the_database_refuses_what_no_form_would_let_pass(db: None) -> None:
    from django.db import IntegrityError, transaction

    menu = MenuFactory()
    for wrong in ({"kind": "answer", "text": ""}, {"kind": "form", "page": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            NodeFactory(menu=menu, **wrong)
    node = NodeFactory(menu=menu)
    with pytest.raises(IntegrityError), transaction.atomic():
        Node.objects.filter(pk=node.pk).update(parent=node)
