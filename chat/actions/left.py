"""What residents leave for us while nobody can chat: a message, or the wish to be called back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from agents.models import Channel, Department, Language
from contactcenter.cases.actions import find_or_make_customer, open_or_add, tasks_of
from contactcenter.cases.due import promised
from contactcenter.cases.models import Task, TaskKind
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
    done, what is new makes another, and the same, of a page that is loaded again, nothing. Raises `too_long`.
    Source: EM-HRS, EM-HRS-30, DF-HOLD.
    """
    source = f"left:{left.key}:{left.kind}:{left.department.pk}" if left.key else ""
    customer, _is_new = find_or_make_customer(
        name=left.name, language=left.language, email=left.email, phone=left.phone, at=at
    )
    text = screen(left.text).text
    for task in tasks_of(source):
        if task.says(text) and task.customer_id == customer.pk:
            return task
    task, _is_new = open_or_add(
        source,
        kind=left.kind,
        department=left.department,
        language=left.language,
        customer=customer,
        channel=Channel.WEB,
        text=text,
        rule=HOURS,
        due=promised(in_force(CHOICES, at=at), left.kind, department_id=left.department.pk, start=at),
        at=at,
    )
    return task
