"""The goals of a chat message and an idle socket: which runs each compares, and what is asked of the ratio."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bench.load.plan import Outcome
from bench.measures import median_ratio
from bench.runs import Run

Rounds: TypeAlias = Sequence[Mapping[str, Outcome]]


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio of `ours` to `theirs`, at most `bound` (at least, where more is better)."""

    number: int
    what: str
    ours: Run
    theirs: Run
    figure: Callable[[Outcome], float]
    bound: float
    more_is_better: bool = False
    beside: tuple[Run, Run] | None = field(default=None)

    @property
    def runs(self) -> list[Run]:
        return [self.ours, self.theirs, *(self.beside or ())]

    def ratio(self, rounds: Rounds) -> float:
        """Return the median over the rounds of ours against theirs."""
        return self._ratio(rounds, self.ours, self.theirs)

    def ratio_beside(self, rounds: Rounds) -> float | None:
        """Return the same with the two sides on two processes, for both, where it is measured."""
        return self._ratio(rounds, *self.beside) if self.beside else None

    def is_met(self, ratio: float) -> bool:
        return ratio >= self.bound if self.more_is_better else ratio <= self.bound

    def _ratio(self, rounds: Rounds, ours: Run, theirs: Run) -> float:
        return median_ratio(
            [self.figure(outcomes[ours.name]) for outcomes in rounds],
            [self.figure(outcomes[theirs.name]) for outcomes in rounds],
        )


def _cpu(outcome: Outcome) -> float:
    return outcome.cpu_per_message


PRODUCT, REFERENCE, LIMIT, DURABLE = Run("product"), Run("reference"), Run("limit"), Run("durable")
PRODUCT_2, REFERENCE_2, DURABLE_2 = (Run(target, processes=2) for target in ("product", "reference", "durable"))
GOALS = (
    Goal(
        1,
        "server CPU of a durable message against the stock relay without a database",
        PRODUCT,
        REFERENCE,
        _cpu,
        0.65,
        beside=(PRODUCT_2, REFERENCE_2),
    ),
    Goal(2, "server CPU of a durable message against bare in-memory ASGI", PRODUCT, LIMIT, _cpu, 11),
    Goal(
        3,
        "saturated durable messages a second against stock with an ORM insert",
        PRODUCT,
        DURABLE,
        lambda outcome: outcome.rate,
        4,
        more_is_better=True,
        beside=(PRODUCT_2, DURABLE_2),
    ),
    Goal(
        4,
        "200 messages/s over 500 pairs: delivery p95 against the stock relay without a database",
        Run("product", "pace"),
        Run("reference", "pace"),
        lambda outcome: outcome.delivery_p95,
        1,
    ),
    Goal(
        5,
        "memory of an idle socket against bare uvicorn",
        Run("product", "idle"),
        Run("limit", "idle"),
        lambda outcome: outcome.bytes_per_socket,
        1.7,
    ),
)
