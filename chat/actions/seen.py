"""Whether a resident is there: a socket or a poll says so, and nothing else is asked.

`unseen_since` is empty while a socket is open. Otherwise it is until when they were last there: the end of a poll that
runs lies ahead, so that a poll costs one write at most, and no look at the clock of another process.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from chat.models import ChatSession, Connection
from contactcenter.lib.events import emit


def note_there(session: ChatSession) -> None:
    """The resident of a locked session has a socket again."""
    if session.unseen_since is None and session.away_at is None:
        return
    was_away = session.away_at is not None
    session.unseen_since = session.away_at = None
    session.save(update_fields=["unseen_since", "away_at"])
    if was_away:
        _tell_desk(session.agent_id)


def note_gone(session_id: UUID, *, at: datetime) -> None:
    """A socket of a resident was closed: without another one they are no longer there."""
    session = ChatSession.objects.locked().filter(pk=session_id, ended_at__isnull=True).first()
    if session is None or session.unseen_since is not None:
        return
    if not Connection.objects.filter(session=session).fresh(at=at).exists():
        session.unseen_since = at
        session.save(update_fields=["unseen_since"])


@transaction.atomic
def note_poll(session_id: UUID, *, until: datetime) -> None:
    """A poll without a socket says that its resident is there until then, which may lie ahead. Source: SJ-ACD."""
    unseen = ChatSession.objects.filter(pk=session_id, ended_at__isnull=True, unseen_since__isnull=False)
    if not unseen.filter(away_at__isnull=True).update(unseen_since=until):
        away = unseen.locked().filter(away_at__isnull=False).first()
        if away is not None:
            away.unseen_since, away.away_at = until, None
            away.save(update_fields=["unseen_since", "away_at"])
            _tell_desk(away.agent_id)


def note_away(sessions: Collection[ChatSession], *, at: datetime) -> None:
    """The residents of these running sessions, which are locked, have not been there for a while."""
    ChatSession.objects.filter(pk__in=[session.pk for session in sessions]).update(away_at=at)
    for agent_id in sorted({session.agent_id for session in sessions if session.agent_id is not None}):
        _tell_desk(agent_id)


def excuse_all(*, at: datetime) -> None:
    """Nobody could reach us until now: whoever is not there has the whole time to come back."""
    ChatSession.objects.filter(ended_at__isnull=True, unseen_since__lt=at).update(unseen_since=at)


def _tell_desk(agent_id: int | None) -> None:
    if agent_id is not None:
        emit("agent", agent_id=agent_id)
