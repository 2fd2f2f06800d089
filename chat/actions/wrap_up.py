"""After the end: the time in which an agent rounds a chat off, and the figures that stay of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from chat.actions.ladder import first_response_offered, recompute_all, who_wrote
from chat.models import ChatRecord, ChatSession, Kind
from chat.permissions import access_as_agent
from chat.retention import RULE
from chat.states import AGENT_OUTCOMES, Outcome, Status
from chat.topics import guard_topic
from contactcenter.lib.errors import Invalid, WrongState
from contactcenter.lib.events import emit
from policies.staff_texts import staff_text
from policies.versions import number_in_force

AT_ONCE = 500  # sessions that one transaction takes
LONGEST_NOTE = 2000
WRITTEN = ["note", "topic_code", "outcome", "wrapped_up_at", "wrap_up_deadline"]


def wrap_up_time(*, at: datetime) -> timedelta:
    """Return how long an agent has to round a chat off. Source: EM-RET-A."""
    return timedelta(minutes=number_in_force(RULE, "wrap_up_minutes", at=at))


def wrap_up(
    session_id: UUID, *, agent_id: int, note: str = "", topic: str = "", outcome: str = "", at: datetime
) -> ChatSession:
    """Round off a chat that has ended: a note, a topic, and an outcome where the resident had just left.

    Its figures are written at once. The same again changes nothing. Raises
    `NotFound`, `WrongState` before the end and when the time for it is over,
    `Invalid`, `edit`. Source: EM-RET-A, EM-PAY, EM-COM-C.
    """
    session = _wrap_up(session_id, agent_id, note, topic, outcome, at=at)
    recompute_all({agent_id, who_wrote(session)[0]}, at=at)
    return session


@transaction.atomic
def _wrap_up(session_id: UUID, agent_id: int, note: str, topic: str, outcome: str, *, at: datetime) -> ChatSession:
    session = access_as_agent(session_id, agent_id)
    if not session.is_ended:
        raise WrongState(_("End the chat before you round it off."))
    if outcome and outcome not in AGENT_OUTCOMES:
        raise Invalid(_("Choose an outcome from the list."), field="outcome")
    guard_topic(topic, session.department_id)
    note = staff_text(note, field="note", at=at)
    if session.wrapped_up_at is not None:
        return _guard_same(session, note, topic)
    session.note, session.topic_code = note, topic
    if outcome and session.outcome == Outcome.CUSTOMER_ENDED:
        session.outcome = outcome
    session.wrapped_up_at, session.wrap_up_deadline = at, None
    session.save(update_fields=WRITTEN)
    ChatRecord.objects.bulk_create([record_of(session, worked_until=at)], ignore_conflicts=True)
    emit("agent", agent_id=agent_id)
    return session


def _guard_same(session: ChatSession, note: str, topic: str) -> ChatSession:
    if (session.note, session.topic_code) != (note, topic):
        raise WrongState(_("This chat has been rounded off; nothing more is added to it."))
    return session


def end_wrap_ups(*, at: datetime) -> int:
    """Round off the chats whose time for it is over; answer how many. Safe to run twice. Source: EM-RET-A, EM-CAP."""
    ended = 0
    while records := _end_some(at):
        ended += len(records)
        recompute_all({agent_id for each in records for agent_id in (each.agent_id, each.first_agent_id)}, at=at)
    return ended


@transaction.atomic
def _end_some(at: datetime) -> list[ChatRecord]:
    time = wrap_up_time(at=at)
    is_due = Q(wrap_up_deadline__lte=at) | Q(wrap_up_deadline__isnull=True, ended_at__lte=at - time)
    due = ChatSession.objects.filter(is_due, status=Status.ENDED, wrapped_up_at__isnull=True).order_by("pk")
    sessions = list(due.select_for_update(no_key=True, skip_locked=True, of=("self",))[:AT_ONCE])
    for session in sessions:
        assert session.ended_at is not None
        session.wrapped_up_at = session.wrap_up_deadline or session.ended_at + time
        session.wrap_up_deadline = None
    ChatSession.objects.bulk_update(sessions, ["wrapped_up_at", "wrap_up_deadline"])
    return ChatRecord.objects.bulk_create([record_of(session) for session in sessions], ignore_conflicts=True)


def begin_wrap_up(session: ChatSession, *, at: datetime) -> None:
    """Give the agent of a chat that just ended time to round it off; without an agent it is over at once.

    Where somebody answered before the chat was put back, the next sweep ends
    it and counts the first response. The caller has locked the session and
    saves it. Source: EM-RET-A, EM-CAP.
    """
    if session.agent_id is not None:
        session.wrap_up_deadline = at + wrap_up_time(at=at)
        return
    if session.first_answer_at is not None:
        session.wrap_up_deadline = at
        return
    session.wrapped_up_at = at
    ChatRecord.objects.bulk_create([record_of(session)], ignore_conflicts=True)


def record_of(session: ChatSession, *, worked_until: datetime | None = None) -> ChatRecord:
    """Return the figures of an ended chat; nothing that the resident wrote or is.

    `worked_until` is when somebody ended the wrap-up; one that ran out is no work. Source: EM-RET-A.
    """
    assert session.ended_at is not None
    worked_until = worked_until or session.ended_at
    accepted, answered = session.accepted_at, session.first_answer_at
    first_agent_id, is_answered = who_wrote(session)
    return ChatRecord(
        id=session.pk,
        department_id=session.department_id,
        language_id=session.language_id,
        agent_id=session.agent_id,
        is_answered=is_answered,
        first_agent_id=first_agent_id,
        outcome=session.outcome,
        topic_code=session.topic_code,
        rating=session.rating,
        had_emergency=bool(session.emergency),
        transfers=session.transfers,
        requested_at=session.requested_at,
        ended_at=session.ended_at,
        wait=_first_accepted_at(session, accepted) - session.requested_at if accepted else None,
        first_response=answered - session.requested_at if answered else None,
        first_response_offered=first_response_offered(session),
        handle_time=worked_until - accepted if accepted else None,
    )


def _first_accepted_at(session: ChatSession, accepted_at: datetime) -> datetime:
    """Return when somebody first took a chat; one that went back to the queue was accepted more than once."""
    if not session.requeues:
        return accepted_at
    joined = session.events.filter(kind=Kind.JOINED).order_by("seq").values_list("at", flat=True).first()
    return joined or accepted_at
