"""The purge: what it takes, what it spares, what it leaves behind, and when it refuses."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.forms.models import model_to_dict

from agents.models import Role
from chat.actions import (
    Draft,
    append,
    close_evaluation,
    end_wrap_ups,
    keep_open,
    look_ahead,
    purge,
    purge_if_due,
    request_chat,
)
from chat.actions.purge import leftovers
from chat.actions.sessions import Request
from chat.models import (
    ChatEvent,
    ChatRecord,
    ChatSession,
    Evaluation,
    EvaluationDecision,
    LedgerEntry,
    PurgeRun,
    RetentionMark,
    Seat,
    Side,
    StaffEvent,
)
from chat.states import Outcome, Status
from chat.timers import act_on_due_timers
from contactcenter.lib.errors import DomainError, WrongState
from contactcenter.notices.models import Mail
from policies.actions import set_day
from policies.calendar import Day
from policies.models import BusinessCalendar
from tests.chat.conftest import City
from tests.factories import (
    ActiveSessionFactory,
    DecisionFactory,
    EndedSessionFactory,
    EvaluationFactory,
    EventFactory,
    MarkFactory,
    StaffEventFactory,
    UserFactory,
    as_owner,
)
from tests.policies.factories import adopt, calendar, keep_chats

# Long ago on every clock: the database's own asks whether a date to keep until has come.
TWO = datetime(2024, 5, 14, 6, tzinfo=UTC)  # 2:00 in the city
MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WORDS = "My neighbour Ottoline Quist keeps goats."


def ended(city: City, at: datetime, **more: object) -> ChatSession:
    """Return a chat that ended then, was rounded off, and bears words and staff's notes."""
    session: ChatSession = EndedSessionFactory(
        department=city.general, agent=city.rosa, requested_at=at - 2 * HOUR, ended_at=at, **more
    )
    EventFactory(session=session, text=WORDS)
    StaffEventFactory(session=session)
    return session


def run(at: datetime = TWO) -> PurgeRun:
    return purge(at=at, cause=PurgeRun.Cause.BY_HAND)


def is_there(session: ChatSession) -> bool:
    return ChatSession.objects.filter(pk=session.pk).exists()


# What goes --------------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
def test_a_chat_goes_when_it_ended_longer_ago_than_the_grace(city: City) -> None:
    inside, outside = ended(city, TWO - HOUR), ended(city, TWO - HOUR - MOMENT)
    done = run()
    assert (is_there(inside), is_there(outside)) == (True, False)
    assert (done.cutoff, done.counted, done.deleted, done.kept, done.leftover) == (TWO - HOUR, 1, 1, 0, 0)
    assert done.oldest_left_at == inside.ended_at
    assert not ChatEvent.objects.filter(session=outside.pk).exists()
    assert not StaffEvent.objects.filter(session=outside.pk).exists()


@pytest.mark.rule("EM-RET-A")
@pytest.mark.parametrize("grace", [0, 30, 1440])
def test_the_grace_is_the_citys_row(city: City, grace: int) -> None:
    keep_chats(grace_minutes=grace)
    inside, outside = ended(city, TWO - grace * MINUTE), ended(city, TWO - grace * MINUTE - MOMENT)
    run()
    assert (is_there(inside), is_there(outside)) == (True, False)


def test_a_chat_that_still_runs_stays(city: City) -> None:
    session = ActiveSessionFactory(department=city.general, agent=city.rosa, requested_at=TWO - 40 * HOUR)
    assert run().counted == 0
    assert is_there(session)


@pytest.mark.rule("EM-RET-A")
def test_wrap_up_ends_by_itself_after_fifteen_minutes_and_spares_the_chat_meanwhile(city: City) -> None:
    keep_chats(grace_minutes=0)
    session = ended(city, TWO - 15 * MINUTE + MOMENT, wrapped_up_at=None, wrap_up_deadline=TWO + MOMENT)
    outlook, done = look_ahead(at=TWO), run()
    assert (done.counted, done.deleted, done.wrapping_up) == (1, 0, 1)
    assert (outlook.counted, outlook.deleted, outlook.wrapping_up) == (1, 0, 1)
    assert is_there(session)
    assert not ChatRecord.objects.filter(pk=session.pk).exists()
    assert run(TWO + MOMENT).deleted == 1
    record = ChatRecord.objects.get(pk=session.pk)
    assert record.handle_time == 2 * HOUR  # time that ran out is no work


def test_a_wrap_up_without_a_deadline_ends_too(city: City) -> None:
    session = ended(city, TWO - 15 * MINUTE, wrapped_up_at=None)
    assert end_wrap_ups(at=TWO - MOMENT) == 0
    assert end_wrap_ups(at=TWO) == 1
    assert end_wrap_ups(at=TWO) == 0
    session.refresh_from_db()
    assert session.wrapped_up_at == TWO


@pytest.mark.rule("EM-RET-A")
def test_what_stays_are_figures_and_no_word_of_the_resident(city: City) -> None:
    session = ended(
        city,
        TWO - 2 * HOUR,
        wrapped_up_at=None,
        customer_name="Ottoline Quist",
        customer_email="ottoline@example.com",
        customer_phone="555-0199",
        topic="goats",
        accepted_at=TWO - 4 * HOUR + 3 * MINUTE,
        first_answer_at=TWO - 4 * HOUR + 5 * MINUTE,
        emergency="city",
        emergency_at=TWO - 3 * HOUR,
        returning_key="who comes back",
    )
    run()
    assert not is_there(session)
    record = ChatRecord.objects.get(pk=session.pk)
    assert (record.wait, record.first_response, record.first_response_offered) == (3 * MINUTE, 5 * MINUTE, 2 * MINUTE)
    assert record.handle_time == 2 * HOUR - 3 * MINUTE
    assert (record.outcome, record.had_emergency, record.agent) == ("resolved", True, city.rosa)
    said = str(model_to_dict(record)).lower()
    assert not [word for word in ("ottoline", "quist", "0199", "goats", "who comes back") if word in said]
    assert list(LedgerEntry.objects.values_list("kind", "subject")) == [("purged_session", str(session.pk))]


def test_a_chat_that_nobody_accepted_is_rounded_off_at_its_end(city: City) -> None:
    request = Request(name="Dana", question="Hello?", department=city.general, language=city.english)
    session = request_chat(request, at=TWO - 3 * HOUR).session
    ChatSession.objects.filter(pk=session.pk).update(
        status=Status.ENDED, outcome=Outcome.ABANDONED, ended_at=TWO - 2 * HOUR
    )
    assert run().deleted == 1
    record = ChatRecord.objects.get(pk=session.pk)
    assert (record.wait, record.handle_time, record.agent_id) == (None, None, None)


@pytest.mark.django_db
@pytest.mark.rule("EM-RET-A")
def test_every_foreign_key_to_a_session_cascades_in_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, confdeltype FROM pg_constraint "
            "WHERE contype = 'f' AND confrelid = 'chat_chatsession'::regclass ORDER BY 1"
        )
        found = dict(cursor.fetchall())
    tables = ("chatevent", "connection", "retentionmark", "seat", "staffevent")
    assert {f"chat_{table}" for table in tables} <= found.keys()
    assert set(found.values()) == {"c"}


# What stays -------------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
@pytest.mark.rule("EM-RET-Ba-i")
def test_a_marked_chat_stays_whole_and_is_counted_as_kept(city: City) -> None:
    session = ended(city, TWO - 48 * HOUR, retained=True)
    MarkFactory(session=session)
    outlook, done = look_ahead(at=TWO), run()
    assert (outlook.counted, outlook.deleted, outlook.kept) == (1, 0, 1)
    assert (done.counted, done.deleted, done.kept, done.oldest_left_at) == (1, 0, 1, None)
    assert (session.events.get().text, session.staff_events.count()) == (WORDS, 1)


@pytest.mark.rule("EM-RET-Ba-i")
def test_a_chat_kept_until_a_date_goes_once_it_has_come(city: City) -> None:
    session = ended(city, TWO - 48 * HOUR, retained=True, keep_until=TWO)
    assert run(TWO - MOMENT).kept == 1
    assert look_ahead(at=TWO).deleted == 1
    assert run(TWO).deleted == 1
    assert not is_there(session)


@pytest.mark.rule("EM-RET-Ba-i")
def test_a_date_that_has_come_ends_no_mark_that_is_not_decided(city: City) -> None:
    session = ended(city, TWO - 48 * HOUR, retained=True, keep_until=TWO)
    held = MarkFactory(session=session)
    assert (look_ahead(at=TWO).kept, run(TWO).kept) == (1, 1)
    close_evaluation(held.evaluation_id, by_id=city.supervisor.pk, reason="No ban.", at=TWO)
    assert run(TWO).deleted == 1


@pytest.mark.rule("EM-RET-Ba-i")
def test_a_decision_does_not_cut_a_date_short(city: City) -> None:
    session = ended(city, TWO - 48 * HOUR, retained=True, keep_until=TWO + HOUR)
    held = MarkFactory(session=session)
    close_evaluation(held.evaluation_id, by_id=city.supervisor.pk, reason="No ban.", at=TWO)
    assert run(TWO).kept == 1
    assert run(TWO + HOUR).deleted == 1


def test_a_date_that_the_databases_clock_has_not_reached_holds_its_own_chat_only(city: City) -> None:
    """The lock asks the database's clock: a run whose clock is ahead must not fail for all the others."""
    far = datetime(2199, 1, 1, tzinfo=UTC)
    kept, other = ended(city, TWO - 48 * HOUR, retained=True, keep_until=far), ended(city, TWO - 48 * HOUR)
    done = run(far + HOUR)
    assert (done.deleted, done.kept) == (1, 1)
    assert (is_there(kept), is_there(other)) == (True, False)


@pytest.mark.rule("EM-RET-Ba-i")
def test_a_decided_evaluation_goes_with_the_last_chat_that_it_held(city: City) -> None:
    decision = DecisionFactory(at=TWO - HOUR)
    Evaluation.objects.filter(pk=decision.evaluation_id).update(closed_at=TWO - HOUR)
    lifted = {"evaluation": decision.evaluation, "decision": decision, "lifted_at": TWO - HOUR}
    young, old = ended(city, TWO), ended(city, TWO - 48 * HOUR)
    for session in (young, old):
        MarkFactory(session=session, **lifted)
    open_one = EvaluationFactory()
    assert run().evaluations_deleted == 0
    assert run(TWO + 2 * HOUR).evaluations_deleted == 1
    assert list(Evaluation.objects.all()) == [open_one]
    assert not EvaluationDecision.objects.exists()
    assert not RetentionMark.objects.exists()


# Damage -----------------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
def test_words_whose_session_is_gone_are_counted_as_left_over(city: City) -> None:
    session = ended(city, TWO - 48 * HOUR)
    MarkFactory(session=session)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM chat_chatsession WHERE id = %s", [str(session.pk)])
    assert leftovers(TWO) == 3
    assert run().leftover == 3
    with as_owner(), connection.cursor() as cursor:  # mended: the test's end asks all constraints
        for table in ("chatevent", "staffevent", "retentionmark"):
            cursor.execute(f"DELETE FROM chat_{table}")


# Refusals ---------------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
@pytest.mark.parametrize("basis", ["", "   "])
def test_without_a_legal_basis_nothing_is_purged_and_no_chat_begins(city: City, basis: str) -> None:
    session = ended(city, TWO - 48 * HOUR)
    keep_chats(legal_basis=basis)
    for refused in (lambda: run(), lambda: look_ahead(at=TWO)):
        with pytest.raises(WrongState, match=r"Nothing was purged\. EM-RET-A has no legal basis"):
            refused()
    assert is_there(session)
    request = Request(name="Dana", question="Hello?", department=city.general, language=city.english)
    with pytest.raises(DomainError) as refusal:
        request_chat(request, at=TWO)
    assert (refusal.value.code, refusal.value.more["rule"]) == ("closed", "EM-RET-A")
    assert "no legal basis" in refusal.value.more["why"]


@pytest.mark.rule("EM-RET-A")
def test_where_no_rule_on_retention_is_adopted_nothing_is_purged_and_no_chat_begins(city: City) -> None:
    adopt("EM-RET-A", is_adopted=False)
    with pytest.raises(WrongState, match="adopt EM-RET-A"):
        run()
    request = Request(name="Dana", question="Hello?", department=city.general, language=city.english)
    with pytest.raises(DomainError, match="cannot be offered now"):
        request_chat(request, at=TWO)


@pytest.mark.rule("EM-RET-A")
def test_the_refusal_is_noted_once_a_day(city: City) -> None:
    keep_chats(legal_basis="")
    first, again = purge_if_due(at=TWO), purge_if_due(at=TWO + HOUR)
    assert first is not None
    assert first.refusal.startswith("EM-RET-A has no legal basis")
    assert again is None
    assert purge_if_due(at=TWO + 24 * HOUR) is not None
    assert PurgeRun.objects.count() == 2


# When -------------------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
def test_the_purge_is_due_once_a_day_at_the_citys_time_and_a_missed_one_is_made_up_for(city: City) -> None:
    purge_if_due(at=TWO - 24 * HOUR)
    assert purge_if_due(at=TWO - MOMENT) is None
    done = purge_if_due(at=TWO)
    assert (done and done.cause, purge_if_due(at=TWO + MINUTE)) == ("daily", None)
    missed = purge_if_due(at=TWO + 30 * HOUR)
    assert missed is not None
    assert missed.cause == "catch_up"
    keep_chats(purge_at="22:30")
    assert purge_if_due(at=TWO + 44 * HOUR + 29 * MINUTE) is None
    assert purge_if_due(at=TWO + 44 * HOUR + 30 * MINUTE) is not None


def test_a_run_by_hand_does_not_stand_for_the_daily_one(city: City) -> None:
    by = UserFactory(roles=[Role.SUPERVISOR])
    assert purge(at=TWO + MINUTE, cause=PurgeRun.Cause.BY_HAND, by=by).by == by
    assert purge_if_due(at=TWO + 2 * MINUTE) is not None


# Chats that run on ------------------------------------------------------------------
CLOSING = datetime(2024, 5, 13, 20, 30, tzinfo=UTC)  # 16:30 on a Monday


@pytest.fixture
def running(city: City) -> ChatSession:
    """A chat that was accepted an hour before closing time."""
    adopt("EM-HRS", always_open=False)
    calendar()
    session: ChatSession = ActiveSessionFactory(
        department=city.general, agent=city.rosa, requested_at=CLOSING - HOUR, token_digest="of a token"
    )
    return session


@pytest.mark.rule("EM-RET-A")
@pytest.mark.parametrize("is_kept_open", [False, True])
def test_a_chat_ends_an_hour_after_closing_whether_kept_open_or_not(running: ChatSession, is_kept_open: bool) -> None:
    if is_kept_open:
        draft = Draft(running.pk, uuid.uuid4(), Side.AGENT, "And?", CLOSING, agent_id=running.agent_id, name="Rosa")
        append([draft])
        keep_open(running.pk, agent_id=running.agent.pk, at=CLOSING)
    act_on_due_timers(at=CLOSING + HOUR - MOMENT)
    running.refresh_from_db()
    assert running.status == Status.ACTIVE
    act_on_due_timers(at=CLOSING + HOUR)
    act_on_due_timers(at=CLOSING + HOUR)
    running.refresh_from_db()
    assert (running.status, running.outcome, running.ended_at) == (Status.ENDED, Outcome.CLOSED, CLOSING + HOUR)
    last = running.events.get(kind="ended")
    assert (last.rule, last.data["outcome"], last.data["minutes"]) == ("EM-RET-A", "closed", 60)
    assert "16:30" in last.data["why"].replace(" ", " ") or "4:30" in last.data["why"]
    assert not Seat.objects.exists()
    assert run(CLOSING + 10 * HOUR).deleted == 1


@pytest.mark.rule("EM-RET-A")
def test_how_long_a_chat_may_run_on_is_the_citys_row(running: ChatSession) -> None:
    keep_chats(run_on_minutes=15)
    act_on_due_timers(at=CLOSING + 15 * MINUTE)
    running.refresh_from_db()
    assert running.status == Status.ENDED


@pytest.mark.rule("EM-RET-A")
def test_a_day_that_is_closed_altogether_closed_when_that_was_written(running: ChatSession) -> None:
    noon = CLOSING - timedelta(minutes=30)
    closed = Day("closure", (), "Power cut")
    set_day(BusinessCalendar.objects.get(), CLOSING.date(), closed, by=None, at=noon)
    act_on_due_timers(at=noon + HOUR - MOMENT)
    running.refresh_from_db()
    assert running.status == Status.ACTIVE
    act_on_due_timers(at=noon + HOUR)
    running.refresh_from_db()
    assert running.outcome == Outcome.CLOSED


@pytest.mark.rule("EM-RET-A")
@pytest.mark.rule("EM-911")
def test_a_chat_with_an_emergency_goes_on_and_supervisors_are_told_once(city: City, running: ChatSession) -> None:
    ChatSession.objects.filter(pk=running.pk).update(
        emergency="life", emergency_at=CLOSING, customer_name="Ottoline Quist", topic="goats"
    )
    EventFactory(session=running, text=WORDS)
    for minutes in (60, 61, 600):
        act_on_due_timers(at=CLOSING + minutes * MINUTE)
    running.refresh_from_db()
    assert running.status == Status.ACTIVE
    assert [event.kind for event in running.staff_events.all()] == ["left_running"]
    mail = Mail.objects.get()
    assert mail.to == city.supervisor.user.email
    assert str(running.pk) in mail.body
    said = f"{mail.subject} {mail.body}".lower()
    assert not [word for word in ("ottoline", "quist", "goats") if word in said]


@pytest.mark.rule("EM-RET-A")
@pytest.mark.parametrize("always_open", [True, None], ids=["open at any hour", "no rule on hours"])
def test_where_the_chat_never_closes_nothing_runs_on(running: ChatSession, always_open: bool | None) -> None:
    adopt("EM-HRS", is_adopted=always_open is not None, always_open=True)
    act_on_due_timers(at=CLOSING + 48 * HOUR)
    running.refresh_from_db()
    assert running.status == Status.ACTIVE


def test_a_chat_of_the_next_morning_is_not_ended(city: City, running: ChatSession) -> None:
    ChatSession.objects.filter(pk=running.pk).update(accepted_at=CLOSING + MINUTE)
    act_on_due_timers(at=CLOSING + 20 * HOUR)
    running.refresh_from_db()
    assert running.status == Status.ACTIVE
