"""Who waits, and who could take it: read for the routing. Each function is one or two statements. Source: SJ-ACD."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce

from agents.assignment import unassigned
from agents.certification import lacking
from agents.hours import local_date
from agents.models import Agent, Channel, Department, Membership, Presence
from agents.rules import DESK_ROLES
from chat.matching_rules import Candidate, Match, Waiting, match, reach_of
from chat.models import ChatEvent, ChatSession, Ending, Kind, Offer
from chat.opening import Opening, opening_of
from policies.models import RuleVersion

CHAT = Channel.CHAT.value
ONLINE = (Presence.ONLINE.value,)
THERE = tuple(state.value for state in Presence if state != Presence.OFFLINE)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

# Present, allowed to work, and connected: whose last socket is gone has a deadline, and is offered nothing. Idle: since
# the last chat came or went, the last offer ended, the last change of presence. Active: the last frame or page that
# this person caused.
_PRESENT = """
SELECT a.id, a.presence, a.seats
       - (SELECT count(*) FROM chat_seat s WHERE s.agent_id = a.id)
       - (SELECT count(*) FROM chat_offer o WHERE o.agent_id = a.id AND o.ended_at IS NULL),
       greatest(i.started_at,
                (SELECT max(s.taken_at) FROM chat_seat s WHERE s.agent_id = a.id),
                (SELECT max(c.ended_at) FROM chat_chatsession c WHERE c.agent_id = a.id),
                (SELECT max(t.ended_at) FROM chat_transfer t WHERE t.from_agent_id = a.id AND t.ending = 'accepted'),
                (SELECT max(o.ended_at) FROM chat_offer o WHERE o.agent_id = a.id)),
       greatest(i.started_at,
                (SELECT max(l.seen_at) FROM agents_login l WHERE l.user_id = a.user_id AND l.ended_at IS NULL))
FROM agents_agent a
JOIN agents_user u ON u.id = a.user_id AND u.is_active
LEFT JOIN agents_presenceinterval i ON i.agent_id = a.id AND i.ended_at IS NULL
WHERE a.presence = ANY(%(present)s)
  AND (a.suspended_until IS NULL OR a.suspended_until <= %(at)s)
  AND a.offline_deadline IS NULL
  AND (%(among)s::int[] IS NULL OR EXISTS (
    SELECT 1 FROM agents_membership m WHERE m.agent_id = a.id AND m.department_id = ANY(%(among)s::int[])
  ))
  AND EXISTS (SELECT 1 FROM agents_rolegrant g WHERE g.user_id = u.id AND g.role = ANY(%(roles)s))
"""


@dataclass(frozen=True, slots=True)
class Online:
    """An agent who is present: free seats, since when without a new chat, and since when without a sign of hers."""

    id: int
    presence: str
    free: int
    idle_since: datetime
    active_at: datetime


def online_agents(
    *, at: datetime, present: Collection[str] = ONLINE, among: Collection[int] | None = None
) -> list[Online]:
    """Return the agents who are online, or present in one of these ways, and may work.

    `among`: only those of these departments.
    """
    facts: dict[str, Any] = {"at": at, "roles": sorted(DESK_ROLES), "present": list(present)}
    facts["among"] = None if among is None else list(among)
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT, facts)
        rows = cursor.fetchall()
    return [Online(pk, state, free, idle or NEVER, active or NEVER) for pk, state, free, idle, active in rows]


def away_span(version: RuleVersion | None) -> timedelta | None:
    """Return how long somebody may be away and still be offered chats; None: for ever. Source: EM-COM-D."""
    return timedelta(seconds=version.number_of("away_seconds")) if version else None


def plan_offers(away: RuleVersion | None, *, at: datetime) -> dict[UUID, Match | str]:
    """Return, for each chat that waits unoffered, in queue order, to whom it is to be offered, or why to nobody."""
    by_date: dict[date, list[Waiting]] = defaultdict(list)
    for chat in waiting_chats(at=at):
        by_date[chat.on].append(chat)
    found: dict[UUID, Match | str] = {}
    for on, waiting in by_date.items():  # one, unless it is midnight between two zones
        agents = candidates(away, on=on, at=at)
        taken = Counter(each.agent_id for each in found.values() if isinstance(each, Match))
        for agent in agents:
            agent.free -= taken[agent.id]
        found |= match(waiting, agents, at=at)
    return found


def candidates(
    away: RuleVersion | None,
    *,
    on: date,
    at: datetime,
    present: Collection[str] = ONLINE,
    among: Collection[int] | None = None,
) -> list[Candidate]:
    """Return who is present with what the choice asks for; a few statements, however many they are.

    `on`: the local date on which assignments and certificates are asked for, as when the chat is accepted.
    `present`, `among`: as `online_agents` has them.
    """
    online = online_agents(at=at, present=present, among=among)
    ids = [agent.id for agent in online]
    without = unassigned(ids, channel=CHAT, on=on, at=at)
    lacks = lacking(ids, channel=CHAT, on=on)
    departments, primaries = _memberships(ids)
    languages = _languages(ids)
    span = away_span(away)
    return [
        Candidate(
            id=agent.id,
            departments=frozenset(departments[agent.id]),
            primary=primaries.get(agent.id),
            languages=frozenset(languages[agent.id]),
            lacks=frozenset(kind.language_id for kind in lacks.get(agent.id, ())),
            is_assigned=agent.id not in without,
            is_away=span is not None and agent.presence in ONLINE and agent.active_at <= at - span,
            free=agent.free,
            idle_since=agent.idle_since,
            is_online=agent.presence in ONLINE,
        )
        for agent in online
    ]


def _memberships(ids: Collection[int]) -> tuple[dict[int, set[int]], dict[int, int]]:
    departments: dict[int, set[int]] = defaultdict(set)
    primaries = {}
    rows = Membership.objects.filter(agent__in=ids).values_list("agent_id", "department_id", "is_primary")
    for agent_id, department_id, is_primary in rows:
        departments[agent_id].add(department_id)
        if is_primary:
            primaries[agent_id] = department_id
    return departments, primaries


def _languages(ids: Collection[int]) -> dict[int, set[str]]:
    spoken: dict[int, set[str]] = defaultdict(set)
    rows = Agent.languages.through.objects.filter(agent__in=ids).values_list("agent_id", "language_id")
    for agent_id, code in rows:
        spoken[agent_id].add(code)
    return spoken


def waiting_chats(*, at: datetime) -> list[Waiting]:
    """Return the chats that wait and are on offer to nobody, in queue order."""
    queued = ChatSession.objects.queued().exclude(pk__in=Offer.objects.open().values("session_id")).in_queue_order()
    rows = list(queued.values("pk", "department_id", "language_id", "queued_at", "is_for_all", "requeues"))
    ids = [row["pk"] for row in rows]
    helpers = department_helpers()
    passed, missed = _answers(ids)
    lost = _lost_by([row["pk"] for row in rows if row["requeues"]])
    openings = _openings({row["department_id"] for row in rows}, at=at)
    return [
        Waiting(
            id=row["pk"],
            reach=reach_of(row["department_id"], at - row["queued_at"], helpers),
            language=row["language_id"],
            asks_for_language=asks_for_language(row["language_id"]),
            is_for_all=row["is_for_all"],
            is_open=openings[row["department_id"]].may_be_accepted,
            on=local_date(at, calendar=openings[row["department_id"]].calendar),
            passed_by=frozenset(passed[row["pk"]]),
            misses=missed[row["pk"]],
            lost_by=frozenset(lost[row["pk"]]),
        )
        for row in rows
    ]


def audience_of(session: ChatSession, helpers: Mapping[int, tuple[int, int]], *, at: datetime) -> frozenset[int] | None:
    """Return the departments to whose agents a waiting chat opens; None: to those of all.

    Its own, those that help it out by now, and all where the resident asked for
    another person: the same that it is offered to. Source: SJ-ACD, DF-HOLD.
    """
    if session.is_for_all:
        return None
    return frozenset(reach_of(session.department_id, at - session.queued_at, helpers))


def department_helpers() -> dict[int, tuple[int, int]]:
    """Return, for each department that another helps out, that one and after how many seconds."""
    rows = Department.objects.filter(overflow__isnull=False, overflow__is_active=True)
    return {
        pk: (helper, seconds)
        for pk, helper, seconds in rows.values_list("pk", "overflow_id", "overflow_after_seconds")
        if helper is not None and seconds is not None
    }


def asks_for_language(language: str) -> bool:
    """Say whether a chat in this language asks for somebody who speaks it: any but the city's own. Source: EM-LANG."""
    return language != settings.LANGUAGE_CODE


def _answers(ids: Collection[UUID]) -> tuple[dict[UUID, set[int]], dict[UUID, Counter[int]]]:
    """Return who declined each chat in this stay in the queue, and how often each let its offer run out."""
    offers = Offer.objects.filter(session__in=ids, ending__in=[Ending.DECLINED, Ending.EXPIRED])
    offers = offers.filter(offered_at__gte=Coalesce("session__requeued_at", "session__queued_at"))
    passed: dict[UUID, set[int]] = defaultdict(set)
    missed: dict[UUID, Counter[int]] = defaultdict(Counter)
    for session_id, agent_id, ending in offers.values_list("session_id", "agent_id", "ending"):
        if ending == Ending.DECLINED:
            passed[session_id].add(agent_id)
        else:
            missed[session_id][agent_id] += 1
    return passed, missed


def _lost_by(ids: Collection[UUID]) -> dict[UUID, set[int]]:
    events = ChatEvent.objects.filter(session__in=ids, kind=Kind.REQUEUED, agent__isnull=False)
    lost: dict[UUID, set[int]] = defaultdict(set)
    for session_id, agent_id in events.annotate(lost=F("agent_id")).values_list("session_id", "lost"):
        lost[session_id].add(agent_id)
    return lost


def _openings(ids: Collection[int], *, at: datetime) -> dict[int, Opening]:
    departments = Department.objects.filter(pk__in=ids)
    return {department.pk: opening_of(department, at=at) for department in departments}
