"""Scripts by typing `/`, and the menu without JavaScript, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from agents.models import Role, RoleGrant
from contactcenter.knowledge.models import Script
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, log_in
from tests.browser.test_accessible import SIZES, Look, look  # noqa: F401  (a fixture)
from tests.factories import DepartmentFactory, LanguageFactory, ScriptFactory, SequenceFactory, StepFactory
from tests.knowledge.test_menu import grow
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]
FIELD = "A message that is not sent"


@pytest.fixture
def written(city: City) -> None:
    for rule in ("EM-SCR", "EM-OFF"):
        adopt(rule)
    roads = DepartmentFactory(name="Roads", phone="555-0120")
    ScriptFactory(name="pothole", text="Which street is it, {customer}?")
    ScriptFactory(name="goodbye", text="This was {agent} of {department}, {phone}. See {page}.")
    ScriptFactory(name="refer roads", text="{department} can help: {phone}.", about=roads)
    ScriptFactory(name="collecte des déchets", text="Le mardi.", language=LanguageFactory(code="fr", name="Français"))
    ScriptFactory(name="mine", text="As I like to say it.", owner=city.rosa)
    sequence = SequenceFactory(rule="EM-OFF", key="o", name="Off topic", outcome="off_topic")
    for text in ("Your question about the city?", "This chat is for the city.", "Come back with one, {customer}."):
        StepFactory(sequence=sequence, script__text=text)


@pytest.fixture
def page(written: None, city: City, server: Server, new_context: NewContext) -> Page:
    context = new_context()
    log_in(context, city.rosa, server.url)
    opened = context.new_page()
    with opened.expect_response("**/api/v1/desk/scripts"):
        opened.goto(f"{server.url}/desk/scripts/")
    return opened


def field_of(page: Page) -> Locator:
    return page.get_by_label(FIELD)


def insert(page: Page, key: str = "Enter") -> None:
    """Press a key that inserts, and wait until the use is counted."""
    chosen(page).wait_for()  # the list may still be on its way
    with page.expect_response("**/used"):
        field_of(page).press(key)


def chosen(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Scripts").get_by_role("option", selected=True)


def options(page: Page) -> list[str]:
    return page.locator(".scripts-list [role=option] b").all_inner_texts()


@pytest.mark.rule("EM-SCR")
def test_a_slash_finds_a_script_and_enter_inserts_it_filled_in(page: Page) -> None:
    field = field_of(page)
    field.press_sequentially("Hello. /poth")
    listbox = page.get_by_role("listbox", name="Scripts")
    expect(listbox).to_be_visible()
    expect(listbox.get_by_role("option", selected=True)).to_contain_text("Which street is it, Dana?")
    assert field.get_attribute("aria-controls") == listbox.get_attribute("id")
    assert field.get_attribute("aria-activedescendant") == listbox.get_by_role("option").get_attribute("id")
    expect(page.get_by_role("status").filter(has_text="1 script.")).to_have_count(1)
    with page.expect_response("**/used") as used:
        field.press("Enter")
    expect(field).to_have_value("Hello. Which street is it, Dana?")
    expect(listbox).to_be_hidden()
    assert field.get_attribute("aria-activedescendant") is None
    assert used.value.status == 204
    assert Script.objects.get(name="pothole").uses == 1


@pytest.mark.rule("EM-SCR")
def test_arrows_choose_tab_inserts_and_text_is_searched_without_accents(page: Page) -> None:
    field = field_of(page)
    field.press("/")
    expect(chosen(page)).to_contain_text("mine")  # her own come first
    assert len(options(page)) == 6
    field.press("ArrowUp")
    expect(chosen(page)).to_contain_text(options(page)[-1])
    field.press("ArrowDown")
    expect(chosen(page)).to_contain_text("mine")
    field.press_sequentially("dechets")
    assert options(page) == ["collecte des déchets"]
    insert(page, "Tab")
    expect(field).to_have_value("Le mardi.")
    expect(field).to_be_focused()
    field.fill("")
    field.press_sequentially("/like to say")
    assert options(page) == ["mine"]
    with page.expect_response("**/used"):
        chosen(page).click()
    expect(field).to_have_value("As I like to say it.")


@pytest.mark.rule("EM-SCR")
def test_a_slash_that_is_meant_as_one_stays(page: Page) -> None:
    field = field_of(page)
    listbox = page.get_by_role("listbox", name="Scripts")
    for text in ("and/or", "https://maplebrook.example/pothole", "1 / 2", "/ ", "/none of it"):
        field.fill("")
        field.press_sequentially(text)
        expect(listbox).to_be_hidden()
        field.press("Enter")
        expect(field).to_have_value(f"{text}\n")
    field.fill("")
    field.press_sequentially("/poth")
    expect(listbox).to_be_visible()
    field.press("Escape")
    expect(listbox).to_be_hidden()
    field.press_sequentially("ole")
    expect(listbox).to_be_hidden()
    field.press("Enter")
    expect(field).to_have_value("/pothole\n")
    field.press_sequentially("/poth")
    expect(listbox).to_be_visible()


@pytest.mark.rule("EM-SCR")
def test_what_cannot_be_filled_in_is_selected_to_be_typed_over(page: Page) -> None:
    field = field_of(page)
    field.press_sequentially("/goodbye")
    insert(page)
    expect(field).to_have_value("This was Rosa of General services, 555-0100. See {page}.")
    page.keyboard.type("our page")
    expect(field).to_have_value("This was Rosa of General services, 555-0100. See our page.")


@pytest.mark.rule("EM-SCR")
def test_a_referral_names_the_department_that_can_help(page: Page) -> None:
    field = field_of(page)
    field.press_sequentially("/refer")
    insert(page)
    expect(field).to_have_value("Roads can help: 555-0120.")


@pytest.mark.rule("EM-OFF")
def test_one_key_leads_through_the_steps_of_a_sequence(page: Page) -> None:
    steps = "window.heard = []; document.querySelector('[data-try]').addEventListener("
    page.evaluate(f"() => {{ {steps}'scripts:step', (event) => heard.push(event.detail)) }}")
    field, bar = field_of(page), page.get_by_role("group", name="Sequence")
    field.press_sequentially("/o")
    expect(chosen(page)).to_contain_text("3 steps")
    insert(page)
    expect(field).to_have_value("Your question about the city?")
    expect(bar).to_contain_text("Off topic: step 1 of 3")
    field.fill("")
    field.press("/")
    expect(chosen(page)).to_contain_text("Off topic: next, step 2 of 3")
    insert(page)
    expect(field).to_have_value("This chat is for the city.")
    field.fill("")
    with page.expect_response("**/used"):
        bar.get_by_role("button", name="Insert the next step").click()
    expect(field).to_have_value("Come back with one, Dana.")
    expect(field).to_be_focused()
    expect(bar).to_contain_text("That was the last step.")
    heard = page.evaluate("heard")
    assert [(each["step"], each["outcome"]) for each in heard] == [(1, None), (2, None), (3, "off_topic")]
    assert heard[0]["rule"] == "EM-OFF"
    bar.get_by_role("button", name="Leave the sequence").click()
    expect(bar).to_be_hidden()


@pytest.mark.rule("EM-SCR")
def test_the_page_of_scripts_is_readable_and_worked_by_keyboard(
    written: None,
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    context = new_context(*SIZES[look.size])
    log_in(context, city.rosa, server.url)
    page = context.new_page()
    rosa = AtTheDesk(page)
    page.goto(f"{server.url}/desk/scripts/")
    look.at("scripts", rosa, whole=True)
    field_of(page).press("/")
    expect(page.get_by_role("listbox", name="Scripts")).to_be_visible()
    look.at("scripts-list", rosa)
    field_of(page).press("o")
    insert(page)
    expect(page.get_by_role("group", name="Sequence")).to_be_visible()
    look.at("scripts-sequence", rosa)
    page.get_by_text("Write one").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Short name").focus()
    page.keyboard.type("late")
    page.get_by_label("Text").focus()
    page.keyboard.type("Sorry for the wait, {customer}.")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Keep this script").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The script is there.")).to_be_visible()
    page.get_by_role("link", name="Change late").click()
    expect(page.get_by_role("heading", name="late")).to_be_visible()
    look.at("script-own", rosa, whole=True)
    assert look.faults == []


@pytest.mark.rule("SJ-IVR")
def test_the_menu_and_its_preview_are_readable_without_javascript(
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    menu = grow()
    RoleGrant.objects.create(user=city.rosa.user, role=Role.ADMIN)
    context = new_context(*SIZES[look.size])
    log_in(context, city.rosa, server.url)
    page = context.new_page()
    admin = AtTheDesk(page)
    page.goto(f"{server.url}/admin/knowledge/menu/{menu.pk}/change/")
    look.picture("admin-menu", page, True)
    page.locator("#id_nodes-1-text").fill("On Fridays.")
    with context.expect_page() as opened:
        page.get_by_role("button", name="Preview of what is typed").click()
    preview = opened.value
    expect(preview.get_by_text("Nothing of this is saved yet.")).to_be_visible()
    preview.get_by_text("Waste", exact=True).click()
    preview.get_by_text("Day", exact=True).click()
    expect(preview.get_by_text("On Fridays.")).to_be_visible()
    page.get_by_role("link", name="Preview of what is saved").click()
    page.get_by_text("Waste", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_text("Day", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("On Tuesdays.")).to_be_visible()
    look.at("menu-preview", admin, whole=True)
    assert look.faults == []
