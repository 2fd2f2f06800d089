"""What must go and what stays, for supervisors and administrators: the purge, evaluations, transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from agents.gates import page_for
from agents.models import Agent, Department, User
from agents.permissions import may_supervise
from chat import actions, transcripts
from chat.models import ChatRecord, Evaluation, PurgeRun, Reading
from chat.permissions import access_transcript
from chat.retention import Retention, retention_in_force
from contactcenter.desk.forms import CloseEvaluationForm, MarkForm
from contactcenter.desk.supervise import for_supervisors
from contactcenter.lib.errors import DomainError, NotFound
from policies.why import source_of

RUNS_SHOWN = 30


for_watchers = page_for(
    lambda user: may_supervise(user) or user.is_superuser,
    gettext_lazy("This page is for supervisors and administrators. Ask for the role."),
)


# Purge and evaluations ------------------------------------------------------------
@require_safe
@for_watchers
def retention(request: HttpRequest) -> HttpResponse:
    """When the purge runs and what it did; what is kept, and for whose decision. Source: EM-RET-A, EM-RET-Ba-i."""
    return _retention_page(request)


@require_POST
@for_watchers
def purge_now(request: HttpRequest) -> HttpResponse:
    """Purge at once, as an administrator. Source: EM-RET-A."""
    person = request.user
    if not (isinstance(person, User) and person.is_superuser):
        raise PermissionDenied(_("Only administrators purge by hand. The daily purge comes by itself."))
    try:
        run = actions.purge(at=timezone.now(), cause=PurgeRun.Cause.BY_HAND, by=person)
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    else:
        said = _("%(deleted)d chats were deleted, %(kept)d are kept.")
        messages.success(request, said % {"deleted": run.deleted, "kept": run.kept})
    return redirect("desk:retention")


@require_POST
@for_supervisors
def close_evaluation(request: HttpRequest, pk: int) -> HttpResponse:
    """End an evaluation without a ban. Source: EM-RET-Ba-i."""
    form = CloseEvaluationForm(request.POST, prefix=f"close-{pk}")
    if not form.is_valid():
        return _retention_page(request, wrong=form)
    reason = form.cleaned_data["reason"]
    try:
        actions.close_evaluation(pk, by_id=_agent_of(request).pk, reason=reason, at=timezone.now())
    except DomainError as refusal:
        form.add_error("reason", refusal.detail)
        return _retention_page(request, wrong=form)
    messages.success(request, _("The evaluation is closed. Its chats go with the next purge."))
    return redirect("desk:retention")


@dataclass(frozen=True)
class Held:
    """An evaluation with what it holds, and the form that ends it."""

    evaluation: Evaluation
    marks: list[Any]
    is_overdue: bool
    form: forms.Form | None


def _retention_page(request: HttpRequest, wrong: forms.Form | None = None) -> HttpResponse:
    at = timezone.now()
    held = retention_in_force(at=at)
    context = {
        "retention": held,
        "source": source_of(held.version) if held.version else "",
        "next_purge": None if held.refusal else held.next_time(at=at),
        "outlook": None if held.refusal else actions.look_ahead(at=at),
        "runs": PurgeRun.objects.select_related("by")[:RUNS_SHOWN],
        "evaluations": _evaluations(request, wrong, at=at),
        "may_read": may_supervise(request.user),
        "backup": _backup_age(held),
        "form": wrong,
        "room": "supervise",
    }
    return render(request, "desk/retention.html", context, status=400 if wrong is not None else 200)


def _evaluations(request: HttpRequest, wrong: forms.Form | None, *, at: datetime) -> list[Held]:
    rows = Evaluation.objects.select_related("opened_by__user", "decision__by__user").prefetch_related(
        "marks__by__user"
    )
    may_close = may_supervise(request.user)
    return [
        Held(
            evaluation=row,
            marks=list(row.marks.all()),
            is_overdue=row.closed_at is None and row.due_at is not None and row.due_at < at,
            form=_closing_form(row, wrong) if may_close and row.closed_at is None else None,
        )
        for row in rows.order_by("closed_at", "due_at", "pk")
    ]


def _closing_form(row: Evaluation, wrong: forms.Form | None) -> forms.Form:
    form = CloseEvaluationForm(prefix=f"close-{row.pk}")
    return wrong if wrong is not None and wrong.prefix == form.prefix else form


def _backup_age(held: Retention) -> dict[str, Any]:
    if held.version is None:
        return {}
    return {"days": held.version.number_of("backup_days"), "basis": held.version.value_of("backup_basis")}


# Chats ------------------------------------------------------------------------------
@require_safe
@for_supervisors
def chats(request: HttpRequest) -> HttpResponse:
    """The chats that are still there, without a word of them. Source: EM-PII-B."""
    wanted = _filter(request)
    rows = transcripts.listed(wanted)
    more = rows[transcripts.PAGE - 1] if len(rows) > transcripts.PAGE else None
    context = {
        "chats": rows[: transcripts.PAGE],
        "more": more,
        "wanted": wanted,
        "departments": Department.objects.order_by("name"),
        "room": "supervise",
    }
    return render(request, "desk/chats.html", context)


def _filter(request: HttpRequest) -> transcripts.Filter:
    """Return what the address asks for; what makes no sense in it is not looked at."""
    asked = request.GET
    before = None
    try:
        at = parse_datetime(asked.get("at", ""))
        before = (at, UUID(asked.get("id", ""))) if at is not None and timezone.is_aware(at) else None
    except ValueError:
        pass
    return transcripts.Filter(asked.get("department", ""), "kept" in asked, "emergency" in asked, before)


@require_safe
@for_supervisors
def chat(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """A transcript. Opening one that has ended is written down. Source: EM-PII-B, EM-RET-B."""
    return _chat_page(request, session_id)


@require_POST
@for_supervisors
def mark(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Keep a chat, from supervision. Source: EM-RET-Ba-i."""
    form = MarkForm(request.POST)
    if not form.is_valid():
        return _chat_page(request, session_id, wrong=form)
    facts = form.cleaned_data
    try:
        actions.mark(
            session_id, agent_id=_agent_of(request).pk, reason=facts["reason"], note=facts["note"], at=timezone.now()
        )
    except NotFound:
        return _gone(request, session_id)
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("This chat is kept until the evaluation of its resident is decided."))
    return redirect("desk:chat", session_id=session_id)


def _chat_page(request: HttpRequest, session_id: UUID, wrong: forms.Form | None = None) -> HttpResponse:
    reader = _agent_of(request)
    try:
        session = access_transcript(session_id, reader)
    except NotFound:
        return _gone(request, session_id)
    if session.is_ended:
        actions.note_readings([session], reader=reader, place=Reading.Place.SUPERVISION, at=timezone.now())
    context = {
        "chat": session,
        "lines": transcripts.transcript(session),
        "readings": transcripts.readings_of(session.pk)[:RUNS_SHOWN],
        "marks": session.marks.select_related("by__user").order_by("at", "pk"),
        "mark_form": wrong or MarkForm(),
        "form": wrong,
        "room": "supervise",
    }
    return render(request, "desk/chat.html", context, status=400 if wrong is not None else 200)


def _gone(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Say that nothing is left of a chat but its figures, or that there was none."""
    record = ChatRecord.objects.select_related("department", "agent__user").filter(pk=session_id).first()
    return render(request, "desk/chat_gone.html", {"record": record, "room": "supervise"}, status=404)


def _agent_of(request: HttpRequest) -> Agent:
    """Return the desk row of a supervisor; each has one."""
    return Agent.objects.select_related("user").get(user=request.user.pk)
