"""What residents leave for us while nobody can chat: a message, or the wish to be called back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from agents.models import Channel, Department, Language
from contactcenter.cases.actions import find_or_make_customer, note_contact, open_task
from contactcenter.cases.due import BUSINESS_DAYS, BUSINESS_MINUTES, Due, due_by
from contactcenter.cases.models import Task, TaskKind
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
    """Keep a message as a task of its department, due as DF-HOLD has it; the same key again is the same task.

    Source: EM-HRS, EM-HRS-30, DF-HOLD.
    """
    customer, _is_new = find_or_make_customer(
        name=left.name, language=left.language, email=left.email, phone=left.phone, at=at
    )
    due = promised(left.kind, left.department, at=at)
    task = open_task(
        kind=left.kind,
        department=left.department,
        language=left.language,
        text=left.text,
        customer=customer,
        rule=HOURS,
        due=due,
        source=f"left:{left.key}" if left.key else "",
        at=at,
    )
    if task.contact_id is None:
        task.contact = note_contact(customer, channel=Channel.WEB, department=left.department, purpose=left.kind, at=at)
        task.save(update_fields=["contact"])
    return task


def promised(kind: TaskKind, department: Department, *, at: datetime) -> Due | None:
    """Return when a message or a call back is due; None where DF-HOLD is not adopted. Source: DF-HOLD."""
    version = in_force(CHOICES, at=at)
    if version is None:
        return None
    unit, value = (
        (BUSINESS_MINUTES, "callback_minutes") if kind == TaskKind.CALL_BACK else (BUSINESS_DAYS, "message_days")
    )
    return due_by(version, unit=unit, amount=version.number_of(value), department_id=department.pk, start=at)
