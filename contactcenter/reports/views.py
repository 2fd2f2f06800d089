"""What the city adopted and whether it is kept, and the clock with which deadlines are reckoned."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agents.models import Department
from contactcenter.reports.forms import ClockForm, LedgerFilter, default_calendar
from contactcenter.reports.ledger import CHIPS, Clause, Ledger, arrange, tally
from contactcenter.reports.permissions import may_adopt, may_see_figures
from contactcenter.reports.public import public_clauses
from contactcenter.reports.staff import calendars_in_words, staff_clauses
from policies.calendar import Due
from policies.catalogue import sources
from policies.conformance import Verdict
from policies.hours import say_moment
from policies.models import Document
from policies.reviews import RULE as REVIEW
from policies.reviews import overdue, years_between
from policies.steps import steps_of
from policies.versions import in_force

NAMES_OF_THE_CLOCK = ("calendar", "local", "start", "unit", "amount")


# The ledger -----------------------------------------------------------------
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """Every clause and whether it is kept: in words for everybody, with figures for staff."""
    return _for_staff(request) if may_see_figures(request.user) else _for_everybody(request)


def _for_everybody(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    context = {
        "ledger": _ledger(public_clauses(at=at), list(Document.objects.all()), whole=True),
        "verdicts": [(verdict, *CHIPS[verdict]) for verdict in Verdict],
        "department": Department.objects.filter(is_active=True).order_by("-is_default", "name").first(),
    }
    return render(request, "reports/policies.html", context)


@never_cache
def _for_staff(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    documents = list(Document.objects.all())
    asked = LedgerFilter(request.GET, documents=_document_choices(documents))
    clauses = staff_clauses(days=asked.period, at=at)
    shown = [clause for clause in clauses if _is_wanted(clause, asked)]
    is_filtered = bool(asked.wanted_verdict or asked.wanted_document)
    context = {
        "filters": asked,
        "is_filtered": is_filtered,
        "ledger": _ledger(shown, documents, whole=not is_filtered),
        "tally": tally(clauses),
        "measured_at": at,
        "overdue": overdue(timezone.localdate(), at),
        "calendars": calendars_in_words(at=at),
        "may_adopt": may_adopt(request.user),
        "room": "policies",
    }
    return render(request, "reports/policies_staff.html", context)


def _is_wanted(clause: Clause, asked: LedgerFilter) -> bool:
    return asked.wanted_verdict in ("", clause.verdict) and asked.wanted_document in ("", clause.rule.document)


def _document_choices(documents: list[Document]) -> list[tuple[str, str]]:
    titles = {source.code: source.title for source in sources()} | {each.code: each.title for each in documents}
    return [(code, f"{code} · {title}") for code, title in titles.items()]


def _ledger(clauses: list[Clause], documents: list[Document], *, whole: bool) -> Ledger:
    years = years_between(in_force(REVIEW, at=timezone.now()))
    return arrange(clauses, documents, years=years, on=timezone.localdate(), whole=whole)


# The clock ------------------------------------------------------------------
@require_safe
@login_required
@never_cache
def clock(request: HttpRequest) -> HttpResponse:
    """Reckon a deadline, with every step of it. The address holds the whole question."""
    if not may_see_figures(request.user):
        raise PermissionDenied(_("The clock is for staff. Ask an administrator for a role."))
    is_asked = any(name in request.GET for name in NAMES_OF_THE_CLOCK)
    form = ClockForm(request.GET) if is_asked else ClockForm(initial=_first_question())
    form.is_valid()
    context = {"form": form, "room": "clock", **(_answer(form.due, request) if form.due else {})}
    return render(request, "reports/clock.html", context)


def _first_question() -> dict[str, str]:
    return {"calendar": default_calendar(), "unit": "business_days", "amount": "1"}


def _answer(due: Due, request: HttpRequest) -> dict[str, Any]:
    asked = {
        "calendar": request.GET["calendar"],
        "start": due.start.isoformat(),
        "unit": due.unit,
        "amount": due.amount,
    }
    return {"due": due, "due_in_words": say_moment(due.at), "steps": steps_of(due), "query": urlencode(asked)}
