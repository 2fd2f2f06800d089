"""Every state of the resident's chat: what it says, that it reads well, and that nobody is stuck in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser.conftest import City, Server
from tests.browser.people import Resident
from tests.browser.script import Body, Script
from tests.browser.test_accessible import SIZES, Look, look  # noqa: F401  (a fixture)
from tests.browser.watch import Watch
from tests.phones import NO_NUMBERS, NUMBERS

NewContext = Callable[..., BrowserContext]
Open = Callable[..., tuple[Resident, Script]]
MENU: list[Body] = [
    {"id": 1, "parent": None, "label": "Water and bills", "kind": "topic", "text": "", "page": ""},
    {"id": 2, "parent": None, "label": "Waste and recycling", "kind": "topic", "text": "", "page": ""},
    {"id": 3, "parent": None, "label": "Something else", "kind": "person", "text": "", "page": ""},
    {
        "id": 4,
        "parent": 2,
        "label": "My bin was not emptied",
        "kind": "answer",
        "text": "Leave the bin out until 8 p.m.\nCrews come back the same day.\n\nAfter a holiday all are a day late.",
        "page": "https://maplebrook.example/waste",
    },
    {"id": 5, "parent": 2, "label": "Order a larger bin", "kind": "form", "text": "", "page": "/report/bin/"},
    {
        "id": 6,
        "parent": 2,
        "label": "Talk about a pick-up",
        "kind": "person",
        "text": "",
        "page": "",
        "department": "general",
        "topic": "waste.pickup",
    },
]
QUESTION = "My water bill is 312 dollars, it is normally about 90."


def menu() -> list[Body]:
    return [{"department": None, "topic": ""} | node for node in MENU]


@pytest.fixture
def opened(city: City, server: Server, new_context: NewContext, look: Look) -> Open:  # noqa: F811
    """Returns a function that opens the chat in a frame of the portal, against a script."""

    def open_it(**settings: object) -> tuple[Resident, Script]:
        page = new_context(*SIZES[look.size], locale="en-US").new_page()
        script = Script(page, **settings)  # type: ignore[arg-type]
        page.goto(server.url)
        page.get_by_role("button", name="Chat with us").click()
        page.mouse.move(0, 0)
        return Resident(page), script

    return open_it


def asked(opened: Open, **settings: object) -> tuple[Resident, Script]:
    resident, script = opened(**settings)
    resident.ask(QUESTION)
    return resident, script


def choices_of(resident: Resident) -> Locator:
    return resident.chat.locator("[data-choices]")


def in_two_hours() -> str:
    return (datetime.now(UTC) + timedelta(hours=2)).isoformat()


# ---- Before ----------------------------------------------------------------
def test_the_menu_leads_to_an_answer_a_form_or_a_person(opened: Open, look: Look) -> None:  # noqa: F811
    resident, script = opened(menu=menu())
    chat = resident.chat
    expect(chat.get_by_role("heading", name="What is it about?")).to_be_focused()
    expect(chat.locator("[data-menu-why]")).to_contain_text("SJ-IVR")
    look.at("widget-menu", resident)
    chat.get_by_role("button", name="Waste and recycling").click()
    expect(chat.get_by_role("heading", name="Waste and recycling")).to_be_focused()
    form = chat.get_by_role("link", name="Order a larger bin")
    expect(form).to_have_attribute("rel", "noopener")
    chat.get_by_role("button", name="My bin was not emptied").click()
    expect(chat.get_by_text("Crews come back the same day.")).to_be_visible()
    look.at("widget-menu-answer", resident)
    chat.get_by_role("button", name="Back").click()
    expect(chat.get_by_role("button", name="My bin was not emptied")).to_be_focused()
    chat.get_by_role("button", name="Talk about a pick-up").click()
    expect(chat.get_by_label("Your name")).to_be_focused()
    look.at("widget-start-about", resident)
    resident.ask(QUESTION)
    assert (script.asked[0]["department"], script.asked[0]["topic"]) == ("general", "waste.pickup")
    assert look.faults == []


def test_a_person_is_one_step_away_from_everywhere_in_the_menu(opened: Open) -> None:
    resident, _script = opened(menu=menu())
    for way in ([], ["Waste and recycling"], ["My bin was not emptied"]):
        for label in way:
            resident.chat.get_by_role("button", name=label).click()
        resident.chat.get_by_role("button", name="Talk to a person").click()
        expect(resident.chat.get_by_label("Your name")).to_be_focused()
        resident.chat.get_by_role("button", name="Back to the topics").click()


@pytest.mark.parametrize("way", [[], ["Waste and recycling", "My bin was not emptied"]])
def test_what_the_form_says_a_chat_is_about_reaches_the_agent(opened: Open, way: list[str]) -> None:
    resident, script = opened(menu=menu())
    for label in way:
        resident.chat.get_by_role("button", name=label).click()
    resident.chat.get_by_role("button", name="Talk to a person").click()
    if way:
        expect(resident.chat.get_by_text("About: My bin was not emptied")).to_be_visible()
    resident.ask(QUESTION)
    assert script.asked[0].get("topic") == (way[-1] if way else None)


def test_a_menu_that_loops_or_hangs_on_nothing_still_leads_to_a_person(opened: Open) -> None:
    loop = [
        {"id": 1, "parent": None, "label": "One", "kind": "topic", "text": "", "page": "javascript:alert(1)"},
        {"id": 2, "parent": 1, "label": "Two", "kind": "topic", "text": "", "page": ""},
        {"id": 9, "parent": 8, "label": "Nowhere", "kind": "topic", "text": "", "page": ""},
    ]
    resident, script = opened(menu=loop)
    resident.chat.get_by_role("button", name="One").click()
    expect(resident.chat.locator("[data-menu-list] a")).to_have_count(0)
    resident.chat.get_by_role("button", name="Two").click()
    expect(resident.chat.get_by_text("Nowhere")).to_have_count(0)
    resident.chat.get_by_role("button", name="Talk to a person").click()
    resident.ask(QUESTION)
    assert script.asked[0]["topic"] == "Two"


@pytest.mark.rule("SJ-BACK")
def test_back_up_mode_shows_the_phone_and_the_form(opened: Open, look: Look) -> None:  # noqa: F811
    backup = {
        "phone": "555-0190",
        "page": "https://maplebrook.example/contact",
        "text": "Our chat is out of order until this afternoon.",
    }
    resident, _script = opened(availability={"state": "backup", "backup": backup}, menu=menu())
    expect(resident.chat.get_by_role("heading", name="The chat is out of order")).to_be_focused()
    expect(resident.chat.get_by_role("link", name="Call 555-0190")).to_have_attribute("href", "tel:5550190")
    expect(resident.chat.get_by_role("link", name="Use the form")).to_have_attribute("href", backup["page"])
    look.at("widget-backup", resident)
    resident.chat.get_by_role("button", name="Look for an answer").click()
    resident.chat.get_by_role("button", name="Talk to a person").click()
    expect(resident.chat.get_by_role("heading", name="The chat is out of order")).to_be_focused()
    assert look.faults == []


@pytest.mark.rule("SJ-BACK")
def test_who_waits_when_it_is_turned_on_reads_where_to_go_and_keeps_the_place(opened: Open, look: Look) -> None:  # noqa: F811
    resident, script = opened()
    resident.ask(QUESTION)
    page = "https://maplebrook.example/contact"
    text = "Our chat is out of order. You keep your place, and may still be answered here."
    data = {"backup": 1, "phone": "555-0190", "page": page, "why": "The chat is out of order now."}
    script.tell("notice", rule="SJ-BACK", text=f"{text} Please call 555-0190, or use the form: {page}", data=data)
    log = resident.chat.get_by_role("log")
    expect(log.get_by_text(text)).to_be_visible()
    expect(log.get_by_role("link", name="Call 555-0190")).to_have_attribute("href", "tel:5550190")
    expect(log.get_by_role("link", name="Open the page")).to_have_attribute("href", page)
    expect(resident.chat.locator("[data-queue]")).to_be_visible()
    look.at("widget-backup-waiting", resident)
    log.get_by_text("Why?").click()
    expect(log.get_by_text("The chat is out of order now.")).to_be_visible()
    assert look.faults == []


def test_an_incident_stands_above_the_form_and_above_the_queue(opened: Open, look: Look) -> None:  # noqa: F811
    incident = "Water is off in Fern Walk and Millrace Court until about 4 p.m. Crews are there."
    resident, script = opened(availability={"incident": incident})
    resident.chat.get_by_label("Your name").wait_for()
    look.at("widget-incident", resident)
    resident.ask(QUESTION)
    expect(resident.chat.locator("[data-incident]")).to_be_visible()
    script.tell("notice", text=incident, data={"incident": 1, "until": "2030-01-01T00:00:00Z"})
    expect(resident.chat.get_by_role("log").get_by_text(incident)).to_be_visible()
    expect(resident.chat.locator("[data-incident]")).to_be_hidden()  # it is not said twice
    script.joins()
    expect(resident.chat.locator("[data-incident]")).to_be_hidden()
    assert look.faults == []


def test_who_is_banned_reads_why(opened: Open, look: Look, watch: Watch) -> None:  # noqa: F811
    watch.allow("403")
    resident, script = opened()
    text = "The chat is refused to you until May 1, because of what was written on November 2. You may appeal."
    script.answers["begin"] = (403, {"code": "banned", "detail": text})
    resident.chat.get_by_label("Your name").fill("Tomasz Lind")
    resident.chat.get_by_label("How can we help?").fill(QUESTION)
    resident.chat.get_by_role("button", name="Start the chat").click()
    expect(resident.chat.get_by_role("heading", name="The chat is not open to you")).to_be_focused()
    expect(resident.chat.get_by_text(text)).to_be_visible()
    expect(resident.chat.get_by_role("link", name="555-0100")).to_be_visible()
    look.at("widget-banned", resident)
    assert look.faults == []


def test_while_the_connection_is_made_the_page_says_so(opened: Open, look: Look) -> None:  # noqa: F811
    resident, script = opened()
    script.is_mute = True
    resident.chat.get_by_label("Your name").fill("Tomasz Lind")
    resident.chat.get_by_label("How can we help?").fill(QUESTION)
    resident.chat.get_by_role("button", name="Start the chat").click()
    expect(resident.chat.locator("[data-status]")).to_have_text("Connecting")
    look.at("widget-connecting", resident)
    assert look.faults == []


def test_the_browser_calls_a_phone_number_what_the_server_does(opened: Open) -> None:
    resident, _script = opened()
    said: list[bool] = resident.frame().evaluate(
        "async (texts) => { const { isPhone } = await import('/static/chat/fields.js'); return texts.map(isPhone); }",
        [f" {text} " for text in (*NUMBERS, *NO_NUMBERS)],
    )
    assert said == [True] * len(NUMBERS) + [False] * len(NO_NUMBERS)


def test_the_chat_fits_a_phone_at_twice_the_text_size(opened: Open) -> None:
    resident, script = asked(opened, menu=[])
    frame = resident.frame()
    frame.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    script.offers_choices()
    expect(choices_of(resident).get_by_role("button")).to_have_count(4)
    for button in choices_of(resident).get_by_role("button").all():
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport()
    assert frame.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    choices_of(resident).get_by_role("button", name="Leave a message").click()
    resident.chat.get_by_role("button", name="Leave the message").scroll_into_view_if_needed()
    expect(resident.chat.get_by_role("button", name="Leave the message")).to_be_in_viewport()
    assert frame.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


# ---- Waiting ---------------------------------------------------------------
@pytest.mark.rule("DF-WAIT")
def test_the_place_is_shown_and_the_wait_only_when_it_is_known(opened: Open) -> None:
    resident, script = asked(opened)
    queue = resident.chat.locator("[data-queue]")
    expect(queue).to_contain_text("We cannot say yet how long it takes.")
    script.places(3, 230)
    expect(queue).to_contain_text("You are number3about 4 minutes")
    expect(resident.chat.locator("[data-spoken]")).to_have_text("You are number 3 in line. about 4 minutes")
    script.places(1, 60)
    expect(resident.chat.locator("[data-spoken]")).to_have_text("You are next about 1 minute")


@pytest.mark.rule("EM-COM-Daii")
def test_who_finds_all_busy_is_told_and_offered_another_way(opened: Open, look: Look) -> None:  # noqa: F811
    resident, script = asked(opened)
    script.places(4, 540)
    script.offers_choices(
        "EM-COM-Daii",
        "Everybody is busy with other people right now. You may wait, or write to us.",
        email="hello@maplebrook.example",
        phone="555-0100",
    )
    margin = resident.chat.locator(".msg-rule", has_text="EM-COM-Daii")
    write = margin.get_by_role("link", name="hello@maplebrook.example")
    expect(write).to_have_attribute("href", "mailto:hello@maplebrook.example")
    expect(margin.get_by_role("link", name="Call 555-0100")).to_be_visible()
    expect(choices_of(resident)).to_contain_text("Rather not wait?")
    look.at("widget-all-busy", resident)
    assert look.faults == []


@pytest.mark.rule("DF-HOLD")
def test_who_waits_two_minutes_may_keep_waiting_and_the_question_goes(opened: Open, look: Look) -> None:  # noqa: F811
    resident, script = asked(opened)
    script.places(2, 240)
    script.offers_choices()
    expect(choices_of(resident).get_by_role("button")).to_have_count(4)
    look.at("widget-choices", resident)
    choices_of(resident).get_by_role("button", name="Keep waiting").press("Enter")
    expect(choices_of(resident)).to_be_hidden()
    expect(resident.chat.get_by_label("Your message")).to_be_focused()
    script.tell("chosen", "customer", data={"option": "wait"}, rule="DF-HOLD")
    assert script.asked[-1] == {"type": "choose", "option": "wait"}
    script.offers_choices()
    expect(choices_of(resident)).to_be_visible()
    script.joins()
    expect(choices_of(resident)).to_be_hidden()
    assert look.faults == []


@pytest.mark.rule("DF-HOLD")
def test_a_call_back_needs_a_number_that_is_one_and_is_confirmed_with_its_time(
    opened: Open,
    look: Look,  # noqa: F811
    watch: Watch,
) -> None:
    watch.allow("400")
    resident, script = asked(opened)
    script.offers_choices()
    chat = resident.chat
    choices_of(resident).get_by_role("button", name="Call me back").click()
    expect(chat.get_by_role("heading", name="Call me back")).to_be_focused()
    look.at("widget-callback", resident)
    number = chat.get_by_label("Which number do we call?")
    number.fill("call me")
    chat.get_by_role("button", name="Ask for a call").click()
    expect(number).to_be_focused()
    expect(chat.get_by_text("Enter a phone number with at least 7 digits")).to_be_visible()
    look.at("widget-callback-error", resident)
    refusal = {"type": "error", "code": "invalid", "field": "phone", "detail": "We cannot call this number."}
    script.answers["choose"] = (400, refusal)
    number.fill("555-010-0142")
    chat.get_by_role("button", name="Ask for a call").click()
    expect(chat.get_by_text("We cannot call this number.")).to_be_visible()
    script.answers.clear()
    chat.get_by_role("button", name="Ask for a call").click()
    chat.get_by_role("log").wait_for()
    expect(choices_of(resident)).to_be_hidden()
    assert script.asked[-1] == {"type": "choose", "option": "callback", "phone": "555-010-0142"}
    script.tell("chosen", "customer", data={"option": "callback", "due_at": in_two_hours()}, rule="DF-HOLD")
    noted = chat.locator("[data-noted]")
    expect(noted).to_contain_text(
        re.compile("We will call you back.*We reach you at 555-010-0142.*At the latest on .*[AP]M", re.DOTALL)
    )
    expect(choices_of(resident)).to_be_hidden()
    look.at("widget-callback-noted", resident)
    script.joins()
    expect(noted).to_be_hidden()
    assert look.faults == []


@pytest.mark.rule("DF-HOLD")
def test_once_the_chat_has_ended_the_promise_alone_stays(opened: Open) -> None:
    resident, script = asked(opened)
    script.offers_choices()
    chat = resident.chat
    choices_of(resident).get_by_role("button", name="Call me back").click()
    chat.get_by_label("Which number do we call?").fill("555-010-0142")
    chat.get_by_role("button", name="Ask for a call").click()
    text = "We will call you back by Friday. You may go on waiting here, or end the chat."
    script.tell("chosen", "customer", text=text, data={"option": "callback", "due_at": in_two_hours()}, rule="DF-HOLD")
    noted = chat.locator("[data-noted]")
    expect(noted).to_contain_text("You may go on waiting here")
    script.ends("customer_ended", "customer")
    promise = "We will call you back.*We reach you at 555-010-0142.*At the latest on .*[AP]M"
    expect(noted).to_contain_text(re.compile(promise, re.DOTALL))
    for said in ("You may go on waiting here", "You may go now"):
        expect(noted.get_by_text(said)).to_be_hidden()


@pytest.mark.rule("DF-HOLD")
def test_a_message_needs_one_way_to_answer_it(opened: Open, look: Look) -> None:  # noqa: F811
    resident, script = asked(opened)
    script.offers_choices()
    chat = resident.chat
    choices_of(resident).get_by_role("button", name="Leave a message").click()
    expect(chat.get_by_role("heading", name="Leave a message")).to_be_focused()
    chat.get_by_label("What do you want to tell us?").fill("Please check the meter at 18 Millrace Court.")
    chat.get_by_role("button", name="Leave the message").click()
    expect(chat.get_by_label("By e-mail, to")).to_be_focused()
    expect(chat.get_by_text("Enter an e-mail address or a phone number")).to_be_visible()
    look.at("widget-message", resident)
    chat.get_by_label("By e-mail, to").fill("tomasz@lind.example")
    chat.get_by_role("button", name="Leave the message").click()
    chat.get_by_role("log").wait_for()
    said = {"text": "Please check the meter at 18 Millrace Court.", "email": "tomasz@lind.example"}
    assert script.asked[-1] == {"type": "choose", "option": "message", **said}
    assert look.faults == []


def test_an_agent_who_comes_while_a_message_is_written_takes_nothing_of_it_away(opened: Open) -> None:
    resident, script = asked(opened)
    script.offers_choices()
    choices_of(resident).get_by_role("button", name="Leave a message").click()
    resident.chat.get_by_label("What do you want to tell us?").fill("The meter is in the basement.")
    script.joins()
    resident.sees("How can I help?")
    expect(resident.chat.get_by_label("Your message")).to_have_value("The meter is in the basement.")
    expect(resident.chat.get_by_label("Your message")).to_be_focused()


def test_a_message_in_the_form_goes_before_what_stands_in_the_line(opened: Open) -> None:
    resident, script = asked(opened)
    script.offers_choices()
    resident.chat.get_by_label("Your message").fill("Are you")
    choices_of(resident).get_by_role("button", name="Leave a message").click()
    resident.chat.get_by_label("What do you want to tell us?").fill("The meter is in the basement.")
    script.joins()
    expect(resident.chat.get_by_label("Your message")).to_have_value("The meter is in the basement.\nAre you")


def test_what_was_being_written_when_the_chat_ended_goes_into_another_one(
    opened: Open,
    look: Look,  # noqa: F811
) -> None:
    resident, script = asked(opened)
    script.offers_choices()
    script.refuses = {"code": "too_long", "detail": "Your text is too long."}
    resident.says("A very long text.")
    resident.chat.get_by_role("button", name="Take it back").wait_for()
    choices_of(resident).get_by_role("button", name="Leave a message").click()
    resident.chat.get_by_label("What do you want to tell us?").fill("The meter is in the basement.")
    script.ends("closed", "system", rule="EM-HRS-30")
    unsent = "A very long text.\nThe meter is in the basement."
    expect(resident.chat.get_by_text("This was not sent:")).to_be_visible()
    expect(resident.chat.locator("[data-over-unsent] .quote")).to_have_text(unsent)
    expect(resident.chat.locator("[data-over-text]")).to_be_focused()
    expect(resident.chat.get_by_role("button", name="Take it back")).to_be_hidden()
    look.at("widget-unsent", resident)
    resident.chat.get_by_role("button", name="Start another chat").click()
    expect(resident.chat.get_by_label("How can we help?")).to_have_value(unsent)
    assert look.faults == []


def test_a_text_that_was_refused_is_taken_back_before_what_stands_in_the_line(opened: Open) -> None:
    resident, script = asked(opened)
    script.joins()
    script.refuses = {"code": "too_long", "detail": "Your text is too long."}
    resident.says("A very long text.")
    resident.chat.get_by_role("button", name="Take it back").wait_for()
    resident.chat.get_by_label("Your message").fill("Sorry, again:")
    resident.chat.get_by_role("button", name="Take it back").click()
    expect(resident.chat.get_by_label("Your message")).to_have_value("A very long text.\nSorry, again:")


def test_the_place_that_was_read_aloud_is_gone_once_somebody_is_there(opened: Open) -> None:
    resident, script = asked(opened)
    script.places(2, None)
    expect(resident.chat.locator("[data-spoken]")).to_contain_text("You are number 2 in line.")
    script.state |= {"state": "active"}
    script.joins()
    expect(resident.chat.locator("[data-spoken]")).to_have_text("")


def test_escape_in_a_small_form_goes_back_to_the_chat(opened: Open) -> None:
    resident, script = asked(opened)
    script.offers_choices()
    choices_of(resident).get_by_role("button", name="Call me back").click()
    resident.page.keyboard.press("Escape")
    expect(choices_of(resident).get_by_role("button", name="Keep waiting")).to_be_focused()


# ---- In the chat -----------------------------------------------------------
@pytest.mark.rule("EM-HOLD")
def test_who_is_on_hold_sees_who_holds_since_when_and_chooses_after_two_minutes(
    opened: Open,
    look: Look,  # noqa: F811
) -> None:
    resident, script = asked(opened)
    script.joins()
    script.tell("held", "agent", name="Rosa", data={"since": datetime.now(UTC).isoformat()}, rule="EM-HOLD")
    held = resident.chat.locator("[data-held]")
    expect(held).to_contain_text(re.compile(r"Rosa put you on hold. Since \d+:\d\d"))
    look.at("widget-hold", resident)
    script.offers_choices(text="You have been on hold for 2 minutes.")
    expect(choices_of(resident)).to_contain_text("Still on hold.")
    look.at("widget-hold-choices", resident)
    script.tell("resumed", "agent", name="Rosa")
    expect(held).to_be_hidden()
    expect(choices_of(resident)).to_be_hidden()
    resident.sees("Rosa is back with you.")
    assert look.faults == []


@pytest.mark.rule("EM-FWD")
def test_who_is_passed_on_reads_to_whom_and_that_nothing_is_lost(opened: Open, look: Look) -> None:  # noqa: F811
    resident, script = asked(opened)
    script.joins()
    to = {"agent": 2, "name": "Claire", "department_name": "Treasury"}
    script.tell("transferred", name="Rosa", data={"to": to, "reason": "expertise"}, rule="EM-FWD")
    script.tell("left", name="Rosa", data={"agent": 1})
    script.joins("Claire")
    resident.sees("Rosa passed you to Claire of Treasury, who can read what was said.")
    expect(resident.chat.get_by_text("Rosa has left")).to_have_count(0)
    expect(resident.chat.get_by_role("heading", name="Claire")).to_be_visible()
    look.at("widget-transferred", resident)
    assert look.faults == []


@pytest.mark.rule("EM-COM-D")
@pytest.mark.parametrize("why", ["agent_lost", "agent_silent"])
def test_who_is_back_in_the_line_reads_why_and_that_they_are_first(
    opened: Open,
    look: Look,  # noqa: F811
    why: str,
) -> None:
    resident, script = asked(opened)
    script.joins()
    script.tell("requeued", name="Rosa", data={"why": why}, rule="EM-COM-D")
    script.places(1, None)
    words = {"agent_lost": "We lost the connection to Rosa.", "agent_silent": "Rosa did not answer in time."}
    resident.sees(f"{words[why]} You are first in line, and nothing you wrote is lost.")
    expect(resident.chat.locator("[data-queue]")).to_be_visible()
    if why == "agent_lost":
        look.at("widget-requeued", resident)
    assert look.faults == []


@pytest.mark.rule("EM-LINK")
def test_only_the_links_of_an_agents_text_that_the_server_let_through_are_live(
    opened: Open,
    look: Look,  # noqa: F811
) -> None:
    resident, script = asked(opened)
    script.joins()
    text = "🙂 Read https://maplebrook.example/pay first, not https://elsewhere.example/."
    start = text.index("https")
    place = [start, start + len("https://maplebrook.example/pay"), "https://maplebrook.example/pay"]
    script.tell("message", "agent", name="Rosa", text=text, data={"links": [place, [0, 1, "javascript:alert(1)"]]})
    bubble = resident.chat.locator(".msg", has_text="first, not")
    link = bubble.get_by_role("link")
    expect(link).to_have_count(1)
    expect(link).to_have_text("https://maplebrook.example/pay (opens a new window)")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener")
    resident.says("See https://maplebrook.example/pay")
    expect(resident.chat.locator(".msg-own", has_text="See https").get_by_role("link")).to_have_count(0)
    look.at("widget-link", resident)
    assert look.faults == []


def test_a_chat_that_goes_on_elsewhere_can_be_taken_back(opened: Open, look: Look) -> None:  # noqa: F811
    resident, script = asked(opened)
    script.joins()
    resident.sees("How can I help?")
    script.cut(4409)
    expect(resident.chat.get_by_role("heading", name="Your chat is open elsewhere")).to_be_focused()
    look.at("widget-elsewhere", resident)
    resident.chat.get_by_role("button", name="Continue here").click()
    resident.sees("How can I help?")
    assert look.faults == []


# ---- The end ---------------------------------------------------------------
def test_the_chat_is_rated_in_words_and_the_rating_can_be_changed(
    opened: Open,
    look: Look,  # noqa: F811
) -> None:
    resident, script = asked(opened)
    script.joins()
    resident.sees("How can I help?")
    script.ends(name="Rosa")
    chat = resident.chat
    expect(chat.locator("[data-over-text]")).to_be_focused()
    look.at("widget-rate", resident)
    chat.get_by_role("button", name="Send the rating").click()
    expect(chat.get_by_text("Choose a number from 1 to 5")).to_be_visible()
    chat.get_by_role("radio", name="4 Good").press("Space")
    chat.get_by_label("Anything to add?").fill("Quick and kind.")
    chat.get_by_role("button", name="Send the rating").click()
    expect(chat.get_by_text("Thank you. You rated this chat 4, good.")).to_be_focused()
    assert script.asked[-1] == {"type": "rate", "score": 4, "comment": "Quick and kind."}
    look.at("widget-rated", resident)
    chat.get_by_role("button", name="Change it").click()
    expect(chat.get_by_role("radio", name="4 Good")).to_be_focused()
    expect(chat.get_by_label("Anything to add?")).to_have_value("Quick and kind.")
    resident.page.keyboard.press("ArrowRight")
    chat.get_by_role("button", name="Send the rating").click()
    expect(chat.get_by_text("You rated this chat 5, very good.")).to_be_visible()
    assert look.faults == []


def test_a_chat_that_nobody_answered_is_not_rated(opened: Open) -> None:
    resident, script = asked(opened)
    script.ends("closed", "system", text="We have closed.")
    expect(resident.chat.get_by_text("We closed before somebody could take your chat.")).to_be_visible()
    expect(resident.chat.get_by_role("button", name="Send the rating")).to_be_hidden()


@pytest.mark.rule("EM-911")
def test_a_comment_that_speaks_of_an_emergency_says_whom_to_call(opened: Open) -> None:
    resident, script = asked(opened)
    script.joins()
    script.ends(name="Rosa")
    call = {"text": "If somebody is in danger, call 911 now.", "numbers": ["911"]}
    script.answers["rate"] = (200, {"type": "ok", "emergency": call})
    resident.chat.get_by_role("radio", name="1 Very poor").press("Space")
    resident.chat.get_by_label("Anything to add?").fill("I still smell gas.")
    resident.chat.get_by_role("button", name="Send the rating").click()
    expect(resident.chat.get_by_role("link", name="Call 911")).to_be_visible()
    expect(resident.chat.get_by_text("You rated this chat 1, very poor.")).to_be_visible()


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        ("referred", "Where to go on is named in it."),
        ("off_topic", "it was not about something the city does"),
        ("conduct", "because of how it was held"),
        ("emergency", "call the emergency number"),
        ("case_opened", "We go on with your matter."),
        ("abandoned", "your place in line was given up"),
        ("customer_ended", "This chat has ended."),
    ],
)
def test_the_end_says_why(opened: Open, outcome: str, says: str) -> None:
    resident, script = asked(opened)
    script.joins()
    script.ends(outcome, text="It ended.")
    expect(resident.chat.locator("[data-over-text]")).to_contain_text(says)


def test_what_could_not_be_stored_is_kept_and_sent_again(opened: Open) -> None:
    resident, script = asked(opened)
    script.joins()
    resident.page.clock.install()
    detail = "Your text could not be stored just now. It is kept here and sent again."
    script.refuses = {"code": "unavailable", "detail": detail}
    resident.says("Nobody filled a pool.")
    expect(resident.chat.get_by_text(detail)).to_be_visible()
    expect(resident.chat.locator(".is-unsent")).to_contain_text("Nobody filled a pool.")
    script.refuses = None
    resident.page.clock.run_for(5_000)
    expect(resident.chat.locator(".is-unsent")).to_have_count(0)
    resident.sees("Nobody filled a pool.")


def test_an_end_that_a_dead_line_took_is_asked_for_again(opened: Open) -> None:
    resident, script = asked(opened)
    script.joins()
    resident.page.clock.install()
    script.is_mute = True
    resident.chat.get_by_role("button", name="End chat").click()
    resident.chat.get_by_role("dialog").get_by_role("button", name="End chat").click()
    script.waits_for("end", 1)  # the time of the line runs from then on
    resident.page.clock.run_for(10_000)
    expect(resident.chat.get_by_text("Connection lost.")).to_be_visible()
    script.is_mute = False
    resident.page.clock.run_for(20_000)
    expect(resident.chat.get_by_text("Connection lost.")).to_have_count(0)
    script.waits_for("end", 2)  # once in vain


def test_an_end_that_came_too_fast_is_asked_for_again(opened: Open) -> None:
    resident, script = asked(opened)
    script.joins()
    resident.page.clock.install()
    script.slows = ["end"]
    resident.chat.get_by_role("button", name="End chat").click()
    resident.chat.get_by_role("dialog").get_by_role("button", name="End chat").click()
    script.waits_for("end", 1)
    script.slows = []
    resident.page.clock.run_for(8_000)
    script.waits_for("end", 2)


def test_a_line_that_dies_before_it_is_greeted_is_given_up(opened: Open) -> None:
    resident, script = asked(opened)
    script.joins()
    resident.page.clock.install()
    script.is_mute = True
    script.cut(1012)
    resident.page.clock.run_for(2_000)
    script.waits_for("hello", 1)
    script.is_mute = False
    resident.page.clock.run_for(25_000)
    expect(resident.chat.get_by_text("Connection lost.")).to_have_count(0)
    resident.says("Still here.").sees("Still here.")
    expect(resident.chat.locator(".is-unsent")).to_have_count(0)


def test_the_words_stay_until_the_end_page_closes_and_not_longer(opened: Open) -> None:
    resident, script = asked(opened)
    resident.page.clock.install()
    script.joins()
    script.ends(name="Rosa")
    expect(resident.chat.get_by_text("You can read, copy and print it here until")).to_be_visible()
    resident.page.clock.run_for(31 * 60 * 1000)
    expect(resident.chat.get_by_role("heading", name="This chat is closed")).to_be_visible()
    expect(resident.chat.get_by_text("How can I help?")).to_have_count(0)
    assert "townline.chat" not in resident.frame().evaluate("JSON.stringify({...sessionStorage})")
