"""Two windows, a resident's and an agent's, hold a whole conversation."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Error, Request, Route, expect

from chat.models import ChatSession
from chat.states import Outcome
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, Resident, at_the_desk
from tests.browser.watch import Watch

NewContext = Callable[..., BrowserContext]
TALK = ["My bill is too high.", "Rosa has joined.", "Hello, I am Rosa from General services. How can I help?"]


def talk(resident: Resident, desk: AtTheDesk) -> None:
    """Ask, accept, two sentences each, end."""
    resident.ask(TALK[0])
    desk.accepts_next().sees(TALK[0])
    resident.sees("SJ-GREET")
    desk.says("Which street is it?")
    resident.sees("Which street is it?").says("Fern Walk.")
    desk.sees("Fern Walk.").says("Thank you, I will look.")
    resident.sees("Thank you, I will look.")
    said = ["Which street is it?", "Fern Walk.", "Thank you, I will look."]
    assert [text.strip() for text in resident.thread()] == TALK + said == [text.strip() for text in desk.thread()]
    desk.ends()
    expect(resident.chat.get_by_role("button", name="Start another chat")).to_be_visible()


def test_a_conversation_in_the_frame_of_the_portal(city: City, server: Server, new_context: NewContext) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(server.url)
    talk(Resident(page).open_frame(), desk)
    assert ChatSession.objects.get().outcome == Outcome.RESOLVED


def test_a_conversation_with_storage_blocked_in_the_frame(city: City, server: Server, new_context: NewContext) -> None:
    """A private window lets a frame of another site keep nothing: storage throws."""
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.foreign}/water")
    resident = Resident(page).open_frame()
    expect(resident.chat.get_by_role("link", name="Open the chat in its own window")).to_be_visible()
    with pytest.raises(Error, match="Access is denied"):
        resident.frame().evaluate("sessionStorage.length")
    talk(resident, desk)


def test_a_running_chat_moves_to_its_own_window_when_the_frame_keeps_nothing(
    city: City, server: Server, new_context: NewContext
) -> None:
    context = new_context()
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = context.new_page()
    page.goto(f"{server.foreign}/water")
    resident = Resident(page).open_frame().ask("My bill is too high.")
    desk.accepts_next()
    resident.sees("SJ-GREET")
    with context.expect_page() as opened:
        resident.chat.get_by_role("link", name="Go on in its own window").click()
    alone = Resident(opened.value).sees("My bill is too high.").says("I am here now.")
    desk.sees("I am here now.").says("So am I.")
    alone.sees("So am I.")
    expect(resident.chat.get_by_text("This chat goes on in its own window.")).to_be_visible()
    assert "continue" not in opened.value.url


HELD_BACK = """window.addEventListener('message', (event) => {
  if (event.data?.townline !== 'take' || event.isLate) return;
  event.stopImmediatePropagation();
  const { data, origin, source } = event;
  const late = Object.assign(new MessageEvent('message', { data, origin, source }), { isLate: true });
  window.letItCome = () => window.dispatchEvent(late);
}, true);"""


def test_a_chat_that_comes_late_to_its_own_window_is_not_hidden_again(
    city: City, server: Server, new_context: NewContext
) -> None:
    """The window has given up waiting and asks who is there; the chat comes before the answer."""
    context = new_context()
    page = context.new_page()
    page.goto(f"{server.foreign}/water")
    resident = Resident(page).open_frame().ask("My bill is too high.")
    context.add_init_script(HELD_BACK)
    asked: list[Route] = []
    context.route("**/api/v1/chat/availability*", lambda route: asked.append(route))
    with context.expect_page() as opened, context.expect_event("request", is_of_availability):
        resident.chat.get_by_role("link", name="Go on in its own window").click()
    alone = opened.value
    alone.wait_for_function("window.letItCome")
    alone.evaluate("letItCome()")
    Resident(alone).sees("My bill is too high.")
    [held] = asked
    with alone.expect_response("**/api/v1/chat/availability*") as answered:
        held.continue_()
    answered.value.finished()
    alone.evaluate("() => new Promise((done) => setTimeout(done))")  # what the answer brings about is done by then
    expect(alone.get_by_label("Your message")).to_be_visible()
    expect(alone.get_by_label("Your name")).to_be_hidden()


def is_of_availability(request: Request) -> bool:
    return "/api/v1/chat/availability" in request.url


def test_a_conversation_on_the_page_of_its_own(city: City, server: Server, new_context: NewContext) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    talk(Resident(page), desk)


def test_the_chat_goes_on_when_the_resident_opens_another_page_of_the_citys_website(
    city: City, server: Server, new_context: NewContext
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.sister}/water")
    resident = Resident(page).open_frame().ask("My bill is too high.")
    desk.accepts_next()
    resident.sees("SJ-GREET").says("It is for Fern Walk.").sees("It is for Fern Walk.")
    page.get_by_role("link", name="Parks").click()
    expect(page.get_by_role("heading", name="About parks")).to_be_visible()
    resident.sees("It is for Fern Walk.")
    desk.says("I have it.")
    resident.sees("I have it.").says("Good.")
    desk.sees("Good.")
    assert [text.strip() for text in resident.thread()] == [text.strip() for text in desk.thread()]


def test_the_host_page_never_holds_the_token(city: City, server: Server, new_context: NewContext) -> None:
    page = new_context().new_page()
    page.add_init_script(
        "window.heard = []; window.addEventListener('message', (event) => heard.push(JSON.stringify(event.data)));"
    )
    page.goto(f"{server.sister}/water")
    resident = Resident(page).open_frame().ask("My bill is too high.")
    token = resident.frame().evaluate("JSON.parse(sessionStorage.getItem('townline.chat')).token")
    kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, window.heard])")
    assert len(token) >= 22
    assert token not in kept
    assert "bill" not in kept


def test_a_small_panel_counts_new_messages_and_gives_the_focus_back(
    city: City, server: Server, new_context: NewContext
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.sister}/water")
    resident = Resident(page).open_frame().ask("My bill is too high.")
    desk.accepts_next()
    resident.sees("SJ-GREET")
    resident.chat.get_by_label("Your message").press("Escape")
    launcher = page.get_by_role("button", name="Chat with us")
    expect(launcher).to_be_focused()
    desk.says("Are you there?")
    expect(launcher).to_contain_text("1 new message")
    expect(page).to_have_title("(1) water")
    page.keyboard.press("Enter")
    expect(resident.chat.get_by_label("Your message")).to_be_focused()
    expect(page).to_have_title("water")


def test_a_page_of_a_site_that_is_not_listed_cannot_frame_the_chat(
    server: Server, new_context: NewContext, watch: Watch, city: City
) -> None:
    watch.allow("frame-ancestors", "policy violation", "Framing", "postMessage")
    page = new_context().new_page()
    page.goto(f"{server.stranger}/water")
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.get_by_role("button", name="Chat with us").click()
    expect(page.frame_locator("iframe").get_by_label("Your name")).to_have_count(0)


def test_a_narrow_screen_is_filled_by_the_chat(city: City, server: Server, new_context: NewContext) -> None:
    page = new_context(width=320, height=640).new_page()
    page.goto(f"{server.sister}/water")
    Resident(page).open_frame()
    assert page.locator("iframe").bounding_box() == {"x": 0, "y": 0, "width": 320, "height": 640}


def test_the_resident_ends_the_chat_and_starts_another(city: City, server: Server, new_context: NewContext) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page).ask("My bill is too high.")
    desk.accepts_next()
    resident.sees("SJ-GREET")
    page.get_by_role("button", name="End chat").click()
    page.get_by_role("dialog").get_by_role("button", name="End chat").click()
    page.get_by_role("button", name="Start another chat").click()
    resident.ask("Another thing.")
    expect(desk.page.get_by_role("button", name="Accept,")).to_be_visible()
    expect(desk.page.get_by_text("Ended by the resident", exact=False).first).to_be_visible()


def test_a_reloaded_desk_shows_the_same_chat_without_holes(city: City, server: Server, new_context: NewContext) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page).ask("My bill is too high.")
    desk.accepts_next().says("One.").sees("One.")
    resident.sees("One.").says("Two.")
    before = desk.sees("Two.").thread()
    desk.page.reload()
    desk.page.get_by_role("link", name=re.compile("Tomasz Lind")).click()
    desk.sees("Two.")
    assert desk.thread() == before


def test_the_desk_counts_what_is_unread_in_a_chat_that_is_not_open(
    city: City, server: Server, new_context: NewContext
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    pages = [new_context().new_page() for _ in range(2)]
    residents = []
    for page, name in zip(pages, ("Dana Whitfield", "Tomasz Lind"), strict=True):
        page.goto(f"{server.url}/chat/")
        residents.append(Resident(page).ask(f"{name} asks.", name=name))
        desk.accepts_next()
        expect(desk.page.get_by_role("heading", name=name)).to_be_visible()
    residents[0].says("Both carts are still here.")
    row = desk.page.get_by_role("link", name=re.compile("Dana Whitfield"))
    expect(row).to_contain_text("1 unread")
    expect(row).to_contain_class("is-unread")
    expect(desk.page).to_have_title(re.compile(r"^\(1\) "))
    row.click()
    expect(row).not_to_contain_text("unread")
    expect(desk.page).not_to_have_title(re.compile(r"^\("))


@pytest.mark.parametrize("path", ["/chat/", "/"])
def test_without_javascript_a_resident_finds_phone_mail_and_hours(
    city: City, server: Server, new_context: NewContext, path: str
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(server.url + path)
    instead = page.locator("noscript").first
    expect(instead).to_be_visible()
    for text in ("live chat needs JavaScript", "555-0100", "hello@maplebrook.example", "8:30 a.m. to 4:30 p.m."):
        assert text in instead.inner_text()
