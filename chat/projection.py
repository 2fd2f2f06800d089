"""What of a chat goes out, as frames of the contract: one projection for sockets, polls and pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

from django.utils.translation import gettext as _

from chat.models import ChatSession, Kind, Offer, StaffEvent, Transfer, Unmatched
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


def customer_state(
    session: ChatSession, waiting: Waiting | None, agent_name: str | None, *, is_passed_on: bool = False
) -> Frame:
    """Return `welcome.session` of the customer."""
    is_running = session.status in (Status.ACTIVE, Status.ON_HOLD)
    return {
        "session": str(session.pk),
        "state": session.status,
        "position": waiting[0] if waiting else None,
        "estimated_wait_seconds": waiting[1] if waiting else None,
        "agent_name": agent_name if is_running else None,
        "transfer_pending": is_passed_on,
        "outcome": session.outcome or None,
        "ended_at": iso(session.ended_at),
        "rating": session.rating,
    }


Waiting: TypeAlias = tuple[int, int | None]


def offer_frame(offer: Offer) -> Frame:
    """Return what the desk reads of a chat that is offered to its agent."""
    session, transfer = offer.session, offer.transfer
    return {
        "session": str(session.pk),
        "kind": offer.kind,
        "from": transfer.from_agent.display_name if transfer else None,
        "summary": transfer.summary if transfer else "",
        "why": str(Offer.Why(offer.why).label),
        "expires_at": iso(offer.expires_at),
        "department": session.department.code,
        "language": session.language_id,
        "topic": session.topic or None,
        "priority": session.priority,
        "reason": transfer.reason if transfer else None,
    }


def transfer_frame(transfer: Transfer) -> Frame:
    """Return what the desk reads of a transfer that its agent asked for: open, or declined."""
    return {
        "to": _whom(transfer),
        "reason": transfer.reason,
        "deadline": None if transfer.ended_at else iso(transfer.deadline),
        "declined_why": transfer.declined_why or None,
    }


def _whom(transfer: Transfer) -> str:
    if transfer.to_agent is not None:
        return transfer.to_agent.display_name
    if transfer.to_department is not None:
        return transfer.to_department.name
    return transfer.to_language.name if transfer.to_language is not None else _("a supervisor")


def queue_item(session: ChatSession, position: int, *, is_offered: bool) -> Frame:
    """Return what the desk reads of a waiting chat: no name, no text.

    By priority and the two instants the desk keeps its list in the order of the queue (`in_queue_order`) and counts
    the places itself; `hidden_before`: how many of the line before it that desk is not shown; `offered`: whether
    somebody has it on offer, never who.
    """
    return {
        "session": str(session.pk),
        "department": session.department.code,
        "language": session.language_id,
        "topic": session.topic or None,
        "priority": session.priority,
        "position": position,
        "hidden_before": 0,
        "queued_at": iso(session.queued_at),
        "requeued_at": iso(session.requeued_at),
        "offered": is_offered,
    }


def unmatched_frame(session: ChatSession) -> Frame:
    """Return what supervisors read besides: why a waiting chat is offered to nobody."""
    label = str(Unmatched(session.unmatched).label) if session.unmatched else None
    return {"unmatched": session.unmatched or None, "unmatched_why": label}


def desk_session(session: ChatSession, transfer: Transfer | None = None) -> Frame:
    """Return what the desk reads of a chat that is the agent's; `transfer`: the newest, open or declined."""
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
        "transfer_pending": transfer is not None and transfer.ended_at is None,
        "transfer": transfer_frame(transfer) if transfer else None,
        "held_at": iso(session.held_at),
        "choice_deadline": iso(session.choice_deadline),
        "idle_deadline": iso(session.idle_deadline),
        "idle_notice_at": iso(session.idle_notice_at),
        "answer_deadline": iso(session.answer_deadline),
        "away_since": iso(session.away_at),
        "wrap_up_deadline": iso(session.wrap_up_deadline),
        "wrapped_up_at": iso(session.wrapped_up_at),
        "rating": session.rating,
        "transfers": session.transfers,
        "topic_code": session.topic_code or None,
        "note": session.note,
    }
