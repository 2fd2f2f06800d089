"""What was measured stays measured when the purge takes what it was measured by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from policies import conformance
from policies.catalogue import rules
from policies.conformance import Finding, Judgement, Keeper, Period, Verdict, judge, judge_all, tally
from policies.models import Tally
from policies.versions import in_force
from tests.policies.factories import adopt

pytestmark = [pytest.mark.django_db, pytest.mark.rule("EM-RET-A")]
RULE = "EM-CAP"
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = MIDNIGHT + 12 * HOUR
DAY_BEFORE, TODAY = Period(MIDNIGHT - DAY, MIDNIGHT), Period(MIDNIGHT, NOW)
WEEK = Period.last_days(7, at=NOW)


@dataclass
class Evidence:
    """Cases that a check looks at until they are purged; those whose id begins with "bad" broke the rule."""

    cases: list[tuple[datetime, str]] = field(default_factory=list)
    asked: list[Period] = field(default_factory=list)

    def happened(self, at: datetime, *ids: str) -> None:
        self.cases += [(at, each) for each in ids]

    def purge(self, *, before: datetime) -> None:
        self.cases = [case for case in self.cases if case[0] >= before]

    def check(self, period: Period) -> Finding:
        self.asked.append(period)
        ids = [each for at, each in self.cases if period.start <= at < period.end]
        broken = tuple(each for each in ids if each.startswith("bad"))
        return Finding(len(ids), broken, note="A note.", departure="A switch." if "switch" in ids else "")


@pytest.fixture
def evidence(monkeypatch) -> Evidence:
    """Cases of the one transient keeper that there is."""
    made = Evidence()
    keepers = {RULE: Keeper("The test keeps it.", made.check, is_transient=True)}
    monkeypatch.setattr(conformance, "_keepers", keepers)
    return made


def judged(period: Period = WEEK, *, at: datetime = NOW) -> Judgement:
    [judgement] = judge_all(period, at=at, only=[RULE])
    return judgement


def figures(period: Period = WEEK) -> tuple[int, tuple[str, ...]]:
    finding = judged(period).finding
    assert finding is not None
    return finding.considered, finding.broken


def purged(evidence: Evidence, period: Period) -> None:
    tally(period, at=period.end + HOUR)
    evidence.purge(before=period.end)


def test_a_verdict_does_not_vanish_with_its_evidence(evidence):
    adopt(RULE)
    evidence.happened(DAY_BEFORE.start, "one", "bad-two")
    evidence.happened(TODAY.start, "three")
    before = judged()
    purged(evidence, DAY_BEFORE)
    assert judged() == before
    assert (before.verdict, figures()) == (Verdict.BROKEN, (3, ("bad-two",)))
    assert judged().reason == "2 of 3 kept."
    kept = Tally.objects.get()
    assert (kept.start, kept.end, kept.made_at) == (DAY_BEFORE.start, DAY_BEFORE.end, DAY_BEFORE.end + HOUR)
    assert (kept.rule, kept.considered, kept.broken) == (RULE, 2, ["bad-two"])


def test_one_rule_on_its_own_is_judged_the_same(evidence):
    adopt(RULE)
    evidence.happened(DAY_BEFORE.start, "one", "bad-two")
    purged(evidence, DAY_BEFORE)
    assert judge(rules()[RULE], in_force(RULE, at=NOW), WEEK) == judged()


def test_without_a_tally_it_would_vanish(evidence):
    adopt(RULE)
    evidence.happened(DAY_BEFORE.start, "one")
    evidence.purge(before=MIDNIGHT)
    assert figures() == (0, ())


def test_the_running_program_is_asked_only_for_the_time_after_the_newest_tally(evidence):
    adopt(RULE)
    for days in (3, 2, 1):
        purged(evidence, Period(MIDNIGHT - days * DAY, MIDNIGHT - (days - 1) * DAY))
    evidence.happened(MIDNIGHT - HOUR, "left over")
    evidence.happened(MIDNIGHT, "one")
    evidence.asked.clear()
    assert figures() == (1, ())
    assert evidence.asked == [TODAY]


def test_a_tally_counts_in_the_period_in_which_it_begins(evidence):
    adopt(RULE)
    evidence.happened(DAY_BEFORE.start + HOUR, "one")
    purged(evidence, DAY_BEFORE)
    for start, considered in ((DAY_BEFORE.start, 1), (DAY_BEFORE.start + timedelta(microseconds=1), 0)):
        assert figures(Period(start, NOW))[0] == considered
    assert figures(Period(DAY_BEFORE.start - DAY, DAY_BEFORE.start + HOUR)) == (1, ())
    assert figures(Period(DAY_BEFORE.start - DAY, DAY_BEFORE.start)) == (0, ())


def test_notes_and_departures_are_those_of_now(evidence):
    adopt(RULE)
    evidence.happened(DAY_BEFORE.start, "switch")
    purged(evidence, DAY_BEFORE)
    finding = judged().finding
    assert (finding.note, finding.departure, finding.considered) == ("A note.", "", 1)
    assert judged().verdict == Verdict.KEPT
    evidence.happened(MIDNIGHT, "switch")
    assert judged().finding.departure == "A switch."


def test_the_same_tally_twice_changes_nothing(evidence):
    adopt(RULE)
    evidence.happened(DAY_BEFORE.start, "one")
    tally(DAY_BEFORE, at=NOW)
    evidence.happened(DAY_BEFORE.start, "two")
    tally(DAY_BEFORE, at=NOW + HOUR)
    kept = Tally.objects.get()
    assert (kept.considered, kept.made_at) == (1, NOW)


def test_what_is_tallied_is_not_counted_again_by_a_longer_period(evidence):
    adopt(RULE)
    evidence.happened(DAY_BEFORE.start, "one")
    tally(DAY_BEFORE, at=NOW)
    evidence.happened(MIDNIGHT, "two")
    tally(Period(DAY_BEFORE.start - DAY, MIDNIGHT + HOUR), at=NOW)
    assert list(Tally.objects.order_by("end").values_list("start", "end", "considered")) == [
        (DAY_BEFORE.start, MIDNIGHT, 1),
        (MIDNIGHT, MIDNIGHT + HOUR, 1),
    ]
    assert figures() == (2, ())


def test_a_rule_is_tallied_from_its_adoption_on_and_not_at_all_without_one(evidence):
    evidence.happened(DAY_BEFORE.start, "before")
    evidence.happened(DAY_BEFORE.start + 2 * HOUR, "after")
    tally(DAY_BEFORE, at=NOW)
    assert not Tally.objects.exists()
    adopt(RULE, since=DAY_BEFORE.start + HOUR)
    tally(DAY_BEFORE, at=NOW)
    assert list(Tally.objects.values_list("start", "considered")) == [(DAY_BEFORE.start + HOUR, 1)]
    assert figures() == (1, ())


@pytest.mark.parametrize("since", [DAY_BEFORE.end, DAY_BEFORE.end + HOUR])
def test_a_rule_that_is_adopted_later_has_no_tally(evidence, since):
    adopt(RULE, since=since)
    tally(DAY_BEFORE, at=NOW)
    assert not Tally.objects.exists()


def test_a_rule_that_was_withdrawn_meanwhile_has_no_tally_and_what_was_before_does_not_count_again(evidence):
    adopt(RULE)
    evidence.happened(DAY_BEFORE.start, "one")
    purged(evidence, DAY_BEFORE)
    adopt(RULE, since=MIDNIGHT + HOUR, is_adopted=False)
    tally(Period(MIDNIGHT, MIDNIGHT + 2 * HOUR), at=NOW)
    assert Tally.objects.count() == 1
    adopt(RULE, since=MIDNIGHT + 3 * HOUR)
    evidence.happened(MIDNIGHT + 4 * HOUR, "two")
    assert figures() == (1, ())
    assert evidence.asked[-1] == Period(MIDNIGHT + 3 * HOUR, NOW)


def test_keepers_whose_evidence_stays_are_not_tallied(evidence, monkeypatch):
    adopt(RULE)
    for keeper in (Keeper("Stays.", evidence.check), Keeper("Says nothing.", is_transient=True)):
        monkeypatch.setitem(conformance._keepers, RULE, keeper)
        tally(DAY_BEFORE, at=NOW)
    assert not Tally.objects.exists()
    Tally.objects.create(rule=RULE, start=DAY_BEFORE.start, end=MIDNIGHT, considered=5, made_at=NOW)
    assert judged().verdict == Verdict.NOT_MEASURED
    monkeypatch.setitem(conformance._keepers, RULE, Keeper("Stays.", evidence.check))
    assert figures() == (0, ())


def test_a_tally_goes_with_the_transaction_of_its_caller(evidence):
    adopt(RULE)
    with transaction.atomic():
        tally(DAY_BEFORE, at=NOW)
        assert Tally.objects.exists()
        transaction.set_rollback(True)
    assert not Tally.objects.exists()


def test_the_database_refuses_a_second_tally_and_one_of_no_time(db):
    facts = {"rule": RULE, "end": MIDNIGHT, "considered": 0, "made_at": NOW}
    Tally.objects.create(start=DAY_BEFORE.start, **facts)
    for start in (DAY_BEFORE.start + HOUR, MIDNIGHT):
        with pytest.raises(IntegrityError), transaction.atomic():
            Tally.objects.create(start=start, **facts)


def test_many_tallies_cost_as_many_statements_as_one(evidence, django_assert_num_queries):
    adopt(RULE)
    for days in range(30, 0, -1):
        evidence.happened(MIDNIGHT - days * DAY, "one")
        purged(evidence, Period(MIDNIGHT - days * DAY, MIDNIGHT - (days - 1) * DAY))
    assert Tally.objects.count() == 30
    with django_assert_num_queries(4):  # what holds, since when, newest tallies, those of the period
        assert figures(Period(MIDNIGHT - 40 * DAY, NOW)) == (30, ())


def test_a_room_says_that_its_evidence_is_purged(monkeypatch):
    monkeypatch.setattr(conformance, "_keepers", {})
    conformance.keep(RULE, how="So.", is_transient=True)
    conformance.keep("EM-DEF", how="So.")
    assert [conformance.keeper_of(rule).is_transient for rule in (RULE, "EM-DEF")] == [True, False]
