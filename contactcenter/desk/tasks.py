"""The desk's list of tasks: call backs, messages and what else is to be done, with due times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from agents.directory import directory
from agents.gates import answer_for, page_for
from agents.models import Agent
from agents.permissions import may_work_the_desk
from contactcenter.cases.actions import finish_task, take_task
from contactcenter.cases.models import Task, TaskQuerySet
from contactcenter.cases.permissions import access_task
from contactcenter.desk.forms import FinishTaskForm
from contactcenter.lib.errors import DomainError, NotFound
from policies.why import source_of

SHOWN = 100  # of each list


for_the_desk = page_for(
    may_work_the_desk,
    gettext_lazy("The desk is for agents, trainees and supervisors. Ask an administrator for the role."),
)
answer_desk = answer_for(
    may_work_the_desk,
    unknown=gettext_lazy("Log in to use the desk."),
    sorry=gettext_lazy("There is no such desk."),
)


# What is shown ----------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """A task as the list shows it."""

    task: Task
    is_overdue: bool
    why: str
    form: forms.Form


@require_safe
@for_the_desk
def tasks(request: HttpRequest) -> HttpResponse:
    """The list: what is mine, and what waits in my departments; overdue first. Source: DF-HOLD."""
    return _page(request)


@require_POST
@for_the_desk
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a task."""
    try:
        take_task(pk, by=_agent_of(request), at=timezone.now())
    except NotFound as refusal:
        raise Http404(refusal.detail) from None
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("The task is yours."))
    return redirect("desk:tasks")


@require_POST
@for_the_desk
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a task is done, with its result."""
    agent, form = _agent_of(request), FinishTaskForm(request.POST, prefix=f"task-{pk}")
    try:
        access_task(pk, agent)
        if not form.is_valid():
            return _page(request, form)
        facts = form.cleaned_data
        finish_task(pk, by=agent, result=facts["result"], note=facts["note"], at=timezone.now())
    except NotFound as refusal:
        raise Http404(refusal.detail) from None
    except DomainError as refusal:
        if refusal.more.get("field") in form.fields:  # what was typed stays where it is
            form.add_error(refusal.more["field"], refusal.detail)
            return _page(request, form)
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("Done."))
    return redirect("desk:tasks")


def _page(request: HttpRequest, wrong: forms.Form | None = None) -> HttpResponse:
    at, agent = timezone.now(), _agent_of(request)
    mine, others = _lists_of(agent)
    context = {
        "mine": _lines(mine, wrong, at=at),
        "others": _lines(others, wrong, at=at),
        "agent": agent,
        "form": wrong,
        "room": "tasks",
    }
    return render(request, "desk/tasks.html", context, status=400 if wrong is not None else 200)


def _lists_of(agent: Agent) -> tuple[TaskQuerySet, TaskQuerySet]:
    """Return what the agent has taken, and what else is open where she looks."""
    is_open = Task.objects.visible_to(agent).open()
    return is_open.filter(agent=agent), is_open.exclude(agent=agent)


def _lines(rows: TaskQuerySet, wrong: forms.Form | None, *, at: datetime) -> list[Line]:
    shown = rows.in_order().select_related(
        "department", "language", "customer", "agent__user", "contact", "rule_version__document"
    )
    return [_line(task, wrong, at=at) for task in shown[:SHOWN]]


def _line(task: Task, wrong: forms.Form | None, *, at: datetime) -> Line:
    form: forms.Form = FinishTaskForm(prefix=f"task-{task.pk}")
    if wrong is not None and wrong.prefix == form.prefix:
        form = wrong
    is_overdue = task.due_at is not None and task.due_at < at
    return Line(task, is_overdue, source_of(task.rule_version) if task.rule_version else "", form)


def _agent_of(request: HttpRequest) -> Agent:
    """Return the desk row of who works it; each has one."""
    return Agent.objects.select_related("user").prefetch_related("memberships").get(user=request.user.pk)


# For the desk's own programs ----------------------------------------------------
@require_safe
@answer_desk
def task_counts(request: HttpRequest) -> HttpResponse:
    """Answer how many tasks are open where this agent looks, and how many of them are late."""
    at, agent = timezone.now(), _agent_of(request)
    mine, others = _lists_of(agent)
    both = Task.objects.visible_to(agent)
    first = both.open().filter(due_at__isnull=False).in_order().values_list("due_at", flat=True).first()
    return JsonResponse(
        {
            "mine": mine.count(),
            "departments": others.count(),
            "overdue": both.overdue(at=at).count(),
            "next_due_at": first.isoformat() if first else None,
            "server_time": at.isoformat(),
        }
    )


@require_safe
@answer_desk
def desk_directory(request: HttpRequest) -> HttpResponse:
    """Answer the departments and outside bodies to whom people can be referred. Source: EM-COM-B."""
    return JsonResponse(directory())
