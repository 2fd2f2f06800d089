"""The doctor names what is wrong and what to do, and /readyz stays as cheap and as terse as it was."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from agents.models import User
from chat.actions import purge
from chat.models import PurgeRun
from contactcenter.operations import doctor
from contactcenter.operations.actions import beat_heart
from contactcenter.operations.copies.checks import RESTORE_LOCK
from contactcenter.operations.doctor import (
    KEYLESS,
    SILENCE,
    archive_check,
    examine,
    triggers_of_migrations,
    version_check,
)
from contactcenter.operations.models import BackupFolder, BackupRun
from contactcenter.operations.stores import ROOT
from tests.factories import UserFactory
from tests.policies.factories import keep_chats
from tests.ports import free_port

pytestmark = pytest.mark.django_db
OWN_KEY = "7q" * 30


@pytest.fixture
def well(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is as it should be; mail goes nowhere. A machine that stands still meanwhile is no fault found."""
    monkeypatch.setattr("contactcenter.operations.health.LARGEST_SKEW", timedelta(minutes=5))
    monkeypatch.setattr("contactcenter.operations.health.HEARTBEAT_STALE", timedelta(minutes=5))
    settings.SECRET_KEY = OWN_KEY
    beat_heart("worker", at=timezone.now())
    beat_heart("beat", at=timezone.now())
    keep_chats()
    purge(at=timezone.now(), cause="daily")
    make_note_of_a_backup()
    connection.check_constraints()  # now, so that a test may alter tables


def make_note_of_a_backup() -> None:
    now = timezone.now()
    facts = {"folder": "/srv/backups", "name": "townline-1", "rows": 1, "bytes": 1, "max_age_days": 30}
    BackupRun.objects.create(at=now, keep_until=now + timedelta(days=30), **facts)


def diagnosis() -> dict[str, str]:
    """Return what is to be mended, by name."""
    return {check.name: check.mend for check in examine() if not check.is_well}


def told() -> tuple[int, list[str]]:
    out, code = StringIO(), 0
    try:
        call_command("doctor", stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, out.getvalue().splitlines()


def test_all_well_is_a_line_for_each_and_ends_with_0(well: None) -> None:
    code, lines = told()
    assert (code, [line for line in lines if not line.startswith("ok     ")]) == (0, [])
    names = [line[7:].partition(":")[0] for line in lines]
    assert names == [
        *("database", "restore", "migrations", "demo", "clock", "valkey", "worker", "beat"),
        *("secret_key", "debug", "address", "mail", "disk"),
        *("postgres_version", "time_zone", "postgres_log", "archive", "triggers", "purge", "ledger", "backup"),
    ]
    assert all(line.endswith((".", "(EM-RET-A).")) for line in lines)


def test_what_is_wrong_is_told_with_what_to_mend_and_ends_with_1(well: None, settings: Settings) -> None:
    settings.DEBUG = True
    code, lines = told()
    assert code == 1
    assert "FAILED debug: DEBUG is on: pages of errors show details to everybody. Set DEBUG=0." in lines


@pytest.mark.parametrize("key", [KEYLESS + "0123456789" * 3, "short"])
def test_a_key_that_is_short_or_everybodys_is_told_outside_the_demo(well: None, settings: Settings, key: str) -> None:
    settings.SECRET_KEY = key
    assert "Set it to 50 or more random characters" in diagnosis()["secret_key"]
    settings.DEMO = True
    assert diagnosis() == {}


@pytest.mark.parametrize(
    ("name", "loud"),
    [
        ("log_min_error_statement", "error"),
        ("log_error_verbosity", "verbose"),
        ("log_parameter_max_length_on_error", "-1"),
        ("log_statement", "all"),
        ("log_min_duration_statement", "0"),
        ("log_min_duration_sample", "0"),
        ("log_transaction_sample_rate", "1"),
    ],
)
def test_each_setting_that_lets_postgresql_log_words_is_named(well: None, name: str, loud: str) -> None:
    assert diagnosis() == {}
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {name} = '{loud}'")
    assert diagnosis()["postgres_log"].endswith(f"Set on the server: {name}={SILENCE[name]}.")


@pytest.mark.parametrize(
    ("origins", "hosts", "https", "sentence"),
    [
        (["https://chat.example.gov"], ["chat.example.gov"], True, ""),
        (["http://localhost:8000"], ["localhost"], False, ""),
        ([], ["localhost"], False, "ALLOWED_ORIGINS is empty"),
        (["https://chat.example.gov"], ["localhost"], True, "ALLOWED_HOSTS does not hold chat.example.gov"),
        (
            ["https://chat.example.gov"],
            ["chat.example.gov"],
            False,
            "https://, which does not fit to HTTPS=0",
        ),
        (["http://chat.example.gov"], ["chat.example.gov"], True, "http://, which does not fit to HTTPS=1"),
        (["http://chat.example.gov"], ["chat.example.gov"], False, "cross the network unencrypted"),
    ],
)
def test_an_address_that_does_not_fit_to_the_rest_is_told(
    well: None, settings: Settings, origins: list[str], hosts: list[str], https: bool, sentence: str
) -> None:
    settings.ALLOWED_ORIGINS, settings.ALLOWED_HOSTS, settings.HTTPS = origins, hosts, https
    assert sentence in diagnosis().get("address", "")
    assert bool(sentence) == ("address" in diagnosis())


def test_a_postgresql_that_is_too_old_is_told() -> None:
    assert version_check(15, "15.9").is_well
    assert version_check(14, "14.17").sentence == "PostgreSQL is 14.17. Use 15 or newer; 18 is tested."


def test_a_time_zone_that_postgresql_does_not_know_is_told(well: None, settings: Settings) -> None:
    with connection.cursor() as cursor:  # its view, with another content for this transaction
        cursor.execute("CREATE TEMP VIEW pg_timezone_names AS SELECT 'UTC'::text AS name")
        cursor.execute("SET LOCAL search_path = pg_temp, public, pg_catalog")
    assert "does not know the time zone America/Toronto." in diagnosis()["time_zone"]


def test_archived_wal_is_remembered_of() -> None:
    assert archive_check("on").is_well
    assert "no older than back-ups may" in archive_check("on").sentence
    assert archive_check("off").sentence == "PostgreSQL archives no WAL."


def test_a_mail_server_is_asked_outside_the_demo(well: None, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_PORT = server.getsockname()[1]
        assert diagnosis() == {}
    assert f"127.0.0.1:{settings.EMAIL_PORT} does not answer" in diagnosis()["mail"]
    settings.EMAIL_BACKEND = "contactcenter.notices.backends.DemoMailBackend"
    assert diagnosis() == {}


def test_a_full_disk_is_told_before_it_is_full(well: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "not" / "yet" / "there"))
    assert diagnosis() == {}
    monkeypatch.setattr(doctor, "LEAST_FREE", 10**18)
    assert "are free for" in diagnosis()["disk"]
    assert "Free some space." in diagnosis()["disk"]


def test_a_trigger_that_is_off_or_gone_is_named(well: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE policies_ruleversion DISABLE TRIGGER policies_ruleversion_final")
        cursor.execute("DROP TRIGGER chat_seat_within_allowed ON chat_seat")
    assert "off: chat_seat_within_allowed, policies_ruleversion_final." in diagnosis()["triggers"]


def test_the_triggers_of_every_room_are_known_from_its_migrations() -> None:
    names = triggers_of_migrations()
    assert {"policies_ruleversion_final", "chat_seat_within_allowed", "chat_event_goes_with_its_session"} <= names
    assert len([name for name in names if name.endswith("_is_not_truncated")]) > 3


def test_without_a_database_only_that_is_asked_which_needs_none() -> None:
    environment = {**os.environ, "DATABASE_URL": f"postgresql://me:secret@127.0.0.1:{free_port()}/city"}
    command = [sys.executable, "manage.py", "doctor"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0] == "FAILED database: PostgreSQL does not answer. Start it, or correct DATABASE_URL."
    assert [line[7:].partition(":")[0] for line in lines] == [
        "database",
        "valkey",
        "secret_key",
        "debug",
        "address",
        "mail",
        "disk",
    ]


# /readyz ----------------------------------------------------------------------
def test_readyz_asks_nothing_that_is_the_doctors(
    settings: Settings, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    settings.OPS_ALLOW = [ipaddress.ip_network("127.0.0.1/32")]
    settings.DEBUG = True
    with django_assert_max_num_queries(8):
        answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    checks = answer.json()["checks"]
    assert list(checks) == ["database", "restore", "migrations", "demo", "clock", "valkey", "worker", "beat"]
    assert checks["database"] == "ok"
    assert checks["beat"] == "No beat has shown itself for 30 seconds. Start the Celery beat."


def test_readyz_refuses_what_must_not_serve_and_tells_strangers_nothing_else() -> None:
    UserFactory(is_demo=True)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json().keys() == {"status", "instance"}
    User.objects.update(is_demo=False)
    assert Client().get("/readyz").status_code == 200


def test_a_purge_that_is_missed_refuses_or_leaves_something_is_told(well: None) -> None:
    PurgeRun.objects.update(leftover=2)
    assert "left rows behind" in diagnosis()["purge"]
    PurgeRun.objects.update(leftover=0, started_at=timezone.now() - timedelta(days=2))
    keep_chats(purge_at=f"{(timezone.localtime() - timedelta(hours=2)):%H:%M}")
    assert "has not run" in diagnosis()["purge"]
    keep_chats(legal_basis="")
    assert "no legal basis" in diagnosis()["purge"]


def test_back_ups_that_are_missing_and_ledgers_that_lag_are_told_outside_the_demo(
    well: None, settings: Settings
) -> None:
    BackupRun.objects.update(at=timezone.now() - timedelta(days=2))
    assert "Run manage.py backup DIR each night" in diagnosis()["backup"]
    settings.DEMO = True
    assert "backup" not in diagnosis()
    BackupFolder.objects.create(path="/srv/backups", keep_until=timezone.now() + timedelta(days=9))
    assert "/srv/backups" in diagnosis()["ledger"]


@pytest.mark.django_db(transaction=True)
def test_while_a_restore_runs_no_process_may_serve(settings: Settings) -> None:
    settings.OPS_ALLOW = [ipaddress.ip_network("127.0.0.1/32")]
    other = connection.copy()
    with contextlib.closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [RESTORE_LOCK])
        answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert "A restore is running" in answer.json()["checks"]["restore"]
