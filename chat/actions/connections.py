"""Open sockets as rows: how many there are, whichever process holds them, and whose last one is gone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from agents.actions import note_connected, note_disconnected, set_presence
from agents.models import Agent, Presence
from chat import rules
from chat.actions.requeue import requeue_all_of
from chat.actions.seen import note_gone, note_there
from chat.models import ChatSession, Connection, Seat
from contactcenter.lib.events import emit


@transaction.atomic
def open_connection(
    connection_id: UUID,
    *,
    instance: UUID,
    at: datetime,
    session_id: UUID | None = None,
    agent_id: int | None = None,
    address_key: str = "",
) -> None:
    """Note a socket of a session or of an agent; the oldest beyond the allowed number are told to close."""
    if agent_id is not None:
        Agent.objects.locked().get(pk=agent_id)
        others, allowed = Connection.objects.filter(agent_id=agent_id), rules.SOCKETS_PER_AGENT
        note_connected(agent_id)
    else:
        assert session_id is not None
        note_there(ChatSession.objects.locked().get(pk=session_id))
        others, allowed = Connection.objects.filter(session_id=session_id), rules.SOCKETS_PER_SESSION
    Connection.objects.create(
        id=connection_id,
        instance=instance,
        session_id=session_id,
        agent_id=agent_id,
        address_key=address_key,
        opened_at=at,
        seen_at=at,
    )
    newest_first = others.fresh(at=at).order_by("-opened_at", "-pk").values_list("pk", flat=True)
    surplus = [str(pk) for pk in newest_first[allowed:] if pk != connection_id]
    if surplus:
        Connection.objects.filter(pk__in=surplus).delete()
        emit("surplus", connections=surplus)


@transaction.atomic
def close_connection(connection_id: UUID, *, at: datetime) -> None:
    """Forget a socket; when it was the agent's last, her grace time begins; when the resident's, they are not there."""
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        return
    agent_id, session_id = connection.agent_id, connection.session_id
    if agent_id is not None:
        Agent.objects.locked().get(pk=agent_id)
    connection.delete()
    if session_id is not None:
        note_gone(session_id, at=at)
    if agent_id is not None and not _is_connected(agent_id, at=at):
        is_busy = Seat.objects.filter(agent=agent_id).exists()
        note_disconnected(agent_id, deadline=at + settings.AGENT_GRACE, is_busy=is_busy)


def keep_connections(instance: UUID, *, at: datetime) -> None:
    """Say that this process, and so each of its sockets, is still there."""
    Connection.objects.filter(instance=instance).update(seen_at=at)


def sweep_connections(*, at: datetime) -> None:
    """Forget the sockets of processes that died, and take agents offline whose grace time is over.

    What they leave behind goes back to the queue. Safe to run twice, late, or on ten machines. Source: EM-COM-D.
    """
    stale = Connection.objects.filter(seen_at__lte=at - rules.CONNECTION_STALE)
    for connection_id in stale.values_list("pk", flat=True):
        close_connection(connection_id, at=at)
    _watch_the_unconnected(at=at)
    due = Agent.objects.filter(offline_deadline__lte=at)
    for agent_id in due.order_by("pk").values_list("pk", flat=True):
        _go_offline(agent_id, at=at)


def _watch_the_unconnected(*, at: datetime) -> None:
    """Give a deadline to who is online, or holds chats, without any socket, however that came about."""
    connected = Connection.objects.fresh(at=at).filter(agent__isnull=False).values("agent_id")
    busy = Q(pk__in=Seat.objects.values("agent_id"))
    lost = Agent.objects.filter(~Q(presence=Presence.OFFLINE) | busy, offline_deadline__isnull=True)
    for agent_id in lost.exclude(pk__in=connected).order_by("pk").values_list("pk", flat=True):
        _watch(agent_id, at=at)


@transaction.atomic
def _watch(agent_id: int, *, at: datetime) -> None:
    """Give an agent a deadline, unless a socket of hers has opened since she was found without one."""
    Agent.objects.locked().get(pk=agent_id)
    if not _is_connected(agent_id, at=at):
        note_disconnected(agent_id, deadline=at + settings.AGENT_GRACE, is_busy=True)


def _is_connected(agent_id: int, *, at: datetime) -> bool:
    return Connection.objects.filter(agent_id=agent_id).fresh(at=at).exists()


def prolong_grace(*, at: datetime) -> None:
    """After an outage of ours: who was lost meanwhile has the whole grace time anew to come back."""
    Agent.objects.filter(offline_deadline__lt=at + settings.AGENT_GRACE).update(
        offline_deadline=at + settings.AGENT_GRACE
    )


@transaction.atomic
def _go_offline(agent_id: int, *, at: datetime) -> None:
    """Take an agent offline whose deadline is over; one who has a socket after all is merely rid of the deadline.

    While she has one nothing is offered to her, whatever her presence.
    """
    agent = Agent.objects.locked().get(pk=agent_id)
    if agent.offline_deadline is None or agent.offline_deadline > at:
        return
    is_gone = not _is_connected(agent_id, at=at)
    if is_gone:
        set_presence(agent_id, Presence.OFFLINE, at=at)
    note_connected(agent_id)  # nothing is due any more
    if is_gone:
        requeue_all_of(agent, at=at)
