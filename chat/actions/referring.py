"""A message that an agent passes on to another department, for a resident whom she refers there. Source: EM-REF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import Agent, Channel, Department
from chat.actions.staff_notes import tell_staff
from chat.actions.waiting import CHOICES
from chat.models import ChatSession, StaffKind
from chat.permissions import access_as_agent
from chat.refer import rule_of_referring
from contactcenter.cases.actions import find_or_make_customer, open_or_add
from contactcenter.cases.due import promised, say_due
from contactcenter.cases.models import Customer, Task, TaskKind
from contactcenter.lib.errors import Invalid
from policies.staff_texts import staff_text
from policies.versions import in_force


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What a department is to read, in the agent's words, and how the resident is answered, checked.

    Without `email` and `phone` what the resident gave when the chat began counts.
    """

    department: Department
    text: str
    email: str = ""
    phone: str = ""


@transaction.atomic
def pass_message_on(session_id: UUID, message: PassedOn, *, agent_id: int, at: datetime) -> str:
    """Open a task of another department for a chat of one's own; return what its resident can be written, in words.

    It is due as a message that the resident leaves. One task for each department: what is said once more is added to
    it, the same changes nothing; once it is done, the next message is another, due anew. Raises `NotFound`,
    `WrongState` where the city refers nobody by rule, `Invalid`, `too_long`, `edit`.
    Source: EM-REF, EM-COM-B, DF-HOLD, EM-COM-C.
    """
    agent = Agent.objects.select_related("user").get(pk=agent_id)
    session, department = access_as_agent(session_id, agent_id), message.department
    version = rule_of_referring(at=at)
    text = staff_text(message.text, field="text", at=at)
    task, is_new = open_or_add(
        f"chat {session.pk} referred {department.code}",
        kind=TaskKind.MESSAGE,
        department=department,
        language=session.language,
        customer=_customer(session, message, at=at),
        channel=Channel.CHAT,
        text=text,
        opened_by=agent,
        rule=version.rule,
        due=promised(in_force(CHOICES, at=at), TaskKind.MESSAGE, department_id=department.pk, start=at),
        at=at,
    )
    if is_new:
        said = _("A message was passed on to %(name)s: %(text)s") % {"name": department.name, "text": text}
        tell_staff(session, StaffKind.NOTE, at=at, agent=agent, text=said)
    return _say(task, department, session.language_id, at=at)


def _customer(session: ChatSession, message: PassedOn, *, at: datetime) -> Customer:
    is_given = bool(message.email or message.phone)
    email = message.email if is_given else session.customer_email
    phone = message.phone if is_given else session.customer_phone
    if not email and not phone:
        raise Invalid(_("Write an e-mail address or a phone number by which the resident is answered."), field="email")
    customer, _is_new = find_or_make_customer(
        name=session.customer_name, email=email, phone=phone, language=session.language, at=at
    )
    return customer


def _say(task: Task, department: Department, language: str, *, at: datetime) -> str:
    """Say to the resident what was done and by when they are answered, in the zone of the calendar that said so.

    Of an answer that is late already no moment is named.
    """
    name = department.name_in(language)
    with translation.override(language):
        if task.due_at is None or task.due_at < at:
            return _("I have passed your message on to %(name)s.") % {"name": name}
        facts = {"name": name, "moment": say_due(task.due_at, task.calendar_version_id)}
        return _("I have passed your message on to %(name)s. You get an answer by %(moment)s.") % facts
