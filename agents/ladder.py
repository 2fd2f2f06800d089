"""How many chats somebody may hold at once, over plain values: no database, no clock. Source: EM-CAP, EM-CAP-down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

WITHOUT_LADDER = 3  # chats at once where no ladder is adopted and nobody has fixed another number
SATISFIED = 4  # a rating from here on counts as satisfied


@dataclass(frozen=True)
class Threshold:
    """A share of rated chats that must be satisfied: more than, or at least, so many percent."""

    operator: str
    percent: int

    def is_met(self, satisfied: int, rated: int) -> bool:
        """Compare exactly; without any rating nothing is met."""
        share, asked = 100 * satisfied, self.percent * rated
        return rated > 0 and (share > asked if self.operator == ">" else share >= asked)


@dataclass(frozen=True)
class Rung:
    """What one rung asks for, and how many chats at once it allows."""

    chats: int
    satisfaction: Threshold | None
    first_response: timedelta | None  # the mean must be below
    seats: int


@dataclass(frozen=True)
class Record:
    """Figures of an agent's finished chats: how many, rated, satisfied; the mean first response, None without any.

    `responses` is of how many that is the mean, where it is not of one a chat: somebody else may have answered first.
    """

    chats: int = 0
    rated: int = 0
    satisfied: int = 0
    first_response: timedelta | None = None
    responses: int | None = field(default=None, compare=False)

    def meets(self, rung: Rung) -> bool:
        """Say whether all that the rung asks for is met. Source: EM-CAP."""
        return self.has_enough_chats(rung) and self.is_satisfying(rung) and self.is_quick(rung)

    def has_enough_chats(self, rung: Rung) -> bool:
        return self.chats >= rung.chats

    def is_satisfying(self, rung: Rung) -> bool:
        return rung.satisfaction is None or rung.satisfaction.is_met(self.satisfied, self.rated)

    def is_quick(self, rung: Rung) -> bool:
        if rung.first_response is None:
            return True
        return self.first_response is not None and self.first_response < rung.first_response

    @property
    def percent(self) -> int | None:
        """Satisfied of rated, in whole percent rounded down; None without a rating."""
        return 100 * self.satisfied // self.rated if self.rated else None

    @property
    def weight(self) -> int:
        """Of how many first responses there is the mean."""
        if self.first_response is None:
            return 0
        return self.chats if self.responses is None else self.responses

    def __add__(self, other: Record) -> Record:
        """Return both together; the means are weighted by the first responses."""
        chats, counted = self.chats + other.chats, self.weight + other.weight
        spent = [each.first_response * each.weight for each in (self, other) if each.first_response is not None]
        mean = sum(spent, timedelta()) / counted if counted else None
        return Record(chats, self.rated + other.rated, self.satisfied + other.satisfied, mean, counted)


def record_of(ratings: Sequence[int | None], firsts: Sequence[timedelta]) -> Record:
    """Return the figures of some chats, each given by its rating, and of first responses, there or in other chats."""
    rated = [rating for rating in ratings if rating is not None]
    mean = sum(firsts, timedelta()) / len(firsts) if firsts else None
    return Record(len(ratings), len(rated), sum(rating >= SATISFIED for rating in rated), mean, len(firsts))


def read_ladder(rungs: Iterable[Mapping[str, Any]]) -> tuple[Rung, ...]:
    """Return the rungs of a version's values."""
    return tuple(
        Rung(
            chats=rung["chats"],
            satisfaction=Threshold(rung["operator"], rung["percent"]) if "percent" in rung else None,
            first_response=timedelta(seconds=rung["seconds"]) if "seconds" in rung else None,
            seats=rung["seats"],
        )
        for rung in rungs
    )


def rung_earned(ladder: Sequence[Rung], record: Record) -> int:
    """Return the index of the highest rung whose every demand the record meets; the first asks for nothing.

    `ladder` ascends by `chats`. Source: EM-CAP.
    """
    return max((index for index, rung in enumerate(ladder) if record.meets(rung)), default=0)


# Stepping down --------------------------------------------------------------
@dataclass(frozen=True)
class Descent:
    """When somebody steps down: levels, how many ratings it takes, and how many chats lie between two steps."""

    below_satisfaction: int  # percent; exactly this many is not below
    first_response: timedelta  # exactly this long is below
    min_ratings: int
    chats_between: int

    def is_below(self, window: Record) -> bool:
        """Say whether the last chats are below the levels; with too few ratings they are not. Source: EM-CAP-down."""
        if window.rated < self.min_ratings:
            return False
        is_unsatisfied = 100 * window.satisfied < self.below_satisfaction * window.rated and window.rated > 0
        is_slow = window.first_response is not None and window.first_response >= self.first_response
        return is_unsatisfied or is_slow


def next_rung(
    ladder: Sequence[Rung],
    held: int,
    *,
    whole: Record,
    window: Record,
    descent: Descent | None,
    chats_since_step_down: int | None,
) -> int:
    """Return the rung after one more chat or rating.

    Up counts over all chats; nobody rises while the last ones are below the
    levels. Down goes one rung, and once stepped down not again until so many
    chats were finished. Source: EM-CAP, EM-CAP-down.
    """
    if descent is None or not descent.is_below(window):
        return max(held, rung_earned(ladder, whole))
    is_too_soon = chats_since_step_down is not None and chats_since_step_down < descent.chats_between
    return held if held == 0 or is_too_soon else held - 1


def placed_anew(ladder: Sequence[Rung], *, whole: Record, is_below: bool, seats_held: int | None) -> int:
    """Return the rung under a ladder that has changed: the earned one.

    Who is below the levels gets no more than before; `seats_held` is None for who had no rung yet.
    """
    earned = rung_earned(ladder, whole)
    if not is_below or seats_held is None:
        return earned
    kept = max((index for index, rung in enumerate(ladder) if rung.seats <= seats_held), default=0)
    return min(earned, kept)


# What binds -----------------------------------------------------------------
class Binding(StrEnum):
    """What decides how many chats somebody may hold."""

    RUNG = "rung"
    MAXIMUM = "maximum"
    TRAINEE = "trainee"
    RESTRICTION = "restriction"
    FIXED = "fixed"
    NO_LADDER = "no_ladder"


def least(limits: Mapping[Binding, int | None]) -> tuple[int, Binding]:
    """Return the least of the limits that there are, and which it is; of equal ones the one named first."""
    there = [(number, binding) for binding, number in limits.items() if number is not None]
    return min(there, key=lambda limit: limit[0])
