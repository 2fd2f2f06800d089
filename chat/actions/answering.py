"""An agent owes an answer: reminded, then the supervisor is told, then the chat goes back to the queue.

Each step counts from when the one before was really taken. `append` starts
and stops the clock. Source: EM-COM-D.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.actions.requeue import RULE, SILENT, requeue
from chat.actions.staff_notes import tell_staff
from chat.models import ChatSession, StaffKind, Transfer
from chat.opening import opening_of
from chat.states import Status
from chat.supervisors import mail_supervisors
from contactcenter.lib.events import emit
from policies.hours import say_time
from policies.models import RuleVersion
from policies.versions import in_force
from policies.why import why

SPANS = ("answer_seconds", "supervisor_seconds", "requeue_seconds")  # by `answer_step`
REMINDED, TOLD = 1, 2
ANSWER_FIELDS = ["answer_deadline", "answer_step", "answer_version"]
AT_ONCE = 200  # sessions that one transaction takes


def owes_answer(session: ChatSession) -> bool:
    """Say whether the resident spoke last."""
    asked_at, answered_at = session.customer_wrote_at, session.agent_wrote_at
    return asked_at is not None and (answered_at is None or answered_at < asked_at)


def begin_answer_clock(session: ChatSession, *, at: datetime) -> None:
    """Give the agent who takes a chat the time to answer, if an answer is owed; the caller saves `ANSWER_FIELDS`."""
    session.answer_step, session.answer_deadline = 0, None
    session.answer_version = in_force(RULE, at=at) if owes_answer(session) else None
    if session.answer_version is not None:
        session.answer_deadline = at + _span(session, session.answer_version)


def _span(session: ChatSession, version: RuleVersion) -> timedelta:
    return timedelta(seconds=version.number_of(SPANS[session.answer_step]))


def press_silent_agents(*, at: datetime) -> int:
    """Take the next step wherever an agent has owed an answer for too long; answer how many. Source: EM-COM-D."""
    return sum(iter(lambda: _press_some(at), 0))


@transaction.atomic
def _press_some(at: datetime) -> int:
    passed_on = Transfer.objects.open().filter(session=OuterRef("pk"))
    due = ChatSession.objects.filter(~Exists(passed_on), status=Status.ACTIVE, answer_deadline__lte=at).order_by("pk")
    locked = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
    sessions = list(locked.select_related("department", "agent__user", "answer_version")[:AT_ONCE])
    for session in sessions:
        _press(session, at=at)
    return len(sessions)


def _press(session: ChatSession, *, at: datetime) -> None:
    version = in_force(RULE, at=at)
    if version is None:
        session.answer_deadline = None
        session.save(update_fields=ANSWER_FIELDS)
        return
    version = session.answer_version or version
    stood_until = Transfer.objects.filter(session=session).order_by("-ended_at").values_list("ended_at", flat=True)
    begun = stood_until.first()
    if begun is not None and begun + _span(session, version) > at:
        session.answer_deadline = begun + _span(session, version)  # it stood still while the chat was passed on
        session.save(update_fields=ANSWER_FIELDS)
        return
    if session.answer_step == TOLD:
        _give_up(session, version, at=at)
    else:
        _tell(session, version, at=at)


def _tell(session: ChatSession, version: RuleVersion, *, at: datetime) -> None:
    """Remind the agent, or tell the supervisors, and give the whole time of the next step."""
    assert session.customer_wrote_at is not None  # somebody waits
    owed_for = session.answer_deadline
    session.answer_step += 1
    session.answer_deadline = at + _span(session, version)
    session.save(update_fields=ANSWER_FIELDS)
    due_at = owed_for.isoformat() if owed_for else None
    sentence = _("The resident waits for an answer.")
    text = _("The resident waits for your answer.")
    if session.answer_step == TOLD:
        text = _("The resident still waits; your supervisor was told.")
        _mail(session, at=at)
    data = why(version, sentence, step=session.answer_step, due_at=due_at)
    tell_staff(session, StaffKind.ANSWER_DUE, at=at, text=text, rule=RULE, data=data)
    emit("agent", agent_id=session.agent_id)


def _mail(session: ChatSession, *, at: datetime) -> None:
    assert session.agent is not None  # it is active
    assert session.customer_wrote_at is not None
    body = _(
        "A resident who chats with %(department)s waits for an answer since %(since)s or longer. "
        "%(agent)s was reminded and has not written.\nPlease see to it: %(address)s"
    )
    mail_supervisors(
        session,
        subject=_("A resident waits for an answer in the chat"),
        body=body,
        at=at,
        since=say_time(timezone.localtime(session.customer_wrote_at).replace(second=0)),
        agent=session.agent.display_name,
    )


def _give_up(session: ChatSession, version: RuleVersion, *, at: datetime) -> None:
    """Put the chat back to the queue; after closing, when nobody could take it, it stays with its agent."""
    if opening_of(session.department, at=at).may_be_accepted:
        requeue(session, why=SILENT, version=version, at=at)
        return
    session.answer_deadline = None
    session.save(update_fields=ANSWER_FIELDS)


def give_agents_time_again(*, at: datetime) -> None:
    """After an outage of ours: agents could not be heard either, and get the whole time of their step anew."""
    owing = ChatSession.objects.filter(status=Status.ACTIVE, answer_deadline__isnull=False).order_by("pk")
    for session in owing.locked().select_related("answer_version"):
        version, deadline = session.answer_version, session.answer_deadline
        if version is not None and deadline is not None:
            session.answer_deadline = max(deadline, at + _span(session, version))
            session.save(update_fields=ANSWER_FIELDS)
