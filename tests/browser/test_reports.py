"""The ledger and the clock in a real browser: readable, without a script, and an address opens what it names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import BrowserContext, expect

from agents.models import Role
from policies.catalogue import rules, sources
from policies.models import Document
from tests.browser.conftest import City, Server
from tests.browser.people import Resident
from tests.browser.test_accessible import SIZES, Look
from tests.factories import LogInFactory, UserFactory
from tests.policies.factories import adopt, calendar

NewContext = Callable[..., BrowserContext]
VALUES = {
    "EM-HRS": {"always_open": True},
    "EM-HRS-30": {"minutes_before_closing": 30},
    "EM-IDLE-2": {"seconds": 120},
    "EM-IDLE-4": {"seconds": 240},
    "DF-REVIEW": {"years": 5},
}
CLOCK = "/policies/clock/?calendar=city&start=2026-12-24T10:00-05:00&unit=business_days&amount="


@pytest.fixture(params=SIZES)
def look(request: pytest.FixtureRequest) -> Look:
    return Look(request.param)


@pytest.fixture
def adopted(city: City) -> City:
    """Four of the five documents are adopted; one rule changes in 2039."""
    for source in sources():
        if source.code != "PH":
            Document.objects.create(code=source.code, **source.row())
    for rule in rules().values():
        if rule.document != "PH":
            adopt(rule.id, **VALUES.get(rule.id, {}))
    adopt("EM-IDLE-2", since=datetime(2039, 3, 7, 5, tzinfo=UTC), seconds=180)
    calendar(holidays={date(2026, 12, 25): "Christmas Day"})
    return city


def staff_context(new_context: NewContext, url: str, look: Look) -> BrowserContext:
    context = new_context(*SIZES[look.size])
    entry = LogInFactory(user=UserFactory(roles=[Role.ADMIN], display_name="Ada"))
    context.add_cookies([{"name": "townline_staff", "value": entry.session_key, "url": url}])
    return context


@pytest.mark.rule("PK-A11Y")
def test_the_ledger_is_readable_for_residents_and_staff(
    adopted: City, server: Server, new_context: NewContext, look: Look
) -> None:
    resident = Resident(new_context(*SIZES[look.size]).new_page())
    resident.page.goto(f"{server.url}/policies/")
    look.at("policies", resident)
    resident.page.goto(f"{server.url}/policies/#EM-IDLE-2")
    look.at("policies-of-a-rule", resident)
    ada = Resident(staff_context(new_context, server.url, look).new_page())
    ada.page.goto(f"{server.url}/policies/")
    look.at("policies-staff", ada)
    ada.page.goto(f"{server.url}/policies/?document=EM#EM-IDLE-2")
    look.at("policies-staff-of-a-rule", ada)
    assert look.faults == []


@pytest.mark.rule("PK-A11Y")
def test_the_clock_is_readable_with_its_answer_and_its_refusal(
    adopted: City, server: Server, new_context: NewContext, look: Look
) -> None:
    ada = Resident(staff_context(new_context, server.url, look).new_page())
    ada.page.goto(f"{server.url}{CLOCK}1")
    expect(ada.page.get_by_role("heading", name="It is due")).to_be_visible()
    look.at("clock", ada, whole=True)
    ada.page.goto(f"{server.url}{CLOCK}-1")
    expect(ada.page.get_by_role("group", name="There is a problem")).to_be_focused()
    look.at("clock-refused", ada, whole=True)
    assert look.faults == []


def test_an_address_opens_a_rule_that_is_not_adopted(adopted: City, server: Server, new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto(f"{server.url}/policies/#PH-CERT")
    expect(page.locator("#PH-CERT")).to_be_in_viewport()


def test_filters_and_clock_work_without_javascript(adopted: City, server: Server, new_context: NewContext) -> None:
    context = staff_context(lambda *size: new_context(*size, java_script_enabled=False), server.url, Look("wide"))
    page = context.new_page()
    page.goto(f"{server.url}/policies/")
    page.get_by_label("Document").select_option("PK")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".clauses > li")).to_have_count(
        len([rule for rule in rules().values() if rule.document == "PK"])
    )
    page.goto(f"{server.url}/policies/clock/")
    page.get_by_label("Start, on the clock").fill("2026-12-24T10:00")
    page.get_by_role("button", name="Reckon").click()
    expect(page.get_by_text("Monday 28 December 2026, 16:30", exact=True)).to_be_visible()
