"""Texts that wait for a supervisor: stopped ones, and links that residents sent. Reads only.

Source: EM-COM-C, EM-LINK.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, QuerySet

from chat.actions.outgoing import WORDS, why_stopped
from chat.models import StaffEvent, StaffKind, StoppedText
from chat.models.stopped import StoppedTextQuerySet
from chat.projection import Frame
from policies.models import RuleVersion
from policies.versions import in_force
from policies.words import profanity_list

MOST_LINKS = 50


@dataclass(frozen=True)
class Stopped:
    """A text that waits for its release, in pieces: each with whether it is what stopped the text."""

    row: StoppedText
    pieces: list[tuple[str, bool]]


def stopped_texts() -> list[Stopped]:
    """Return the texts of running chats on which nobody has decided, the oldest first; one statement."""
    rows = _waiting().select_related("session__department", "agent__user").order_by("asked_at", "pk")
    return [Stopped(row, list(_pieces(row.text))) for row in rows]


def waiting_texts() -> tuple[int, datetime | None]:
    """Return how many that are, and when the newest of them came."""
    found = _waiting().aggregate(count=Count("pk"), newest=Max("asked_at"))
    return found["count"], found["newest"]


def _waiting() -> StoppedTextQuerySet:
    """Of running chats, from whoever has the chat now: nobody else would send it."""
    return StoppedText.objects.undecided().filter(session__ended_at__isnull=True, session__agent=F("agent"))


def stopped_on_desk(agent_id: int, *, at: datetime) -> list[Frame]:
    """Return what of an agent's running chats was laid before the supervisors and may still be sent, oldest first.

    As `welcome` bears it, for a desk that was closed meanwhile. Source: EM-COM-C.
    """
    mine = StoppedText.objects.unsent().filter(agent=agent_id, session__agent=agent_id, session__ended_at__isnull=True)
    rows = list(mine.select_related("decided_by__user").order_by("asked_at", "pk"))
    version = in_force(WORDS, at=at) if rows else None
    return [_on_desk(row, version) for row in rows] if version else []


def _on_desk(row: StoppedText, version: RuleVersion) -> Frame:
    released_by = row.decided_by.display_name if row.decided_by is not None else None
    facts = {"session": str(row.session_id), "id": str(row.uid), "text": row.text, "released_by": released_by}
    return facts | why_stopped(profanity_list().spans(row.text), version)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    place = 0
    for start, end in profanity_list().spans(text):
        yield text[place:start], False
        yield text[start:end], True
        place = end
    yield text[place:], False


def reported_links() -> QuerySet[StaffEvent]:
    """Return the links that agents copied for the supervisors, of chats that are still there, the newest first."""
    rows = StaffEvent.objects.filter(kind=StaffKind.LINK).select_related("session__department", "agent__user")
    return rows.order_by("-at", "-pk")[:MOST_LINKS]
