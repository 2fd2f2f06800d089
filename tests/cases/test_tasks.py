"""Tasks: opened once, worked by whom they are for, due by the calendar, and empty in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pytest_django import Settings

from agents.models import Agent, Department
from contactcenter.cases.actions import (
    find_or_make_customer,
    finish_task,
    forget_old_tasks,
    note_contact,
    open_task,
    take_task,
)
from contactcenter.cases.contacts import email_of, phone_of
from contactcenter.cases.due import BUSINESS_DAYS, BUSINESS_MINUTES, due_by
from contactcenter.cases.models import Contact, Customer, Task, TaskKind, Topic
from contactcenter.lib.errors import DomainError, Invalid, NotFound
from tests.factories import (
    AgentFactory,
    CustomerFactory,
    DepartmentFactory,
    LanguageFactory,
    MembershipFactory,
    TaskFactory,
    TopicFactory,
)
from tests.phones import NO_NUMBERS, NUMBERS
from tests.policies.factories import adopt, calendar

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # a Tuesday, 12:00 in the office
DAY = timedelta(days=1)


@pytest.fixture
def roads() -> Department:
    department: Department = DepartmentFactory(code="roads")
    return department


def agent_of(*departments: Department, role: str = "agent") -> Agent:
    agent: Agent = AgentFactory(user__roles=[role])
    for department in departments:
        MembershipFactory(agent=agent, department=department)
    return agent


# Who may see what -------------------------------------------------------------
def test_a_task_is_seen_by_its_department_by_who_has_it_and_by_supervisors(roads: Department) -> None:
    task = TaskFactory(department=roads)
    ours, other, supervisor = agent_of(roads), agent_of(), agent_of(role="supervisor")
    seen = [Task.objects.visible_to(each).filter(pk=task.pk).exists() for each in (ours, other, supervisor)]
    assert seen == [True, False, True]
    Task.objects.filter(pk=task.pk).update(agent=other)
    assert Task.objects.visible_to(other).filter(pk=task.pk).exists()


@pytest.mark.parametrize("act", ["take", "finish"])
def test_what_one_may_not_see_looks_like_what_is_not_there(roads: Department, act: str) -> None:
    task, other = TaskFactory(department=roads), agent_of()
    acts = {"take": take_task, "finish": partial(finish_task, result="answered")}
    for pk in (task.pk, task.pk + 1000):
        with pytest.raises(NotFound, match="no such task"):
            acts[act](pk, by=other, at=NOON)


def test_a_task_is_taken_by_one_and_a_supervisor_may_take_it_over(roads: Department) -> None:
    task, one, two = TaskFactory(department=roads), agent_of(roads), agent_of(roads)
    assert take_task(task.pk, by=one, at=NOON).agent == one
    assert take_task(task.pk, by=one, at=NOON).agent == one
    with pytest.raises(DomainError) as refusal:
        take_task(task.pk, by=two, at=NOON)
    assert refusal.value.code == "taken"
    supervisor = agent_of(role="supervisor")
    assert take_task(task.pk, by=supervisor, at=NOON).agent == supervisor


def test_a_task_is_done_once_with_a_result_of_the_list(roads: Department) -> None:
    task, one, two = TaskFactory(department=roads), agent_of(roads), agent_of(roads)
    with pytest.raises(Invalid, match="from the list"):
        finish_task(task.pk, by=one, result="whatever", at=NOON)
    finish_task(task.pk, by=one, result="not_reached", note="Card 4111 1111 1111 1111", at=NOON)
    again = finish_task(task.pk, by=one, result="not_reached", at=NOON + DAY)
    assert (again.done_at, again.done_by, again.result) == (NOON, one, "not_reached")
    assert "4111" not in again.result_note
    for who, result in ((two, "not_reached"), (one, "answered")):
        with pytest.raises(DomainError) as refusal:
            finish_task(task.pk, by=who, result=result, at=NOON)
        assert refusal.value.code == "ended"


def test_what_is_overdue_comes_first_and_what_has_no_due_time_last(roads: Department) -> None:
    late, soon = (TaskFactory(department=roads, created_at=NOON, due_at=NOON + shift * DAY) for shift in (-1, 1))
    never = TaskFactory(department=roads, created_at=NOON - 9 * DAY, due_at=None)
    assert list(Task.objects.open().in_order()) == [late, soon, never]
    assert list(Task.objects.overdue(at=NOON)) == [late]


# Opening ----------------------------------------------------------------------
def test_the_same_cause_makes_one_task_and_cannot_be_read_from_it(roads: Department) -> None:
    first, second = (
        open_task(kind="message", department=roads, language=LanguageFactory(), text=text, source="chat 7", at=NOON)
        for text in ("one", "two")
    )
    assert (first.pk, second.text) == (second.pk, "one")
    assert "chat 7" not in first.source_key
    other = open_task(kind="message", department=roads, language=LanguageFactory(), source="chat 8", at=NOON)
    assert other.pk != first.pk


def test_payment_data_does_not_get_into_a_task(roads: Department) -> None:
    text = "My card is 4111 1111 1111 1111"
    task = open_task(kind=TaskKind.OTHER, department=roads, language=LanguageFactory(), text=text, at=NOON)
    assert "4111" not in task.text
    customer, _is_new = find_or_make_customer(name="4111 1111 1111 1111", language=LanguageFactory(), at=NOON)
    assert "4111" not in customer.name


def test_due_times_run_in_the_hours_of_the_department_and_keep_their_versions(roads: Department) -> None:
    calendar()
    version = adopt("DF-HOLD", callback_minutes=300, message_days=1)
    soon = due_by(version, unit=BUSINESS_MINUTES, amount=300, department_id=roads.pk, start=NOON)
    later = due_by(version, unit=BUSINESS_DAYS, amount=1, department_id=roads.pk, start=NOON)
    assert soon.at.isoformat() == "2026-11-25T09:00:00-05:00"  # 4:30 were left of that day
    assert later.at.isoformat() == "2026-11-25T16:30:00-05:00"
    task = open_task(kind="call_back", department=roads, language=LanguageFactory(), due=soon, at=NOON)
    assert (task.due_at, task.rule, task.rule_version) == (soon.at, "DF-HOLD", version)
    assert task.calendar_version_id == soon.calendar_version_id is not None


def test_without_a_calendar_due_times_are_elapsed_time(roads: Department) -> None:
    version = adopt("DF-HOLD")
    due = due_by(version, unit=BUSINESS_MINUTES, amount=90, department_id=roads.pk, start=NOON)
    assert (due.at, due.calendar_version_id) == (NOON + timedelta(minutes=90), None)


# Who it is for ----------------------------------------------------------------
@pytest.mark.parametrize("phone", NUMBERS)
def test_a_number_that_can_be_called_is_taken(phone: str) -> None:
    assert phone_of(f" {phone} ") == phone


@pytest.mark.parametrize("phone", ["", *NO_NUMBERS])
def test_a_number_that_is_none_is_refused_with_a_sentence(phone: str) -> None:
    with pytest.raises(Invalid) as refusal:
        phone_of(phone)
    assert refusal.value.more["field"] == "phone"
    assert "number" in refusal.value.detail


@pytest.mark.parametrize("email", ["", "dana", "dana@", "dana@x y.example", "a" * 250 + "@b.example"])
def test_an_address_that_is_none_is_refused(email: str) -> None:
    with pytest.raises(Invalid, match="e-mail address"):
        email_of(email)


def test_the_same_person_is_found_and_a_stranger_with_their_number_is_not_them() -> None:
    facts = {"language": LanguageFactory(), "at": NOON}
    dana, is_new = find_or_make_customer(name="Dana Ray", phone="416-555-0100", **facts)
    assert is_new
    assert find_or_make_customer(name=" dana  ray", phone="416-555-0100", **facts) == (dana, False)
    other, is_new = find_or_make_customer(name="Sam", phone="416-555-0100", **facts)
    assert (is_new, other.pk != dana.pk) == (True, True)
    nobody, is_new = find_or_make_customer(name="Dana Ray", **facts)
    assert (is_new, nobody.pk != dana.pk) == (True, True)


# What goes --------------------------------------------------------------------
def test_a_task_done_long_ago_loses_its_words_and_its_customer(settings: Settings, roads: Department) -> None:
    settings.TASKS_KEPT = 10 * DAY
    rosa = agent_of(roads)
    task = TaskFactory(department=roads, created_at=NOON, customer__created_at=NOON, customer__email="d@x.example")
    finish_task(task.pk, by=rosa, result="answered", note="He was kind.", at=NOON)
    assert forget_old_tasks(at=NOON + 10 * DAY) == 0
    assert forget_old_tasks(at=NOON + 11 * DAY) == 1
    assert forget_old_tasks(at=NOON + 11 * DAY) == 0
    gone, customer = Task.objects.get(), Customer.objects.get()
    assert (gone.text, gone.result_note, gone.customer, gone.result) == ("", "", None, "answered")
    assert (customer.name, customer.email, customer.phone) == ("", "", "")


def test_how_long_tasks_are_kept_is_a_setting(settings: Settings, roads: Department) -> None:
    task = TaskFactory(department=roads, created_at=NOON)
    finish_task(task.pk, by=agent_of(roads), result="answered", at=NOON)
    settings.TASKS_KEPT = 90 * DAY
    assert forget_old_tasks(at=NOON + 11 * DAY) == 0
    settings.TASKS_KEPT = 10 * DAY
    assert forget_old_tasks(at=NOON + 11 * DAY) == 1


def test_what_is_open_stays_and_so_does_who_turned_to_the_city_lately(settings: Settings, roads: Department) -> None:
    settings.TASKS_KEPT = 10 * DAY
    dana = CustomerFactory(created_at=NOON)
    done, waiting = (TaskFactory(department=roads, customer=dana, created_at=NOON) for _number in range(2))
    finish_task(done.pk, by=agent_of(roads), result="answered", at=NOON)
    forget_old_tasks(at=NOON + 30 * DAY)
    dana.refresh_from_db()
    assert (dana.name, Task.objects.get(pk=waiting.pk).text) == ("Dana", "About my bin.")
    finish_task(waiting.pk, by=agent_of(roads), result="answered", at=NOON)
    note_contact(dana, channel="phone", department=roads, purpose="other", at=NOON + 29 * DAY)
    forget_old_tasks(at=NOON + 30 * DAY)
    dana.refresh_from_db()
    assert dana.name == "Dana"
    assert Contact.objects.filter(customer=dana).count() == 3


# Topics -------------------------------------------------------------------------
def test_a_topic_is_offered_to_its_department_or_to_all(roads: Department) -> None:
    ours, everybodys = TopicFactory(department=roads), TopicFactory()
    TopicFactory(department=DepartmentFactory())
    TopicFactory(is_active=False)
    assert set(Topic.objects.offered_to(roads.pk)) == {ours, everybodys}
