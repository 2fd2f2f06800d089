"""From finished and rated chats to the ladder: an agent's figures, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Avg, Count, Exists, OuterRef, Q

from agents.actions import is_unsettled, note_record, unsettled
from agents.actions.ladder import DOWN
from agents.ladder import SATISFIED, Record, record_of
from agents.models import Agent
from chat.models import ChatRecord, ChatSession, Kind, Side
from chat.states import Status
from policies.versions import number_in_force

AT_ONCE = 200  # agents that one sweep settles

T = TypeVar("T")
Dated = list[tuple[datetime, T]]  # each with when its chat ended


def recompute(agent_id: int, *, at: datetime) -> Agent:
    """Count an agent's finished chats anew, and settle how many they may hold.

    Finished are those in which they, the last agent, wrote and whose wrap-up
    is over, and those that were rated before. The first response is a figure
    of whoever gave it, whoever went on with the chat. Call it after the
    transaction that ended or rated a chat: it locks the agent, whom `accept`
    locks before any chat. Source: EM-CAP, EM-CAP-down.
    """
    ratings, firsts = _rated_unrecorded(agent_id)
    here = _recorded(agent_id) + record_of(_values(ratings), _values(firsts))
    return note_record(agent_id, here=here, window=_window(agent_id, ratings, firsts, at=at), at=at)


def who_wrote(session: ChatSession) -> tuple[int | None, bool]:
    """Return which agent gave the first answer of a chat, and whether its last agent wrote in it at all."""
    if session.first_answer_at is None:
        return None, False
    if not session.transfers and not session.requeues:
        return session.agent_id, True
    written = session.events.filter(kind=Kind.MESSAGE, side=Side.AGENT).order_by("seq")
    agents = list(written.values_list("agent", flat=True))
    return next(iter(agents), None), session.agent_id in agents


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
    chats, firsts = Q(agent=agent_id, is_answered=True), Q(first_agent=agent_id)
    found = ChatRecord.objects.filter(chats | firsts).aggregate(
        chats=Count("pk", filter=chats),
        rated=Count("rating", filter=chats),
        satisfied=Count("pk", filter=chats & Q(rating__gte=SATISFIED)),
        mean=Avg("first_response_offered", filter=firsts),
        responses=Count("first_response_offered", filter=firsts),
    )
    return Record(found["chats"], found["rated"], found["satisfied"], found["mean"], found["responses"])


def _rated_unrecorded(agent_id: int) -> tuple[Dated[int | None], Dated[timedelta]]:
    """Return the ratings, and their own first responses, of an agent's chats whose wrap-up still runs."""
    recorded = ChatRecord.objects.filter(pk=OuterRef("pk"))
    rows = ChatSession.objects.filter(
        ~Exists(recorded),
        agent=agent_id,
        status=Status.ENDED,
        rating__isnull=False,
        first_answer_at__isnull=False,
    )
    ratings: Dated[int | None] = []
    firsts: Dated[timedelta] = []
    for session in rows:
        assert session.ended_at is not None
        first_agent_id, is_answered = who_wrote(session)
        if is_answered:
            ratings.append((session.ended_at, session.rating))
        first = first_response_offered(session)
        if first_agent_id == agent_id and first is not None:
            firsts.append((session.ended_at, first))
    return ratings, firsts


def first_response_offered(session: ChatSession) -> timedelta | None:
    """Return how long the first answer took from when it was that agent's turn; None without one. Source: EM-CAP."""
    began, answered = session.offered_at or session.accepted_at, session.first_answer_at
    return max(answered - began, timedelta()) if answered and began else None


def _window(agent_id: int, ratings: Dated[int | None], firsts: Dated[timedelta], *, at: datetime) -> Record:
    """Return the figures of the last chats and of the last first responses, as many as EM-CAP-down looks at."""
    count = number_in_force(DOWN, "window", at=at)
    rows = ChatRecord.objects.order_by("-ended_at", "-pk")
    held = rows.filter(agent=agent_id, is_answered=True).values_list("ended_at", "rating")
    given = rows.filter(first_agent=agent_id).values_list("ended_at", "first_response_offered")
    answered = [(ended_at, first) for ended_at, first in given[:count] if first is not None]
    return record_of(_latest([*ratings, *held[:count]], count), _latest([*firsts, *answered], count))


def _latest(dated: Dated[T], count: int) -> list[T]:
    return _values(sorted(dated, key=lambda each: each[0], reverse=True)[:count])


def _values(dated: Dated[T]) -> list[T]:
    return [value for _ended_at, value in dated]
