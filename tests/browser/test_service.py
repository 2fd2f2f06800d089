"""The ladder, the back-up mode and incidents on the pages of staff and residents, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from agents.actions import note_drill, note_earlier, restrict_seats
from agents.ladder import Record
from agents.models import Role, RoleGrant
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, Resident, log_in
from tests.browser.test_accessible import SIZES, Look, look  # noqa: F401  (a fixture)
from tests.browser.watch import Watch
from tests.factories import BackupPlanFactory, LanguageFactory
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def service(city: City) -> None:
    """A ladder on which Rosa, who supervises, has earned two chats, and a back-up plan that was tried out."""
    for rule in ("EM-CAP", "EM-CAP-down", "SJ-BACK"):
        adopt(rule)
    LanguageFactory(code="es", name="Español")
    RoleGrant.objects.create(user=city.rosa.user, role=Role.SUPERVISOR)
    at = timezone.now()
    note_earlier(city.rosa.pk, figures=Record(341, 200, 172, timedelta(seconds=41)), by=None, at=at)
    note_earlier(city.rudi.pk, figures=Record(600, 300, 280, timedelta(seconds=35)), by=None, at=at)
    restrict_seats(city.rudi.pk, to=2, why="Back from a long leave.", by=city.rosa.user, at=at)
    plan = BackupPlanFactory(texts={"en": "Our chat is out of order. Please call us.", "es": "El chat no funciona."})
    plan.people.create(person=city.rosa.user, role="Turns the back-up mode on and off.")
    today = timezone.localdate()
    note_drill(plan.pk, held_on=today, participants=[city.rudi.user], result="It rang.", by=None, today=today, at=at)


@pytest.mark.rule("EM-CAP")
def test_agent_and_supervisor_read_the_ladder(
    service: None,
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
    rosa = AtTheDesk(page)
    page.goto(f"{server.url}/desk/ladder/")
    expect(page.get_by_text("the third seat comes at 500")).to_be_visible()
    look.at("desk-ladder", rosa, whole=True)
    page.goto(f"{server.url}/supervise/ladder/")
    look.at("supervise-ladder", rosa, whole=True)
    page.get_by_role("link", name="Rosa").first.click()
    page.get_by_label("At most so many chats at once").fill("0")
    page.get_by_role("button", name="Set the limit").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="There is a problem")).to_be_visible()
    look.at("supervise-ladder-refused", rosa, whole=True)
    assert look.faults == []


@pytest.mark.rule("SJ-BACK")
def test_a_notice_and_the_back_up_mode_by_keyboard_and_what_residents_then_see(
    service: None,
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
) -> None:
    context = new_context(*SIZES[look.size])
    log_in(context, city.rosa, server.url)
    page = context.new_page()
    rosa = AtTheDesk(page)
    page.goto(f"{server.url}/supervise/service/")
    look.at("supervise-service", rosa, whole=True)
    page.get_by_text("Post a notice", exact=True).focus()
    page.keyboard.press("Enter")
    until = timezone.localtime() + timedelta(days=2)
    page.get_by_label("Until").fill(f"{until:%Y-%m-%dT%H:%M}")
    page.get_by_label("Text: English").fill("Water is off in Elm Street until this evening.")
    page.get_by_role("button", name="Show what residents would read").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is posted yet.")).to_be_visible()
    look.at("supervise-notice-preview", rosa, whole=True)
    page.get_by_role("button", name="Post it").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The notice is posted.")).to_be_visible()
    page.get_by_label("Why", exact=True).fill("The server room is flooded.")
    page.get_by_role("button", name="Turn the back-up mode on").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("the back-up mode is on. No new chat begins")).to_be_visible()
    look.at("supervise-service-on", rosa, whole=True)
    page.goto(f"{server.url}/supervise/")
    look.at("supervise-troubled", rosa, whole=True)
    cache.clear()
    resident = Resident(new_context(*SIZES[look.size]).new_page())
    resident.page.goto(server.url)
    expect(resident.page.get_by_text("Water is off in Elm Street")).to_be_visible()
    look.at("portal-incident", resident, whole=True)
    assert look.faults == []
