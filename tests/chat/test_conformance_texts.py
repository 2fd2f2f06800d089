"""Whether agents kept the rules on what they write: green as it is, red once a stored text is damaged."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chat.actions import Draft, append, ask_release, decide_on_text
from chat.models import ChatEvent, ChatSession, Side
from policies.conformance import Judgement, Period, Verdict, judge_all
from policies.models import LinkDomain, ProfanityWord
from policies.words import forget_words
from tests.chat.conftest import NOON, City
from tests.factories import ActiveSessionFactory, as_owner
from tests.policies.factories import adopt

PERIOD = Period(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rules(db: None) -> Iterator[None]:
    for rule in ("EM-COM-C", "EM-PII-A", "EM-LINK"):
        adopt(rule)
    LinkDomain.objects.create(domain="maplebrook.example")
    list_word("damn", since=NOON - timedelta(days=1))
    yield
    forget_words()


def list_word(phrase: str, *, since: object) -> None:
    row = ProfanityWord.objects.create(language="en", kind="profanity", phrase=phrase)
    row.history.update(history_date=since)
    forget_words()


@pytest.fixture
def session(city: City) -> ChatSession:
    made: ChatSession = ActiveSessionFactory(department=city.general, agent=city.rosa, requested_at=NOON)
    return made


def say(session: ChatSession, text: str, *confirmed: str) -> None:
    confirms = frozenset(confirmed)
    [result] = append(
        [Draft(session.pk, uuid.uuid4(), Side.AGENT, text, NOON, agent_id=session.agent_id, confirmed=confirms)]
    )
    assert result.error is None


def verdict(rule: str) -> Judgement:
    [found] = judge_all(PERIOD, at=PERIOD.end, only=[rule])
    return found


def damage(text: str, **more: object) -> None:
    with as_owner():
        ChatEvent.objects.update(text=text, **more)


@pytest.mark.rule("EM-COM-C")
def test_a_released_word_is_kept_and_one_that_got_through_is_not(city: City, session: ChatSession) -> None:
    uid = uuid.uuid4()
    assert verdict("EM-COM-C").verdict == Verdict.NOT_MEASURED
    ask_release(session.pk, agent_id=city.rosa.pk, uid=uid, text="damn", at=NOON)
    decide_on_text(session.pk, uid, by_id=city.supervisor.pk, is_released=True, at=NOON)
    say(session, "damn")
    assert verdict("EM-COM-C").verdict == Verdict.KEPT
    say(session, "heck")
    list_word("heck", since=NOON + timedelta(minutes=1))
    assert verdict("EM-COM-C").verdict == Verdict.KEPT  # it was no listed word by then
    damage("damn")
    found = verdict("EM-COM-C")
    assert (found.verdict, found.finding.broken) == (Verdict.BROKEN, (str(session.pk),))


@pytest.mark.rule("EM-PII-A")
def test_confirmed_contact_details_are_kept_and_others_are_not(session: ChatSession) -> None:
    say(session, "Call 416-555-0177", "phone")
    assert verdict("EM-PII-A").verdict == Verdict.KEPT
    say(session, "Call 555-0100")
    found = verdict("EM-PII-A")
    assert (found.verdict, found.finding.considered) == (Verdict.KEPT, 2)
    damage("Call 416-555-0178")
    assert verdict("EM-PII-A").verdict == Verdict.BROKEN


@pytest.mark.rule("EM-LINK")
@pytest.mark.parametrize(
    "wrong", [{"side": "customer"}, {"data": {"links": [[0, 20, "https://evil.example"]]}}], ids=["side", "domain"]
)
def test_links_to_listed_domains_are_kept_and_others_are_not(session: ChatSession, wrong: dict[str, object]) -> None:
    say(session, "https://maplebrook.example")
    assert verdict("EM-LINK").verdict == Verdict.KEPT
    damage("https://maplebrook.example", **wrong)
    assert verdict("EM-LINK").verdict == Verdict.BROKEN
