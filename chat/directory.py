"""Whose contact details an agent may give out: the city's, her own at work, and the resident's to the resident.

Reads only. Another list of the city's contact details becomes known by a function more in `CITY`.

Source: EM-PII-A.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from agents.models import Agent, Department, OutsideBody
from chat.emergencies import EMERGENCY, PAY
from chat.models import ChatEvent, ChatSession, Kind, Side
from policies.screening import keys_of
from policies.versions import rules_in_force

Keys: TypeAlias = set[tuple[str, str]]


def known_contacts(session_id: UUID, agent_id: int, *, at: datetime) -> Keys:
    """Return the contact details that are nobody's secret in this chat; see `policies.screening.keys_of`."""
    own = contacts_of_agents([agent_id])[agent_id]
    return contacts_of_the_city(at=at) | own | contacts_of_residents([session_id])[session_id]


def contacts_of_the_city(*, at: datetime) -> Keys:
    return keys_of(text for source in CITY for text in source(at) if text)


def contacts_of_agents(agent_ids: Collection[int]) -> dict[int, Keys]:
    """Return the work phone and the work e-mail of agents."""
    rows = Agent.objects.filter(pk__in=agent_ids).values_list("pk", "user__work_phone", "user__email")
    return defaultdict(set, {pk: keys_of(contacts) for pk, *contacts in rows})


def contacts_of_residents(session_ids: Collection[UUID]) -> dict[UUID, Keys]:
    """Return what residents told us in these chats: to repeat it to them gives nothing away."""
    texts: dict[UUID, list[str]] = defaultdict(list)
    for pk, *contacts in ChatSession.objects.filter(pk__in=session_ids).values_list(
        "pk", "customer_email", "customer_phone"
    ):
        texts[pk] += contacts
    said = ChatEvent.objects.filter(session__in=session_ids, kind=Kind.MESSAGE, side=Side.CUSTOMER)
    for pk, text in said.values_list("session_id", "text"):
        texts[pk].append(text)
    return defaultdict(set, {pk: keys_of(each) for pk, each in texts.items()})


def _of_departments(_at: datetime) -> Iterable[str]:
    for row in Department.objects.values_list("phone", "email", "hours_text"):
        yield from row


def _of_outside_bodies(_at: datetime) -> Iterable[str]:
    for row in OutsideBody.objects.values_list("phone", "email"):
        yield from row


def _of_the_rules(at: datetime) -> Iterable[str]:
    """Return the numbers that EM-911 and EM-PAY name."""
    for version in rules_in_force([EMERGENCY, PAY], at=at).values():
        yield from (value for value in version.values.values() if isinstance(value, str))


CITY: tuple[Callable[[datetime], Iterable[str]], ...] = (_of_departments, _of_outside_bodies, _of_the_rules)
