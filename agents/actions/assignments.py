"""Which agent takes which channel: a supervisor assigns, and ends it. Source: EM-COM-Da."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from agents.actions.people import tell_about
from agents.models import Agent, ChannelAssignment, User
from contactcenter.lib.errors import Invalid


@transaction.atomic
def assign_channel(
    agent: Agent, channel: str, *, from_on: date, through_on: date | None = None, why: str, by: User | None
) -> ChannelAssignment:
    """Let an agent take a channel from a local date on. Raises `Invalid`."""
    agent = Agent.objects.locked().select_related("user").get(pk=agent.pk)
    assignment = ChannelAssignment(
        agent=agent, channel=channel, from_on=from_on, through_on=through_on, assigned_by=by, why=why.strip()
    )
    _save(assignment, by=by)
    return assignment


@transaction.atomic
def end_assignment(assignment_id: int, *, through_on: date, by: User | None) -> ChannelAssignment:
    """Let an assignment end with a local date; one that would only begin later goes. Chats that run stay.

    Raises `Invalid`.
    """
    assignment = ChannelAssignment.objects.select_for_update(no_key=True, of=("self",)).get(pk=assignment_id)
    if assignment.from_on > through_on:
        assignment._history_user = by  # type: ignore[attr-defined]
        assignment.delete()
        tell_about(assignment.agent)
        return assignment
    assignment.through_on = through_on
    _save(assignment, by=by)
    return assignment


def assign_to_chat(agent: Agent, *, on: date) -> None:
    """Let a made-up person take chats from that local date on, unless somebody has decided about them already."""
    if not ChannelAssignment.objects.filter(agent=agent, channel="chat").exists():
        assign_channel(agent, "chat", from_on=on, why=_("Takes chats since they were hired."), by=None)


def _save(assignment: ChannelAssignment, *, by: User | None) -> None:
    try:
        assignment.full_clean()
    except ValidationError as refusal:
        field, [said, *_more] = next(iter(refusal.message_dict.items()))
        raise Invalid(said, field=field if field != "__all__" else "through_on") from None
    assignment._history_user = by  # type: ignore[attr-defined]
    assignment.save()
    tell_about(assignment.agent)
