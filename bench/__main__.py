"""`./run bench`: measure the goals of `bench/goals.py`, each against its baseline, in rounds that interleave them.

It starts its own database, Valkey and servers on this machine's loopback, ends
by itself after a few minutes, and ends only what it started.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import clock, purge
from bench.goals import GOALS, Goal
from bench.load.plan import Outcome
from bench.report import report
from bench.runs import House, Run, Size, house, measure

INTRODUCTION = """# What was measured

Written by `./run bench --write bench/results.md`. Times drift on shared machines, so the goals are ratios of what was
measured within one round, medians over the rounds; the absolute figures are of that machine in those minutes.

"""


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    goals = [goal for goal in GOALS if goal.number in options.goals]
    size = Size(seconds=options.seconds)
    parts = []
    if goals:
        with house(_runs(goals), size) as built:
            rounds = [_round(built, goals, options.seed + number) for number in range(options.rounds)]
        parts.append(report(goals, rounds, seed=options.seed))
    if clock.NUMBER in options.goals:
        parts.append(clock.section(options.rounds, seed=options.seed))
    if purge.NUMBER in options.goals:
        parts.append(purge.section())
    text = "\n".join(parts)
    print(text)
    if options.write:
        options.write.write_text(INTRODUCTION + text)


def _round(built: House, goals: Sequence[Goal], seed: int) -> dict[str, Outcome]:
    """Do every run once, in an order that the seed decides."""
    runs = _runs(goals)
    random.Random(seed).shuffle(runs)
    outcomes = {}
    for run in runs:
        outcomes[run.name] = measure(run, built, seed)
        print(f"  seed {seed}: {run.name}", file=sys.stderr)
    return outcomes


def _runs(goals: Sequence[Goal]) -> list[Run]:
    return list(dict.fromkeys(run for goal in goals for run in goal.runs))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "--goals", type=int, nargs="+", default=[*(goal.number for goal in GOALS), clock.NUMBER, purge.NUMBER]
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="measured seconds of a saturated run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="write the tables to this file as well")
    return parser


if __name__ == "__main__":
    main()
