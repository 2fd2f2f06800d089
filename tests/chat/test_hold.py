"""On hold: the resident reads it, every clock stands still, and the choices of who waits run."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest

from agents.models import Language
from chat.actions import Draft, append, end_as_agent, end_as_customer, keep_open, place_on_hold, resume, start_choices
from chat.models import ChatSession, Seat, Side
from chat.states import Status
from chat.timers import act_on_due_timers
from contactcenter.lib.errors import DomainError
from contactcenter.lib.hashing import digest
from tests.chat.conftest import NOON, City
from tests.factories import ActiveSessionFactory, QueuedSessionFactory
from tests.policies.factories import adopt
from tests.wire import Wires

MOMENT = timedelta(microseconds=1)
TOKEN = digest("a token")


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def policy(db: None) -> None:
    adopt("EM-HOLD")
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)
    adopt("DF-HOLD", seconds=120)
    adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)


@pytest.fixture
def session(city: City, policy: None) -> ChatSession:
    """A chat in which Rosa wrote last, at noon."""
    session: ChatSession = ActiveSessionFactory(
        department=city.general,
        agent=city.rosa,
        token_digest=TOKEN,
        requested_at=after(-2),
        customer_wrote_at=after(-1),
    )
    agent_writes(session, at=NOON)
    return session


def agent_writes(session: ChatSession, *, at: datetime) -> None:
    [result] = append([Draft(session.pk, uuid.uuid4(), Side.AGENT, "And?", at, agent_id=session.agent_id, name="Rosa")])
    assert result.error is None


def customer_writes(session: ChatSession, *, at: datetime) -> None:
    [result] = append([Draft(session.pk, uuid.uuid4(), Side.CUSTOMER, "Yes", at, token_digest=TOKEN)])
    assert result.error is None


def hold(session: ChatSession, *, at: datetime) -> None:
    assert session.agent_id is not None
    place_on_hold(session.pk, agent_id=session.agent_id, at=at)
    session.refresh_from_db()


def go_on(session: ChatSession, *, at: datetime) -> None:
    assert session.agent_id is not None
    resume(session.pk, agent_id=session.agent_id, at=at)
    session.refresh_from_db()


def kinds(session: ChatSession) -> list[str]:
    return list(session.events.order_by("seq").values_list("kind", flat=True))


@pytest.mark.rule("EM-HOLD")
def test_a_resident_who_is_asked_to_hold_reads_it_and_so_does_the_end_of_it(session: ChatSession) -> None:
    hold(session, at=after(1))
    assert (session.status, session.held_at) == (Status.ON_HOLD, after(1))
    held = session.events.get(kind="held")
    assert (held.side, held.name, held.rule) == ("agent", "Rosa", "EM-HOLD")
    assert held.text.startswith("Please hold on")
    assert (held.data["since"], "EM-HOLD" in held.data["why"]) == (after(1).isoformat(), True)
    go_on(session, at=after(4))
    assert (session.status, session.held_at, session.hold_time) == (Status.ACTIVE, None, timedelta(minutes=3))
    assert kinds(session) == ["message", "held", "resumed"]


@pytest.mark.rule("EM-HOLD")
def test_where_the_city_has_not_adopted_a_rule_on_holding_nobody_is_asked_to(session: ChatSession) -> None:
    adopt("EM-HOLD", is_adopted=False)
    adopt("DF-HOLD", is_adopted=False)
    with pytest.raises(DomainError, match="EM-HOLD") as refused:
        hold(session, at=after(1))
    assert refused.value.code == "wrong_state"
    adopt("DF-HOLD", seconds=120)
    hold(session, at=after(1))
    assert session.events.get(kind="held").rule == "DF-HOLD"


@pytest.mark.rule("EM-HOLD")
def test_on_hold_nobody_is_asked_whether_they_are_still_there_and_afterwards_they_have_their_whole_time(
    session: ChatSession,
) -> None:
    hold(session, at=after(1.9))
    act_on_due_timers(at=after(300))
    go_on(session, at=after(301))
    act_on_due_timers(at=after(303) - MOMENT)
    assert not session.events.filter(rule="EM-IDLE-2").exists()
    act_on_due_timers(at=after(303))
    assert session.events.filter(rule="EM-IDLE-2").count() == 1


@pytest.mark.rule("EM-HOLD")
def test_a_question_that_was_asked_before_no_longer_holds(session: ChatSession) -> None:
    act_on_due_timers(at=after(2))
    hold(session, at=after(3))
    assert session.events.get(kind="held").data["withdrawn"] is True
    act_on_due_timers(at=after(5))
    session.refresh_from_db()
    assert session.status == Status.ON_HOLD
    go_on(session, at=after(6))
    act_on_due_timers(at=after(8) - MOMENT)
    session.refresh_from_db()
    assert (session.status, session.idle_notice_at) == (Status.ACTIVE, None)


def test_a_chat_that_is_kept_open_stays_so_through_a_hold(session: ChatSession, city: City) -> None:
    keep_open(session.pk, agent_id=city.rosa.pk, at=after(1))
    hold(session, at=after(2))
    go_on(session, at=after(3))
    act_on_due_timers(at=after(300))
    session.refresh_from_db()
    assert session.status == Status.ACTIVE


def test_both_sides_may_write_on_hold_and_it_goes_on(session: ChatSession) -> None:
    hold(session, at=after(1))
    agent_writes(session, at=after(2))
    customer_writes(session, at=after(3))
    session.refresh_from_db()
    assert session.status == Status.ON_HOLD
    assert kinds(session) == ["message", "held", "message", "message"]


@pytest.mark.rule("EM-HOLD")
def test_an_answer_that_is_owed_is_owed_anew_from_the_end_of_the_hold(session: ChatSession) -> None:
    customer_writes(session, at=after(1))
    ChatSession.objects.filter(pk=session.pk).update(answer_deadline=after(2))
    hold(session, at=after(1.5))
    assert session.answer_deadline is None
    go_on(session, at=after(10))
    assert (session.answer_deadline, session.idle_deadline) == (after(11), None)


def test_what_was_done_about_a_late_answer_is_not_undone(session: ChatSession) -> None:
    customer_writes(session, at=after(1))
    ChatSession.objects.filter(pk=session.pk).update(answer_deadline=after(3), answer_step=1)
    adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=90, requeue_seconds=60)
    hold(session, at=after(2))
    go_on(session, at=after(10))
    assert (session.answer_step, session.answer_deadline) == (1, after(11.5))


@pytest.mark.rule("EM-HOLD")
def test_the_time_until_the_next_choice_runs_on_hold_only_and_as_the_row_says(session: ChatSession) -> None:
    hold(session, at=after(1))
    assert session.choice_deadline == after(3)
    assert session.choice_version is not None
    go_on(session, at=after(2))
    assert session.choice_deadline is None
    adopt("DF-HOLD", seconds=300)
    hold(session, at=after(4))
    assert session.choice_deadline == after(9)


def test_without_a_rule_on_choices_none_comes(session: ChatSession) -> None:
    adopt("DF-HOLD", is_adopted=False)
    start_choices(session, at=NOON)
    assert (session.choice_deadline, session.choice_version) == (None, None)


def test_stays_on_hold_add_up_and_the_seat_stays(session: ChatSession, city: City) -> None:
    for minute in (1, 5):
        hold(session, at=after(minute))
        assert Seat.objects.filter(agent=city.rosa, session=session).count() == 1
        go_on(session, at=after(minute + 2))
    assert session.hold_time == timedelta(minutes=4)


def test_the_end_ends_a_hold_and_counts_it(session: ChatSession) -> None:
    hold(session, at=after(1))
    end_as_customer(session.pk, token_digest=TOKEN, at=after(4))
    session.refresh_from_db()
    assert (session.status, session.hold_time) == (Status.ENDED, timedelta(minutes=3))
    assert not Seat.objects.exists()


def test_twice_is_once(session: ChatSession) -> None:
    hold(session, at=after(1))
    hold(session, at=after(2))
    go_on(session, at=after(3))
    go_on(session, at=after(4))
    assert kinds(session) == ["message", "held", "resumed"]
    assert session.hold_time == timedelta(minutes=2)


@pytest.mark.parametrize("act", [place_on_hold, resume])
def test_only_its_agent_holds_a_chat_and_never_after_the_end(session: ChatSession, city: City, act: object) -> None:
    assert callable(act)
    waiting = QueuedSessionFactory(department=city.general)
    for foreign, agent in ((session, city.supervisor), (waiting, city.rosa)):
        with pytest.raises(DomainError) as refused:
            act(foreign.pk, agent_id=agent.pk, at=after(1))
        assert refused.value.code == "not_found"
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=after(1))
    with pytest.raises(DomainError) as refused:
        act(session.pk, agent_id=city.rosa.pk, at=after(2))
    assert refused.value.code == "ended"


def test_the_resident_reads_it_in_the_language_of_the_chat(session: ChatSession) -> None:
    Language.objects.create(code="es", name="Español")
    ChatSession.objects.filter(pk=session.pk).update(language="es")
    hold(session, at=after(1))
    assert session.events.get(kind="held").text  # the catalogue has its own tests


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("EM-HOLD")
async def test_hold_and_resume_reach_both_sides(city: City, wires: Wires) -> None:
    from asgiref.sync import sync_to_async

    await sync_to_async(adopt)("EM-HOLD")
    chat, customer, desk = await wires.conversation(city.rosa)
    for frame, kind in (("hold", "held"), ("resume", "resumed")):
        await desk.send({"type": frame, "session": chat.session, "ref": frame})
        await desk.next("ok", ref=frame)
        for wire in (customer, desk):
            event = await wire.next("event", kind=kind)
            assert (event["from"], event["name"]) == ("agent", "Rosa")
