"""The silent resident: asked at 2:00, let go 2:00 later, and every way in which the clock stops or moves."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from agents.models import Agent, Language, Presence
from chat.actions import Draft, append, end_as_agent, keep_open, show_life
from chat.models import ChatEvent, ChatSession, Connection, Pulse, Side, Wording
from chat.states import Outcome, Status
from chat.tasks import sweep_timers
from chat.timers import act_on_due_timers, note_pulse
from contactcenter.lib.errors import DomainError
from contactcenter.lib.hashing import digest
from tests.chat.conftest import NOON, City
from tests.factories import ActiveSessionFactory, EndedSessionFactory, QueuedSessionFactory, WordingFactory
from tests.policies.factories import adopt

MOMENT = timedelta(microseconds=1)
TOKEN = digest("a token")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture
def rules(db: None) -> None:
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)


@pytest.fixture
def session(city: City, rules: None) -> ChatSession:
    """A chat in which the resident has asked, and Rosa has not written yet."""
    return ActiveSessionFactory(
        department=city.general,
        agent=city.rosa,
        token_digest=TOKEN,
        requested_at=NOON - minutes(1),
        customer_wrote_at=NOON - minutes(1),
    )


@pytest.fixture
def silent(session: ChatSession) -> ChatSession:
    """The same, once Rosa has written at noon."""
    agent_writes(session, at=NOON)
    return session


def agent_writes(session: ChatSession, *, at: datetime) -> None:
    [result] = append([Draft(session.pk, uuid.uuid4(), Side.AGENT, "And?", at, agent_id=session.agent_id, name="Rosa")])
    assert result.error is None


def customer_writes(session: ChatSession, *, at: datetime) -> None:
    [result] = append([Draft(session.pk, uuid.uuid4(), Side.CUSTOMER, "Yes", at, token_digest=TOKEN)])
    assert result.error is None


def told(session: ChatSession) -> list[str]:
    """Return the rules that acted on the session, in order."""
    return list(session.events.exclude(rule="").order_by("seq").values_list("rule", flat=True))


def status(session: ChatSession) -> str:
    session.refresh_from_db()
    return session.status


@pytest.mark.rule("EM-IDLE-2")
@pytest.mark.rule("EM-IDLE-4")
def test_a_silent_resident_is_asked_at_two_minutes_and_let_go_two_minutes_later(silent: ChatSession) -> None:
    act_on_due_timers(at=NOON + minutes(2) - MOMENT)
    assert told(silent) == []
    act_on_due_timers(at=NOON + minutes(2))
    act_on_due_timers(at=NOON + minutes(2))
    assert told(silent) == ["EM-IDLE-2"]
    act_on_due_timers(at=NOON + minutes(4) - MOMENT)
    assert status(silent) == Status.ACTIVE
    act_on_due_timers(at=NOON + minutes(4))
    act_on_due_timers(at=NOON + minutes(4))
    assert status(silent) == Status.ENDED
    assert silent.outcome == Outcome.INACTIVE
    assert told(silent) == ["EM-IDLE-2", "EM-IDLE-4"]
    assert not silent.agent.held_seats.exists()


def test_the_notice_says_when_the_chat_ends_and_why_it_came(silent: ChatSession) -> None:
    act_on_due_timers(at=NOON + minutes(2))
    notice = silent.events.get(rule="EM-IDLE-2")
    assert (notice.kind, notice.side) == ("notice", "system")
    assert "in 2 minutes" in notice.text
    assert notice.data["ends_at"] == (NOON + minutes(4)).isoformat()
    assert notice.data["version"] == 1
    assert "2:00" in notice.data["why"]
    assert "EM-IDLE-2" in notice.data["why"]


def test_the_city_words_the_notice_in_the_residents_language(silent: ChatSession) -> None:
    spanish = Language.objects.create(code="es", name="Español")
    WordingFactory(kind=Wording.Kind.IDLE_NOTICE, language=spanish, text="¿Sigue ahí? Quedan {left}.")
    ChatSession.objects.filter(pk=silent.pk).update(language=spanish)
    act_on_due_timers(at=NOON + minutes(2))
    assert silent.events.get(rule="EM-IDLE-2").text == "¿Sigue ahí? Quedan 2."


def test_the_end_says_how_to_come_back(silent: ChatSession, city: City) -> None:
    WordingFactory(kind=Wording.Kind.IDLE_END, language=city.english, text="Call {phone}.")
    act_on_due_timers(at=NOON + minutes(2))
    act_on_due_timers(at=NOON + minutes(4))
    ended = silent.events.get(kind="ended")
    assert ended.text == "Call 555-0100."
    assert ended.data["outcome"] == "inactive"


@pytest.mark.rule("EM-IDLE-2")
def test_an_agents_next_message_moves_the_notice(silent: ChatSession) -> None:
    agent_writes(silent, at=NOON + minutes(1))
    act_on_due_timers(at=NOON + minutes(3) - MOMENT)
    assert told(silent) == []
    act_on_due_timers(at=NOON + minutes(3))
    assert told(silent) == ["EM-IDLE-2"]


@pytest.mark.rule("EM-IDLE-4")
def test_after_the_notice_an_agents_message_moves_nothing(silent: ChatSession) -> None:
    act_on_due_timers(at=NOON + minutes(2))
    agent_writes(silent, at=NOON + minutes(3))
    act_on_due_timers(at=NOON + minutes(4))
    assert status(silent) == Status.ENDED


def test_a_residents_message_stops_the_clock_until_the_agent_writes_again(silent: ChatSession) -> None:
    act_on_due_timers(at=NOON + minutes(2))
    customer_writes(silent, at=NOON + minutes(3))
    act_on_due_timers(at=NOON + minutes(600))
    assert status(silent) == Status.ACTIVE
    agent_writes(silent, at=NOON + minutes(601))
    act_on_due_timers(at=NOON + minutes(603) - MOMENT)
    assert told(silent) == ["EM-IDLE-2"]
    act_on_due_timers(at=NOON + minutes(603))
    assert told(silent) == ["EM-IDLE-2", "EM-IDLE-2"]


@pytest.mark.parametrize("sign", ["typing", "here"])
def test_typing_and_here_start_the_two_minutes_anew(silent: ChatSession, sign: str) -> None:
    show_life(silent.pk, token_digest=TOKEN, sign=sign, at=NOON + minutes(1.5))
    act_on_due_timers(at=NOON + minutes(3.5) - MOMENT)
    assert told(silent) == []
    act_on_due_timers(at=NOON + minutes(3.5))
    assert told(silent) == ["EM-IDLE-2"]


@pytest.mark.parametrize("sign", ["typing", "here"])
def test_who_was_asked_and_shows_life_is_asked_again_not_let_go(silent: ChatSession, sign: str) -> None:
    act_on_due_timers(at=NOON + minutes(2))
    show_life(silent.pk, token_digest=TOKEN, sign=sign, at=NOON + minutes(3))
    here = silent.events.get(kind="here")
    assert (here.side, here.data) == ("customer", {"sign": sign})
    act_on_due_timers(at=NOON + minutes(4))
    assert status(silent) == Status.ACTIVE
    act_on_due_timers(at=NOON + minutes(5))
    assert told(silent) == ["EM-IDLE-2", "EM-IDLE-2"]
    assert silent.events.filter(rule="EM-IDLE-2").last().data["silent_since"] == (NOON + minutes(3)).isoformat()


def test_a_sign_of_life_needs_the_token(silent: ChatSession) -> None:
    with pytest.raises(DomainError) as refusal:
        show_life(silent.pk, token_digest=digest("another"), sign="here", at=NOON)
    assert refusal.value.code == "unauthorized"


@pytest.mark.rule("EM-IDLE-4")
def test_an_agent_keeps_a_silent_chat_open_until_the_resident_is_back(silent: ChatSession, city: City) -> None:
    act_on_due_timers(at=NOON + minutes(2))
    keep_open(silent.pk, agent_id=city.rosa.pk, at=NOON + minutes(3))
    keep_open(silent.pk, agent_id=city.rosa.pk, at=NOON + minutes(3))
    assert silent.events.filter(kind="kept_open", rule="EM-IDLE-4", agent=city.rosa).count() == 1
    agent_writes(silent, at=NOON + minutes(4))
    act_on_due_timers(at=NOON + minutes(600))
    assert status(silent) == Status.ACTIVE
    customer_writes(silent, at=NOON + minutes(601))
    agent_writes(silent, at=NOON + minutes(602))
    act_on_due_timers(at=NOON + minutes(604))
    act_on_due_timers(at=NOON + minutes(606))
    assert status(silent) == Status.ENDED


def test_only_the_chats_own_agent_keeps_it_open(silent: ChatSession, city: City) -> None:
    with pytest.raises(DomainError) as refusal:
        keep_open(silent.pk, agent_id=city.rudi.pk, at=NOON)
    assert refusal.value.code == "not_found"


def test_what_has_ended_is_not_kept_open(silent: ChatSession, city: City) -> None:
    end_as_agent(silent.pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON)
    with pytest.raises(DomainError) as refusal:
        keep_open(silent.pk, agent_id=city.rosa.pk, at=NOON)
    assert refusal.value.code == "ended"


def test_the_clock_stands_still_while_the_agent_owes_the_answer(session: ChatSession) -> None:
    act_on_due_timers(at=NOON + minutes(600))
    assert told(session) == []


def test_the_clock_stands_still_in_the_queue(city: City, rules: None) -> None:
    queued = QueuedSessionFactory(department=city.general, token_digest=TOKEN, customer_wrote_at=NOON)
    customer_writes(queued, at=NOON)
    act_on_due_timers(at=NOON + minutes(600))
    assert told(queued) == []


@pytest.mark.rule("EM-IDLE-2")
def test_the_clock_stands_still_while_the_agent_is_gone(silent: ChatSession, city: City) -> None:
    """Offline and without a socket; the resident has the whole time again once she is back."""
    Agent.objects.filter(pk=city.rosa.pk).update(presence=Presence.OFFLINE)
    for minute in range(2, 20):
        act_on_due_timers(at=NOON + minutes(minute))
    assert told(silent) == []
    Agent.objects.filter(pk=city.rosa.pk).update(presence=Presence.ONLINE)
    act_on_due_timers(at=NOON + minutes(20) - MOMENT)
    assert told(silent) == []
    act_on_due_timers(at=NOON + minutes(20))
    assert told(silent) == ["EM-IDLE-2"]


@pytest.mark.rule("EM-IDLE-4")
def test_who_was_asked_is_not_let_go_while_the_agent_is_gone(silent: ChatSession, city: City) -> None:
    """The question is withdrawn, once; with the agent back it comes again, and the end after that."""
    act_on_due_timers(at=NOON + minutes(2))
    Agent.objects.filter(pk=city.rosa.pk).update(presence=Presence.OFFLINE)
    for minute in (4, 6, 8):
        act_on_due_timers(at=NOON + minutes(minute))
    assert status(silent) == Status.ACTIVE
    assert silent.events.filter(data__withdrawn=True).count() == 1
    Agent.objects.filter(pk=city.rosa.pk).update(presence=Presence.ONLINE)
    act_on_due_timers(at=NOON + minutes(10) - MOMENT)
    assert told(silent) == ["EM-IDLE-2"]
    act_on_due_timers(at=NOON + minutes(10))
    act_on_due_timers(at=NOON + minutes(12))
    assert told(silent) == ["EM-IDLE-2", "EM-IDLE-2", "EM-IDLE-4"]


@pytest.mark.rule("EM-IDLE-4")
@pytest.mark.parametrize("has_written", [False, True], ids=["before the agent wrote", "after the resident answered"])
def test_keeping_open_what_is_about_to_end_by_nothing_starts_no_clock(session: ChatSession, has_written: bool) -> None:
    if has_written:
        agent_writes(session, at=NOON)
        customer_writes(session, at=NOON + minutes(1))
    keep_open(session.pk, agent_id=session.agent_id, at=NOON + minutes(1))
    show_life(session.pk, token_digest=TOKEN, sign="typing", at=NOON + minutes(1))
    act_on_due_timers(at=NOON + minutes(30))
    assert told(session) == []
    assert status(session) == Status.ACTIVE


@pytest.mark.rule("EM-IDLE-2")
def test_an_agent_who_takes_no_new_chats_but_sits_there_is_not_gone(silent: ChatSession, city: City) -> None:
    Agent.objects.filter(pk=city.rosa.pk).update(presence=Presence.OFFLINE)
    Connection.objects.create(instance=uuid.uuid4(), agent=city.rosa, opened_at=NOON, seen_at=NOON + minutes(2))
    act_on_due_timers(at=NOON + minutes(2))
    assert told(silent) == ["EM-IDLE-2"]


def test_two_messages_of_one_batch_count_in_their_order(session: ChatSession) -> None:
    answer = Draft(session.pk, uuid.uuid4(), Side.AGENT, "And?", NOON, agent_id=session.agent_id, name="Rosa")
    reply = Draft(session.pk, uuid.uuid4(), Side.CUSTOMER, "Yes", NOON, token_digest=TOKEN)
    append([answer, reply])
    act_on_due_timers(at=NOON + minutes(2))
    assert told(session) == []


@pytest.mark.rule("EM-IDLE-2")
def test_after_two_hours_without_beat_the_notice_and_the_end_come_two_minutes_apart(silent: ChatSession) -> None:
    back = NOON + timedelta(hours=2)
    act_on_due_timers(at=back)
    assert told(silent) == ["EM-IDLE-2"]
    assert status(silent) == Status.ACTIVE
    act_on_due_timers(at=back + minutes(2) - MOMENT)
    assert status(silent) == Status.ACTIVE
    act_on_due_timers(at=back + minutes(2))
    assert status(silent) == Status.ENDED


@pytest.mark.rule("EM-IDLE-4")
def test_who_was_asked_gets_the_time_again_when_nobody_could_be_heard(silent: ChatSession) -> None:
    note_pulse(at=NOON + minutes(2))
    act_on_due_timers(at=NOON + minutes(2))
    back = NOON + timedelta(hours=2)
    assert note_pulse(at=back)
    act_on_due_timers(at=back + minutes(2) - MOMENT)
    assert status(silent) == Status.ACTIVE
    act_on_due_timers(at=back + minutes(2))
    assert status(silent) == Status.ENDED


def test_a_short_gap_is_no_outage(silent: ChatSession) -> None:
    note_pulse(at=NOON + minutes(2))
    act_on_due_timers(at=NOON + minutes(2))
    assert not note_pulse(at=NOON + minutes(2) + timedelta(seconds=30))
    act_on_due_timers(at=NOON + minutes(4))
    assert status(silent) == Status.ENDED


def test_beat_ends_nothing_while_no_web_process_runs(silent: ChatSession, time_machine) -> None:
    Pulse.objects.create(name="web", at=NOON)
    time_machine.move_to(NOON + minutes(2), tick=False)
    sweep_timers()
    assert told(silent) == []
    note_pulse(at=NOON + minutes(2))
    sweep_timers()
    assert told(silent) == ["EM-IDLE-2"]


def test_the_command_acts_on_what_is_due_once(silent: ChatSession, time_machine, capsys) -> None:
    time_machine.move_to(NOON + minutes(2), tick=False)
    call_command("sweep")
    assert told(silent) == ["EM-IDLE-2"]
    assert "1" in capsys.readouterr().out


# What is adopted decides ------------------------------------------------------
@pytest.mark.rule("EM-IDLE-2")
def test_another_row_asks_at_another_time(silent: ChatSession) -> None:
    adopt("EM-IDLE-2", seconds=30)
    agent_writes(silent, at=NOON + minutes(1))
    act_on_due_timers(at=NOON + minutes(1.5) - MOMENT)
    assert told(silent) == []
    act_on_due_timers(at=NOON + minutes(1.5))
    assert told(silent) == ["EM-IDLE-2"]


@pytest.mark.rule("EM-IDLE-4")
def test_another_row_ends_at_another_time(silent: ChatSession) -> None:
    adopt("EM-IDLE-4", seconds=150)
    act_on_due_timers(at=NOON + minutes(2))
    act_on_due_timers(at=NOON + minutes(2.5) - MOMENT)
    assert status(silent) == Status.ACTIVE
    act_on_due_timers(at=NOON + minutes(2.5))
    assert status(silent) == Status.ENDED


def test_a_running_clock_keeps_the_version_that_set_it(silent: ChatSession) -> None:
    adopt("EM-IDLE-2", seconds=30)
    act_on_due_timers(at=NOON + minutes(2) - MOMENT)
    assert told(silent) == []
    act_on_due_timers(at=NOON + minutes(2))
    assert silent.events.get(rule="EM-IDLE-2").data["version"] == 1


def test_a_row_that_is_effective_next_monday_changes_nothing_before(session: ChatSession) -> None:
    monday = NOON + timedelta(days=6)
    adopt("EM-IDLE-2", seconds=30, since=monday)
    agent_writes(session, at=monday - MOMENT)
    act_on_due_timers(at=monday + minutes(1))
    assert told(session) == []
    customer_writes(session, at=monday + minutes(1))
    agent_writes(session, at=monday + minutes(1))
    act_on_due_timers(at=monday + minutes(1.5))
    assert told(session) == ["EM-IDLE-2"]


def test_where_the_end_is_not_adopted_the_notice_promises_none(silent: ChatSession) -> None:
    adopt("EM-IDLE-4", is_adopted=False)
    act_on_due_timers(at=NOON + minutes(2))
    assert silent.events.get(rule="EM-IDLE-2").data["ends_at"] is None
    act_on_due_timers(at=NOON + minutes(600))
    assert status(silent) == Status.ACTIVE
    show_life(silent.pk, token_digest=TOKEN, sign="here", at=NOON + minutes(601))
    assert silent.events.filter(kind="here").exists()


def test_where_nothing_is_adopted_nobody_is_asked(city: City) -> None:
    session = ActiveSessionFactory(department=city.general, agent=city.rosa, token_digest=TOKEN)
    agent_writes(session, at=NOON)
    act_on_due_timers(at=NOON + minutes(600))
    assert told(session) == []


# Races ------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_ten_sweeps_at_once_ask_once(city: City, rules: None) -> None:
    session = ActiveSessionFactory(department=city.general, agent=city.rosa, token_digest=TOKEN)
    agent_writes(session, at=NOON)
    everybody = threading.Barrier(10)

    def sweep() -> None:
        everybody.wait()
        try:
            act_on_due_timers(at=NOON + minutes(2))
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _each in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told(session) == ["EM-IDLE-2"]
    assert list(ChatEvent.objects.filter(session=session).order_by("seq").values_list("seq", flat=True)) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_an_answer_in_the_last_moment_and_the_end_do_not_both_win(city: City, rules: None) -> None:
    for _round in range(5):
        session = ActiveSessionFactory(department=city.general, agent=city.rosa, token_digest=digest(f"token {_round}"))
        agent_writes(session, at=NOON)
        act_on_due_timers(at=NOON + minutes(2))
        both = threading.Barrier(2)
        answered: list[bool] = []

        def answer(session: ChatSession = session, both: threading.Barrier = both, answered: list = answered) -> None:
            both.wait()
            draft = Draft(session.pk, uuid.uuid4(), Side.CUSTOMER, "Yes", NOON, token_digest=session.token_digest)
            answered.append(append([draft])[0].error is None)
            connection.close()

        def end(both: threading.Barrier = both) -> None:
            both.wait()
            act_on_due_timers(at=NOON + minutes(4))
            connection.close()

        threads = [threading.Thread(target=answer), threading.Thread(target=end)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (status(session) == Status.ACTIVE) == answered[0]
        end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON)


def test_a_kind_of_timer_that_fails_keeps_no_other_kind_from_acting(city: City, silent: ChatSession) -> None:
    unreadable = adopt("EM-IDLE-2", seconds="often")  # what no form lets in
    ChatSession.objects.filter(pk=silent.pk).update(idle_version=unreadable)
    Agent.objects.filter(pk=city.rosa.pk).update(presence=Presence.OFFLINE)
    ended = EndedSessionFactory(department=city.general, agent=city.rudi, requested_at=NOON, wrapped_up_at=None)
    at = ended.ended_at + minutes(15)
    with pytest.raises(ValueError, match="often"):
        act_on_due_timers(at=at)
    ended.refresh_from_db()
    assert ended.wrapped_up_at == at
