"""`backup`: a whole copy or none, without what is transient."""

from __future__ import annotations

import json
import os
import resource
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from agents.models import LogIn, LogInTry, OneTimeLink
from chat.models import ChatSession
from contactcenter.lib.errors import Invalid, WrongState
from contactcenter.operations.classification import TABLES, InBackup
from contactcenter.operations.copies import forget_folder, make_backup
from contactcenter.operations.copies.backup import Made, tidy_folders
from contactcenter.operations.copies.checks import backup_trouble
from contactcenter.operations.copies.folders import checked_folder, copies_in
from contactcenter.operations.copies.manifest import FILE
from contactcenter.operations.models import BackupFolder, BackupRun
from contactcenter.operations.stores import ROOT
from tests.agents.conftest import at_once
from tests.locks import held_table, wait_until_blocked
from tests.operations.databases import environment_of_commands
from tests.operations.rich_city import HOUR, KEPT, NOON, TRANSIENT, Rich
from tests.policies.factories import adopt

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def everything_in(folder: Path) -> bytes:
    """Return every byte of a folder, the names of its files as well."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return b"\n".join(str(path.name).encode() + b"\n" + path.read_bytes() for path in files)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def backup_by_command(folder: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    environment = environment_of_commands(**more.pop("variables", {}))
    command = [sys.executable, "manage.py", "backup", str(folder)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, **more)


# What is in it ------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
def test_no_word_of_a_transient_chat_and_nothing_that_opens_a_door_is_anywhere_in_a_back_up(
    rich: Rich, made: Made, folder: Path
) -> None:
    OneTimeLink.objects.create(user=rich.rosa.user, purpose="reset", digest="1" * 64, created_at=NOON, expires_at=NOON)
    make_backup(folder, at=NOON + 3 * HOUR)
    held = everything_in(folder)
    assert KEPT.encode() in held
    assert TRANSIENT.encode() not in held
    for session in (rich.lifted, rich.ended, rich.waiting):
        assert session.token_digest.encode() not in held
    for secret in (LogIn.objects.get().session_key, LogInTry.objects.get().address_key, "1" * 64):
        assert secret.encode() not in held


@pytest.mark.rule("EM-RET-Ba-i")
def test_a_marked_chat_is_in_a_back_up_with_all_that_hangs_on_it(rich: Rich, made: Made) -> None:
    copy = Path(made.run.folder, made.run.name)
    kept = {str(rich.kept.pk), str(rich.running.pk)}
    sessions = (copy / "chat_chatsession.copy").read_text().splitlines()
    assert {line.split("\t")[0] for line in sessions} == kept
    for table, rows in {"chat_chatevent": 5, "chat_seat": 1, "chat_retentionmark": 3, "chat_evaluation": 3}.items():
        assert len((copy / f"{table}.copy").read_text().splitlines()) == rows, table


def test_the_contents_say_what_is_there_and_nothing_else_is(made: Made) -> None:
    copy = Path(made.run.folder, made.run.name)
    contents = json.loads((copy / FILE).read_text())
    assert (contents["product"], contents["format"], contents["max_age_days"]) == ("townline", 1, 30)
    assert contents["created_at"] == "2026-11-24T19:00:00+00:00"
    assert {table["table"] for table in contents["tables"]} == {
        table.name for table in TABLES if table.in_backup is not InBackup.NONE
    }
    assert names_in(copy) == sorted([FILE, *(f"{table['table']}.copy" for table in contents["tables"])])
    assert ["chat", "0001_initial"] in contents["migrations"]
    assert made.run.rows == sum(table["rows"] for table in contents["tables"])


def test_only_the_owner_may_read_it(made: Made, folder: Path) -> None:
    copy = Path(made.run.folder, made.run.name)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [*copy.iterdir(), folder / "ledger.jsonl"]}
    assert modes == {0o600}


def test_the_same_rows_give_the_same_files_whatever_the_server_has_set(rich: Rich, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    one = make_backup(first, at=NOON).run
    BackupRun.objects.all().delete()
    BackupFolder.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SET datestyle = 'ISO, DMY'; SET timezone = 'Asia/Kolkata'; SET intervalstyle = 'iso_8601'")
    try:
        two = make_backup(second, at=NOON).run
    finally:
        connection.close()
    for path in (first / one.name).glob("*.copy"):
        assert path.read_bytes() == (second / two.name / path.name).read_bytes(), path.name


def test_what_changes_while_it_is_written_is_not_in_it(rich: Rich, folder: Path) -> None:
    """All tables are of one moment: what commits into the last of them while an earlier one waits is left out."""
    with held_table("django_admin_log") as cursor:
        backup = threading.Thread(target=_backup_and_close, args=(folder,))
        backup.start()
        wait_until_blocked(cursor)
        cursor.execute("INSERT INTO auth_group (name) VALUES ('newcomer')")
        cursor.connection.commit()
        backup.join()
    assert Group.objects.filter(name="newcomer").exists()
    assert b"newcomer" not in everything_in(folder)


def _backup_and_close(folder: Path) -> None:
    try:
        make_backup(folder, at=NOON)
    finally:
        connection.close()


# A whole copy or none ------------------------------------------------------------
def test_two_at_the_same_moment_both_make_a_whole_back_up(rich: Rich, folder: Path) -> None:
    first, second = at_once(2, lambda _number: make_backup(folder, at=NOON))
    assert first.run.name != second.run.name
    copies = copies_in(folder)
    assert sorted(copy.name for copy in copies) == sorted([first.run.name, second.run.name])
    assert names_in(copies[0]) == names_in(copies[1])
    assert BackupRun.objects.count() == 2


@contextmanager
def tiny_disk(folder: Path) -> Iterator[Callable[[], None] | None]:
    """Give `folder` a disk of 100 kB where we may, else yield what lets a child write no larger files."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "none", str(folder)]
    if os.geteuid() == 0 and shutil.which("mount") and subprocess.run(mount, capture_output=True).returncode == 0:
        try:
            yield None
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    else:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_full_disk_leaves_nothing_behind_and_a_sentence(rich: Rich, folder: Path) -> None:
    with tiny_disk(folder) as limit:
        done = backup_by_command(folder, preexec_fn=limit)
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            f"CommandError: The disk of {folder} is full. Free some space, or choose another folder, and try again."
        ]
        assert names_in(folder) == []
    assert BackupRun.objects.count() == 0


def test_a_file_that_may_not_grow_is_a_full_disk_as_well(rich: Rich, folder: Path) -> None:
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # noqa: E731
    done = backup_by_command(folder, preexec_fn=limit)
    assert "is full" in done.stderr
    assert names_in(folder) == []


@pytest.mark.parametrize("point", ["backup.table_written", "backup.before_rename"])
def test_killed_in_the_middle_it_leaves_nothing_that_counts_as_a_back_up(rich: Rich, folder: Path, point: str) -> None:
    done = backup_by_command(folder, variables={"FAILPOINTS": point})
    assert done.returncode == -9
    assert [name for name in names_in(folder) if name.endswith(".partial")]
    assert copies_in(folder) == []
    assert BackupRun.objects.count() == 0
    make_backup(folder, at=timezone.now() + 1000 * DAY)  # what was left behind goes with a later one
    assert [name for name in names_in(folder) if name.endswith(".partial")] == []
    assert len(copies_in(folder)) == 1


# Where ---------------------------------------------------------------------------
@pytest.mark.parametrize("inside", ["", "static", "docs"])
def test_a_folder_of_the_program_is_refused(db: None, inside: str) -> None:
    with pytest.raises(Invalid, match="belongs to the program"):
        checked_folder(ROOT / inside)


def test_a_folder_of_uploads_is_refused(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    with pytest.raises(Invalid, match="may be served or published"):
        checked_folder(tmp_path)


def test_a_folder_that_is_not_there_is_not_made(db: None, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Make it, or mount the disk"):
        make_backup(tmp_path / "unmounted", at=NOON)
    assert not (tmp_path / "unmounted").exists()


def test_a_folder_that_cannot_be_written_to_is_refused(db: None, folder: Path) -> None:
    folder.chmod(0o500)
    child = os.fork()
    if child == 0:  # as somebody whom the mode concerns
        try:
            if os.geteuid() == 0:
                for each in (folder, *folder.parents):
                    if not each.stat().st_mode & stat.S_IXOTH:
                        each.chmod(each.stat().st_mode | 0o055)
                os.setuid(65534)
            checked_folder(folder)
        except Invalid as refusal:
            os._exit(0 if "cannot be written to" in refusal.detail else 2)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_folder_in_which_another_installation_keeps_its_back_ups_is_refused(
    made: Made, folder: Path, settings: Settings
) -> None:
    settings.SECRET_KEY = "another" * 10
    before = names_in(folder)
    with pytest.raises(WrongState, match="another installation keeps its back-ups there"):
        make_backup(folder, at=NOON + 3 * HOUR)
    assert names_in(folder) == before


def test_a_database_of_another_version_is_not_backed_up(db: None, folder: Path) -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("operations", "0002_backups")
    try:
        with pytest.raises(WrongState, match=r"Run manage\.py migrate first"):
            make_backup(folder, at=NOON)
    finally:
        recorder.record_applied("operations", "0002_backups")
    assert names_in(folder) == []


# How long ------------------------------------------------------------------------
@pytest.mark.rule("EM-RET-A")
@pytest.mark.parametrize("days", [30, 7])
def test_back_ups_go_once_they_are_older_than_the_row_on_retention_says(rich: Rich, folder: Path, days: int) -> None:
    adopt("EM-RET-A", since=NOON - HOUR, legal_basis="By-law 1-2026", backup_days=days)
    first = make_backup(folder, at=NOON).run
    assert (first.max_age_days, first.keep_until) == (days, NOON + days * DAY)
    assert make_backup(folder, at=NOON + days * DAY).removed == ()
    later = make_backup(folder, at=NOON + days * DAY + HOUR)
    assert later.removed == (first.name,)
    assert first.name not in names_in(folder)


def test_a_lower_row_shortens_the_life_of_back_ups_that_exist_and_a_higher_one_does_not_prolong_it(
    rich: Rich, folder: Path
) -> None:
    long, short = make_backup(folder, at=NOON).run, None
    adopt("EM-RET-A", since=NOON + DAY, legal_basis="By-law 1-2026", backup_days=7)
    short = make_backup(folder, at=NOON + 2 * DAY).run
    adopt("EM-RET-A", since=NOON + 7 * DAY + HOUR, legal_basis="By-law 1-2026", backup_days=60)
    assert make_backup(folder, at=NOON + 7 * DAY + HOUR / 2).removed == (long.name,)
    assert make_backup(folder, at=NOON + 9 * DAY + HOUR).removed == (short.name,)


@pytest.mark.rule("EM-RET-A")
def test_old_back_ups_go_without_a_new_one_and_in_the_end_the_ledger_as_well(made: Made, folder: Path) -> None:
    tidy_folders(at=made.run.keep_until)
    assert names_in(folder) == ["ledger.jsonl", made.run.name]
    tidy_folders(at=made.run.keep_until + HOUR)
    assert names_in(folder) == []
    assert BackupFolder.objects.count() == 0


def test_a_folder_whose_back_ups_are_gone_can_be_forgotten(made: Made, folder: Path) -> None:
    assert forget_folder(folder) is True
    assert BackupFolder.objects.count() == 0
    assert forget_folder(folder) is False


def test_a_day_without_a_back_up_is_told(made: Made) -> None:
    assert backup_trouble(at=made.run.at + DAY) == ""
    assert "There is no back-up of the last day" in backup_trouble(at=made.run.at + 2 * DAY)


# The command -----------------------------------------------------------------------
def test_the_command_says_what_it_made(rich: Rich, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE somebody_elses (id int)")
    try:
        call_command("backup", str(folder))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE somebody_elses")
    run = BackupRun.objects.get()
    said = capsys.readouterr().out.splitlines()[-2:]
    assert said == [
        "Left out the table somebody_elses, which is not this program's.",
        f"{folder}/{run.name}: {run.rows} rows, {run.bytes} bytes. Keep until {run.keep_until:%Y-%m-%d}.",
    ]
    assert ChatSession.objects.count() == 5


def test_the_command_says_why_it_made_none(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("backup", str(tmp_path / "nowhere"))
