"""Presence: one per agent, kept as intervals without gaps or overlaps."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from agents import rules
from agents.models import Agent, Presence, PresenceInterval
from contactcenter.lib.errors import Invalid, WrongState
from contactcenter.lib.events import emit


@transaction.atomic
def set_presence(agent_id: int, state: str, *, at: datetime) -> Agent:
    """Give an agent a presence: end the running interval and begin the next. The same presence again changes nothing.

    Whoever is disabled or suspended can only go offline. Raises `Invalid`, `WrongState`.
    """
    if state not in Presence.values:
        raise Invalid(_("Choose a presence from the list."), field="state")
    agent = Agent.objects.locked().select_related("user").get(pk=agent_id)
    if state == agent.presence:
        return agent
    _guard(agent, state, at=at)
    _begin_interval(agent, state, at=at)
    agent.presence = Presence(state)
    if state == Presence.OFFLINE:
        agent.offline_deadline = None
    # An update, not a save: presence is no configuration and has no line in its history.
    Agent.objects.filter(pk=agent_id).update(presence=agent.presence, offline_deadline=agent.offline_deadline)
    emit("agent", agent_id=agent_id)
    return agent


def note_connected(agent_id: int) -> None:
    """The agent has a socket: she will not be taken offline."""
    Agent.objects.filter(pk=agent_id, offline_deadline__isnull=False).update(offline_deadline=None)


def note_disconnected(agent_id: int, *, deadline: datetime, is_busy: bool = False) -> None:
    """The agent's last socket is gone: unless she is offline already, and not busy, she is given up at `deadline`."""
    agents = Agent.objects.filter(pk=agent_id)
    if not is_busy:
        agents = agents.exclude(presence=Presence.OFFLINE)
    agents.update(offline_deadline=deadline)


def _guard(agent: Agent, state: str, *, at: datetime) -> None:
    if state == Presence.OFFLINE:
        return
    if not agent.user.is_active or rules.is_suspended(agent.suspended_until, at=at):
        raise WrongState(_("You cannot take chats now. Ask your supervisor."))


def _begin_interval(agent: Agent, state: str, *, at: datetime) -> None:
    running = PresenceInterval.objects.filter(agent=agent, ended_at__isnull=True).first()
    if running is not None:
        at = max(at, running.started_at)  # the clocks of two machines differ a little
        running.ended_at = at
        running.save(update_fields=["ended_at"])
    PresenceInterval.objects.create(agent=agent, state=state, started_at=at)
