"""A stay in the queue: what is due from its first moment on, and whether anybody could take it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from agents.hours import date_in
from chat.actions.waiting import start_choices
from chat.matching import CHAT, ONLINE, THERE, audience_of, candidates, department_helpers
from chat.matching_rules import Candidate
from chat.models import ChatSession
from policies.models import RuleVersion
from policies.versions import rules_in_force

BUSY, LANGUAGE, AWAY = "EM-COM-Daii", "EM-LANG", "EM-COM-D"
STAY_FIELDS = ["choice_deadline", "choice_version", "busy_deadline", "busy_told_at"]


def begin_stay(session: ChatSession, *, at: datetime) -> None:
    """Let the clocks of a session that comes into the queue begin; the caller saves `STAY_FIELDS`.

    The next choice comes as DF-HOLD says. That all are busy is said at once where no seat is free or nobody is
    certified for the language, and in any case after the city's time. Source: DF-HOLD, EM-COM-Daii, EM-LANG.
    """
    start_choices(session, at=at)
    session.busy_told_at = None
    held = rules_in_force([BUSY, LANGUAGE, AWAY], at=at)
    session.busy_deadline = None
    if BUSY in held:
        wait = timedelta(seconds=held[BUSY].number_of("busy_seconds"))
        session.busy_deadline = at + wait if is_seat_free(session, held.get(AWAY), at=at) else at
    elif LANGUAGE in held and is_language_missing(session, at=at):
        session.busy_deadline = at


def is_seat_free(session: ChatSession, away: RuleVersion | None, *, at: datetime) -> bool:
    """Say whether somebody who could be offered a chat of this department and language has a seat free."""
    online = _who_serves(session, away, present=ONLINE, at=at)
    return any(agent.free > 0 and not agent.is_away and _speaks(agent, session) for agent in online)


def is_language_missing(session: ChatSession, *, at: datetime) -> bool:
    """Say whether somebody is there for the chat, busy or not, but nobody certified for its language.

    Source: EM-LANG.
    """
    there = _who_serves(session, None, present=THERE, at=at)
    return bool(there) and not any(_speaks(agent, session) for agent in there)


def _who_serves(
    session: ChatSession, away: RuleVersion | None, *, present: Collection[str], at: datetime
) -> list[Candidate]:
    """Return who is present and might be offered the chat, of its department or of those that help out by now."""
    among = audience_of(session, department_helpers(), at=at)
    on = date_in(session.department_id, channel=CHAT, at=at)
    agents = candidates(away, on=on, at=at, present=present, among=among)
    return [agent for agent in agents if agent.is_assigned and None not in agent.lacks]


def _speaks(agent: Candidate, session: ChatSession) -> bool:
    return session.language_id in agent.languages and session.language_id not in agent.lacks
