"""What of a chat goes out, as frames of the contract: one projection for sockets, polls and pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

from chat.models import ChatSession, Kind, StaffEvent
from chat.rows import EventRow
from chat.states import Status
from contactcenter.lib.errors import DomainError
from contactcenter.lib.frames import dump

Frame: TypeAlias = dict[str, Any]


def iso(at: datetime | None) -> str | None:
    """Return an instant as the contract writes it, or None."""
    return at.isoformat() if at else None


def event_frame(event: EventRow) -> Frame:
    """Return the durable event as both sides see it."""
    return {
        "type": "event",
        "session": str(event.session_id),
        "seq": event.seq,
        "id": str(event.uid),
        "kind": event.kind,
        "from": event.side,
        "name": event.name or None,
        "text": event.text,
        "at": iso(event.at),
        "rule": event.rule or None,
        "data": event.data,
    }


def event_texts(event: EventRow) -> list[str]:
    """Return the frames, as text, with which sockets are told of an event: of a masked text also what it is now."""
    texts = [dump(event_frame(event))]
    if event.kind == Kind.REDACTED:
        texts.append(dump({"type": "redacted", "session": str(event.session_id), **event.data}))
    return texts


def staff_event_frame(event: StaffEvent) -> Frame:
    """Return an entry of the list that staff alone see."""
    return {
        "type": "staff_event",
        "session": str(event.session_id),
        "n": event.n,
        "kind": event.kind,
        "name": event.agent.display_name if event.agent else None,
        "text": event.text,
        "at": iso(event.at),
        "rule": event.rule or None,
        "data": event.data,
    }


def ack_frame(event: EventRow, *, ref: str | None = None) -> Frame:
    """Return the receipt of a message; `text` when it was stored otherwise than sent."""
    frame: Frame = {"type": "ack", "session": str(event.session_id), "id": str(event.uid), "seq": event.seq}
    if event.is_changed:
        frame["text"] = event.text
    return with_ref(frame, ref)


def ok_frame(ref: str | None) -> Frame:
    return with_ref({"type": "ok"}, ref)


def error_frame(refusal: DomainError, *, ref: str | None = None, uid: str | None = None) -> Frame:
    """Return a refusal as a frame; `id` names the message that was refused."""
    frame: Frame = {"type": "error", **refusal.body()}
    if uid is not None:
        frame["id"] = uid
    return with_ref(frame, ref)


def with_ref(frame: Frame, ref: str | None) -> Frame:
    if ref is not None:
        frame["ref"] = ref
    return frame


def customer_state(session: ChatSession, waiting: Waiting | None, agent_name: str | None) -> Frame:
    """Return `welcome.session` of the customer."""
    is_running = session.status in (Status.ACTIVE, Status.ON_HOLD)
    return {
        "session": str(session.pk),
        "state": session.status,
        "position": waiting[0] if waiting else None,
        "estimated_wait_seconds": waiting[1] if waiting else None,
        "agent_name": agent_name if is_running else None,
        "outcome": session.outcome or None,
        "ended_at": iso(session.ended_at),
    }


Waiting: TypeAlias = tuple[int, int | None]


def queue_item(session: ChatSession, position: int) -> Frame:
    """Return what the desk reads of a waiting chat: no name, no text."""
    return {
        "session": str(session.pk),
        "department": session.department.code,
        "language": session.language_id,
        "topic": session.topic or None,
        "priority": session.priority,
        "position": position,
        "queued_at": iso(session.queued_at),
    }


def desk_session(session: ChatSession) -> Frame:
    """Return what the desk reads of a chat that is the agent's."""
    return {
        "session": str(session.pk),
        "state": session.status,
        "last_seq": session.last_seq,
        "name": session.customer_name,
        "department": session.department.code,
        "language": session.language_id,
        "topic": session.topic or None,
        "requested_at": iso(session.requested_at),
        "accepted_at": iso(session.accepted_at),
        "outcome": session.outcome or None,
        "ended_at": iso(session.ended_at),
        "emergency": session.emergency or None,
        "retained": session.retained,
    }
