"""Waiting in the queue and on hold: when whoever waits is next given a choice."""

from __future__ import annotations

from datetime import datetime, timedelta

from chat.models import ChatSession
from policies.versions import in_force

CHOICES = "DF-HOLD"


def start_choices(session: ChatSession, *, at: datetime) -> None:
    """Let the time until the next choice of a stay on hold or in the queue begin; the caller saves both columns.

    Where the rule is not adopted there is no choice to come. Source: DF-HOLD.
    """
    version = in_force(CHOICES, at=at)
    session.choice_version = version
    session.choice_deadline = at + timedelta(seconds=version.number_of("seconds")) if version else None
