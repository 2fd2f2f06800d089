"""When something is wrong: back-up mode, drills, notices of incidents; for supervisors and administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agents.actions import end_incident, note_drill, post_incident, turn_backup
from agents.models import BackupPlan, BackupTurn, Drill, Incident, User
from agents.service import PlanStanding, plans_standing
from contactcenter.desk.acting import act_at_once, act_with_form, person_of
from contactcenter.desk.forms import DrillForm, IncidentForm, TurnForm
from contactcenter.desk.retention import for_watchers
from contactcenter.lib.errors import DomainError
from contactcenter.lib.forms import say_refusal

SHOWN = 10


@require_safe
@for_watchers
def service(request: HttpRequest) -> HttpResponse:
    """How service stands, and what can be done about it. Source: SJ-BACK."""
    return _page(request)


@require_POST
@for_watchers
def turn(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn a back-up mode on or off. Source: SJ-BACK."""
    plan = get_object_or_404(BackupPlan, pk=pk)
    form, is_on = TurnForm(request.POST, prefix=f"turn-{pk}"), request.POST.get("is_on") == "yes"

    def act(at: datetime) -> str:
        turn_backup(pk, is_on=is_on, why=form.cleaned_data["why"], by=person_of(request), at=at)
        facts = {"channel": plan}
        if is_on:
            return _("%(channel)s: the back-up mode is on. No new chat begins; running ones go on.") % facts
        return _("%(channel)s: the back-up mode is off.") % facts

    return act_with_form(request, form, act, page=partial(_page, request), back="desk:service")


@require_POST
@for_watchers
def drill(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a drill. Source: SJ-BACK."""
    get_object_or_404(BackupPlan, pk=pk)
    form = DrillForm(request.POST, prefix=f"drill-{pk}")

    def act(at: datetime) -> str:
        today = timezone.localtime(at).date()
        noted = note_drill(pk, **form.cleaned_data, by=person_of(request), today=today, at=at)
        return _("Noted. The next drill is due on %(date)s.") % {"date": f"{noted.next_due_on:%Y-%m-%d}"}

    return act_with_form(request, form, act, page=partial(_page, request), back="desk:service")


@require_POST
@for_watchers
def post(request: HttpRequest) -> HttpResponse:
    """Show what an incident notice would say, and post it once that is confirmed."""
    form = IncidentForm(request.POST, prefix="incident")
    if "back" in request.POST:
        return _page(request, form, status=200)
    if "confirm" in request.POST:

        def confirmed(at: datetime) -> str:
            return _posted(form, by=person_of(request), at=at)

        return act_with_form(request, form, confirmed, page=partial(_page, request), back="desk:service")
    if not (form.is_valid() and _would_do(form, by=person_of(request), at=timezone.now())):
        return _page(request, form)
    return render(request, "desk/incident_preview.html", {"incident_form": form, "room": "supervise"})


@require_POST
@for_watchers
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an incident notice before its time."""

    def act(at: datetime) -> str:
        end_incident(pk, by=person_of(request), at=at)
        return _("The notice is over. Nobody reads it any more.")

    return act_at_once(request, act, back="desk:service")


def _posted(form: IncidentForm, *, by: User, at: datetime) -> str:
    post_incident(**form.facts(), by=by, at=at)
    return _("The notice is posted. Who waits already is told, too.")


def _would_do(form: IncidentForm, *, by: User, at: datetime) -> bool:
    """Try it out and undo it; what is refused stands at its field."""
    try:
        with transaction.atomic():
            _posted(form, by=by, at=at)
            transaction.set_rollback(True)
    except DomainError as refusal:
        say_refusal(form, refusal)
        return False
    return True


# What is shown ----------------------------------------------------------------
@dataclass(frozen=True)
class PlanCard:
    """A back-up plan as it stands, with the forms that act on it."""

    standing: PlanStanding
    turn: forms.Form
    drill: forms.Form


def _page(request: HttpRequest, wrong: forms.Form | None = None, *, status: int = 400) -> HttpResponse:
    at = timezone.now()
    today = timezone.localtime(at).date()
    is_wrong = wrong is not None and bool(wrong.errors)
    context = {
        "plans": [_card(each, wrong, today=today) for each in plans_standing(on=today)],
        "turns": BackupTurn.objects.select_related("plan", "by")[:SHOWN],
        "drills": Drill.objects.select_related("plan").prefetch_related("participants")[:SHOWN],
        "incidents": Incident.objects.not_over(at=at)
        .select_related("department", "posted_by")
        .prefetch_related("texts"),
        "incident_form": wrong if isinstance(wrong, IncidentForm) else IncidentForm(prefix="incident"),
        "now": at,
        "form": wrong if is_wrong else None,
        "room": "supervise",
    }
    return render(request, "desk/service.html", context, status=status if is_wrong else 200)


def _card(standing: PlanStanding, wrong: forms.Form | None, *, today: Any) -> PlanCard:
    pk = standing.plan.pk
    named = [each.person_id for each in standing.plan.people.all()]
    made: dict[str, forms.Form] = {
        "turn": TurnForm(prefix=f"turn-{pk}"),
        "drill": DrillForm(prefix=f"drill-{pk}", initial={"held_on": today, "participants": named}),
    }
    for name, form in made.items():
        if wrong is not None and wrong.prefix == form.prefix:
            made[name] = wrong
    return PlanCard(standing, made["turn"], made["drill"])
