"""What the screening of a text brings about, as the resident sees it: whom to call, where to pay, what is masked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from chat.models import ChatEvent, ChatSession, Side
from tests.browser.conftest import City, Server
from tests.browser.people import Resident, at_the_desk
from tests.browser.test_accessible import SIZES, Look, look  # noqa: F401  (a fixture)
from tests.browser.test_connection import NO_SOCKETS
from tests.browser.watch import Watch
from tests.factories import DepartmentFactory, MembershipFactory
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]
CARD = "4111 1111 1111 1111"
MASKED = re.compile(r"^\D*•[\D•]*$")


def urgent(resident: Resident) -> Locator:
    return resident.chat.locator("[data-urgent]")


@pytest.mark.rule("EM-911")
def test_who_speaks_of_an_emergency_reads_above_the_chat_whom_to_call(
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context(*SIZES[look.size]).new_page()
    page.goto(server.url)
    resident = Resident(page).open_frame().ask("Who can look at my boiler?")
    desk.accepts_next()
    resident.sees("Hello, I am Rosa")
    resident.says("I think I smell gas in the hall")
    notice = urgent(resident)
    expect(notice).to_contain_text("If somebody is in danger, call 911 now.")
    expect(notice).to_have_attribute("role", "alert")
    expect(notice.get_by_role("link", name="Call 911")).to_have_attribute("href", "tel:911")
    expect(resident.chat.get_by_label("Your message")).to_be_focused()
    look.at("widget-emergency", resident)
    resident.says("and the water main is leaking")
    expect(notice.get_by_role("link")).to_have_count(2)
    expect(notice.get_by_role("link").last).to_have_attribute("href", "tel:5550199")
    resident.says("I am outside now.")
    desk.sees("I am outside now.")
    assert look.faults == []


@pytest.mark.rule("EM-911")
def test_the_numbers_stay_after_a_reload_and_until_the_chat_is_closed(
    city: City, server: Server, new_context: NewContext
) -> None:
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page).ask("I smell gas")
    notice = urgent(resident)
    expect(notice).to_have_attribute("role", "alert")
    page.reload()
    expect(notice.get_by_role("link", name="Call 911")).to_be_visible()
    assert notice.get_attribute("role") is None
    page.get_by_role("button", name="End chat").click()
    page.get_by_role("dialog").get_by_role("button", name="End chat").click()
    page.get_by_role("button", name="Start another chat").wait_for()
    expect(notice).to_be_visible()
    page.get_by_role("button", name="Start another chat").click()
    page.get_by_label("Your name").wait_for()
    expect(notice).to_be_hidden()


@pytest.mark.rule("EM-911")
@pytest.mark.parametrize("kind", ["refused", "to be mended"])
def test_a_refused_question_still_says_whom_to_call_and_nothing_typed_is_lost(
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
    watch: Watch,
    kind: str,
) -> None:
    watch.allow("403", "400")
    page = new_context(*SIZES[look.size]).new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page)
    help_ = {"text": "If somebody is in danger, call 911 now.", "numbers": ["911", "call 555-0199, ext. 7", "none"]}
    banned = {"code": "banned", "detail": "This service is refused to you until May 1.", "emergency": help_}
    wrong = {"code": "invalid", "field": "name", "detail": "Enter your name.", "emergency": help_}
    answer, status = (banned, 403) if kind == "refused" else (wrong, 400)
    page.route("**/api/v1/chat/sessions", lambda route: route.fulfill(status=status, body=json.dumps(answer)))
    page.get_by_label("Your name").fill("Tomasz Lind")
    page.get_by_label("How can we help?").fill("I smell gas")
    page.get_by_role("button", name="Start the chat").click()
    notice = urgent(resident)
    expect(notice).to_contain_text("call 911 now")
    hrefs = [link.get_attribute("href") for link in notice.get_by_role("link").all()]
    assert hrefs == ["tel:911"]  # what begins with a word is no number to dial
    if kind == "refused":
        expect(page.get_by_text("This service is refused to you")).to_be_visible()
        look.at("widget-refused-emergency", resident)
        page.get_by_role("button", name="Try again").click()
    expect(page.get_by_label("How can we help?")).to_have_value("I smell gas")
    expect(page.get_by_label("Your name")).to_have_value("Tomasz Lind")
    expect(notice).to_be_visible()
    assert look.faults == []


@pytest.mark.rule("EM-911")
def test_a_message_after_the_end_is_not_sent_and_says_whom_to_call(
    city: City, server: Server, new_context: NewContext, watch: Watch
) -> None:
    watch.allow("WebSocket connection", "ERR_CONNECTION_REFUSED", "409")
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page).ask("Who can look at my boiler?")
    desk.accepts_next()
    resident.sees("Hello, I am Rosa")
    with server.away():
        page.get_by_text("Connection lost.").wait_for()
        resident.says("I smell gas")
        session = ChatSession.objects.get()
        session.status, session.outcome, session.ended_at = "ended", "resolved", session.accepted_at
        session.save(update_fields=["status", "outcome", "ended_at"])
    expect(urgent(resident).get_by_role("link", name="Call 911")).to_be_visible()
    resident.sees("I smell gas")
    expect(page.get_by_role("log").get_by_text("Your text was not sent.")).to_be_visible()


@pytest.mark.rule("EM-PAY")
def test_a_card_typed_in_a_chat_is_masked_and_the_margin_says_where_to_pay(
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context(*SIZES[look.size]).new_page()
    page.goto(server.url)
    resident = Resident(page).open_frame().ask("Can I pay my water bill here?")
    desk.accepts_next()
    resident.sees("Hello, I am Rosa").says(f"My card is {CARD}")
    margin = resident.chat.locator(".msg-rule", has_text="EM-PAY")
    link = margin.get_by_role("link", name="Open the payment page")
    expect(link).to_have_attribute("href", "https://maplebrook.example/pay")
    expect(link).to_have_attribute("target", "_blank")
    expect(margin.get_by_role("link", name="Call 555-0177")).to_have_attribute("href", "tel:5550177")
    own = resident.chat.locator(".msg-own .text").last
    expect(own).to_contain_text("My card is •")
    look.at("widget-payment", resident)
    desk.sees("My card is •")
    for person in (resident, desk):
        expect(person.frame().locator("body")).not_to_contain_text("1111")
    assert look.faults == []


@pytest.mark.rule("EM-PAY")
@pytest.mark.parametrize("way", ["sockets", "HTTP"])  # over HTTP only the event of the kind `redacted` comes
def test_a_card_typed_in_two_messages_ends_masked_in_both_windows_and_after_a_reload(
    city: City, server: Server, new_context: NewContext, way: str
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    if way == "HTTP":
        page.add_init_script(NO_SOCKETS)
    page.goto(f"{server.url}/chat/")
    resident = Resident(page).ask("Can I pay my water bill here?")
    desk.accepts_next()
    resident.sees("Hello, I am Rosa").says("4111 1111")
    desk.sees("4111 1111")
    resident.says("1111 1111")
    halves = [person.page.locator(".msg .text", has_text="•") for person in (resident, desk)]
    for each in halves:
        expect(each).to_have_text([MASKED, MASKED])
    page.reload()
    desk.page.reload()
    desk.page.get_by_role("link", name=re.compile("Tomasz Lind")).click()
    for person, each in zip((resident, desk), halves, strict=True):
        expect(each).to_have_text([MASKED, MASKED])
        expect(person.page.locator("body")).not_to_contain_text("1111")


@pytest.mark.rule("EM-PAY")
def test_what_the_agent_typed_of_a_card_is_masked_in_both_windows_too(
    city: City, server: Server, new_context: NewContext
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page).ask("Can I pay my water bill here?")
    desk.accepts_next().sees("Hello, I am Rosa").says("4111 1111")
    resident.sees("4111 1111")
    desk.says("1111 1111")
    for person in (resident, desk):
        expect(person.page.locator(".msg .text", has_text="•")).to_have_text([MASKED, MASKED])
        expect(person.page.locator("body")).not_to_contain_text("1111")


@pytest.mark.rule("EM-PAY")
def test_only_a_page_over_tls_and_a_number_that_can_be_dialled_become_links(
    city: City, server: Server, new_context: NewContext
) -> None:
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    made = """async ([web, phones]) => {
        const { webLink, phoneLink } = await import('/static/chat/links.js');
        const template = document.createElement('template');
        template.innerHTML = '<a><span></span></a>';
        const call = (number) => phoneLink(template, number, (key, { number }) => number);
        return [...web.map((each) => webLink(template, each)), ...phones.map(call)].map((link) => link && link.href);
    }"""
    web = ["https://pay.example/a", "http://pay.example/", "javascript:alert(1)", "pay.example", None, ""]
    phones = ["+1 (555) 010-0177", "801-789-5959 ext. 12", "none", None, "911"]
    assert page.evaluate(made, [web, phones]) == [
        *["https://pay.example/a", None, None, None, None, None],
        *["tel:+15550100177", "tel:8017895959", None, None, "tel:911"],
    ]


@pytest.mark.rule("EM-PII-B")
def test_the_form_asks_for_what_the_city_asks_for_and_sends_it(
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
    watch: Watch,
) -> None:
    watch.allow("400")
    adopt("EM-PII-B", ask_email=True, ask_phone=True)
    licences = DepartmentFactory(code="licences", name="Licences", phone="555-0150")
    MembershipFactory(agent=city.rosa, department=licences)
    page = new_context(*SIZES[look.size]).new_page()
    page.goto(f"{server.url}/chat/?department=licences")  # what is asked is remembered by department for 10 s
    resident = Resident(page)
    page.get_by_label("Your name").wait_for()
    email, phone = resident.chat.get_by_label("Your e-mail address"), resident.chat.get_by_label("Your phone number")
    expect(email).to_have_attribute("autocomplete", "email")
    look.at("widget-start-contact", resident)
    resident.chat.get_by_label("Your name").fill("Tomasz Lind")
    resident.chat.get_by_label("How can we help?").fill("My bill is too high.")
    phone.fill("555-0142")
    email.fill("tomasz")
    resident.chat.get_by_role("button", name="Start the chat").click()
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(phone).to_have_value("555-0142")
    look.at("widget-start-contact-error", resident)
    email.fill("tomasz@lind.example")
    resident.chat.get_by_role("button", name="Start the chat").click()
    resident.sees("My bill is too high.")
    kept = ChatSession.objects.get()
    assert (kept.customer_email, kept.customer_phone) == ("tomasz@lind.example", "555-0142")
    assert look.faults == []


@pytest.mark.rule("EM-PII-B")
def test_the_form_asks_for_nothing_that_the_city_does_not_ask_for(
    city: City, server: Server, new_context: NewContext
) -> None:
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    page.get_by_label("Your name").wait_for()
    expect(page.get_by_label("Your e-mail address")).to_be_hidden()
    expect(page.get_by_label("Your phone number")).to_be_hidden()


@pytest.mark.rule("EM-RET-A")
def test_without_a_rule_on_keeping_no_chat_is_offered_and_the_page_says_so(
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    adopt("EM-RET-A", is_adopted=False)
    DepartmentFactory(code="parks", name="Parks", phone="555-0100")
    page = new_context(*SIZES[look.size]).new_page()
    page.goto(f"{server.url}/chat/?department=parks")
    resident = Resident(page)
    expect(resident.chat.get_by_text("The chat is not offered now")).to_be_visible()
    expect(page.get_by_text("at this hour")).to_have_count(0)
    expect(resident.chat.get_by_role("link", name="555-0100")).to_be_visible()
    expect(resident.chat.locator(".why")).to_contain_text("EM-RET-A")
    look.at("widget-closed-retention", resident)
    assert look.faults == []


def test_words_from_right_to_left_leave_the_rest_of_a_message_in_order(
    city: City, server: Server, new_context: NewContext
) -> None:
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page).ask("مرحبا، متى تفتحون؟", name="ليلى")
    bubble = resident.chat.locator(".msg .text").first
    assert bubble.evaluate("(node) => [getComputedStyle(node).direction, getComputedStyle(node).unicodeBidi]") == [
        "rtl",
        "isolate",
    ]
    assert ChatEvent.objects.filter(side=Side.CUSTOMER).count() == 1
