"""When documents and rows are due for review, and whether calendars and reviews are as they should be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from policies.conformance import Finding, Period, Verdict, judge_all
from policies.models import CalendarVersion, Document, RuleVersion
from policies.own_checks import check_calendars, check_reviews
from policies.reviews import due_on, overdue, register_reviewable, reviews
from tests.factories import CertificateKindFactory
from tests.policies.factories import LONG_AGO, adopt, calendar, versions_of

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
TODAY = date(2026, 3, 2)
PERIOD = Period.last_days(30, at=AT)


# When -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("dates", "years", "due"),
    [
        ({"next_review_on": date(2026, 1, 1), "reviewed_on": date(2025, 1, 1)}, 5, date(2026, 1, 1)),
        ({"reviewed_on": date(2022, 3, 1), "adopted_on": date(2008, 7, 1)}, 5, date(2027, 3, 1)),
        ({"adopted_on": date(2019, 8, 20)}, 5, date(2024, 8, 20)),
        ({"adopted_on": date(2020, 2, 29)}, 1, date(2021, 2, 28)),
        ({"adopted_on": date(2020, 2, 29)}, 4, date(2024, 2, 29)),
        ({"adopted_on": date(2019, 8, 20)}, None, None),
        ({"next_review_on": date(2026, 1, 1)}, None, date(2026, 1, 1)),
        ({"effective_on": date(2019, 8, 20)}, 5, None),
        ({}, 5, None),
    ],
)
def test_a_document_is_due_on_its_day_else_counted_from_its_last_review(
    dates: dict[str, date], years: int | None, due: date | None
) -> None:
    assert due_on(Document(code="MB", title="Charter", **dates), years) == due


def document(code: str = "MB", **dates: Any) -> Document:
    made: Document = Document.objects.create(code=code, title="Charter", body="Maplebrook", **dates)
    return made


def late(on: date = TODAY) -> list[tuple[str, date]]:
    return [(review.code, review.due_on) for review in overdue(on, AT)]


@pytest.mark.django_db
@pytest.mark.rule("DF-REVIEW")
def test_a_document_is_overdue_the_day_after() -> None:
    document(next_review_on=TODAY)
    assert late() == []
    assert late(TODAY + timedelta(days=1)) == [("MB", TODAY)]


@pytest.mark.django_db
@pytest.mark.rule("DF-REVIEW")
def test_the_years_between_reviews_are_those_in_force() -> None:
    document(adopted_on=date(2022, 1, 1))
    assert late() == []
    adopt("DF-REVIEW", years=5)
    assert late() == []
    adopt("DF-REVIEW", since=AT - timedelta(days=1), years=4)
    adopt("DF-REVIEW", since=AT + timedelta(days=1), years=50)
    assert late() == [("MB", date(2026, 1, 1))]


def rule_row(rule: str, number: int, review_on: date | None, *, since: datetime = LONG_AGO) -> None:
    RuleVersion.objects.create(
        rule=rule, number=number, values={}, effective_from=since, review_on=review_on, reason="So.", made_at=since
    )


@pytest.mark.django_db
def test_only_the_version_in_force_is_looked_at() -> None:
    rule_row("EM-CAP", 1, date(2025, 1, 1))
    assert late() == [("EM-CAP", date(2025, 1, 1))]
    rule_row("EM-CAP", 2, None, since=AT - timedelta(days=1))
    assert late() == []
    rule_row("SJ-GREET", 1, date(2025, 1, 1), since=AT + timedelta(days=1))
    assert late() == []


@pytest.mark.django_db
def test_rows_of_upper_rooms_are_reviewed_too() -> None:
    kind = CertificateKindFactory(code="phone", name="Phone training", review_on=date(2026, 3, 1))
    CertificateKindFactory(code="chat", review_on=None)
    (review,) = overdue(TODAY, AT)
    assert (review.kind, review.code, review.name) == ("kind of certificate", "phone", "Phone training")
    assert review.admin == f"/admin/agents/certificatekind/{kind.pk}/change/"


@pytest.mark.django_db
def test_a_model_that_is_registered_twice_is_listed_once() -> None:
    CertificateKindFactory(review_on=date(2026, 3, 1))
    register_reviewable("agents.CertificateKind")
    assert len(overdue(TODAY, AT)) == 1


@pytest.mark.django_db
def test_the_longest_overdue_comes_first() -> None:
    document("B", next_review_on=date(2026, 1, 2))
    document("A", next_review_on=date(2026, 1, 3))
    rule_row("EM-CAP", 1, date(2026, 1, 1))
    assert [code for code, _due in late()] == ["EM-CAP", "B", "A"]
    assert len(reviews(at=AT)) == 3


# Conformance ----------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.rule("DF-REVIEW")
def test_the_check_of_reviews_turns_red_when_something_is_overdue() -> None:
    adopt("DF-REVIEW", years=5)
    document("MB", adopted_on=date(2025, 1, 1))
    assert check_reviews(PERIOD) == Finding(1)
    assert verdict("DF-REVIEW") == Verdict.KEPT
    document("OLD", adopted_on=date(2015, 1, 1))
    rule_row("EM-CAP", 1, date(2026, 3, 1))
    assert check_reviews(PERIOD) == Finding(3, ("EM-CAP", "OLD"))
    assert verdict("DF-REVIEW") == Verdict.BROKEN


@pytest.mark.django_db
def test_a_document_without_dates_is_not_counted_as_reviewed() -> None:
    adopt("DF-REVIEW", years=5)
    document()
    found = check_reviews(PERIOD)
    assert found.considered == 0
    assert found.note == "1 document has no date from which a review could be counted."
    assert verdict("DF-REVIEW") == Verdict.NOT_MEASURED


def verdict(rule: str) -> Verdict:
    (judgement,) = judge_all(PERIOD, at=AT, only=[rule])
    return judgement.verdict


@pytest.mark.django_db
@pytest.mark.rule("DF-BH")
def test_the_check_of_calendars_is_clean_for_what_actions_wrote() -> None:
    adopt("DF-BH")
    assert verdict("DF-BH") == Verdict.NOT_MEASURED
    calendar(holidays={date(2026, 3, 6): "Founders' Day"})
    calendar("0:00-24:00", code="emergency", is_default=False, saturday="0:00-24:00", sunday="0:00-24:00")
    assert check_calendars(PERIOD) == Finding(2)
    assert verdict("DF-BH") == Verdict.KEPT


def opened_on(holiday: date) -> dict[str, Any]:
    """Return a version's columns: the hours are those of a calendar that does not know the holiday."""
    row = calendar(code="other", is_default=False)
    plain = versions_of(row)[-1]
    as_said = versions_of(calendar(code="third", is_default=False, holidays={holiday: "Founders' Day"}))[-1]
    return {"definition": as_said.definition, "opens": plain.opens, "closes": plain.closes}


@pytest.mark.django_db
@pytest.mark.rule("DF-BH")
@pytest.mark.parametrize("fault", ["shifted", "missing", "open on a holiday", "one end too few"])
def test_the_check_of_calendars_turns_red_when_the_hours_are_not_those_of_the_definition(fault: str) -> None:
    adopt("DF-BH")
    row = calendar()
    good = versions_of(row)[-1]
    columns: dict[str, Any] = {"definition": good.definition, "opens": good.opens, "closes": good.closes}
    columns |= {
        "shifted": {"opens": [good.opens[0] + 60, *good.opens[1:]]},
        "missing": {"opens": good.opens[:-1], "closes": good.closes[:-1]},
        "open on a holiday": opened_on(date(2026, 3, 6)),
        "one end too few": {"closes": good.closes[:-1]},
    }[fault]
    CalendarVersion.objects.create(calendar=row, number=2, effective_on=TODAY, reason="Wrong.", made_at=AT, **columns)
    found = check_calendars(PERIOD)
    assert found.broken == ("city",)
    assert verdict("DF-BH") == Verdict.BROKEN


@pytest.mark.django_db
def test_only_the_latest_version_of_a_calendar_is_looked_at() -> None:
    row = calendar()
    wrong = versions_of(row)[-1]
    CalendarVersion.objects.create(
        calendar=row, number=2, definition=wrong.definition, opens=[], closes=[],
        effective_on=TODAY, reason="Wrong.", made_at=AT,
    )  # fmt: skip
    assert check_calendars(PERIOD).broken == ("city",)
    calendar("9:00-12:00")
    assert check_calendars(PERIOD) == Finding(1)
