"""The batch-shaped append: what an acknowledgement promises."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.actions import Draft, Result, append, end_as_agent
from chat.models import ChatEvent, ChatSession, Side
from chat.writer import append_each
from contactcenter.lib.hashing import digest
from tests.chat.conftest import NOON, City
from tests.factories import ActiveSessionFactory, QueuedSessionFactory

TOKEN = "a token"


@pytest.fixture
def session(city: City) -> ChatSession:
    return ActiveSessionFactory(department=city.general, agent=city.rosa, token_digest=digest(TOKEN))


def from_customer(session: ChatSession, text: str = "Hello", uid: UUID | None = None) -> Draft:
    return Draft(session.pk, uid or uuid.uuid4(), Side.CUSTOMER, text, NOON, token_digest=session.token_digest)


def from_agent(session: ChatSession, text: str = "Hello", uid: UUID | None = None, agent: int | None = None) -> Draft:
    return Draft(
        session.pk, uid or uuid.uuid4(), Side.AGENT, text, NOON, agent_id=agent or session.agent_id, name="Rosa"
    )


def seqs(results: list[Result]) -> list[int | None]:
    return [result.event.seq if result.event else None for result in results]


def codes(results: list[Result]) -> list[str | None]:
    return [result.error.code if result.error else None for result in results]


def test_messages_are_numbered_from_one_without_holes(session: ChatSession) -> None:
    results = append([from_customer(session, "one"), from_agent(session, "two"), from_customer(session, "three")])
    assert seqs(results) == [1, 2, 3]
    assert seqs(append([from_agent(session, "four")])) == [4]
    assert list(session.events.order_by("seq").values_list("seq", "text", "side")) == [
        (1, "one", "customer"),
        (2, "two", "agent"),
        (3, "three", "customer"),
        (4, "four", "agent"),
    ]
    session.refresh_from_db()
    assert session.last_seq == 4


def test_sessions_of_one_batch_are_numbered_each_by_itself(session: ChatSession, city: City) -> None:
    other = QueuedSessionFactory(department=city.general)
    results = append([from_customer(session), from_customer(other), from_customer(session)])
    assert seqs(results) == [1, 1, 2]


def test_the_same_id_again_is_answered_with_the_first_event(session: ChatSession) -> None:
    uid = uuid.uuid4()
    first, again, anew = (append([from_customer(session, text, uid)])[0] for text in ("Hello", "Hello", "Other"))
    assert [first.is_new, again.is_new, anew.is_new] == [True, False, False]
    assert seqs([first, again, anew]) == [1, 1, 1]
    assert session.events.count() == 1


def test_the_same_id_twice_in_one_batch_is_one_event(session: ChatSession) -> None:
    uid = uuid.uuid4()
    results = append([from_customer(session, "Hello", uid)] * 3)
    assert seqs(results) == [1, 1, 1]
    assert [result.is_new for result in results] == [True, False, False]


def test_the_same_id_is_answered_also_after_the_end(session: ChatSession, city: City) -> None:
    uid = uuid.uuid4()
    append([from_customer(session, "Hello", uid)])
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON)
    assert seqs(append([from_customer(session, "Hello", uid)])) == [1]
    assert codes(append([from_customer(session, "More")])) == ["ended"]


def test_an_id_of_the_other_side_is_refused(session: ChatSession) -> None:
    uid = uuid.uuid4()
    append([from_customer(session, "Hello", uid)])
    assert codes(append([from_agent(session, "Hello", uid)])) == ["invalid"]


def test_a_refused_row_does_not_fail_its_batch(session: ChatSession, city: City) -> None:
    foreign = Draft(session.pk, uuid.uuid4(), Side.CUSTOMER, "Hello", NOON, token_digest=digest("stolen"))
    absent = Draft(uuid.uuid4(), uuid.uuid4(), Side.CUSTOMER, "Hello", NOON, token_digest=digest(TOKEN))
    colleague = from_agent(session, agent=city.rudi.pk)
    results = append([from_customer(session), foreign, absent, colleague, from_agent(session)])
    assert codes(results) == [None, "unauthorized", "unauthorized", "not_found", None]
    assert seqs(results) == [1, None, None, None, 2]
    assert session.events.count() == 2


def test_absent_and_foreign_sessions_are_refused_alike(session: ChatSession, city: City) -> None:
    absent = Draft(uuid.uuid4(), uuid.uuid4(), Side.AGENT, "Hello", NOON, agent_id=city.rudi.pk)
    foreign = from_agent(session, agent=city.rudi.pk)
    bodies = [result.error.body() for result in append([absent, foreign]) if result.error]
    assert bodies[0] == bodies[1]


def test_nobody_writes_as_an_agent_into_a_chat_that_waits(city: City) -> None:
    waiting = QueuedSessionFactory(department=city.general)
    assert codes(append([from_agent(waiting, agent=city.rosa.pk)])) == ["not_found"]


def test_line_ends_become_one_form_and_nothing_else_is_changed(session: ChatSession) -> None:
    plain, changed = append([from_customer(session, "  a\n b  "), from_customer(session, "a\r\nb")])
    assert plain.event
    assert changed.event
    assert (plain.event.text, plain.event.is_changed) == ("  a\n b  ", False)
    assert (changed.event.text, changed.event.is_changed) == ("a\nb", True)


def test_the_first_answer_is_kept_and_the_latest_words_move(session: ChatSession) -> None:
    append([from_agent(session)])
    session.refresh_from_db()
    assert session.first_answer_at == NOON
    later = NOON + timedelta(minutes=1)
    append([Draft(session.pk, uuid.uuid4(), Side.AGENT, "And", later, agent_id=session.agent_id, name="Rosa")])
    session.refresh_from_db()
    assert (session.first_answer_at, session.agent_wrote_at) == (NOON, later)


def test_a_batch_costs_the_same_statements_whatever_its_size(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policies.words.monotonic", lambda: 0.0)  # what is remembered stays so
    sessions = [QueuedSessionFactory(department=city.general) for _ in range(20)]
    append([from_customer(sessions[0])])
    with CaptureQueriesContext(connection) as one:
        append([from_customer(sessions[0])])
    with CaptureQueriesContext(connection) as many:
        append([from_customer(session) for session in sessions])
    assert len(one) == len(many)


@pytest.mark.django_db(transaction=True)
def test_appends_from_many_threads_leave_no_hole(city: City) -> None:
    session = QueuedSessionFactory(department=city.general)
    threads, each = 8, 12
    barrier = threading.Barrier(threads)

    def write() -> None:
        barrier.wait()
        for _ in range(each):
            append([from_customer(session)])
        connection.close()

    workers = [threading.Thread(target=write) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    numbers = list(ChatEvent.objects.filter(session=session).order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, threads * each + 1))


@given(batches=st.lists(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=6), max_size=6))
@settings(derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_in_whatever_order_the_list_has_no_hole_and_no_double(
    city: City, batches: list[list[tuple[bool, int]]]
) -> None:
    session = ActiveSessionFactory(department=city.general)
    ids = [uuid.uuid4() for _ in range(5)]
    owner: dict[UUID, bool] = {}
    for batch in batches:
        drafts = []
        for is_customer, number in batch:
            make = from_customer if is_customer else from_agent
            drafts.append(make(session, f"{number}", ids[number]))
        for (is_customer, number), result in zip(batch, append(drafts), strict=True):
            first = owner.setdefault(ids[number], is_customer)
            assert (result.error is None) == (first == is_customer)
    numbers = list(session.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(owner) + 1))


def test_a_draft_that_our_own_code_cannot_read_takes_nothing_but_itself_down(session: ChatSession) -> None:
    unreadable = from_customer(session, 7)  # type: ignore[arg-type]  # what no socket lets in
    results = append_each([from_customer(session, "one"), unreadable, from_agent(session, "two")])
    assert (seqs(results), codes(results)) == ([1, None, 2], [None, "unavailable", None])
    assert codes(append_each([unreadable])) == ["unavailable"]
