"""Signs of life: what stops or moves the clock of a silent resident."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.actions.messages import record
from chat.models import ChatSession, Kind, Side
from chat.permissions import access_as_agent, access_by_digest
from chat.states import Status, check_transition
from contactcenter.lib.events import emit
from policies.versions import in_force
from policies.why import why

NOTICE, END = "EM-IDLE-2", "EM-IDLE-4"


def show_life(session_id: UUID, *, token_digest: str, sign: str, at: datetime) -> None:
    """Let a resident's clock start anew: they are typing, or said that they are still here.

    Once they had been asked, both sides read that they are here. Without a
    running clock nothing happens. Raises `Unauthorized`. Source: EM-IDLE-2.
    """
    ticking = Q(idle_deadline__isnull=False) | Q(idle_notice_at__isnull=False) | Q(kept_open_at__isnull=False)
    sessions = ChatSession.objects.filter(pk=session_id, status=Status.ACTIVE, token_digest=token_digest)
    if not sessions.filter(ticking).exists():
        access_by_digest(session_id, token_digest, at=at)
        return
    with transaction.atomic():
        session = sessions.filter(ticking).locked().first()
        if session is not None:
            _start_anew(session, sign=sign, at=at)


def _start_anew(session: ChatSession, *, sign: str, at: datetime) -> None:
    version = in_force(NOTICE, at=at)
    was_asked = session.idle_notice_at is not None
    session.alive_at = at
    session.idle_notice_at = session.kept_open_at = None
    session.idle_version = version
    session.idle_deadline = at + timedelta(seconds=version.number_of("seconds")) if version else None
    if was_asked:
        record(session, Kind.HERE, side=Side.CUSTOMER, at=at, name=session.customer_name, data={"sign": sign})
        emit("session", sessions=[str(session.pk)])
    changed = ["alive_at", "idle_notice_at", "kept_open_at", "idle_version", "idle_deadline", "last_seq"]
    session.save(update_fields=changed)


@transaction.atomic
def keep_open(session_id: UUID, *, agent_id: int, at: datetime) -> ChatSession:
    """Let a silent chat run on until the resident comes back; both sides read it.

    Twice changes nothing, and neither does it while no clock runs: the
    resident spoke last, or the agent has not written yet.

    Raises `NotFound`, `ended`, `WrongState`. Source: EM-IDLE-4.
    """
    session = access_as_agent(session_id, agent_id)
    if session.status != Status.ACTIVE:
        check_transition(session.status, Status.ON_HOLD)
    is_silent = session.idle_deadline is not None or session.idle_notice_at is not None
    if session.kept_open_at is not None or not is_silent:
        return session  # nothing is about to end
    session.kept_open_at = at
    session.idle_deadline = session.idle_notice_at = None
    agent = Agent.objects.select_related("user").get(pk=agent_id)
    version = in_force(END, at=at)
    data = why(version, _("The agent chose to keep this chat open.")) if version else {}
    record(
        session,
        Kind.KEPT_OPEN,
        side=Side.AGENT,
        at=at,
        agent=agent,
        name=agent.display_name,
        rule=END if version else "",
        data=data,
    )
    session.save(update_fields=["kept_open_at", "idle_deadline", "idle_notice_at", "last_seq"])
    emit("session", sessions=[str(session.pk)])
    return session
