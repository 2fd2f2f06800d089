"""What a desk shows besides its chats: offers, transfers, colleagues, and to whom one can pass on. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from agents.assignment import unassigned, why_unassigned
from agents.certification import closed_to, why_missing
from agents.hours import local_date
from agents.models import Agent, Channel, Department, Language, Presence
from chat.models import Ending, Offer, Transfer
from chat.projection import Frame, offer_frame
from policies.calendars import latest
from policies.hours import say_time


def agent_card(agent: Agent) -> Frame:
    return {"id": agent.pk, "name": agent.display_name}


def colleague(agent: Agent, *, free: int) -> Frame:
    """Return an agent as colleagues see her; `free`: how many chats she could still be given."""
    return {
        **agent_card(agent),
        "state": agent.presence,
        "away": agent.away_at is not None,
        "departments": sorted(membership.department.code for membership in agent.memberships.all()),
        "languages": sorted(language.code for language in agent.languages.all()),
        "free": free,
        "is_supervisor": agent.is_supervisor,
    }


def read_colleagues(*, at: datetime) -> list[Frame]:
    """Return every agent who is not offline, as the desk's `colleagues`."""
    agents = Agent.objects.exclude(presence=Presence.OFFLINE).select_related("user").order_by("pk")
    agents = agents.prefetch_related("user__grants", "memberships__department", "languages")
    offered = Count("offers", filter=Q(offers__ended_at__isnull=True), distinct=True)
    rows = list(agents.annotate(taken=Count("held_seats", distinct=True) + offered))
    taken: dict[int, int] = {agent.pk: agent.taken for agent in rows}  # type: ignore[attr-defined]  # annotated
    closed = why_nothing_opens(rows, at=at)
    return [colleague(agent, free=free_seats(agent, taken[agent.pk], opens=agent.pk not in closed)) for agent in rows]


def free_seats(agent: Agent, taken: int, *, opens: bool) -> int:
    """Return how many more chats an agent could be given; `opens`: whether the chat opens to her today."""
    return max(0, agent.seats - taken) if opens else 0


def why_nothing_opens(agents: Iterable[Agent], *, at: datetime) -> dict[int, str]:
    """Say of each agent to whom no chat opens today why that is. Source: PH-CERT, EM-COM-Da."""
    people = {agent.pk: agent for agent in agents}
    today = local_date(at, calendar=latest(None))
    without = unassigned(people.keys(), channel=Channel.CHAT, on=today, at=at)
    closed = closed_to(people.keys(), channel=Channel.CHAT, on=today)
    said = {pk: why_unassigned(Channel.CHAT) for pk in without}
    return said | {pk: why_missing(kind, people[pk], on=today) for pk, kind in closed.items()}


def why_away(agent: Agent) -> str:
    """Say to an agent why nothing is offered to her although she is online; empty while she is at her desk."""
    if agent.away_at is None or agent.presence != Presence.ONLINE:
        return ""
    return _(
        "No chats are offered to you since %(time)s, because you were away from your desk (EM-COM-D). "
        "Press a key or click to go on."
    ) % {"time": say_time(timezone.localtime(agent.away_at))}


def read_offers(agent_ids: Collection[int]) -> dict[int, dict[UUID, Frame]]:
    """Return what is on offer to each of these agents, by session."""
    rows = Offer.objects.open().filter(agent__in=agent_ids).order_by("offered_at", "pk")
    rows = rows.select_related("session__department", "transfer__from_agent__user")
    offers: dict[int, dict[UUID, Frame]] = defaultdict(dict)
    for row in rows:
        offers[row.agent_id][row.session_id] = offer_frame(row)
    return offers


def read_endings(agent_id: int, session_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return how the newest offer of each of these chats to an agent ended; of a purged one nothing is known."""
    rows = Offer.objects.filter(agent=agent_id, session__in=list(session_ids), ended_at__isnull=False).order_by("pk")
    return dict(rows.values_list("session_id", "ending"))


def read_transfers(agent_ids: Collection[int]) -> dict[tuple[UUID, int | None], Transfer]:
    """Return, by chat and agent who asked for it, the newest transfer where that is open or was not taken."""
    rows = Transfer.objects.filter(from_agent__in=agent_ids, session__agent__in=agent_ids).order_by("asked_at", "pk")
    rows = rows.select_related("to_agent__user", "to_department", "to_language")
    newest: dict[tuple[UUID, int | None], Transfer] = {(row.session_id, row.from_agent_id): row for row in rows}
    shown = {"", Ending.DECLINED, Ending.EXPIRED}
    return {key: row for key, row in newest.items() if row.ending in shown}


def read_directory() -> tuple[list[Frame], list[Frame]]:
    """Return the departments and the languages to which a chat can be passed on."""
    departments = [
        {
            "code": row.code,
            "name": row.name,
            "names": row.names_by_language(),
            "phone": row.phone,
            "email": row.email,
            "page": row.page,
        }
        for row in Department.objects.filter(is_active=True).order_by("name").prefetch_related("names")
    ]
    languages = Language.objects.filter(is_active=True).order_by("name")
    return departments, [{"code": row.code, "name": row.name} for row in languages]
