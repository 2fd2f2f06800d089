"""The purge against whoever comes at the same moment: on real PostgreSQL, with barriers and with held locks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from chat.actions import (
    Draft,
    Request,
    append,
    close_evaluation,
    end_wrap_ups,
    mark,
    purge,
    request_chat,
)
from chat.models import ChatEvent, ChatRecord, ChatSession, Evaluation, LedgerEntry, PurgeRun, RetentionMark, Side
from contactcenter.lib.errors import WrongState
from contactcenter.operations.stores import ROOT
from tests.chat.conftest import City
from tests.chat.test_seats import race, void
from tests.factories import ActiveSessionFactory, EndedSessionFactory, EventFactory
from tests.patience import SOON

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.rule("EM-RET-A"),
    pytest.mark.rule("EM-RET-Ba-i"),
]
TWO = datetime(2024, 5, 14, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "the resident's browser"


def ended(city: City, count: int = 1, *, at: datetime = TWO - 24 * HOUR) -> list[ChatSession]:
    facts = {"requested_at": at - 2 * HOUR, "ended_at": at, "wrapped_up_at": None}
    made = [EndedSessionFactory(department=city.general, agent=city.rosa, **facts) for _ in range(count)]
    end_wrap_ups(at=at + HOUR)
    for session in made:
        EventFactory(session=session)
    return made


def run(at: datetime = TWO) -> PurgeRun:
    return purge(at=at, cause=PurgeRun.Cause.BY_HAND)


def keep(session: ChatSession, city: City) -> RetentionMark:
    return mark(session.pk, agent_id=city.rosa.pk, reason="harassment", at=TWO)


class Other:
    """A job on a thread and connection of its own; `result` is what it returned or raised."""

    def __init__(self, job: Callable[[], object]) -> None:
        self.job = job
        self.result: object = None
        self.backend = 0
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._started.wait(SOON)

    def _run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.backend = cursor.fetchone()[0]
            self._started.set()
            self.result = self.job()
        except Exception as error:
            self.result = error
        finally:
            connection.close()

    def wait_until_it_waits(self) -> None:
        """Return once it waits for a lock of somebody else."""
        deadline = time.monotonic() + SOON
        while time.monotonic() < deadline:
            with connection.cursor() as cursor:
                cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [self.backend])
                if cursor.fetchone()[0]:
                    return
            assert self._thread.is_alive(), f"it did not wait: {self.result!r}"
        raise AssertionError("it waits for nobody")

    def end(self) -> object:
        self._thread.join(SOON)
        assert not self._thread.is_alive()
        return self.result


@contextmanager
def a_purge_that_has_deleted(at: datetime = TWO) -> Iterator[None]:
    """Hold a purge that has done all its work and not committed yet."""
    with transaction.atomic():
        run(at)
        yield


# A mark and the purge -----------------------------------------------------------------
def test_a_mark_that_is_first_stays_and_the_rest_of_the_run_goes_on(city: City) -> None:
    session, *others = ended(city, 4)
    with transaction.atomic():
        keep(session, city)
        purging = Other(run)
        purging.wait_until_it_waits()
    done = purging.end()
    assert isinstance(done, PurgeRun)
    assert (done.deleted, done.kept, done.leftover) == (len(others), 1, 0)
    assert list(ChatSession.objects.all()) == [session]
    assert ChatEvent.objects.get().session == session
    assert LedgerEntry.objects.filter(subject=str(session.pk)).count() == 0


def test_a_mark_that_comes_after_the_purge_reads_that_it_was_purged(city: City) -> None:
    session, *_others = ended(city, 4)
    with a_purge_that_has_deleted():
        marking = Other(lambda: keep(session, city))
        marking.wait_until_it_waits()
    refusal = marking.end()
    assert isinstance(refusal, WrongState)
    assert refusal.detail == "This chat was purged; nothing is left of it that could be kept."
    assert not RetentionMark.objects.exists()
    assert not Evaluation.objects.exists()


def test_of_a_mark_and_a_purge_at_once_both_end_well(city: City) -> None:
    for _ in range(12):
        session, *_others = ended(city, 3)
        outcomes = race([lambda: void(keep(session, city)), lambda: void(run())])  # noqa: B023
        left = set(ChatSession.objects.filter(retained=False).values_list("pk", flat=True))
        assert left == set()
        is_kept = ChatSession.objects.filter(pk=session.pk).exists()
        assert RetentionMark.objects.filter(session=session.pk).exists() == is_kept
        assert outcomes == ({"ok": 2} if is_kept else {"ok": 1, "wrong_state": 1})


# Two purges ---------------------------------------------------------------------------
def test_a_second_purge_is_told_that_one_is_running(city: City) -> None:
    ended(city, 3)
    with a_purge_that_has_deleted():
        refusal = Other(run).end()
    assert isinstance(refusal, WrongState)
    assert refusal.detail == "Another purge is running. Look again in a moment."
    assert PurgeRun.objects.get().deleted == 3


def test_of_four_purges_at_once_nothing_is_deleted_or_written_twice(city: City) -> None:
    ended(city, 20)
    outcomes = race([lambda: void(run())] * 4)
    assert set(outcomes) <= {"ok", "wrong_state"}
    assert outcomes["ok"] >= 1
    assert sum(PurgeRun.objects.values_list("deleted", flat=True)) == 20
    assert LedgerEntry.objects.count() == LedgerEntry.objects.values("subject").distinct().count() == 20


# Messages -----------------------------------------------------------------------------
def test_messages_go_on_while_the_purge_runs_and_do_not_wait_for_it(city: City) -> None:
    ended(city, 3)
    running = ActiveSessionFactory(department=city.general, agent=city.rosa, requested_at=TWO, token_digest="t")
    draft = Draft(running.pk, uuid.uuid4(), Side.CUSTOMER, "Hello", TWO, token_digest="t")
    with a_purge_that_has_deleted():
        results = Other(lambda: append([draft])).end()
    assert isinstance(results, list)
    assert results[0].error is None
    assert running.events.get().text == "Hello"


def test_a_message_into_a_chat_that_is_being_deleted_is_refused_without_waiting(city: City) -> None:
    [session] = ended(city)
    drafts = [
        Draft(session.pk, uuid.uuid4(), Side.CUSTOMER, "Hello", TWO, token_digest=session.token_digest),
        Draft(session.pk, uuid.uuid4(), Side.AGENT, "Hello", TWO, agent_id=city.rosa.pk, name="Rosa"),
    ]
    with a_purge_that_has_deleted():
        results = Other(lambda: append(drafts)).end()
    assert isinstance(results, list)
    assert [result.error.code for result in results] == ["unauthorized", "not_found"]
    assert not ChatSession.objects.exists()


def test_a_chat_inside_its_grace_is_not_touched_by_a_purge_meanwhile(city: City) -> None:
    [session] = ended(city, at=TWO - 20 * timedelta(minutes=1))
    draft = Draft(session.pk, uuid.uuid4(), Side.CUSTOMER, "Thanks", TWO, token_digest=session.token_digest)
    with a_purge_that_has_deleted():
        results = Other(lambda: append([draft])).end()
        marking = Other(lambda: keep(session, city)).end()
    assert isinstance(results, list)
    assert results[0].error.code == "ended"
    assert isinstance(marking, RetentionMark)
    assert ChatSession.objects.get().retained


# An evaluation and later chats --------------------------------------------------------
def again(city: City) -> ChatSession:
    request = Request(
        name="Dana", question="Again me.", department=city.general, language=city.english, returning_key=KEY
    )
    return request_chat(request, at=TWO).session


@pytest.fixture
def session(city: City) -> ChatSession:
    made: ChatSession = ActiveSessionFactory(
        department=city.general, agent=city.rosa, requested_at=TWO, returning_key=KEY
    )
    return made


def test_a_chat_that_begins_while_an_evaluation_opens_is_kept(city: City, session: ChatSession) -> None:
    with transaction.atomic():
        keep(session, city)
        asking = Other(lambda: again(city))
        asking.wait_until_it_waits()
    later = asking.end()
    assert isinstance(later, ChatSession)
    assert ChatSession.objects.get(pk=later.pk).retained


def test_a_chat_that_began_before_the_evaluation_opened_is_not(city: City, session: ChatSession) -> None:
    with transaction.atomic():
        later = again(city)
        marking = Other(lambda: keep(session, city))
        marking.wait_until_it_waits()
    assert isinstance(marking.end(), RetentionMark)
    assert not ChatSession.objects.get(pk=later.pk).retained


def test_a_chat_that_begins_while_the_evaluation_closes_is_not_kept(city: City, session: ChatSession) -> None:
    evaluation = keep(session, city).evaluation
    with transaction.atomic():
        close_evaluation(evaluation.pk, by_id=city.supervisor.pk, reason="No ban.", at=TWO)
        asking = Other(lambda: again(city))
        asking.wait_until_it_waits()
    later = asking.end()
    assert isinstance(later, ChatSession)
    assert not ChatSession.objects.filter(retained=True).exists()


def test_a_chat_that_began_before_the_evaluation_closes_is_let_go_with_it(city: City, session: ChatSession) -> None:
    evaluation = keep(session, city).evaluation
    with transaction.atomic():
        later = again(city)
        assert ChatSession.objects.get(pk=later.pk).retained
        close = lambda: close_evaluation(evaluation.pk, by_id=city.supervisor.pk, reason="No ban.", at=TWO)  # noqa: E731
        closing = Other(close)
        closing.wait_until_it_waits()
    closing.end()
    assert not ChatSession.objects.filter(retained=True).exists()
    assert not RetentionMark.objects.holding().exists()


def test_two_decisions_at_once_leave_one(city: City, session: ChatSession) -> None:
    evaluation = keep(session, city).evaluation
    close = lambda: void(close_evaluation(evaluation.pk, by_id=city.supervisor.pk, reason="No.", at=TWO))  # noqa: E731
    assert race([close] * 4) == {"ok": 1, "wrong_state": 3}


def test_two_marks_at_once_open_one_evaluation(city: City, session: ChatSession) -> None:
    others = [
        ActiveSessionFactory(department=city.general, agent=city.rosa, requested_at=TWO, returning_key=KEY)
        for _ in range(2)
    ]
    jobs = [lambda each=each: void(keep(each, city)) for each in (session, session, *others)]
    assert race(jobs) == {"ok": 4}
    assert Evaluation.objects.count() == 1
    assert RetentionMark.objects.count() == 3


def test_requests_marks_and_decisions_at_once_never_leave_a_hold_without_a_mark(
    city: City, session: ChatSession
) -> None:
    for _ in range(6):
        evaluation = keep(session, city).evaluation
        jobs = [
            lambda: void(again(city)),
            lambda: void(close_evaluation(evaluation.pk, by_id=city.supervisor.pk, reason="No.", at=TWO)),  # noqa: B023
            lambda: void(again(city)),
            lambda: void(keep(session, city)),
        ]
        assert race(jobs)["ok"] == 4
        held = set(RetentionMark.objects.holding().values_list("session", flat=True))
        assert set(ChatSession.objects.filter(retained=True).values_list("pk", flat=True)) == held
        for open_one in Evaluation.objects.open():
            close_evaluation(open_one.pk, by_id=city.supervisor.pk, reason="No.", at=TWO)


# Killed in the middle -----------------------------------------------------------------
_PURGE = """
import django; django.setup()
from datetime import datetime
from chat.actions import purge
purge(at=datetime.fromisoformat({at!r}), cause="by_hand")
"""


def purge_in_a_process(failpoints: str) -> int:
    own = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}",
        "DJANGO_SETTINGS_MODULE": "contactcenter.settings",
        "TESTING": "1",
        "FAILPOINTS": failpoints,
    }
    command = [sys.executable, "-c", _PURGE.format(at=TWO.isoformat())]
    return subprocess.run(command, cwd=ROOT, env=environment, timeout=60).returncode


def test_a_purge_killed_in_the_middle_has_done_nothing_and_is_run_again(city: City) -> None:
    held, *_others = ended(city, 5)
    keep(held, city)
    assert purge_in_a_process("purge.before_commit") == -9
    assert (ChatSession.objects.count(), ChatEvent.objects.count()) == (5, 5)
    assert not PurgeRun.objects.exists()
    assert not LedgerEntry.objects.exists()
    assert purge_in_a_process("") == 0
    done = PurgeRun.objects.get()
    assert (done.deleted, done.kept, done.leftover) == (4, 1, 0)
    assert list(ChatSession.objects.all()) == [held]
    assert ChatRecord.objects.count() == 5
