"""A city small enough to know by heart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from agents.actions import set_presence
from agents.models import Agent, Department, Language, Presence
from chat.models import Wording
from tests.factories import AgentFactory, DepartmentFactory, LanguageFactory, MembershipFactory, WordingFactory
from tests.policies.factories import keep_chats

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@dataclass(frozen=True)
class City:
    """Two departments, an agent in each, and a supervisor; all online."""

    english: Language
    general: Department
    roads: Department
    rosa: Agent
    rudi: Agent
    supervisor: Agent


@pytest.fixture
def city(db: None) -> City:
    keep_chats()
    english = LanguageFactory(code="en", name="English")
    general = DepartmentFactory(code="general", name="General services", is_default=True, phone="555-0100")
    roads = DepartmentFactory(code="roads", name="Roads")
    WordingFactory(kind=Wording.Kind.GREETING, language=english, text="I am {agent} from {department}.")
    WordingFactory(kind=Wording.Kind.COLLECTION, language=english, text="What you write here is deleted daily.")
    return City(
        english=english,
        general=general,
        roads=roads,
        rosa=online_agent("Rosa", general),
        rudi=online_agent("Rudi", roads),
        supervisor=online_agent("Sam", general, role="supervisor"),
    )


def online_agent(name: str, *departments: Department, role: str = "agent", seats: int = 3) -> Agent:
    """Return an agent who may accept at once."""
    agent: Agent = AgentFactory(user__first_name=name, user__display_name=name, user__roles=[role], seats=seats)
    for department in departments:
        MembershipFactory(agent=agent, department=department)
    set_presence(agent.pk, Presence.ONLINE, at=timezone.now())
    agent.refresh_from_db()
    return agent
