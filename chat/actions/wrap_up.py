"""After the end: the time in which an agent rounds a chat off, and the figures that stay of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from chat import rules
from chat.models import ChatRecord, ChatSession, Kind
from chat.states import Status

AT_ONCE = 500  # sessions that one transaction takes


def end_wrap_ups(*, at: datetime) -> int:
    """Round off the chats whose time for it is over; answer how many. Safe to run twice. Source: EM-RET-A."""
    return sum(iter(lambda: _end_some(at), 0))


@transaction.atomic
def _end_some(at: datetime) -> int:
    is_due = Q(wrap_up_deadline__lte=at) | Q(wrap_up_deadline__isnull=True, ended_at__lte=at - rules.WRAP_UP)
    due = ChatSession.objects.filter(is_due, status=Status.ENDED, wrapped_up_at__isnull=True).order_by("pk")
    sessions = list(due.select_for_update(no_key=True, skip_locked=True, of=("self",))[:AT_ONCE])
    for session in sessions:
        assert session.ended_at is not None
        session.wrapped_up_at = session.wrap_up_deadline or session.ended_at + rules.WRAP_UP
        session.wrap_up_deadline = None
    ChatSession.objects.bulk_update(sessions, ["wrapped_up_at", "wrap_up_deadline"])
    ChatRecord.objects.bulk_create([record_of(session) for session in sessions], ignore_conflicts=True)
    return len(sessions)


def begin_wrap_up(session: ChatSession, *, at: datetime) -> None:
    """Give the agent of a chat that just ended time to round it off; without an agent it is over at once.

    The caller has locked the session and saves it.
    """
    if session.agent_id is not None:
        session.wrap_up_deadline = at + rules.WRAP_UP
        return
    session.wrapped_up_at = at
    ChatRecord.objects.bulk_create([record_of(session)], ignore_conflicts=True)


def record_of(session: ChatSession) -> ChatRecord:
    """Return the figures of an ended chat; nothing that the resident wrote or is. Source: EM-RET-A."""
    assert session.ended_at is not None
    accepted, answered = session.accepted_at, session.first_answer_at
    offered = session.offered_at or accepted
    return ChatRecord(
        id=session.pk,
        department_id=session.department_id,
        language_id=session.language_id,
        agent_id=session.agent_id,
        outcome=session.outcome,
        had_emergency=bool(session.emergency),
        transfers=session.transfers,
        requested_at=session.requested_at,
        ended_at=session.ended_at,
        wait=_first_accepted_at(session, accepted) - session.requested_at if accepted else None,
        first_response=answered - session.requested_at if answered else None,
        first_response_offered=answered - offered if answered and offered else None,
        handle_time=session.ended_at - accepted if accepted else None,  # a wrap-up that ran out is no work
    )


def _first_accepted_at(session: ChatSession, accepted_at: datetime) -> datetime:
    """Return when somebody first took a chat; one that went back to the queue was accepted more than once."""
    if not session.requeues:
        return accepted_at
    joined = session.events.filter(kind=Kind.JOINED).order_by("seq").values_list("at", flat=True).first()
    return joined or accepted_at
