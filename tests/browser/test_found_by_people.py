"""What people who tried the product ran into, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import City, Server
from tests.browser.people import Resident
from tests.browser.script import Script
from tests.browser.test_accessible import Look, NewContext, look  # noqa: F401  (a fixture)
from tests.browser.test_desk_states import Sit, chat, pick, sit  # noqa: F401  (a fixture)
from tests.browser.watch import Watch
from tests.factories import ScriptFactory
from tests.policies.factories import adopt


def test_on_a_phone_the_chat_is_in_view_when_it_begins(city: City, server: Server, new_context: NewContext) -> None:
    page = new_context(320, 640, locale="en-US").new_page()
    Script(page)
    page.goto(f"{server.url}/chat/")
    resident = Resident(page).ask("Which bin?")
    expect(resident.chat.locator("[data-screen=talk]")).to_be_visible()
    head = resident.chat.locator("[data-who]")
    expect(head).to_be_in_viewport()


@pytest.mark.rule("EM-COM-D")
def test_who_was_there_and_did_not_answer_is_not_told_that_she_was_gone(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(chat, look.size)
    page = desk.page
    page.locator("[data-key=s1]").first.click()
    expect(page.get_by_role("heading", name="Tomasz Lind")).to_be_visible()
    played.tell("s1", "requeued", rule="EM-COM-D", data={"why": "agent_silent"})
    expect(page.locator("[data-over-text]")).to_contain_text("the resident had waited too long for an answer")


def test_a_desk_without_a_network_says_so_at_once(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(chat, look.size)
    lamp = desk.page.locator("[data-link]")
    expect(lamp).to_contain_text("Connected")
    played.is_away = True
    desk.page.evaluate("window.dispatchEvent(new Event('offline'))")
    expect(lamp).not_to_have_text("Connected")


@pytest.mark.rule("EM-SCR")
def test_a_slash_and_a_word_that_is_no_script_is_sent_only_when_it_is_meant(sit: Sit) -> None:  # noqa: F811
    adopt("EM-SCR")
    ScriptFactory(name="goodbye", text="Goodbye.")
    desk, played = sit(chat)
    pick(desk)
    reply = desk.page.locator("#reply")
    none = desk.page.get_by_role("status").filter(has_text="No script is called pot.")
    reply.press_sequentially("/pot")
    expect(none).to_be_in_viewport(ratio=1)
    for caret in ("End", "Home"):
        reply.press(caret)
        reply.press("Enter")
        expect(reply).to_have_value("/pot")
        expect(none).to_be_in_viewport(ratio=1)
    assert not [frame for frame in played.asked if frame["type"] == "message"]
    reply.press("Escape")
    expect(none).to_have_count(0)
    reply.press("Enter")
    assert played.last("message")["text"] == "/pot"
    reply.press_sequentially("/pot")
    reply.press("Enter")  # what was meant once is asked anew
    expect(none).to_be_in_viewport(ratio=1)
    reply.fill("/pay")
    reply.press("Enter")  # the server fills it in
    assert played.last("message")["text"] == "/pay"
    reply.fill("/etc/hosts")
    reply.press("Enter")
    assert played.last("message")["text"] == "/etc/hosts"


def test_a_list_that_could_not_be_loaded_is_loaded_once_there_is_a_line(sit: Sit, watch: Watch) -> None:  # noqa: F811
    watch.allow("ERR_FAILED")
    desk, played = sit(chat)
    page, dialog = desk.page, desk.page.get_by_role("dialog")
    pick(desk)
    page.route("**/api/v1/desk/directory", lambda route: route.abort())
    played.goes_away()
    expect(page.locator("[data-link]")).to_have_class(re.compile("is-off"))
    page.keyboard.press("Alt+KeyR")
    expect(dialog.get_by_role("alert")).to_contain_text("The server does not answer just now.")
    dialog.get_by_label("Find").press_sequentially("roads")
    expect(dialog).not_to_contain_text("Nothing found")
    page.unroute("**/api/v1/desk/directory")
    played.is_away = False
    expect(dialog.get_by_role("listitem")).to_contain_text(["Roads and sidewalks"])
    expect(dialog.get_by_role("alert")).to_be_hidden()
    expect(dialog.get_by_label("Find")).to_be_focused()


def test_a_dialog_no_longer_says_that_there_is_no_line_once_there_is_one(sit: Sit) -> None:  # noqa: F811
    desk, played = sit(chat)
    page, dialog = desk.page, desk.page.get_by_role("dialog")
    pick(desk)
    for is_pressed, said in ((True, "Not connected, so the transfer was not asked for."), (False, "not connected")):
        played.is_away = False
        expect(page.locator("[data-link-text]")).to_have_text("Connected")
        page.keyboard.press("Alt+KeyT")
        if is_pressed:
            dialog.get_by_label("Reason").select_option("expertise")
            dialog.get_by_label("Summary").fill("The meter is in the basement.")
        played.goes_away()
        expect(dialog.get_by_role("alert")).to_contain_text("The desk is not connected just now.")
        if is_pressed:
            dialog.get_by_role("button", name="Ask for the transfer").press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text(said)
        played.is_away = False
        expect(dialog.get_by_role("alert")).to_be_hidden()
        expect(dialog.get_by_label("Summary")).to_have_value("The meter is in the basement.")
        page.keyboard.press("Escape")


def test_before_the_end_an_agent_hears_what_she_has_not_sent(sit: Sit) -> None:  # noqa: F811
    desk, played = sit(chat)
    page, dialog, reply = desk.page, desk.page.get_by_role("dialog"), desk.page.locator("#reply")
    told = dialog.get_by_text("You have not sent")
    pick(desk)
    page.keyboard.press("Alt+KeyE")
    expect(dialog).to_be_visible()
    expect(told).to_have_count(0)
    page.keyboard.press("Escape")
    reply.fill("September was estimated, not read.\n" + "Nobody came. " * 10)
    page.keyboard.press("Alt+KeyE")
    text = "September was estimated, not read. Nobody came. Nobody came. Nobody came. Nobody…"
    what = f"You have not sent: “{text}”. It stays readable here after the end, and the resident does not get it."
    expect(told).to_have_text(what)
    expect(dialog).to_have_accessible_description(what)
    page.keyboard.press("Escape")
    reply.fill("")
    played.answers["message"] = {"type": "error", "code": "edit", "detail": "A word of the list.", "spans": []}
    desk.says("What the hell happened there?")
    page.locator(".stopped").wait_for()
    page.keyboard.press("Alt+KeyE")
    expect(told).to_contain_text("You have not sent: “What the hell happened there?”.")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Change the text").click()
    reply.fill("")


def test_before_the_end_what_is_on_its_way_counts_as_not_sent_until_it_is(sit: Sit) -> None:  # noqa: F811
    desk, played = sit(chat)
    told = desk.page.get_by_role("dialog").get_by_text("You have not sent: “On Monday.”.")
    pick(desk)
    played.is_mute = True
    desk.says("On Monday.")
    desk.page.keyboard.press("Alt+KeyE")
    expect(told).to_be_visible()
    sent = played.last("message")
    played.send({"type": "ack", "session": "s1", "id": sent["id"], "seq": 4})
    expect(told).to_have_count(0)


@pytest.mark.rule("SJ-ACD")
def test_a_desk_does_not_hold_out_what_is_on_offer_to_a_colleague(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(lambda played: played.waits("q1", 1, 74, offered=True), look.size)
    page = desk.page
    accept = page.locator("#panel-mine").get_by_role("button", name="Accept,")
    following = page.get_by_role("button", name="Accept the next chat")
    why = "Offered to a colleague"
    expect(accept).to_have_attribute("aria-disabled", "true")
    expect(accept).to_have_accessible_description(why)
    expect(page.locator("#panel-mine").get_by_text(why)).to_be_visible()
    expect(page.locator("[data-empty-text]")).to_have_text("1 waiting, offered to a colleague just now.")
    expect(following).to_have_attribute("aria-disabled", "true")
    look.at("desk-offered-elsewhere", desk, whole=True)
    for button in (accept, following):
        button.press("Enter")
        expect(page.locator(".toast").filter(has_text="offered to a colleague").first).to_be_visible()
    assert not [frame for frame in played.asked if frame["type"] == "accept"]
    played.waits("q2", 2, 30, offered=False)
    expect(page.locator("[data-empty-text]")).to_have_text("2 waiting. Accept the next one, or choose on the left.")
    expect(following).to_have_attribute("aria-disabled", "false")
    following.press("Enter")
    assert played.last("accept") == {"session": "q2"}
    assert look.faults == []


@pytest.mark.rule("SJ-ACD")
def test_a_chat_that_is_no_longer_on_offer_may_be_accepted_and_ones_own_offer_is_no_colleagues(sit: Sit) -> None:  # noqa: F811
    desk, played = sit(lambda played: played.waits("q1", 1, 74, offered=True))
    accept = desk.page.locator("#panel-mine").get_by_role("button", name="Accept,")
    expect(accept).to_have_attribute("aria-disabled", "true")
    played.holds_out("q1")
    expect(accept).to_have_attribute("aria-disabled", "false")
    played.send({"type": "offer_gone", "session": "q1", "why": "expired"})
    toast = desk.page.locator(".toast")
    expect(toast).to_contain_text("The offer is over: it was not answered in time.")
    expect(toast).not_to_contain_text("somebody else")
    expect(accept).to_have_attribute("aria-disabled", "true")
    played.waits("q1", 1, 74, offered=False)
    expect(accept).to_have_attribute("aria-disabled", "false")
    expect(desk.page.get_by_text("Offered to a colleague").locator("visible=true")).to_have_count(0)
