"""Every state of the agent's desk: what it says, that it reads well in every size, and what it asks of the server."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from agents.models import OutsideBody
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, log_in, open_desk
from tests.browser.played_desk import RUDI, PlayedDesk, at
from tests.browser.test_accessible import SIZES, Look, look, scrolls_sideways  # noqa: F401  (a fixture)
from tests.browser.watch import Watch
from tests.factories import DepartmentFactory, DepartmentNameFactory, LanguageFactory, ScriptFactory, TopicFactory
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]
Sit = Callable[..., tuple[AtTheDesk, PlayedDesk]]
SAID = (
    "My water bill is 312 dollars, it is normally about 90.",
    "That is a big jump, I see why you are asking. Is this for 18 Millrace Court?",
    "Yes. Nobody here has filled a pool in November.",
)
SUMMARY = "Bill of 312 dollars for 18 Millrace Court, September was estimated. The meter is in the basement."


@pytest.fixture
def sit(city: City, server: Server, new_context: NewContext) -> Sit:
    """Returns a function that opens the desk of Rosa, played; `before(played)` sets what is there from the start."""
    DepartmentFactory(code="roads", name="Roads and sidewalks", phone="555-0120", email="roads@maplebrook.example")
    LanguageFactory(code="es", name="Español")
    TopicFactory(code="water.bill", name="Water bills")
    OutsideBody.objects.create(code="county", name="Fern County records", responsible_for="Births", phone="555-0170")

    def open_it(before: Callable[[PlayedDesk], object], size: str = "wide") -> tuple[AtTheDesk, PlayedDesk]:
        context = new_context(*SIZES[size], locale="en-US")
        log_in(context, city.rosa, server.url)
        played = PlayedDesk(context.new_page())
        before(played)
        return open_desk(played.page, server.url), played

    return open_it


def chat(played: PlayedDesk, **facts: object) -> None:
    played.chat("s1", *SAID, **facts)


def pick(desk: AtTheDesk, name: str = "Tomasz Lind") -> None:
    desk.page.get_by_role("link", name=name).click()
    expect(desk.page.get_by_role("heading", name=name)).to_be_visible()


def strip(page: Page, name: str) -> Locator:
    return page.locator(f"[data-strip={name}]")


@pytest.mark.rule("SJ-ACD")
def test_an_offer_says_who_and_why_and_is_accepted_or_passed_on_with_a_reason(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(lambda played: played.waits("q1", 1, 74), look.size)
    page = desk.page
    look.at("desk-queue", desk, whole=True)
    played.holds_out("q1")
    card = page.get_by_role("list", name="Offered to you").get_by_role("listitem")
    expect(card).to_contain_text("A chat for General services is offered to you")
    expect(card).to_contain_text("You have the most free seats")
    expect(page.get_by_role("alert").filter(has_text="is offered to you")).to_have_count(1)
    look.at("desk-offer", desk, whole=True)
    page.keyboard.press("Alt+KeyD")
    look.at("desk-decline", desk)
    page.get_by_label("Why", exact=True).select_option("Something else")
    page.get_by_role("button", name="Decline").last.click()
    expect(page.get_by_text("Write why in a few words")).to_be_visible()
    page.get_by_label("In your words").fill("I know the family.")
    page.get_by_role("button", name="Decline").last.click()
    expect(page.get_by_role("list", name="Offered to you")).to_be_hidden()
    assert played.last("decline") == {"session": "q1", "why": "I know the family."}
    played.holds_out("q2")
    card.wait_for()
    page.keyboard.press("Alt+KeyA")
    expect(page.locator("[data-offers]")).to_be_hidden()
    assert played.last("accept") == {"session": "q2"}
    assert look.faults == []


def test_of_two_offers_it_is_plain_which_is_meant(sit: Sit) -> None:
    desk, played = sit(lambda played: (played.holds_out("q1", 300), played.holds_out("q2", 300, topic="Potholes")))
    cards = desk.page.get_by_role("list", name="Offered to you").get_by_role("listitem")
    expect(cards).to_have_count(2)
    expect(cards.get_by_text("Alt A").locator("visible=true")).to_have_count(1)
    expect(cards.first.get_by_text("Alt A")).to_be_visible()
    cards.last.get_by_role("button", name="Decline").click()
    expect(desk.page.get_by_role("dialog").get_by_text("is offered to you")).to_contain_text("English · Potholes")


@pytest.mark.rule("SJ-BACK")
def test_in_back_up_mode_the_desk_says_where_new_visitors_are_sent(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(lambda played: (chat(played), played.turns_backup(is_on=True, page="")), look.size)
    line = desk.page.get_by_role("region", name="Back-up mode")
    expect(line).to_contain_text("The chat is in back-up mode since")
    expect(line).to_contain_text(": new visitors are sent to 555-0100.")
    pick(desk)
    look.at("desk-backup", desk, whole=True)
    line.get_by_text("Why?").click()
    expect(line.get_by_role("link", name="Read the rule")).to_have_attribute("href", "/policies/#SJ-BACK")
    played.turns_backup(is_on=False)
    expect(line).to_be_hidden()
    expect(desk.page.locator("#main")).to_be_focused()  # not lost with what was pressed
    desk.page.locator("#reply").focus()
    played.turns_backup(is_on=True, since=at(-3 * 86_400))
    expect(line).to_contain_text("new visitors are sent to 555-0100, https://maplebrook.example/contact/.")
    expect(line).to_contain_text(re.compile("since [A-Z][a-z]+day"))
    expect(desk.page.locator("#reply")).to_be_focused()
    assert look.faults == []


@pytest.mark.rule("EM-FWD")
def test_a_transfer_offer_brings_its_summary_and_who_it_is_from(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(chat, look.size)
    more = {"kind": "transfer", "from": "Rudi", "summary": SUMMARY, "reason": "expertise", "why": "Rudi chose you."}
    played.holds_out("t1", 55, **more)
    card = desk.page.get_by_role("list", name="Offered to you").get_by_role("listitem")
    expect(card).to_contain_text("Rudi passes a chat of General services to you")
    expect(card).to_contain_text(SUMMARY)
    look.at("desk-transfer-offer", desk, whole=True)
    card.get_by_role("button", name="Accept").click()
    assert played.last("accept_transfer") == {"session": "t1"}
    played.holds_out("t2", 55, **more)
    played.send({"type": "offer_gone", "session": "t2", "why": "expired"})
    expect(desk.page.get_by_text("The transfer was not accepted in time.")).to_be_visible()
    assert look.faults == []


@pytest.mark.rule("EM-SCR")
@pytest.mark.parametrize(
    ("language", "own", "other"),
    [
        ("es", "Servicios generales", "Calles"),
        ("es-MX", "Servicios generales", "Calles"),
        ("fr", "General services", "Parks"),
    ],
)
def test_a_script_names_a_department_as_the_resident_of_the_chat_reads_it(
    sit: Sit, language: str, own: str, other: str
) -> None:
    adopt("EM-SCR")
    named = DepartmentNameFactory(department__name="Parks", name="Calles")
    ScriptFactory(name="own", text="{department}!")
    ScriptFactory(name="other", text="{department}!", about=named.department)
    desk, _played = sit(lambda played: chat(played, language=language))
    pick(desk)
    reply = desk.page.locator("#reply")
    for key, read in (("own", own), ("other", other)):
        reply.fill("")
        reply.press_sequentially(f"/{key}")
        expect(desk.page.get_by_role("option", name=key)).to_be_visible()  # the list may still be on its way
        reply.press("Enter")
        expect(reply).to_have_value(f"{read}!")


def test_the_reply_and_the_note_cannot_be_mistaken(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(chat, look.size)
    page = desk.page
    pick(desk)
    page.locator("#reply").fill("September was estimated, not")
    look.at("desk-chat", desk, whole=look.size == "narrow")
    page.keyboard.press("Alt+KeyN")
    expect(page.get_by_role("tab", name="Internal note")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("Internal note on Tomasz Lind")).to_be_focused()
    expect(page.get_by_text("Only staff see this. The resident does not.")).to_be_visible()
    page.keyboard.type("Meter in the basement, reading asked for.")
    look.at("desk-note-mode", desk, whole=look.size == "narrow")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Reply")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#reply")).to_have_value("September was estimated, not")
    assert played.last("note") == {"session": "s1", "text": "Meter in the basement, reading asked for."}
    played.notes("s1", "note", name="Rosa", text="Meter in the basement, reading asked for.")
    expect(page.locator(".msg-note")).to_contain_text("only staff see it")
    assert not [frame for frame in played.asked if frame["type"] == "message"]
    assert look.faults == []


@pytest.mark.rule("EM-HOLD")
def test_hold_shows_its_clock_and_ends_with_one_press(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(chat, look.size)
    page = desk.page
    pick(desk)
    page.keyboard.press("Alt+KeyH")
    assert played.last("hold") == {"session": "s1"}
    played.tell("s1", "held", "agent", name="Rosa", text="May I place you on hold for a moment?", rule="EM-HOLD")
    played.knows("s1", state="on_hold", held_at=at(-31), choice_deadline=at(89))
    expect(strip(page, "held")).to_contain_text("Tomasz Lind sees that")
    expect(page.get_by_role("link", name="Tomasz Lind")).to_contain_text("Choice in")
    look.at("desk-hold", desk, whole=look.size == "narrow")
    strip(page, "held").get_by_role("button", name="Go on").click()
    assert played.last("resume") == {"session": "s1"}
    assert look.faults == []


@pytest.mark.rule("DF-XFER")
def test_a_transfer_needs_a_reason_and_a_summary_and_says_what_became_of_it(sit: Sit, look: Look) -> None:  # noqa: F811
    DepartmentFactory(code="building", name="Building")
    desk, played = sit(lambda played: chat(played, transfers=1), look.size)
    page = desk.page
    pick(desk)
    page.keyboard.press("Alt+KeyT")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Person", exact=True)).to_contain_text(
        "Rudi · Roads and sidewalks · English · A seat is free"
    )
    departments = dialog.get_by_label("Department", exact=True).locator("option")
    expect(departments.filter(has_text="Roads and sidewalks")).to_have_text("Roads and sidewalks · 1 online")
    expect(departments.filter(has_text="Building")).to_have_text("Building · nobody online")
    dialog.get_by_role("button", name="Ask for the transfer").click()
    expect(dialog.get_by_text("Choose a reason from the list")).to_be_visible()
    expect(dialog.get_by_label("Reason")).to_be_focused()
    look.at("desk-transfer-dialog", desk)
    dialog.get_by_label("Person", exact=True).select_option(str(RUDI))
    dialog.get_by_label("Reason").select_option("expertise")
    dialog.get_by_label("Summary").fill(SUMMARY)
    dialog.get_by_label("Why once more?").fill("Noor sent it to me by mistake.")
    dialog.get_by_role("button", name="Ask for the transfer").click()
    expect(dialog).to_have_count(0)
    assert played.last("transfer") == {
        "session": "s1",
        "to": {"agent": RUDI},
        "reason": "expertise",
        "summary": SUMMARY,
        "again": "Noor sent it to me by mistake.",
    }
    waiting = {"to": "Rudi", "reason": "expertise", "deadline": at(55), "declined_why": ""}
    played.knows("s1", transfer_pending=True, transfer=waiting)
    expect(strip(page, "passing")).to_contain_text("Waiting for Rudi to accept. You keep the chat until then.")
    look.at("desk-transfer-pending", desk, whole=look.size == "narrow")
    played.knows("s1", transfer_pending=False, transfer=waiting | {"declined_why": "I am about to leave."})
    expect(strip(page, "declined")).to_contain_text("I am about to leave.")
    assert look.faults == []


@pytest.mark.rule("EM-COM-C")
def test_a_stopped_text_is_never_lost_and_says_what_stopped_it(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(chat, look.size)
    page = desk.page
    pick(desk)
    stopped = page.get_by_role("group", name="A phone number")
    text = "Call Mr. Aho on 555-0142, he reads the meters."
    detail = "A phone number goes to the resident with this. Send it only if they may have it."
    said = {"type": "error", "code": "confirm", "detail": detail, "spans": [[16, 24, "phone"]], "rule": "EM-PII"}
    played.answers["message"] = said | {"why": "Protecting People's Information Policy, A (EM-PII, version 1)."}
    desk.says(text)
    expect(stopped.locator("mark")).to_have_text("555-0142")
    look.at("desk-confirm", desk, whole=look.size == "narrow")
    played.last("message")
    del played.answers["message"]
    stopped.get_by_role("button", name="Send anyway, with the phone number").click()
    desk.sees(text)
    assert played.last("message")["confirm"] == ["phone"]
    detail = "The word below is on the city's list. Change the text, or ask a supervisor to release it."
    said = {"type": "error", "code": "edit", "detail": detail, "spans": [[9, 13, "profanity"]], "rule": "EM-COM-C"}
    played.answers["message"] = said
    desk.says("What the hell happened there?")
    stopped = page.get_by_role("group", name="The word below")
    expect(stopped.locator("mark")).to_have_text("hell")
    look.at("desk-edit", desk, whole=look.size == "narrow")
    stopped.get_by_role("button", name="Ask a supervisor to release it").click()
    expect(stopped.get_by_text("A supervisor was asked.")).to_be_visible()
    stopped.get_by_role("button", name="Change the text").click()
    expect(page.locator("#reply")).to_have_value("What the hell happened there?")
    assert played.last("ask_release")["text"] == "What the hell happened there?"
    assert look.faults == []


@pytest.mark.rule("EM-COM-C")
@pytest.mark.rule("EM-PII-A")
def test_every_stopped_text_stays_until_it_is_decided_on(sit: Sit, look: Look) -> None:  # noqa: F811
    """The second is stopped while a supervisor still looks at the first."""
    desk, played = sit(chat, look.size)
    page = desk.page
    pick(desk)
    box, stopped = page.locator("#reply"), page.locator(".stopped")
    profane = {"type": "error", "code": "edit", "detail": "A word of the list.", "rule": "EM-COM-C"}
    ids = []
    for number, text in enumerate(("What the hell happened there?", "A hell of a bill, I know."), start=1):
        played.answers["message"] = profane | {"spans": [[text.index("hell"), text.index("hell") + 4, "profanity"]]}
        desk.says(text)
        expect(stopped).to_have_count(number)
        expect(stopped.last.get_by_role("button", name="Change the text")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(stopped.last).to_contain_text("A supervisor was asked.")
        expect(box).to_be_focused()
        ids.append(played.last("ask_release")["id"])
    number = {"code": "confirm", "detail": "A phone number goes along.", "spans": [[8, 16, "phone"]], "rule": "EM-PII"}
    played.answers["message"] = {"type": "error"} | number
    desk.says("Call at 555-0142 please.")
    expect(page.get_by_role("group", name="A word of the list. 2 of 3")).to_contain_text("A hell of a bill")
    expect(page.get_by_role("group", name="A phone number goes along. 3 of 3")).to_be_visible()
    look.at("desk-stopped-texts", desk, whole=look.size == "narrow")
    del played.answers["message"]
    box.fill("Half a sentence")
    played.notes("s1", "released", name="Noor", data={"id": ids[1], "is_released": False})
    expect(box).to_have_value("A hell of a bill, I know.\nHalf a sentence")
    played.notes("s1", "released", name="Noor", data={"id": ids[0], "is_released": True})
    desk.sees("What the hell happened there?")
    expect(stopped).to_have_count(1)
    stopped.get_by_role("button", name="Send anyway").press("Enter")
    desk.sees("Call at 555-0142 please.")
    expect(box).to_be_focused()
    expect(page.locator("[data-stopped]")).to_be_hidden()
    assert look.faults == []


@pytest.mark.rule("EM-COM-C")
def test_a_text_released_after_the_chat_went_on_waits_for_its_agent(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(chat, look.size)
    page, stopped = desk.page, desk.page.locator(".stopped")
    pick(desk)
    spans = [[9, 13, "profanity"]]
    played.answers["message"] = {"type": "error", "code": "edit", "detail": "A word of the list.", "spans": spans}
    desk.says("What the hell happened there?")
    stopped.get_by_role("button", name="Ask a supervisor to release it").press("Enter")
    expect(stopped).to_contain_text("A supervisor was asked.")
    asked = played.last("ask_release")["id"]
    del played.answers["message"]
    played.says("s1", "Never mind, I found the mistake.")
    desk.sees("Never mind, I found the mistake.")
    played.notes("s1", "released", name="Noor", data={"id": asked, "is_released": True})
    expect(page.get_by_role("group", name="Noor released this text.")).to_contain_text("The chat has gone on since")
    expect(page.get_by_role("log").get_by_text("What the hell happened there?")).to_have_count(0)
    look.at("desk-released", desk, whole=look.size == "narrow")
    stopped.get_by_role("button", name="Send it now").press("Enter")
    desk.sees("What the hell happened there?")
    assert "confirm" not in played.last("message")
    assert look.faults == []


@pytest.mark.rule("EM-COM-C")
def test_a_text_that_is_written_in_another_way_is_taken_back_from_the_supervisors(sit: Sit) -> None:
    desk, played = sit(chat)
    stopped = desk.page.locator(".stopped")
    pick(desk)
    played.answers["message"] = {"type": "error", "code": "edit", "detail": "A word of the list.", "spans": []}
    desk.says("What the hell happened there?")
    stopped.get_by_role("button", name="Ask a supervisor to release it").press("Enter")
    expect(stopped).to_contain_text("A supervisor was asked.")
    stopped.get_by_role("button", name="Change the text").click()
    assert played.last("withdraw_release") == {"session": "s1", "id": played.last("ask_release")["id"]}


def test_the_desk_writes_times_as_the_other_pages_of_staff_do(sit: Sit) -> None:
    """Which are written by the server: 15:05, and never 3:05 PM."""
    desk, _played = sit(chat)
    pick(desk)
    expect(desk.page.locator(".msg time").first).to_have_text(re.compile(r"^\d{1,2}:\d\d$"))
    expect(desk.page.locator("[data-thread-sub]")).to_contain_text(re.compile(r"\d:\d\d$"))


@pytest.mark.rule("EM-COM-C")
def test_a_text_that_was_released_while_the_page_was_loaded_anew_is_still_there(sit: Sit) -> None:
    desk, played = sit(chat)
    stopped = desk.page.locator(".stopped")
    kept = {"session": "s1", "detail": "A word of the list.", "spans": [[9, 13, "profanity"]], "rule": "EM-COM-C"}
    kept |= {"why": "By-law 1-2026"}
    one = kept | {"id": "one", "text": "What the hell happened there?", "released_by": None}
    two = kept | {"id": "two", "text": "Who, the hell, was it?", "released_by": "Noor"}
    played.stopped = [one, two]
    desk.page.reload()
    pick(desk)
    expect(stopped).to_have_count(2)
    expect(stopped.first).to_contain_text("A supervisor was asked.")
    expect(stopped.last).to_contain_text("Noor released this text.")
    stopped.last.get_by_role("button", name="Send it now").press("Enter")
    assert played.last("message")["text"] == "Who, the hell, was it?"
    played.notes("s1", "released", name="Noor", data={"id": "one", "is_released": False})
    expect(stopped).to_have_count(0)
    expect(desk.page.locator("#reply")).to_have_value("What the hell happened there?")


@pytest.mark.rule("EM-COM-C")
def test_a_text_that_is_taken_back_while_the_line_is_down_is_taken_back_once_there_is_one(sit: Sit) -> None:
    desk, played = sit(chat)
    pick(desk)
    played.answers["message"] = {"type": "error", "code": "edit", "detail": "A word of the list.", "spans": []}
    desk.says("What the hell happened there?")
    desk.page.get_by_role("button", name="Ask a supervisor to release it").press("Enter")
    asked = played.last("ask_release")
    played.goes_away()
    expect(desk.page.locator("[data-link-text]")).to_have_text("Not connected. Trying again.")
    desk.page.get_by_role("button", name="Change the text").click()
    expect(desk.page.locator("#reply")).to_have_value("What the hell happened there?")
    played.is_away = False
    assert played.last("withdraw_release") == {"session": "s1", "id": asked["id"]}
    played.goes_away()
    expect(desk.page.locator("[data-link-text]")).to_have_text("Not connected. Trying again.")
    played.asked.clear()
    played.is_away = False
    expect(desk.page.locator("[data-link-text]")).to_have_text("Connected")
    assert not [frame for frame in played.asked if frame["type"] == "withdraw_release"]


WAYS = {
    "transfer": "Somebody of Roads and sidewalks is online: pass the chat on.",
    "contact": "Name how to reach Roads and sidewalks: 555-0120.",
    "link": "Link the page of Roads and sidewalks: https://maplebrook.example/roads",
    "message": "Offer to pass a message on to Roads and sidewalks.",
}
CALL = "Roads and sidewalks can help you with this: 555-0120"
READ = "You find more on the page of Roads and sidewalks: https://maplebrook.example/roads"


def refers(page: Page, *ways: str) -> list[str]:
    """Play what the server says of referring; return a list that fills with what the page asks of it."""
    asked: list[str] = []
    texts = {"contact": CALL, "link": READ}
    steps = [{"way": way, "say": WAYS[way], "text": texts.get(way, "")} for way in ways]
    told = {"name": "Roads and sidewalks", "rule": "EM-REF", "why": "Contact Centre Policies (EM-REF, version 1)."}

    def answer(route: Route) -> None:
        asked.append(route.request.url.partition("?")[2])
        route.fulfill(json={**told, "steps": steps})

    page.route("**/api/v1/desk/refer?*", answer)
    return asked


@pytest.mark.rule("EM-REF")
def test_who_is_referred_is_helped_by_the_steps_of_the_server_in_their_order(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(lambda played: chat(played, language="es"), look.size)
    page, box, dialog = desk.page, desk.page.locator("#reply"), desk.page.get_by_role("dialog")
    asked = refers(page, "transfer", "contact", "link", "message")
    pick(desk)
    page.keyboard.press("Alt+KeyR")
    expect(dialog.get_by_label("Find")).to_be_focused()
    expect(dialog.get_by_role("listitem")).to_have_count(3)
    look.at("desk-refer", desk)
    dialog.get_by_label("Find").fill("roads")
    dialog.get_by_role("button", name="How to refer Roads and sidewalks").press("Enter")
    expect(dialog.get_by_role("heading", name="Roads and sidewalks")).to_be_focused()
    steps = dialog.get_by_role("listitem")
    expect(steps.locator("[data-say]")).to_have_text(list(WAYS.values()))
    expect(dialog.locator(".why")).to_contain_text("EM-REF")
    assert asked == ["department=roads&language=es"]
    look.at("desk-refer-ways", desk)
    for place, text in ((1, CALL), (2, f"{CALL}\n{READ}")):
        steps.nth(place).get_by_role("button", name="Put into the reply").press("Enter")
        expect(steps.nth(place)).to_contain_text("It is in the reply.")
        expect(box).to_have_value(text)
    dialog.get_by_role("button", name="Close").press("Enter")
    expect(box).to_be_focused()
    page.keyboard.press("Alt+KeyR")
    dialog.get_by_role("button", name="How to refer Roads and sidewalks").press("Enter")
    steps.first.get_by_role("button", name="Transfer").press("Enter")
    expect(dialog.get_by_label("Department", exact=True)).to_have_value("roads")
    expect(dialog.get_by_label("Reason")).to_have_value("department")
    dialog.get_by_label("Summary").fill(SUMMARY)
    dialog.get_by_role("button", name="Ask for the transfer").press("Enter")
    expect(dialog).to_have_count(0)
    assert played.last("transfer")["to"] == {"department": "roads"}
    assert look.faults == []


@pytest.mark.rule("EM-REF")
def test_the_order_in_which_somebody_is_referred_is_not_the_desks(sit: Sit) -> None:
    desk, _played = sit(chat)
    asked = refers(desk.page, "contact", "message", "transfer")
    pick(desk)
    desk.page.keyboard.press("Alt+KeyR")
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_role("button", name="How to refer Fern County records").press("Enter")
    said = [WAYS["contact"], WAYS["message"], WAYS["transfer"]]
    expect(dialog.get_by_role("listitem").locator("[data-say]")).to_have_text(said)
    assert asked == ["body=county&language=en"]


@pytest.mark.rule("EM-COM-B")
def test_a_refusal_and_a_network_that_fails_leave_the_dialog_as_it_is(sit: Sit, look: Look, watch: Watch) -> None:  # noqa: F811
    watch.allow("409", "ERR_FAILED")
    desk, _played = sit(chat, look.size)
    page, dialog = desk.page, desk.page.get_by_role("dialog")
    pick(desk)
    page.keyboard.press("Alt+KeyR")
    refer = dialog.get_by_role("button", name="How to refer Roads and sidewalks")
    refer.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("This city has not adopted a rule on referring people (EM-COM-B).")
    look.at("desk-refer-refused", desk)
    page.route("**/api/v1/desk/refer**", lambda route: route.abort())
    refer.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("The server does not answer just now.")
    page.unroute("**/api/v1/desk/refer**")
    refers(page, "message")
    refer.press("Enter")
    dialog.get_by_role("button", name="Take a message").press("Enter")
    dialog = page.get_by_role("dialog", name="A message for Roads and sidewalks")
    dialog.get_by_role("button", name="Pass the message on").press("Enter")
    expect(dialog.get_by_text("Write what the department should know")).to_be_visible()
    look.at("desk-refer-message", desk)
    page.route("**/api/v1/desk/refer/message", lambda route: route.abort())
    dialog.get_by_label("Message", exact=True).fill("A pothole at 18 Millrace Court.")
    dialog.get_by_role("button", name="Pass the message on").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("The server does not answer just now.")
    expect(dialog.get_by_label("Message", exact=True)).to_have_value("A pothole at 18 Millrace Court.")
    assert look.faults == []


def test_the_wrap_up_keeps_what_was_typed_until_the_server_has_it(sit: Sit, look: Look) -> None:  # noqa: F811
    ended = {"state": "ended", "outcome": "customer_ended", "ended_at": at(-20), "wrap_up_deadline": at(880)}
    TopicFactory(code="roads.hole", name="Potholes", department=DepartmentFactory(code="parks", name="Parks"))
    desk, played = sit(lambda played: chat(played, **ended), look.size)
    page = desk.page
    pick(desk)
    form = page.locator("[data-wrap-up]")
    form.get_by_label("Note").fill("Reading sent to billing.")
    expect(form.get_by_label("Topic").locator("option")).to_have_text(["No topic", "Water bills"])
    form.get_by_label("Topic").select_option("water.bill")
    form.get_by_label("What became of it").select_option("resolved")
    look.at("desk-wrap-up", desk, whole=look.size == "narrow")
    played.answers["wrap_up"] = {"type": "error", "code": "invalid", "detail": "Shorten the note.", "field": "note"}
    form.get_by_role("button", name="Done").click()
    expect(form.get_by_role("alert")).to_have_text("Shorten the note.")
    expect(form.get_by_label("Note")).to_have_value("Reading sent to billing.")
    del played.answers["wrap_up"]
    form.get_by_role("button", name="Done").click()
    expect(form).to_be_hidden()
    assert played.last("wrap_up") == {
        "session": "s1",
        "note": "Reading sent to billing.",
        "topic": "water.bill",
        "outcome": "resolved",
    }
    assert look.faults == []


@pytest.mark.parametrize("is_known", [False, True], ids=["the end first", "what is asked first"])
def test_who_was_writing_goes_on_with_the_note_whatever_is_told_first(sit: Sit, is_known: bool) -> None:
    desk, played = sit(chat)
    pick(desk)
    desk.page.keyboard.press("Alt+KeyE")
    desk.page.get_by_role("dialog").get_by_role("button", name="End chat").press("Enter")
    played.last("end")
    asked = {"state": "ended", "outcome": "resolved", "ended_at": at(), "wrap_up_deadline": at(900)}
    if is_known:
        played.knows("s1", **asked)
    played.tell("s1", "ended", "agent", data={"outcome": "resolved"})
    desk.page.get_by_role("button", name="Put away").wait_for()
    if not is_known:
        expect(desk.page.get_by_role("button", name="Put away")).to_be_focused()
        played.knows("s1", **asked)
    expect(desk.page.locator("#wrap-note")).to_be_focused()


def test_what_was_being_written_when_the_resident_ended_is_kept_and_no_key_goes_astray(
    sit: Sit,
    look: Look,  # noqa: F811
) -> None:
    desk, played = sit(chat, look.size)
    page = desk.page
    pick(desk)
    page.keyboard.press("Alt+KeyN")
    page.keyboard.type("Third call about this meter.")
    page.keyboard.press("Alt+KeyL")
    page.get_by_role("tab", name="Reply").click()
    page.keyboard.type("The meter is read on Mon")
    played.knows("s1", state="ended", outcome="customer_ended", ended_at=at(), wrap_up_deadline=at(900))
    played.tell("s1", "ended", "customer", data={"outcome": "customer_ended"})
    kept, note = page.get_by_role("group", name="Not sent"), page.locator("#wrap-note")
    expect(kept).to_be_focused()
    page.keyboard.type("day.")
    expect(kept.locator(".quote")).to_have_text("The meter is read on Mon\nThird call about this meter.")
    expect(note).to_have_value("")
    look.at("desk-leftover", desk, whole=look.size == "narrow")
    kept.get_by_role("button", name="Put it into the note").press("Enter")
    expect(note).to_have_value("The meter is read on Mon\nThird call about this meter.")
    expect(note).to_be_focused()
    expect(kept).to_be_hidden()
    assert look.faults == []


def test_a_half_written_note_stays_in_its_own_chat(sit: Sit) -> None:
    desk, played = sit(lambda played: (chat(played), played.chat("s2", "My bin is gone.", name="Dana Whitfield")))
    page, box = desk.page, desk.page.locator("#reply")
    pick(desk, "Dana Whitfield")
    page.keyboard.press("Alt+KeyN")
    page.keyboard.type("Dana's bin is green.")
    pick(desk)
    page.keyboard.press("Alt+KeyN")
    expect(box).to_have_value("")
    page.keyboard.type("Third call about this meter.")
    pick(desk, "Dana Whitfield")
    page.keyboard.press("Alt+KeyN")
    expect(box).to_have_value("Dana's bin is green.")
    pick(desk)
    page.keyboard.press("Alt+KeyN")
    expect(box).to_have_value("Third call about this meter.")


def test_a_reply_that_was_refused_at_the_end_is_not_put_away_unseen(sit: Sit) -> None:
    desk, played = sit(chat)
    pick(desk)
    played.answers["message"] = {"type": "error", "code": "ended", "detail": "This chat has ended."}
    desk.says("The meter is read on Monday.")
    played.last("message")
    played.knows("s1", state="ended", outcome="customer_ended", ended_at=at(), wrap_up_deadline=at(900))
    kept = desk.page.get_by_role("group", name="Not sent")
    expect(kept.locator(".quote")).to_have_text("The meter is read on Monday.")
    expect(desk.page.get_by_role("list", name="My chats").get_by_text("Draft")).to_have_count(0)
    desk.page.get_by_role("button", name="Put away").click()
    expect(kept).to_be_focused()
    kept.get_by_role("button", name="Put it into the note").click()
    expect(desk.page.locator("#wrap-note")).to_have_value("The meter is read on Monday.")
    expect(desk.page.locator(".is-unsent")).to_have_count(0)


def test_what_was_not_sent_is_put_away_only_once_somebody_has_decided(sit: Sit) -> None:
    desk, played = sit(chat)
    pick(desk)
    desk.page.locator("#reply").fill("Half a sentence")
    played.takes_away("s1")
    kept, away = desk.page.get_by_role("group", name="Not sent"), desk.page.get_by_role("button", name="Put away")
    away.click()
    expect(desk.page.locator(".toast").filter(has_text="Not put away")).to_be_visible()
    expect(kept).to_be_focused()
    kept.get_by_role("button", name="Throw it away").press("Enter")
    expect(away).to_be_focused()
    away.press("Enter")
    expect(desk.page.get_by_role("link", name="Tomasz Lind")).to_have_count(0)


def test_whoever_accepts_while_an_old_chat_is_in_front_is_brought_to_the_new_one(sit: Sit) -> None:
    desk, played = sit(chat)
    pick(desk)
    desk.page.locator("#reply").fill("Half a sentence")
    played.takes_away("s1")
    played.holds_out("q1", 300)
    desk.page.get_by_role("group", name="Not sent").wait_for()
    desk.page.get_by_role("list", name="Offered to you").wait_for()
    desk.page.keyboard.press("Alt+KeyA")
    assert played.last("accept") == {"session": "q1"}
    expect(desk.page.locator("#reply")).to_be_focused()
    expect(desk.page.get_by_role("heading", name="Resident")).to_be_visible()


def test_an_offer_that_was_accepted_in_its_last_moment_is_not_called_over(sit: Sit) -> None:
    desk, played = sit(lambda played: played.holds_out("q1", 300))
    played.is_mute = True
    desk.page.keyboard.press("Alt+KeyA")
    played.last("accept")
    played.send({"type": "offer_gone", "session": "q1", "why": "expired"})
    played.send({"type": "ok", "ref": "accept q1"})
    expect(desk.page.locator("#reply")).to_be_focused()
    expect(desk.page.locator(".toast")).to_have_count(0)


def test_the_last_that_was_said_stays_in_view_whatever_opens_below_it(sit: Sit) -> None:
    desk, played = sit(lambda played: played.chat("s1", *[f"Line {number}." for number in range(24)]))
    pick(desk)
    log = desk.page.get_by_role("log")
    expect(log.get_by_text("Line 23.")).to_be_in_viewport()
    played.answers["message"] = {"type": "error", "code": "edit", "detail": "A word of the list.", "spans": []}
    desk.says("What the hell happened there?")
    desk.page.locator(".stopped").wait_for()
    expect(log.get_by_text("Line 23.")).to_be_in_viewport(ratio=1)
    played.says("s1", "Are you there?")
    expect(log.get_by_text("Are you there?")).to_be_in_viewport(ratio=1)


def test_what_a_colleague_wrote_is_not_called_the_agents_own(sit: Sit) -> None:
    desk, played = sit(chat)
    played.tell("s1", "message", "agent", name="Rudi", text="I pass you on.")
    row = desk.page.get_by_role("list", name="My chats").get_by_role("listitem")
    expect(row).to_contain_text("Rudi: I pass you on.")
    played.says("s1", "I am Rosa.", side="agent")
    expect(row).to_contain_text("You: I am Rosa.")


def test_a_note_about_a_message_stands_at_it_whatever_came_later(sit: Sit) -> None:
    desk, played = sit(chat)
    pick(desk)
    said = played.says("s1", "Call 555-0142.", side="agent", at=at(-60))
    played.tell("s1", "notice", text="Said by the system at once.", at=said["at"])
    played.tell("s1", "transferred", text="Passed on to Rudi, later.", at=at(-30))
    played.notes("s1", "contact", data={"seq": said["seq"], "why": ["phone"]}, at=at(-60), rule="EM-PII-A")
    below = desk.page.locator(".msg-note + *")
    expect(below).to_contain_text("Passed on to Rudi, later.")


def test_a_reply_that_crossed_the_end_is_taken_back_to_where_it_can_be_read(sit: Sit) -> None:
    desk, played = sit(chat)
    pick(desk)
    detail = "This chat has ended. Your text was not sent."
    played.answers["message"] = {"type": "error", "code": "ended", "detail": detail}
    desk.says("The meter is read on Monday.")
    played.knows("s1", state="ended", outcome="customer_ended", ended_at=at(), wrap_up_deadline=at(900))
    played.tell("s1", "ended", "customer", data={"outcome": "customer_ended"})
    desk.page.get_by_role("button", name="Take it back").click()
    kept = desk.page.get_by_role("group", name="Not sent")
    expect(kept.locator(".quote")).to_have_text("The meter is read on Monday.")
    expect(kept).to_be_focused()


def test_who_writes_on_while_a_note_is_kept_stays_at_the_note(sit: Sit) -> None:
    desk, played = sit(chat)
    box = desk.page.locator("#reply")
    pick(desk)
    desk.page.keyboard.press("Alt+KeyN")
    played.is_mute = True
    desk.says("Third call about this meter.")
    ref = {"ref": "note s1"}
    assert played.last("note")["text"] == "Third call about this meter."
    desk.page.keyboard.type(" Billing knows.")
    played.send({"type": "ok", **ref})
    expect(box).to_have_value("Billing knows.")
    expect(desk.page.get_by_role("tab", name="Internal note")).to_have_attribute("aria-selected", "true")
    played.is_mute = False
    box.press("Enter")
    assert played.last("note")["text"] == "Billing knows."
    expect(desk.page.get_by_role("tab", name="Reply")).to_have_attribute("aria-selected", "true")


def test_what_a_closed_dialog_asked_for_is_refused_aloud(sit: Sit) -> None:
    desk, played = sit(chat)
    pick(desk)
    played.is_mute = True
    desk.page.keyboard.press("Alt+KeyC")
    desk.page.get_by_role("dialog").get_by_label("Summary").fill(SUMMARY)
    desk.page.get_by_role("button", name="Open the case").press("Enter")
    played.last("case")
    desk.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    played.send({"type": "error", "code": "ended", "detail": "A case needs a chat.", "ref": "case s1"})
    expect(desk.page.locator(".toast").filter(has_text="A case needs a chat.")).to_be_visible()


def test_a_case_is_opened_by_the_agents_own_summary(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(chat, look.size)
    pick(desk)
    desk.page.keyboard.press("Alt+KeyC")
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Open the case").click()
    expect(dialog.get_by_text("Write what is to be done")).to_be_visible()
    look.at("desk-case", desk)
    dialog.get_by_label("Summary").fill(SUMMARY)
    dialog.get_by_role("button", name="Open the case").click()
    expect(dialog).to_have_count(0)
    assert played.last("case") == {"session": "s1", "summary": SUMMARY, "topic": ""}
    assert look.faults == []


def test_the_team_tab_and_the_other_states_read_well(sit: Sit, look: Look) -> None:  # noqa: F811
    desk, played = sit(lambda played: (played.waits("q1", 1, 74), played.waits("q2", 2, 30)), look.size)
    page = desk.page
    page.get_by_role("tab", name="Mine").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel", name="Waiting").get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    team = page.get_by_role("tabpanel", name="Team")
    expect(team.get_by_role("listitem").filter(has_text="Noor")).to_contain_text("Supervisor")
    rudi = team.get_by_role("listitem").filter(has_text="Rudi")
    expect(rudi).to_contain_text("A seat is free")
    played.send({"type": "presence", "agent": RUDI, "id": RUDI, "name": "Rudi", "state": "online", "free": 0})
    expect(rudi).to_contain_text("No seat is free")
    look.at("desk-team", desk, whole=True)
    page.keyboard.press("Home")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Alt")
    page.keyboard.press("Escape")
    played.chat("s1", *SAID, away_since=at(-40), answer_deadline=at(15))
    played.chat("s2", "Both carts are still at the kerb.", name="Dana Whitfield")
    pick(desk)
    expect(strip(page, "gone-away")).to_contain_text("has not been connected since")
    expect(page.get_by_role("link", name="Dana Whitfield")).to_contain_text("1 unread")
    expect(page.get_by_role("link", name="Tomasz Lind")).to_contain_text("Answer within")
    look.at("desk-away", desk, whole=look.size == "narrow")
    assert look.faults == []


def test_the_focus_stays_on_decline_while_the_desk_is_redrawn(sit: Sit) -> None:
    desk, played = sit(lambda played: None)
    played.holds_out("q1")
    decline = desk.page.get_by_role("list", name="Offered to you").get_by_role("button", name="Decline")
    decline.focus()
    played.waits("q2", 1, 5)
    desk.page.get_by_role("button", name="Accept, General services").wait_for()
    expect(decline).to_be_focused()
    played.send({"type": "offer_gone", "session": "q1", "why": "withdrawn"})
    expect(desk.page.locator("#main")).to_be_focused()


def test_drafts_come_back_and_hold_the_page(sit: Sit) -> None:
    desk, played = sit(lambda played: (chat(played), played.chat("s2", "Two carts.", name="Dana Whitfield")))
    page = desk.page
    pick(desk)
    page.locator("#reply").fill("Half a sentence")
    pick(desk, "Dana Whitfield")
    expect(page.locator("#reply")).to_have_value("")
    held = "() => { const event = new Event('beforeunload', {cancelable: true}); return !window.dispatchEvent(event); }"
    assert page.evaluate(held)  # the draft of the other chat holds the page
    pick(desk)
    expect(page.locator("#reply")).to_have_value("Half a sentence")
    page.locator("#reply").fill("")
    assert not page.evaluate(held)


@pytest.mark.rule("EM-FWD")
@pytest.mark.parametrize("is_reloaded", [False, True], ids=["in the same page", "after a reload"])
def test_a_chat_that_was_put_away_comes_back_with_all_of_it(sit: Sit, is_reloaded: bool) -> None:
    desk, played = sit(chat)
    page = desk.page
    pick(desk)
    played.takes_away("s1")
    page.get_by_role("button", name="Put away").click()
    expect(page.get_by_text("No chat is yours now.")).to_be_visible()
    played.tell("s1", "message", "agent", name="Rudi", text="I do not know this meter.")
    if is_reloaded:
        page.reload()
        expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    played.gives_back("s1")
    played.notes("s1", "note", name="Rudi", text="Third call about this meter.")
    pick(desk)
    for text in (*SAID, "I do not know this meter.", "Third call about this meter."):
        desk.sees(text)
    played.says("s1", "Are you still there?")
    desk.sees("Are you still there?")
    expect(page.get_by_role("button", name="Put away")).to_be_hidden()
    page.reload()
    pick(desk)
    desk.sees("Are you still there?")


def test_the_next_chat_is_never_the_one_just_accepted(sit: Sit) -> None:
    """The line may still name it: that it is gone from there is told a moment later."""
    desk, played = sit(lambda played: (played.waits("q1", 1, 74), played.waits("q2", 2, 30)))
    accept = desk.page.locator("#panel-mine").get_by_role("button", name="Accept,")
    expect(accept).to_have_count(2)
    for session, left in (("q1", 1), ("q2", 0)):
        desk.page.keyboard.press("Alt+KeyA")
        assert played.last("accept") == {"session": session}
        expect(accept).to_have_count(left)


def not_connected(desk: AtTheDesk, what: str) -> Locator:
    """Return what the desk says, in its live region, of something that could not be sent."""
    said = f"Not connected, so {what}. Try again when the desk is connected."
    return desk.page.get_by_role("status").filter(has=desk.page.locator(".toast", has_text=said))


def busy_day(played: PlayedDesk) -> None:
    """Something of everything that one may press."""
    chat(played)
    played.says("s1", "See https://maplebrook.example/bill")
    played.tell("s1", "notice", rule="EM-IDLE-2", text="Are you there?", data={"ends_at": at(110), "seconds": 120})
    played.chat("s2", "Two carts.", name="Dana Whitfield", state="on_hold", held_at=at(-31))
    played.waits("q1", 1, 74)
    played.holds_out("t1", 300, kind="transfer", **{"from": "Rudi"})


def test_whatever_a_desk_without_connection_cannot_send_it_says(sit: Sit) -> None:
    desk, played = sit(busy_day)
    page, box = desk.page, desk.page.locator("#reply")
    pick(desk)
    played.answers["message"] = {"type": "error", "code": "edit", "detail": "A word of the list.", "spans": []}
    desk.says("What the hell happened there?")
    page.locator(".stopped").wait_for()
    played.goes_away()
    expect(page.locator("[data-link]")).to_have_class(re.compile("is-off"))
    page.get_by_role("button", name="Ask a supervisor to release it").press("Enter")
    expect(not_connected(desk, "no supervisor was asked")).to_be_visible()
    page.get_by_role("button", name="Keep open").press("Enter")
    expect(not_connected(desk, "the chat is not kept open")).to_be_visible()
    page.get_by_role("button", name="Copy the link to the supervisor").press("Enter")
    expect(not_connected(desk, "the link was not copied to the supervisor")).to_be_visible()
    page.keyboard.press("Alt+KeyH")
    expect(not_connected(desk, "the chat was not put on hold")).to_be_visible()
    page.get_by_role("list", name="Offered to you").get_by_role("button", name="Accept").press("Enter")
    expect(not_connected(desk, "the chat was not accepted")).to_be_visible()
    page.keyboard.press("Alt+KeyN")
    desk.says("Third call about this meter.")
    expect(not_connected(desk, "the note was not kept")).to_be_visible()
    expect(box).to_have_value("Third call about this meter.")
    pick(desk, "Dana Whitfield")
    strip(page, "held").get_by_role("button", name="Go on").press("Enter")
    expect(not_connected(desk, "the chat is still on hold")).to_be_visible()


def test_a_dialog_stays_open_with_what_was_typed_until_the_desk_is_connected(sit: Sit) -> None:
    desk, played = sit(lambda played: (chat(played), played.holds_out("q1", 300)))
    page, dialog = desk.page, desk.page.get_by_role("dialog")
    pick(desk)
    played.goes_away()
    expect(page.locator("[data-link]")).to_have_class(re.compile("is-off"))
    for keys, what, button in (
        ("Alt+KeyD", "the offer was not declined", "Decline"),
        ("Alt+KeyC", "the case was not opened", "Open the case"),
        ("Alt+KeyM", "the chat was not marked", "Mark"),
        ("Alt+KeyT", "the transfer was not asked for", "Ask for the transfer"),
    ):
        page.keyboard.press(keys)
        if keys == "Alt+KeyM":
            dialog.get_by_label("Harassment by the resident").check()
        if keys == "Alt+KeyT":
            dialog.get_by_label("Reason").select_option("expertise")
        if keys in ("Alt+KeyC", "Alt+KeyT"):
            dialog.get_by_label("Summary").fill(SUMMARY)
        dialog.get_by_role("button", name=button, exact=True).press("Enter")
        expect(dialog.get_by_role("alert")).to_have_text(
            f"Not connected, so {what}. Try again when the desk is connected."
        )
        if keys in ("Alt+KeyC", "Alt+KeyT"):
            expect(dialog.get_by_label("Summary")).to_have_value(SUMMARY)
        page.keyboard.press("Escape")
    page.keyboard.press("Alt+KeyE")
    dialog.get_by_label("Outcome").select_option("referred")
    dialog.get_by_role("button", name="End chat").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Not connected, so the chat was not ended.")
    played.is_away = False
    expect(page.locator("[data-link-text]")).to_have_text("Connected")
    expect(dialog.get_by_label("Outcome")).to_have_value("referred")
    dialog.get_by_role("button", name="End chat").press("Enter")
    expect(dialog).to_have_count(0)
    assert played.last("end") == {"session": "s1", "outcome": "referred"}


def test_what_a_line_that_died_unnoticed_took_is_said_within_ten_seconds(sit: Sit) -> None:
    desk, played = sit(busy_day)
    page, dialog = desk.page, desk.page.get_by_role("dialog")
    pick(desk)
    page.clock.install()
    played.is_mute = True
    page.keyboard.press("Alt+KeyH")
    page.keyboard.press("Alt+KeyE")
    dialog.get_by_label("Outcome").select_option("referred")
    dialog.get_by_role("button", name="End chat").press("Enter")
    played.last("end")
    expect(dialog).to_be_visible()
    page.clock.run_for(10_000)
    said = "The connection was lost before an answer came. Perhaps the chat was not put on hold: look again"
    expect(page.locator(".toast").filter(has_text=said)).to_be_visible()
    expect(dialog.get_by_role("alert")).to_contain_text("try again as soon as it is connected")
    played.is_mute = False
    page.clock.run_for(20_000)
    expect(page.locator("[data-link-text]")).to_have_text("Connected")
    expect(dialog.get_by_label("Outcome")).to_have_value("referred")
    played.asked.clear()
    dialog.get_by_role("button", name="End chat").press("Enter")
    expect(dialog).to_have_count(0)
    assert played.last("end") == {"session": "s1", "outcome": "referred"}


def test_a_reply_that_could_not_be_stored_is_kept_and_sent_again(sit: Sit) -> None:
    desk, played = sit(chat)
    pick(desk)
    desk.page.clock.install()
    detail = "Your text could not be stored just now. It is kept here and sent again."
    played.answers["message"] = {"type": "error", "code": "unavailable", "detail": detail}
    desk.says("The meter is read on Monday.")
    expect(desk.page.locator(".toast").filter(has_text=detail)).to_be_visible()
    expect(desk.page.locator(".is-unsent")).to_contain_text("The meter is read on Monday.")
    first = played.last("message")
    del played.answers["message"]
    desk.page.clock.run_for(5_000)
    expect(desk.page.locator(".is-unsent")).to_have_count(0)
    assert played.last("message") == first
    desk.sees("The meter is read on Monday.")


@pytest.mark.rule("DF-HOLD")
@pytest.mark.parametrize(
    ("option", "title"),
    [("callback", "The resident asked to be called back"), ("message", "The resident left a message")],
)
def test_what_the_resident_left_before_is_said_with_its_due_time_and_its_task(
    sit: Sit,
    look: Look,  # noqa: F811
    option: str,
    title: str,
) -> None:
    desk, played = sit(chat, look.size)
    data = {"option": option, "task": 7, "due_at": "2026-11-24T14:00:00-05:00"}
    played.notes("s1", "chosen", data=data, rule="DF-HOLD")
    played.notes("s1", "note", name="Rosa", text="Meter in the basement.")
    pick(desk)
    entry, other = desk.page.locator(".msg-note").all()
    expect(entry).to_contain_text(title)
    expect(entry).to_contain_text("Due by Tuesday 24 November at 14:00")
    expect(entry.get_by_role("link", name="Open the task")).to_have_attribute("href", "/desk/tasks/#task-7")
    expect(other.get_by_role("link")).to_have_count(0)
    look.at(f"desk-{option}-left", desk, whole=look.size == "narrow")
    assert look.faults == []


def test_an_emergency_is_said_at_once(sit: Sit) -> None:
    desk, played = sit(chat)
    played.notes("s1", "emergency", text="smell gas", data={"seq": 3, "emergency": "life"}, rule="EM-911")
    expect(desk.page.get_by_role("alert").filter(has_text="Emergency in the chat with Tomasz Lind")).to_have_count(1)


def test_another_window_with_the_same_chat_is_told(sit: Sit, city: City, server: Server) -> None:
    desk, played = sit(chat)
    pick(desk)
    other = desk.page.context.new_page()
    PlayedDesk(other).chat("s1", *SAID)
    other.goto(f"{server.url}/desk/")
    other.get_by_role("link", name="Tomasz Lind").click()
    told = "This chat is open in another window of yours"
    expect(strip(other, "twice")).to_contain_text(told)
    other.locator("#reply").fill("I am writing here")
    expect(strip(desk.page, "twice")).to_contain_text("You are writing to Tomasz Lind in another window")
    other.close(run_before_unload=False)
    expect(strip(desk.page, "twice")).to_be_hidden()


def test_every_shortcut_can_be_switched_off(sit: Sit) -> None:
    desk, played = sit(chat)
    page = desk.page
    pick(desk)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Shortcuts with Alt are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+KeyT")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("why", ["2 of 3 chats", "3 chats: 42 chats held (EM-CAP).", ""])
def test_why_so_many_chats_is_said_as_the_server_says_it(sit: Sit, why: str) -> None:
    desk, played = sit(chat)
    played.send({"type": "seats", "held": 2, "allowed": 3, "why": why})
    expect(desk.page.locator("[data-seats-why]")).to_have_text(why or "2 of 3")


def test_the_tab_bears_the_number_of_unread_messages(sit: Sit) -> None:
    desk, played = sit(lambda played: (chat(played), played.chat("s2", "Two carts.", name="Dana Whitfield")))
    pick(desk)
    icon = desk.page.locator("link[rel=icon]")
    expect(icon).to_have_attribute("href", re.compile(r"^data:image/svg\+xml,.*%3E1%3C"))
    pick(desk, "Dana Whitfield")
    expect(icon).to_have_attribute("href", re.compile(r"mark.*\.svg$"))


def test_everything_fits_at_twice_the_text_size(sit: Sit) -> None:
    desk, played = sit(chat)
    desk.page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    pick(desk)
    assert not scrolls_sideways(desk)
    desk.page.keyboard.press("Alt+KeyT")
    expect(desk.page.get_by_role("button", name="Ask for the transfer")).to_be_visible()
    assert not scrolls_sideways(desk)
