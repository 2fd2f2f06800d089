"""What both sides see when the way between them breaks: the same list, without holes, nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import City, Server
from tests.browser.people import LINES, Resident, at_the_desk
from tests.browser.watch import Watch

NewContext = Callable[..., BrowserContext]
NO_SOCKETS = """window.WebSocket = class extends EventTarget {
  constructor() { super(); setTimeout(() => this.dispatchEvent(new CloseEvent('close', { code: 1006 }))); }
  close() {}
};"""


def resident_at(page: Page, server: Server, question: str = "My bill is too high.") -> Resident:
    page.goto(f"{server.url}/chat/")
    return Resident(page).ask(question)


def test_a_message_written_while_the_server_is_gone_goes_out_once_when_it_is_back(
    city: City, server: Server, new_context: NewContext, watch: Watch
) -> None:
    watch.allow("WebSocket connection", "ERR_CONNECTION_REFUSED")
    desk = at_the_desk(new_context(), city.rosa, server.url)
    resident = resident_at(new_context().new_page(), server)
    desk.accepts_next()
    resident.sees("SJ-GREET")
    with server.away():
        expect(resident.page.get_by_text("Connection lost.")).to_be_visible()
        expect(desk.page.get_by_text("Not connected.")).to_be_visible()
        resident.says("Written while away.")
        desk.says("So was this.")
        expect(resident.page.locator(".is-unsent")).to_have_count(1)
    desk.sees("Written while away.")
    resident.sees("So was this.")
    expect(resident.page.locator(".is-unsent")).to_have_count(0)
    expect(desk.page.locator(".is-unsent")).to_have_count(0)
    assert [text.strip() for text in resident.thread()] == [text.strip() for text in desk.thread()]


def test_where_no_socket_gets_through_the_chat_works_over_plain_http(
    city: City, server: Server, new_context: NewContext
) -> None:
    context = new_context()
    context.add_init_script(NO_SOCKETS)
    desk = at_the_desk(new_context(), city.rosa, server.url)
    resident = resident_at(context.new_page(), server)
    desk.accepts_next()
    resident.sees("SJ-GREET").says("Over HTTP.")
    desk.sees("Over HTTP.").says("I read you.")
    resident.sees("I read you.")
    expect(resident.page.get_by_text("The chat works, a little slower.")).to_be_visible()
    desk.ends()
    expect(resident.page.get_by_role("button", name="Start another chat")).to_be_visible()
    expect(desk.page.get_by_role("log").locator(LINES)).to_have_count(len(resident.thread()))
    assert [text.strip() for text in resident.thread()[:-1]] == [text.strip() for text in desk.thread()[:-1]]


COUNT_CLOSED = """let closed = 0;
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener('close', () => { document.documentElement.dataset.closedSockets = closed += 1; });
    this.addEventListener('message', ({ data }) => {
      if (data.includes('"welcome"')) document.documentElement.dataset.greetedAfter = closed;
    });
  }
};"""
BLOCK_SOCKETS = f"window.Let = window.WebSocket; {NO_SOCKETS}"
LET_THEM_THROUGH = "() => { window.WebSocket = window.Let; }"
BLOCKED = "Your network blocks live connections."


def test_a_network_that_was_gone_for_a_moment_is_not_said_to_block_anything(
    city: City, server: Server, new_context: NewContext, watch: Watch
) -> None:
    watch.allow("WebSocket connection", "ERR_INTERNET_DISCONNECTED")
    context = new_context()
    context.add_init_script(COUNT_CLOSED)
    desk = at_the_desk(new_context(), city.rosa, server.url)
    resident = resident_at(context.new_page(), server)
    desk.accepts_next()
    resident.sees("SJ-GREET")
    context.set_offline(True)
    resident.says("Written in a tunnel.")
    some = re.compile("[2-9]")  # the one that was open, and one that never was
    expect(resident.page.locator("html")).to_have_attribute("data-closed-sockets", some)
    expect(resident.page.get_by_text("Connection lost.")).to_be_visible()
    context.set_offline(False)
    desk.sees("Written in a tunnel.").says("I read you.")
    resident.sees("I read you.")
    expect(resident.page.get_by_text(BLOCKED)).to_have_count(0)
    expect(resident.page.locator(".is-unsent")).to_have_count(0)
    expect(resident.page.locator("html")).to_have_attribute("data-greeted-after", some)
    desk.page.locator("#reply").press_sequentially("One mom")
    expect(resident.page.get_by_text("Rosa is typing")).to_be_visible()  # no poll brings that
    assert [text.strip() for text in resident.thread()] == [text.strip() for text in desk.thread()]


@pytest.mark.parametrize("is_told", [True, False], ids=["the browser says so", "after ten seconds"])
def test_a_socket_that_gets_through_later_takes_over_and_nothing_is_lost_or_doubled(
    city: City, server: Server, new_context: NewContext, is_told: bool
) -> None:
    context = new_context()
    context.add_init_script(BLOCK_SOCKETS)
    desk = at_the_desk(new_context(), city.rosa, server.url)
    resident = resident_at(context.new_page(), server)
    desk.accepts_next()
    resident.sees("SJ-GREET").says("Over HTTP.")
    expect(resident.page.get_by_text(BLOCKED)).to_be_visible()
    resident.page.evaluate(LET_THEM_THROUGH)
    resident.says("On the way.")
    if is_told:
        resident.page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(resident.page.get_by_text(BLOCKED)).to_have_count(0, timeout=60_000)  # it tries after 10 s, then after 30
    resident.says("Over the socket.")
    desk.sees("Over HTTP.").sees("On the way.").sees("Over the socket.").says("I read all.")
    resident.sees("I read all.")
    assert [text.strip() for text in resident.thread()] == [text.strip() for text in desk.thread()]


def test_while_the_browser_is_offline_no_network_is_said_to_block_anything(
    city: City, server: Server, new_context: NewContext, watch: Watch
) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED")
    context = new_context()
    context.add_init_script(NO_SOCKETS)
    resident = resident_at(context.new_page(), server)
    expect(resident.page.get_by_text(BLOCKED)).to_be_visible()
    context.set_offline(True)
    expect(resident.page.get_by_text("Connection lost.")).to_be_visible()
    expect(resident.page.get_by_text(BLOCKED)).to_have_count(0)
    context.set_offline(False)
    expect(resident.page.get_by_text(BLOCKED)).to_be_visible()


def test_an_end_that_plain_http_lost_is_asked_for_again(
    city: City, server: Server, new_context: NewContext, watch: Watch
) -> None:
    watch.allow("ERR_FAILED")
    context = new_context()
    context.add_init_script(NO_SOCKETS)
    desk = at_the_desk(new_context(), city.rosa, server.url)
    resident = resident_at(context.new_page(), server)
    desk.accepts_next()
    resident.sees("SJ-GREET")
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if not lost and route.request.post_data_json["type"] == "end":
            lost.append("end")
            route.abort()
        else:
            route.continue_()

    resident.page.route("**/frames", lose_the_first)
    resident.page.get_by_role("button", name="End chat").click()
    resident.page.get_by_role("dialog").get_by_role("button", name="End chat").click()
    desk.page.get_by_role("button", name="Put away").wait_for()
    assert lost == ["end"]


def test_an_answer_to_the_request_that_was_lost_does_not_make_a_second_chat(
    city: City, server: Server, new_context: NewContext, watch: Watch
) -> None:
    watch.allow("ERR_FAILED")
    context = new_context()
    page = context.new_page()
    lost: list[str] = []

    def lose_the_first(route: object) -> None:
        if not lost and route.request.method == "POST":  # type: ignore[attr-defined]
            lost.append(route.fetch().text())  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/api/v1/chat/sessions", lose_the_first)
    resident_at(page, server).says("Still one chat.").sees("Still one chat.")
    desk = at_the_desk(new_context(), city.rosa, server.url)
    expect(desk.page.get_by_role("button", name="Accept,")).to_have_count(1)
    assert len(lost) == 1


def test_the_oldest_of_four_windows_gives_way_and_can_take_the_chat_back(
    city: City, server: Server, new_context: NewContext
) -> None:
    context = new_context()
    first = context.new_page()
    resident = resident_at(first, server)
    kept = first.evaluate("JSON.stringify({...sessionStorage})")
    empty_page = "location.protocol === 'about:'"  # has no storage, and says so loudly
    context.add_init_script(f"if (!({empty_page}) && !sessionStorage.length) Object.assign(sessionStorage, {kept});")
    for _ in range(3):
        page = context.new_page()
        page.goto(f"{server.url}/chat/")
        Resident(page).sees("My bill is too high.")
    expect(first.get_by_text("Your chat is open elsewhere")).to_be_visible()
    first.get_by_role("button", name="Continue here").click()
    resident.sees("My bill is too high.").says("Back here.").sees("Back here.")


WRITE_ALL = """(box, texts) => {
    for (const text of texts) {
        box.value = text;
        box.dispatchEvent(new Event('input', { bubbles: true }));
        box.form.requestSubmit();
    }
}"""


def test_who_writes_too_fast_is_slowed_down_and_loses_nothing(
    city: City, server: Server, new_context: NewContext
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    resident = resident_at(new_context().new_page(), server)
    desk.accepts_next()
    resident.sees("SJ-GREET")
    texts = [f"Line {number}." for number in range(1, 13)]
    resident.page.locator("#chat-text").evaluate(WRITE_ALL, texts)
    expect(resident.page.get_by_text("A little slower, please.")).to_be_visible()
    expect(resident.page.locator(".is-unsent")).to_have_count(0)
    desk.sees("Line 12.")
    assert [text for text in desk.thread() if text.startswith("Line")] == texts


def test_a_text_that_is_too_long_is_counted_and_stays_with_its_writer(
    city: City, server: Server, new_context: NewContext
) -> None:
    resident = resident_at(new_context().new_page(), server)
    resident.says("ä" * 4001)
    expect(resident.page.get_by_text("Too long by 1 characters.")).to_be_visible()
    expect(resident.page.locator(".is-unsent")).to_have_count(0)
    resident.says("ä" * 4000).sees("ä" * 4000)


def test_two_agents_press_accept_and_the_slower_one_reads_why_not(
    city: City, server: Server, new_context: NewContext
) -> None:
    resident = resident_at(new_context().new_page(), server)
    rosa = at_the_desk(new_context(), city.rosa, server.url)
    rudi = at_the_desk(new_context(), city.rudi, server.url)
    rudi.page.get_by_role("button", name="Accept,").wait_for()
    stale = rudi.page.get_by_role("button", name="Accept,").get_attribute("data-session")
    rosa.accepts_next()
    expect(rudi.page.get_by_text("Nobody waits.")).to_be_visible()
    rudi.page.evaluate(
        """session => { const button = document.createElement('button');
        button.dataset.accept = ''; button.dataset.session = session;
        const waiting = document.querySelector('[data-waiting]');
        waiting.hidden = false; waiting.append(button); button.click(); }""",
        stale,
    )
    expect(rudi.page.locator(".toast")).to_have_count(1)
    resident.sees("Rosa has joined.")
