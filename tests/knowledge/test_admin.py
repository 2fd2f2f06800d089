"""The administration of scripts, sequences and menus: what it refuses, saves and shows beforehand."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client

from contactcenter.knowledge.models import Menu, Node, Script, Sequence
from tests.agents.test_admin import INLINE
from tests.chat.conftest import City
from tests.factories import LanguageFactory, MenuFactory, NodeFactory, ScriptFactory, StepFactory
from tests.policies.factories import adopt

SCRIPTS, SEQUENCES, MENUS = (f"/admin/knowledge/{name}/" for name in ("script", "sequence", "menu"))
pytestmark = pytest.mark.django_db


def said(answer: Any) -> str:
    return html.unescape(answer.content.decode())


# Scripts ------------------------------------------------------------------------
def script_facts(**more: Any) -> dict[str, Any]:
    return {"name": "pothole", "text": "Which street?", "language": "en", "review_on": "2027-01-01", **more}


@pytest.mark.rule("EM-SCR")
def test_an_administrator_writes_shared_scripts(city: City, admin_client: Client) -> None:
    facts = script_facts(is_active="on", department=city.roads.pk)
    assert admin_client.post(f"{SCRIPTS}add/", facts).status_code == 302
    script = Script.objects.get()
    assert (script.owner, script.department, script.uses) == (None, city.roads, 0)
    assert script.history.get().history_user.username == "boss"


@pytest.mark.rule("EM-SCR")
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"text": "Hello {surname}"}, "{surname} cannot be filled in. The fields are: {customer}, {agent}"),
        ({"review_on": ""}, "This field is required."),
        ({"about": "roads", "text": "Call {phone} or see {page}"}, "Roads has nothing for {phone}, {page}."),
        ({"name": "taken"}, "There is already a script of this name"),
        ({"name": " / "}, "one line without a /"),
    ],
)
def test_a_faulty_script_is_refused_with_the_reason(
    city: City, admin_client: Client, wrong: dict[str, Any], sentence: str
) -> None:
    ScriptFactory(name="taken")
    if "about" in wrong:
        wrong = {**wrong, "about": city.roads.pk}
    answer = admin_client.post(f"{SCRIPTS}add/", script_facts(**wrong))
    assert answer.status_code == 200
    assert sentence in said(answer)
    assert Script.objects.count() == 1


@pytest.mark.rule("EM-COM-C")
@pytest.mark.parametrize("is_adopted", [True, False])
def test_a_script_that_a_chat_would_stop_is_refused_with_the_word(
    city: City, admin_client: Client, damn: None, is_adopted: bool
) -> None:
    adopt("EM-COM-C", is_adopted=is_adopted)
    answer = admin_client.post(f"{SCRIPTS}add/", script_facts(text="That Damn pothole. Damn!"))
    assert Script.objects.exists() is not is_adopted
    if is_adopted:
        sentence = "A chat would stop this text: it holds “Damn” (EM-COM-C). Write it in another way."
        assert answer.context["adminform"].form.errors == {"text": [sentence]}


@pytest.mark.rule("EM-COM-C")
@pytest.mark.parametrize("is_adopted", [True, False])
def test_a_step_that_a_chat_would_stop_is_refused_with_the_word(
    city: City, admin_client: Client, damn: None, is_adopted: bool
) -> None:
    adopt("EM-COM-C", is_adopted=is_adopted)
    scripts = [ScriptFactory(text="That damn pothole."), ScriptFactory()]
    answer = admin_client.post(f"{SEQUENCES}add/", sequence_facts(*scripts))
    assert Sequence.objects.exists() is not is_adopted
    if is_adopted:
        sentence = "A chat would stop this script: it holds “damn” (EM-COM-C). Change its text first."
        errors = answer.context["inline_admin_formsets"][0].formset.errors
        assert errors == [{"script": [sentence]}, {}]


def test_scripts_of_agents_are_not_listed(city: City, admin_client: Client) -> None:
    own = ScriptFactory(name="secret of Rosa", owner=city.rosa)
    assert "secret of Rosa" not in said(admin_client.get(SCRIPTS))
    assert admin_client.get(f"{SCRIPTS}{own.pk}/change/", follow=True).redirect_chain


# Sequences ------------------------------------------------------------------------
def sequence_facts(*scripts: Script, **more: Any) -> dict[str, Any]:
    facts = {"name": "Off topic", "key": "o", "language": "en", "rule": "EM-OFF", "outcome": "off_topic"}
    facts |= {"review_on": "2027-01-01", "is_active": "on"}
    facts |= {"steps-TOTAL_FORMS": str(len(scripts)), "steps-INITIAL_FORMS": "0"}
    for number, script in enumerate(scripts):
        facts |= {f"steps-{number}-position": str(number), f"steps-{number}-script": str(script.pk)}
    return {**facts, **more}


@pytest.mark.rule("EM-OFF")
def test_an_administrator_puts_scripts_in_a_row(city: City, admin_client: Client) -> None:
    scripts = [ScriptFactory(), ScriptFactory()]
    page = said(admin_client.get(f"{SEQUENCES}add/"))
    assert '<option value="off_topic">' in page
    assert '<option value="abandoned">' not in page
    assert admin_client.post(f"{SEQUENCES}add/", sequence_facts(*scripts)).status_code == 302
    assert [step.script for step in Sequence.objects.get().steps.all()] == scripts


def test_a_sequence_that_nobody_could_insert_is_refused(city: City, admin_client: Client) -> None:
    spanish = ScriptFactory(language=LanguageFactory(code="es", name="Español"))
    for scripts, sentence in (
        ([], "A sequence needs a step."),
        ([ScriptFactory(department=city.roads)], "in use and for all departments"),
        ([ScriptFactory(is_active=False)], "in use and for all departments"),
        ([spanish], "in another language than the sequence"),
    ):
        answer = admin_client.post(f"{SEQUENCES}add/", sequence_facts(*scripts))
        assert answer.status_code == 200
        assert sentence in said(answer)
    StepFactory(sequence__key="o")
    answer = admin_client.post(f"{SEQUENCES}add/", sequence_facts(ScriptFactory()))
    assert "Another sequence in this language has this key." in said(answer)
    assert Sequence.objects.count() == 1


# Menus ----------------------------------------------------------------------------
TREE = [
    {"code": "waste", "kind": "topic"},
    {"code": "day", "under": "waste", "kind": "answer", "text": "On Tuesdays."},
    {"code": "person", "kind": "person"},
]


def menu_facts(rows: list[dict[str, Any]], initial: int = 0, **more: Any) -> dict[str, Any]:
    facts = {"language": "en", "is_shown": "on", "review_on": "2027-01-01"}
    facts |= {"nodes-TOTAL_FORMS": str(len(rows)), "nodes-INITIAL_FORMS": str(initial)}
    for number, row in enumerate(rows):
        row = {"label": row.get("code", "").capitalize(), "position": number, **row}
        facts |= {f"nodes-{number}-{name}": str(value) for name, value in row.items()}
    return {**facts, **more}


def tree_of(menu: Menu) -> dict[str, str | None]:
    return {node.code: node.parent.code if node.parent else None for node in menu.nodes.all()}


@pytest.mark.rule("SJ-IVR")
def test_an_administrator_writes_a_whole_menu_at_once(city: City, admin_client: Client) -> None:
    assert admin_client.post(f"{MENUS}add/", menu_facts(TREE)).status_code == 302
    menu = Menu.objects.get()
    assert tree_of(menu) == {"waste": None, "day": "waste", "person": None}
    assert menu.history.get().history_user.username == "boss"
    page = admin_client.get(f"{MENUS}{menu.pk}/change/")
    assert 'value="waste"' in said(page)
    assert not INLINE.search(page.content.decode())


@pytest.mark.rule("SJ-IVR")
def test_rows_are_moved_added_and_deleted_together(city: City, admin_client: Client) -> None:
    admin_client.post(f"{MENUS}add/", menu_facts(TREE))
    menu = Menu.objects.get()
    ids = {node.code: node.pk for node in menu.nodes.all()}
    rows = [
        {"id": ids["waste"], "code": "waste", "kind": "topic", "DELETE": "on"},
        {"id": ids["day"], "code": "day", "under": "bins", "kind": "answer", "text": "On Fridays."},
        {"id": ids["person"], "code": "person", "kind": "person"},
        {"code": "bins", "kind": "topic"},
    ]
    for number, row in enumerate(rows):
        row["menu"] = menu.pk
        row.setdefault("label", f"Row {number}")
    answer = admin_client.post(f"{MENUS}{menu.pk}/change/", menu_facts(rows, initial=3))
    assert answer.status_code == 302, said(answer)
    assert tree_of(menu) == {"day": "bins", "person": None, "bins": None}
    assert menu.nodes.get(code="day").text == "On Fridays."


@pytest.mark.rule("SJ-IVR")
@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [{"code": "a", "under": "b", "kind": "topic"}, {"code": "b", "under": "a", "kind": "topic"}],
            "back to itself",
        ),
        ([{"code": "a", "under": "a", "kind": "topic"}], "back to itself"),
        ([{"code": "water bills", "kind": "person"}], "Write small letters, digits and hyphens only"),
        ([{"code": "day", "under": "Müll!", "kind": "person"}], "Write small letters, digits and hyphens only"),
        ([{"code": "waste", "kind": "topic"}], "Nothing is under this topic"),
        ([{"code": "day", "kind": "answer"}], "An answer needs its text."),
        ([{"code": "pay", "kind": "form"}], "A form needs its page."),
        ([{"code": "day", "under": "none", "kind": "person"}], "No row of this menu has the code none."),
        ([*TREE, {"code": "x", "under": "day", "kind": "person"}], "day is no topic."),
        ([*TREE, {"code": "day", "kind": "person"}], "Another row of this menu has this code."),
        (
            [
                *({"code": f"t{n}", "under": f"t{n - 1}" if n else "", "kind": "topic"} for n in range(4)),
                {"code": "end", "under": "t3", "kind": "person"},
            ],
            "A menu is at most 4 rows deep.",
        ),
        ([{"code": "pay", "kind": "form", "page": "http://maplebrook.example/"}], "begins with https://"),
        ([{"code": "pay", "kind": "form", "page": "//evil.example/"}], "begins with https://"),
        ([{"code": "pay", "kind": "form", "page": "/no-such-page/"}], "There is no page /no-such-page/ here."),
        ([{"code": "pay", "kind": "form", "page": "/desk/"}], "/desk/ is not for residents."),
        ([], "A menu that is shown needs a row."),
    ],
)
def test_a_menu_that_leads_nowhere_is_refused_where_it_is_typed(
    city: City, admin_client: Client, rows: list[dict[str, Any]], sentence: str
) -> None:
    answer = admin_client.post(f"{MENUS}add/", menu_facts(rows))
    assert answer.status_code == 200
    assert sentence in said(answer)
    assert not Menu.objects.exists()


def test_a_menu_that_is_off_may_be_empty_and_there_is_one_each(city: City, admin_client: Client) -> None:
    off = menu_facts([], department=city.roads.pk)
    del off["is_shown"]
    assert admin_client.post(f"{MENUS}add/", off).status_code == 302
    answer = admin_client.post(f"{MENUS}add/", menu_facts(TREE, department=city.roads.pk))
    assert "There is already a menu for this department and language." in said(answer)


@pytest.mark.rule("SJ-IVR")
def test_a_menu_is_seen_as_residents_see_it_before_it_is_saved(city: City, admin_client: Client) -> None:
    answer = admin_client.post(f"{MENUS}add/", menu_facts(TREE, _preview="Preview"))
    page = said(answer)
    assert answer.status_code == 200
    assert "Nothing of this is saved yet." in page
    assert page.index("<summary>Waste</summary>") < page.index("On Tuesdays.") < page.index(">Person</a>")
    assert not INLINE.search(answer.content.decode())
    assert not Menu.objects.exists()
    wrong = admin_client.post(f"{MENUS}add/", menu_facts([TREE[0]], _preview="Preview"))
    assert "Nothing is under this topic" in said(wrong)
    assert not Menu.objects.exists()


@pytest.mark.rule("SJ-IVR")
def test_a_saved_menu_is_seen_and_what_is_typed_beside_it(city: City, admin_client: Client) -> None:
    menu = MenuFactory()
    node = NodeFactory(menu=menu, code="day", label="Collection day")
    change = f"{MENUS}{menu.pk}/change/"
    assert f'href="/admin/knowledge/menu/{menu.pk}/preview/"' in said(admin_client.get(change))
    page = said(admin_client.get(f"{MENUS}{menu.pk}/preview/"))
    assert "This is saved, and residents see it." in page
    assert "<summary>Collection day</summary>" in page
    row = {"id": node.pk, "menu": menu.pk, "code": "day", "kind": "answer", "text": "On Fridays.", "label": "Day"}
    typed = admin_client.post(change, menu_facts([row], initial=1, _preview="Preview"))
    assert "On Fridays." in said(typed)
    assert Node.objects.get().text == "On Tuesdays."
    assert admin_client.get(f"{MENUS}0/preview/").status_code == 404


def test_the_preview_is_for_administrators(city: City, client: Client) -> None:
    menu = MenuFactory()
    assert client.get(f"{MENUS}{menu.pk}/preview/").status_code == 302
