"""The administrators' page says in words what `/metrics` and the doctor say to machines."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from agents.models import Role
from chat.actions import purge
from contactcenter.operations.actions import beat_heart
from contactcenter.operations.doctor import examine
from contactcenter.operations.metrics import read_figures
from contactcenter.operations.versions import own_version
from tests.factories import AgentFactory, DepartmentFactory, LanguageFactory, QueuedSessionFactory, log_in
from tests.operations.test_doctor import make_note_of_a_backup
from tests.policies.factories import keep_chats

pytestmark = pytest.mark.django_db


def words(client: Client) -> str:
    """Return the page as it is read, without tags."""
    answer = client.get("/health/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_each_check_and_each_figure_is_there(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=10**12))  # others write meanwhile
    QueuedSessionFactory(department=DepartmentFactory(code="water"), requested_at=timezone.now() - timedelta(minutes=5))
    page = words(admin_client)
    for check in examine():
        assert check.sentence.replace("'", "&#x27;") in page
    for figure in read_figures(at=timezone.now()):
        assert str(figure.meaning).replace("'", "&#x27;") in page or not figure.samples
    assert re.search(r"How long the first of them waits\. water 3\d\d s", page)
    assert f"Townline {own_version()}" in page


def test_what_is_to_be_mended_comes_first_and_is_counted(admin_client: Client, settings: Settings) -> None:
    settings.SECRET_KEY = "7q" * 30
    beat_heart("worker", at=timezone.now())
    keep_chats()
    purge(at=timezone.now(), cause="daily")
    make_note_of_a_backup()
    log_in(admin_client, AgentFactory(user__username="ada", user__roles=[Role.ADMIN]).user)
    page = words(admin_client)
    assert "1 part needs you" in page
    assert page.index("Start the Celery beat.") < page.index("PostgreSQL answers.")
    beat_heart("beat", at=timezone.now())
    assert "Everything is well" in words(admin_client)


def test_administrators_find_the_page_in_their_bar_and_others_do_not(admin_client: Client) -> None:
    LanguageFactory()
    assert b'href="/health/" aria-current="page"' in admin_client.get("/health/").content
    supervisor = Client()
    log_in(supervisor, AgentFactory(user__roles=[Role.SUPERVISOR]).user)
    assert b'href="/health/"' not in supervisor.get("/supervise/").content
    assert supervisor.get("/health/").status_code == 403
