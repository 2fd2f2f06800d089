"""The ledger beside the back-ups: everything that has gone for good, by its id alone, and no entry lost."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import time_machine
from django.db import connection
from pytest_django import Settings

from chat.actions import close_evaluation, mark, purge
from chat.models import ChatSession, LedgerEntry, PurgeRun
from contactcenter.lib.errors import Unavailable, WrongState
from contactcenter.operations.copies import make_backup, sync_ledger
from contactcenter.operations.copies.checks import ledger_trouble
from contactcenter.operations.copies.ledger_file import FILE, Line, damaged, read_ledger
from contactcenter.operations.models import BackupFolder, RestoreRun
from contactcenter.operations.tasks import carry_ledger
from tests.agents.conftest import at_once
from tests.operations.rich_city import HOUR, KEPT, NOON, TRANSIENT, Rich
from tests.policies.factories import adopt

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SLOW = "INSERT INTO chat_ledgerentry (kind, subject, at) VALUES ('purged_session', 'slow', %s)"


@pytest.fixture
def kept_in(transactional_db: None, folder: Path) -> Path:
    """A folder with a back-up of an empty city, and so with a ledger."""
    make_backup(folder, at=NOON)
    return folder


def entry(number: int | None = None, *, at: datetime = NOON) -> LedgerEntry:
    return LedgerEntry.objects.create(pk=number, kind="purged_session", subject=str(uuid.uuid4()), at=at)


def numbers_in(folder: Path) -> list[int]:
    return [line.n for line in read_ledger(folder).entries]


@contextmanager
def another_connection() -> Iterator[Any]:
    own = connection.settings_dict
    reached = {"host": own["HOST"], "port": own["PORT"], "user": own["USER"], "password": own["PASSWORD"]}
    with closing(psycopg2.connect(dbname=own["NAME"], **reached)) as other:
        yield other


# What is carried -------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
def test_what_is_purged_and_what_ends_is_carried_by_its_id_alone(rich: Rich, folder: Path) -> None:
    make_backup(folder, at=NOON + 2 * HOUR)
    close_evaluation(rich.mark.evaluation_id, by_id=rich.supervisor.pk, reason=TRANSIENT, at=NOON + 3 * HOUR)
    purge(at=NOON + 3 * HOUR, cause=PurgeRun.Cause.DAILY)
    assert sync_ledger(at=NOON + 3 * HOUR) == []
    text = (folder / FILE).read_text()
    ledger = read_ledger(folder)
    gone = {str(session.pk) for session in (rich.kept, rich.lifted, rich.ended)}
    assert {line.id for line in ledger.entries if line.kind == "purged_session"} == gone
    assert str(rich.mark.pk) in {line.id for line in ledger.entries if line.kind == "lifted_mark"}
    assert not ChatSession.objects.filter(pk__in=gone).exists()
    for word in (KEPT, TRANSIENT, "Rosa"):
        assert word not in text
    assert {key for line in text.splitlines() for key in json.loads(line)} == {"n", "after", "kind", "id", "at", "mac"}


def test_entries_are_carried_once_into_every_folder(kept_in: Path, tmp_path: Path) -> None:
    entry()
    second = tmp_path / "second"
    second.mkdir()
    make_backup(second, at=NOON)
    entry()
    for _again in range(2):
        sync_ledger(at=NOON)
    every = list(LedgerEntry.objects.order_by("pk").values_list("pk", flat=True))
    assert numbers_in(kept_in) == numbers_in(second) == every
    assert len(every) == 2


def test_beat_carries_them(kept_in: Path) -> None:
    made = entry()
    with time_machine.travel(NOON, tick=False):
        carry_ledger()
    assert numbers_in(kept_in) == [made.pk]


def test_ten_at_once_write_each_entry_once(kept_in: Path) -> None:
    for _each in range(20):
        entry()
    assert at_once(10, lambda _number: sync_ledger(at=NOON)) == [[]] * 10
    assert len(numbers_in(kept_in)) == 20


def test_an_entry_that_commits_after_one_with_a_higher_number_is_not_lost(kept_in: Path) -> None:
    with another_connection() as other, other.cursor() as cursor:
        cursor.execute(f"{SLOW} RETURNING id", [NOON])
        (slow,) = cursor.fetchone()
        quick = entry().pk
        assert slow < quick
        with pytest.raises(Unavailable, match="A purge is running"):
            sync_ledger(at=NOON)
        assert numbers_in(kept_in) == []
        with time_machine.travel(NOON, tick=False):
            carry_ledger()  # beat leaves it to the next time
        other.commit()
    sync_ledger(at=NOON)
    assert numbers_in(kept_in) == [slow, quick]


def test_a_back_up_does_not_wait_for_a_purge_that_is_running(transactional_db: None, folder: Path) -> None:
    with another_connection() as other, other.cursor() as cursor:
        cursor.execute(SLOW, [NOON])
        entry()
        make_backup(folder, at=NOON)
        assert numbers_in(folder) == []
        other.commit()
    sync_ledger(at=NOON)
    assert len(numbers_in(folder)) == 2


# Crashes and damage ------------------------------------------------------------------
@pytest.mark.parametrize("tail", [b'{"n":1,"aft', b"\0" * 200, b"x"])
def test_a_torn_last_line_is_mended_by_the_next_carrying(kept_in: Path, tail: bytes) -> None:
    first = entry()
    sync_ledger(at=NOON)
    with (kept_in / FILE).open("ab") as file:
        file.write(tail)
    assert numbers_in(kept_in) == [first.pk]  # a restore leaves it out
    second = entry()
    sync_ledger(at=NOON)
    assert numbers_in(kept_in) == [first.pk, second.pk]


def test_a_line_that_is_changed_or_missing_is_noticed(kept_in: Path) -> None:
    for _each in range(3):
        entry()
    sync_ledger(at=NOON)
    path = kept_in / FILE
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    gone = read_ledger(kept_in).entries[1].id.encode()
    for broken, number in (
        (whole.replace(gone, str(uuid.uuid4()).encode()), 3),
        (b"".join([*lines[:2], *lines[3:]]), 3),
        (b"".join([lines[0], lines[2], lines[1], lines[3]]), 2),
        (b"".join(lines[1:]), 1),
        (b"", 1),
    ):
        path.write_bytes(broken)
        with pytest.raises(WrongState) as refusal:
            read_ledger(kept_in)
        assert refusal.value.detail == damaged(number).detail


def test_a_lost_file_is_written_again_from_the_database(kept_in: Path) -> None:
    made = entry()
    sync_ledger(at=NOON)
    (kept_in / FILE).unlink()
    sync_ledger(at=NOON)
    assert numbers_in(kept_in) == [made.pk]


def test_a_folder_that_is_away_is_told_and_gets_everything_when_it_is_back(kept_in: Path) -> None:
    away = kept_in.with_name("away")
    kept_in.rename(away)
    made = entry()
    assert [folder.path for folder in sync_ledger(at=NOON + MINUTE)] == [str(kept_in)]
    assert f"The ledger in {kept_in} cannot be written to." in ledger_trouble(at=NOON + MINUTE)
    assert f"backup --forget {kept_in}" in ledger_trouble(at=NOON + MINUTE)
    assert not kept_in.exists()
    away.rename(kept_in)
    assert sync_ledger(at=NOON + 2 * MINUTE) == []
    assert ledger_trouble(at=NOON + 2 * MINUTE) == ""
    assert numbers_in(kept_in) == [made.pk]


def test_one_folder_that_is_away_keeps_no_other_from_its_ledger(kept_in: Path, tmp_path: Path) -> None:
    first = tmp_path / "a folder that comes first"
    first.mkdir()
    make_backup(first, at=NOON)
    shutil.rmtree(first)
    made = entry()
    assert [folder.path for folder in sync_ledger(at=NOON)] == [str(first)]
    assert numbers_in(kept_in) == [made.pk]


def test_a_ledger_of_another_installation_is_left_alone_and_told(kept_in: Path, settings: Settings) -> None:
    before = (kept_in / FILE).read_bytes()
    settings.SECRET_KEY = "another" * 10
    entry()
    sync_ledger(at=NOON)
    assert (kept_in / FILE).read_bytes() == before
    assert "another installation wrote it" in ledger_trouble(at=NOON)


def test_a_database_that_was_set_back_is_told(kept_in: Path) -> None:
    with connection.cursor() as cursor:
        last = entry().pk
        sync_ledger(at=NOON)
        LedgerEntry.objects.all().delete()
        cursor.execute("SELECT setval(pg_get_serial_sequence('chat_ledgerentry', 'id'), %s)", [last - 1])
    try:
        sync_ledger(at=NOON)
        assert "was set back otherwise than by restore" in ledger_trouble(at=NOON)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence('chat_ledgerentry', 'id'), %s)", [last])


def test_a_ledger_that_nobody_carries_is_told_after_five_minutes(kept_in: Path) -> None:
    assert ledger_trouble(at=NOON + 5 * MINUTE) == ""
    assert "was not written for 5 minutes" in ledger_trouble(at=NOON + 6 * MINUTE)


def test_without_a_back_up_there_is_nothing_to_keep(db: None) -> None:
    entry()
    assert sync_ledger(at=NOON) == []
    assert ledger_trouble(at=NOON) == ""


# How long ------------------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
@pytest.mark.parametrize("days", [30, 7])
def test_entries_go_from_table_and_file_once_no_back_up_is_old_enough_to_need_them(
    transactional_db: None, folder: Path, days: int
) -> None:
    adopt("EM-RET-A", legal_basis="By-law 1-2026", backup_days=days)
    old, young = entry(at=NOON), entry(at=NOON + 2 * DAY)
    make_backup(folder, at=NOON + DAY)
    assert numbers_in(folder) == [old.pk, young.pk]
    sync_ledger(at=NOON + days * DAY)
    assert LedgerEntry.objects.count() == 2
    sync_ledger(at=NOON + days * DAY + MINUTE)
    assert list(LedgerEntry.objects.values_list("pk", flat=True)) == [young.pk]
    make_backup(folder, at=NOON + days * DAY + HOUR)
    sync_ledger(at=NOON + (days + 1) * DAY + HOUR)  # a file is rewritten once a day at most
    assert numbers_in(folder) == [young.pk]
    later = entry(at=NOON + (days + 1) * DAY)
    sync_ledger(at=NOON + (days + 1) * DAY + HOUR)
    assert numbers_in(folder) == [young.pk, later.pk]


def test_a_lower_row_takes_no_entry_from_a_back_up_that_needs_it(transactional_db: None, folder: Path) -> None:
    make_backup(folder, at=NOON)
    made = entry(at=NOON + HOUR)
    adopt("EM-RET-A", since=NOON + DAY, legal_basis="By-law 1-2026", backup_days=1)
    sync_ledger(at=NOON + 20 * DAY)
    assert numbers_in(folder) == [made.pk]
    assert LedgerEntry.objects.count() == 1


def test_folders_without_a_back_up_that_may_be_restored_get_no_entries(kept_in: Path) -> None:
    entry(at=NOON + 31 * DAY)
    sync_ledger(at=NOON + 31 * DAY)
    assert numbers_in(kept_in) == []
    assert ledger_trouble(at=NOON + 31 * DAY) == ""


def test_a_new_file_says_since_when_it_knows_everything(kept_in: Path) -> None:
    assert read_ledger(kept_in).since == NOON - 30 * DAY
    RestoreRun.objects.create(at=NOON, name="x", made_at=NOON - DAY, with_ledger=False, rows=1)
    (kept_in / FILE).unlink()
    sync_ledger(at=NOON + DAY)
    assert read_ledger(kept_in).since == NOON


def test_a_carrying_without_news_shows_in_the_files_time(kept_in: Path) -> None:
    os.utime(kept_in / FILE, (0, 0))
    sync_ledger(at=NOON)
    assert read_ledger(kept_in).written_at.year > 2000


def test_a_line_is_what_it_says(settings: Settings) -> None:
    line = Line(7, 6, "lifted_mark", "12", NOON)
    text = line.text()
    settings.SECRET_KEY = "another" * 10
    assert Line(7, 6, "lifted_mark", "12", NOON).text() != text


def test_marking_again_after_a_decision_is_no_entry(rich: Rich) -> None:
    before = LedgerEntry.objects.count()
    mark(rich.kept.pk, agent_id=rich.rosa.pk, reason="improper_conduct", at=NOON + HOUR)
    assert LedgerEntry.objects.count() == before
    assert BackupFolder.objects.count() == 0
