"""Back to the queue: an agent is lost, or does not answer, and somebody else is to go on at once. Source: EM-COM-D."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.actions.messages import record
from chat.actions.offers import withdraw
from chat.actions.stays import STAY_FIELDS, begin_stay
from chat.models import ChatSession, Kind, Seat, Side
from chat.states import Status, check_transition
from contactcenter.lib.events import emit
from policies.models import RuleVersion
from policies.versions import in_force
from policies.why import why as reason

RULE = "EM-COM-D"
LOST, SILENT = "agent_lost", "agent_silent"
REQUEUE_FIELDS = ["status", "agent", "requeued_at", "requeues", "held_at", "hold_time", "last_seq"]
REQUEUE_FIELDS += ["idle_deadline", "idle_notice_at", "kept_open_at", *STAY_FIELDS]
REQUEUE_FIELDS += ["answer_deadline", "answer_step", "answer_version"]


def requeue(session: ChatSession, *, why: str, version: RuleVersion, at: datetime) -> None:
    """Put a running session, whose row the caller has locked, at the head of the queue with all that was said.

    The seat is free at once, an open transfer of it is withdrawn, and it is
    offered to this agent again only where there is nobody else. `why` is
    `agent_lost` or `agent_silent`. Source: EM-COM-D, SJ-ACD.
    """
    check_transition(session.status, Status.QUEUED)
    agent_id = session.agent_id
    Seat.objects.filter(session=session).delete()
    withdraw(session, at=at)
    if session.held_at is not None:
        session.hold_time += at - session.held_at
        session.held_at = None
    _tell_resident(session, why, version, at=at)
    session.status = Status.QUEUED
    session.agent = None
    session.requeued_at = at
    session.requeues += 1
    session.idle_deadline = session.idle_notice_at = session.kept_open_at = None
    session.answer_deadline = session.answer_version = None
    session.answer_step = 0
    begin_stay(session, at=at)
    session.save(update_fields=REQUEUE_FIELDS)
    emit("session", sessions=[str(session.pk)])
    emit("agent", agent_id=agent_id)
    emit("queue")


def _tell_resident(session: ChatSession, why: str, version: RuleVersion, *, at: datetime) -> None:
    with translation.override(session.language_id):
        if why == LOST:
            sentence = _("The connection of the agent was lost.")
            text = _(
                "The connection of the person who helps you was lost. You are at the head of the queue now, and "
                "whoever goes on with you reads what was said so far."
            )
        else:
            sentence = _("The agent did not answer in time.")
            text = _(
                "You have waited too long for an answer, and we are sorry. You are at the head of the queue now, and "
                "whoever goes on with you reads what was said so far."
            )
        told = reason(version, sentence)
        data = {**told, "why": why, "reason": told["why"]}
    record(session, Kind.REQUEUED, side=Side.SYSTEM, at=at, agent=session.agent, text=text, rule=RULE, data=data)


def requeue_all_of(agent: Agent, *, at: datetime) -> int:
    """Requeue what an agent who is gone has left behind; her row is locked. Answer how many. Source: EM-COM-D."""
    version = in_force(RULE, at=at)
    if version is None:
        return 0
    running = ChatSession.objects.filter(agent=agent, status__in=[Status.ACTIVE, Status.ON_HOLD]).order_by("pk")
    sessions = list(running.locked().select_related("department", "agent"))
    for session in sessions:
        requeue(session, why=LOST, version=version, at=at)
    return len(sessions)
