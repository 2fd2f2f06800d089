"""From finished and rated chats to the ladder: an agent's figures, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Avg, Count, Exists, OuterRef, Q

from agents.actions import is_unsettled, note_record, unsettled
from agents.actions.ladder import DOWN
from agents.ladder import SATISFIED, Record, record_of
from agents.models import Agent
from chat.models import ChatRecord, ChatSession
from chat.states import Status
from policies.versions import number_in_force

AT_ONCE = 200  # agents that one sweep settles

Figures = tuple[int | None, timedelta | None]  # rating and first response of one chat


def recompute(agent_id: int, *, at: datetime) -> Agent:
    """Count an agent's finished chats anew, and settle how many they may hold.

    Finished are those with a human answer whose wrap-up is over, and those
    that were rated before. Call it after the transaction that ended or rated
    a chat: it locks the agent, whom `accept` locks before any chat.
    Source: EM-CAP, EM-CAP-down.
    """
    rated = _rated_unrecorded(agent_id)
    here = _recorded(agent_id) + record_of([figures for _ended_at, figures in rated])
    return note_record(agent_id, here=here, window=_window(agent_id, rated, at=at), at=at)


def recompute_all(agent_ids: Iterable[int | None], *, at: datetime) -> None:
    """Do so for some agents; None stands for chats without one."""
    for agent_id in sorted({each for each in agent_ids if each is not None}):
        recompute(agent_id, at=at)


def settle_ladders(*, at: datetime) -> int:
    """Settle those for whom another version of EM-CAP or EM-CAP-down holds by now; answer how many.

    Safe to run twice. Source: EM-CAP, EM-CAP-down, decision 5.
    """
    due = list(unsettled(at=at).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    recompute_all(due, at=at)
    return len(due)


def settle_if_due(agent: Agent, *, at: datetime) -> None:
    """Do so for one agent, whose row is locked, before a seat is taken: a sweep may come too late for that."""
    if is_unsettled(agent, at=at):
        agent.seats = recompute(agent.pk, at=at).seats


def _recorded(agent_id: int) -> Record:
    found = ChatRecord.objects.filter(agent=agent_id, first_response__isnull=False).aggregate(
        chats=Count("pk"),
        rated=Count("rating"),
        satisfied=Count("pk", filter=Q(rating__gte=SATISFIED)),
        mean=Avg("first_response_offered"),
    )
    return Record(found["chats"], found["rated"], found["satisfied"], found["mean"])


def _rated_unrecorded(agent_id: int) -> list[tuple[datetime, Figures]]:
    """Return the chats that were rated while their wrap-up still runs, each with when it ended."""
    recorded = ChatRecord.objects.filter(pk=OuterRef("pk"))
    rows = ChatSession.objects.filter(
        ~Exists(recorded),
        agent=agent_id,
        status=Status.ENDED,
        rating__isnull=False,
        first_answer_at__isnull=False,
    )
    return [_figures_of(session) for session in rows]


def _figures_of(session: ChatSession) -> tuple[datetime, Figures]:
    began = session.offered_at or session.accepted_at
    assert session.ended_at is not None
    assert session.first_answer_at is not None
    first = max(session.first_answer_at - began, timedelta()) if began else None
    return session.ended_at, (session.rating, first)


def _window(agent_id: int, rated: list[tuple[datetime, Figures]], *, at: datetime) -> Record:
    """Return the figures of the last chats, as many as EM-CAP-down looks at."""
    count = number_in_force(DOWN, "window", at=at)
    rows = ChatRecord.objects.filter(agent=agent_id, first_response__isnull=False).order_by("-ended_at", "-pk")
    kept = [
        (ended_at, (rating, first))
        for ended_at, rating, first in rows.values_list("ended_at", "rating", "first_response_offered")[:count]
    ]
    latest = sorted([*rated, *kept], key=lambda chat: chat[0], reverse=True)[:count]
    return record_of([figures for _ended_at, figures in latest])
