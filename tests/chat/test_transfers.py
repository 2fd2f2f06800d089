"""Passing a chat on: who may get it, what they must be told, and who has it until then."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from agents.models import Agent, Presence
from chat.actions import (
    Draft,
    accept_transfer,
    append,
    ask_transfer,
    decline_transfer,
    end_as_agent,
    end_wrap_ups,
    expire_transfers,
    keep_open,
    pass_to_queue,
    place_on_hold,
    resume,
)
from chat.models import ChatRecord, ChatSession, Offer, Seat, Side, StaffEvent, Transfer
from chat.states import Status
from chat.timers import act_on_due_timers
from contactcenter.lib.errors import DomainError
from contactcenter.lib.hashing import digest
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import (
    ActiveSessionFactory,
    AgentFactory,
    CertificateFactory,
    CertificateKindFactory,
    LanguageFactory,
    QueuedSessionFactory,
)
from tests.policies.factories import adopt, calendar

MOMENT = timedelta(microseconds=1)
TOKEN = digest("a token")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def policy(db: None) -> None:
    adopt("EM-FWD", seconds=60)
    adopt("EM-DIS-B")
    adopt("DF-XFER")
    adopt("EM-LANG")
    adopt("EM-HOLD")
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)
    adopt("EM-COM-D", away_seconds=300, answer_seconds=60, supervisor_seconds=60, requeue_seconds=60)


@pytest.fixture
def ruth(city: City) -> Agent:
    """A colleague of Rosa's."""
    return online_agent("Ruth", city.general)


@pytest.fixture
def session(city: City) -> ChatSession:
    """A chat of Rosa's, in which she wrote last."""
    session: ChatSession = ActiveSessionFactory(
        department=city.general,
        agent=city.rosa,
        token_digest=TOKEN,
        requested_at=after(-60),
        customer_wrote_at=after(-50),
    )
    agent_writes(session, at=after(-40))
    return session


def agent_writes(session: ChatSession, *, at: datetime) -> None:
    [result] = append([Draft(session.pk, uuid.uuid4(), Side.AGENT, "And?", at, agent_id=session.agent_id, name="Rosa")])
    assert result.error is None


def customer_writes(session: ChatSession, *, at: datetime) -> None:
    [result] = append([Draft(session.pk, uuid.uuid4(), Side.CUSTOMER, "Yes", at, token_digest=TOKEN)])
    assert result.error is None


def ask(session: ChatSession, to: Any, *, at: datetime = NOON, **more: Any) -> Transfer:
    session.refresh_from_db()
    assert session.agent_id is not None
    given = {"reason": "expertise", "summary": "Wants a permit for a shed.", **more}
    return ask_transfer(session.pk, agent_id=session.agent_id, to=to, at=at, **given)


def take(session: ChatSession, agent: Agent, *, at: datetime) -> None:
    accept_transfer(session.pk, agent_id=agent.pk, at=at)
    session.refresh_from_db()


def refusal(session: ChatSession, to: Any, **more: Any) -> DomainError:
    with pytest.raises(DomainError) as refused:
        ask(session, to, **more)
    assert not Transfer.objects.open().exists()
    assert not Offer.objects.open().exists()
    return refused.value


def kinds(session: ChatSession) -> list[str]:
    return list(session.events.order_by("seq").values_list("kind", flat=True))


def told_staff(session: ChatSession) -> list[tuple[str, str]]:
    return list(session.staff_events.order_by("n").values_list("kind", "text"))


# From asking to accepting --------------------------------------------------------
@pytest.mark.rule("EM-FWD")
def test_until_it_is_accepted_the_first_agent_keeps_chat_and_seat_and_then_both_move(
    city: City, session: ChatSession, ruth: Agent
) -> None:
    transfer = ask(session, {"agent": ruth.pk})
    session.refresh_from_db()
    assert (session.agent, session.status) == (city.rosa, Status.ACTIVE)
    assert Seat.objects.get().agent == city.rosa
    offer = Offer.objects.get()
    assert (offer.agent, offer.kind, offer.expires_at) == (ruth, "transfer", after(60))
    take(session, ruth, at=after(20))
    assert (session.agent, session.transfers) == (ruth, 1)
    assert Seat.objects.get().agent == ruth
    transfer.refresh_from_db()
    assert (transfer.ending, transfer.accepted_by, transfer.ended_at) == ("accepted", ruth, after(20))


@pytest.mark.rule("EM-FWD")
def test_both_sides_read_who_passed_it_on_who_left_and_who_came(city: City, session: ChatSession, ruth: Agent) -> None:
    ask(session, {"agent": ruth.pk})
    take(session, ruth, at=after(20))
    assert kinds(session) == ["message", "transferred", "left", "joined", "notice"]
    passed, left, joined, greeting = session.events.filter(seq__gt=1).order_by("seq")
    assert (passed.name, passed.rule) == ("Rosa", "EM-FWD")
    assert "Ruth, who can read everything" in passed.text
    assert {"to": {"agent": ruth.pk}, "reason": "expertise"}.items() <= passed.data.items()
    assert (left.name, left.data) == ("Rosa", {"agent": city.rosa.pk})
    assert (joined.name, greeting.rule) == ("Ruth", "SJ-GREET")


@pytest.mark.rule("EM-FWD")
def test_the_summary_goes_along_to_staff_alone_and_is_screened(session: ChatSession, ruth: Agent) -> None:
    ask(session, {"agent": ruth.pk}, summary="Paid with 4111 1111 1111 1111.")
    [(kind, text)] = told_staff(session)
    assert kind == "transfer"
    assert "4111" not in text
    assert "4111" not in Transfer.objects.get().summary
    assert "transfer" not in kinds(session)


@pytest.mark.rule("EM-FWD")
@pytest.mark.parametrize("seconds", [60, 90])
def test_a_transfer_that_nobody_accepts_in_time_is_over_as_the_row_says(
    session: ChatSession, ruth: Agent, seconds: int
) -> None:
    adopt("EM-FWD", seconds=seconds)
    ask(session, {"agent": ruth.pk})
    assert expire_transfers(at=after(seconds) - MOMENT) == 0
    assert expire_transfers(at=after(seconds)) == 1
    assert expire_transfers(at=after(seconds)) == 0
    assert Transfer.objects.get().ending == "expired"
    assert Offer.objects.get().ending == "expired"
    assert told_staff(session)[-1] == ("declined", "Nobody accepted in time. The chat stays with you.")
    session.refresh_from_db()
    assert session.agent is not None
    assert session.agent.display_name == "Rosa"
    with pytest.raises(DomainError) as refused:
        take(session, ruth, at=after(seconds))
    assert refused.value.code == "wrong_state"


@pytest.mark.rule("EM-FWD")
def test_a_colleague_who_declines_says_why_and_the_first_agent_reads_it(session: ChatSession, ruth: Agent) -> None:
    ask(session, {"agent": ruth.pk})
    with pytest.raises(DomainError) as refused:
        decline_transfer(session.pk, agent_id=ruth.pk, why=" ", at=after(5))
    assert (refused.value.code, refused.value.more["field"]) == ("invalid", "why")
    for _twice in range(2):
        decline_transfer(session.pk, agent_id=ruth.pk, why="I go home now.", at=after(5))
    assert told_staff(session)[1:] == [("declined", "I go home now.")]
    assert session.staff_events.get(kind="declined").agent == ruth
    assert Transfer.objects.get().ending == "declined"
    with pytest.raises(DomainError) as refused:
        take(session, ruth, at=after(6))
    assert refused.value.code == "wrong_state"


def test_where_the_city_has_not_adopted_the_rule_no_chat_is_passed_on(session: ChatSession, ruth: Agent) -> None:
    adopt("EM-FWD", is_adopted=False)
    assert refusal(session, {"agent": ruth.pk}).code == "wrong_state"


def test_accepting_again_what_one_took_over_is_no_error(session: ChatSession, ruth: Agent) -> None:
    ask(session, {"agent": ruth.pk})
    take(session, ruth, at=after(5))
    take(session, ruth, at=after(6))
    assert kinds(session).count("joined") == 1
    assert session.transfers == 1


def test_whom_nobody_asked_learns_nothing(city: City, session: ChatSession, ruth: Agent) -> None:
    ask(session, {"agent": ruth.pk})
    for act in (
        lambda: take(session, city.rudi, at=after(5)),
        lambda: decline_transfer(session.pk, agent_id=city.rudi.pk, why="No.", at=after(5)),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.code == "not_found"


def test_who_went_on_a_break_meanwhile_does_not_accept(session: ChatSession, ruth: Agent) -> None:
    ask(session, {"agent": ruth.pk})
    Agent.objects.filter(pk=ruth.pk).update(presence=Presence.BREAK)
    with pytest.raises(DomainError) as refused:
        take(session, ruth, at=after(5))
    assert refused.value.code == "not_online"


@pytest.mark.rule("EM-FWD")
def test_a_colleague_who_goes_away_is_waited_for_no_longer(session: ChatSession, ruth: Agent) -> None:
    ask(session, {"agent": ruth.pk})
    assert expire_transfers(at=after(5)) == 0
    Agent.objects.filter(pk=ruth.pk).update(presence=Presence.ON_CALL)
    assert expire_transfers(at=after(6)) == 1
    assert expire_transfers(at=after(6)) == 0
    assert told_staff(session)[-1] == ("declined", "Ruth is no longer online. The chat stays with you.")
    assert (Transfer.objects.get().ending, Offer.objects.get().ending) == ("expired", "withdrawn")


def test_of_a_group_the_next_is_asked_when_one_goes_away(city: City, session: ChatSession) -> None:
    online_agent("Rita", city.roads)
    ask(session, {"department": "roads"}, reason="department")
    Agent.objects.filter(pk=city.rudi.pk).update(presence=Presence.BREAK)
    expire_transfers(at=after(5))
    assert Offer.objects.open().get().agent.display_name == "Rita"
    assert not Transfer.objects.get().ending


def test_the_end_takes_the_offer_back_and_the_receiver_reads_that_it_ended(
    city: City, session: ChatSession, ruth: Agent
) -> None:
    ask(session, {"agent": ruth.pk})
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=after(5))
    assert (Transfer.objects.get().ending, Offer.objects.get().ending) == ("withdrawn", "withdrawn")
    for act in (
        lambda: take(session, ruth, at=after(6)),
        lambda: decline_transfer(session.pk, agent_id=ruth.pk, why="No.", at=after(6)),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.code == "ended"


def test_the_first_agent_writes_until_it_is_accepted_and_no_longer(
    city: City, session: ChatSession, ruth: Agent
) -> None:
    ask(session, {"agent": ruth.pk})
    agent_writes(session, at=after(1))
    take(session, ruth, at=after(5))
    [result] = append([Draft(session.pk, uuid.uuid4(), Side.AGENT, "Bye", after(6), agent_id=city.rosa.pk)])
    assert result.error is not None
    assert result.error.code == "not_found"


def test_one_transfer_at_a_time(session: ChatSession, ruth: Agent) -> None:
    ask(session, {"agent": ruth.pk})
    with pytest.raises(DomainError) as refused:
        ask(session, {"agent": ruth.pk}, at=after(1))
    assert refused.value.code == "wrong_state"


def test_an_agent_may_be_asked_for_several_chats_at_once_as_long_as_she_has_seats(
    city: City, session: ChatSession, ruth: Agent
) -> None:
    Agent.objects.filter(pk=ruth.pk).update(seats=2)
    others = [ActiveSessionFactory(department=city.general, agent=city.supervisor) for _ in range(2)]
    ask(session, {"agent": ruth.pk})
    ask(others[0], {"agent": ruth.pk})
    with pytest.raises(DomainError) as refused:
        ask(others[1], {"agent": ruth.pk})
    assert refused.value.code == "no_seat"
    for each in (session, others[0]):
        take(each, ruth, at=after(5))
    assert Seat.objects.filter(agent=ruth).count() == 2


# Reasons --------------------------------------------------------------------------
@pytest.mark.rule("EM-DIS-B")
@pytest.mark.parametrize("reason", ["", "their accent", "choice", "Expertise"])
def test_a_reason_stands_in_the_list_or_there_is_no_transfer(session: ChatSession, ruth: Agent, reason: str) -> None:
    refused = refusal(session, {"agent": ruth.pk}, reason=reason)
    assert (refused.code, refused.more["field"]) == ("invalid", "reason")


@pytest.mark.rule("EM-DIS-B")
@pytest.mark.parametrize("reason", ["expertise", "language", "department", "supervisor", "end_of_shift"])
def test_each_reason_of_the_list_is_taken_and_kept(session: ChatSession, ruth: Agent, reason: str) -> None:
    assert ask(session, {"agent": ruth.pk}, reason=reason).reason == reason
    assert StaffEvent.objects.get(kind="transfer").data["reason"] == reason


@pytest.mark.rule("EM-DIS-B")
def test_without_the_rule_a_reason_may_be_left_out_but_is_never_free_text(session: ChatSession, ruth: Agent) -> None:
    adopt("EM-DIS-B", is_adopted=False)
    assert refusal(session, {"agent": ruth.pk}, reason="their accent").code == "invalid"
    assert ask(session, {"agent": ruth.pk}, reason="").reason == "expertise"


@pytest.mark.parametrize("summary", ["", " \n"])
def test_a_transfer_needs_a_summary(session: ChatSession, ruth: Agent, summary: str) -> None:
    refused = refusal(session, {"agent": ruth.pk}, summary=summary)
    assert (refused.code, refused.more["field"]) == ("invalid", "summary")


def test_a_summary_has_its_limit(session: ChatSession, ruth: Agent) -> None:
    assert refusal(session, {"agent": ruth.pk}, summary="x" * 2001).code == "too_long"


@pytest.mark.rule("DF-XFER")
def test_a_second_transfer_asks_why_as_long_as_the_rule_is_adopted(
    city: City, session: ChatSession, ruth: Agent
) -> None:
    ask(session, {"agent": ruth.pk})
    expire_transfers(at=after(60))
    ask(session, {"agent": ruth.pk}, at=after(61))  # the first was not accepted: none was counted
    take(session, ruth, at=after(62))
    refused = refusal(session, {"agent": city.rosa.pk}, at=after(63))
    assert (refused.code, refused.more["field"]) == ("invalid", "again")
    adopt("DF-XFER", is_adopted=False)
    assert ask(session, {"agent": city.rosa.pk}, at=after(63)).again == ""
    adopt("DF-XFER")
    expire_transfers(at=after(200))
    transfer = ask(session, {"agent": city.rosa.pk}, at=after(201), again="She knows the case.")
    assert transfer.again == "She knows the case."
    take(session, city.rosa, at=after(202))
    assert session.transfers == 2


def test_how_often_a_chat_was_passed_on_stays_when_its_words_are_gone(session: ChatSession, ruth: Agent) -> None:
    ask(session, {"agent": ruth.pk})
    take(session, ruth, at=after(5))
    end_as_agent(session.pk, agent_id=ruth.pk, outcome="resolved", at=after(60))
    end_wrap_ups(at=after(60) + timedelta(minutes=15))
    record = ChatRecord.objects.get(pk=session.pk)
    assert (record.transfers, record.agent_id) == (1, ruth.pk)


# Clocks ---------------------------------------------------------------------------
@pytest.mark.rule("EM-FWD")
def test_the_clock_of_a_silent_resident_stands_still_in_a_transfer_offer_and_begins_anew(
    session: ChatSession, ruth: Agent
) -> None:
    ask(session, {"agent": ruth.pk}, at=NOON)
    agent_writes(session, at=after(10))
    adopt("EM-FWD", seconds=600)
    act_on_due_timers(at=after(59))
    act_on_due_timers(at=after(60))
    act_on_due_timers(at=after(180) - MOMENT)
    assert not session.events.filter(rule="EM-IDLE-2").exists()
    act_on_due_timers(at=after(180))
    assert session.events.filter(rule="EM-IDLE-2").exists()


def test_nobody_is_asked_while_the_chat_is_passed_on(session: ChatSession, ruth: Agent) -> None:
    adopt("EM-FWD", seconds=600)
    ask(session, {"agent": ruth.pk}, at=NOON)
    agent_writes(session, at=after(10))
    act_on_due_timers(at=after(599))
    assert not session.events.filter(rule="EM-IDLE-2").exists()


def test_a_question_that_was_asked_before_is_withdrawn(session: ChatSession, ruth: Agent) -> None:
    act_on_due_timers(at=after(80))
    assert session.events.filter(rule="EM-IDLE-2").exists()
    ask(session, {"agent": ruth.pk}, at=after(90))
    assert session.events.order_by("seq").last().data == {"withdrawn": True}
    session.refresh_from_db()
    assert (session.idle_notice_at, session.idle_deadline) == (None, None)


def test_what_the_first_agent_kept_open_is_not_kept_open_by_the_next(session: ChatSession, ruth: Agent) -> None:
    act_on_due_timers(at=after(100))
    keep_open(session.pk, agent_id=session.agent_id, at=after(101))
    ask(session, {"agent": ruth.pk}, at=after(110))
    take(session, ruth, at=after(112))
    assert session.kept_open_at is None
    agent_writes(session, at=after(120))
    act_on_due_timers(at=after(240))
    session.refresh_from_db()
    assert session.idle_notice_at == after(240)


@pytest.mark.rule("DF-XFER")
def test_the_time_to_answer_of_the_receiver_begins_with_the_transfer(session: ChatSession, ruth: Agent) -> None:
    ask(session, {"agent": ruth.pk})
    take(session, ruth, at=after(20))
    assert (session.answer_deadline, session.answer_step, session.idle_deadline) == (after(80), 0, None)


@pytest.mark.rule("DF-XFER")
@pytest.mark.parametrize(("customer_spoke_last", "deadline"), [(True, 80), (False, None)])
def test_without_the_rule_she_owes_only_what_was_owed_before(
    session: ChatSession, ruth: Agent, customer_spoke_last: bool, deadline: int | None
) -> None:
    adopt("DF-XFER", is_adopted=False)
    if customer_spoke_last:
        customer_writes(session, at=after(-10))
    ask(session, {"agent": ruth.pk})
    take(session, ruth, at=after(20))
    assert session.answer_deadline == (after(deadline) if deadline else None)


# To whom --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "to",
    [
        None,
        {},
        "rosa",
        {"agent": 0},
        {"agent": "1"},
        {"agent": True},
        {"department": 1},
        {"department": "nowhere"},
        {"language": "tlh"},
        {"supervisor": False},
        {"supervisor": True, "language": "en"},
        {"nobody": 1},
    ],
)
def test_whom_nobody_knows_gets_no_chat(session: ChatSession, to: Any) -> None:
    refused = refusal(session, to)
    assert (refused.code, refused.more["field"]) == ("invalid", "to")


def test_nobody_passes_a_chat_on_to_herself(city: City, session: ChatSession) -> None:
    refused = refusal(session, {"agent": city.rosa.pk})
    assert (refused.code, refused.more["field"]) == ("invalid", "to")


@pytest.mark.parametrize("presence", [state for state in Presence.values if state != "online"])
def test_who_is_not_online_is_not_asked(session: ChatSession, ruth: Agent, presence: str) -> None:
    Agent.objects.filter(pk=ruth.pk).update(presence=presence)
    refused = refusal(session, {"agent": ruth.pk})
    assert (refused.code, refused.detail) == ("not_online", "Ruth is not online. Choose somebody else.")


def test_who_is_suspended_is_not_asked(session: ChatSession, ruth: Agent) -> None:
    Agent.objects.filter(pk=ruth.pk).update(suspended_until=after(600))
    assert refusal(session, {"agent": ruth.pk}).code == "not_online"


def test_who_works_no_desk_is_not_asked(session: ChatSession) -> None:
    clerk = AgentFactory(user__roles=["clerk"], presence=Presence.ONLINE)
    assert refusal(session, {"agent": clerk.pk}).code == "not_online"


def test_who_lacks_a_certificate_is_not_asked_and_the_refusal_names_it(
    city: City, session: ChatSession, ruth: Agent
) -> None:
    kind = CertificateKindFactory(name="Live chat")
    refused = refusal(session, {"agent": ruth.pk})
    assert (refused.code, refused.more["rule"]) == ("not_certified", "PH-CERT")
    assert "Ruth has no certificate “Live chat”" in refused.detail
    CertificateFactory(agent=ruth, kind=kind)
    ask(session, {"agent": ruth.pk})


def test_who_has_no_free_seat_is_not_asked(city: City, session: ChatSession, ruth: Agent) -> None:
    Agent.objects.filter(pk=ruth.pk).update(seats=1)
    ActiveSessionFactory(agent=ruth)
    refused = refusal(session, {"agent": ruth.pk})
    assert (refused.code, refused.detail) == ("no_seat", "Ruth has as many chats as allowed. Choose somebody else.")


def test_only_the_agent_of_a_chat_passes_it_on(city: City, session: ChatSession, ruth: Agent) -> None:
    waiting = QueuedSessionFactory(department=city.general)
    for each in (session, waiting):
        with pytest.raises(DomainError) as refused:
            ask_transfer(
                each.pk, agent_id=city.supervisor.pk, to={"agent": ruth.pk}, reason="expertise", summary="x", at=NOON
            )
        assert refused.value.code == "not_found"


def test_a_chat_that_ended_is_not_passed_on(city: City, session: ChatSession, ruth: Agent) -> None:
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON)
    assert refusal(session, {"agent": ruth.pk}).code == "ended"


# Groups ---------------------------------------------------------------------------
@pytest.mark.rule("EM-FWD")
def test_a_department_gets_the_chat_through_whoever_of_it_accepts(city: City, session: ChatSession) -> None:
    ask(session, {"department": "roads"}, reason="department")
    offer = Offer.objects.get()
    assert (offer.agent, offer.why, offer.expires_at) == (city.rudi, "department", after(30))
    take(session, city.rudi, at=after(10))
    assert (session.agent, session.department) == (city.rudi, city.roads)
    assert session.events.get(rule="SJ-GREET").text == "I am Rudi from Roads."


def test_one_after_the_other_is_asked_until_the_time_is_up(city: City, session: ChatSession) -> None:
    online_agent("Rita", city.roads)
    ask(session, {"department": "roads"}, reason="department")
    first = Offer.objects.get().agent
    decline_transfer(session.pk, agent_id=first.pk, why="In a meeting.", at=after(5))
    assert told_staff(session)[-1] == ("declined", "In a meeting.")
    expire_transfers(at=after(6))
    second = Offer.objects.open().get()
    assert second.agent != first
    assert second.expires_at == after(36)
    expire_transfers(at=after(36))  # nobody answered, nobody else is there: she is asked once more
    third = Offer.objects.open().get()
    assert (third.agent, third.expires_at) == (second.agent, after(60))
    expire_transfers(at=after(60))
    assert Transfer.objects.get().ending == "expired"
    assert not Offer.objects.open().exists()


def test_of_a_department_who_has_been_free_the_longest_is_asked_first(city: City, session: ChatSession) -> None:
    rita = online_agent("Rita", city.roads)
    ActiveSessionFactory(agent=city.rudi)
    ask(session, {"department": "roads"}, reason="department")
    assert Offer.objects.get().agent == rita


def test_a_department_without_anybody_online_is_named_with_another_way(city: City, session: ChatSession) -> None:
    Agent.objects.filter(pk=city.rudi.pk).update(presence=Presence.BREAK)
    refused = refusal(session, {"department": "roads"}, reason="department")
    assert (refused.code, refused.more["instead"]) == ("not_online", "refer")


def test_a_department_that_is_full_says_so(city: City, session: ChatSession) -> None:
    Agent.objects.filter(pk=city.rudi.pk).update(seats=1)
    ActiveSessionFactory(agent=city.rudi)
    assert refusal(session, {"department": "roads"}, reason="department").code == "no_seat"


def test_a_department_that_is_closed_gets_no_chat(session: ChatSession) -> None:
    adopt("EM-HRS", always_open=False)
    calendar()
    refused = refusal(session, {"department": "roads"}, reason="department", at=NOON + timedelta(hours=12))
    assert refused.code == "closed"
    assert refused.more["next_opening"]


@pytest.mark.rule("EM-LANG")
def test_another_language_is_one_step_to_whoever_speaks_it(city: City, session: ChatSession) -> None:
    spanish = LanguageFactory(code="es", name="Español")
    kind = CertificateKindFactory(rule="PH-BIL", language=spanish)
    ines, ida = (online_agent(name, city.roads) for name in ("Ines", "Ida"))
    for each in (ines, ida):
        each.languages.add(spanish)
    CertificateFactory(agent=ida, kind=kind)
    ask(session, {"language": "es"}, reason="language")
    offer = Offer.objects.get()
    assert (offer.agent, offer.why) == (ida, "language")
    session.refresh_from_db()
    assert session.language_id == "en"
    take(session, ida, at=after(5))
    assert (session.agent, session.language_id, session.department) == (ida, "es", city.general)


@pytest.mark.rule("EM-LANG")
def test_without_anybody_who_speaks_it_a_call_back_is_offered(session: ChatSession) -> None:
    LanguageFactory(code="es", name="Español")
    refused = refusal(session, {"language": "es"}, reason="language")
    assert (refused.code, refused.more["instead"]) == ("not_online", "callback")
    assert "Español" in refused.detail


@pytest.mark.rule("EM-LANG")
def test_without_the_rule_a_language_is_no_target(city: City, session: ChatSession, ruth: Agent) -> None:
    ruth.languages.add(LanguageFactory(code="es", name="Español"))
    ask(session, {"language": "es"}, reason="language")
    expire_transfers(at=after(60))
    adopt("EM-LANG", is_adopted=False)
    assert refusal(session, {"language": "es"}, reason="language", at=after(61)).code == "invalid"


def test_a_supervisor_can_be_asked(city: City, session: ChatSession) -> None:
    ask(session, {"supervisor": True}, reason="supervisor")
    assert (Offer.objects.get().agent, Offer.objects.get().why) == (city.supervisor, "supervisor")
    take(session, city.supervisor, at=after(5))
    assert session.agent == city.supervisor
    Agent.objects.filter(pk=city.rosa.pk).update(presence=Presence.BREAK)
    assert refusal(session, {"supervisor": True}, reason="supervisor", again="x", at=after(6)).code == "not_online"


# Another person, as the resident on hold chose ---------------------------------------
def choose_another(session: ChatSession, *, at: datetime) -> Transfer:
    place_on_hold(session.pk, agent_id=session.agent_id or 0, at=at - timedelta(minutes=2))
    session.refresh_from_db()
    return pass_to_queue(session, at=at)


def test_who_waits_on_hold_for_another_person_keeps_the_agent_until_one_accepts(
    city: City, session: ChatSession, ruth: Agent
) -> None:
    transfer = choose_another(session, at=NOON)
    assert (transfer.reason, transfer.to_department, transfer.deadline) == ("choice", city.general, None)
    assert pass_to_queue(session, at=after(1)) == transfer
    asked = []
    for second in range(0, 3600, 30):
        expire_transfers(at=after(second))
        asked += Offer.objects.open().values_list("agent__user__first_name", flat=True)
    assert set(asked) == {"Ruth", "Sam"}
    session.refresh_from_db()
    assert (session.agent, session.status) == (city.rosa, Status.ON_HOLD)
    offer = Offer.objects.open().get()
    take(session, offer.agent, at=offer.expires_at - MOMENT)
    assert (session.agent, session.status, session.held_at, session.choice_deadline) == (
        offer.agent,
        Status.ACTIVE,
        None,
        None,
    )
    assert session.hold_time > timedelta(hours=1)


def test_the_return_of_the_agent_ends_the_wait_for_another(city: City, session: ChatSession, ruth: Agent) -> None:
    choose_another(session, at=NOON)
    expire_transfers(at=NOON)
    resume(session.pk, agent_id=city.rosa.pk, at=after(5))
    assert Transfer.objects.get().ending == "withdrawn"
    assert Offer.objects.get().ending == "withdrawn"


def test_what_the_agent_asks_for_takes_the_place_of_what_the_resident_chose(
    city: City, session: ChatSession, ruth: Agent
) -> None:
    choose_another(session, at=NOON)
    expire_transfers(at=NOON)
    ask(session, {"department": "roads"}, reason="department", at=after(5))
    assert sorted(Transfer.objects.values_list("reason", "ending")) == [("choice", "withdrawn"), ("department", "")]
    take(session, city.rudi, at=after(10))
    assert session.status == Status.ACTIVE
