"""Whether the routing was kept: green after what the product does, red once what enforces it is switched off.

Each story runs twice: as it is, and with the one piece of code taken out that keeps the rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

import pytest

from agents.actions import assign_channel, set_presence
from agents.models import Presence
from chat import matching, timers
from chat.actions import accept, decline, route, sessions
from chat.models import ChatSession
from contactcenter.lib.errors import DomainError
from policies.conformance import Period, Verdict, judge_all
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import LanguageFactory, QueuedSessionFactory
from tests.policies.factories import adopt

MINUTE = timedelta(minutes=1)
PERIOD = Period(NOON - 60 * MINUTE, NOON + 60 * MINUTE)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def policy(city: City) -> None:
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)
    adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)
    adopt("EM-COM-Da")
    adopt("EM-LANG")
    adopt("DF-WAIT")
    for agent in (city.rosa, city.rudi, city.supervisor):
        agent.intervals.update(started_at=NOON - MINUTE)
    assign_channel(city.rosa, "chat", from_on=NOON.date(), why="Takes chats.", by=None)


def waits(city: City, **more: object) -> ChatSession:
    session: ChatSession = QueuedSessionFactory(
        department=city.general, requested_at=NOON, customer_wrote_at=NOON, **more
    )
    return session


def an_offer_that_nobody_answers(city: City) -> None:
    """Once; the second time she says that she cannot."""
    session = waits(city)
    timers.act_on_due_timers(at=NOON)
    timers.act_on_due_timers(at=NOON + MINUTE / 2)
    decline(session.pk, agent_id=city.rosa.pk, why="", at=NOON + 3 * MINUTE / 4)


def somebody_on_a_break(city: City) -> None:
    set_presence(city.rosa.pk, Presence.BREAK, at=NOON - MINUTE / 2)
    waits(city)
    route(at=NOON)


def a_question_that_nobody_answers(city: City) -> None:
    accept(waits(city).pk, agent_id=city.rosa.pk, at=NOON)
    for minute in range(1, 4):
        timers.act_on_due_timers(at=NOON + minute * MINUTE)
    set_presence(city.rosa.pk, Presence.OFFLINE, at=NOON + 3 * MINUTE)


def somebody_who_is_not_assigned(city: City) -> None:
    try:
        accept(waits(city).pk, agent_id=city.supervisor.pk, at=NOON)
    except DomainError:
        accept(ChatSession.objects.get().pk, agent_id=city.rosa.pk, at=NOON)


def a_chat_in_spanish(city: City) -> None:
    spanish = LanguageFactory(code="es", name="Español")
    lola = online_agent("Lola", city.general)
    lola.languages.add(spanish)
    lola.intervals.update(started_at=NOON - MINUTE / 2)
    assign_channel(lola, "chat", from_on=NOON.date(), why="Takes chats.", by=None)
    waits(city, language=spanish)
    route(at=NOON)


def nothing(*_args: object, **_more: object) -> int:
    return 0


@pytest.mark.parametrize(
    ("rule", "story", "owner", "name", "instead"),
    [
        ("SJ-ACD", an_offer_that_nobody_answers, timers, "expire_offers", nothing),
        ("EM-COM-D", a_question_that_nobody_answers, timers, "press_silent_agents", nothing),
        ("EM-COM-Da", somebody_who_is_not_assigned, sessions, "guard_assigned", nothing),
    ],
)
def test_a_rule_is_kept_by_one_piece_of_code(
    city: City,
    monkeypatch: pytest.MonkeyPatch,
    rule: str,
    story: Callable[[City], None],
    owner: object,
    name: str,
    instead: object,
) -> None:
    monkeypatch.setattr(owner, name, instead)
    story(city)
    [found] = judge_all(PERIOD, at=PERIOD.end, only=[rule])
    assert found.verdict == Verdict.BROKEN


@pytest.mark.parametrize(
    ("rule", "story"),
    [
        ("SJ-ACD", an_offer_that_nobody_answers),
        ("SJ-ACD", somebody_on_a_break),
        ("EM-COM-D", a_question_that_nobody_answers),
        ("EM-COM-Da", somebody_who_is_not_assigned),
        ("EM-LANG", a_chat_in_spanish),
        ("DF-WAIT", an_offer_that_nobody_answers),
    ],
)
def test_what_the_product_does_keeps_the_rules(city: City, rule: str, story: Callable[[City], None]) -> None:
    story(city)
    [found] = judge_all(PERIOD, at=PERIOD.end, only=[rule])
    assert found.verdict not in (Verdict.BROKEN, Verdict.NOT_ENFORCED)


def test_a_chat_in_another_language_that_goes_to_somebody_else_first_is_found(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "_languages", lambda _ids: defaultdict(set))
    a_chat_in_spanish(city)
    [found] = judge_all(PERIOD, at=PERIOD.end, only=["EM-LANG"])
    assert found.verdict == Verdict.BROKEN
