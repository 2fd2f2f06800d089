"""Who takes which channel: assigned by a supervisor, with dates. Source: EM-COM-Da."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from agents.actions import assign_channel, assign_to_chat, end_assignment
from agents.assignment import unassigned
from agents.models import Agent, ChannelAssignment, Department
from contactcenter.lib.errors import Invalid
from tests.factories import AgentFactory, DepartmentFactory, UserFactory
from tests.policies.factories import LONG_AGO, adopt

DAY = timedelta(days=1)
MONDAY = date(2026, 11, 23)

pytestmark = pytest.mark.django_db


def lacking(agent: Agent, *, on: date = MONDAY, channel: str = "chat") -> bool:
    return agent.pk in unassigned([agent.pk], channel=channel, on=on, at=LONG_AGO + 9 * 365 * DAY)


def assigned(agent: Agent, from_on: date = MONDAY, through_on: date | None = None) -> ChannelAssignment:
    return assign_channel(agent, "chat", from_on=from_on, through_on=through_on, why="Takes chats.", by=UserFactory())


@pytest.mark.rule("EM-COM-Da")
def test_an_assignment_holds_from_its_first_day_through_its_last() -> None:
    adopt("EM-COM-Da")
    agent = AgentFactory()
    assigned(agent, MONDAY, MONDAY + DAY)
    days = [MONDAY - DAY, MONDAY, MONDAY + DAY, MONDAY + 2 * DAY]
    assert [lacking(agent, on=day) for day in days] == [True, False, False, True]
    assert lacking(agent, channel="phone")


@pytest.mark.rule("EM-COM-Da")
def test_nobody_needs_one_while_the_rule_is_not_adopted() -> None:
    agent = AgentFactory()
    assert not lacking(agent)
    adopt("EM-COM-Da")
    assert lacking(agent)


def test_two_assignments_for_one_day_are_refused_with_what_to_do() -> None:
    agent = AgentFactory()
    assigned(agent, MONDAY, MONDAY + 3 * DAY)
    assigned(agent, MONDAY + 4 * DAY)
    with pytest.raises(Invalid, match="End or change that one") as refused:
        assigned(agent, MONDAY - DAY, MONDAY)
    assert refused.value.more["field"] == "from_on"
    with pytest.raises(Invalid, match="cannot end before it starts"):
        assigned(AgentFactory(), MONDAY, MONDAY - DAY)


def test_ending_one_keeps_its_days_and_one_that_has_not_begun_goes() -> None:
    running, to_come = assigned(AgentFactory()), assigned(AgentFactory(), MONDAY + 5 * DAY)
    end_assignment(running.pk, through_on=MONDAY, by=None)
    end_assignment(to_come.pk, through_on=MONDAY, by=None)
    assert ChannelAssignment.objects.get().through_on == MONDAY


def test_who_has_been_decided_about_is_not_assigned_again_by_a_preset() -> None:
    agent = AgentFactory()
    assign_to_chat(agent, on=MONDAY)
    end_assignment(ChannelAssignment.objects.get().pk, through_on=MONDAY, by=None)
    assign_to_chat(agent, on=MONDAY + 9 * DAY)
    assert ChannelAssignment.objects.count() == 1


# Departments that help out -----------------------------------------------------------
def test_departments_that_help_out_in_a_circle_are_refused() -> None:
    first, second, third = (DepartmentFactory() for _ in range(3))
    for department, helper in ((first, second), (second, third)):
        department.overflow, department.overflow_after_seconds = helper, 60
        department.full_clean()
        department.save()
    third.overflow, third.overflow_after_seconds = first, 60
    with pytest.raises(ValidationError, match="in a circle"):
        third.full_clean()


@pytest.mark.parametrize(
    ("seconds", "own", "said"),
    [
        (None, False, "Write both"),
        (60, True, "cannot help itself out"),
        (-1, False, "greater than or equal to 0"),
        (90_000, False, "less than or equal to 86400"),
    ],
)
def test_what_an_admin_cannot_mean_is_refused(seconds: int | None, own: bool, said: str) -> None:
    department: Department = DepartmentFactory()
    department.overflow = department if own else DepartmentFactory()
    department.overflow_after_seconds = seconds
    with pytest.raises(ValidationError, match=said):
        department.full_clean()
