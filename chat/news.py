"""What is newer in PostgreSQL than what somebody has seen. Reads only; each function is one or two statements."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from agents.actions.service import RULE as BACK_UP
from agents.assignment import unassigned
from agents.certification import certified_languages, closed_to
from agents.hours import local_date
from agents.models import Agent, Channel, Department, Language, Presence
from agents.permissions import may_agent_work
from agents.seats import why_so_many
from agents.service import say_incidents
from chat.desks import agent_card, colleague, free_seats, read_offers, read_transfers, why_away, why_nothing_opens
from chat.estimates import read_estimates
from chat.matching import audience_of, department_helpers
from chat.models import ChatSession, Offer, StaffEvent
from chat.opening import backup_under, opening_of
from chat.permissions import looks_from, may_take
from chat.projection import Frame, Waiting, desk_session, iso, queue_item, unmatched_frame
from chat.rows import EVENT_COLUMNS, EventRow, as_uuids, event_row
from chat.states import Status
from policies.versions import rules_in_force

PAGE = 2000  # events read at a time

_NEWER = f"""
SELECT {EVENT_COLUMNS} FROM unnest(%s::uuid[], %s::int[]) AS seen(session_id, seq)
JOIN chat_chatevent e ON e.session_id = seen.session_id AND e.seq > seen.seq
ORDER BY e.session_id, e.seq LIMIT %s
"""


def events_after(cursors: Mapping[UUID, int], *, limit: int = PAGE) -> list[EventRow]:
    """Return the events beyond each session's cursor, by session and seq; one statement for all sessions."""
    if not cursors:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NEWER, [as_uuids([*cursors]), [*cursors.values()], limit])
        return [event_row(row) for row in cursor.fetchall()]


def staff_events_after(cursors: Mapping[UUID, int]) -> list[StaffEvent]:
    """Return what staff alone see of these sessions beyond each one's cursor, by session and number."""
    if not cursors:
        return []
    newer = [Q(session=session, n__gt=n) for session, n in cursors.items()]
    rows = StaffEvent.objects.filter(reduce(or_, newer)).select_related("agent__user")
    return list(rows.order_by("session", "n"))


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue at one moment, of all departments."""

    items: dict[UUID, Frame] = field(default_factory=dict)
    unmatched: dict[UUID, Frame] = field(default_factory=dict)
    audience: dict[UUID, frozenset[int] | None] = field(default_factory=dict)  # departments that see it; None: all
    waiting: dict[UUID, Waiting] = field(default_factory=dict)

    def seen_from(self, departments: frozenset[int] | None) -> dict[UUID, Frame]:
        """Return the items that these departments see, in queue order; a supervisor (None) sees all, and why."""
        if departments is None:
            return {pk: {**item, **self.unmatched[pk]} for pk, item in self.items.items()}
        shown: dict[UUID, Frame] = {}
        places: Counter[str] = Counter()
        for pk, item in self.items.items():
            if may_take(departments, self.audience[pk]):
                places[item["department"]] += 1
                hidden = item["position"] - places[item["department"]]
                shown[pk] = {**item, "hidden_before": hidden} if hidden else item
        return shown


def read_queue(*, at: datetime) -> Queue:
    """Return who waits, in order, each with position and estimated wait. Source: DF-WAIT."""
    offered = Offer.objects.open().filter(session=OuterRef("pk"))
    rows = ChatSession.objects.queued().with_position().annotate(is_offered=Exists(offered))
    rows = rows.select_related("department").in_queue_order()
    estimates, helpers = read_estimates(at=at), department_helpers()
    queue = Queue()
    for row in rows:
        position: int = row.position  # type: ignore[attr-defined]
        is_offered: bool = row.is_offered  # type: ignore[attr-defined]
        estimate = estimates.wait_of(position, row.department_id, row.language_id)
        queue.items[row.pk] = queue_item(row, position, is_offered=is_offered)
        queue.unmatched[row.pk] = unmatched_frame(row)
        queue.audience[row.pk] = audience_of(row, helpers, at=at)
        queue.waiting[row.pk] = (position, estimate)
    return queue


@dataclass(frozen=True, slots=True)
class Desk:
    """What an agent's desk shows, at one moment; None in `departments` means all."""

    agent: Frame
    may_work: bool
    presence: str
    held: int
    allowed: int
    departments: frozenset[int] | None
    sessions: list[Frame]
    offers: dict[UUID, Frame]
    colleague: Frame  # as the others see this agent
    why: str  # why so many chats, or none at all

    def seats(self) -> Frame:
        return {"held": self.held, "allowed": self.allowed, "why": self.why}


def read_desk(agent_id: int, *, at: datetime) -> Desk | None:
    """Return the desk of an agent, or None when there is no such agent."""
    return read_desks([agent_id], at=at).get(agent_id)


def read_desks(agent_ids: Collection[int], *, at: datetime) -> dict[int, Desk]:
    """Return the desks of these agents; the same few statements, however many they are."""
    agents = Agent.objects.filter(pk__in=agent_ids).select_related("user", "standing__version", "earlier")
    agents = agents.prefetch_related("user__grants", "memberships__department", "languages")
    agents = agents.annotate(held=Count("held_seats"))
    sessions, offers = _sessions_on_desks(agent_ids, at=at), read_offers(agent_ids)
    why = why_nothing_opens(agents, at=at)
    return {
        agent.pk: _desk_of(agent, sessions[agent.pk], offers[agent.pk], why.get(agent.pk, ""), at=at)
        for agent in agents
    }


def _sessions_on_desks(agent_ids: Collection[int], *, at: datetime) -> dict[int | None, list[Frame]]:
    rows = ChatSession.objects.on_desks_of(agent_ids, at=at).select_related("department").order_by("accepted_at")
    transfers = read_transfers(agent_ids)
    sessions: dict[int | None, list[Frame]] = defaultdict(list)
    for row in rows:
        sessions[row.agent_id].append(desk_session(row, transfers.get((row.pk, row.agent_id))))
    return sessions


def _desk_of(agent: Agent, sessions: list[Frame], offers: dict[UUID, Frame], why_none: str, *, at: datetime) -> Desk:
    held: int = agent.held  # type: ignore[attr-defined]  # annotated
    free = free_seats(agent, held + len(offers), opens=not why_none)
    return Desk(
        agent=agent_card(agent),
        may_work=may_agent_work(agent, at=at),
        presence=agent.presence,
        held=held,
        allowed=0 if why_none else agent.seats,
        departments=looks_from(agent),
        sessions=sessions,
        offers=offers,
        colleague=colleague(agent, free=free),
        why=why_none or why_away(agent) or why_so_many(agent, held=held),
    )


def read_waiting(session: ChatSession, *, at: datetime) -> Waiting | None:
    """Return position and estimated wait of a queued session, or None when it does not wait."""
    return read_queue(at=at).waiting.get(session.pk) if session.status == Status.QUEUED else None


def read_availability(department: Department, language: Language | None, *, at: datetime) -> Frame:
    """Return what a resident may know before asking for a chat, the same for everybody.

    Source: EM-HRS, EM-HRS-30, SJ-BACK.
    """
    opening = opening_of(department, at=at)
    ahead = ChatSession.objects.queued().filter(department=department).count()
    serving = Agent.objects.filter(user__is_active=True, departments=department)
    today = local_date(at, calendar=opening.calendar)
    spoken = language.pk if language else "en"
    offered = Department.objects.filter(is_active=True).order_by("name").prefetch_related("names")
    return {
        "state": opening.state,
        "staffed": _is_staffed(serving, on=today, at=at),
        "next_opening": None if opening.backup else iso(opening.next_opening),
        "backup": opening.backup.as_frame(spoken) if opening.backup else None,
        "rule": opening.rule or None,
        "why": opening.why or None,
        "estimated_wait_seconds": read_estimates(at=at).wait_of(ahead + 1, department.pk, spoken),
        "languages": sorted(certified_languages(serving, channel=Channel.CHAT, on=today)),
        "departments": [{"code": row.code, "name": row.name_in(spoken)} for row in offered],
        "incident": say_incidents(department, spoken, at=at),
    }


def read_backup(*, at: datetime) -> Frame | None:
    """Return where new visitors are sent while the chat is in back-up mode; None while it is not. Source: SJ-BACK."""
    backup = backup_under(rules_in_force([BACK_UP], at=at))
    return {"since": iso(backup.since), "phone": backup.phone, "page": backup.page} if backup else None


def _is_staffed(agents: QuerySet[Agent], *, on: date, at: datetime) -> bool:
    """Say whether somebody of these is online, and at the desk, to whom the chat opens."""
    present = agents.filter(presence=Presence.ONLINE, away_at__isnull=True)
    online = set(present.values_list("pk", flat=True))
    online -= unassigned(online, channel=Channel.CHAT, on=on, at=at)
    return bool(online - closed_to(online, channel=Channel.CHAT, on=on).keys())


def cursors_of(known: Mapping[UUID, int], sessions: Iterable[Frame]) -> dict[UUID, int]:
    """Return the client's cursor for each of its sessions; missing ones, and ones beyond our latest, count as 0."""
    cursors = {}
    for session in sessions:
        pk = UUID(session["session"])
        cursor = known.get(pk, 0)
        cursors[pk] = cursor if 0 <= cursor <= session["last_seq"] else 0
    return cursors


def latest_seqs(session_ids: Sequence[UUID]) -> dict[UUID, int]:
    return dict(ChatSession.objects.filter(pk__in=session_ids).values_list("pk", "last_seq"))
