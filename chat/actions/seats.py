"""Seats: taken, moved, and counted together with what is on offer. The caller has locked the agent's row."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.assignment import RULE as ASSIGNED
from agents.assignment import unassigned, why_unassigned
from agents.certification import MISSING_SQL, missing_kinds, why_missing
from agents.models import Agent, Channel
from agents.rules import level_of
from chat import rules
from chat.actions.ladder import settle_if_due
from chat.models import ChatSession, Offer, Seat
from contactcenter.lib.errors import DomainError

CHAT = Channel.CHAT.value

_TAKE = f"""
INSERT INTO chat_seat (agent_id, session_id, number, taken_at)
SELECT %(agent_id)s, %(session_id)s, %(number)s, %(at)s WHERE NOT EXISTS ({MISSING_SQL})
"""
_MOVE = f"""
UPDATE chat_seat SET agent_id = %(agent_id)s, number = %(number)s, taken_at = %(at)s
WHERE session_id = %(session_id)s AND NOT EXISTS ({MISSING_SQL})
"""


def take_seat(agent: Agent, session: ChatSession, *, on: date, at: datetime) -> None:
    """Insert the lowest free seat of an agent whose row is locked. Raises `no_seat`, `not_certified`.

    The statement that takes it asks for the certificates of that local date. Source: PH-CERT, PH-BIL.
    """
    _fill(_TAKE, agent, session, on=on, at=at)


def move_seat(session: ChatSession, agent: Agent, *, on: date, at: datetime) -> None:
    """Give the seat of a session to another agent, whose row and the session's are locked.

    The first agent has hers free in the same moment. Raises `no_seat`, `not_certified`. Source: EM-FWD.
    """
    _fill(_MOVE, agent, session, on=on, at=at)


def _fill(statement: str, agent: Agent, session: ChatSession, *, on: date, at: datetime) -> None:
    settle_if_due(agent, at=at)
    facts: dict[str, Any] = {
        "agent_id": agent.pk,
        "session_id": session.pk,
        "number": rules.lowest_free(guard_free_seat(agent, session)),
        "at": at,
        "channel": CHAT,
        "language": session.language_id,
        "level": level_of(agent.user.roles),
        "on": on,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        if cursor.rowcount == 1:
            return
    guard_certified(agent, session, on=on)
    raise AssertionError("a session without a seat has none to move")


def guard_free_seat(agent: Agent, session: ChatSession) -> list[int]:
    """Return the numbers of the agent's seats that are taken. Raises `no_seat`.

    What is on offer to the agent keeps a seat free for itself, save that of this very session. Source: SJ-ACD.
    """
    held = list(Seat.objects.filter(agent=agent).values_list("number", flat=True))
    offered = Offer.objects.open().filter(agent=agent).exclude(session=session).count()
    if len(held) + offered < agent.seats:
        return held
    raise DomainError("no_seat", _why_no_seat(len(held), offered, agent.seats))


def _why_no_seat(held: int, offered: int, allowed: int) -> str:
    figures = {"held": held, "offered": offered, "allowed": allowed}
    if not offered or held >= allowed:
        return _("You hold %(held)d of %(allowed)d chats. End one before you accept the next.") % figures
    sentence = ngettext(
        "You hold %(held)d of %(allowed)d chats, and %(offered)d more is offered to you. Accept or decline that first.",
        "You hold %(held)d of %(allowed)d chats, and %(offered)d more are offered to you. "
        "Accept or decline those first.",
        offered,
    )
    return sentence % figures


def guard_assigned(agent: Agent, *, on: date, at: datetime) -> None:
    """Raise `not_certified` when the supervisor has not assigned the chat to the agent. Source: EM-COM-Da."""
    if unassigned([agent.pk], channel=CHAT, on=on, at=at):
        raise DomainError("not_certified", why_unassigned(CHAT), rule=ASSIGNED)


def guard_certified(agent: Agent, session: ChatSession, *, on: date) -> None:
    """Raise `not_certified` when the chat, in its language, does not open to the agent. Source: PH-CERT, PH-BIL."""
    missing = missing_kinds(agent, channel=CHAT, language=session.language_id, on=on)
    if missing:
        raise DomainError("not_certified", why_missing(missing[0], agent, on=on), rule=missing[0].rule)
