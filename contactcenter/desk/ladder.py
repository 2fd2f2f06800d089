"""How many chats each may hold at once, and how it came to that: for agents their own, for supervisors everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from agents.actions import restrict_seats
from agents.actions.ladder import CAP, DOWN
from agents.gates import page_for
from agents.models import Agent
from agents.permissions import may_work_the_desk
from agents.seats import why_so_many
from contactcenter.desk.acting import act_with_form, person_of
from contactcenter.desk.forms import LimitForm
from contactcenter.desk.steps import in_words, latest_steps
from contactcenter.desk.supervise import for_supervisors
from policies.values import say
from policies.versions import rules_in_force
from policies.why import source_of

STEPS_SHOWN = 50

for_agents = page_for(
    may_work_the_desk, gettext_lazy("This page is for agents, trainees and supervisors. Ask an administrator.")
)


@dataclass(frozen=True)
class Place:
    """An agent with how many chats they may hold, and why."""

    agent: Agent
    held: int
    why: str


@require_safe
@for_agents
def own_ladder(request: HttpRequest) -> HttpResponse:
    """An agent's own place on the ladder, with every step. Source: EM-CAP, EM-CAP-down."""
    agent = get_object_or_404(_agents(), user=request.user.pk)
    return render(request, "desk/ladder_agent.html", {**_about(agent), "room": "desk"})


@require_safe
@for_supervisors
def ladder(request: HttpRequest) -> HttpResponse:
    """Everybody's place on the ladder, and the latest steps. Source: EM-CAP, EM-CAP-down."""
    context = {
        "places": [_place(agent) for agent in _agents().filter(user__is_active=True).order_by("user__username")],
        "steps": latest_steps(STEPS_SHOWN),
        "rules": _rules(at=timezone.now()),
        "room": "supervise",
    }
    return render(request, "desk/ladder.html", context)


@require_safe
@for_supervisors
def ladder_of(request: HttpRequest, pk: int) -> HttpResponse:
    """One agent's place on the ladder, with every step, and the form that limits it."""
    return _page_of(request, get_object_or_404(_agents(), pk=pk))


@require_POST
@for_supervisors
def limit(request: HttpRequest, pk: int) -> HttpResponse:
    """Limit how many chats an agent holds at once, or lift that. Source: EM-CAP."""
    agent = get_object_or_404(_agents(), pk=pk)
    form = LimitForm(request.POST)

    def act(at: datetime) -> str:
        facts = form.cleaned_data
        return _say_limit(restrict_seats(pk, to=facts["to"], why=facts["why"], by=person_of(request), at=at))

    back = reverse("desk:ladder_of", args=[pk])
    return act_with_form(request, form, act, page=partial(_page_of, request, agent), back=back)


def _say_limit(agent: Agent) -> str:
    """Say what a limit has changed, or that it changes nothing as long as something else allows fewer."""
    facts = {"name": agent.display_name, "count": agent.seats}
    if agent.restricted_to is not None and agent.seats < agent.restricted_to:
        said = ngettext(
            "The limit of %(limit)d is kept, and changes nothing now: %(name)s may hold %(count)d chat at once.",
            "The limit of %(limit)d is kept, and changes nothing now: %(name)s may hold %(count)d chats at once.",
            agent.seats,
        )
        return said % {**facts, "limit": agent.restricted_to}
    said = ngettext(
        "%(name)s may hold %(count)d chat at once now. Chats that run stay.",
        "%(name)s may hold %(count)d chats at once now. Chats that run stay.",
        agent.seats,
    )
    return said % facts


def _agents() -> Any:
    return Agent.objects.select_related("user", "standing__version", "earlier", "restricted_by").annotate(
        held=Count("held_seats")
    )


def _place(agent: Agent) -> Place:
    held: int = agent.held  # type: ignore[attr-defined]  # annotated
    return Place(agent, held, why_so_many(agent, held=held))


def _about(agent: Agent) -> dict[str, Any]:
    rows = agent.steps.select_related("by", "version__document")[:STEPS_SHOWN]
    return {"place": _place(agent), "steps": in_words(rows), "rules": _rules(at=timezone.now())}


def _page_of(request: HttpRequest, agent: Agent, wrong: forms.Form | None = None) -> HttpResponse:
    context = {
        **_about(agent),
        "limit_form": wrong or LimitForm(initial={"to": agent.restricted_to}),
        "form": wrong,
        "room": "supervise",
    }
    return render(request, "desk/ladder_agent.html", context, status=400 if wrong is not None else 200)


def _rules(*, at: datetime) -> list[dict[str, str]]:
    """Return what the city adopted about it, in words, each with its source."""
    held = rules_in_force([CAP, DOWN], at=at)
    return [
        {"rule": rule, "says": say(rule, held[rule].values), "source": source_of(held[rule])}
        for rule in (CAP, DOWN)
        if rule in held
    ]
