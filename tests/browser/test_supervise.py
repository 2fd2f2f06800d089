"""The supervisor's console and the administration's forms, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from agents.models import Role, RoleGrant
from chat.actions import ask_release
from policies.models import BusinessCalendar, Document, ProfanityWord, RuleVersion
from policies.words import forget_words
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, log_in
from tests.browser.test_accessible import SIZES, Look, look  # noqa: F401  (a fixture)
from tests.browser.watch import Watch
from tests.factories import ActiveSessionFactory, CertificateFactory, CertificateKindFactory, EvidenceFactory
from tests.policies.factories import adopt, calendar

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def office(city: City) -> None:
    calendar("0:00-24:00", saturday="0:00-24:00", sunday="0:00-24:00")
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
    expect(page.get_by_role("status")).to_have_text("An agent's text waits for your decision.")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("button", name="Release as it is")).to_be_visible()
    expect(page.get_by_role("heading", name="Texts that wait for you")).to_be_focused()
    expect(page.get_by_text("A text came since this page was opened.")).to_be_hidden()
    forget_words()
