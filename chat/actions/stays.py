"""A stay in the queue: what is due from its first moment on, and whether anybody could take it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from agents.hours import date_in
from chat.actions.waiting import start_choices
from chat.matching import CHAT, THERE, asks_for_language, audience_of, candidates, department_helpers
from chat.matching_rules import Candidate
from chat.models import ChatSession
from policies.models import RuleVersion
from policies.versions import rules_in_force

BUSY, LANGUAGE, AWAY = "EM-COM-Daii", "EM-LANG", "EM-COM-D"
STAY_FIELDS = ["choice_deadline", "choice_version", "busy_deadline", "busy_told_at"]


def begin_stay(session: ChatSession, *, at: datetime) -> None:
    """Let the clocks of a session that comes into the queue begin; the caller saves `STAY_FIELDS`.

    The next choice comes as DF-HOLD says. That all are busy is said at once where no seat is free or nobody speaks
    the language, and in any case after the city's time. Source: DF-HOLD, EM-COM-Daii, EM-LANG.
    """
    start_choices(session, at=at)
    session.busy_told_at = session.busy_deadline = None
    held = rules_in_force([BUSY, LANGUAGE, AWAY], at=at)
    if not held.keys() & {BUSY, LANGUAGE}:
        return
    there = WhoIsThere(held.get(AWAY), at=at).for_chat(session)
    if BUSY in held:
        session.busy_deadline = at + timedelta(seconds=held[BUSY].number_of("busy_seconds"))
    is_full = BUSY in held and not is_seat_free(session, there)
    if is_full or (LANGUAGE in held and is_language_missing(session, there)):
        session.busy_deadline = at


def is_seat_free(session: ChatSession, there: Collection[Candidate]) -> bool:
    """Say whether the chat could be offered to one of these at once. Source: EM-COM-Daii."""
    return any(agent.is_free_for(session.language_id) for agent in there)


def is_language_missing(session: ChatSession, there: Collection[Candidate]) -> bool:
    """Say whether somebody is there for the chat, busy or not, but nobody who speaks its language. Source: EM-LANG."""
    language = session.language_id
    is_asked_for = asks_for_language(language)
    return bool(there) and not any(agent.speaks(language, is_asked_for=is_asked_for) for agent in there)


def is_nobody_there(there: Collection[Candidate]) -> bool:
    """Say whether nobody is at the desk for the chat: who is busy, or takes a break, is there. Source: EM-COM-Daii."""
    return all(agent.is_away for agent in there)


class WhoIsThere:
    """Who is present and takes chats, at one moment; read once for all chats that open to the same people."""

    def __init__(self, away: RuleVersion | None, *, at: datetime) -> None:
        self.away, self.at = away, at
        self._helpers = department_helpers()
        self._known: dict[object, list[Candidate]] = {}

    def for_chat(self, session: ChatSession) -> list[Candidate]:
        """Return who of its department, and of those that help out by now, might be given the chat, busy or not."""
        audience = audience_of(session, self._helpers, at=self.at)
        key = (session.department_id, audience)
        if key not in self._known:
            on = date_in(session.department_id, channel=CHAT, at=self.at)
            agents = candidates(self.away, on=on, at=self.at, present=THERE, among=audience)
            self._known[key] = [agent for agent in agents if agent.is_assigned and None not in agent.lacks]
        return self._known[key]
