"""The expected wait over a made-up day of 300 chats, seeded: how far it is from what people then really waited."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from datetime import timedelta
from statistics import median

import pytest

from chat.models import ChatSession
from chat.news import read_queue
from chat.rules import ACCEPT_WINDOW, estimated_wait_seconds
from tests.chat.conftest import NOON, City
from tests.factories import ActiveSessionFactory, QueuedSessionFactory

CHATS, AGENTS, DAY = 300, 3, 8 * 3600.0  # seconds
LONGEST_TALK = 420.0

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
        window = ACCEPT_WINDOW.total_seconds()
        ahead = sum(1 for other in accepted if other > at)  # who came before, and still waits
        accepts = sum(1 for other in accepted if at - window < other <= at)
        accepted.append(begun)
        if begun > at:
            yield estimated_wait_seconds(ahead + 1, accepts), begun - at


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
