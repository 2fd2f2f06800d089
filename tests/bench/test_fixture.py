"""`bench_fixture` makes what the contract says, and nothing outside the demo."""

from datetime import date, timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.utils import timezone

from agents.actions import set_presence
from agents.models import Agent, Department, Presence, User
from agents.permissions import may_work_the_desk
from chat.actions import accept
from chat.models import Seat
from chat.opening import opening_of
from tests.factories import CertificateKindFactory, QueuedSessionFactory, UserFactory
from tests.policies.factories import adopt, calendar

PASSWORD = "a long password for load"

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings):
    settings.DEMO = True


def make(**more):
    call_command("bench_fixture", **{"agents": 3, "seats": 7, "password": PASSWORD, "verbosity": 0, **more})


def test_it_makes_agents_who_may_work_the_load_department(demo):
    make()
    agents = Agent.objects.filter(user__username__in=["load1", "load2", "load3"])
    assert [agent.seats for agent in agents] == [7, 7, 7]
    assert {code for agent in agents for code in agent.departments.values_list("code", flat=True)} == {"load"}
    assert {code for agent in agents for code in agent.languages.values_list("code", flat=True)} == {"en"}
    assert all(may_work_the_desk(agent.user) for agent in agents)


def test_each_may_log_in_with_the_password(demo):
    make()
    request = RequestFactory().post("/accounts/login/")
    assert authenticate(request, username="load3", password=PASSWORD) == User.objects.get(username="load3")


def test_a_second_run_changes_seats_and_password_and_adds_nobody_twice(demo):
    make()
    make(seats=2, password="another long password")
    agents = Agent.objects.filter(user__username__startswith="load")
    assert [agent.seats for agent in agents] == [2, 2, 2]
    assert all(agent.user.check_password("another long password") for agent in agents)


def test_chats_begin_also_where_nobody_wrote_down_how_long_they_stay(demo):
    make()
    make()
    department = Department.objects.get(code="load")
    assert opening_of(department, at=timezone.now()).state == "open"


def test_they_may_chat_at_any_hour_whatever_the_city_has_adopted(demo):
    """The city closes, asks for a certificate, and has switched the demo's "open at any hour" off."""
    calendar("8:30-16:30")
    adopt("EM-HRS", always_open=False)
    CertificateKindFactory(adopted_on=date(2020, 1, 1))
    UserFactory(roles=["supervisor"])
    make()
    load = Department.objects.get(code="load")
    session = QueuedSessionFactory(department=load, language_id="en")
    agent = Agent.objects.get(user__username="load1")
    set_presence(agent.pk, Presence.ONLINE, at=timezone.now())
    for hour in (3, 15):
        assert opening_of(load, at=(timezone.now() + timedelta(days=366)).replace(hour=hour)).state == "open"
    accept(session.pk, agent_id=agent.pk, at=timezone.now())
    assert Seat.objects.filter(agent=agent).count() == 1


def test_it_is_refused_outside_the_demo(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        make()
    assert not User.objects.filter(username__startswith="load").exists()


@pytest.mark.parametrize("wrong", [{"agents": 0}, {"agents": 10_001}, {"seats": 0}, {"seats": 1001}])
def test_numbers_out_of_range_are_refused(demo, wrong):
    with pytest.raises(CommandError, match="must be 1 to"):
        make(**wrong)
