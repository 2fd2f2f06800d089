"""Which version of a rule holds when. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from policies.models import RuleVersion
from policies.values import default_of


def in_force(rule: str, *, at: datetime) -> RuleVersion | None:
    """Return the version of a rule that holds at an instant; None when the city has not adopted it."""
    return rules_in_force([rule], at=at).get(rule)


def rules_in_force(rules: Iterable[str] | None = None, *, at: datetime) -> dict[str, RuleVersion]:
    """Return the versions that hold at an instant, of these rules or of all; one statement."""
    rows = RuleVersion.objects.latest_of_each(at=at).select_related("document")
    if rules is not None:
        rows = rows.filter(rule__in=list(rules))
    return {row.rule: row for row in rows if row.is_adopted}


def number_in_force(rule: str, name: str, *, at: datetime) -> int:
    """Return a number of a rule as it holds at an instant; where the rule is not adopted, its default."""
    [number] = numbers_in_force(rule, name, at=at)
    return number


def numbers_in_force(rule: str, *names: str, at: datetime) -> list[int]:
    """Return several numbers of a rule, likewise; one statement."""
    version = in_force(rule, at=at)
    return [version.number_of(name) if version else int(default_of(rule, name)) for name in names]


def planned(*, at: datetime) -> list[RuleVersion]:
    """Return the versions that will come into force later, the next one first."""
    rows = RuleVersion.objects.filter(effective_from__gt=at).select_related("document", "by")
    return list(rows.order_by("effective_from", "pk"))
