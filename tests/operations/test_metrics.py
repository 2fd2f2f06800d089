"""`/metrics`: what operators' graphs and alarms are made of."""

from __future__ import annotations

import ast
import ipaddress
import os
import re
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as product
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from agents.models import Presence
from chat.models import Connection
from contactcenter.operations.actions import beat_heart
from contactcenter.operations.metrics import as_text, read_figures
from tests.factories import (
    ActiveSessionFactory,
    AgentFactory,
    DepartmentFactory,
    MailFactory,
    QueuedSessionFactory,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def figures() -> dict[tuple[str, str], float]:
    """Return the number of each name and value of its label, as Prometheus reads them."""
    families = text_string_to_metric_families(as_text(read_figures(at=NOW)).decode())
    return {
        (sample.name, "".join(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


@pytest.fixture
def operator(settings: Settings) -> Client:
    settings.OPS_ALLOW = [ipaddress.ip_network("127.0.0.1/32")]
    return Client()


def test_it_is_for_operators_and_not_there_for_others(operator: Client, settings: Settings) -> None:
    answer = operator.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert answer["Cache-Control"] == "no-store"
    assert b"# TYPE townline_chats_active gauge" in answer.content
    settings.OPS_ALLOW = []
    assert Client().get("/metrics").status_code == 404
    settings.OPS_TOKEN = "a token of operators"
    assert Client(headers={"authorization": "Bearer another"}).get("/metrics").status_code == 404
    assert Client(headers={"authorization": "Bearer a token of operators"}).get("/metrics").status_code == 200


def test_it_is_asked_past_the_proxy_where_the_public_has_https() -> None:
    code = "from contactcenter import settings; print(settings.SECURE_REDIRECT_EXEMPT)"
    environment = {**os.environ, "HTTPS": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=product.BASE_DIR, env=environment, stdout=subprocess.PIPE)
    assert [re.search(each, "metrics") for each in ast.literal_eval(done.stdout.decode())][-1]


def test_queues_are_counted_by_department_and_an_empty_one_is_told_too() -> None:
    water = DepartmentFactory(code="water")
    DepartmentFactory(code="parks")
    QueuedSessionFactory(department=water, requested_at=ago(90))
    QueuedSessionFactory(department=water, requested_at=ago(30))
    found = figures()
    assert found["townline_queue_chats", "water"] == 2
    assert found["townline_queue_longest_wait_seconds", "water"] == 90
    assert found["townline_queue_chats", "parks"] == 0
    assert found["townline_queue_longest_wait_seconds", "parks"] == 0


def test_running_chats_are_counted_and_a_late_timer_is_told() -> None:
    assert figures()["townline_timer_lag_seconds", ""] == 0
    ActiveSessionFactory(requested_at=ago(900), idle_deadline=ago(7))
    ActiveSessionFactory(requested_at=ago(900), idle_deadline=ago(-60))
    found = figures()
    assert found["townline_chats_active", ""] == 2
    assert found["townline_timer_lag_seconds", ""] == 7


def test_sockets_of_all_processes_are_counted_and_those_of_dead_ones_are_not() -> None:
    chat = ActiveSessionFactory(requested_at=ago(900))
    for owner in ({"session": chat}, {"session": chat}, {"agent": chat.agent}):
        Connection.objects.create(instance=uuid.uuid4(), opened_at=ago(60), seen_at=ago(5), **owner)
    Connection.objects.create(instance=uuid.uuid4(), opened_at=ago(600), seen_at=ago(300), session=chat)
    found = figures()
    assert found["townline_sockets_open", "customer"] == 2
    assert found["townline_sockets_open", "staff"] == 1


def test_agents_are_counted_by_presence() -> None:
    AgentFactory.create_batch(2, presence=Presence.ONLINE)
    AgentFactory(presence=Presence.BREAK)
    AgentFactory(presence=Presence.ONLINE, user__is_active=False)
    found = figures()
    assert found["townline_agents", "online"] == 2
    assert found["townline_agents", "break"] == 1
    assert found["townline_agents", "on_call"] == 0


def test_the_worker_and_beat_are_told_by_the_age_of_their_last_sign() -> None:
    beat_heart("worker", at=ago(4))
    beat_heart("beat", at=ago(400))
    found = figures()
    assert found["townline_heartbeat_age_seconds", "worker"] == 4
    assert found["townline_heartbeat_age_seconds", "beat"] == 400


def test_the_outbox_tells_what_waits_what_fails_and_what_is_late() -> None:
    MailFactory(created_at=ago(100))
    MailFactory(created_at=ago(500), attempts=2, next_attempt_at=ago(-60))
    MailFactory(created_at=ago(900), attempts=14, next_attempt_at=None)
    MailFactory(created_at=ago(900), next_attempt_at=None, sent_at=ago(880))
    found = figures()
    assert found["townline_outbox_mails_waiting", ""] == 2
    assert found["townline_outbox_mails_failing", ""] == 2
    assert found["townline_outbox_oldest_due_seconds", ""] == 100


def test_a_scrape_is_a_handful_of_statements(
    operator: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        QueuedSessionFactory()
        ActiveSessionFactory()
    with time_machine.travel(NOW, tick=False), django_assert_num_queries(10):
        operator.get("/metrics")


def test_the_documentation_lists_what_is_exposed() -> None:
    page = (Path(product.BASE_DIR) / "docs" / "operations.md").read_text(encoding="utf-8")
    told = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `townline_")]
    assert told == [figure.name for figure in read_figures(at=NOW)]
    for figure in read_figures(at=NOW):
        assert ("_seconds" in figure.name) == (figure.unit == "s")
