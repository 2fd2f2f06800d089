"""Whether the ladder was kept: green after what the program does, red for what it should never have let happen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agents.actions import fix_seats, note_earlier
from agents.ladder import Record
from agents.models import LadderStanding, LadderStep
from chat.actions import accept, end_as_agent, recompute
from contactcenter.lib.errors import DomainError
from policies.conformance import Judgement, Period, Verdict, judge_all
from tests.chat.conftest import City
from tests.chat.test_ladder import NOON, QUICK, finished
from tests.factories import ActiveSessionFactory, QueuedSessionFactory, as_owner
from tests.policies.factories import adopt

PERIOD = Period(datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))
SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def policy(city: City) -> None:
    adopt("EM-CAP")
    adopt("EM-CAP-down")


def verdict(rule: str) -> Judgement:
    [found] = judge_all(PERIOD, at=PERIOD.end, only=[rule])
    return found


@pytest.mark.rule("EM-CAP")
def test_the_cap_is_kept_by_what_the_program_does(city: City) -> None:
    note_earlier(city.rosa.pk, figures=Record(341, 200, 172, QUICK), by=None, at=PERIOD.start)
    assert verdict("EM-CAP").verdict == Verdict.NOT_MEASURED
    waiting = [QueuedSessionFactory(department=city.general, requested_at=NOON) for _ in range(4)]
    for number, session in enumerate(waiting[:2]):
        accept(session.pk, agent_id=city.rosa.pk, at=NOON + number * SECOND)
    with pytest.raises(DomainError, match="2 of 2"):
        accept(waiting[2].pk, agent_id=city.rosa.pk, at=NOON + 3 * SECOND)
    end_as_agent(waiting[0].pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON + 60 * SECOND)
    accept(waiting[3].pk, agent_id=city.rosa.pk, at=NOON + 61 * SECOND)
    found = verdict("EM-CAP")
    assert (found.verdict, found.finding.considered if found.finding else 0) == (Verdict.KEPT, 3)


@pytest.mark.rule("EM-CAP")
def test_a_chat_above_the_cap_is_found(city: City) -> None:
    note_earlier(city.rosa.pk, figures=Record(341, 200, 172, QUICK), by=None, at=PERIOD.start)
    with as_owner():
        for number in range(3):
            over = ActiveSessionFactory(
                department=city.general, agent=city.rosa, requested_at=NOON, accepted_at=NOON + number * SECOND
            )
    found = verdict("EM-CAP")
    assert found.verdict == Verdict.BROKEN
    assert found.finding is not None
    assert found.finding.broken == (str(over.pk),)


@pytest.mark.rule("EM-CAP")
def test_chats_that_stay_after_a_step_down_break_nothing(city: City) -> None:
    note_earlier(city.rosa.pk, figures=Record(900, 500, 450, QUICK), by=None, at=PERIOD.start)
    waiting = [QueuedSessionFactory(department=city.general, requested_at=NOON) for _ in range(3)]
    for session in waiting:
        accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    finished(city.rosa, 100, rating=1, city=city)
    recompute(city.rosa.pk, at=NOON + 60 * SECOND)
    assert verdict("EM-CAP").verdict == Verdict.KEPT
    assert verdict("EM-CAP-down").verdict == Verdict.KEPT


@pytest.mark.rule("EM-CAP")
def test_a_fixed_number_is_a_departure(city: City) -> None:
    fix_seats(city.rosa.pk, seats=7, by=None, at=NOON)
    found = verdict("EM-CAP")
    assert found.verdict == Verdict.BROKEN
    assert found.reason.startswith("1 person holds a number of chats that an administrator has fixed")


@pytest.mark.rule("EM-CAP-down")
def test_a_step_without_its_figures_is_found_and_so_is_who_was_left_above(city: City) -> None:
    version = adopt("EM-CAP-down")
    figures = {"chats": 100, "rated": 100, "satisfied": 80, "first_response_seconds": 41.0}
    LadderStep.objects.create(
        agent=city.rosa,
        at=NOON,
        kind="down",
        seats_before=3,
        seats_after=2,
        binding="rung",
        rule="EM-CAP-down",
        version=version,
        figures={"all": figures, "last": figures, "rung": 2},
    )
    assert verdict("EM-CAP-down").verdict == Verdict.BROKEN
    with as_owner():
        LadderStep.objects.all().delete()
    assert verdict("EM-CAP-down").verdict == Verdict.NOT_MEASURED
    note_earlier(city.rosa.pk, figures=Record(900, 500, 450, QUICK), by=None, at=PERIOD.start)
    LadderStanding.objects.update(is_below=True)
    found = verdict("EM-CAP-down")
    assert found.finding is not None
    assert (found.verdict, found.finding.broken) == (Verdict.BROKEN, (f"agent {city.rosa.pk}",))
