"""A city with documents and rules, and keepers that find what a test wants found."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable, Iterator
from datetime import date

import pytest
import time_machine
from django.test import Client

from agents.models import Role
from policies import conformance
from policies.catalogue import sources
from policies.conformance import Check, Finding, Keeper
from policies.models import Document
from tests.factories import UserFactory, log_in

NOW = "2026-03-02T15:00:00Z"
Keep = Callable[..., None]


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch) -> Keep:
    """Returns a function that lets a rule be kept as the test says, until its end."""

    def set_keeper(
        rule: str, found: Finding | Check | None = None, *, lacks: str = "", is_transient: bool = False
    ) -> None:
        check = (lambda _period: found) if isinstance(found, Finding) else found
        keeper = Keeper("The test keeps it.", check, lacks, is_transient)
        monkeypatch.setitem(conformance._keepers, rule, keeper)

    return set_keeper


def document(code: str = "EM", **dates: date) -> Document:
    """Return a document of the catalogue as this city's, without dates unless they are given."""
    source = next(each for each in sources() if each.code == code)
    row = {"title": source.title, "body": source.body, "citation": source.citation}
    made: Document = Document.objects.create(code=code, **{**row, **dates})
    return made


def client_of(*roles: str) -> Client:
    """Return a browser of somebody with these roles; without any, of a resident."""
    client = Client()
    if roles:
        log_in(client, UserFactory(first_name="Priscilla", roles=roles))
    return client


@pytest.fixture
def resident() -> Client:
    return client_of()


@pytest.fixture
def staff() -> Client:
    return client_of(Role.AGENT)


def clause(html: str, rule: str) -> str:
    """Return what the page says of one rule, as plain text."""
    part = html.split(f'<li id="{rule}"', 1)[1].split('<p class="mark-of">')[1]
    part = part.split("</section>")[0]
    return " ".join(entities.unescape(re.sub(r"<[^>]+>", " ", part)).split())


def anchors(html: str) -> list[str]:
    return re.findall(r'<li id="([^"]+)"', html)
