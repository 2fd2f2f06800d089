"""An agent's own scripts, those that she may use, and a field to try them."""

from __future__ import annotations

from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.gates import View, page_for
from agents.models import Agent
from agents.permissions import may_work_the_desk
from contactcenter.knowledge import actions
from contactcenter.knowledge.forms import OwnScriptForm
from contactcenter.knowledge.models import Script
from contactcenter.knowledge.permissions import access_as_agent, access_own_script
from contactcenter.knowledge.rules import OF_DEPARTMENT
from contactcenter.knowledge.scripts import RULE, offered_to
from contactcenter.lib.errors import DomainError, NotFound
from contactcenter.lib.forms import say_refusal
from policies.versions import in_force
from policies.why import source_of

working = page_for(
    may_work_the_desk,
    gettext_lazy("Scripts are for agents, trainees and supervisors. Ask an administrator for the role."),
)


def for_agents(view: View) -> View:
    """Let in who may work the desk now, and hand on their row; others are sent to the log-in or refused."""

    @working
    @wraps(view)
    def with_agent(request: HttpRequest, **which: Any) -> HttpResponse:
        try:
            return view(request, access_as_agent(request.user), **which)
        except NotFound as refusal:
            raise Http404(refusal.detail) from None

    return with_agent


@require_safe
@for_agents
def scripts(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The scripts of an agent. Source: EM-SCR."""
    return _page(request, agent, OwnScriptForm(agent=agent))


@require_POST
@for_agents
def add(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Write a script of one's own. Source: EM-SCR."""
    form = OwnScriptForm(request.POST, agent=agent)
    if not _write(form, agent, None, at=timezone.now()):
        return _page(request, agent, form)
    messages.success(request, _("The script is there. Type / in a chat to insert it."))
    return redirect("knowledge:scripts")


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def change(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Rewrite a script of one's own; a colleague's looks the same as none. Source: EM-SCR."""
    script = access_own_script(pk, agent)
    form = OwnScriptForm(request.POST if request.method == "POST" else None, agent=agent, script=script)
    if request.method == "POST" and _write(form, agent, pk, at=timezone.now()):
        messages.success(request, _("Changed. What was sent before stays as it was."))
        return redirect("knowledge:scripts")
    context = {"form": form, "script": script, "room": "scripts"}
    return render(request, "knowledge/own_script.html", context, status=400 if form.errors else 200)


@require_POST
@for_agents
def delete(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Delete a script of one's own. Source: EM-SCR."""
    actions.delete_own_script(pk, by=agent)
    messages.success(request, _("The script is gone."))
    return redirect("knowledge:scripts")


def _write(form: OwnScriptForm, agent: Agent, pk: int | None, *, at: datetime) -> bool:
    """Say whether what was typed is written down; a refusal stands at its field."""
    if not form.is_valid():
        return False
    try:
        actions.write_own_script(form.words(), by=agent, script_id=pk, at=at)
    except NotFound:
        raise
    except DomainError as refusal:
        say_refusal(form, refusal)
        return False
    return True


def _page(request: HttpRequest, agent: Agent, form: OwnScriptForm) -> HttpResponse:
    at = timezone.now()
    version = in_force(RULE, at=at)
    own = Script.objects.filter(owner=agent).select_related("department", "language")
    context = {
        "form": form,
        "own": own,
        "shared": Script.objects.for_agent(agent).shared().select_related("department", "language"),
        "sequences": offered_to(agent, at=at)["sequences"],
        "source": source_of(version) if version else "",
        "is_adopted": version is not None,
        "sample": _sample(agent),
        "room": "scripts",
    }
    return render(request, "knowledge/scripts.html", context, status=400 if form.errors else 200)


def _sample(agent: Agent) -> dict[str, Any]:
    """Return what a chat would fill in, by her own department, for the field to try scripts."""
    membership = agent.memberships.select_related("department").order_by("-is_primary", "pk").first()
    department = membership.department if membership else None
    fields = {
        "customer": _("Dana"),
        "agent": agent.display_name,
        "city": settings.CITY_NAME,
        "department": department.name if department else "",
        **{name: getattr(department, name, "") for name in OF_DEPARTMENT},
    }
    return {"fields": fields, "chat": {"department": department.code if department else None}}
