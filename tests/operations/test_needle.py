"""The needle: one word that a resident wrote, looked for everywhere once its chat is purged.

Web, worker and beat run as in a city; before the purge the word goes through a constraint error, a failing sweep and an
exception on the way of a message. Back-ups and restored copies are looked through where they are made.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from agents.models import Agent, Presence
from chat.actions import purge
from chat.models import ChatEvent, ChatSession, PurgeRun
from contactcenter.lib.embedded import _postgres_binaries, die_with_parent
from contactcenter.operations.stores import ROOT
from tests.factories import (
    AgentFactory,
    DepartmentFactory,
    LanguageFactory,
    LogInFactory,
    MembershipFactory,
    WordingFactory,
    as_owner,
)
from tests.needles import texts_in_database, texts_in_valkey, where
from tests.operations.test_real_silence import socket
from tests.operations.test_shape import receive, send
from tests.patience import SOON
from tests.policies.factories import adopt, keep_chats
from tests.ports import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rule("EM-RET-A")]
NEEDLE = "zwiebelturm"


class City:
    """Web, worker and beat, with the commands of the product; `log` is what they wrote to stderr and stdout."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "processes.log"
        own = connection.settings_dict
        self.environment = os.environ | {
            "DATABASE_URL": f"postgresql://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}",
            "REDIS_URL": settings.REDIS_URL,
            "TESTING": "1",
        }
        celery = ["celery", "--app", "contactcenter.celery", "--quiet"]
        commands = [
            ["uvicorn", "contactcenter.asgi:application", "--port", str(self.port), "--log-level", "info"],
            [*celery, "worker", "--loglevel", "INFO", "--pool", "threads", "--concurrency", "2", "--queues", "sweeps"],
            [*celery, "beat", "--loglevel", "INFO", "--schedule", str(folder / "beat")],
        ]
        with self.log.open("ab") as log:
            self.processes = [
                subprocess.Popen(
                    [sys.executable, "-m", *command],
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    preexec_fn=die_with_parent(signal.SIGTERM),
                )
                for command in commands
            ]
        self.wait_until(self._answers, "the web process does not answer")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5):
                return True
        except OSError:
            return False

    @staticmethod
    def wait_until(is_so: Any, otherwise: str) -> None:
        deadline = time.monotonic() + SOON
        while not is_so():
            assert time.monotonic() < deadline, otherwise
            time.sleep(0.1)

    def ask(self, **fields: str) -> dict[str, Any]:
        body = {"name": "Dana", "question": "Is the pool open?", "language": "en", **fields}
        address = f"http://127.0.0.1:{self.port}/api/v1/chat/sessions"
        request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=SOON) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            process.wait(SOON)


@pytest.fixture
def agent(transactional_db: None) -> Agent:
    LanguageFactory(code="en")
    department = DepartmentFactory(code="general", is_default=True)
    agent: Agent = AgentFactory(presence=Presence.ONLINE)
    MembershipFactory(agent=agent, department=department)
    WordingFactory(kind="greeting")
    keep_chats(grace_minutes=0)
    adopt("EM-PAY", page="https://pay.example", phone="555-0111")
    adopt("EM-IDLE-2", seconds=1)
    return agent


@pytest.fixture
def city(agent: Agent, tmp_path: Path) -> Iterator[City]:
    running = City(tmp_path)
    yield running
    running.stop()


@contextmanager
def broken(table: str, condition: str) -> Iterator[None]:
    """Let the database refuse rows of a table, as a fault of ours would."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT provoked CHECK ({condition}) NOT VALID")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT provoked")


def provoke_an_exception(resident: Any) -> None:
    """A message that the database refuses: its writer fails with the text in its hands."""
    with broken("chat_chatevent", f"text NOT LIKE '%{NEEDLE} fails%'"):
        send(resident, type="message", id=str(uuid.uuid4()), text=f"{NEEDLE} fails")
        receive(resident, type="error")


def provoke_a_constraint_error(city: City) -> None:
    """A request whose row the database refuses, name and question in its hands."""
    with broken("chat_chatsession", f"customer_name <> '{NEEDLE}'"):
        with pytest.raises(urllib.error.HTTPError) as failed:
            city.ask(name=NEEDLE, question=f"{NEEDLE}?")
        assert failed.value.code >= 500


def provoke_a_failed_sweep(city: City, asks: Callable[[], None]) -> None:
    """The agent asks, and no notice to a silent resident can be stored: the sweep fails on what bears the needle."""
    with broken("chat_chatevent", "rule <> 'EM-IDLE-2'"):
        asks()
        size = city.log.stat().st_size
        city.wait_until(lambda: "IntegrityError" in city.log.read_text()[size:], "no sweep has failed")


def live_through_a_chat(city: City, agent: Agent) -> str:
    """A chat in which everything bears the needle and much goes wrong; answer its session."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={LogInFactory(user=agent.user).session_key}"
    with ExitStack() as stack:
        chat = city.ask(
            name=f"Dana {NEEDLE}", question=f"Where is the {NEEDLE}?", topic=NEEDLE, email=f"{NEEDLE}@x.example"
        )
        session = chat["session"]
        resident = socket(stack, city, "/ws/chat/", {}, session=session, token=chat["token"], last_seq=0)  # type: ignore[arg-type]
        desk = socket(stack, city, "/ws/desk/", {"Cookie": cookie}, cursors={})  # type: ignore[arg-type]
        send(desk, type="presence", state="online")
        send(desk, type="accept", session=session, ref="accept")
        receive(desk, type="ok", ref="accept")
        provoke_a_constraint_error(city)
        provoke_an_exception(resident)
        send(resident, type="message", id=str(uuid.uuid4()), text=f"{NEEDLE} 4111 1111 1111 1111")
        receive(desk, type="event", kind="notice", rule="EM-PAY")

        def ask_and_be_heard() -> None:
            send(desk, type="message", session=session, id=str(uuid.uuid4()), text=f"The {NEEDLE} is closed.")
            receive(resident, type="event", kind="message", **{"from": "agent"})

        provoke_a_failed_sweep(city, ask_and_be_heard)
        send(desk, type="end", session=session, outcome="resolved", ref="end")
        receive(desk, type="ok", ref="end")
    return str(session)


def purge_it(session: str) -> None:
    assert ChatEvent.objects.filter(session=session, text__contains=NEEDLE).exists()
    later = timezone.now() + timedelta(minutes=16)
    assert purge(at=later, cause=PurgeRun.Cause.BY_HAND).leftover == 0
    assert not ChatSession.objects.exists()


def dump() -> str:
    """Return what a dump of the whole database says, schema and rows."""
    own = connection.settings_dict
    command = [str(_postgres_binaries() / "pg_dump"), "--inserts", "-h", own["HOST"], "-p", str(own["PORT"])]
    command += ["-U", own["USER"], own["NAME"]]
    done = subprocess.run(command, env=os.environ | {"PGPASSWORD": own["PASSWORD"]}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def log_of_postgres() -> str:
    """Return what our own embedded server has logged; the log of another one is not ours to read."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        base = Path(cursor.fetchone()[0]).parent
    log = base.with_name(f"{base.name}.log")
    return log.read_text(errors="replace") if log.exists() else ""


def test_after_the_purge_the_needle_is_found_nowhere(agent: Agent, city: City, tmp_path: Path) -> None:
    session = live_through_a_chat(city, agent)
    assert where(NEEDLE, texts_in_database())  # or there would be nothing to lose
    assert NEEDLE in dump()
    purge_it(session)
    city.stop()
    assert where(NEEDLE, texts_in_database()) == []  # history tables and outbox among them
    assert where(NEEDLE, texts_in_valkey()) == []
    assert NEEDLE not in dump()
    assert "provoked" in log_of_postgres() or not log_of_postgres()
    assert NEEDLE not in log_of_postgres()
    media = Path(settings.MEDIA_ROOT) if settings.MEDIA_ROOT else None
    files = [path for path in media.rglob("*") if path.is_file()] if media and media.is_dir() else []
    assert [path for path in files if NEEDLE.encode() in path.read_bytes()] == []


def test_a_text_of_a_chat_that_stayed_would_be_found(agent: Agent) -> None:
    """The search itself finds what is there: a needle that a damaged database kept."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chat_chatevent (session_id, seq, uid, kind, side, name, text, is_changed, at, rule, data) "
            "VALUES (gen_random_uuid(), 1, gen_random_uuid(), 'message', 'customer', '', '', false, now(), '', %s)",
            [json.dumps({"text": f"a {NEEDLE}"})],
        )
    assert where(NEEDLE, texts_in_database()) == ["chat_chatevent.data"]
    assert NEEDLE in dump()


def test_what_the_processes_logged_meanwhile_bears_no_needle(agent: Agent, city: City) -> None:
    live_through_a_chat(city, agent)
    city.stop()
    logged = city.log.read_text(errors="replace")
    assert "IntegrityError" in logged
    assert [line for line in logged.splitlines() if NEEDLE in line] == []
