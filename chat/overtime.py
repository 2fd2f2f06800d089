"""Chats that still run long after closing time: they end, so that none escapes the purge by never ending (EM-RET-A)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import Department
from chat.actions.sessions import end
from chat.actions.staff_notes import tell_staff
from chat.models import ChatSession, Side, StaffEvent, StaffKind, Wording
from chat.opening import opening_of
from chat.retention import RULE, Retention, retention_in_force
from chat.states import Outcome, Status
from chat.supervisors import mail_supervisors
from chat.wordings import wording
from contactcenter.lib.serial import is_mine
from policies.hours import say_clock
from policies.models import CalendarVersion
from policies.why import why

RUNNING = (Status.ACTIVE, Status.ON_HOLD)


def end_the_running(*, at: datetime) -> int:
    """End chats that were accepted before the last closing time and have run on for too long since; answer how many.

    Kept open or not. One in which an emergency was spoken of goes on, and its supervisors are told, once.
    Source: EM-RET-A.
    """
    retention = retention_in_force(at=at)
    if retention.version is None:
        return 0
    running = ChatSession.objects.filter(status__in=RUNNING).values_list("department_id", flat=True).distinct()
    acts = 0
    for department in Department.objects.filter(pk__in=list(running.order_by())):
        closing = _closing_passed(department, at=at)
        if closing is not None and at >= closing + retention.run_on:
            acts += _end_those_of(department, closing, retention, at=at)
    return acts


def _closing_passed(department: Department, *, at: datetime) -> datetime | None:
    """Return the last closing time of a department; None while it is open at any hour, or has no hours.

    A day that was closed altogether while chats ran closed in the moment at which somebody wrote that down.
    """
    opening = opening_of(department, at=at)
    calendar = opening.calendar
    if calendar is None or opening.is_round_the_clock:
        return None
    closing = calendar.last_closing(at)
    if calendar.version is None or calendar.is_business_day(at):
        return closing
    written_at = CalendarVersion.objects.values_list("made_at", flat=True).get(pk=calendar.version)
    return max(closing or written_at, written_at) if written_at <= at else closing


@transaction.atomic
def _end_those_of(department: Department, closing: datetime, retention: Retention, *, at: datetime) -> int:
    if not is_mine("chat.overtime"):
        return 0
    late = ChatSession.objects.filter(department=department, status__in=RUNNING, accepted_at__lt=closing)
    told = StaffEvent.objects.filter(kind=StaffKind.LEFT_RUNNING).values("session_id")
    late = late.exclude(~Q(emergency="") & Q(pk__in=told)).order_by("pk")
    locked = late.select_for_update(no_key=True, skip_locked=True, of=("self",))
    sessions = list(locked.select_related("department").prefetch_related("department__names"))
    for session in sessions:
        if session.emergency:
            _tell_supervisors(session, closing, at=at)
        else:
            _end(session, closing, retention, at=at)
    return len(sessions)


def _end(session: ChatSession, closing: datetime, retention: Retention, *, at: datetime) -> None:
    assert retention.version is not None
    with translation.override(session.language_id):
        text = wording(
            Wording.Kind.OVERTIME,
            session,
            default=_("Our office closed a while ago, so this chat ends now. You are welcome to start another one."),
        )
        sentence = _("The office closed at %(time)s, and no chat runs on for longer than that.") % {
            "time": say_clock(closing)
        }
        figures = {"closed_at": closing.isoformat(), "minutes": retention.version.number_of("run_on_minutes")}
        data = why(retention.version, sentence, **figures)
    end(session, Outcome.CLOSED, side=Side.SYSTEM, at=at, text=text, rule=RULE, data=data)


def _tell_supervisors(session: ChatSession, closing: datetime, *, at: datetime) -> None:
    data = {"closed_at": closing.isoformat()}
    tell_staff(session, StaffKind.LEFT_RUNNING, at=at, rule=RULE, data=data)
    body = _(
        "A chat of %(department)s in which an emergency was spoken of still runs, long after closing time.\n"
        "Please see to it: %(address)s"
    )
    mail_supervisors(session, subject=_("A chat with an emergency still runs"), body=body, at=at)
