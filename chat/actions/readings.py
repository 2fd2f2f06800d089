"""Who read transcripts of chats that had ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from agents.models import Agent
from chat.models import ChatSession, Reading


def note_readings(sessions: Iterable[ChatSession], *, reader: Agent, place: Reading.Place, at: datetime) -> None:
    """Write down that somebody opened these ended chats. Source: EM-RET-B."""
    Reading.objects.bulk_create(
        Reading(
            session_id=session.pk,
            reader=reader,
            place=place,
            was_entitled=session.agent_id == reader.pk or reader.is_supervisor,
            at=at,
        )
        for session in sessions
    )
