"""What staff alone see of a chat, and how they mark it for retention, at the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, expect

from chat.actions import close_evaluation
from chat.models import ChatSession, Evaluation, RetentionMark
from chat.timers import act_on_due_timers
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, Resident, at_the_desk, outside
from tests.browser.test_accessible import SIZES, Look, look  # noqa: F401  (a fixture)
from tests.browser.watch import Watch
from tests.factories import RoleGrantFactory
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]
NAME = "Tomasz Lind"


def notes(desk: AtTheDesk) -> Locator:
    return desk.page.locator(".msg-note")


def a_chat(desk: AtTheDesk, new_context: NewContext, server: Server, question: str) -> Resident:
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page).ask(question)
    desk.accepts_next().sees("Hello, I am Rosa")
    resident.sees("Hello, I am Rosa")
    return resident


def said(desk: AtTheDesk) -> str:
    """Return the thread without what may change by itself: that it was read, and the minute by whose clock."""
    return re.sub(r"\d{1,2}:\d\d| · read", "", desk.page.locator("[data-log]").inner_text())


def open_again(desk: AtTheDesk) -> None:
    desk.page.reload()
    desk.page.get_by_role("link", name=re.compile(NAME)).click()


@pytest.mark.rule("EM-911")
@pytest.mark.rule("EM-PAY")
def test_staff_read_in_the_thread_what_was_noticed_and_the_resident_does_not(
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    desk = at_the_desk(new_context(*SIZES[look.size]), city.rosa, server.url)
    resident = a_chat(desk, new_context, server, "Can I pay my water bill here?")
    resident.says("4111 1111 1111 1111")
    expect(notes(desk)).to_contain_text(["Payment data was hidden"])
    expect(notes(desk).first).to_contain_text("card number")
    desk.says("Please do not send me your card.")
    resident.sees("Please do not send me your card.").says("And I smell gas in the hall")
    expect(notes(desk)).to_contain_text(["Payment data was hidden", "Emergency: Danger to life or property"])
    expect(notes(desk).last).to_contain_text("only staff see it")
    desk.says("Please call 911 now.")
    resident.sees("Please call 911 now.")
    order = "\n".join(desk.page.locator("[data-log] > *").all_inner_texts())
    parts = ["data was hidden", "do not send me", "smell gas", "Emergency:", "Please call 911"]
    assert [order.index(part) for part in parts] == sorted(order.index(part) for part in parts)
    expect(desk.page.locator("[data-mine]")).to_contain_text("Emergency")
    expect(desk.page.locator("[data-thread-flags]")).to_have_text("Emergency")
    look.at("desk-emergency", desk, whole=look.size == "narrow")
    before = said(desk)
    open_again(desk)
    expect(notes(desk)).to_have_count(2)
    expect(desk.page.locator("[data-log]")).to_contain_text("Please call 911 now.")  # the last of it
    assert said(desk) == before
    expect(resident.page.locator("body")).not_to_contain_text("only staff")
    assert resident.page.locator(".msg-note").count() == 0
    assert look.faults == []


@pytest.mark.rule("EM-RET-Ba-i")
def test_an_agent_marks_a_chat_with_the_keyboard_alone(
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    desk = at_the_desk(new_context(*SIZES[look.size]), city.rosa, server.url)
    resident = a_chat(desk, new_context, server, "You are all useless.")
    page, keys = desk.page, desk.page.keyboard
    desk.page.locator("#reply").focus()
    keys.press("Alt+KeyM")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("radio", checked=True)).to_have_count(0)
    look.at("desk-mark-dialog", desk)
    keys.press("Tab")
    keys.type("He shouted at me. My card 4111 1111 1111 1111")
    keys.press("Tab")
    keys.press("Enter")
    expect(dialog.get_by_text("Choose why this chat is kept")).to_be_visible()
    expect(dialog.get_by_label("Harassment by the resident")).to_be_focused()
    expect(dialog.get_by_label("Note")).to_have_value(re.compile("He shouted"))
    look.at("desk-mark-dialog-error", desk)
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#reply")).to_be_focused()
    expect(page.get_by_role("button", name="Marked for retention")).to_be_visible()
    expect(page.locator("[data-mine]")).to_contain_text("Marked")
    expect(notes(desk)).to_contain_text(["Other improper conduct of the resident"])
    expect(notes(desk)).to_contain_text(["Marked by Rosa."])
    expect(notes(desk)).not_to_contain_text("4111")
    page.evaluate("document.querySelectorAll('.toast button').forEach((each) => each.click())")  # unless it is over
    look.at("desk-marked", desk, whole=look.size == "narrow")
    mark = RetentionMark.objects.get()
    assert (mark.reason, ChatSession.objects.get().retained) == ("improper_conduct", True)
    desk.says("Please write in a calmer way.")
    resident.sees("Please write in a calmer way.")
    expect(resident.page.locator("body")).not_to_contain_text("Marked")
    assert look.faults == []


@pytest.mark.rule("EM-RET-Ba-i")
def test_an_ended_chat_can_still_be_marked_and_a_refusal_stands_in_the_dialog(
    city: City, server: Server, new_context: NewContext
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    a_chat(desk, new_context, server, "You are all useless.")
    desk.ends()
    page = desk.page
    page.get_by_role("button", name="Mark for retention").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note").fill("x" * 2001)
    expect(dialog.get_by_text("Too long by 1 characters")).to_be_visible()
    dialog.get_by_label("Harassment by the resident").check()
    dialog.get_by_role("button", name="Mark", exact=True).click()
    expect(dialog.get_by_text("Shorten the note to 2000 characters")).to_be_visible()
    expect(dialog.get_by_label("Note")).to_be_focused()
    dialog.get_by_label("Note").fill("He shouted.")
    page.evaluate(
        "document.querySelector('#mark-harassment').value = 'weather'"
    )  # a page that is older than the server
    dialog.get_by_role("button", name="Mark", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("Choose why this chat is kept: harassment")
    expect(dialog.get_by_label("Note")).to_have_value("He shouted.")
    page.evaluate("document.querySelector('#mark-harassment').value = 'harassment'")
    dialog.get_by_role("button", name="Mark", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Marked for retention")).to_be_visible()
    page.get_by_role("button", name="Marked for retention").click()
    expect(dialog.get_by_text("This chat is kept already.")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    assert [mark.reason for mark in RetentionMark.objects.all()] == ["harassment"]


@pytest.mark.rule("EM-RET-Ba-i")
def test_the_dialog_waits_for_a_desk_that_is_connected(
    city: City, server: Server, new_context: NewContext, watch: Watch
) -> None:
    watch.allow("WebSocket connection", "ERR_CONNECTION_REFUSED")
    desk = at_the_desk(new_context(), city.rosa, server.url)
    a_chat(desk, new_context, server, "You are all useless.")
    page = desk.page
    page.get_by_role("button", name="Mark for retention").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Harassment by the resident").check()
    with server.away():
        expect(dialog.get_by_role("alert")).to_contain_text("not connected just now")
        dialog.get_by_role("button", name="Mark", exact=True).click()
        expect(dialog.get_by_role("alert")).to_contain_text("Not connected, so the chat was not marked.")
    expect(page.locator("[data-link-text]")).to_have_text("Connected")
    dialog.get_by_role("button", name="Mark", exact=True).click()
    expect(page.get_by_role("button", name="Marked for retention")).to_be_visible()


@pytest.mark.rule("EM-RET-Ba-i")
def test_a_later_chat_says_that_it_is_kept_and_when_that_ends(
    city: City, server: Server, new_context: NewContext
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    resident = a_chat(desk, new_context, server, "You are all useless.")
    desk.page.keyboard.press("Alt+KeyM")
    desk.page.get_by_label("Harassment by the resident").check()
    desk.page.get_by_role("button", name="Mark", exact=True).click()
    expect(notes(desk)).to_have_count(1)
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    desk.ends()
    desk.page.get_by_role("button", name="Put away").click()
    resident.page.get_by_role("button", name="Start another chat").click()
    resident.ask("You are still useless.")
    desk.accepts_next()
    expect(notes(desk)).to_contain_text(["A later chat, while an evaluation is open"])
    expect(desk.page.locator("[data-thread-flags]")).to_have_text("Marked")
    RoleGrantFactory(user=city.rudi.user, role="supervisor")
    evaluation = Evaluation.objects.get()
    outside(close_evaluation, evaluation.pk, by_id=city.rudi.pk, reason="It was a bad day.", at=timezone.now())
    expect(notes(desk)).to_contain_text(["A later chat", "The evaluation is closed"])
    expect(desk.page.locator("[data-thread-flags]")).to_have_text("")
    expect(desk.page.get_by_role("button", name="Mark for retention")).to_be_visible()


@pytest.mark.rule("EM-PAY")
def test_pay_in_the_reply_box_becomes_the_citys_words(city: City, server: Server, new_context: NewContext) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    resident = a_chat(desk, new_context, server, "Where can I pay my water bill?")
    page = desk.page
    page.locator("#reply").fill("/pay")
    expect(page.get_by_text("Sends where to pay")).to_be_visible()
    page.locator("#reply").press("Enter")
    expect(page.get_by_text("Sends where to pay")).to_be_hidden()
    expect(page.locator(".msg-own .text").last).to_contain_text("https://maplebrook.example/pay")
    expect(page.get_by_role("log")).not_to_contain_text("/pay 555-0177 /pay")
    link = resident.chat.get_by_role("link", name="Open the payment page")
    expect(link).to_have_attribute("href", "https://maplebrook.example/pay")


@pytest.mark.rule("EM-IDLE-4")
@pytest.mark.rule("EM-911")
def test_the_strip_says_that_a_silent_chat_with_an_emergency_does_not_end(
    city: City, server: Server, new_context: NewContext
) -> None:
    adopt("EM-IDLE-2", seconds=1)
    adopt("EM-IDLE-4", seconds=121)
    desk = at_the_desk(new_context(), city.rosa, server.url)
    resident = a_chat(desk, new_context, server, "I smell gas in the hall")
    desk.says("Are you outside?")
    resident.sees("Are you outside?")
    assert outside(act_on_due_timers, at=timezone.now() + timedelta(seconds=1)) == 1
    strip = desk.page.locator("[data-silence]")
    expect(strip).to_contain_text("An emergency was spoken of: the chat does not end by itself.")
    expect(strip.get_by_role("button", name="Keep open")).to_be_hidden()
    expect(desk.page.locator("[data-mine]")).to_contain_text("asked")


@pytest.mark.rule("EM-RET-B")
def test_the_desk_prints_a_sentence_and_no_chat_and_has_nothing_to_copy_with(
    city: City, server: Server, new_context: NewContext
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    a_chat(desk, new_context, server, "My bill is too high.")
    page = desk.page
    page.emulate_media(media="print")
    expect(page.get_by_text("Chats are not printed from the desk")).to_be_visible()
    assert "bill" not in page.locator("body").inner_text()
    page.emulate_media(media="screen")
    expect(page.get_by_text("Chats are not printed from the desk")).to_be_hidden()
    for name in ("Copy", "Print", "Export", "Download"):
        assert page.get_by_role("button", name=name).count() == 0
