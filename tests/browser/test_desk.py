"""What an agent does on a day: offers, holding, passing on, notes, what is stopped, rounding off."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from agents.actions import set_presence
from agents.models import Department, OutsideBody
from chat.actions import route
from contactcenter.cases.models import Task, Topic
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, Resident, at_the_desk, axe_faults, outside
from tests.browser.watch import Watch
from tests.factories import DepartmentFactory, MembershipFactory, ScriptFactory
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]
QUESTION = "My water bill is 312 dollars, it is normally about 90."


@dataclass
class Day:
    """Two agents at their desks and a resident who has just asked."""

    city: City
    treasury: Department
    rosa: AtTheDesk
    rudi: AtTheDesk
    resident: Resident

    def converse(self) -> None:
        """Let Rosa take the chat, from the offer."""
        self.rosa.page.get_by_role("list", name="Offered to you").get_by_role("button", name="Accept").click()
        self.rosa.sees(QUESTION)
        self.resident.sees("SJ-GREET")


RULES = {
    "SJ-ACD": {"offer_seconds": 600, "abandoned_seconds": 120, "away_seconds": 30},
    "EM-HOLD": {},
    "EM-DIS-B": {},
    "DF-XFER": {},
    "EM-FWD": {"seconds": 600},
    "DF-HOLD": {"seconds": 120, "callback_minutes": 120, "message_days": 1},
    "EM-PII-A": {},
    "EM-COM-C": {},
    "EM-LINK": {},
    "EM-SCR": {},
    "EM-LANG": {},
    "EM-COM-B": {},
    "EM-REF": {},
}


@pytest.fixture
def day(city: City, server: Server, new_context: NewContext) -> Day:
    for rule, values in RULES.items():
        adopt(rule, **values)
    treasury = DepartmentFactory(
        code="treasury", name="Treasury", phone="555-0150", email="treasury@maplebrook.example"
    )
    MembershipFactory(agent=city.rudi, department=treasury)
    Topic.objects.create(code="water-bill", name="Water bill")
    OutsideBody.objects.create(
        code="transit", name="County transit", responsible_for="Buses between towns", phone="555-0166"
    )
    ScriptFactory(name="meter", text="Hello {customer}, a reading of the meter settles this. {agent}")
    rosa = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(server.url)
    resident = Resident(page).open_frame().ask(QUESTION)
    outside(route, at=timezone.now())  # what beat does each second
    rosa.page.get_by_role("list", name="Offered to you").wait_for()
    rudi = at_the_desk(new_context(), city.rudi, server.url)
    return Day(city, treasury, rosa, rudi, resident)


@pytest.mark.rule("SJ-ACD")
def test_an_offer_says_why_and_can_be_passed_on_with_a_reason(day: Day) -> None:
    rosa = day.rosa.page
    expect(rosa.get_by_role("alert").filter(has_text="General services")).to_have_count(1)
    rosa.keyboard.press("Alt+KeyD")
    dialog = rosa.get_by_role("dialog", name="Decline this offer?")
    dialog.get_by_label("Why").select_option("busy")
    dialog.get_by_role("button", name="Decline").click()
    expect(rosa.get_by_role("list", name="Offered to you")).to_be_hidden()
    outside(route, at=timezone.now())  # what beat does each second
    expect(day.rudi.page.get_by_role("list", name="Offered to you")).to_contain_text("General services")
    assert axe_faults(day.rosa.frame()) == []


@pytest.mark.rule("EM-HOLD")
def test_a_chat_is_held_and_goes_on_and_a_note_stays_with_staff(day: Day) -> None:
    day.converse()
    rosa = day.rosa.page
    rosa.keyboard.press("Alt+KeyH")
    expect(rosa.get_by_text("On hold since")).to_be_visible()
    rosa.keyboard.press("Alt+KeyH")
    expect(rosa.get_by_text("On hold since")).to_be_hidden()
    rosa.keyboard.press("Alt+KeyN")
    expect(rosa.get_by_text("Only staff see this. The resident does not.")).to_be_visible()
    rosa.locator("#reply").fill("Third call about this meter.")
    rosa.locator("#reply").press("Enter")
    expect(rosa.get_by_role("log").get_by_text("Third call about this meter.")).to_be_visible()
    expect(rosa.get_by_role("tab", name="Reply")).to_have_attribute("aria-selected", "true")
    assert not any("Third call" in text for text in day.resident.thread())
    assert axe_faults(day.rosa.frame()) == []


@pytest.mark.rule("EM-FWD")
@pytest.mark.rule("DF-XFER")
@pytest.mark.rule("EM-DIS-B")
def test_a_chat_is_passed_on_with_reason_and_summary(day: Day) -> None:
    day.converse()
    rosa = day.rosa.page
    rosa.keyboard.press("Alt+KeyT")
    dialog = rosa.get_by_role("dialog", name="Pass the chat with Tomasz Lind on")
    dialog.get_by_label("A person").check()
    dialog.get_by_role("button", name="Ask for the transfer").click()
    expect(dialog.get_by_text("Choose a reason from the list")).to_be_visible()
    expect(dialog.get_by_text("Write what it is about, so that nobody has to ask again")).to_be_visible()
    dialog.get_by_label("Reason").select_option("expertise")
    dialog.get_by_label("Summary").fill("The bill has tripled; the meter has not been read.")
    dialog.get_by_role("button", name="Ask for the transfer").click()
    expect(rosa.get_by_text("Waiting for Rudi to accept.")).to_be_visible()
    card = day.rudi.page.get_by_role("list", name="Offered to you")
    expect(card).to_contain_text("Rosa passes a chat of General services to you")
    expect(card).to_contain_text("the meter has not been read")
    card.get_by_role("button", name="Accept").click()
    day.rudi.sees(QUESTION)
    expect(rosa.get_by_text("You passed this chat on. A colleague has it now.")).to_be_visible()
    day.rudi.says("I am Rudi, and I have read everything.")
    day.resident.sees("I am Rudi, and I have read everything.")
    assert axe_faults(day.rosa.frame()) == []


@pytest.mark.rule("EM-PII-A")
def test_what_the_screening_stops_is_marked_and_nothing_is_lost(day: Day) -> None:
    day.converse()
    rosa = day.rosa.page
    day.rosa.says("Call my cousin at 416-555-0187, she knows.")
    expect(rosa.locator(".stopped mark")).to_have_text("416-555-0187")
    rosa.get_by_role("button", name="Send anyway, with the phone number").click()
    day.resident.sees("Call my cousin at 416-555-0187, she knows.")
    assert axe_faults(day.rosa.frame()) == []


@pytest.mark.rule("EM-REF")
@pytest.mark.rule("EM-COM-B")
def test_who_is_referred_reads_the_contact_and_leaves_a_message(day: Day, watch: Watch) -> None:
    watch.allow("400")
    day.converse()
    rosa, box = day.rosa.page, day.rosa.page.locator("#reply")
    rosa.keyboard.press("Alt+KeyR")
    dialog = rosa.get_by_role("dialog", name="Where is the resident helped?")
    dialog.get_by_label("Find").fill("transit")
    dialog.get_by_role("button", name="How to refer County transit").press("Enter")
    expect(dialog.get_by_role("listitem").locator("[data-say]")).to_have_text(
        ["Name how to reach County transit: 555-0166."]
    )
    dialog.get_by_role("button", name="Put into the reply").press("Enter")
    expect(box).to_have_value("County transit can help you with this: 555-0166")
    dialog.get_by_role("button", name="Somebody else").press("Enter")
    dialog.get_by_label("Find").fill("treasury")
    dialog.get_by_role("button", name="How to refer Treasury").press("Enter")
    expect(dialog.get_by_role("listitem").locator("button")).to_have_text(
        ["Transfer", "Put into the reply", "Take a message"]
    )
    dialog.get_by_role("button", name="Take a message").press("Enter")
    message = rosa.get_by_role("dialog", name="A message for Treasury")
    message.get_by_label("Message", exact=True).fill("Bill of 312 dollars, September was estimated.")
    message.get_by_role("button", name="Pass the message on").press("Enter")
    expect(message.get_by_label("E-mail address")).to_be_focused()
    expect(message.get_by_text("by which the resident is answered.")).to_be_visible()
    assert axe_faults(day.rosa.frame()) == []
    message.get_by_label("Phone number").fill("555-010-0142")
    message.get_by_role("button", name="Pass the message on").press("Enter")
    expect(rosa.get_by_text("The message is passed on.")).to_be_visible()
    expect(box).to_have_value(re.compile("555-0166\nI have passed your message on to Treasury. You get an answer by "))
    expect(box).to_be_focused()
    expect(rosa.get_by_role("log")).to_contain_text("A message was passed on to Treasury")
    task = Task.objects.get()
    assert (task.kind, task.department, task.text) == (
        "message",
        day.treasury,
        "Bill of 312 dollars, September was estimated.",
    )


def test_a_case_is_opened_and_the_chat_is_rounded_off(day: Day) -> None:
    day.converse()
    rosa = day.rosa.page
    rosa.keyboard.press("Alt+KeyC")
    dialog = rosa.get_by_role("dialog", name="Open a case from this chat")
    dialog.get_by_label("Summary").fill("Read the meter at 18 Millrace Court.")
    dialog.get_by_role("button", name="Open the case").click()
    expect(rosa.get_by_text("The case is opened as a task.")).to_be_visible()
    assert Task.objects.get().text == "Read the meter at 18 Millrace Court."
    day.rosa.ends("Case opened")
    wrap = rosa.get_by_label("Note", exact=False).and_(rosa.locator("#wrap-note"))
    wrap.fill("Meter to be read.")
    rosa.locator("#wrap-topic").select_option("water-bill")
    rosa.get_by_role("button", name="Done").click()
    expect(rosa.get_by_text("The chat is rounded off.")).to_be_visible()
    assert axe_faults(day.rosa.frame()) == []


def test_the_team_and_who_waits_have_tabs_of_their_own(day: Day) -> None:
    rosa = day.rosa.page
    rosa.get_by_role("tab", name="Mine").focus()
    rosa.keyboard.press("ArrowRight")
    expect(rosa.get_by_role("tabpanel", name="Waiting")).to_be_visible()
    rosa.keyboard.press("ArrowRight")
    expect(rosa.get_by_role("tabpanel", name="Team")).to_contain_text("Rudi")
    rosa.keyboard.press("Alt+KeyA")
    day.rosa.sees(QUESTION)
    assert axe_faults(day.rosa.frame()) == []


def test_a_draft_waits_for_its_chat(day: Day) -> None:
    day.converse()
    day.rosa.page.locator("#reply").fill("One moment, I")
    second = Resident(day.resident.page.context.new_page())
    second.page.goto(day.resident.page.url)
    outside(set_presence, day.city.rudi.pk, "offline", at=timezone.now())
    second.open_frame().ask("Is the pool open?", name="Ines Duarte")
    day.rosa.page.get_by_role("list", name="Offered to you").wait_for()
    day.rosa.page.keyboard.press("Alt+KeyA")
    day.rosa.page.get_by_role("link", name="Ines Duarte").click()
    expect(day.rosa.page.locator("#reply")).to_have_value("")
    day.rosa.page.get_by_role("link", name="Tomasz Lind").click()
    expect(day.rosa.page.locator("#reply")).to_have_value("One moment, I")


@pytest.mark.rule("PK-A11Y")
def test_the_whole_day_needs_no_mouse(day: Day, watch: Watch) -> None:
    """Accept the offer, answer with a script, hold, go on, pass on, end, round off: with the keyboard alone."""
    page, keys = day.rosa.page, day.rosa.page.keyboard
    keys.press("Alt+KeyA")
    day.rosa.sees(QUESTION)
    expect(page.locator("#reply")).to_be_focused()
    keys.type("/met")
    page.get_by_role("option", name="meter").wait_for()
    keys.press("Enter")
    expect(page.locator("#reply")).to_have_value("Hello Tomasz Lind, a reading of the meter settles this. Rosa")
    keys.press("Enter")
    day.resident.sees("Hello Tomasz Lind, a reading of the meter settles this. Rosa")
    keys.press("Alt+KeyH")
    expect(page.get_by_text("On hold since")).to_be_visible()
    keys.press("Alt+KeyH")
    expect(page.get_by_text("On hold since")).to_be_hidden()
    keys.press("Alt+KeyE")
    page.get_by_role("dialog").wait_for()
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator("#wrap-note")).to_be_focused()
    keys.type("Settled by a reading.")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.get_by_text("The chat is rounded off.")).to_be_visible()
    expect(page.get_by_role("button", name="Put away")).to_be_focused()
    assert axe_faults(day.rosa.frame()) == []
