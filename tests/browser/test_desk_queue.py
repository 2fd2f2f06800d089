"""The list of who waits, as an agent reads it while others accept, put back and hear of danger."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, expect

from agents.models import Language
from chat.actions import Request, accept, request_chat
from chat.actions.requeue import requeue
from chat.actions.screened import raise_flags
from chat.actions.staff_notes import Flag
from chat.models import ChatSession, StaffKind
from tests.browser.conftest import City, Server
from tests.browser.people import at_the_desk, outside
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]


def ask(city: City, topic: str) -> ChatSession:
    request = Request("Dana", "When is it?", city.general, Language.objects.get(code="en"), topic=topic)
    return request_chat(request, at=timezone.now()).session


def put_back(session: ChatSession) -> None:
    version = adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)
    with transaction.atomic():
        requeue(ChatSession.objects.locked().get(pk=session.pk), why="agent_lost", version=version, at=timezone.now())


def becomes_urgent(session: ChatSession) -> None:
    data = {"emergency": "life", "seq": 1}
    with transaction.atomic():
        raise_flags([Flag(session.pk, StaffKind.EMERGENCY, "EM-911", timezone.now(), data)])


def reads(waiting: Locator, *topics: str) -> None:
    """See that these wait, in this order and numbered so."""
    expect(waiting.locator("[data-place]")).to_have_text([f"number {n} · {each}" for n, each in enumerate(topics, 1)])


@pytest.mark.rule("EM-COM-D")
@pytest.mark.rule("EM-911")
def test_the_list_is_in_queue_order_and_the_next_chat_is_its_first(
    city: City, server: Server, new_context: NewContext
) -> None:
    first, second, third, fourth = (ask(city, topic) for topic in ("Bins", "Water", "Parks", "Roads"))
    desk = at_the_desk(new_context(), city.rosa, server.url)
    waiting = desk.page.locator("#panel-mine [data-waiting]")
    reads(waiting, "Bins", "Water", "Parks", "Roads")
    outside(lambda: accept(first.pk, agent_id=city.rudi.pk, at=timezone.now()))
    reads(waiting, "Water", "Parks", "Roads")
    outside(lambda: becomes_urgent(third))
    reads(waiting, "Parks", "Water", "Roads")
    outside(lambda: put_back(first))
    reads(waiting, "Bins", "Parks", "Water", "Roads")
    for session, rest in ((first, ["Parks", "Water", "Roads"]), (third, ["Water", "Roads"])):
        desk.page.keyboard.press("Alt+KeyA")
        reads(waiting, *rest)
        session.refresh_from_db()
        assert session.agent == city.rosa
    assert {each.status for each in ChatSession.objects.filter(pk__in=[second.pk, fourth.pk])} == {"queued"}
