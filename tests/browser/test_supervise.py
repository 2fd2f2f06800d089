"""The supervisor's console and the administration's forms, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from agents.models import LogIn, Role, RoleGrant
from chat.actions import ask_release
from chat.models import ChatSession
from policies.models import BusinessCalendar, Document, ProfanityWord, RuleVersion
from policies.values_ladder import BEGINNING
from policies.words import forget_words
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, log_in
from tests.browser.test_accessible import SIZES, Look, look  # noqa: F401  (a fixture)
from tests.browser.watch import Watch
from tests.factories import (
    ActiveSessionFactory,
    CertificateFactory,
    CertificateKindFactory,
    EvidenceFactory,
    QueuedSessionFactory,
)
from tests.policies.factories import adopt, calendar, zone_at_noon

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def office(city: City) -> None:
    calendar("0:00-24:00", saturday="0:00-24:00", sunday="0:00-24:00", zone=zone_at_noon())
    BusinessCalendar.objects.update(name="City hall")
    adopt("DF-REVIEW", years=5)
    Document.objects.create(
        code="SJ", title="Customer Service Guidelines", body="City of San José", adopted_on=date(2017, 8, 14)
    )
    kind = CertificateKindFactory(name="Chat")
    waiting = CertificateFactory(agent=city.rudi, kind=kind, approved_by=None, approved_at=None)
    EvidenceFactory(certificate=waiting, requirement__kind=kind)
    RoleGrant.objects.create(user=city.rosa.user, role=Role.SUPERVISOR)


@pytest.mark.rule("EM-HRS")
def test_a_supervisor_closes_early_and_takes_it_back_by_keyboard_alone(
    office: None,
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
    watch: Watch,
) -> None:
    watch.allow("400")
    context = new_context(*SIZES[look.size])
    log_in(context, city.rosa, server.url)
    page = context.new_page()
    sam = AtTheDesk(page)
    page.goto(f"{server.url}/supervise/")
    look.at("supervise", sam, whole=True)
    page.get_by_role("button", name="Close early").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="There is a problem")).to_be_visible()
    page.wait_for_load_state("networkidle")
    look.at("supervise-refused", sam, whole=True)
    page.get_by_label("Why").first.focus()
    page.keyboard.type("Power cut")
    page.keyboard.press("Enter")
    expect(page.get_by_text("closes early today")).to_be_visible()
    look.at("supervise-closed", sam, whole=True)
    page.get_by_role("button", name="As usual again").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("today is as usual again")).to_be_visible()
    page.get_by_role("button", name="Approve").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Approved:")).to_be_visible()
    assert look.faults == []


@pytest.mark.rule("EM-IDLE-2")
def test_an_admin_reads_what_will_change_before_it_does(
    office: None,
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    adopt("EM-IDLE-2", seconds=120)
    RoleGrant.objects.create(user=city.rudi.user, role=Role.ADMIN)
    context = new_context(*SIZES[look.size])
    log_in(context, city.rudi, server.url)
    page = context.new_page()
    page.goto(f"{server.url}/admin/policies/ruleversion/add/?rule=EM-IDLE-2")
    page.get_by_label("Seconds of silence until the notice").fill("180")
    page.get_by_label("Reason").fill("Council of November.")
    look.picture("admin-rule", page, True)
    page.get_by_role("button", name="Show what this means").click()
    expect(page.get_by_text("A silent resident is asked after 3:00").first).to_be_visible()
    look.picture("admin-rule-preview", page, True)
    assert RuleVersion.objects.filter(rule="EM-IDLE-2").count() == 1
    expect(page.get_by_role("button", name="Confirm and write it down")).to_be_visible()
    row = BusinessCalendar.objects.get()
    page.goto(f"{server.url}/admin/policies/businesscalendar/{row.pk}/week/")
    expect(page.get_by_label("Monday")).to_have_value("0:00-24:00")
    look.picture("admin-week", page, True)


@pytest.mark.rule("EM-CAP")
def test_of_a_ladder_only_what_is_wrong_is_red_and_the_reason_stays_in_sight(
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    adopt("EM-CAP", rungs=BEGINNING, maximum=3, trainee_seats=1)
    RoleGrant.objects.create(user=city.rudi.user, role=Role.ADMIN)
    context = new_context(*SIZES[look.size])
    log_in(context, city.rudi, server.url)
    page = context.new_page()
    page.goto(f"{server.url}/admin/policies/ruleversion/add/?rule=EM-CAP")
    wrong = page.get_by_label("Line 2: Chats at once")
    wrong.fill("1")
    page.get_by_role("button", name="Show what this means").click()
    reason = page.get_by_text("Rungs, line 2: chats at once must rise from line to line")
    expect(reason).to_be_visible()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    red = "(field) => getComputedStyle(field).borderColor"
    assert wrong.evaluate(red) != page.get_by_label("Line 3: Chats at once").evaluate(red)
    wrong.scroll_into_view_if_needed()
    expect(reason).to_be_in_viewport(ratio=1)
    look.picture("admin-ladder", page, True)


@pytest.mark.rule("EM-COM-C")
def test_a_supervisor_is_told_of_a_text_that_comes_while_her_page_is_open(
    office: None, city: City, server: Server, new_context: NewContext
) -> None:
    context = new_context()
    log_in(context, city.rosa, server.url)
    page = context.new_page()
    page.clock.install()
    page.goto(f"{server.url}/supervise/")
    expect(page.get_by_text("A text came since this page was opened.")).to_be_hidden()
    session = ActiveSessionFactory(department=city.general, agent=city.rudi)
    ProfanityWord.objects.create(language="en", kind="profanity", phrase="damn")
    adopt("EM-COM-C")
    forget_words()
    ask_release(session.pk, agent_id=city.rudi.pk, uid=uuid4(), text="Damn Yankees is on", at=timezone.now())
    page.clock.run_for(10_000)
    expect(page.get_by_role("link", name="Supervision 1")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="An agent's text waits for your decision.")).to_have_count(1)
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("button", name="Release as it is")).to_be_visible()
    expect(page.get_by_role("heading", name="Texts that wait for you")).to_be_focused()
    expect(page.get_by_text("A text came since this page was opened.")).to_be_hidden()
    forget_words()


# Figures ----------------------------------------------------------------------
@pytest.fixture
def console(office: None, city: City, server: Server, new_context: NewContext) -> Page:
    """The console of Rosa, with a clock that the test moves."""
    context = new_context()
    log_in(context, city.rosa, server.url)
    page = context.new_page()
    page.clock.install()
    page.goto(f"{server.url}/supervise/")
    return page


def figure(page: Page, label: str) -> str:
    return page.locator(".figures > div").filter(has_text=label).locator("dd").inner_text()


def renewed(page: Page) -> None:
    """Let the ten seconds go by, and wait for the answer."""
    with page.expect_response("**/api/v1/desk/figures"):
        page.clock.run_for(10_000)


def test_the_figures_renew_themselves_and_leave_the_rest_of_the_page_alone(console: Page, city: City) -> None:
    expect(console.get_by_text(re.compile(r"^As of \d\d:\d\d:\d\d$"))).to_be_visible()
    assert figure(console, "Residents who wait") == "0"
    console.get_by_text("Emergency opening, half day, closure").click()
    console.get_by_label("Why").first.fill("Power c")
    console.locator("[data-time]").evaluate("element => { element.dataset.time = '' }")  # the second may be the same
    QueuedSessionFactory(department=city.general)
    renewed(console)
    expect(console.locator(".figures > div").filter(has_text="Residents who wait").locator("dd")).to_have_text("1")
    expect(console.locator("[data-time]")).to_have_attribute("data-time", re.compile(r"^\d\d:\d\d:\d\d$"))
    expect(console.get_by_label("Why").first).to_be_focused()
    console.keyboard.type("ut")
    expect(console.get_by_label("Why").first).to_have_value("Power cut")
    expect(console.get_by_role("button", name="Set this day")).to_be_visible()
    live = "[role=status], [role=alert], [role=log], [aria-live]"
    assert console.locator(live).filter(has=console.locator("[data-part]")).count() == 0
    assert console.locator("[data-not-renewed]").inner_text() == ""


def test_an_emergency_comes_to_the_open_page_and_a_link_in_use_keeps_the_focus(console: Page, city: City) -> None:
    def speaks(minutes: int) -> None:
        at = timezone.now() - timedelta(minutes=minutes)
        ActiveSessionFactory(department=city.general, agent=city.rudi, emergency="life", emergency_at=at)

    speaks(5)
    renewed(console)
    links = console.get_by_role("link", name=re.compile("^General services, "))
    expect(links).to_have_count(1)
    links.focus()
    speaks(9)
    renewed(console)
    expect(links).to_have_count(2)
    expect(links.last).to_be_focused()  # the older one stands first
    ChatSession.objects.update(emergency="", emergency_at=None)
    renewed(console)
    expect(links).to_have_count(0)
    expect(console.get_by_role("heading", name="Chats, and how long they stay")).to_be_focused()


def test_figures_that_could_not_be_renewed_say_so_until_they_are(console: Page, watch: Watch) -> None:
    watch.allow("ERR_FAILED", "503")
    asked = console.locator("[data-time]").get_attribute("data-time")
    console.route("**/api/v1/desk/figures", lambda route: route.abort())
    with console.expect_event("requestfailed"):
        console.clock.run_for(10_000)
    said = console.get_by_role("status").filter(has_text=f"Figures of {asked}; they could not be renewed.")
    expect(said).to_have_count(1)
    expect(console.get_by_text("As of ")).to_be_hidden()
    console.unroute("**/api/v1/desk/figures")
    console.route("**/api/v1/desk/figures", lambda route: route.fulfill(status=503, json={}))
    renewed(console)
    expect(said).to_have_count(1)
    console.unroute("**/api/v1/desk/figures")
    renewed(console)
    expect(said).to_have_count(0)
    expect(console.get_by_text("As of ")).to_be_visible()


def test_looking_at_the_figures_keeps_no_log_in_alive_and_nothing_is_asked_once_it_is_gone(
    console: Page, city: City, watch: Watch
) -> None:
    watch.allow("401")
    idle = timezone.now() - timedelta(minutes=29)
    LogIn.objects.filter(user=city.rosa.user).update(seen_at=idle)
    renewed(console)
    assert LogIn.objects.get(user=city.rosa.user).seen_at == idle
    LogIn.objects.filter(user=city.rosa.user).update(seen_at=idle - timedelta(minutes=2))
    renewed(console)
    expect(console.get_by_role("status").filter(has_text="since your log-in has ended.")).to_have_count(1)
    asked: list[str] = []
    console.on("request", lambda request: asked.append(request.url))
    console.clock.run_for(60_000)
    console.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    assert [url for url in asked if "figures" in url] == []
