"""Every run of the benchmarks, tiny: messages arrive, and each figure is one."""

import sys

import pytest

from bench.goals import GOALS
from bench.report import report
from bench.runs import Size, house, measure

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="CPU and memory are read from /proc")

TINY = Size(
    pairs=4,
    seconds=0.4,
    warm_seconds=0.2,
    paced_pairs=6,
    paced_rate=40,
    paced_seconds=0.6,
    idle_pairs=12,
    idle_warm_pairs=4,
    agents=3,
    seats=4,
)


@pytest.fixture(scope="module")
def outcomes():
    runs = list(dict.fromkeys(run for goal in GOALS for run in goal.runs))
    with house(runs, TINY) as built:
        return {run.name: measure(run, built, seed=7) for run in runs}


def test_every_run_relays_messages(outcomes):
    talking = {name: outcome for name, outcome in outcomes.items() if not outcome.sockets}
    assert all(outcome.messages > 0 for outcome in talking.values())
    assert all(outcome.delivery_p95 > 0 for outcome in talking.values())


def test_an_idle_run_counts_the_sockets_that_it_opened(outcomes):
    assert outcomes["limit, idle"].sockets == 16
    assert outcomes["product, idle"].sockets == 10  # a desk serves four pairs


def test_the_report_has_a_line_for_each_goal_and_each_run(outcomes):
    text = report(GOALS, [outcomes], seed=7)
    assert all(f"| {goal.number} | {goal.what}" in text for goal in GOALS)
    assert all(f"| {name} |" in text for name in outcomes)
