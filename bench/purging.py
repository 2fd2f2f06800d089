"""Fills the chat's tables, purges them, and times messages that are stored meanwhile; `bench.purge` calls it.

A process of its own, with the product's settings: `python -m bench.purging SESSIONS EVENTS_EACH` prints JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import asdict
from datetime import UTC, datetime

import django

django.setup()

from django.db import connection  # noqa: E402  (models need the settings)

from agents.models import Agent, Department  # noqa: E402
from bench.purge import Times  # noqa: E402
from bench.servers import ROOT  # noqa: E402
from chat.actions import Draft, append  # noqa: E402
from chat.models import ChatSession, PurgeRun, Side  # noqa: E402

WRITERS, PAUSE = 2, 0.01  # seconds between two messages of a writer
BEFORE = 3.0  # seconds of messages without a purge

FILL = """
INSERT INTO chat_chatsession (id, department_id, language_id, topic, status, outcome, priority, customer_name,
    customer_email, customer_phone, token_digest, request_key, returning_key, address_key, last_seq, requested_at,
    queued_at, ended_at, wrapped_up_at)
SELECT gen_random_uuid(), %(department)s, 'en', '', 'ended', 'resolved', 0, 'Dana', '', '', md5(n::text), '', '', '',
    %(events)s, now() - interval '5 hours', now() - interval '5 hours', now() - interval '4 hours',
    now() - interval '3 hours'
FROM generate_series(1, %(sessions)s) n
"""
FILL_EVENTS = """
INSERT INTO chat_chatevent (session_id, seq, uid, kind, side, name, text, is_changed, at, rule, data)
SELECT s.id, n, gen_random_uuid(), 'message', 'customer', 'Dana', 'When is my bin collected, and where do I put it?',
    false, s.requested_at, '', '{}'
FROM chat_chatsession s CROSS JOIN generate_series(1, %(events)s) n WHERE s.status = 'ended'
"""


class Messages:
    """Writers that go on storing messages in running chats, each timed."""

    def __init__(self, sessions: list[uuid.UUID], agent_id: int) -> None:
        self.sessions, self.agent_id = sessions, agent_id
        self.waits: list[float] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def take(self) -> list[float]:
        waits, self.waits = self.waits, []
        return sorted(waits)

    def _write(self, number: int) -> None:

        session = self.sessions[number]
        while not self._stop.is_set():
            draft = Draft(session, uuid.uuid4(), Side.AGENT, "On Tuesday.", datetime.now(UTC), agent_id=self.agent_id)
            begun = time.perf_counter()
            (result,) = append([draft])
            self.waits.append(time.perf_counter() - begun)
            assert result.error is None, result.error
            self._stop.wait(PAUSE)
        connection.close()


def measure(sessions: int, events: int) -> Times:
    """Fill the tables, write messages, purge meanwhile."""
    department = Department.objects.get(is_default=True)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"department": department.pk, "sessions": sessions, "events": events})
        cursor.execute(FILL_EVENTS, {"events": events})
        cursor.execute("ANALYZE")
    agent = Agent.objects.order_by("pk")[0]
    running = [_running(department, agent, number) for number in range(WRITERS)]
    messages = Messages(running, agent.pk)
    messages.start()
    time.sleep(BEFORE)
    before = messages.take()
    locks = Locks()
    locks.start()
    begun = time.perf_counter()
    command = [sys.executable, "manage.py", "purge_transcripts"]  # a process of its own, as the worker is
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    took = time.perf_counter() - begun
    locks.stop()
    messages.stop()
    during = messages.take()
    run = PurgeRun.objects.latest("pk")
    assert (run.deleted, run.leftover) == (sessions, 0), run
    if locks.strong:
        raise RuntimeError(f"The purge held {locks.strong}.")
    return Times(run.deleted, took, during[-1], before[-1], _p95(during), _p95(before), locks.seen)


class Locks(threading.Thread):
    """Looks at the table locks of the chat while the purge runs."""

    ALLOWED = frozenset({"AccessShareLock", "RowShareLock", "RowExclusiveLock"})

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.strong = 0, set[str]()
        self._stop_asked = threading.Event()

    def run(self) -> None:

        while not self._stop_asked.wait(0.2):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
                    "JOIN pg_stat_activity a ON a.pid = l.pid AND a.backend_type = 'client backend' "
                    "WHERE c.relname LIKE 'chat\\_%%' AND l.granted"
                )
                held = set(cursor.fetchall())
            self.seen = max(self.seen, len(held))
            self.strong |= {f"{mode} on {table}" for table, mode in held if mode not in self.ALLOWED}
        connection.close()

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()


def _running(department: Department, agent: Agent, number: int) -> uuid.UUID:
    at = datetime.now(UTC)
    session = ChatSession.objects.create(
        department=department,
        language_id="en",
        customer_name="Rosa",
        token_digest=f"running {number}",
        agent=agent,
        status="active",
        requested_at=at,
        queued_at=at,
        accepted_at=at,
    )
    return session.pk


def _p95(waits: list[float]) -> float:
    return waits[int(len(waits) * 0.95)]


if __name__ == "__main__":
    print(json.dumps(asdict(measure(int(sys.argv[1]), int(sys.argv[2])))))
