"""Goal 11: the purge of 100,000 chats with 2,000,000 events, and what it does to messages that are stored meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from bench.servers import ROOT, manage, product_env, stores

NUMBER, BOUND = 11, 0.25  # seconds that an append may wait
SESSIONS, EVENTS = 100_000, 20


@dataclass(frozen=True)
class Times:
    """Seconds; the waits are the longest and the 95th percentile of one message's append."""

    deleted: int
    purge: float
    longest: float
    longest_before: float
    p95: float
    p95_before: float
    row_locks: int


def section(sessions: int = SESSIONS, events: int = EVENTS) -> str:
    """Return the purge's figures as Markdown, measured on stores of its own."""
    with stores() as own:
        env = product_env(own)
        manage("migrate", "-v0", env=env)
        manage("load_preset", "demo", "-v0", env=env)
        command = [sys.executable, "-m", "bench.purging", str(sessions), str(events)]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    times = Times(**json.loads(done.stdout))
    met = "met" if times.longest <= BOUND else "**not met**"
    return (
        "| # | what | goal | longest | 95th percentile | without a purge: longest · 95th percentile | |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        f"| {NUMBER} | an append during the purge of {times.deleted:,} chats with {times.deleted * events:,} events, "
        f"which took {times.purge:.1f} s | at most {BOUND * 1000:.0f} ms | **{times.longest * 1000:.0f} ms** "
        f"| {times.p95 * 1000:.0f} ms | {times.longest_before * 1000:.0f} ms · {times.p95_before * 1000:.0f} ms "
        f"| {met} |\n\n"
        f"Locks while it ran: {times.row_locks} table locks, none stronger than RowExclusiveLock; rows of the "
        "chats that go, and no others.\n"
    )
