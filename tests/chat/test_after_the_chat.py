"""After the end: the resident's rating, the agent's wrap-up, notes, and a case that goes on from a chat."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from chat.actions import (
    end_as_agent,
    end_as_customer,
    end_wrap_ups,
    mark,
    note,
    open_case,
    purge,
    rate,
    wrap_up,
)
from chat.models import ChatRecord, ChatSession, StaffEvent
from chat.states import Outcome
from contactcenter.cases.models import Contact, Customer, Task
from contactcenter.lib.errors import DomainError, Invalid, NotFound, Unauthorized, WrongState
from contactcenter.lib.hashing import digest
from policies.models import ProfanityWord, ScreeningWord
from policies.words import forget_words
from tests.chat.conftest import NOON, City
from tests.factories import ActiveSessionFactory, TopicFactory
from tests.policies.factories import adopt, calendar, keep_chats
from tests.wire import Frame, Wires

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
TOKEN = digest("a token")
VISA = "4539 3444 4626 0337"


@pytest.fixture
def session(city: City) -> ChatSession:
    made: ChatSession = ActiveSessionFactory(
        department=city.general,
        agent=city.rosa,
        token_digest=TOKEN,
        customer_name="Dana",
        customer_email="dana@home.example",
        requested_at=NOON - 10 * MINUTE,
        accepted_at=NOON - 8 * MINUTE,
    )
    return made


@pytest.fixture
def ended(city: City, session: ChatSession) -> ChatSession:
    return end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON)


@pytest.fixture
def words() -> Iterator[None]:
    adopt("EM-COM-C")
    adopt("EM-911", life_number="911")
    ProfanityWord.objects.create(language="en", kind="profanity", phrase="damn")
    ScreeningWord.objects.create(language="en", kind="life", phrase="gas leak")
    forget_words()
    yield
    forget_words()


def rated(session: ChatSession, score: int = 5, comment: str = "", *, after: timedelta = MINUTE, **more: Any) -> Any:
    facts = {"token_digest": TOKEN, **more}
    return rate(session.pk, score=score, comment=comment, at=NOON + after, **facts)


# Rating --------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_second_rating_replaces_the_first_and_the_figures_follow(city: City, ended: ChatSession) -> None:
    rated(ended, 2, "Slow")
    wrap_up(ended.pk, agent_id=city.rosa.pk, at=NOON + 2 * MINUTE)
    assert ChatRecord.objects.get().rating == 2
    rated(ended, 4, after=3 * MINUTE)
    rated(ended, 4, after=4 * MINUTE)
    ended.refresh_from_db()
    assert (ended.rating, ended.rating_comment, ended.rated_at) == (4, "", NOON + 3 * MINUTE)
    assert ChatRecord.objects.get().rating == 4
    assert list(StaffEvent.objects.order_by("n").values_list("kind", "data", "text")) == [
        ("rated", {"score": 2}, ""),
        ("rated", {"score": 4}, ""),
    ]


@pytest.mark.django_db
def test_a_chat_is_rated_once_it_has_ended_for_as_long_as_the_token_lives(session: ChatSession, city: City) -> None:
    with pytest.raises(WrongState, match="once it has ended"):
        rated(session)
    end_as_customer(session.pk, token_digest=TOKEN, at=NOON)
    rated(session, after=30 * MINUTE - MOMENT)
    for refused in ({"after": 30 * MINUTE}, {"token_digest": digest("another")}):
        with pytest.raises(Unauthorized):
            rated(session, **refused)


@pytest.mark.django_db
@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_score_is_one_to_five(ended: ChatSession, score: int) -> None:
    with pytest.raises(DomainError) as refusal:
        rated(ended, score)
    assert refusal.value.code == "out_of_range"


@pytest.mark.django_db
@pytest.mark.rule("EM-PAY")
@pytest.mark.rule("EM-911")
def test_a_comment_is_screened_like_any_text(words: None, ended: ChatSession) -> None:
    found = rated(ended, 1, f"There is a gas leak, damn. {VISA}")
    ended.refresh_from_db()
    assert ended.rating_comment == "There is a gas leak, damn. •••• •••• •••• ••••"
    assert found.numbers == ["911"]
    assert ended.emergency == "life"
    assert [event.kind for event in StaffEvent.objects.order_by("n")] == ["rated", "emergency"]


# Wrap-up -------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.rule("EM-RET-A")
def test_a_wrap_up_writes_the_figures_at_once_and_counts_as_work(city: City, ended: ChatSession) -> None:
    TopicFactory(code="bins")
    for _ in range(2):
        wrap_up(ended.pk, agent_id=city.rosa.pk, note=f"Will call {VISA}", topic="bins", at=NOON + 3 * MINUTE)
    ended.refresh_from_db()
    assert (ended.note, ended.topic_code) == ("Will call •••• •••• •••• ••••", "bins")
    assert (ended.wrapped_up_at, ended.wrap_up_deadline) == (NOON + 3 * MINUTE, None)
    record = ChatRecord.objects.get()
    assert (record.handle_time, record.topic_code, record.outcome) == (11 * MINUTE, "bins", "resolved")
    assert end_wrap_ups(at=NOON + 60 * MINUTE) == 0


@pytest.mark.django_db
def test_a_wrap_up_that_runs_out_is_no_work_and_takes_nothing_more(city: City, ended: ChatSession) -> None:
    end_wrap_ups(at=NOON + 15 * MINUTE)
    assert ChatRecord.objects.get().handle_time == 8 * MINUTE
    with pytest.raises(WrongState, match="has been rounded off"):
        wrap_up(ended.pk, agent_id=city.rosa.pk, note="Late", at=NOON + 16 * MINUTE)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("by_customer", "outcome", "expected"),
    [
        (True, "referred", Outcome.REFERRED),
        (True, "case_opened", Outcome.CASE_OPENED),
        (True, "", Outcome.CUSTOMER_ENDED),
        (False, "referred", Outcome.RESOLVED),
    ],
)
def test_an_outcome_replaces_only_that_the_resident_left(
    city: City, session: ChatSession, by_customer: bool, outcome: str, expected: Outcome
) -> None:
    if by_customer:
        end_as_customer(session.pk, token_digest=TOKEN, at=NOON)
    else:
        end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON)
    wrap_up(session.pk, agent_id=city.rosa.pk, outcome=outcome, at=NOON + MINUTE)
    session.refresh_from_db()
    assert (session.outcome, ChatRecord.objects.get().outcome) == (expected, expected)


@pytest.mark.django_db
def test_a_wrap_up_is_the_agents_after_the_end_with_what_is_on_the_lists(
    words: None, city: City, session: ChatSession
) -> None:
    def refused(**facts: Any) -> DomainError:
        with pytest.raises(DomainError) as refusal:
            wrap_up(session.pk, **{"agent_id": city.rosa.pk, "at": NOON + MINUTE, **facts})
        return refusal.value

    TopicFactory(code="snow", is_active=False)
    TopicFactory(code="potholes", department=city.roads)
    assert refused().code == "wrong_state"
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON)
    assert refused(agent_id=city.rudi.pk).code == "not_found"
    assert refused(outcome="inactive").more["field"] == "outcome"
    assert [refused(topic=code).more["field"] for code in ("snow", "potholes", "nothing")] == ["topic"] * 3
    assert refused(note="damn").code == "edit"
    session.refresh_from_db()
    assert session.wrapped_up_at is None


@pytest.mark.django_db
@pytest.mark.rule("EM-RET-A")
def test_the_row_sets_the_wrap_up_time_and_the_purge_spares_the_chat_until_it_is_up(
    city: City, session: ChatSession
) -> None:
    keep_chats(wrap_up_minutes=90)
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON)
    session.refresh_from_db()
    assert session.wrap_up_deadline == NOON + 90 * MINUTE
    run = purge(at=NOON + 90 * MINUTE - MOMENT, cause="by_hand")
    assert (run.counted, run.deleted, run.wrapping_up) == (1, 0, 1)
    run = purge(at=NOON + 90 * MINUTE, cause="by_hand")
    assert (run.deleted, run.wrapping_up, ChatSession.objects.exists()) == (1, 0, False)
    assert ChatRecord.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.rule("EM-RET-A")
def test_a_wrapped_up_chat_goes_with_the_next_purge_and_a_marked_one_can_be_wrapped_up(
    city: City, session: ChatSession
) -> None:
    keep_chats(wrap_up_minutes=90)
    mark(session.pk, agent_id=city.rosa.pk, reason="harassment", at=NOON)
    other = ActiveSessionFactory(department=city.general, agent=city.rosa)
    for each in (session, other):
        end_as_agent(each.pk, agent_id=city.rosa.pk, outcome="conduct", at=NOON)
        wrap_up(each.pk, agent_id=city.rosa.pk, note="Unpleasant", at=NOON + MINUTE)
    assert purge(at=NOON + 61 * MINUTE, cause="by_hand").deleted == 1
    assert ChatSession.objects.get().note == "Unpleasant"


@pytest.mark.django_db
def test_a_chat_lies_on_the_desk_until_it_is_rounded_off(city: City, ended: ChatSession) -> None:
    def on_desk(at: Any) -> bool:
        return ChatSession.objects.on_desks_of([city.rosa.pk], at=at).exists()

    assert [on_desk(NOON), on_desk(NOON + 15 * MINUTE - MOMENT), on_desk(NOON + 15 * MINUTE)] == [True, True, False]
    wrap_up(ended.pk, agent_id=city.rosa.pk, at=NOON + MINUTE)
    assert not on_desk(NOON + MINUTE)


# Notes and cases ---------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.rule("EM-PAY")
@pytest.mark.rule("EM-COM-C")
def test_a_note_is_for_staff_alone_and_screened(words: None, city: City, session: ChatSession) -> None:
    note(session.pk, agent_id=city.rosa.pk, text=f"Said “damn”, card {VISA}", at=NOON)
    note(session.pk, agent_id=city.supervisor.pk, text="Well done", at=NOON)
    kept = StaffEvent.objects.order_by("n").values_list("kind", "text", "agent__user__display_name")
    assert list(kept) == [
        ("note", "Said “damn”, card •••• •••• •••• ••••", "Rosa"),
        ("note", "Well done", "Sam"),
    ]
    assert not session.events.exists()
    with pytest.raises(NotFound):
        note(session.pk, agent_id=city.rudi.pk, text="Hm", at=NOON)
    with pytest.raises(Invalid):
        note(session.pk, agent_id=city.rosa.pk, text=" ", at=NOON)
    with pytest.raises(DomainError, match="quotation marks"):
        note(session.pk, agent_id=city.rosa.pk, text="damn", at=NOON)


@pytest.mark.django_db
@pytest.mark.rule("EM-PII-B")
def test_a_case_takes_the_summary_and_the_contact_along_and_nothing_else(city: City, session: ChatSession) -> None:
    TopicFactory(code="drains", department=city.general)
    for _ in range(2):
        facts = {"agent_id": city.rosa.pk, "summary": f"Clean the drain. {VISA}", "topic": "drains", "at": NOON}
        event = open_case(session.pk, **facts)
    task = Task.objects.get()
    assert (task.kind, task.department, task.topic_code, task.opened_by) == ("case", city.general, "drains", city.rosa)
    assert task.text == event.text == "Clean the drain. •••• •••• •••• ••••"
    assert event.data == {"task": task.pk, "topic": "drains"}
    assert (task.customer, task.contact) == (Customer.objects.get(), Contact.objects.get())
    assert (task.customer.name, task.customer.email) == ("Dana", "dana@home.example")
    open_case(session.pk, agent_id=city.rosa.pk, summary="And the gate", at=NOON)
    assert (Task.objects.count(), Customer.objects.count(), StaffEvent.objects.count()) == (2, 1, 2)


@pytest.mark.django_db
@pytest.mark.rule("PK-2W")
def test_a_case_is_due_when_the_city_follows_cases_up(city: City, session: ChatSession) -> None:
    calendar(holidays={date(2026, 12, 8): "Founder's Day"})  # noon is 12:00 of Tuesday 24 November, open until 16:30
    facts = {"agent_id": city.rosa.pk, "at": NOON}
    undue = open_case(session.pk, summary="Before the rule", **facts)
    version = adopt("PK-2W", weeks=2)
    two = open_case(session.pk, summary="Clean the drain", **facts)
    adopt("PK-2W", weeks=1)
    one = open_case(session.pk, summary="Mend the gate", **facts)
    due = {event.text: Task.objects.get(pk=event.data["task"]).due_at for event in (undue, two, one)}
    assert due == {
        "Before the rule": None,
        "Clean the drain": datetime(2026, 12, 9, 21, 30, tzinfo=UTC),
        "Mend the gate": datetime(2026, 12, 1, 21, 30, tzinfo=UTC),
    }
    task = Task.objects.get(text="Clean the drain")
    assert (task.rule, task.rule_version, task.calendar_version is not None) == ("PK-2W", version, True)


@pytest.mark.django_db
def test_a_case_is_refused_for_others_chats_without_words_and_with_an_unknown_topic(
    city: City, session: ChatSession
) -> None:
    for wrong, kind in [({"agent_id": city.rudi.pk}, NotFound), ({"summary": " "}, Invalid), ({"topic": "x"}, Invalid)]:
        with pytest.raises(kind):
            open_case(session.pk, **{"agent_id": city.rosa.pk, "summary": "Do it", "at": NOON, **wrong})
    assert not Task.objects.exists()


# By frame ----------------------------------------------------------------------------------
@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_all_of_it_by_frame(words: None, city: City, wires: Wires) -> None:
    await sync_to_async(TopicFactory)(code="bins", name="Bins", department=city.roads)
    await sync_to_async(TopicFactory)(code="snow", name="Snow", is_active=False)
    welcome = await (await wires.desk(city.rudi)).next("welcome")
    assert welcome["topics"] == [{"code": "bins", "name": "Bins", "department": "roads"}]
    chat, customer, desk = await wires.conversation(city.rosa)

    async def told(frame: Frame) -> Frame:
        ref = str(uuid.uuid4())
        await desk.send({**frame, "session": chat.session, "ref": ref})
        return await desk.where(lambda got: got.get("ref") == ref)

    assert (await told({"type": "note", "text": "Look at the drain"}))["type"] == "ok"
    assert (await desk.next("staff_event", kind="note"))["text"] == "Look at the drain"
    assert (await told({"type": "note", "text": 7}))["field"] == "text"
    assert (await told({"type": "case", "summary": "Clean the drain"}))["type"] == "ok"
    assert (await desk.next("staff_event", kind="case"))["text"] == "Clean the drain"
    assert (await told({"type": "case", "summary": "x" * 2001}))["code"] == "too_long"
    assert (await told({"type": "wrap_up", "note": "", "topic": ""}))["code"] == "wrong_state"
    assert (await told({"type": "end", "outcome": "resolved"}))["type"] == "ok"
    await customer.next("event", kind="ended")
    await customer.send({"type": "rate", "score": 4, "comment": "A gas leak now", "ref": "r"})
    answer = await customer.next("ok", ref="r")
    assert answer["emergency"]["numbers"] == ["911"]
    assert (await desk.next("staff_event", kind="rated"))["data"] == {"score": 4}
    for score in (True, "5", 4.5, None):
        await customer.send({"type": "rate", "score": score, "ref": "s"})
        assert (await customer.next("error", ref="s"))["field"] == "score"
    assert (await told({"type": "wrap_up", "note": ["x"], "topic": ""}))["field"] == "note"
    assert (await told({"type": "wrap_up", "note": "Done", "topic": ""}))["type"] == "ok"
    assert (await desk.nothing_more()) is not None


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_chat_is_rated_over_http_and_the_welcome_bears_it(city: City, wires: Wires) -> None:
    chat = await wires.ask()
    headers = {"authorization": f"Bearer {chat.token}"}
    path = f"/api/v1/chat/sessions/{chat.session}/frames"
    assert (await wires.post(path, {"type": "rate", "score": 5}, **headers)).status == 409
    assert (await wires.post(path, {"type": "end"}, **headers)).status == 200
    assert (await wires.post(path, {"type": "rate", "score": 9}, **headers)).status == 400
    assert (await wires.post(path, {"type": "rate", "score": 5, "comment": "Fine"}, **headers)).status == 200
    assert (await ChatSession.objects.aget()).rating_comment == "Fine"
    again = await wires.customer(chat)
    assert (await again.next("welcome"))["session"]["rating"] == 5
