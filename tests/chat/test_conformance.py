"""Whether a rule was kept: green after what the product does, red once what enforces it is switched off.

Each story runs twice: as it is, and with the one piece of code taken out that keeps the rule.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest

from chat import timers
from chat.actions import Draft, accept, append, end_as_agent, seats, sessions
from chat.models import ChatSession, Side, Wording
from contactcenter.lib.errors import DomainError
from policies.conformance import Judgement, Period, Verdict, judge_all
from tests.chat.conftest import City
from tests.chat.test_opening import ask, local
from tests.factories import CertificateFactory, CertificateKindFactory, LanguageFactory, as_owner
from tests.policies.factories import adopt, calendar

MOMENT = timedelta(microseconds=1)
PERIOD = Period(local(0), local(0, day=25))

pytestmark = pytest.mark.django_db


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture(autouse=True)
def policy(city: City) -> None:
    """The rules of this step on office days from 8:30 to 16:30, and a certificate for the chat and for Spanish."""
    adopt("EM-DEF")
    adopt("SJ-GREET")
    adopt("EM-HRS", always_open=False)
    adopt("EM-HRS-30", minutes_before_closing=30)
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)
    adopt("PH-CERT")
    adopt("PH-BIL")
    calendar()
    LanguageFactory(code="es")
    chat = CertificateKindFactory(code="chat")
    spanish = CertificateKindFactory(code="spanish", rule="PH-BIL", language_id="es")
    for kind in (chat, spanish):
        long_ago = local(9) - timedelta(days=300)
        CertificateFactory(agent=city.rosa, kind=kind, approved_at=long_ago, noted_at=long_ago)


def verdict(rule: str, *, period: Period = PERIOD) -> Judgement:
    [found] = judge_all(period, at=period.end, only=[rule])
    return found


def tried(act: Callable[[], object]) -> None:
    """Do it; a refusal is an answer, too."""
    with suppress(DomainError):
        act()


def nothing(*_args: object, **_more: object) -> int:
    """Stand in for what enforces: it does nothing."""
    return 0


# The stories: what happens on one day, whatever the program makes of it -----------------
def a_chat_that_ends(city: City) -> ChatSession:
    session = ask(city, at=local(9))
    accept(session.pk, agent_id=city.rosa.pk, at=local(9, 1))
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=local(9, 5))
    return session


def somebody_comes_at_night(city: City) -> None:
    a_chat_that_ends(city)
    tried(lambda: ask(city, at=local(20)))


def a_chat_is_accepted_after_closing(city: City) -> None:
    a_chat_that_ends(city)
    waiting = ask(city, at=local(15))
    tried(lambda: accept(waiting.pk, agent_id=city.rosa.pk, at=local(17)))


def somebody_comes_at_the_last_minute(city: City) -> None:
    a_chat_that_ends(city)
    tried(lambda: ask(city, at=local(16, 10)))


def somebody_waits_at_closing(city: City) -> None:
    ask(city, at=local(15))
    timers.act_on_due_timers(at=local(16, 30))


def a_resident_falls_silent(city: City) -> ChatSession:
    session = ask(city, at=local(9))
    accept(session.pk, agent_id=city.rosa.pk, at=local(9, 1))
    append([Draft(session.pk, uuid.uuid4(), Side.AGENT, "And?", local(9, 2), agent_id=city.rosa.pk, name="Rosa")])
    for second in range(0, 400, 10):
        timers.act_on_due_timers(at=local(9, 2) + timedelta(seconds=second))
    return session


def one_without_certificate_accepts(city: City) -> None:
    a_chat_that_ends(city)
    tried(lambda: accept(ask(city, at=local(10)).pk, agent_id=city.supervisor.pk, at=local(10, 1)))


def one_without_spanish_accepts(city: City) -> None:
    ask(city, at=local(9))
    spanish = ask(city, at=local(9, 30))
    ChatSession.objects.filter(pk=spanish.pk).update(language="es")
    other = ask(city, at=local(10))
    ChatSession.objects.filter(pk=other.pk).update(language="es")
    tried(lambda: accept(spanish.pk, agent_id=city.rosa.pk, at=local(9, 31)))
    tried(lambda: accept(other.pk, agent_id=city.supervisor.pk, at=local(10, 1)))


UNGUARDED = """INSERT INTO chat_seat (agent_id, session_id, number, taken_at)
VALUES (%(agent_id)s, %(session_id)s, %(number)s, %(at)s)"""
TAKEN_OUT = [  # the rule, the story, and what keeps the rule in it, with what is left without it
    ("SJ-GREET", a_chat_that_ends, sessions, "greet", nothing),
    ("EM-HRS", somebody_comes_at_night, sessions, "guard_request", nothing),
    ("EM-HRS", a_chat_is_accepted_after_closing, sessions, "guard_accept", nothing),
    ("EM-HRS-30", somebody_comes_at_the_last_minute, sessions, "guard_request", nothing),
    ("EM-HRS-30", somebody_waits_at_closing, timers, "close_the_queue", nothing),
    ("EM-IDLE-2", a_resident_falls_silent, timers, "ask_the_silent", nothing),
    ("EM-IDLE-4", a_resident_falls_silent, timers, "end_the_silent", nothing),
    ("PH-CERT", one_without_certificate_accepts, seats, "_TAKE", UNGUARDED),
    ("PH-BIL", one_without_spanish_accepts, seats, "_TAKE", UNGUARDED),
]
IDS = [f"{rule}-{story.__name__}" for rule, story, *_rest in TAKEN_OUT]


@pytest.mark.parametrize(("rule", "story", "room", "name", "without"), TAKEN_OUT, ids=IDS)
def test_what_the_product_does_counts_as_kept(city, rule, story, room, name, without):
    story(city)
    found = verdict(rule)
    assert found.finding.considered > 0
    assert found.finding.broken == ()
    assert found.verdict in (Verdict.KEPT, Verdict.IN_PART)


@pytest.mark.parametrize(("rule", "story", "room", "name", "without"), TAKEN_OUT, ids=IDS)
def test_without_its_enforcement_a_rule_turns_red(city, monkeypatch, rule, story, room, name, without):
    monkeypatch.setattr(room, name, without)
    story(city)
    found = verdict(rule)
    assert found.verdict == Verdict.BROKEN
    assert set(found.finding.broken) <= {str(pk) for pk in ChatSession.objects.values_list("pk", flat=True)}
    assert len(found.finding.broken) == 1


@pytest.mark.rule("EM-DEF")
def test_a_session_that_ends_without_saying_so_is_found(city):
    told, untold = a_chat_that_ends(city), a_chat_that_ends(city)
    assert verdict("EM-DEF").verdict == Verdict.KEPT
    untold.events.filter(kind="ended").delete()
    assert verdict("EM-DEF").finding.broken == (str(untold.pk),)
    assert told.pk != untold.pk


# Nothing is green by default --------------------------------------------------------
@pytest.mark.parametrize("rule", ["EM-HRS", "EM-HRS-30", "EM-IDLE-2", "EM-IDLE-4", "PH-CERT", "PH-BIL", "SJ-GREET"])
def test_a_day_on_which_nothing_happened_measures_nothing(rule):
    assert verdict(rule).verdict == Verdict.NOT_MEASURED


@pytest.mark.parametrize("rule", ["EM-HRS", "EM-HRS-30"])
def test_hours_are_kept_whole_since_there_is_a_form_at_any_hour(city, rule):
    a_chat_that_ends(city)
    found = verdict(rule)
    assert (found.verdict, str(found.keeper.lacks)) == (Verdict.KEPT, "")


def test_the_switch_that_opens_at_any_hour_is_a_departure(city):
    a_chat_that_ends(city)
    adopt("EM-HRS", since=local(12), always_open=True)
    found = verdict("EM-HRS")
    assert found.verdict == Verdict.BROKEN
    assert "at any hour" in found.reason


def test_what_happened_before_the_city_adopted_the_rule_is_not_held_against_it(city, monkeypatch):
    monkeypatch.setattr(sessions, "guard_request", nothing)
    ask(city, at=local(3))
    adopt("EM-HRS", since=local(5), is_adopted=False)
    adopt("EM-HRS", since=local(7), always_open=False)
    assert verdict("EM-HRS").verdict == Verdict.NOT_MEASURED


def test_a_city_without_its_own_greeting_is_told_that_nobody_was_greeted(city):
    Wording.objects.all().delete()
    a_chat_that_ends(city)
    assert verdict("SJ-GREET").verdict == Verdict.BROKEN


@pytest.mark.rule("PH-CERT")
def test_a_certificate_that_counted_then_counts_though_it_was_withdrawn_since(city):
    one = a_chat_that_ends(city)
    held = city.rosa.certificates.get(kind__code="chat")
    held.withdrawn_at, held.withdrawn_by, held.withdrawn_why = local(12), held.approved_by, "Left."
    held.save()
    assert verdict("PH-CERT").finding.broken == ()
    held.withdrawn_at = local(8)
    held.save()
    assert verdict("PH-CERT").finding.broken == (str(one.pk),)


@pytest.mark.rule("PH-CERT")
def test_the_day_of_adoption_is_not_measured(city):
    a_chat_that_ends(city)
    kind = CertificateKindFactory(adopted_on=date(2026, 11, 24))
    assert verdict("PH-CERT").finding.broken == ()
    kind.adopted_on = date(2026, 11, 23)
    kind.save()
    assert verdict("PH-CERT").finding.considered == 1
    assert verdict("PH-CERT").finding.broken != ()


def test_a_notice_that_came_too_soon_is_found(city):
    session = a_resident_falls_silent(city)
    notice = session.events.get(rule="EM-IDLE-2")
    notice.data["seconds"] = 500
    with as_owner():
        notice.save()
    assert verdict("EM-IDLE-2").finding.broken == (str(session.pk),)


def test_an_end_without_a_question_before_it_is_found(city):
    session = a_resident_falls_silent(city)
    session.events.filter(rule="EM-IDLE-2").delete()
    assert verdict("EM-IDLE-4").finding.broken == (str(session.pk),)
    assert isinstance(session.requested_at, datetime)
