"""The supervisor's console: who is there, today's hours, what waits for a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agents.actions import approve_certificate
from agents.gates import answer_for, page_for
from agents.hours import calendars_in_use
from agents.models import Agent, Certificate, Presence
from agents.permissions import (
    access_certificate_to_approve,
    certificates_to_approve,
    may_approve_certificates,
    may_supervise,
)
from agents.service import incidents_of, plans_standing
from chat import texts
from chat.actions import decide_on_text
from chat.models import ChatSession
from chat.states import Status
from contactcenter.desk.acting import act_at_once, act_with_form, person_of
from contactcenter.desk.forms import CloseEarlyForm, DayForm
from contactcenter.desk.standing import standing
from contactcenter.desk.steps import latest_steps
from contactcenter.lib.errors import DomainError, NotFound
from policies.actions import close_early, open_again, set_day
from policies.calendar import Calendar
from policies.calendars import from_json, latest
from policies.hours import clock_change_notes_on, say_date, say_day, say_moment, say_time
from policies.models import BusinessCalendar
from policies.reviews import overdue

for_supervisors = page_for(
    may_supervise, gettext_lazy("This page is for supervisors. Ask an administrator for the role.")
)
answer_supervisors = answer_for(
    may_supervise,
    unknown=gettext_lazy("Log in to see what waits for you."),
    sorry=gettext_lazy("Nothing waits for you here."),
)


@require_safe
@for_supervisors
def supervise(request: HttpRequest) -> HttpResponse:
    """The console."""
    return _page(request)


@require_POST
@for_supervisors
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a calendar's day now or at a time of today. Source: decision 6."""
    calendar = get_object_or_404(BusinessCalendar, pk=pk)
    form = CloseEarlyForm(request.POST, prefix=f"close-{pk}")

    def act(at: datetime) -> str:
        facts = form.cleaned_data
        close_early(calendar, why=facts["why"], minutes=facts["minutes"], by=person_of(request), at=at)
        return _("%(name)s closes early today. Who still waits at closing time is told; running chats may finish.") % {
            "name": calendar.name
        }

    return act_with_form(request, form, act, page=partial(_page, request), back="desk:supervise")


@require_POST
@for_supervisors
def day(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a date hours of its own: an emergency opening, a half day, a closure. Source: PH-SHIFT."""
    calendar = get_object_or_404(BusinessCalendar, pk=pk)
    form = DayForm(request.POST, prefix=f"day-{pk}")

    def act(at: datetime) -> str:
        on, changed = form.day()
        version = set_day(calendar, on, changed, by=person_of(request), at=at)
        definition = from_json(version.definition)
        hours = say_day(definition.hours_on(on))
        said = _("%(name)s, %(date)s: %(hours)s.") % {"name": calendar.name, "date": say_date(on), "hours": hours}
        return " ".join([said, *clock_change_notes_on(definition, on)])

    return act_with_form(request, form, act, page=partial(_page, request), back="desk:supervise")


@require_POST
@for_supervisors
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what makes today differ."""
    calendar = get_object_or_404(BusinessCalendar, pk=pk)

    def act(at: datetime) -> str:
        open_again(calendar, by=person_of(request), at=at)
        return _("%(name)s: today is as usual again.") % {"name": calendar.name}

    return act_at_once(request, act, back="desk:supervise")


@require_POST
@for_supervisors
def decide(request: HttpRequest, session_id: UUID, uid: UUID) -> HttpResponse:
    """Release a stopped text, or do not. Source: EM-COM-C."""
    is_released = "release" in request.POST

    def act(at: datetime) -> str:
        agent = Agent.objects.get(user=person_of(request))
        decide_on_text(session_id, uid, by_id=agent.pk, is_released=is_released, at=at)
        if is_released:
            return _("Released: the agent's desk sends it now, or asks her first where the chat has gone on.")
        return _("Not released: the agent reads that the text is to be changed.")

    return act_at_once(request, act, back="desk:supervise")


@require_safe
@answer_supervisors
def decisions(request: HttpRequest) -> HttpResponse:
    """Answer how many stopped texts wait for a decision, and when the newest came. Source: EM-COM-C."""
    count, newest = texts.waiting_texts()
    return JsonResponse({"texts": count, "newest": newest.isoformat() if newest else None})


@require_safe
@answer_supervisors
def figures(request: HttpRequest) -> HttpResponse:
    """Answer what of the console has figures, as they are now, as a piece of its page."""
    return render(request, "desk/_figures.html", _figures_at(timezone.now()))


@require_safe
@login_required
@never_cache
def certificates(request: HttpRequest) -> HttpResponse:
    """The certificates that wait for this person, whatever the role that approves them. Source: PH-CERT."""
    if not may_approve_certificates(request.user):
        raise PermissionDenied(_("No kind of certificate is approved by your roles. Ask an administrator."))
    context = {"certificates": _waiting_for(request), "room": "certificates"}
    return render(request, "desk/certificates.html", context)


@require_POST
@login_required
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve a certificate that waits for this person. Source: PH-CERT."""
    try:
        certificate = access_certificate_to_approve(pk, request.user)
    except NotFound as refusal:
        raise Http404(refusal.detail) from None
    try:
        approve_certificate(certificate.pk, by=person_of(request), at=timezone.now())
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("Approved: %(certificate)s.") % {"certificate": certificate})
    return redirect("desk:supervise" if may_supervise(request.user) else "desk:certificates")


# What is shown ----------------------------------------------------------------
@dataclass(frozen=True)
class Office:
    """A calendar as it stands today, with the forms that change it."""

    calendar: BusinessCalendar
    hours: str
    why: str
    state: str
    is_open: bool
    has_own_day: bool
    close: forms.Form
    day: forms.Form


def _page(request: HttpRequest, wrong: forms.Form | None = None) -> HttpResponse:
    at, stopped = timezone.now(), texts.stopped_texts()
    context = {
        "offices": [_office(each, wrong, at=at) for each in calendars_in_use()],
        **_figures_at(at),
        "steps": latest_steps(),
        "plans": plans_standing(on=timezone.localtime(at).date()),
        "incidents": incidents_of(None, at=at),
        "certificates": _waiting_for(request),
        "stopped": stopped,
        "newest": max((each.row.asked_at for each in stopped), default=None),
        "links": texts.reported_links(),
        "overdue": overdue(timezone.localtime(at).date(), at),
        "form": wrong,
        "room": "supervise",
    }
    return render(request, "desk/supervise.html", context, status=400 if wrong is not None else 200)


def _waiting_for(request: HttpRequest) -> QuerySet[Certificate]:
    return certificates_to_approve(request.user).prefetch_related("evidence__requirement")


def _office(row: BusinessCalendar, wrong: forms.Form | None, *, at: datetime) -> Office:
    calendar = latest(row.pk)
    assert calendar is not None  # those in use have a version
    today = calendar.local_date(at)
    own = calendar.definition.days.get(today)
    made: dict[str, forms.Form] = {
        "close": CloseEarlyForm(prefix=f"close-{row.pk}"),
        "day": DayForm(prefix=f"day-{row.pk}", initial={"on": today}),
    }
    for name, form in made.items():
        if wrong is not None and wrong.prefix == form.prefix:
            made[name] = wrong
    return Office(
        calendar=row,
        hours=say_day(calendar.definition.hours_on(today)),
        why=own.why if own else calendar.definition.holidays.get(today, ""),
        state=_say_state(calendar, at=at),
        is_open=calendar.is_open(at),
        has_own_day=own is not None,
        close=made["close"],
        day=made["day"],
    )


def _say_state(calendar: Calendar, *, at: datetime) -> str:
    closing, opening = calendar.closing(at), calendar.next_opening(at)
    if calendar.is_open(at):
        return _("Open until %(time)s") % {"time": say_time(closing)} if closing else _("Open round the clock")
    return _("Closed, opens %(moment)s") % {"moment": say_moment(opening)} if opening else _("Closed")


def _figures_at(at: datetime) -> dict[str, Any]:
    """Return what the page renews by itself while it is open."""
    return {"figures": _figures(), "standing": standing(at=at), "at": at}


def _figures() -> list[tuple[str, int]]:
    """Return how many wait, run and are there now, each with its label."""
    running = [Status.ACTIVE, Status.ON_HOLD]
    return [
        (_("Residents who wait"), ChatSession.objects.queued().count()),
        (_("Chats that run"), ChatSession.objects.filter(status__in=running).count()),
        (_("People online"), Agent.objects.filter(presence=Presence.ONLINE).count()),
    ]
