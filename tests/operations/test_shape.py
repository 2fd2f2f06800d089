"""The shape of docker-compose.yml without Docker: nginx before two web processes and one of pages."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from http.cookiejar import CookieJar
from pathlib import Path
from string import Template
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from agents.models import Agent, Presence
from chat.models import ChatEvent, ChatSession, Connection
from contactcenter.lib.embedded import die_with_parent
from contactcenter.lib.hashing import keyed_hash
from contactcenter.operations.stores import ROOT
from tests.factories import PASSWORD, AgentFactory, DepartmentFactory, LanguageFactory, MembershipFactory
from tests.patience import SOON
from tests.policies.factories import keep_chats
from tests.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)
CLIENT = "127.0.0.2"  # another address than the proxy's, which is trusted


@pytest.fixture(scope="module")
def nginx() -> str:
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if path is None:
        reason = "There is no nginx. Install it (Debian: apt-get install nginx-light)."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return path


class Shape:
    """Everything that runs, and its one address."""

    def __init__(self, folder: Path, nginx: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._processes: list[subprocess.Popen[bytes]] = []
        web, pages = [free_port(), free_port()], free_port()
        for port in web:
            command = ["uvicorn", "contactcenter.asgi:application", "--port", str(port), "--log-level", "warning"]
            self._start([sys.executable, "-m", *command, "--no-proxy-headers", "--ws-per-message-deflate", "false"])
        bind = [
            "--bind",
            f"127.0.0.1:{pages}",
            "--worker-tmp-dir",
            str(folder),
            "--threads",
            "2",
            "--no-control-socket",
        ]
        self._start([sys.executable, "-m", "gunicorn", "contactcenter.wsgi:application", *bind])
        self._start([nginx, "-p", str(folder), "-e", "stderr", "-c", str(self._configuration(folder, web, pages))])
        for port in (*web, pages, self.port):
            wait_until_healthy(f"http://127.0.0.1:{port}/healthz")

    def _configuration(self, folder: Path, web: list[int], pages: int) -> Path:
        template = (ROOT / "deploy" / "nginx.conf.template").read_text()
        values = {
            "LISTEN": f"127.0.0.1:{self.port}",
            "WEB": "; server ".join(f"127.0.0.1:{port}" for port in web),
            "PAGES": f"127.0.0.1:{pages}",
            "SCHEME": "http",
        }
        site = folder / "site.conf"
        site.write_text(Template(template).safe_substitute(values))
        places = "".join(
            f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration = folder / "nginx.conf"
        configuration.write_text(
            f"daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nevents {{}}\n"
            f"http {{\n{places}include {site};\n}}\n"
        )
        return configuration

    def _start(self, command: list[str]) -> None:
        own = connection.settings_dict
        environment = os.environ | {
            "DATABASE_URL": f"postgresql://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}",
            "REDIS_URL": settings.REDIS_URL,
            "TESTING": "1",
            "TRUSTED_PROXIES": "127.0.0.1/32",
            "ALLOWED_ORIGINS": self.url,
            "LIMIT_CHATS_PER_ADDRESS_HOUR": "2",
        }
        process = subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=die_with_parent(signal.SIGTERM))
        self._processes.append(process)

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait(SOON)


def wait_until_healthy(url: str) -> None:
    deadline, pause = time.monotonic() + SOON, threading.Event()
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            pause.wait(0.05)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture
def shape(nginx: str, tmp_path: Path, transactional_db: None) -> Iterator[Shape]:
    started = Shape(tmp_path, nginx)
    yield started
    started.stop()


@pytest.fixture
def agent(transactional_db: None) -> Agent:
    keep_chats()
    LanguageFactory()
    department = DepartmentFactory(code="general", name="General services", is_default=True)
    agent: Agent = AgentFactory(user__roles=["agent"], presence=Presence.ONLINE)
    MembershipFactory(agent=agent, department=department)
    return agent


def ask(shape: Shape, forwarded: str = "") -> tuple[int, dict[str, Any]]:
    """Ask for a chat through the proxy as `CLIENT`, with a header that a client may forge."""
    body = json.dumps({"name": "Dana", "question": "Is the pool open?", "language": "en"})
    headers = {"Content-Type": "application/json", **({"X-Forwarded-For": forwarded} if forwarded else {})}
    browser = HTTPConnection("127.0.0.1", shape.port, timeout=SOON, source_address=(CLIENT, 0))
    browser.request("POST", "/api/v1/chat/sessions", body, headers)
    with browser.getresponse() as response:
        answer: tuple[int, dict[str, Any]] = response.status, json.load(response)
    browser.close()
    return answer


def log_in(shape: Shape, agent: Agent) -> str:
    """Log in on the pages as a browser does; return the cookie header."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(f"{shape.url}/accounts/login/", timeout=SOON).read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    form = {"username": agent.user.username, "password": PASSWORD, "csrfmiddlewaretoken": found[1]}
    address = f"{shape.url}/accounts/login/"
    request = urllib.request.Request(address, urllib.parse.urlencode(form).encode(), {"Referer": address})
    browser.open(request, timeout=SOON).read()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def desk(shape: Shape, cookie: str, stack: ExitStack) -> ClientConnection:
    address = f"ws://127.0.0.1:{shape.port}/ws/desk/"
    socket = stack.enter_context(connect(address, origin=Origin(shape.url), additional_headers={"Cookie": cookie}))
    send(socket, type="hello", cursors={})
    receive(socket, type="welcome")
    return socket


def customer(shape: Shape, chat: dict[str, Any], stack: ExitStack) -> ClientConnection:
    socket = stack.enter_context(connect(f"ws://127.0.0.1:{shape.port}/ws/chat/", origin=Origin(shape.url)))
    send(socket, type="hello", session=chat["session"], token=chat["token"], last_seq=0)
    receive(socket, type="welcome")
    return socket


def send(socket: ClientConnection, **frame: Any) -> None:
    socket.send(json.dumps(frame))


def receive(socket: ClientConnection, **members: Any) -> dict[str, Any]:
    """Return the next frame with these members."""
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(SOON))
        if members.items() <= frame.items():
            return frame


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closes the sockets that a test opens."""
    with ExitStack() as opened:
        yield opened


def test_a_chat_whose_sides_sit_on_different_processes(shape: Shape, agent: Agent, stack: ExitStack) -> None:
    cookie = log_in(shape, agent)
    _status, chat = ask(shape)
    theirs = customer(shape, chat, stack)
    sockets = [desk(shape, cookie, stack), desk(shape, cookie, stack)]  # one of the two sits on the other process
    place = Connection.objects.get(session_id=chat["session"]).instance
    others = list(Connection.objects.filter(agent=agent).order_by("opened_at").values_list("instance", flat=True))
    assert len({place, *others}) == 2
    ours = sockets[next(index for index, instance in enumerate(others) if instance != place)]

    send(ours, type="accept", session=chat["session"], ref="a")
    receive(ours, type="ok", ref="a")
    receive(theirs, type="event", kind="joined")
    for number in range(5):
        send(theirs, type="message", id=str(uuid.uuid4()), text=f"from the customer {number}")
        seq = receive(theirs, type="ack")["seq"]
        assert receive(ours, type="event", seq=seq)["text"] == f"from the customer {number}"
        send(ours, type="message", session=chat["session"], id=str(uuid.uuid4()), text=f"from the agent {number}")
        seq = receive(ours, type="ack")["seq"]
        assert receive(theirs, type="event", seq=seq)["text"] == f"from the agent {number}"
    send(theirs, type="typing")
    assert receive(ours, type="typing")["from"] == "customer"
    send(theirs, type="end", ref="e")
    receive(theirs, type="ok", ref="e")
    receive(ours, type="event", kind="ended")
    seqs = list(ChatEvent.objects.filter(session_id=chat["session"]).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def test_the_address_is_read_through_the_proxy_and_a_forged_one_is_ignored(shape: Shape, agent: Agent) -> None:
    assert [ask(shape)[0], ask(shape, forwarded="203.0.113.7")[0]] == [201, 201]
    keys = set(ChatSession.objects.values_list("address_key", flat=True))
    assert keys == {keyed_hash("address", CLIENT)}
    status, refusal = ask(shape, forwarded="203.0.113.8")
    assert (status, refusal["code"]) == (429, "too_many")


def test_the_proxy_names_requests_and_a_name_from_outside_is_not_taken(shape: Shape, agent: Agent) -> None:
    for path in ("/healthz", "/api/v1/chat/availability?department=general"):  # pages and web
        request = urllib.request.Request(f"{shape.url}{path}", headers={"X-Request-ID": "0" * 32})
        with urllib.request.urlopen(request, timeout=SOON) as answer:
            assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])
            assert answer.headers["X-Request-ID"] != "0" * 32


def test_pages_and_files_come_through_the_proxy(shape: Shape, agent: Agent) -> None:
    for path in ("/", "/chat/", "/static/base.css", "/api/v1/chat/availability"):
        with urllib.request.urlopen(f"{shape.url}{path}", timeout=SOON) as answer:
            assert answer.status == 200, path


def test_compose_names_what_the_proxy_and_the_image_need() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    wanted = set(re.findall(r"\$\{([A-Z]+)\}", (ROOT / "deploy" / "nginx.conf.template").read_text()))
    assert wanted == {"LISTEN", "WEB", "PAGES", "SCHEME"}
    for name in wanted:
        assert f"{name}:" in compose
    for service in ("nginx", "migrate", "web", "pages", "worker", "beat-a", "beat-b", "postgres", "redis"):
        assert re.search(rf"^  {service}:", compose, re.MULTILINE), service


def test_the_images_lock_is_a_part_of_the_lock() -> None:
    pins = [
        {line.split(" ")[0] for line in (ROOT / path).read_text().splitlines() if "==" in line.split(" ")[0]}
        for path in ("deploy/requirements.lock", "requirements.lock")
    ]
    assert pins[0] < pins[1]
