"""An agent's whole work on a chat against the real server, without a mouse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from agents.models import Presence
from chat.actions import route
from chat.models import ChatSession
from tests.browser.conftest import City, Server
from tests.browser.people import Resident, at_the_desk, outside
from tests.factories import ScriptFactory, TopicFactory
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]
SUMMARY = "Bill of 312 dollars, September was estimated."


@pytest.fixture(autouse=True)
def rules(city: City) -> None:
    adopt("SJ-ACD", offer_seconds=60, abandoned_seconds=120, away_seconds=30)
    adopt("EM-SCR")
    adopt("EM-HOLD")
    adopt("EM-FWD", seconds=60)
    adopt("EM-DIS-B")
    adopt("DF-XFER")
    ScriptFactory(name="estimated", text="September was estimated, {customer}. Can you read the meter?")
    TopicFactory(code="water.bill", name="Water bills")
    city.rosa.presence = Presence.OFFLINE
    city.rosa.save()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


@pytest.mark.rule("PK-A11Y")
def test_an_agent_works_a_chat_from_the_offer_to_the_wrap_up_without_a_mouse(
    city: City, server: Server, new_context: NewContext
) -> None:
    rosa = at_the_desk(new_context(), city.rosa, server.url)
    rosa.page.get_by_role("button", name="Go online").focus()
    press(rosa.page, "Enter")
    expect(rosa.page.locator("[data-lamp].lamp-on")).to_be_visible()
    rudi = at_the_desk(new_context(), city.rudi, server.url)
    rudi.page.evaluate("document.querySelector('#presence').focus()")
    rudi.page.locator("#presence").select_option("break")
    expect(rosa.page.locator("[data-team]")).to_contain_text("Break")  # else the chat may be offered to him
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page).ask("My water bill is 312 dollars, it is normally about 90.")
    outside(route, at=timezone.now())  # what beat does each second

    offered = rosa.page.get_by_role("list", name="Offered to you")
    expect(offered).to_contain_text("General services")
    press(rosa.page, "Alt+KeyA")
    expect(rosa.page.get_by_role("heading", name="Tomasz Lind")).to_be_visible()
    expect(offered).to_be_hidden()
    expect(rosa.page.locator("#reply")).to_be_focused()

    rosa.page.keyboard.type("/esti")
    rosa.page.get_by_role("listbox", name="Scripts").wait_for()
    with rosa.page.expect_response("**/used"):
        press(rosa.page, "Enter")
    press(rosa.page, "Enter")
    resident.sees("September was estimated, Tomasz Lind. Can you read the meter?")

    press(rosa.page, "Alt+KeyH")
    expect(rosa.page.locator("[data-strip=held]")).to_contain_text("On hold since")
    press(rosa.page, "Alt+KeyH")
    expect(rosa.page.locator("[data-strip=held]")).to_be_hidden()

    rudi.page.locator("#presence").select_option("online")
    expect(rosa.page.locator("[data-count-team]")).to_have_text("1")
    expect(rosa.page.locator("[data-team]")).to_contain_text("Online")
    press(rosa.page, "Alt+KeyT")
    dialog = rosa.page.get_by_role("dialog")
    expect(dialog.get_by_label("Person", exact=True)).to_contain_text("Rudi")
    dialog.get_by_label("Reason").focus()
    dialog.get_by_label("Reason").select_option("expertise")
    press(rosa.page, "Tab")
    rosa.page.keyboard.type(SUMMARY)
    press(rosa.page, "Tab", "Enter")
    expect(dialog).to_have_count(0)
    expect(rosa.page.locator("[data-strip=passing]")).to_contain_text("Waiting for Rudi to accept.")
    expect(rosa.page.locator("#reply")).to_be_focused()

    expect(rudi.page.get_by_role("list", name="Offered to you")).to_contain_text(SUMMARY)
    press(rudi.page, "Alt+KeyA")
    expect(rudi.page.get_by_role("heading", name="Tomasz Lind")).to_be_visible()
    rudi.sees("Can you read the meter?")
    expect(rosa.page.get_by_text("You passed this chat on. A colleague has it now.")).to_be_visible()

    rudi.page.keyboard.type("Hello, I read meters all day.")
    press(rudi.page, "Enter")
    resident.sees("Hello, I read meters all day.")
    press(rudi.page, "Alt+KeyE", "Tab", "Enter")
    form = rudi.page.locator("[data-wrap-up]")
    expect(form.get_by_label("Note")).to_be_focused()
    rudi.page.keyboard.type("Reading sent to billing.")
    press(rudi.page, "Tab")
    rudi.page.keyboard.type("Water")
    press(rudi.page, "Tab", "Enter")
    expect(form).to_be_hidden()
    expect(rudi.page.get_by_role("button", name="Put away")).to_be_focused()
    press(rudi.page, "Enter")
    expect(rudi.page.get_by_role("heading", name="No chat is open")).to_be_visible()
    kept = ChatSession.objects.get()
    assert (kept.status, kept.outcome, kept.note, kept.topic_code, kept.transfers) == (
        "ended",
        "resolved",
        "Reading sent to billing.",
        "water.bill",
        1,
    )
