"""Whoever waits while an incident notice runs hears of it, once.

Who read it above the form is told, too: the page may have been open since before it began, and what stands in the
chat can be read again.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from agents.models import Incident
from agents.service import incidents_of
from chat.actions.messages import record
from chat.models import ChatEvent, ChatSession, Kind, Side
from contactcenter.lib.events import emit
from contactcenter.lib.serial import is_mine

AT_ONCE = 200  # sessions that one transaction takes


def tell_the_queue(*, at: datetime) -> int:
    """Say each running incident notice once to everybody who waits, in their language.

    Answers how many were told. Safe to run twice, late, or on ten machines.
    """
    return sum(_tell(incident, at=at) for incident in incidents_of(None, at=at))


def _tell(incident: Incident, *, at: datetime) -> int:
    return sum(iter(lambda: _tell_some(incident, at=at), 0))


@transaction.atomic
def _tell_some(incident: Incident, *, at: datetime) -> int:
    if not is_mine("chat.incidents"):
        return 0
    told = ChatEvent.objects.filter(session=OuterRef("pk"), kind=Kind.NOTICE, data__incident=incident.pk)
    waiting = ChatSession.objects.queued().filter(~Exists(told))
    if incident.department_id is not None:
        waiting = waiting.filter(department=incident.department_id)
    locked = waiting.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=("self",))
    sessions = list(locked[:AT_ONCE])
    for session in sessions:
        data = {"incident": incident.pk, "until": incident.ends_at.isoformat()}
        text = incident.text_in(session.language_id)
        record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=text, data=data)
        session.save(update_fields=["last_seq"])
    if sessions:
        emit("session", sessions=[str(session.pk) for session in sessions])
    return len(sessions)
