"""What a resident who waits may choose: to wait, another person, a message, a call back. Source: DF-HOLD."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import TextChoices
from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import Channel
from chat.actions.messages import record
from chat.actions.screened import consequences, emergencies_said, raise_flags
from chat.actions.staff_notes import tell_staff
from chat.actions.transfers import pass_to_queue
from chat.actions.waiting import CHOICES
from chat.emergencies import emergency_words
from chat.models import ChatEvent, ChatSession, Kind, Side, StaffKind, Transfer
from chat.permissions import access_by_digest
from chat.states import Status, check_transition
from contactcenter.cases.actions import find_or_make_customer, open_or_add
from contactcenter.cases.due import in_its_zone, promised, say_due
from contactcenter.cases.models import Customer, Task, TaskKind
from contactcenter.lib.errors import WrongState
from contactcenter.lib.events import emit
from contactcenter.lib.text import normal_text
from policies.models import RuleVersion
from policies.screening import Screened, screen
from policies.versions import in_force
from policies.why import why

WAITS = (Status.QUEUED, Status.ON_HOLD)


class Option(TextChoices):
    WAIT = "wait"
    ANOTHER = "another"
    MESSAGE = "message"
    CALL_BACK = "callback"


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose, checked: a message has a text and one way to be answered, a call back a phone number."""

    option: Option
    text: str = ""
    email: str = ""
    phone: str = ""


@transaction.atomic
def choose(session_id: UUID, choice: Choice, *, token_digest: str, at: datetime) -> ChatSession:
    """Do what a resident who waits has chosen, and say so to both sides; the same choice again changes nothing.

    They stay where they are: in the queue, or on hold. A message or a call back makes one task of each kind; what is
    given differently the second time is added to it. Once that one is done, the next makes another, due anew.
    Raises `Unauthorized`, `ended`, `WrongState`.
    Source: DF-HOLD.
    """
    session = ChatSession.objects.locked().filter(pk=session_id).first()
    access_by_digest(session_id, token_digest, at=at)
    assert session is not None  # it was opened by its token
    version = _guard(session, at=at)
    with translation.override(session.language_id):
        _ACT[choice.option](session, choice, version, at=at)
    return session


def _guard(session: ChatSession, *, at: datetime) -> RuleVersion:
    if session.is_ended:
        check_transition(session.status, Status.ENDED)
    if session.status not in WAITS:
        raise WrongState(_("You are in a chat already. Write here what you need."))
    version = in_force(CHOICES, at=at)
    if version is None:
        raise WrongState(_("There is no choice to make here. Please wait, or end the chat and call us."))
    return version


def _wait(session: ChatSession, _choice: Choice, version: RuleVersion, *, at: datetime) -> None:
    if not _waits_already(session):
        _say(session, Option.WAIT, _("You keep waiting. You do not lose your place."), version, at=at)


def _another(session: ChatSession, _choice: Choice, version: RuleVersion, *, at: datetime) -> None:
    if not look_for_another(session, at=at):
        return
    if session.status == Status.QUEUED:
        text = _("We ask other departments, too. You keep your place.")
    else:
        text = _("We look for another person for you. Until then you keep the one you have.")
    _say(session, Option.ANOTHER, text, version, at=at)


def look_for_another(session: ChatSession, *, at: datetime) -> bool:
    """Let others than before be asked for a locked session; answer False where they are being asked already.

    In the queue that is everybody, beyond its department; on hold it is somebody instead of its agent.
    Source: DF-HOLD.
    """
    if session.status == Status.QUEUED:
        if session.is_for_all:
            return False
        session.is_for_all = True
        session.save(update_fields=["is_for_all"])
        emit("queue")
        return True
    if Transfer.objects.open().filter(session=session).exists():
        return False
    pass_to_queue(session, at=at)
    return True


def _call_back(session: ChatSession, choice: Choice, version: RuleVersion, *, at: datetime) -> None:
    task, is_new = _task(session, choice, TaskKind.CALL_BACK, Screened(""), version, at=at)
    if is_new:
        text = _("We will call you back by %(moment)s. You may go on waiting here, or end the chat.")
        late = _("We will call you back as soon as we can. You may go on waiting here, or end the chat.")
        _tell_of(session, choice.option, task, text, late, version, at=at)


def _message(session: ChatSession, choice: Choice, version: RuleVersion, *, at: datetime) -> None:
    screened = screen(normal_text(choice.text), emergency_words())
    task, is_new = _task(session, choice, TaskKind.MESSAGE, screened, version, at=at)
    if is_new:
        text = _("We have your message and will answer by %(moment)s. You may go on waiting here, or end the chat.")
        late = _("We have your message and will answer as soon as we can. You may go on waiting here, or end the chat.")
        _tell_of(session, choice.option, task, text, late, version, at=at)
        _follow_up(session, screened, at=at)


def _task(
    session: ChatSession, choice: Choice, kind: TaskKind, screened: Screened, version: RuleVersion, *, at: datetime
) -> tuple[Task, bool]:
    """Return the task of this kind that is open for the session, and whether this choice brought anything new."""
    task, is_new = open_or_add(
        f"chat {session.pk} {choice.option}",
        kind=kind,
        department=session.department,
        language=session.language,
        customer=_customer(session, choice, at=at),
        channel=Channel.CHAT,
        text=screened.text,
        due=promised(version, kind, department_id=session.department_id, start=at),
        at=at,
    )
    if is_new:
        _tell_staff_of(session, choice.option, task, at=at)
    return task, is_new


def _tell_staff_of(session: ChatSession, option: Option, task: Task, *, at: datetime) -> None:
    """Let whoever helps the resident now know what is promised already, so that it is not done twice."""
    assert task.due_at is not None
    due_at = in_its_zone(task.due_at, task.calendar_version_id)
    data = {"option": option, "task": task.pk, "due_at": due_at.isoformat()}
    tell_staff(session, StaffKind.CHOSEN, at=at, rule=CHOICES, data=data)


def _customer(session: ChatSession, choice: Choice, *, at: datetime) -> Customer:
    customer, _is_new = find_or_make_customer(
        name=session.customer_name, email=choice.email, phone=choice.phone, language=session.language, at=at
    )
    return customer


def _tell_of(
    session: ChatSession, option: Option, task: Task, text: str, late: str, version: RuleVersion, *, at: datetime
) -> None:
    """Say by when a task is done, in the zone of the calendar by which that was reckoned; of a `late` one no moment."""
    assert task.due_at is not None
    if task.due_at < at:
        _say(session, option, late, version, at=at)
        return
    moment = say_due(task.due_at, task.calendar_version_id)
    _say(session, option, text % {"moment": moment}, version, at=at, due_at=task.due_at.isoformat())


def _follow_up(session: ChatSession, screened: Screened, *, at: datetime) -> None:
    """Say and flag what follows from the words of a message, as from any other text. Source: EM-911, EM-PAY."""
    said_before = emergencies_said(session.pk) if screened.emergency else set()
    seq = session.last_seq
    found = consequences(session, screened, side=Side.CUSTOMER, seq=seq, said_before=said_before, at=at)
    for said in found.said:
        record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=said.text, rule=said.rule, data=said.data)
    session.save(update_fields=["last_seq"])
    raise_flags(found.flags)


def _waits_already(session: ChatSession) -> bool:
    """Say whether the resident has chosen to wait since they were last asked."""
    events = ChatEvent.objects.filter(session=session).order_by("-seq")
    chosen = events.filter(kind=Kind.CHOSEN).first()
    asked = events.filter(kind__in=[Kind.NOTICE, Kind.HELD, Kind.REQUEUED]).first()
    if chosen is None or chosen.data["option"] != Option.WAIT:
        return False
    return asked is None or chosen.seq > asked.seq


def _say(
    session: ChatSession, option: Option, text: str, version: RuleVersion, *, at: datetime, **figures: str
) -> None:
    """Let both sides read what was chosen; how the resident is reached stands in the task alone."""
    data = why(version, _("Whoever waits has this choice."), option=option.value, **figures)
    name = session.customer_name
    record(session, Kind.CHOSEN, side=Side.CUSTOMER, at=at, name=name, text=text, rule=CHOICES, data=data)
    session.customer_wrote_at = at  # a sign of life, and something that an agent answers
    session.save(update_fields=["last_seq", "customer_wrote_at"])
    emit("session", sessions=[str(session.pk)])


_ACT = {Option.WAIT: _wait, Option.ANOTHER: _another, Option.MESSAGE: _message, Option.CALL_BACK: _call_back}
