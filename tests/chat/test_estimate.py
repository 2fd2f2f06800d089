"""The expected wait over a made-up day of 300 chats, seeded: how far it is from what people then really waited."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from datetime import timedelta
from statistics import median

import pytest

from chat.models import ChatSession
from chat.news import read_availability, read_queue
from chat.rules import estimated_wait_seconds
from tests.chat.conftest import NOON, City
from tests.factories import ActiveSessionFactory, QueuedSessionFactory
from tests.policies.factories import adopt

CHATS, AGENTS, DAY = 300, 3, 8 * 3600.0  # seconds
LONGEST_TALK = 420.0
WINDOW = timedelta(minutes=30)

pytestmark = pytest.mark.rule("DF-WAIT")


def made_up_day(seed: int) -> Iterator[tuple[int | None, float]]:
    """Yield, for each resident who had to wait, what they were told and what they waited, in seconds.

    Chats come evenly at random; three agents take them in order, one at a time,
    each for 2 to 7 minutes, which is a little less than the agents can do in
    the quiet hours and more at noon.
    """
    dice = random.Random(seed)
    come = sorted(dice.triangular(0, DAY, DAY / 2) for _ in range(CHATS))
    free = [0.0] * AGENTS
    heapq.heapify(free)
    accepted: list[float] = []
    for at in come:
        begun = max(at, heapq.heappop(free))
        heapq.heappush(free, begun + dice.uniform(120, LONGEST_TALK))
        ahead = sum(1 for other in accepted if other > at)  # who came before, and still waits
        accepts = sum(1 for other in accepted if at - WINDOW.total_seconds() < other <= at)
        accepted.append(begun)
        if begun > at:
            yield estimated_wait_seconds(ahead + 1, accepts, window=WINDOW, needed=5), begun - at


@pytest.mark.parametrize("seed", range(5))
def test_the_median_error_is_at_most_half_of_the_real_wait(seed: int) -> None:
    errors = [abs(told - waited) / waited for told, waited in made_up_day(seed) if told is not None]
    assert len(errors) > 100
    assert median(errors) <= 0.5


def test_the_estimate_that_is_read_counts_accepts_of_the_last_half_hour_of_department_and_language(
    city: City,
) -> None:
    for minute in (1, 10, 20, 29):
        ActiveSessionFactory(department=city.general, requested_at=NOON - timedelta(minutes=minute))
    ActiveSessionFactory(department=city.general, requested_at=NOON - timedelta(minutes=30))
    ActiveSessionFactory(department=city.roads, requested_at=NOON)
    waiting = [QueuedSessionFactory(department=city.general, requested_at=NOON) for _ in range(2)]
    assert {read_queue(at=NOON).waiting[session.pk] for session in waiting} == {(1, None), (2, None)}
    ActiveSessionFactory(department=city.general, requested_at=NOON)
    assert {read_queue(at=NOON).waiting[session.pk] for session in waiting} == {(1, 360), (2, 720)}
    assert ChatSession.objects.queued().count() == 2


def accepted(city: City, *minutes: int) -> None:
    for minute in minutes:
        ActiveSessionFactory(department=city.general, requested_at=NOON - timedelta(minutes=minute))


def test_from_how_many_on_and_how_far_back_a_wait_is_reckoned_is_a_row(city: City) -> None:
    accepted(city, 1, 2, 50)
    session = QueuedSessionFactory(department=city.general, requested_at=NOON)
    told = {}
    for accepts, minutes in ((5, 30), (2, 30), (3, 30), (3, 60)):
        adopt("DF-WAIT", accepts=accepts, minutes=minutes)
        told[accepts, minutes] = read_queue(at=NOON).waiting[session.pk]
    assert told == {(5, 30): (1, None), (2, 30): (1, 900), (3, 30): (1, None), (3, 60): (1, 1200)}
    english = session.language
    assert read_availability(city.general, english, at=NOON)["estimated_wait_seconds"] == 2400
