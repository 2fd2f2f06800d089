"""Steps on the ladder, in words. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agents.models import LadderStep
from agents.seats import say_step

LATEST_SHOWN = 5


@dataclass(frozen=True)
class Step:
    """A step with its sentence."""

    row: LadderStep
    says: str


def in_words(rows: Iterable[LadderStep]) -> list[Step]:
    """Return steps with their sentences."""
    return [Step(row, say_step(row)) for row in rows]


def latest_steps(count: int = LATEST_SHOWN) -> list[Step]:
    """Return the latest steps of everybody."""
    return in_words(LadderStep.objects.select_related("agent__user", "by", "version__document")[:count])
