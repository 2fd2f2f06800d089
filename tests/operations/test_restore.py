"""`restore`: what must be there comes back row for row, what has gone stays gone, and what is not right is refused."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from agents.models import Agent, User
from chat.actions import close_evaluation, end_as_agent, mark, purge
from chat.models import ChatEvent, ChatSession, Evaluation, LedgerEntry, PurgeRun, RetentionMark
from contactcenter.lib.errors import WrongState
from contactcenter.operations.classification import TABLES, InBackup
from contactcenter.operations.copies import make_backup, manifest, restore, sync_ledger
from contactcenter.operations.copies.backup import Made, know_copies
from contactcenter.operations.copies.checks import restore_trouble
from contactcenter.operations.copies.ledger_file import read_ledger
from contactcenter.operations.copies.restoring import choose
from contactcenter.operations.copies.tables import functions_there, tables_there, tally_of_file
from contactcenter.operations.doctor import examine
from contactcenter.operations.health import look_at_everything
from contactcenter.operations.models import BackupFolder, BackupRun, RestoreRun
from contactcenter.operations.stores import ROOT
from policies.models import RuleVersion
from tests.factories import AgentFactory, as_owner
from tests.needles import texts_in_database, where
from tests.operations.databases import environment_of_commands, own_database
from tests.operations.rich_city import HOUR, KEPT, NOON, TRANSIENT, Rich

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
LATER = NOON + 5 * HOUR
NOT_IN_USE = {"auth_group", "auth_group_permissions"}  # Django's own
ADDED = {"chat_purgerun", "policies_tally", "operations_restorerun", "operations_backuprun", "operations_backupfolder"}


def rows_of(table: str, where: str = "true") -> list[str]:
    """Return every row of a table as one text each."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t::text FROM {table} t WHERE {where} ORDER BY 1")
        return [row for (row,) in cursor.fetchall()]


def tables_now() -> set[str]:
    with connection.cursor() as cursor:
        return tables_there(cursor)


def copy_of(made: Made) -> Path:
    return Path(made.run.folder, made.run.name)


def contents_of(made: Made, **changes: Any) -> None:
    """Write the contents of a back-up anew, signed, with something changed."""
    path = copy_of(made) / manifest.FILE
    path.write_text(manifest.written(replace(manifest.read(copy_of(made)), **changes)))


def change_a_value(made: Made, name: str, column: str, change: Callable[[str], str]) -> None:
    """Change a value in the first row of a table, and sign the contents anew."""
    contents = manifest.read(copy_of(made))
    table = next(table for table in contents.tables if table.table == name)
    path = copy_of(made) / table.file
    first, *others = path.read_text().splitlines(keepends=True)
    values = first.removesuffix("\n").split("\t")
    place = table.columns.index(column)
    values[place] = change(values[place])
    path.write_text("".join(["\t".join(values) + "\n", *others]))
    tally = tally_of_file(path)
    changed = replace(table, rows=tally.rows, size=tally.size, sha256=tally.sha256)
    contents_of(made, tables=tuple(changed if each == table else each for each in contents.tables))


# What comes back -------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
def test_what_a_back_up_takes_comes_back_row_for_row_and_nothing_else(rich: Rich, folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere")
    elsewhere.mkdir()
    make_backup(elsewhere, at=NOON + HOUR)
    taken = {table.name: table for table in TABLES if table.in_backup is not InBackup.NONE}
    before = {name: rows_of(name, table.marked or "true") for name, table in taken.items()}
    assert {name for name, rows in before.items() if not rows} == NOT_IN_USE  # or nothing would be shown of it
    made = make_backup(folder, at=NOON + 2 * HOUR)
    with own_database():
        run = restore(folder, at=LATER).run
        for name in taken.keys() - ADDED:
            assert rows_of(name) == before[name], name
        for name in ADDED - {"operations_backupfolder"}:  # whose rows say when the ledger was written last
            assert set(rows_of(name)) >= set(before[name]), name
        for table in TABLES:
            if table.in_backup is InBackup.NONE and table.name not in {"django_migrations", "chat_ledgerentry"}:
                assert rows_of(table.name) == [], table.name
        assert (run.name, run.with_ledger, run.rows) == (made.run.name, True, made.run.rows)
        assert RestoreRun.objects.filter(pk=run.pk).exists()
        assert set(BackupFolder.objects.values_list("path", flat=True)) == {str(elsewhere), str(folder)}
        assert PurgeRun.objects.filter(cause=PurgeRun.Cause.RESTORE).count() == 1


def test_no_number_is_given_out_twice(rich: Rich, made: Made, folder: Path) -> None:
    events = ChatEvent.objects.order_by("-pk").values_list("pk", flat=True)[0]
    agents = Agent.objects.order_by("-pk").values_list("pk", flat=True)[0]
    with own_database():
        restore(folder, at=LATER)
        assert AgentFactory().pk > agents
        session = ChatSession.objects.get(pk=rich.running.pk)
        made_now = ChatEvent.objects.create(
            session=session, seq=99, uid=rich.kept.pk, kind="here", side="customer", at=LATER
        )
        assert made_now.pk > events  # although those of the transient chats did not come back


def test_of_a_folder_the_newest_whole_back_up_is_taken(copied: Made, folder: Path) -> None:
    for day in (25, 26):
        shutil.copytree(copy_of(copied), folder / f"townline-202611{day}T000000.000000Z")
    (folder / "townline-20261126T000000.000000Z" / "agents_user.copy").unlink()
    (folder / "townline-20261130T000000.000000Z.partial").mkdir()
    chosen = choose(folder, without_ledger=False, at=LATER)
    assert chosen.folder.name == "townline-20261125T000000.000000Z"


def test_a_database_that_was_migrated_and_is_empty_is_filled_as_well(copied: Made, folder: Path) -> None:
    with own_database(is_migrated=True):
        restore(copy_of(copied), at=LATER)
        assert ChatSession.objects.count() == 2


def test_an_older_back_up_is_brought_up_to_this_version(copied: Made, folder: Path) -> None:
    older = manifest.read(copy_of(copied))
    contents_of(
        copied,
        migrations=tuple(each for each in older.migrations if each != ("operations", "0002_backups")),
        tables=tuple(each for each in older.tables if not each.table.startswith("operations_")),
    )
    with own_database():
        restore(folder, at=LATER)
        assert "operations_restorerun" in tables_now()
        call_command("migrate", "--check", verbosity=0)


def test_the_back_ups_of_the_folder_are_known_again_and_the_ledger_goes_on_beside_them(
    rich: Rich, made: Made, folder: Path
) -> None:
    newer = make_backup(folder, at=NOON + 3 * HOUR)
    known = read_ledger(folder)
    with own_database():
        restore(copy_of(made), at=LATER)
        assert set(BackupRun.objects.values_list("name", flat=True)) == {made.run.name, newer.run.name}
        assert BackupFolder.objects.get().keep_until == newer.run.keep_until
        entry = LedgerEntry.objects.create(kind="purged_session", subject="x", at=LATER)
        assert sync_ledger(at=LATER) == []
        numbers = [line.n for line in read_ledger(folder).entries]
    assert numbers[: len(known.entries)] == [line.n for line in known.entries]
    assert numbers[-1] == entry.pk > known.last_n + 1_000_000


# What has gone stays gone ------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
@pytest.mark.rule("EM-RET-Ba-i")
def test_what_was_let_go_and_purged_after_the_back_up_stays_gone(rich: Rich, made: Made, folder: Path) -> None:
    again = mark(rich.running.pk, agent_id=rich.rosa.pk, reason="harassment", at=LATER)  # a number after the back-up's
    close_evaluation(rich.mark.evaluation_id, by_id=rich.supervisor.pk, reason="No ban.", at=LATER)
    close_evaluation(again.evaluation_id, by_id=rich.supervisor.pk, reason="No ban.", at=LATER)
    assert purge(at=LATER, cause=PurgeRun.Cause.DAILY).deleted == 3
    sync_ledger(at=LATER)
    with own_database():
        run = restore(folder, at=LATER + HOUR).run
        assert not ChatSession.objects.filter(pk=rich.kept.pk).exists()
        assert not ChatEvent.objects.filter(text__contains=KEPT, session=rich.kept.pk).exists()
        assert not RetentionMark.objects.filter(lifted_at__isnull=True).exists()
        assert not Evaluation.objects.filter(closed_at__isnull=True).exists()
        running = ChatSession.objects.get()
        assert (running.pk, running.retained) == (rich.running.pk, False)  # it goes when it has ended
        assert (run.marks_lifted, run.chats_deleted) == (2, 1)
        ChatSession.objects.filter(pk=running.pk).update(retained=False)
        later = mark(running.pk, agent_id=rich.rosa.pk, reason="harassment", at=LATER + HOUR)
        assert later.pk > again.pk  # a number that the ledger speaks of is not given to another mark


@pytest.mark.rule("EM-RET-A")
def test_a_purged_word_is_in_no_back_up_made_after_it_and_in_no_restored_copy(rich: Rich, folder: Path) -> None:
    close_evaluation(rich.mark.evaluation_id, by_id=rich.supervisor.pk, reason="No ban.", at=LATER)
    running = RetentionMark.objects.get(session=rich.running.pk)
    close_evaluation(running.evaluation_id, by_id=rich.supervisor.pk, reason="No ban.", at=LATER)
    end_as_agent(rich.running.pk, agent_id=rich.rosa.pk, outcome="conduct", at=LATER)
    assert purge(at=LATER + DAY, cause=PurgeRun.Cause.DAILY).deleted == 4
    make_backup(folder, at=LATER + DAY)
    for needle in (KEPT, TRANSIENT):
        assert [path for path in folder.rglob("*") if path.is_file() and needle in path.read_text()] == []
    with own_database():
        restore(folder, at=LATER + DAY)
        for needle in (KEPT, TRANSIENT):
            assert where(needle, texts_in_database()) == []


@pytest.mark.rule("EM-RET-A")
def test_what_is_due_by_now_is_purged_before_anybody_sees_it(rich: Rich, folder: Path) -> None:
    with as_owner():  # decided, and kept until a date
        ChatSession.objects.filter(pk=rich.lifted.pk).update(retained=True, keep_until=NOON + 3 * HOUR)
    made = make_backup(folder, at=NOON + 2 * HOUR)
    assert str(rich.lifted.pk) in (copy_of(made) / "chat_chatsession.copy").read_text()
    with own_database():
        run = restore(folder, at=LATER).run
        assert not ChatSession.objects.filter(pk=rich.lifted.pk).exists()
        assert run.chats_purged == 1


def test_without_a_ground_for_the_purge_it_says_so_and_restores(rich: Rich, made: Made, folder: Path) -> None:
    RuleVersion.objects.create(
        rule="EM-RET-A", number=99, is_adopted=False, effective_from=NOON, reason="Not any more.", made_at=NOON
    )
    make_backup(folder, at=NOON + 3 * HOUR)
    with own_database():
        notes = restore(folder, at=LATER).notes
        assert "adopt EM-RET-A" in notes[0]
        assert ChatSession.objects.count() == 2


@pytest.mark.rule("EM-RET-A")
def test_without_its_ledger_a_back_up_is_restored_only_when_that_is_asked_for_and_then_it_is_written_down(
    rich: Rich, made: Made, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "ledger.jsonl").unlink()
    with own_database():
        with pytest.raises(WrongState, match="or give --without-ledger"):
            restore(folder, at=LATER)
        assert tables_now() == set()
        with caplog.at_level(logging.WARNING):
            restored = restore(folder, without_ledger=True, at=LATER)
        assert RestoreRun.objects.order_by("pk").last().with_ledger is False
        assert any("what was deleted since the back-up was made may be back" in note for note in restored.notes)
        assert read_ledger(folder).since == LATER  # the new one knows nothing of before
    assert "without its ledger, as was asked for" in caplog.text
    with own_database(), pytest.raises(WrongState, match="does not know what has gone since"):
        restore(folder, at=LATER + HOUR)


# What is refused, before anything is touched --------------------------------------------
def flip_a_byte(made: Made) -> None:
    path = copy_of(made) / "agents_user.copy"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def lose_a_file(made: Made) -> None:
    (copy_of(made) / "chat_retentionmark.copy").unlink()


def edit_the_contents(made: Made) -> None:
    path = copy_of(made) / manifest.FILE
    path.write_text(path.read_text().replace('"max_age_days": 30', '"max_age_days": 300'))


def cut_the_contents(made: Made) -> None:
    path = copy_of(made) / manifest.FILE
    path.write_text(path.read_text()[:-20])


def be_another_product(made: Made) -> None:
    path = copy_of(made) / manifest.FILE
    path.write_text(path.read_text().replace('"townline"', '"crosstown"'))


def be_another_format(made: Made) -> None:
    path = copy_of(made) / manifest.FILE
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))


def be_newer(made: Made) -> None:
    contents_of(made, migrations=(*manifest.read(copy_of(made)).migrations, ("chat", "0099_bans")))


def know_more_than_the_ledger(made: Made) -> None:
    contents_of(made, ledger_n=10**6)


def damage_the_ledger(made: Made) -> None:
    path = Path(made.run.folder, "ledger.jsonl")
    path.write_bytes(path.read_bytes().replace(b"lifted_mark", b"lifted_mork"))


def lose_the_ledger(made: Made) -> None:
    Path(made.run.folder, "ledger.jsonl").unlink()


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (flip_a_byte, "is damaged: agents_user.copy is not as it was written. Take another back-up."),
        (lose_a_file, "is damaged: chat_retentionmark.copy is not as it was written."),
        (edit_the_contents, "is damaged: manifest.json is not as it was written."),
        (cut_the_contents, "is damaged: manifest.json is not as it was written."),
        (be_another_product, "is no back-up of this program."),
        (be_another_format, "in a format that this one does not read. Restore with that version."),
        (be_newer, "was made by a newer version of this program (it has chat.0099_bans). Install that version"),
        (know_more_than_the_ledger, "does not know what has gone since that back-up was made"),
        (damage_the_ledger, "ledger.jsonl is damaged, or another installation wrote it."),
        (lose_the_ledger, "There is no ledger.jsonl beside the back-up."),
    ],
)
def test_a_back_up_that_is_not_right_is_refused_before_anything_is_touched(
    copied: Made, folder: Path, break_it: Callable[[Made], None], sentence: str
) -> None:
    break_it(copied)
    before = ChatSession.objects.count(), User.objects.count()
    for path in (folder, copy_of(copied)):
        with pytest.raises(WrongState) as refusal:  # and not because this database holds data
            restore(path, at=LATER)
        assert sentence in refusal.value.detail
        assert refusal.value.detail.endswith("Nothing was touched.")
    assert (ChatSession.objects.count(), User.objects.count()) == before


def test_a_back_up_of_another_installation_is_refused(copied: Made, folder: Path, settings: Settings) -> None:
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(WrongState, match="Set SECRET_KEY to that of the installation which made it"):
        restore(folder, at=LATER)


@pytest.mark.rule("EM-RET-A")
def test_a_back_up_that_is_too_old_is_refused(copied: Made, folder: Path) -> None:
    sync_ledger(at=LATER)
    with pytest.raises(WrongState, match="holds data"):
        restore(folder, at=copied.run.keep_until)
    with pytest.raises(WrongState, match="older than the 30 days that a back-up may be kept"):
        restore(folder, at=copied.run.keep_until + timedelta(microseconds=1))


def test_a_ledger_that_begins_after_the_back_up_is_refused(copied: Made, folder: Path) -> None:
    RestoreRun.objects.create(at=LATER, name="x", made_at=NOON, with_ledger=False, rows=1)
    contents_of(copied, ledger_n=0)
    know_copies(folder, at=LATER)
    lose_the_ledger(copied)
    sync_ledger(at=LATER)
    with pytest.raises(WrongState, match="was begun later"):
        restore(folder, at=LATER)


def test_a_folder_without_back_ups_is_told(db: None, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(WrongState, match=f"There is no back-up in {folder}"):
            restore(folder, at=LATER)


# Into what, and what fails -----------------------------------------------------------------
def test_a_database_that_holds_data_is_refused_and_left_as_it_is(rich: Rich, made: Made, folder: Path) -> None:
    before = {table.name: rows_of(table.name) for table in TABLES}
    with pytest.raises(WrongState, match=r"This database holds data \(agents_agent\)\. Restore into an empty one"):
        restore(folder, at=LATER)
    assert {table.name: rows_of(table.name) for table in TABLES} == before


def test_a_table_of_somebody_else_with_rows_is_data_as_well(copied: Made, folder: Path) -> None:
    with own_database(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE somebody_elses AS SELECT 1 AS id")
        with pytest.raises(WrongState, match=r"holds data \(somebody_elses\)"):
            restore(folder, at=LATER)
        assert tables_now() == {"somebody_elses"}


@pytest.mark.parametrize("is_migrated", [False, True])
def test_rows_that_do_not_fit_leave_the_database_as_empty_as_before(
    copied: Made, folder: Path, is_migrated: bool
) -> None:
    """Signed, and yet not what the database takes: a mark on a chat that is not there."""
    change_a_value(copied, "chat_retentionmark", "session_id", lambda _old: "00000000-0000-4000-8000-000000000000")
    with own_database(is_migrated=is_migrated):
        before = tables_now()
        with pytest.raises(WrongState, match=r"PostgreSQL refused to restore .* \(23503\)\. Nothing was changed"):
            restore(folder, at=LATER)
        assert tables_now() == before
        with connection.cursor() as cursor:
            assert bool(functions_there(cursor)) is is_migrated
        if is_migrated:
            assert User.objects.count() == 0


def test_what_does_not_come_out_as_it_went_in_is_not_kept(copied: Made, folder: Path) -> None:
    """Signed, and taken by the database, but not read back the same: a number with a leading zero."""
    change_a_value(copied, "agents_agent", "seats", lambda old: f"0{old}")
    with own_database():
        with pytest.raises(WrongState, match="says of agents_agent did not come out of the database again"):
            restore(folder, at=LATER)
        assert tables_now() == set()


def test_killed_in_the_middle_the_database_is_as_empty_as_before(copied: Made, folder: Path) -> None:
    contents_of(copied, max_age_days=30_000)  # the commands read the clock
    with own_database():
        command = [sys.executable, "manage.py", "restore", str(folder)]
        environment = environment_of_commands(FAILPOINTS="restore.before_commit", DEMO="1")
        killed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert killed.returncode == -9, killed.stderr
        assert tables_now() == set()
        environment = environment_of_commands(DEMO="1")
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert f"Restored {copied.run.name}: {copied.run.rows} rows, as they were at 2026-11-24 19:00" in done.stdout
        assert "By the ledger: 0 marks ended, 0 chats deleted. Purged: 0 chats." in done.stdout
        assert TRANSIENT not in done.stdout + done.stderr


def test_another_process_that_uses_the_database_is_told_to_stop(
    copied: Made, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcenter.operations.copies.restoring.LOCK_WAIT", "100ms")
    with own_database(is_migrated=True):
        own = connection.settings_dict
        reached = {"host": own["HOST"], "port": own["PORT"], "user": own["USER"], "password": own["PASSWORD"]}
        with closing(psycopg2.connect(dbname=own["NAME"], **reached)) as other, other.cursor() as cursor:
            cursor.execute("SELECT * FROM agents_user")
            with pytest.raises(WrongState, match="Stop web, worker and beat, then try again"):
                restore(folder, at=LATER)
        assert "agents_user" in tables_now()


def test_while_a_restore_runs_nobody_may_serve(transactional_db: None) -> None:
    assert restore_trouble() == ""
    own = connection.settings_dict
    reached = {"host": own["HOST"], "port": own["PORT"], "user": own["USER"], "password": own["PASSWORD"]}
    with closing(psycopg2.connect(dbname=own["NAME"], **reached)) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('operations.restore', 0))")
        assert "A restore is running" in restore_trouble()
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
        assert [check.name for check in look_at_everything()] == ["database", "restore", "valkey"]
        assert "triggers" not in {check.name for check in examine()}  # it would wait for the tables
        other.rollback()
    assert restore_trouble() == ""


def test_the_command_says_why_it_refuses(copied: Made, folder: Path) -> None:
    shutil.rmtree(copy_of(copied))
    with pytest.raises(CommandError, match="There is no back-up in"):
        call_command("restore", str(folder))
