"""A stay in the queue: what is due from its first moment on, and whether anybody could take it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, F, Q

from agents.certification import certified_languages
from agents.hours import calendar_of, local_date
from agents.models import Agent, AgentQuerySet, Channel, Presence
from chat.actions.waiting import start_choices
from chat.models import ChatSession
from policies.versions import rules_in_force

BUSY, LANGUAGE = "EM-COM-Daii", "EM-LANG"
STAY_FIELDS = ["choice_deadline", "choice_version", "busy_deadline", "busy_told_at"]
CHAT = Channel.CHAT.value


def begin_stay(session: ChatSession, *, at: datetime) -> None:
    """Let the clocks of a session that comes into the queue begin; the caller saves `STAY_FIELDS`.

    The next choice comes as DF-HOLD says. That all are busy is said at once where no seat is free or nobody is
    certified for the language, and in any case after the city's time. Source: DF-HOLD, EM-COM-Daii, EM-LANG.
    """
    start_choices(session, at=at)
    session.busy_told_at = None
    held = rules_in_force([BUSY, LANGUAGE], at=at)
    session.busy_deadline = None
    if BUSY in held:
        wait = timedelta(seconds=held[BUSY].number_of("busy_seconds"))
        session.busy_deadline = at + wait if is_seat_free(session, at=at) else at
    elif LANGUAGE in held and not is_spoken(session, at=at):
        session.busy_deadline = at


def is_seat_free(session: ChatSession, *, at: datetime) -> bool:
    """Say whether somebody online has a seat free for a chat of this department and language."""
    free = (
        _who_serves(session)
        .filter(presence=Presence.ONLINE)
        .annotate(
            held=Count("held_seats", distinct=True),
            offered=Count("offers", filter=Q(offers__ended_at__isnull=True), distinct=True),
        )
    )
    return _speaks(set(free.filter(held__lt=F("seats") - F("offered")).values_list("pk", flat=True)), session, at=at)


def is_spoken(session: ChatSession, *, at: datetime) -> bool:
    """Say whether anybody who is there, busy or not, is certified for the language of the chat. Source: EM-LANG."""
    there = _who_serves(session).exclude(presence=Presence.OFFLINE)
    return _speaks(set(there.values_list("pk", flat=True)), session, at=at)


def is_anybody_there(session: ChatSession) -> bool:
    """Say whether anybody is there for the chat at all, whatever they speak."""
    return _who_serves(session).exclude(presence=Presence.OFFLINE).exists()


def _who_serves(session: ChatSession) -> AgentQuerySet:
    agents = Agent.objects.filter(user__is_active=True)
    return agents if session.is_for_all else agents.filter(departments=session.department_id)


def _speaks(agent_ids: set[int], session: ChatSession, *, at: datetime) -> bool:
    if not agent_ids:
        return False
    on = local_date(at, calendar=calendar_of(session.department_id, channel=CHAT))
    return session.language_id in certified_languages(agent_ids, channel=CHAT, on=on)
