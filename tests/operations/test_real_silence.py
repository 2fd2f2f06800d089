"""Silence in real time: web, worker and beat as they run in a city, with rows of 2 and 4 seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from agents.models import Agent, Presence
from chat.models import ChatEvent
from contactcenter.lib.embedded import die_with_parent
from contactcenter.operations.models import Heartbeat
from contactcenter.operations.stores import ROOT
from tests.factories import AgentFactory, DepartmentFactory, LanguageFactory, LogInFactory, MembershipFactory
from tests.faults.web import Web
from tests.operations.test_shape import receive, send
from tests.patience import SOON
from tests.policies.factories import adopt, keep_chats

pytestmark = pytest.mark.django_db(transaction=True)
ORIGIN = Origin("http://localhost:8000")
LAG = 60.0  # seconds that a sweep may come late on a busy machine: its own second, and the way through the queue


@pytest.fixture
def web() -> Iterator[Web]:
    running = Web().start()
    yield running
    running.stop()


@pytest.fixture
def sweeps(web: Web, tmp_path: Path) -> Iterator[None]:
    """A worker and a beat, with the commands of the product."""
    own = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "TESTING": "1",
    }
    celery = [sys.executable, "-m", "celery", "--app", "contactcenter.celery", "--quiet"]
    commands = [
        [*celery, "worker", "--loglevel", "ERROR", "--pool", "threads", "--concurrency", "2", "--queues", "sweeps"],
        [*celery, "beat", "--loglevel", "ERROR", "--schedule", str(tmp_path / "beat")],
    ]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=die_with_parent(signal.SIGTERM))
        for command in commands
    ]
    try:
        wait_for_a_beat()
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(SOON)


def wait_for_a_beat() -> None:
    """Return once worker and beat have done something together: how long they take to start is not measured."""
    deadline = time.monotonic() + SOON
    while not Heartbeat.objects.filter(name="beat").exists():
        assert time.monotonic() < deadline, "worker and beat have not begun to work"
        time.sleep(0.1)


@pytest.fixture
def agent(transactional_db: None) -> Agent:
    LanguageFactory(code="en")
    department = DepartmentFactory(code="general", is_default=True)
    agent: Agent = AgentFactory(presence=Presence.ONLINE)
    MembershipFactory(agent=agent, department=department)
    keep_chats()
    adopt("EM-IDLE-2", seconds=2)
    adopt("EM-IDLE-4", seconds=4)
    return agent


def ask(web: Web) -> dict[str, Any]:
    body = json.dumps({"name": "Dana", "question": "Is the pool open?", "language": "en"}).encode()
    address = f"http://127.0.0.1:{web.port}/api/v1/chat/sessions"
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=SOON) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def socket(stack: ExitStack, web: Web, path: str, headers: dict[str, str], **hello: Any) -> ClientConnection:
    address = f"ws://127.0.0.1:{web.port}{path}"
    opened = stack.enter_context(connect(address, origin=ORIGIN, additional_headers=headers))
    send(opened, type="hello", **hello)
    receive(opened, type="welcome")
    return opened


@pytest.mark.rule("EM-IDLE-2")
@pytest.mark.rule("EM-IDLE-4")
def test_the_notice_comes_after_two_seconds_and_the_end_after_two_more(agent: Agent, web: Web, sweeps: None) -> None:
    cookie = f"{settings.SESSION_COOKIE_NAME}={LogInFactory(user=agent.user).session_key}"
    with ExitStack() as stack:
        chat = ask(web)
        resident = socket(stack, web, "/ws/chat/", {}, session=chat["session"], token=chat["token"], last_seq=0)
        desk = socket(stack, web, "/ws/desk/", {"Cookie": cookie}, cursors={})
        send(desk, type="presence", state="online")
        send(desk, type="accept", session=chat["session"], ref="accept")
        receive(desk, type="ok", ref="accept")
        send(desk, type="message", session=chat["session"], id=str(uuid.uuid4()), text="Which pool?")
        receive(resident, type="event", kind="message", **{"from": "agent"})
        heard, arrived = [], []
        while "ended" not in heard:
            heard.append(receive(resident, type="event")["kind"])
            arrived.append(time.monotonic())
    assert heard == ["notice", "ended"]
    assert arrived[1] - arrived[0] < 2 + LAG
    written, asked, ended = ChatEvent.objects.filter(session=chat["session"]).order_by("-seq")[:3][::-1]
    assert [event.rule for event in (asked, ended)] == ["EM-IDLE-2", "EM-IDLE-4"]
    assert 2 <= (asked.at - written.at).total_seconds() <= 2 + LAG
    assert 2 <= (ended.at - asked.at).total_seconds() <= 2 + LAG
