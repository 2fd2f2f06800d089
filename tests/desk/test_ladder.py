"""What agents and supervisors read of the ladder, and how a supervisor limits somebody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from agents.actions import note_earlier
from agents.ladder import Record
from agents.models import Agent, LadderStep
from tests.factories import AgentFactory, log_in
from tests.policies.factories import adopt

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def rosa() -> Agent:
    adopt("EM-CAP")
    agent: Agent = AgentFactory(user__display_name="Rosa")
    note_earlier(agent.pk, figures=Record(341, 200, 172, timedelta(seconds=41)), by=None, at=NOON)
    return agent


@pytest.fixture
def console(client: Client) -> Client:
    log_in(client, AgentFactory(user__roles=["supervisor"], user__display_name="Sam").user)
    return client


def text_of(answer) -> str:
    page: str = answer.content.decode()
    return page


@pytest.mark.rule("EM-CAP")
def test_the_agent_reads_the_own_steps_with_their_figures_and_the_rule(client: Client, rosa: Agent) -> None:
    log_in(client, rosa.user)
    page = text_of(client.get("/desk/ladder/"))
    assert "2 of 3 chats: 341 chats, 86 % satisfied, first response 0:41; the third seat comes at 500" in page
    assert "3, then 2" in page
    assert "Placed on the ladder as it then was. All chats: 341 chats, 86 % satisfied" in page
    assert "Everybody begins with 1 chat at once." in page
    assert "EM-CAP, version 1" in page
    assert "Set the limit" not in page


def test_nobody_reads_of_another_on_the_own_page(client: Client, rosa: Agent) -> None:
    log_in(client, AgentFactory().user)
    assert "341" not in text_of(client.get("/desk/ladder/"))


@pytest.mark.rule("EM-CAP")
def test_a_supervisor_sees_everybody_and_every_step(console: Client, rosa: Agent) -> None:
    assert "3, then 2" in text_of(console.get("/supervise/"))
    page = text_of(console.get("/supervise/ladder/"))
    assert "2 of 3 chats: 341 chats" in page
    assert f'href="/supervise/ladder/{rosa.pk}/"' in page


@pytest.mark.rule("EM-CAP")
def test_a_supervisor_limits_an_agent_and_lifts_it_again(console: Client, client: Client, rosa: Agent) -> None:
    page = f"/supervise/ladder/{rosa.pk}/"
    answer = console.post(f"{page}limit/", {"to": "1", "why": "Back from leave."}, follow=True)
    assert "Rosa may hold 1 chat at once now. Chats that run stay." in text_of(answer)
    assert "Limited to 1 by Sam" in text_of(answer)
    rosa.refresh_from_db()
    assert (rosa.seats, rosa.restricted_to, rosa.restricted_at) == (1, 1, NOON)
    console.post(f"{page}limit/", {"to": "", "why": "Well again."})
    rosa.refresh_from_db()
    assert (rosa.seats, rosa.restricted_to) == (2, None)
    assert list(LadderStep.objects.filter(kind="limit").values_list("why", flat=True)) == [
        "Well again.",
        "Back from leave.",
    ]
    assert rosa.history.first().history_user.shown_name == "Sam"


@pytest.mark.rule("EM-CAP")
def test_a_limit_above_what_the_ladder_gives_is_said_to_change_nothing(console: Client, rosa: Agent) -> None:
    answer = console.post(f"/supervise/ladder/{rosa.pk}/limit/", {"to": "3", "why": "No more."}, follow=True)
    said = "The limit of 3 is kept, and changes nothing now: Rosa may hold 2 chats at once."
    assert said in text_of(answer)
    rosa.refresh_from_db()
    assert (rosa.seats, rosa.restricted_to) == (2, 3)


def test_the_title_says_once_that_there_is_an_error(console: Client, rosa: Agent) -> None:
    answer = console.post(f"/supervise/ladder/{rosa.pk}/limit/", {"to": "0", "why": "x"})
    assert text_of(answer).partition("<title>")[2].partition("</title>")[0].count("Error:") == 1


@pytest.mark.parametrize(
    ("facts", "field", "sentence"),
    [
        ({"to": "0", "why": "x"}, "to", "Write a whole number from 1 on"),
        ({"to": "-1", "why": "x"}, "to", "Write a whole number from 1 on"),
        ({"to": "two", "why": "x"}, "to", "Write a whole number from 1 on"),
        ({"to": "1", "why": "  "}, "why", "The agent reads it."),
        ({"to": "", "why": "x"}, "to", "is not limited"),
    ],
)
def test_what_is_no_limit_is_refused_where_it_is_typed(console: Client, rosa: Agent, facts, field, sentence) -> None:
    answer = console.post(f"/supervise/ladder/{rosa.pk}/limit/", facts)
    assert answer.status_code == 400
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert LadderStep.objects.count() == 1


def test_only_supervisors_limit(client: Client, rosa: Agent) -> None:
    log_in(client, rosa.user)
    assert client.post(f"/supervise/ladder/{rosa.pk}/limit/", {"to": "9", "why": "x"}).status_code == 403
