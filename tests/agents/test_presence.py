"""Presence is one per agent, kept as intervals."""

from __future__ import annotations

import pytest

from agents.actions import disable, note_connected, note_disconnected, set_presence
from agents.models import Agent, Presence, PresenceInterval
from contactcenter.lib.errors import Invalid, WrongState
from tests.agents.conftest import NOON, at_once, minutes
from tests.factories import AgentFactory


def spans(agent: Agent) -> list[tuple[str, int, int | None]]:
    """Return state, start and end of each interval, in minutes from noon."""
    return [
        (
            interval.state,
            (interval.started_at - NOON) // minutes(1),
            (interval.ended_at - NOON) // minutes(1) if interval.ended_at else None,
        )
        for interval in PresenceInterval.objects.filter(agent=agent).order_by("started_at", "pk")
    ]


def test_each_presence_ends_the_interval_before_it(db):
    agent = AgentFactory()
    for minute, state in enumerate(["online", "break", "break", "online", "offline"]):
        set_presence(agent.pk, state, at=NOON + minutes(minute))
    assert spans(agent) == [("online", 0, 1), ("break", 1, 3), ("online", 3, 4), ("offline", 4, None)]


def test_a_clock_behind_the_one_before_does_not_break_the_list(db):
    agent = AgentFactory()
    set_presence(agent.pk, "online", at=NOON + minutes(1))
    set_presence(agent.pk, "break", at=NOON)
    assert spans(agent) == [("online", 1, 1), ("break", 1, None)]


@pytest.mark.parametrize("wrong", ["away", "", "ONLINE"])
def test_an_unknown_presence_is_refused(db, wrong):
    agent = AgentFactory()
    with pytest.raises(Invalid):
        set_presence(agent.pk, wrong, at=NOON)
    assert spans(agent) == []


def test_a_suspended_agent_can_only_go_offline(db):
    agent = AgentFactory(suspended_until=NOON + minutes(1), presence=Presence.BREAK)
    with pytest.raises(WrongState):
        set_presence(agent.pk, "online", at=NOON)
    set_presence(agent.pk, "offline", at=NOON)
    set_presence(agent.pk, "online", at=NOON + minutes(1))


def test_a_disabled_agent_is_taken_offline_and_stays_there(db):
    agent = AgentFactory()
    set_presence(agent.pk, "online", at=NOON)
    disable(agent.user, by=None, at=NOON + minutes(1))
    agent.refresh_from_db()
    assert agent.presence == Presence.OFFLINE
    with pytest.raises(WrongState):
        set_presence(agent.pk, "online", at=NOON + minutes(2))


def test_the_grace_time_begins_with_the_last_socket_and_ends_with_the_next(db):
    agent = AgentFactory()
    note_disconnected(agent.pk, deadline=NOON)
    agent.refresh_from_db()
    assert agent.offline_deadline is None  # offline already
    set_presence(agent.pk, "online", at=NOON)
    note_disconnected(agent.pk, deadline=NOON + minutes(1))
    agent.refresh_from_db()
    assert agent.offline_deadline == NOON + minutes(1)
    note_connected(agent.pk)
    agent.refresh_from_db()
    assert agent.offline_deadline is None


def test_going_offline_leaves_no_deadline_behind(db):
    agent = AgentFactory(presence=Presence.ONLINE, offline_deadline=NOON)
    set_presence(agent.pk, "offline", at=NOON)
    agent.refresh_from_db()
    assert agent.offline_deadline is None


@pytest.mark.django_db(transaction=True)
def test_presences_set_at_once_leave_one_open_interval():
    agent = AgentFactory()
    states = ["online", "break", "on_call", "at_counter"] * 3
    results = at_once(12, lambda number: set_presence(agent.pk, states[number], at=NOON))
    assert not [result for result in results if isinstance(result, Exception)]
    agent.refresh_from_db()
    still_open = PresenceInterval.objects.get(agent=agent, ended_at__isnull=True)
    assert still_open.state == agent.presence
