# ruff: noqa: F401, F811  (the fixture `city` comes from the tests of the chat)
"""The supervisor's page on who takes which channel."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import ChannelAssignment
from tests.chat.conftest import City, city
from tests.factories import log_in

PAGE = "/supervise/channels/"
pytestmark = [pytest.mark.django_db, pytest.mark.rule("EM-COM-Da")]


@pytest.fixture
def client(city: City) -> Client:
    client = Client()
    log_in(client, city.supervisor.user)
    return client


def test_a_supervisor_assigns_and_ends(client: Client, city: City) -> None:
    today = timezone.localdate()
    facts = {"agent": city.rosa.pk, "channel": "chat", "from_on": today.isoformat(), "why": "Takes chats."}
    assert client.post(f"{PAGE}assign/", facts).status_code == 302
    assignment = ChannelAssignment.objects.get()
    assert (assignment.agent, assignment.assigned_by, assignment.through_on) == (city.rosa, city.supervisor.user, None)
    assert assignment.history.latest().history_user == city.supervisor.user
    assert "Takes chats." in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}{assignment.pk}/end/").status_code == 302
    assignment.refresh_from_db()
    assert assignment.through_on == today


def test_what_cannot_be_assigned_stands_at_its_field_with_what_was_typed(client: Client, city: City) -> None:
    today = timezone.localdate().isoformat()
    facts = {"agent": city.rosa.pk, "channel": "chat", "from_on": today, "why": "Takes chats."}
    client.post(f"{PAGE}assign/", facts)
    again = client.post(f"{PAGE}assign/", facts)
    assert again.status_code == 400
    assert "End or change that one" in again.content.decode()
    empty = client.post(f"{PAGE}assign/", {**facts, "why": ""})
    assert "Write why" in empty.content.decode()
    assert ChannelAssignment.objects.count() == 1
    assert client.post(f"{PAGE}{10**6}/end/").status_code == 404
