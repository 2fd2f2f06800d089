"""Whoever waits while an incident notice runs, or the back-up mode is on, hears of it, once.

Who read it above the form is told, too: the page may have been open since before it began, and what stands in the
chat can be read again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import translation
from django.utils.translation import gettext as _

from agents.actions.service import RULE as BACK_UP
from agents.models import Incident
from agents.service import Backup, incidents_of
from chat.actions.messages import record
from chat.models import ChatEvent, ChatSession, Kind, Side
from chat.models.sessions import ChatSessionQuerySet
from chat.opening import backup_under, say_way_round
from contactcenter.lib.events import emit
from contactcenter.lib.serial import is_mine
from policies.models import RuleVersion
from policies.versions import rules_in_force
from policies.why import why

AT_ONCE = 200  # sessions that one transaction takes
Say = Callable[[ChatSession], None]


def tell_the_queue(*, at: datetime) -> int:
    """Say each running incident notice once to everybody who waits, in their language.

    Answers how many were told. Safe to run twice, late, or on ten machines.
    """
    return sum(_tell(incident, at=at) for incident in incidents_of(None, at=at))


def _tell(incident: Incident, *, at: datetime) -> int:
    waiting = ChatSession.objects.queued()
    if incident.department_id is not None:
        waiting = waiting.filter(department=incident.department_id)
    return _tell_each(waiting, {"data__incident": incident.pk}, partial(_say_incident, incident, at=at))


def _say_incident(incident: Incident, session: ChatSession, *, at: datetime) -> None:
    data = {"incident": incident.pk, "until": incident.ends_at.isoformat()}
    record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=incident.text_in(session.language_id), data=data)


def tell_of_backup(*, at: datetime) -> int:
    """Say once a turn of the back-up mode to everybody who waits how else the city is reached; they keep their place.

    Once it is off, who read that reads that the chat works again. Answers how many
    were told. Safe to run twice, late, or on ten machines. Source: SJ-BACK.
    """
    versions = rules_in_force([BACK_UP], at=at)
    backup = backup_under(versions)
    waiting = ChatSession.objects.queued()
    if backup is None:
        told = waiting.annotate(told=_last_of_backup()).filter(told__over=False)
        return _tell_all(told, partial(_say_over, at=at))
    notice = {"rule": BACK_UP, "data__backup": backup.turn}
    return _tell_each(waiting, notice, partial(_say_backup, backup, versions[BACK_UP], at=at))


def _last_of_backup() -> Subquery:
    """Return the data of the last notice of the back-up mode in a chat; null where there was none."""
    notices = ChatEvent.objects.filter(session=OuterRef("pk"), kind=Kind.NOTICE, rule=BACK_UP)
    return Subquery(notices.order_by("-seq").values("data")[:1])


def _say_backup(backup: Backup, version: RuleVersion, session: ChatSession, *, at: datetime) -> None:
    with translation.override(session.language_id):
        broken = _("The chat is out of order now.")
        stays = _("You keep your place, and may still be answered here.")
        text = " ".join([backup.text_in(session.language_id) or broken, stays, say_way_round(backup)])
        data = why(version, broken, backup=backup.turn, phone=backup.phone, page=backup.page, over=False)
    record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=text, rule=BACK_UP, data=data)


def _say_over(session: ChatSession, *, at: datetime) -> None:
    with translation.override(session.language_id):
        text = _("The chat works again. You have kept your place.")
    data = {"backup": session.told["backup"], "over": True}  # type: ignore[attr-defined]  # annotated
    record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=text, rule=BACK_UP, data=data)


def _tell_each(waiting: ChatSessionQuerySet, told: dict[str, Any], say: Say) -> int:
    """Say something to each of those who wait and have no notice like `told` yet; answer how many they were."""
    notices = ChatEvent.objects.filter(session=OuterRef("pk"), kind=Kind.NOTICE, **told)
    return _tell_all(waiting.filter(~Exists(notices)), say)


def _tell_all(untold: ChatSessionQuerySet, say: Say) -> int:
    """Say something to each of those who wait and do not know it yet; answer how many they were."""
    return sum(iter(lambda: _tell_some(untold, say), 0))


@transaction.atomic
def _tell_some(untold: ChatSessionQuerySet, say: Say) -> int:
    if not is_mine("chat.incidents"):
        return 0
    locked = untold.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=("self",))
    sessions = list(locked[:AT_ONCE])
    for session in sessions:
        say(session)
        session.save(update_fields=["last_seq"])
    if sessions:
        emit("session", sessions=[str(session.pk) for session in sessions])
    return len(sessions)
