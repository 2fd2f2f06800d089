"""What a supervisor reads of a chat: both lists in one, and who has opened it. Reads only. Source: EM-PII-B."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from chat.actions import Option
from chat.models import ChatEvent, ChatSession, Kind, Reading, RetentionMark, Side, StaffEvent, StaffKind
from chat.states import Outcome
from policies.hours import say_moment

PAGE = 50


@dataclass(frozen=True)
class Line:
    """One line of a transcript, as `components/_message.html` shows it: a person's words, the rule's, or a note."""

    kind: str  # "", "rule" or "note"
    at: datetime
    who: str
    text: str
    own: bool = False
    rule: str = ""
    reason: str = ""


def transcript(session: ChatSession) -> list[Line]:
    """Return everything that was said and noted, in the order in which it was."""
    events = ChatEvent.objects.filter(session=session).exclude(kind=Kind.REDACTED).order_by("seq")
    notes = StaffEvent.objects.filter(session=session).select_related("agent__user").order_by("n")
    lines = [*map(_of_event, events), *map(_of_note, notes)]
    return sorted(lines, key=lambda line: line.at)  # stable: within an instant as they were numbered


def _of_event(event: ChatEvent) -> Line:
    if event.kind == Kind.MESSAGE:
        return Line("", event.at, event.name, event.text, own=event.side == Side.AGENT, rule=event.rule)
    reason = event.data.get("why", "")
    return Line("rule", event.at, event.name, event.text or _said(event), rule=event.rule, reason=reason)


def _said(event: ChatEvent) -> str:
    """Say what an event without a text is."""
    sentences = {
        Kind.JOINED: _("%(name)s joined."),
        Kind.HERE: _("%(name)s is still here."),
        Kind.KEPT_OPEN: _("%(name)s keeps the chat open."),
    }
    if event.kind == Kind.ENDED:
        return _("The chat ended: %(outcome)s.") % {"outcome": Outcome(event.data["outcome"]).label}
    sentence = sentences.get(Kind(event.kind))
    return sentence % {"name": event.name} if sentence else str(Kind(event.kind).label)


def _of_note(event: StaffEvent) -> Line:
    who = event.agent.display_name if event.agent else _("The program")
    text = str(StaffKind(event.kind).label)
    if event.kind == StaffKind.MARKED:
        text = f"{text}: {RetentionMark.Reason(event.data['reason']).label}"
    if event.kind == StaffKind.RELEASED and not event.data["is_released"]:
        text = _("A stopped text was not released")
    if event.kind == StaffKind.CHOSEN:
        text = _chosen(event.data)
    return Line("note", event.at, who, f"{text}. {event.text}".strip(), rule=event.rule)


def _chosen(data: dict[str, Any]) -> str:
    """Say what a resident who waited left for us, and by when it is due."""
    called = data["option"] == Option.CALL_BACK
    text = _("The resident asked to be called back") if called else _("The resident left a message")
    if "due_at" not in data:  # so it was written down before
        return text
    return _("%(text)s, due by %(moment)s") % {
        "text": text,
        "moment": say_moment(datetime.fromisoformat(data["due_at"])),
    }


def readings_of(session_id: UUID) -> QuerySet[Reading]:
    """Return who has opened a chat after its end, the newest first."""
    return Reading.objects.filter(session_id=session_id).select_related("reader__user").order_by("-at", "-pk")


@dataclass(frozen=True)
class Filter:
    """Which chats a list shows; `before` is where the page before ended."""

    department: str = ""
    kept: bool = False
    emergency: bool = False
    before: tuple[datetime, UUID] | None = None


def listed(wanted: Filter) -> list[ChatSession]:
    """Return chats that are still there, the newest request first, one more than a page holds; one statement."""
    rows = ChatSession.objects.select_related("department", "agent__user")
    if wanted.department:
        rows = rows.filter(department__code=wanted.department)
    if wanted.kept:
        rows = rows.filter(retained=True)
    if wanted.emergency:
        rows = rows.exclude(emergency="")
    if wanted.before is not None:
        at, pk = wanted.before
        rows = rows.filter(Q(requested_at__lt=at) | Q(requested_at=at, pk__lt=pk))
    return list(rows.order_by("-requested_at", "-pk")[: PAGE + 1])
