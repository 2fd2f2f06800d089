"""When documents and rows are to be looked at again, and which of them are overdue. Source: DF-REVIEW."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.apps import apps

from policies.models import Document, RuleVersion
from policies.versions import in_force, rules_in_force

RULE = "DF-REVIEW"
REVIEW_FIELD, CODE_FIELD = "review_on", "code"
_reviewables: list[str] = []


@dataclass(frozen=True)
class Review:
    """Something that is to be reviewed, with the day on which it is due; `admin` is where an admin does it."""

    kind: str
    code: str
    name: str
    due_on: date
    admin: str

    def is_overdue(self, *, on: date) -> bool:
        """Say whether the day is past; on the day itself there is still time."""
        return self.due_on < on


def register_reviewable(model: str) -> None:
    """Let the rows of a model (`agents.CertificateKind`) be reviewed; it bears `code` and `review_on`.

    A query set of its own with `to_review` leaves out those whose date does not matter (any more).
    Called from `AppConfig.ready()`.
    """
    if model not in _reviewables:
        _reviewables.append(model)


def due_on(document: Document, years: int | None) -> date | None:
    """Return when a document is due for review: its own day, else `years` after the last review or the adoption.

    None when no date says so. Source: DF-REVIEW.
    """
    if document.next_review_on is not None:
        return document.next_review_on
    since = document.reviewed_on or document.adopted_on
    return None if since is None or years is None else _years_later(since, years)


def _years_later(on: date, years: int) -> date:
    try:
        return on.replace(year=on.year + years)
    except ValueError:  # 29 February
        return on.replace(year=on.year + years, day=28)


def years_between(version: RuleVersion | None) -> int | None:
    """Return the years between reviews that a version of DF-REVIEW asks for; None without one."""
    return None if version is None else version.number_of("years")


def reviews(*, at: datetime) -> list[Review]:
    """Return everything with a date of review at an instant: documents, rules in force, registered rows."""
    held = rules_in_force(at=at)
    years = years_between(held.get(RULE))
    return [*_of_documents(years), *_of_rules(held.values()), *_of_registered()]


def overdue(on: date, at: datetime) -> list[Review]:
    """Return what should have been reviewed before the local date `on`, the longest overdue first."""
    late = [review for review in reviews(at=at) if review.is_overdue(on=on)]
    return sorted(late, key=lambda review: (review.due_on, review.code))


def undated_documents(*, at: datetime) -> int:
    """Return how many documents have no date from which a review could be counted."""
    years = years_between(in_force(RULE, at=at))
    return sum(due_on(document, years) is None for document in Document.objects.all())


def _of_documents(years: int | None) -> Iterator[Review]:
    for document in Document.objects.all():
        due = due_on(document, years)
        if due is not None:
            kind, admin = str(Document._meta.verbose_name), f"/admin/policies/document/{document.pk}/change/"
            yield Review(kind, document.code, document.title, due, admin)


def _of_rules(versions: Iterable[RuleVersion]) -> Iterator[Review]:
    for version in versions:
        if version.review_on is not None:
            kind, admin = str(RuleVersion._meta.verbose_name), f"/admin/policies/ruleversion/add/?rule={version.rule}"
            yield Review(kind, version.rule, str(version), version.review_on, admin)


def _of_registered() -> Iterator[Review]:
    for label in _reviewables:
        model = apps.get_model(label)
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}"
        rows = getattr(model._default_manager, "to_review", model._default_manager.all)()
        for row in rows.filter(**{f"{REVIEW_FIELD}__isnull": False}):
            due, code = getattr(row, REVIEW_FIELD), getattr(row, CODE_FIELD)
            yield Review(str(model._meta.verbose_name), code, str(row), due, f"{path}/{row.pk}/change/")
