"""What the city's rules do, as residents and agents see it: silence, closing time, and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from chat.timers import act_on_due_timers
from policies.actions import close_early
from policies.models import BusinessCalendar, CalendarVersion
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, Resident, at_the_desk, outside
from tests.browser.test_accessible import SIZES, Look, look  # noqa: F401  (a fixture)
from tests.browser.watch import Watch
from tests.policies.factories import adopt, calendar, zone_at_noon

NewContext = Callable[..., BrowserContext]
RULES: dict[str, dict[str, Any]] = {
    "EM-IDLE-2": {"seconds": 1},
    "EM-IDLE-4": {"seconds": 121},
    "EM-HRS": {"always_open": False},
    "EM-HRS-30": {"minutes_before_closing": 30},
    "SJ-GREET": {},
}


@pytest.fixture
def rules(city: City) -> None:
    """The notice after a second, the end two minutes later; round the clock."""
    for rule, values in RULES.items():
        adopt(rule, **values)
    calendar("0:00-24:00", saturday="0:00-24:00", sunday="0:00-24:00", zone=zone_at_noon())
    cache.clear()


def silent(resident: Resident, desk: AtTheDesk) -> datetime:
    """Let the agent write and the clock run out; return when the resident was asked."""
    resident.ask("My water bill is 312 dollars, it is normally about 90.")
    desk.accepts_next().sees("Hello, I am Rosa")
    desk.says("If you can see the meter I can compare it. Is the meter in the basement?")
    resident.sees("Is the meter in the basement?")
    at = timezone.now() + timedelta(seconds=1)
    assert outside(act_on_due_timers, at=at) == 1
    resident.chat.get_by_role("button", name="I am still here").wait_for()
    return at


@pytest.mark.rule("EM-IDLE-2")
def test_a_silent_resident_is_asked_and_answers_with_one_key(
    city: City,
    rules: None,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context(*SIZES[look.size]).new_page()
    page.goto(server.url)
    resident = Resident(page).open_frame()
    silent(resident, desk)
    expect(resident.chat.locator("[data-left]")).to_have_text(re.compile(r"[12]:\d\d"))
    look.at("widget-idle", resident)
    why = resident.chat.locator(".why", has_text="EM-IDLE-2")
    why.focus()
    page.keyboard.press("Enter")
    expect(resident.chat.get_by_text("Nothing was heard for")).to_be_visible()
    expect(resident.chat.get_by_role("link", name="Read the rule").last).to_have_attribute(
        "href", "/policies/#EM-IDLE-2"
    )
    look.at("widget-why", resident)
    resident.chat.get_by_role("button", name="I am still here").focus()
    page.keyboard.press("Enter")
    resident.sees("You are still here.")
    expect(resident.chat.get_by_role("button", name="I am still here")).to_be_hidden()
    expect(resident.chat.get_by_label("Your message")).to_be_focused()
    desk.sees("Tomasz Lind is still there.")
    assert look.faults == []


@pytest.mark.rule("EM-IDLE-2")
def test_writing_takes_the_question_away(city: City, rules: None, server: Server, new_context: NewContext) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page)
    silent(resident, desk)
    resident.says("Yes, it is in the basement.")
    expect(page.get_by_role("button", name="I am still here")).to_be_hidden()
    desk.sees("in the basement.")
    expect(desk.page.locator("[data-silence]")).to_be_hidden()


@pytest.mark.rule("EM-IDLE-4")
def test_the_agent_sees_the_silence_and_keeps_the_chat_open(
    city: City,
    rules: None,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    desk = at_the_desk(new_context(*SIZES[look.size]), city.rosa, server.url)
    page = new_context().new_page()
    page.goto(f"{server.url}/chat/")
    resident = Resident(page)
    asked_at = silent(resident, desk)
    strip = desk.page.locator("[data-silence]")
    expect(strip).to_contain_text("has been asked whether they are still there")
    expect(desk.page.locator("[data-mine]")).to_contain_text("ends in")
    look.at("desk-silent", desk, whole=look.size == "narrow")
    desk.page.get_by_role("button", name="Keep open").click()
    expect(strip).to_contain_text("stays open until Tomasz Lind comes back")
    expect(desk.page.locator("#reply")).to_be_focused()
    look.at("desk-kept-open", desk, whole=look.size == "narrow")
    resident.sees("keeps this chat open")
    assert outside(act_on_due_timers, at=asked_at + timedelta(hours=2)) == 0
    assert look.faults == []


@pytest.mark.rule("EM-IDLE-4")
def test_who_stays_silent_is_let_go_and_told_how_to_come_back(
    city: City,
    rules: None,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    desk = at_the_desk(new_context(), city.rosa, server.url)
    page = new_context(*SIZES[look.size]).new_page()
    page.goto(server.url)
    resident = Resident(page).open_frame()
    asked_at = silent(resident, desk)
    assert outside(act_on_due_timers, at=asked_at + timedelta(seconds=120)) == 1
    resident.chat.get_by_text("because we did not hear from you. You can start another one").wait_for()
    expect(resident.chat.locator("[data-over-ways]")).to_contain_text("555-0100")
    look.at("widget-ended-inactive", resident)
    expect(desk.page.locator("[data-over-text]")).to_contain_text("The chat has ended")
    assert look.faults == []


@pytest.mark.rule("EM-HRS")
def test_closing_early_ends_the_line_and_shows_how_else_the_city_is_reached(
    city: City,
    rules: None,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
    watch: Watch,
) -> None:
    watch.allow("409")
    page = new_context(*SIZES[look.size]).new_page()
    page.goto(server.url)
    resident = Resident(page).open_frame()
    resident.ask("My water bill is 312 dollars.")
    resident.sees("My water bill")
    close_early(BusinessCalendar.objects.get(), why="Power cut", by=city.rosa.user, at=timezone.now())
    assert outside(act_on_due_timers, at=timezone.now() + timedelta(minutes=2)) == 1
    resident.chat.get_by_text("We closed before somebody could take your chat.").wait_for()
    expect(resident.chat.locator("[data-over-ways]")).to_contain_text("555-0100")
    look.at("widget-ended-closed", resident)
    assert look.faults == []


@pytest.mark.rule("EM-HRS-30")
def test_no_chat_begins_shortly_before_closing_and_nothing_typed_is_lost(
    city: City,
    rules: None,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
    watch: Watch,
) -> None:
    watch.allow("409")
    page = new_context(*SIZES[look.size]).new_page()
    page.goto(f"{server.url}/chat/")
    page.get_by_label("Your name").fill("Dana Whitfield")
    page.get_by_label("How can we help?").fill("Both carts are still at the kerb.")
    now = timezone.now()
    local = now.astimezone(ZoneInfo(CalendarVersion.objects.get().definition["zone"]))
    in_twenty = local.hour * 60 + local.minute + 20
    close_early(BusinessCalendar.objects.get(), why="Power cut", minutes=in_twenty, by=city.rosa.user, at=now)
    page.get_by_role("button", name="Start the chat").click()
    page.get_by_text("No new chats today").wait_for()
    look.at("widget-closing-soon", Resident(page))
    expect(page.locator("[data-refused-why]")).to_contain_text("EM-HRS-30")
    assert look.faults == []
