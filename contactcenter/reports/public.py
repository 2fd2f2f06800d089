"""What everybody reads of a rule: whether it is kept, in words. No figure, no id, no name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.utils.translation import gettext_lazy

from contactcenter.reports.ledger import Clause, clause_of
from policies.catalogue import rules
from policies.conformance import Judgement, Period, Verdict, judge_all, keeper_of

DAYS = 30
KEY, KEPT_SECONDS = "reports.public", 60
REASONS = {
    "not_adopted": gettext_lazy("This city has not adopted the rule."),
    "later": gettext_lazy("A later step of the program brings it."),
    "unmeasured": gettext_lazy("No figure of the running program can show it."),
    "departure": gettext_lazy("A setting of this city departs from it."),
    "nothing": gettext_lazy("Nothing happened in this time that the rule applies to."),
    "broken": gettext_lazy("It was not kept in every case."),
    "in_part": gettext_lazy("What can be measured was kept in every case. Part of the rule is still missing."),
    "kept": gettext_lazy("It was kept in every case."),
}


@dataclass(frozen=True)
class Seen:
    """What is remembered of a judgement: a verdict, the key of its reason, a clause."""

    rule: str
    verdict: Verdict
    reason: str
    clause: str


def public_clauses(*, at: datetime) -> list[Clause]:
    """Return every rule as residents read it; measured at most once in `KEPT_SECONDS` a process."""
    seen: list[Seen] | None = cache.get(KEY)
    if seen is None:
        seen = [_seen(judgement) for judgement in judge_all(Period.last_days(DAYS, at=at), at=at)]
        cache.set(KEY, seen, KEPT_SECONDS)
    known = rules()
    return [
        Clause(known[each.rule], each.verdict, REASONS[each.reason], each.clause, keeper_of(each.rule)) for each in seen
    ]


def _seen(judgement: Judgement) -> Seen:
    rule = judgement.rule
    return Seen(rule.id, judgement.verdict, reason_of(judgement), clause_of(rule, judgement.version))


def reason_of(judgement: Judgement) -> str:
    """Return the key of why the verdict is what it is."""
    finding = judgement.finding
    if judgement.verdict == Verdict.NOT_ADOPTED:
        return "not_adopted"
    if judgement.keeper is None:
        return "later"
    if finding is None:
        return "unmeasured"
    if finding.departure:
        return "departure"
    return str(judgement.verdict.value) if finding.considered else "nothing"
