"""Whether an agent takes a channel today: the supervisor decides, and it is asked here. Source: EM-COM-Da."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.utils.translation import gettext as _

from agents.models import Channel, ChannelAssignment
from policies.versions import in_force

RULE = "EM-COM-Da"


def unassigned(agent_ids: Collection[int], *, channel: str, on: date, at: datetime) -> set[int]:
    """Return those of the agents who do not take this channel on that local date.

    Nobody, while the city has not adopted the rule.
    """
    if in_force(RULE, at=at) is None:
        return set()
    rows = ChannelAssignment.objects.counting(on=on).filter(channel=channel, agent__in=agent_ids)
    return set(agent_ids) - set(rows.values_list("agent_id", flat=True))


def why_unassigned(channel: str) -> str:
    """Return one sentence for the agent: what is missing, and whom to ask."""
    facts = {"channel": Channel(channel).label, "rule": RULE}
    return _("You are not assigned to this channel today: %(channel)s. Ask your supervisor (%(rule)s).") % facts
