"""What staff write for staff about a chat: payment data is masked, and bad language stays outside of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from agents.actions import restrict_seats
from agents.models import Agent
from chat.actions import ask_transfer, decline, decline_transfer, route
from chat.models import ChatSession, Offer, Transfer
from contactcenter.cases.actions import finish_task
from contactcenter.cases.models import Task
from contactcenter.lib.errors import DomainError
from policies.models import ProfanityWord
from policies.words import forget_words
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import ActiveSessionFactory, QueuedSessionFactory, TaskFactory
from tests.policies.factories import adopt

CARD = "4111 1111 1111 1111"
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def rows(db: None) -> Iterator[None]:
    ProfanityWord.objects.create(language="en", kind="profanity", phrase="damn")
    forget_words()
    for rule in ("EM-COM-C", "EM-FWD", "DF-XFER"):
        adopt(rule)
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)
    yield
    forget_words()


def of_declining(city: City, text: str) -> str:
    session = QueuedSessionFactory(department=city.general, requested_at=NOON)
    route(at=NOON)
    decline(session.pk, agent_id=Offer.objects.get().agent_id, why=text, at=NOON)
    return Offer.objects.get().declined_why


def passed_on(city: City, *, summary: str = "Wants a permit.", again: str = "") -> tuple[Transfer, Agent]:
    session: ChatSession = ActiveSessionFactory(department=city.general, agent=city.rosa, requested_at=NOON)
    ruth = online_agent("Ruth", city.general)
    ChatSession.objects.filter(pk=session.pk).update(transfers=1)
    given = {"reason": "expertise", "summary": summary, "again": again or "She asked for it."}
    return ask_transfer(session.pk, agent_id=city.rosa.pk, to={"agent": ruth.pk}, at=NOON, **given), ruth


def of_a_summary(city: City, text: str) -> str:
    return passed_on(city, summary=text)[0].summary


def of_passing_on_again(city: City, text: str) -> str:
    return passed_on(city, again=text)[0].again


def of_declining_a_colleague(city: City, text: str) -> str:
    transfer, ruth = passed_on(city)
    decline_transfer(transfer.session_id, agent_id=ruth.pk, why=text, at=NOON + SECOND)
    return Transfer.objects.get().declined_why


def of_a_limit(city: City, text: str) -> str:
    return restrict_seats(city.rosa.pk, to=1, why=text, by=city.supervisor.user, at=NOON).restricted_why


def of_a_task(city: City, text: str) -> str:
    task = TaskFactory(department=city.general)
    finish_task(task.pk, by=city.rosa, result="answered", note=text, at=NOON)
    return Task.objects.get().result_note


WRITTEN = {
    "why": [of_declining, of_declining_a_colleague, of_a_limit],
    "summary": [of_a_summary],
    "again": [of_passing_on_again],
    "note": [of_a_task],
}
EACH = [pytest.param(field, write, id=write.__name__) for field, all_of in WRITTEN.items() for write in all_of]


@pytest.mark.rule("EM-PAY")
@pytest.mark.parametrize(("field", "write"), EACH)
def test_a_card_number_is_masked(city: City, field: str, write: Callable[[City, str], str]) -> None:
    kept = write(city, f"Reads me {CARD}.")
    assert CARD not in kept
    assert kept.startswith("Reads me ")


@pytest.mark.rule("EM-COM-C")
@pytest.mark.parametrize(("field", "write"), EACH)
def test_a_profane_word_of_her_own_stops_it(city: City, field: str, write: Callable[[City, str], str]) -> None:
    with pytest.raises(DomainError, match="quotation marks") as refused:
        write(city, "A damn mess.")
    assert (refused.value.code, refused.value.more["field"], refused.value.more["rule"]) == ("edit", field, "EM-COM-C")


@pytest.mark.rule("EM-COM-C")
@pytest.mark.parametrize(("field", "write"), EACH)
def test_what_the_resident_said_may_be_quoted(city: City, field: str, write: Callable[[City, str], str]) -> None:
    assert write(city, "Says “damn mess”.") == "Says “damn mess”."


@pytest.mark.rule("EM-COM-C")
@pytest.mark.parametrize(("field", "write"), EACH)
def test_where_the_rule_is_not_adopted_no_word_stops_it(
    city: City, field: str, write: Callable[[City, str], str]
) -> None:
    adopt("EM-COM-C", since=NOON, is_adopted=False)
    assert write(city, "A damn mess.") == "A damn mess."
