"""How long a log-in lasts, on pages and in `permissions`."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from agents.actions import disable, end_logins, record_activity, set_roles
from agents.models import LogIn, Role
from agents.permissions import access_login, live_logins, may_work_the_desk
from contactcenter.lib import events
from tests.agents.conftest import MOMENT, NOON, minutes
from tests.factories import AgentFactory, LogInFactory, UserFactory, log_in

HALF_HOUR = minutes(30)
TWELVE_HOURS = timedelta(hours=12)
ACCOUNT = "/accounts/"


@pytest.fixture
def heard():
    """What was emitted after commit."""
    facts: list[events.Facts] = []
    listener = lambda fact: facts.append(fact) or True  # noqa: E731
    events.listen(listener)
    yield facts
    events.stop_listening(listener)


def test_an_idle_log_in_ends_after_half_an_hour(db, client):
    with time_machine.travel(NOON, tick=False):
        log_in(client, UserFactory())
    with time_machine.travel(NOON + HALF_HOUR - MOMENT, tick=False):
        assert client.get(ACCOUNT).status_code == 200
    with time_machine.travel(NOON + HALF_HOUR * 2, tick=False):
        assert client.get(ACCOUNT).status_code == 302
    assert LogIn.objects.get().ended_at == NOON + HALF_HOUR * 2


def test_a_log_in_in_use_ends_after_twelve_hours(db, client):
    with time_machine.travel(NOON, tick=False):
        entry = log_in(client, UserFactory())
    LogIn.objects.filter(pk=entry.pk).update(seen_at=NOON + TWELVE_HOURS - minutes(2))
    with time_machine.travel(NOON + TWELVE_HOURS - MOMENT, tick=False):
        assert client.get(ACCOUNT).status_code == 200
    with time_machine.travel(NOON + TWELVE_HOURS, tick=False):
        assert client.get(ACCOUNT).status_code == 302


def test_a_session_without_a_log_in_opens_nothing(db, client):
    client.force_login(UserFactory())
    assert client.get(ACCOUNT).status_code == 302


def test_activity_is_written_at_most_once_in_ten_seconds(db, django_assert_num_queries):
    entry = LogInFactory(at=NOON)
    for seconds in (1, 5, 9):
        record_activity(entry.session_key, at=NOON + timedelta(seconds=seconds))
    entry.refresh_from_db()
    assert entry.seen_at == NOON
    with django_assert_num_queries(1):
        record_activity(entry.session_key, at=NOON + timedelta(seconds=10))
    entry.refresh_from_db()
    assert entry.seen_at == NOON + timedelta(seconds=10)


def test_an_idle_log_in_is_not_woken_by_activity(db):
    entry = LogInFactory(at=NOON)
    record_activity(entry.session_key, at=NOON + HALF_HOUR)
    assert access_login(entry.session_key, at=NOON + HALF_HOUR) is None


def test_live_log_ins_are_told_in_one_statement(db, django_assert_num_queries):
    live = LogInFactory(at=NOON)
    idle = LogInFactory(at=NOON - HALF_HOUR)
    ended = LogInFactory(at=NOON, ended_at=NOON)
    disabled = LogInFactory(at=NOON, user__is_active=False)
    keys = [entry.session_key for entry in (live, idle, ended, disabled)]
    with django_assert_num_queries(1):
        assert live_logins([*keys, "unknown"], at=NOON) == {live.session_key}


def test_a_disabled_person_is_out_at_once_everywhere(db, client, heard, django_capture_on_commit_callbacks):
    user = AgentFactory().user
    entries = [log_in(client, user), LogInFactory(user=user)]
    with django_capture_on_commit_callbacks(execute=True):
        disable(user, by=None, at=NOON)
    ended = next(fact for fact in heard if fact["topic"] == "login")
    assert sorted(ended["session_keys"]) == sorted(entry.session_key for entry in entries)
    assert client.get(ACCOUNT).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_when_the_end_is_rolled_back(heard):
    entry = LogInFactory(at=NOON)
    with transaction.atomic():
        end_logins(entry.user, at=NOON)
        transaction.set_rollback(True)
    assert heard == []
    assert access_login(entry.session_key, at=NOON) is not None


def test_log_out_ends_the_log_in(db, client):
    log_in(client, UserFactory())
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").status_code == 302
    assert LogIn.objects.get().ended_at is not None
    assert client.get(ACCOUNT).status_code == 302


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("is_demo", [False, True])
def test_every_role_but_agent_and_trainee_needs_a_second_factor_outside_of_the_demo(db, settings, role, is_demo):
    settings.DEMO = is_demo
    entry = LogInFactory(user__roles=[role], second_factor=False, at=NOON)
    opens = access_login(entry.session_key, at=NOON) is not None
    assert opens == (is_demo or role in {"agent", "trainee"})


def test_a_role_that_needs_a_second_factor_ends_log_ins_without_one(db, settings):
    settings.DEMO = False
    user = AgentFactory().user
    without = LogInFactory(user=user, second_factor=False, at=NOON)
    with_one = LogInFactory(user=user, second_factor=True, at=NOON)
    set_roles(user, ["agent", "supervisor"], by=None, at=NOON)
    assert live_logins([without.session_key, with_one.session_key], at=NOON) == {with_one.session_key}


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("state", ["plain", "disabled", "suspended", "suspension over", "no agent row"])
def test_the_desk_is_for_agents_trainees_and_supervisors_in_good_standing(db, role, state):
    until = {"suspended": NOON + MOMENT, "suspension over": NOON}.get(state)
    agent = AgentFactory(user__roles=[role], user__is_active=state != "disabled", suspended_until=until)
    user = agent.user
    if state == "no agent row":
        agent.delete()
    may = role in {"agent", "trainee", "supervisor"} and state in {"plain", "suspension over"}
    assert may_work_the_desk(user, at=NOON) == may
