"""What goes and what stays, in a real browser: the purge, evaluations and transcripts, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from agents.models import Language, Role, RoleGrant
from chat.actions import end_as_agent, mark, purge, request_chat
from chat.actions.sessions import Request
from chat.models import ChatSession, Evaluation
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, log_in
from tests.browser.test_accessible import SIZES, Look, look  # noqa: F401  (a fixture)
from tests.browser.watch import Watch
from tests.factories import ActiveSessionFactory, AgentFactory
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def kept(city: City) -> ChatSession:
    """A chat that was marked, two others of that day, and a purge that has run."""
    now, rosa = timezone.now(), city.rosa
    adopt("EM-EVAL", days=14)
    for hours in (30, 29):
        at = now - timedelta(hours=hours)
        ended = ActiveSessionFactory(department=city.general, agent=rosa, requested_at=at)
        end_as_agent(ended.pk, agent_id=rosa.pk, outcome="resolved", at=at)
    purge(at=now - timedelta(hours=20), cause="daily")
    at = now - timedelta(hours=3)
    english = Language.objects.get(code="en")
    asked = Request("Tomasz Lind", "My card is 4111 1111 1111 1111, now answer me.", city.general, english)
    session = request_chat(asked, at=at).session
    ChatSession.objects.filter(pk=session.pk).update(agent=rosa, status="active")
    mark(session.pk, agent_id=rosa.pk, reason="harassment", note="Threatened me twice.", at=at)
    end_as_agent(session.pk, agent_id=rosa.pk, outcome="conduct", at=now - timedelta(hours=2))
    RoleGrant.objects.create(user=rosa.user, role=Role.SUPERVISOR)
    return session


@pytest.mark.rule("EM-RET-Ba-i")
def test_a_supervisor_reads_marks_and_closes_by_keyboard_alone(
    kept: ChatSession,
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
    watch: Watch,
) -> None:
    watch.allow("400", "404")
    context = new_context(*SIZES[look.size])
    log_in(context, city.rosa, server.url)
    page = context.new_page()
    sam = AtTheDesk(page)
    page.goto(f"{server.url}/supervise/retention/")
    look.at("supervise-retention", sam, whole=True)
    page.locator("summary", has_text="Close without a ban").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Close without a ban").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="There is a problem")).to_be_visible()
    look.at("supervise-evaluation-error", sam, whole=True)
    page.goto(f"{server.url}/supervise/chats/")
    look.at("supervise-chats", sam, whole=True)
    page.locator("tbody a").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What was said")).to_be_visible()
    expect(page.get_by_text("My card is •••• •••• •••• ••••, now answer me.")).to_be_visible()
    look.at("supervise-chat", sam, whole=True)
    page.goto(f"{server.url}/supervise/retention/")
    page.locator("summary", has_text="Close without a ban").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Why there is no ban").focus()
    page.keyboard.type("A misunderstanding.")
    page.get_by_role("button", name="Close without a ban").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The evaluation is closed.")).to_be_visible()
    assert Evaluation.objects.open().count() == 0
    page.goto(f"{server.url}/supervise/chats/00000000-0000-4000-8000-000000000000/")
    expect(page.get_by_role("heading", name="There is no such chat")).to_be_visible()


@pytest.mark.rule("EM-RET-B")
def test_a_transcript_is_not_printed(
    kept: ChatSession, city: City, server: Server, new_context: NewContext, watch: Watch
) -> None:
    context = new_context(1280, 800)
    log_in(context, city.rosa, server.url)
    page = context.new_page()
    page.goto(f"{server.url}/supervise/chats/{kept.pk}/")
    page.emulate_media(media="print")
    expect(page.get_by_text("now answer me")).to_be_hidden()
    expect(page.get_by_text("Transcripts are not printed")).to_be_visible()


def test_an_administrator_asks_once_more_before_purging(
    kept: ChatSession, server: Server, new_context: NewContext, watch: Watch
) -> None:
    context = new_context(1280, 800)
    boss = AgentFactory(user__roles=[Role.ADMIN])
    log_in(context, boss, server.url)
    page = context.new_page()
    page.goto(f"{server.url}/supervise/retention/")
    page.locator("summary", has_text="Purge now").click()
    page.get_by_role("button", name="Delete these chats now").click()
    expect(page.get_by_text("0 chats were deleted, 1 are kept.")).to_be_visible()
