"""Every state of every page: axe finds nothing, the keyboard does everything, large text fits."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from agents.models import Role
from contactcenter.operations.actions import beat_heart
from tests.browser.conftest import PICTURES, City, Server
from tests.browser.people import AtTheDesk, Resident, at_the_desk, axe_faults
from tests.browser.watch import Watch
from tests.factories import LogInFactory, QueuedSessionFactory, UserFactory

pytestmark = [pytest.mark.rule("PK-A11Y")]

NewContext = Callable[..., BrowserContext]
SIZES = {"wide": (1280, 800), "narrow": (320, 640)}


class Look:
    """Examines a state in light and dark; with PICTURES=1 it also keeps a picture of each."""

    def __init__(self, size: str) -> None:
        self.size = size
        self.faults: list[str] = []

    def at(self, name: str, person: Resident | AtTheDesk, *, whole: bool = False) -> None:
        page = person.page
        page.wait_for_load_state()  # a key waits for no page: its styles may still be on their way
        if whole:
            page.evaluate("window.scrollTo(0, 0)")  # what sticks to the edge covers nothing then
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.faults += [f"{name} {self.size} {scheme}: {fault}" for fault in axe_faults(person.frame())]
            self.faults += [f"{name} {self.size}: scrolls sideways"] if scrolls_sideways(person) else []
            self.picture(name if scheme == "light" else f"{name}-dark", page, whole)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")

    def picture(self, name: str, page: Page, whole: bool) -> None:
        if not os.environ.get("PICTURES"):
            return
        PICTURES.mkdir(parents=True, exist_ok=True)
        suffix = "" if self.size == "wide" else "-320"
        page.screenshot(path=PICTURES / f"{name}{suffix}.png", full_page=whole)


def scrolls_sideways(person: Resident | AtTheDesk) -> bool:
    root = "document.documentElement"
    return bool(person.frame().evaluate(f"{root}.scrollWidth > {root}.clientWidth"))


@pytest.fixture(params=SIZES)
def look(request: pytest.FixtureRequest) -> Look:
    return Look(request.param)


def test_the_resident_finds_every_state_readable(
    city: City, server: Server, new_context: NewContext, look: Look, watch: Watch
) -> None:
    watch.allow("WebSocket connection", "ERR_CONNECTION_REFUSED")
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context(*SIZES[look.size]).new_page()
    resident = Resident(page)
    page.goto(server.url)
    look.at("portal", resident, whole=True)
    resident.open_frame()
    look.at("widget-start", resident)
    resident.chat.get_by_role("button", name="Start the chat").click()
    look.at("widget-errors", resident)
    resident.ask("My water bill is 312 dollars, it is normally about 90.")
    look.at("widget-queued", resident)
    desk.accepts_next()
    resident.sees("SJ-GREET")
    look.at("widget-joined", resident)
    desk.says("That is a big jump, I see why you are asking. Is this for 18 Millrace Court?")
    resident.sees("That is a big jump").says("Yes. Nobody here has filled a pool in November.")
    desk.sees("filled a pool").page.locator("#reply").press_sequentially("September was")
    resident.chat.get_by_text("Rosa is typing").wait_for()
    look.at("widget-typing", resident)
    resident.chat.get_by_role("button", name="End chat").first.click()
    look.at("widget-end-asked", resident)
    resident.chat.get_by_role("button", name="Stay").click()
    with server.away():
        resident.chat.get_by_text("Connection lost.").wait_for()
        resident.says("The black digits are 0 1 3 9 1")
        look.at("widget-reconnecting", resident)
    desk.sees("The black digits").page.locator("#reply").fill("")
    desk.ends()
    resident.chat.get_by_role("button", name="Start another chat").wait_for()
    look.at("widget-ended", resident)
    assert look.faults == []


def test_refusals_and_the_page_of_its_own_are_readable(
    city: City, server: Server, new_context: NewContext, look: Look, watch: Watch
) -> None:
    watch.allow("429", "409")
    page = new_context(*SIZES[look.size]).new_page()
    resident = Resident(page)
    page.goto(f"{server.url}/chat/")
    page.get_by_label("Your name").wait_for()
    look.at("chat-page", resident, whole=True)
    refusal = (
        '{"code": "too_many", "detail": "You opened many chats in the last hour. Please call us.", "retry_after": 60}'
    )
    page.route("**/api/v1/chat/sessions", lambda route: route.fulfill(status=429, body=refusal))
    page.get_by_label("Your name").fill("Tomasz Lind")
    page.get_by_label("How can we help?").fill("A question")
    page.get_by_role("button", name="Start the chat").click()
    page.get_by_text("You opened many chats").wait_for()
    look.at("widget-refused", resident)
    closed = (
        '{"state": "closed", "staffed": false, "next_opening": "2026-11-25T08:30:00-05:00", "languages": ["en"],'
        ' "rule": "EM-HRS", "why": "Website Live Chat Policy, Work hours A (EM-HRS, version 1, since 5 January 2026).",'
        ' "departments": [], "notice": "", "incident": null, "estimated_wait_seconds": null}'
    )
    page.route("**/api/v1/chat/availability*", lambda route: route.fulfill(body=closed))
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("Chat is closed now").wait_for()
    expect(page.get_by_text("Wednesday, November 25 at 8:30")).to_be_visible()  # on the city's clock
    look.at("widget-closed", resident)
    empty = closed.replace('"closed"', '"open"')
    page.route("**/api/v1/chat/availability*", lambda route: route.fulfill(body=empty))
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("Nobody is at the chat right now").wait_for()
    look.at("widget-nobody-there", resident)
    assert look.faults == []


def test_the_agent_finds_every_state_readable(
    city: City, server: Server, new_context: NewContext, look: Look, watch: Watch
) -> None:
    watch.allow("WebSocket connection", "ERR_CONNECTION_REFUSED")
    resident_page = new_context().new_page()
    desk = at_the_desk(new_context(*SIZES[look.size]), city.rosa, server.url)
    at_the_desk(new_context(), city.rudi, server.url)
    look.at("desk-nobody", desk, whole=True)
    resident_page.goto(f"{server.url}/chat/")
    resident = Resident(resident_page).ask("My water bill is 312 dollars, it is normally about 90.")
    others = [
        ("Dana Whitfield", "Both carts are still at the kerb."),
        ("Priya Raman", "How do I get a parking permit?"),
    ]
    for name, question in others:
        other = new_context().new_page()
        other.goto(f"{server.url}/chat/")
        Resident(other).ask(question, name=name)
    expect(desk.page.get_by_role("button", name="Accept,")).to_have_count(3)
    look.at("desk-waiting", desk, whole=True)
    desk.accepts_next().sees("SJ-GREET")
    desk.says("That is a big jump, I see why you are asking. Is this for 18 Millrace Court?")
    resident.sees("That is a big jump").says("Yes. Nobody here has filled a pool in November.")
    desk.sees("filled a pool").says("September was estimated, not read. Is the meter in the basement?")
    resident.sees("September was estimated")
    desk.page.keyboard.press("Alt+KeyA")
    expect(desk.page.get_by_role("heading", name="Dana Whitfield")).to_be_visible()
    resident.says("It is. I can read it right now.")
    expect(desk.page.get_by_role("link", name="Tomasz Lind")).to_contain_text("1 unread")
    desk.page.get_by_role("link", name="Tomasz Lind").click()
    desk.sees("I can read it right now.")
    look.at("desk", desk, whole=look.size == "narrow")
    desk.page.keyboard.press("Alt+KeyE")
    look.at("desk-end-asked", desk)
    desk.page.get_by_role("button", name="Stay").click()
    desk.page.get_by_role("button", name="Keyboard shortcuts").click()
    look.at("desk-shortcuts", desk)
    desk.page.get_by_role("button", name="Close").click()
    desk.page.evaluate(
        "const presence = document.querySelector('#presence'); presence.value = 'break';"
        " presence.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    expect(desk.page.locator("[data-lamp].lamp-on")).to_have_count(0)
    desk.page.keyboard.press("Alt+KeyA")
    desk.page.locator(".toast").wait_for()
    look.at("desk-toast", desk)
    desk.ends()
    look.at("desk-ended", desk)
    with server.away():
        desk.page.get_by_text("Not connected.").wait_for()
        look.at("desk-not-connected", desk)
    assert look.faults == []


def test_the_administrator_finds_the_health_page_readable(
    city: City, server: Server, new_context: NewContext, look: Look
) -> None:
    QueuedSessionFactory(department=city.general)
    beat_heart("worker", at=timezone.now())
    context = new_context(*SIZES[look.size])
    entry = LogInFactory(user=UserFactory(roles=[Role.ADMIN], display_name="Ada"))
    context.add_cookies([{"name": "townline_staff", "value": entry.session_key, "url": server.url}])
    ada = Resident(context.new_page())
    ada.page.goto(f"{server.url}/health/")
    expect(ada.page.get_by_role("row", name="beat To mend")).to_contain_text("Start the Celery beat.")
    look.at("health", ada, whole=True)
    assert look.faults == []


@pytest.mark.parametrize("path", ["/", "/chat/", "/accounts/login/", "/no-such-page/"])
def test_pages_are_readable_and_fit_at_twice_the_text_size(
    city: City, server: Server, new_context: NewContext, look: Look, watch: Watch, path: str
) -> None:
    watch.allow("404")
    page = new_context(*SIZES[look.size]).new_page()
    resident = Resident(page)
    page.goto(server.url + path)
    page.wait_for_load_state("networkidle")
    look.at(path.strip("/").replace("/", "-").replace("accounts-", "") or "portal", resident, whole=True)
    if look.size == "wide":
        page.add_init_script("document.documentElement.style.setProperty('font-size', '200%')")
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert not scrolls_sideways(resident)
    assert look.faults == []


def test_the_chat_fits_at_twice_the_text_size(city: City, server: Server, new_context: NewContext) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    for each in (page, desk.page):
        each.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    resident = Resident(page).ask("My bill is too high.")
    desk.accepts_next()
    resident.sees("SJ-GREET")
    for person in (resident, desk):
        assert not scrolls_sideways(person)
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_the_resident_needs_no_mouse(city: City, server: Server, new_context: NewContext) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.sister}/water")
    resident = Resident(page)
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Chat with us")).to_be_focused()
    page.keyboard.press("Enter")
    expect(resident.chat.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Tomasz Lind")
    page.keyboard.press("Tab")
    page.keyboard.type("My bill is too high.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(resident.chat.get_by_label("Your message")).to_be_focused()
    desk.accepts_next()
    resident.sees("SJ-GREET")
    page.keyboard.type("It is for Fern Walk.")
    page.keyboard.press("Enter")
    desk.sees("It is for Fern Walk.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(resident.chat.get_by_role("button", name="End chat")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(resident.chat.get_by_text("You ended this chat.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Chat with us")).to_be_focused()


def test_the_agent_needs_no_mouse(city: City, server: Server, new_context: NewContext) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = desk.page
    residents = []
    for name in ("Dana Whitfield", "Tomasz Lind"):
        other = new_context().new_page()
        other.goto(f"{server.url}/chat/")
        residents.append(Resident(other).ask(f"{name} asks.", name=name))
        page.get_by_role("button", name="Accept,").wait_for()
        page.keyboard.press("Alt+KeyA")
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator("#reply")).to_be_focused()
    page.keyboard.type("Hello Tomasz.")
    page.keyboard.press("Enter")
    residents[1].sees("Hello Tomasz.")
    page.keyboard.type("Half a sentence for Tomasz")
    page.keyboard.press("Alt+KeyK")
    expect(page.get_by_role("heading", name="Dana Whitfield")).to_be_visible()
    expect(page.locator("#reply")).to_have_value("")
    page.keyboard.type("Hello Dana.")
    page.keyboard.press("Enter")
    residents[0].sees("Hello Dana.")
    page.keyboard.press("Alt+KeyJ")
    expect(page.locator("#reply")).to_have_value("Half a sentence for Tomasz")
    page.keyboard.press("Alt+KeyE")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Not sent")).to_be_focused()
    expect(page.get_by_role("button", name="Put it into the note")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#wrap-note")).to_be_focused()
    expect(page.locator("#wrap-note")).to_have_value("Half a sentence for Tomasz")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Done")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Put away")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dana Whitfield")).to_be_visible()


def test_single_key_shortcuts_can_be_switched_off(city: City, server: Server, new_context: NewContext) -> None:
    page = at_the_desk(new_context(), city.rosa, server.url).page
    page.keyboard.press("?")
    page.get_by_label("Shortcuts of a single key are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
