"""Who may use and change which script, asked here by pages and API alike. Absent and foreign look the same."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from agents.models import Agent, User
from contactcenter.knowledge.models import Script
from contactcenter.lib.errors import NotFound


def access_as_agent(user: User | AnonymousUser) -> Agent:
    """Return the desk row of a person. Raises `NotFound`."""
    agent = Agent.objects.select_related("user").filter(user=user.pk).first() if isinstance(user, User) else None
    if agent is None:
        raise NotFound(_("Scripts are for agents, trainees and supervisors."))
    return agent


def access_script(script_id: int, agent: Agent) -> Script:
    """Return a script that she may use: shared ones of her departments and of all, and her own. Raises `NotFound`."""
    return _or_none(Script.objects.for_agent(agent).filter(pk=script_id).first())


def access_own_script(script_id: int, agent: Agent) -> Script:
    """Return one of her own scripts, which nobody else may touch. Raises `NotFound`."""
    return _or_none(Script.objects.filter(pk=script_id, owner=agent).first())


def _or_none(script: Script | None) -> Script:
    if script is None:
        raise NotFound(_("There is no such script."))
    return script
