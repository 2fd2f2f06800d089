"""Every write about customers and tasks: who they are, what is to be done, and when their words go."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from agents.models import Agent, Department, Language
from contactcenter.cases import rules
from contactcenter.cases.contacts import guard_length
from contactcenter.cases.due import Due
from contactcenter.cases.models import Contact, Customer, Task, TaskKind
from contactcenter.cases.permissions import access_task
from contactcenter.lib.errors import DomainError, Invalid
from contactcenter.lib.hashing import keyed_hash
from contactcenter.lib.phones import digits_of
from contactcenter.lib.serial import one_at_a_time
from policies.screening import screen
from policies.staff_texts import staff_text

LONGEST_NOTE = 2000


@transaction.atomic
def find_or_make_customer(
    *, name: str, language: Language, at: datetime, email: str = "", phone: str = ""
) -> tuple[Customer, bool]:
    """Return the customer with this name who is reached there, or a new one; and whether it is new.

    A row that is found stays as it is: who types a stranger's address changes nothing of theirs, and reads nothing.
    `email` and `phone` are checked by `contacts` before. The name is screened.
    """
    name = screen(name).text[:100]
    one_at_a_time(keyed_hash("serial", email.casefold() or digits_of(phone)))
    known = Customer.objects.filter(anonymised_at__isnull=True).order_by("pk")
    rows = known.filter(email__iexact=email) if email else known.filter(phone=phone) if phone else known.none()
    for row in rows:
        if rules.is_same_name(row.name, name) and (not phone or not row.phone or row.phone == phone):
            return row, False
    made = Customer.objects.create(name=name, email=email, phone=phone, language=language, created_at=at)
    return made, True


@transaction.atomic
def note_contact(
    customer: Customer,
    *,
    channel: str,
    department: Department,
    purpose: str,
    at: datetime,
    direction: str = Contact.Direction.IN,
) -> Contact:
    """Write down that a customer and the city were in touch, and what for; no word of what was said."""
    return Contact.objects.create(
        customer=customer, channel=channel, direction=direction, department=department, purpose=purpose, at=at
    )


@transaction.atomic
def open_task(
    *,
    kind: str,
    department: Department,
    language: Language,
    at: datetime,
    text: str = "",
    customer: Customer | None = None,
    channel: str = "",
    agent: Agent | None = None,
    opened_by: Agent | None = None,
    topic_code: str = "",
    rule: str = "",
    due: Due | None = None,
    source: str = "",
) -> Task:
    """Open a task for a department; `agent` has it from the beginning. The text is screened.

    `channel`: by which its customer turned to us for it; that is noted as a contact. `source` names what caused it:
    the same cause again answers the first task, whatever else is given. `rule`: why it is there, where no rule says
    when it is due. Source: DF-HOLD, decision 5, decision 8.
    """
    source_key = keyed_hash("task", source) if source else ""
    if source_key:
        one_at_a_time(keyed_hash("serial", source_key))
        known = Task.objects.filter(source_key=source_key).first()
        if known is not None:
            return known
    contact = None
    if customer is not None and channel:
        contact = note_contact(customer, channel=channel, department=department, purpose=kind, at=at)
    return Task.objects.create(
        kind=TaskKind(kind),
        department=department,
        language=language,
        agent=agent,
        customer=customer,
        contact=contact,
        topic_code=topic_code,
        text=screen(text).text,
        opened_by=opened_by,
        created_at=at,
        due_at=due.at if due else None,
        rule=due.version.rule if due else rule,
        rule_version=due.version if due else None,
        calendar_version_id=due.calendar_version_id if due else None,
        source_key=source_key,
    )


@transaction.atomic
def open_or_add(
    source: str,
    *,
    kind: str,
    department: Department,
    language: Language,
    customer: Customer,
    channel: str,
    at: datetime,
    text: str = "",
    opened_by: Agent | None = None,
    rule: str = "",
    due: Due | None = None,
) -> tuple[Task, bool]:
    """Make a task of what a customer asks for, or add it to the open one of the same cause; answer whether it is new.

    What is done stays as it is: who asks once more after that gets another task, due anew. Without a `source` each is
    a task of its own. Raises `too_long`. Source: DF-HOLD, EM-REF, EM-HRS.
    """
    if source:
        one_at_a_time(keyed_hash("serial", keyed_hash("task", source)))
    before = tasks_of(source)
    last = Task.objects.locked().get(pk=before[-1].pk) if before else None
    if last is not None and not last.is_done:
        return last, _add(last, customer=customer, text=text)
    made = open_task(
        kind=kind,
        department=department,
        language=language,
        customer=customer,
        channel=channel,
        text=text,
        opened_by=opened_by,
        rule=rule,
        due=due,
        source=_next_source(source, last) if last else source,
        at=at,
    )
    return made, True


def tasks_of(source: str) -> list[Task]:
    """Return the tasks that one cause has made, each of them after the one before was done."""
    found: list[Task] = []
    while source and (task := Task.objects.filter(source_key=keyed_hash("task", source)).first()):
        found.append(task)
        source = _next_source(source, task)
    return found


def _next_source(source: str, done: Task) -> str:
    return f"{source}:{done.pk}"


def _add(task: Task, *, customer: Customer, text: str) -> bool:
    """Add what somebody says once more to their open, locked task; answer whether there was anything new in it.

    The due time does not move. Where the customer is another row, as with a corrected number, the newer one counts.
    """
    text = screen(text).text
    more = text if text.strip() and not task.says(text) else ""
    if not more and task.customer_id == customer.pk:
        return False
    task.text = "\n\n".join(part for part in (task.text, more) if part)
    guard_length(task.text)
    task.customer = customer
    task.save(update_fields=["text", "customer"])
    return True


@transaction.atomic
def take_task(task_id: int, *, by: Agent, at: datetime) -> Task:
    """Let an agent have a task; her own again changes nothing, and a supervisor may take a colleague's.

    Raises `NotFound`, `ended` when it is done, `taken`.
    """
    task = access_task(task_id, by, lock=True)
    if task.is_done:
        raise DomainError("ended", _("This task is done already."))
    if task.agent_id is not None and task.agent_id != by.pk and not by.is_supervisor:
        raise DomainError("taken", _("A colleague has taken this task. Ask them, or your supervisor, if you need it."))
    task.agent = by
    task.save(update_fields=["agent"])
    return task


@transaction.atomic
def finish_task(task_id: int, *, by: Agent, result: str, at: datetime, note: str = "") -> Task:
    """Write down that a task is done, and with what result; done once, it stays so.

    Raises `NotFound`, `Invalid`, `edit`, `ended` and `taken` as `take_task` does. Source: EM-PAY, EM-COM-C.
    """
    if result not in Task.Result.values:
        raise Invalid(_("Choose a result from the list."), field="result")
    if len(note) > LONGEST_NOTE:
        raise Invalid(_("Shorten the note to %(count)d characters.") % {"count": LONGEST_NOTE}, field="note")
    task = access_task(task_id, by, lock=True)
    if task.is_done and task.done_by_id == by.pk and task.result == result:
        return task
    task = take_task(task_id, by=by, at=at)
    task.done_at, task.done_by = at, by
    task.result, task.result_note = result, staff_text(note, field="note", at=at)
    task.save(update_fields=["done_at", "done_by", "result", "result_note"])
    return task


@transaction.atomic
def forget_old_tasks(*, at: datetime) -> int:
    """Empty tasks that were done more than `TASK_KEEP_DAYS` ago, and the customers of whom nothing is open any more.

    What stays are figures: kind, department, times, result. Answers how many tasks were emptied. Safe to run twice.
    """
    cutoff = at - settings.TASKS_KEPT
    old = Task.objects.filter(done_at__lt=cutoff, anonymised_at__isnull=True)
    emptied = old.update(text="", result_note="", customer=None, contact=None, source_key="", anonymised_at=at)
    _forget_idle_customers(cutoff, at=at)
    return emptied


def _forget_idle_customers(cutoff: datetime, *, at: datetime) -> None:
    """Anonymise who turned to the city before the cut-off and for whom nothing is kept any more."""
    held = Task.objects.filter(customer=OuterRef("pk"))
    lately = Contact.objects.filter(customer=OuterRef("pk"), at__gte=cutoff)
    idle = Customer.objects.filter(~Exists(held), ~Exists(lately), anonymised_at__isnull=True, created_at__lt=cutoff)
    idle.update(name="", email="", phone="", anonymised_at=at)
