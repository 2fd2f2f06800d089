"""The chat in the language of whoever reads it: chosen by its name, else the browser's."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import City, Server
from tests.browser.people import Resident
from tests.browser.script import Script
from tests.browser.watch import Watch
from tests.factories import DepartmentFactory, LanguageFactory, MembershipFactory

NewContext = Callable[..., BrowserContext]
NAMES = ["English", "Español", "Français"]


@pytest.mark.rule("EM-LANG")
@pytest.mark.parametrize(("speaks", "lang"), [("es-MX", "es"), ("fr-CA", "fr"), ("pl", "en")])
def test_the_page_is_read_in_the_language_of_the_browser(
    city: City, server: Server, new_context: NewContext, speaks: str, lang: str
) -> None:
    page = new_context(locale=speaks).new_page()
    page.goto(f"{server.url}/chat/")
    expect(page.locator("html")).to_have_attribute("lang", lang)
    expect(page.locator(".tongues [aria-current]")).to_have_attribute("lang", lang)


@pytest.mark.rule("EM-LANG")
def test_a_language_is_chosen_by_its_own_name_and_nothing_typed_is_lost(
    city: City, server: Server, new_context: NewContext
) -> None:
    MembershipFactory(agent=city.rosa, department=DepartmentFactory(code="libraries"))  # one that has no menu yet
    page = new_context(locale="en-US").new_page()
    page.goto(f"{server.url}/chat/?department=libraries")
    page.get_by_label("Your name").fill("Ana Ruiz")
    page.get_by_label("How can we help?").fill("¿Dónde pago?")
    links = page.locator(".tongues a")
    assert links.all_inner_texts() == NAMES
    assert [link.get_attribute("lang") for link in links.all()] == ["en", "es", "fr"]
    links.nth(1).click()
    page.wait_for_url(re.compile("language=es"))
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("#chat-name")).to_have_value("Ana Ruiz")
    expect(page.locator("#chat-question")).to_have_value("¿Dónde pago?")
    assert "department=libraries" in page.url


@pytest.mark.rule("EM-LANG")
def test_the_language_that_is_read_is_that_of_the_chat(city: City, server: Server, new_context: NewContext) -> None:
    LanguageFactory(code="fr", name="French")
    page = new_context().new_page()
    script = Script(page, availability={"languages": ["en", "fr"]})
    page.goto(f"{server.url}/chat/?language=fr")
    chosen = page.locator("#chat-language")
    expect(chosen).to_have_value("fr")
    assert chosen.locator("option").all_inner_texts() == ["English", "Français"]
    page.locator("#chat-name").fill("Luc")
    page.locator("#chat-question").fill("Où payer ?")
    page.locator("#chat-question").press("Tab")
    page.locator("[data-screen=start] [type=submit]").click()
    page.get_by_role("log").get_by_text("Où payer ?").wait_for()
    assert script.asked[0]["language"] == "fr"


@pytest.mark.rule("EM-LANG")
def test_who_reads_a_language_that_nobody_speaks_today_is_told_before_they_wait(
    city: City, server: Server, new_context: NewContext
) -> None:
    LanguageFactory(code="es", name="Spanish")
    page = new_context().new_page()
    script = Script(page, availability={"languages": ["en"]})
    page.goto(f"{server.url}/chat/?language=es")
    expect(page.locator("[data-other-language]")).to_contain_text("Español")
    page.locator("#chat-name").fill("Ana")
    page.locator("#chat-question").fill("¿Dónde pago?")
    page.locator("[data-screen=start] [type=submit]").click()
    script_says = "Hello Ana."
    page.get_by_role("log").get_by_text("¿Dónde pago?").wait_for()
    script.joins(text=script_says)
    expect(page.locator(".msg .text", has_text=script_says)).to_have_attribute("lang", "en")  # the page is in Spanish
    expect(page.locator(".msg-own .text")).not_to_have_attribute("lang", "en")


def test_the_frame_of_another_site_keeps_the_language_that_was_chosen_in_it(
    city: City, server: Server, new_context: NewContext
) -> None:
    page = new_context(locale="en-US").new_page()
    page.goto(f"{server.sister}/water")
    resident = Resident(page).open_frame()
    resident.chat.get_by_role("link", name="Français").click()
    expect(resident.chat.locator("html")).to_have_attribute("lang", "fr")
    expect(resident.chat.locator("#chat-name")).to_be_visible()


def test_a_site_may_say_in_which_language_its_frame_is_read(
    city: City, server: Server, new_context: NewContext
) -> None:
    page = new_context(locale="en-US").new_page()
    page.goto(f"{server.sister}/water")
    page.evaluate("document.querySelector('script[src*=embed]').dataset.language = 'es'")
    page.get_by_role("button", name="Chat with us").click()
    expect(page.frame_locator("iframe").locator("html")).to_have_attribute("lang", "es")


def test_days_and_hours_are_said_as_the_language_says_them(
    city: City, server: Server, new_context: NewContext, watch: Watch
) -> None:
    page = new_context().new_page()
    Script(page, availability={"state": "closed", "next_opening": "2026-11-25T08:30:00-05:00", "rule": "EM-HRS"})
    page.goto(f"{server.url}/chat/?language=fr")
    expect(page.locator("[data-opening]")).to_contain_text(re.compile("mercredi 25 novembre.*8:30"))
    page.goto(f"{server.url}/chat/?language=es")
    expect(page.locator("[data-opening]")).to_contain_text(re.compile("miércoles, 25 de noviembre.*8:30"))
