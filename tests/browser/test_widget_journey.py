"""A resident without a mouse, from the menu to the copy in the pocket, against the real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from chat.actions import accept, accept_transfer, ask_transfer, end_as_agent, place_on_hold, resume
from chat.models import ChatEvent, ChatSession
from chat.timers import act_on_due_timers
from tests.browser.conftest import City, Server
from tests.browser.people import Resident, outside
from tests.factories import MenuFactory, NodeFactory
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]
MOST_TABS = 25


@pytest.fixture
def service(city: City) -> Iterator[None]:
    """The rules of waiting, holding and passing on, and a menu of one topic."""
    for rule in ("EM-HOLD", "EM-FWD", "EM-DIS-B", "DF-XFER", "SJ-IVR"):
        adopt(rule)
    adopt("DF-HOLD", seconds=120)
    menu = MenuFactory()
    topic = NodeFactory(menu=menu, code="bills", label="Water and bills", kind="topic", text="")
    NodeFactory(menu=menu, code="why", label="Why is my bill so high?", parent=topic, text="Often a leak.")
    cache.clear()
    yield
    cache.clear()


def tab_to(page: Page, resident: Resident, name: str) -> None:
    """Press Tab until the button with this name has the focus, and Enter on it."""
    button = resident.chat.get_by_role("button", name=name, exact=True)
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if button.evaluate("(node) => node === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no way to {name} with the keyboard")


def test_a_resident_needs_no_mouse_from_the_menu_to_the_copy(
    city: City, service: None, server: Server, new_context: NewContext
) -> None:
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(server.url)
    resident = Resident(page)
    page.get_by_role("button", name="Chat with us").press("Enter")
    page.locator("iframe").wait_for()
    chat = resident.chat
    # the menu
    expect(chat.get_by_role("heading", name="What is it about?")).to_be_focused()
    tab_to(page, resident, "Water and bills")
    tab_to(page, resident, "Why is my bill so high?")
    expect(chat.get_by_text("Often a leak.")).to_be_visible()
    tab_to(page, resident, "Talk to a person")
    # the form
    page.keyboard.type("Tomasz Lind")
    page.keyboard.press("Tab")
    page.keyboard.type("There is no leak.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    resident.sees("There is no leak.")
    expect(chat.get_by_label("Your message")).to_be_focused()
    # the queue, and the choice after two minutes
    session = ChatSession.objects.get()
    outside(act_on_due_timers, at=timezone.now() + timedelta(seconds=121))
    chat.get_by_role("button", name="Keep waiting").wait_for()
    page.keyboard.press("Shift+Tab")
    for _ in range(MOST_TABS):
        if chat.get_by_role("button", name="Keep waiting").evaluate("(node) => node === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    resident.sees("You keep waiting.")
    expect(chat.get_by_label("Your message")).to_be_focused()
    # the conversation
    outside(accept, session.pk, agent_id=city.rosa.pk, at=timezone.now())
    resident.sees("Hello, I am Rosa")
    page.keyboard.type("The meter is in the basement.")
    page.keyboard.press("Enter")
    resident.sees("The meter is in the basement.")
    # hold
    outside(place_on_hold, session.pk, agent_id=city.rosa.pk, at=timezone.now())
    expect(chat.locator("[data-held]")).to_contain_text("Rosa put you on hold.")
    outside(resume, session.pk, agent_id=city.rosa.pk, at=timezone.now())
    expect(chat.locator("[data-held]")).to_be_hidden()
    # transfer
    to = {"agent": city.rudi.pk}
    asked = {"to": to, "reason": "expertise", "summary": "A high bill, no leak."}
    outside(ask_transfer, session.pk, agent_id=city.rosa.pk, at=timezone.now(), **asked)
    outside(accept_transfer, session.pk, agent_id=city.rudi.pk, at=timezone.now())
    expect(chat.get_by_role("heading", name="Rudi")).to_be_visible()
    expect(chat.get_by_role("log")).to_contain_text("who can read everything that was said")
    expect(chat.get_by_label("Your message")).to_be_focused()
    # the end and the rating
    outside(end_as_agent, session.pk, agent_id=city.rudi.pk, outcome="resolved", at=timezone.now())
    expect(chat.locator("[data-over-text]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")  # of a group that nobody chose in: the last
    expect(chat.get_by_role("radio", name="5 Very good")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Quick and kind.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(chat.get_by_text("Thank you. You rated this chat 5, very good.")).to_be_focused()
    session.refresh_from_db()
    assert (session.rating, session.rating_comment) == (5, "Quick and kind.")
    # the copy
    tab_to(page, resident, "Copy")
    expect(chat.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    for said in ("You: There is no leak.", "Hello, I am Rosa", "You: The meter is in the basement."):
        assert said in copied
    assert ChatEvent.objects.filter(session=session, text="The meter is in the basement.").count() == 1
