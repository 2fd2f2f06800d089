"""The register: what keeps each rule, and whether it was kept. Nothing is green by default.

A room that keeps a rule registers itself here; the rooms below know none of
them. A check looks at what really happened in a period and answers with the
ids of what broke the rule. Where the daily purge takes what a check looks at,
a tally keeps what it found by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Max, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from policies.catalogue import Rule, rules
from policies.models import RuleVersion, Tally
from policies.versions import rules_in_force

BUILT = 4  # the step that the program has reached


class Verdict(TextChoices):
    KEPT = "kept", gettext_lazy("Kept")
    BROKEN = "broken", gettext_lazy("Not kept")
    IN_PART = "in_part", gettext_lazy("Kept in part")
    NOT_MEASURED = "not_measured", gettext_lazy("Not measured")
    NOT_ENFORCED = "not_enforced", gettext_lazy("Not enforced yet")
    NOT_ADOPTED = "not_adopted", gettext_lazy("Not adopted here")


@dataclass(frozen=True)
class Period:
    """From `start` to before `end`."""

    start: datetime
    end: datetime

    @classmethod
    def last_days(cls, days: int, *, at: datetime) -> Period:
        return cls(at - timedelta(days=days), at)


@dataclass(frozen=True)
class Finding:
    """What a check found: how many cases the rule applied to, and the ids of those in which it was broken.

    `departure` says why the rule is not kept although no single case shows it, such as a switch that is on.
    """

    considered: int
    broken: tuple[str, ...] = ()
    note: str = ""
    departure: str = ""

    @property
    def kept(self) -> int:
        return self.considered - len(self.broken)

    @property
    def is_clean(self) -> bool:
        return not self.broken and not self.departure


Check = Callable[[Period], Finding]


@dataclass(frozen=True)
class Keeper:
    """What keeps a rule: in words, with the check that measures it, and what is still missing.

    `is_transient` says that the daily purge takes what the check looks at.
    """

    how: str | Promise
    check: Check | None = None
    lacks: str | Promise = ""
    is_transient: bool = False


@dataclass(frozen=True)
class Judgement:
    """A rule with its verdict in a period."""

    rule: Rule
    verdict: Verdict
    version: RuleVersion | None
    keeper: Keeper | None
    finding: Finding | None

    @property
    def reason(self) -> str:
        """Say in a sentence why the verdict is what it is."""
        if self.verdict == Verdict.NOT_ADOPTED:
            return _("This city has not adopted the rule.")
        if self.keeper is None:
            return _("It comes with step %(step)d of the program.") % {"step": self.rule.step}
        if self.finding is None:
            return _("No figure of the running program can show it.")
        if self.finding.departure:
            return self.finding.departure
        if not self.finding.considered:
            return _("Nothing happened in this time that the rule applies to.")
        return _("%(kept)d of %(considered)d kept.") % {
            "kept": self.finding.kept,
            "considered": self.finding.considered,
        }


_keepers: dict[str, Keeper] = {}


def keep(
    rule: str,
    *,
    how: str | Promise,
    check: Check | None = None,
    lacks: str | Promise = "",
    is_transient: bool = False,
) -> None:
    """Register what keeps a rule; with `is_transient` its evidence is purged. Called from `AppConfig.ready()`."""
    _keepers[rule] = Keeper(how, check, lacks, is_transient)


def keeper_of(rule: str) -> Keeper | None:
    return _keepers.get(rule)


@dataclass(frozen=True)
class _Kept:
    """What tallies have kept of a rule: until when, and those that begin in the period asked for."""

    until: datetime
    tallies: list[Tally]


def judge(rule: Rule, version: RuleVersion | None, period: Period, *, since: datetime | None = None) -> Judgement:
    """Measure one rule, in that part of the period in which the city had adopted it (from `since` on)."""
    return _judge(rule, version, period, since=since, kept=_kept([rule.id], period).get(rule.id))


def _judge(
    rule: Rule, version: RuleVersion | None, period: Period, *, since: datetime | None, kept: _Kept | None
) -> Judgement:
    keeper = _keepers.get(rule.id)
    if version is None:
        return Judgement(rule, Verdict.NOT_ADOPTED, None, keeper, None)
    if keeper is None:
        return Judgement(rule, Verdict.NOT_ENFORCED, version, None, None)
    measured = Period(max(period.start, since or version.effective_from), period.end)
    finding = _measure(keeper.check, measured, kept) if keeper.check else None
    return Judgement(rule, _verdict(keeper, finding), version, keeper, finding)


def _measure(check: Check, measured: Period, kept: _Kept | None) -> Finding:
    """Add up what was kept by tallies, and what the check finds in the time after the newest one."""
    if kept is None:
        return check(measured)
    live = Period(max(measured.start, kept.until), measured.end)
    found = check(live) if live.start < live.end else Finding(0)
    tallies = [each for each in kept.tallies if each.start >= measured.start]
    return replace(
        found,
        considered=found.considered + sum(each.considered for each in tallies),
        broken=(*(one for each in tallies for one in each.broken), *found.broken),
    )


# Tallies --------------------------------------------------------------------
def tally(period: Period, *, at: datetime) -> None:
    """Keep what the checks find whose evidence is about to be purged, in the caller's transaction.

    One tally for each rule that holds at the end of the period, from its adoption on; what an earlier tally of the
    rule covers is not counted again, and so the same call once more changes nothing. Call it before the purge, with
    the purge's cut-off as the end.
    """
    checks = {rule: keeper.check for rule, keeper in _keepers.items() if keeper.is_transient and keeper.check}
    since, until = _adopted_since(at=period.end), _tallied_until(checks)
    tallies = []
    for rule, check in checks.items():
        if rule in since:
            start = max(period.start, since[rule], until.get(rule, period.start))
            if start < period.end:
                tallies.append(_tally_of(rule, check(Period(start, period.end)), Period(start, period.end), at=at))
    Tally.objects.bulk_create(tallies, ignore_conflicts=True)


def _tally_of(rule: str, found: Finding, period: Period, *, at: datetime) -> Tally:
    return Tally(
        rule=rule,
        start=period.start,
        end=period.end,
        considered=found.considered,
        broken=list(found.broken),
        made_at=at,
    )


def _tallied_until(rules: Iterable[str]) -> dict[str, datetime]:
    """Return where the newest tally of each rule ends; one statement."""
    rows = Tally.objects.filter(rule__in=list(rules)).values("rule").annotate(until=Max("end"))
    return {row["rule"]: row["until"] for row in rows}


def _kept(rules: Iterable[str], period: Period) -> dict[str, _Kept]:
    """Return what tallies have kept of rules whose evidence is purged; two statements, or none."""
    transient = [rule for rule in rules if (keeper := _keepers.get(rule)) and keeper.is_transient]
    if not transient:
        return {}
    kept = {rule: _Kept(until, []) for rule, until in _tallied_until(transient).items()}
    begun = Tally.objects.filter(rule__in=list(kept), start__gte=period.start, start__lt=period.end)
    for row in begun.order_by("start"):
        kept[row.rule].tallies.append(row)
    return kept


# All rules ------------------------------------------------------------------
def _adopted_since(*, at: datetime) -> dict[str, datetime]:
    """Return since when each rule has held without interruption; one statement."""
    rows = RuleVersion.objects.filter(effective_from__lte=at).order_by("effective_from", "pk")
    since: dict[str, datetime] = {}
    for rule, is_adopted, begun in rows.values_list("rule", "is_adopted", "effective_from"):
        if is_adopted:
            since.setdefault(rule, begun)
        else:
            since.pop(rule, None)
    return since


def _verdict(keeper: Keeper, finding: Finding | None) -> Verdict:
    if finding is not None and not finding.is_clean:
        return Verdict.BROKEN
    if finding is None or not finding.considered:
        return Verdict.NOT_MEASURED
    return Verdict.IN_PART if keeper.lacks else Verdict.KEPT


def judge_all(period: Period, *, at: datetime, only: Sequence[str] | None = None) -> list[Judgement]:
    """Measure every rule of the catalogue, or some, in its order."""
    held, since = rules_in_force(at=at), _adopted_since(at=at)
    wanted = [rule for rule in rules().values() if only is None or rule.id in only]
    kept = _kept(held, period)
    return [
        _judge(rule, held.get(rule.id), period, since=since.get(rule.id), kept=kept.get(rule.id)) for rule in wanted
    ]
