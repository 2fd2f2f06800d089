"""What residents leave for us while nobody can chat: a message, or the wish to be called back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from agents.models import Channel, Department, Language
from contactcenter.cases.actions import add_to_task, find_or_make_customer, note_contact, open_task, task_of
from contactcenter.cases.due import promised
from contactcenter.cases.models import Task, TaskKind
from contactcenter.lib.serial import one_at_a_time
from policies.screening import screen
from policies.versions import in_force

HOURS, CHOICES = "EM-HRS", "DF-HOLD"


@dataclass(frozen=True, slots=True)
class Left:
    """A message that somebody leaves, checked; `key` is the browser's, so that the same one twice is one."""

    name: str
    text: str
    department: Department
    language: Language
    email: str = ""
    phone: str = ""
    key: str = ""

    @property
    def kind(self) -> TaskKind:
        return TaskKind.CALL_BACK if self.phone else TaskKind.MESSAGE


@transaction.atomic
def leave_message(left: Left, *, at: datetime) -> Task:
    """Keep a message as a task of its department, due as DF-HOLD has it.

    The same key again is the same task, of one kind and department: what was corrected is added to it. Once that is
    done, what is new makes another. Raises `too_long`. Source: EM-HRS, EM-HRS-30, DF-HOLD.
    """
    source = f"left:{left.key}:{left.kind}:{left.department.pk}" if left.key else ""
    if source:
        one_at_a_time(source)
    customer, _is_new = find_or_make_customer(
        name=left.name, language=left.language, email=left.email, phone=left.phone, at=at
    )
    text = screen(left.text).text
    known = task_of(source) if source else None
    while known is not None:
        task, _is_new = add_to_task(known.pk, customer=customer, text=text)
        if not task.is_done or (text in task.text and task.customer_id == customer.pk):
            return task
        source = f"{source}:{task.pk}"  # what is new after that one was done
        known = task_of(source)
    contact = note_contact(customer, channel=Channel.WEB, department=left.department, purpose=left.kind, at=at)
    return open_task(
        kind=left.kind,
        department=left.department,
        language=left.language,
        text=text,
        customer=customer,
        contact=contact,
        rule=HOURS,
        due=promised(in_force(CHOICES, at=at), left.kind, department_id=left.department.pk, start=at),
        source=source,
        at=at,
    )
