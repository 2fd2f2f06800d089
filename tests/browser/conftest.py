"""A real browser against the real server: one Chromium, one uvicorn on the test's database, one foreign site."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from agents.models import Agent, Department, Presence
from chat.models import Connection, Wording
from policies.models import ScreeningWord
from tests.browser.watch import Watch
from tests.factories import AgentFactory, DepartmentFactory, LanguageFactory, MembershipFactory, WordingFactory
from tests.operations.test_shape import wait_until_healthy
from tests.policies.factories import adopt, keep_chats
from tests.ports import free_port

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30_000  # milliseconds a page may take; only a failing test waits that long
expect.set_options(timeout=PATIENCE)


def chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


@pytest.fixture(scope="package")
def chromium_path() -> str:
    path = chromium()
    if path is None:
        reason = "There is no Chromium. Install one (Debian: apt-get install chromium) or set CHROMIUM to its path."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return path


@pytest.fixture(scope="package")
def playwright(chromium_path: str) -> Iterator[Playwright]:
    """Playwright keeps an event loop in this thread: the ORM is allowed beside it until the browser tests are over."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="package")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
    yield launched
    launched.close()


@dataclass
class Server:
    """The product in a process of its own, and the websites around it.

    `sister`: another origin of the same site, where a frame may keep things. `foreign`: another
    site, where Chromium blocks storage in our frame. `stranger`: not in `EMBED_SITES`.
    """

    port: int
    sister: str
    foreign: str
    stranger: str
    process: subprocess.Popen[str] | None = None
    started_at: datetime | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.started_at = timezone.now()
        self.process = subprocess.Popen(self._command(), env=self._environment(), stderr=subprocess.PIPE, text=True)
        Thread(target=self._pass_on, args=(self.process,), daemon=True).start()
        wait_until_healthy(f"{self.url}/healthz")

    @staticmethod
    def _pass_on(process: subprocess.Popen[str]) -> None:
        """What the server complains of belongs into the test's report."""
        assert process.stderr is not None
        for line in process.stderr:
            sys.stderr.write(line)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Killed, and started again afterwards, whatever the test finds in between."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def forgets_closed_sockets(self) -> bool:
        """Wait until it has forgotten the sockets that were closed: a flush meanwhile could meet its locks."""
        patience = time.monotonic() + PATIENCE / 1000
        while Connection.objects.filter(opened_at__gte=self.started_at).exists():
            if time.monotonic() > patience:
                return False
            time.sleep(0.05)
        return True

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def _command(self) -> list[str]:
        uvicorn = [sys.executable, "-m", "uvicorn", "contactcenter.asgi:application", "--port", str(self.port)]
        return [*uvicorn, "--ws-max-size", "131072", "--ws-per-message-deflate", "false", "--no-access-log"]

    def _environment(self) -> dict[str, str]:
        own = connection.settings_dict
        database = f"postgresql://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}"
        return os.environ | {
            "DATABASE_URL": database,
            "REDIS_URL": settings.REDIS_URL,
            "TESTING": "1",
            "DATA_DIR": "/srv/townline",  # is shown at /health/: no path of this machine in the pictures
            "PORT": str(self.port),
            "EMBED_SITES": f"{self.sister},{self.foreign}",
            "LIMIT_SOCKETS_PER_ADDRESS": "0",
            "LIMIT_CHATS_PER_ADDRESS_HOUR": "0",
        }


class ForeignPage(BaseHTTPRequestHandler):
    """A page of the city's website: its own look, a strict policy, one line of ours."""

    product = ""

    def do_GET(self) -> None:
        title = self.path.strip("/") or "water"
        script = f'<script src="{self.product}/static/chat/embed.js" data-department="general" defer></script>'
        body = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{script}</head>
<body><main><h1>About {title}</h1><p>Bills come every two months.</p>
<a href="/parks">Parks</a> <a href="/water">Water</a></main></body></html>"""
        ours = f"script-src {self.product}; frame-src {self.product}"
        policy = f"default-src 'none'; {ours}; form-action 'none'; base-uri 'none'"
        self.send_response(200 if title in ("water", "parks") else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="package")
def server(django_db_setup: None) -> Iterator[Server]:
    """The product and, on other ports and another host name, the websites around it."""
    sites = [ThreadingHTTPServer(("127.0.0.1", 0), ForeignPage) for _ in range(2)]
    for site in sites:
        Thread(target=site.serve_forever, daemon=True).start()
    known, unknown = (site.server_port for site in sites)
    running = Server(
        port=free_port(),
        sister=f"http://127.0.0.1:{known}",
        foreign=f"http://localhost:{known}",
        stranger=f"http://127.0.0.1:{unknown}",
    )
    ForeignPage.product = running.url
    running.start()
    yield running
    running.kill()
    for site in sites:
        site.shutdown()
        site.server_close()


EMERGENCY_WORDS = (("life", "smell gas"), ("life", "house is on fire"), ("city", "water main"))


@dataclass(frozen=True)
class City:
    general: Department
    rosa: Agent
    rudi: Agent


@pytest.fixture
def city(transactional_db: None, playwright: Playwright, server: Server) -> Iterator[City]:
    """One department, two agents who are online with three seats each; chats are kept for the day and screened."""
    keep_chats()
    adopt("EM-PII-B", ask_email=False, ask_phone=False)
    adopt("EM-PAY", page="https://maplebrook.example/pay", phone="555-0177")
    adopt("EM-911", life_number="911", non_emergency_number="555-0111", city_number="555-0199")
    ScreeningWord.objects.bulk_create(
        ScreeningWord(language="en", kind=kind, phrase=phrase) for kind, phrase in EMERGENCY_WORDS
    )
    english = LanguageFactory(code="en", name="English")
    general = DepartmentFactory(
        code="general",
        name="General services",
        is_default=True,
        phone="555-0100",
        email="hello@maplebrook.example",
        hours_text="Monday to Friday, 8:30 a.m. to 4:30 p.m.",
    )
    WordingFactory(
        kind=Wording.Kind.GREETING, language=english, text="Hello, I am {agent} from {department}. How can I help?"
    )
    WordingFactory(
        kind=Wording.Kind.COLLECTION,
        language=english,
        text="We use what you type to answer you. It is deleted every day.",
    )
    people = [agent(name, general) for name in ("Rosa", "Rudi")]
    for each in people:
        each.languages.add(english)
    yield City(general, *people)
    assert server.forgets_closed_sockets()


def agent(name: str, department: Department) -> Agent:
    """Return an agent who may accept at once."""
    made: Agent = AgentFactory(user__first_name=name, user__display_name=name, seats=3, presence=Presence.ONLINE)
    MembershipFactory(agent=made, department=department)
    return made


@pytest.fixture
def watch(server: Server) -> Iterator[Watch]:
    """Fails the test on a console error, a policy violation or a request to another host."""
    watching = Watch(hosts={server.url, server.sister, server.foreign, server.stranger})
    yield watching
    assert watching.faults() == []


@pytest.fixture
def new_context(browser: Browser, watch: Watch, server: Server) -> Iterator[Callable[..., BrowserContext]]:
    """Returns a function that opens a window of its own, watched."""
    opened: list[BrowserContext] = []

    def open_window(width: int = 1280, height: int = 800, **options: object) -> BrowserContext:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            **options,  # type: ignore[arg-type]
        )
        context.set_default_timeout(PATIENCE)
        watch.over(context)
        opened.append(context)
        return context

    yield open_window
    for context in opened:
        context.close()


PICTURES = Path(settings.BASE_DIR) / "docs" / "pictures"
