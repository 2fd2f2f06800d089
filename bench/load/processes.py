"""What the kernel says about a process: CPU time and memory."""

from __future__ import annotations

import os
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


def cpu_of(pids: list[int]) -> float:
    """Return the CPU seconds that these processes, all threads, have used so far."""
    return sum(_ticks(pid) for pid in pids) * TICK


def cpu_of_family(pid: int) -> float:
    """Return the CPU seconds of a process and its living children, 0 for pid 0."""
    return cpu_of([pid, *children_of(pid)]) if pid else 0.0


def children_of(pid: int) -> list[int]:
    """Return the living children of a process."""
    tasks = PROC / str(pid) / "task"
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


def memory_of(pids: list[int]) -> int:
    """Return the resident bytes of these processes."""
    return sum(int((PROC / str(pid) / "statm").read_text().split()[1]) for pid in pids) * PAGE


def _ticks(pid: int) -> int:
    fields = (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])
