"""What agents write down about a chat for each other, and what goes on from it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from agents.models import Agent, Channel
from chat.actions.staff_notes import tell_staff
from chat.models import ChatSession, StaffEvent, StaffKind
from chat.permissions import access_to_mark
from chat.topics import guard_topic
from contactcenter.cases.actions import find_or_make_customer, open_task
from contactcenter.cases.due import promised
from contactcenter.cases.models import Task, TaskKind
from contactcenter.lib.errors import Invalid
from policies.staff_texts import staff_text
from policies.versions import in_force

FOLLOW_UP = "PK-2W"
LONGEST_NOTE = 4000
LONGEST_SUMMARY = 2000


@transaction.atomic
def note(session_id: UUID, *, agent_id: int, text: str, at: datetime) -> StaffEvent:
    """Add an internal note to a chat of one's own (a supervisor: to any); the resident never sees it.

    Raises `NotFound`, `WrongState` when the chat was purged, `Invalid`, `edit`. Source: EM-PAY, EM-COM-C.
    """
    agent = Agent.objects.select_related("user").get(pk=agent_id)
    session = access_to_mark(session_id, agent)
    if not text.strip():
        raise Invalid(_("Write something before you keep the note."), field="text")
    text = staff_text(text, field="text", at=at)
    return tell_staff(session, StaffKind.NOTE, at=at, agent=agent, text=text)


@transaction.atomic
def open_case(session_id: UUID, *, agent_id: int, summary: str, topic: str = "", at: datetime) -> StaffEvent:
    """Put what is to go on after a chat into the hands of its department: the agent's own summary, and the contact.

    Nothing of the transcript goes along. It is due when the city follows cases up.
    The same summary again makes no second case. Raises `NotFound`, `WrongState`
    when the chat was purged, `Invalid`, `edit`.
    Source: EM-PII-B, EM-PAY, EM-COM-C, PK-2W.
    """
    agent = Agent.objects.select_related("user").get(pk=agent_id)
    session = access_to_mark(session_id, agent)
    if not summary.strip():
        raise Invalid(_("Write in your own words what is to be done."), field="summary")
    guard_topic(topic, session.department_id)
    summary = staff_text(summary, field="summary", at=at)
    known = StaffEvent.objects.filter(session=session, kind=StaffKind.CASE, text=summary).first()
    if known is not None:
        return known
    task = _open_case_task(session, summary, topic, agent=agent, at=at)
    data = {"task": task.pk, "topic": topic or None}
    return tell_staff(session, StaffKind.CASE, at=at, agent=agent, text=summary, data=data)


def _open_case_task(session: ChatSession, summary: str, topic: str, *, agent: Agent, at: datetime) -> Task:
    """Make the task by which the case is opened: the one place where a chat becomes work of others."""
    customer, _is_new = find_or_make_customer(
        name=session.customer_name,
        language=session.language,
        email=session.customer_email,
        phone=session.customer_phone,
        at=at,
    )
    return open_task(
        kind=TaskKind.CASE,
        department=session.department,
        language=session.language,
        text=summary,
        customer=customer,
        channel=Channel.CHAT,
        opened_by=agent,
        topic_code=topic,
        due=promised(in_force(FOLLOW_UP, at=at), TaskKind.CASE, department_id=session.department_id, start=at),
        at=at,
    )
