"""A back-up: one snapshot of the database, a file for each table, and a signed table of contents (EM-RET-A)."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from contactcenter.lib.errors import Unavailable, WrongState
from contactcenter.lib.failpoints import failpoint
from contactcenter.operations.classification import TABLES
from contactcenter.operations.copies import folders, ledger_file, manifest, tables
from contactcenter.operations.copies.ages import max_age_days
from contactcenter.operations.copies.ledger import newest_entry, sync_folder_of
from contactcenter.operations.copies.manifest import Manifest, TableFile
from contactcenter.operations.models import BackupFolder, BackupRun


@dataclass(frozen=True)
class Made:
    """A back-up that was made; `removed` are those that were too old, `unknown` tables that are not ours."""

    run: BackupRun
    removed: tuple[str, ...]
    unknown: tuple[str, ...]


def make_backup(path: Path, *, at: datetime) -> Made:
    """Write a back-up into a folder, and delete those there that are too old.

    Transient chat text is left out, and so is what only a running installation
    needs. Either a whole back-up is there afterwards, or nothing.
    Raises `Invalid` for a folder that is not fit, `WrongState`, `Unavailable`. Source: EM-RET-A.
    """
    folder = folders.checked_folder(path)
    _check_schema()
    with folders.plain_disk_trouble(folder):
        _check_ledger_is_ours(folder)
        folders.remove_forsaken(folder, at=at)
        removed = remove_old_copies(folder, at=at)
        partial = folders.begin_partial(folder, at=at)
        try:
            contents, unknown = _write(partial, at=at)
            run = _finish(partial, contents, at=at)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return Made(run, tuple(removed), tuple(unknown))


def _check_schema() -> None:
    executor = MigrationExecutor(connection)
    known = set(executor.loader.disk_migrations or ())
    if executor.migration_plan(executor.loader.graph.leaf_nodes()) or set(executor.loader.applied_migrations) - known:
        raise WrongState(_("The database is of another version than this program. Run manage.py migrate first."))


def _check_ledger_is_ours(folder: Path) -> None:
    """Refuse a folder in which another installation keeps its back-ups: ours would be mixed with theirs."""
    path = folder / ledger_file.FILE
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            ledger_file.parsed(file.readline())
    except ledger_file.DamagedLedger:
        raise WrongState(
            _("The ledger in %(folder)s is damaged, or another installation keeps its back-ups there. Choose a folder "
              "that this installation has for itself.")
            % {"folder": folder}
        ) from None  # fmt: skip


def remove_old_copies(folder: Path, *, at: datetime) -> list[str]:
    """Delete the back-ups of a folder that may not be restored any more; answer their names. Source: EM-RET-A."""
    days = max_age_days(at=at)
    old = [copy for copy in folders.copies_in(folder) if _is_too_old(copy, days, at=at)]
    for copy in old:
        folders.remove_copy(copy)
    return [copy.name for copy in old]


def _is_too_old(copy: Path, days: int, *, at: datetime) -> bool:
    """Say whether a back-up is older than is allowed now, or was when it was made."""
    with suppress(WrongState):  # damaged: its name still says how old it is
        days = min(days, manifest.read(copy).max_age_days)
    return folders.made_at(copy) < at - timedelta(days=days)


def _write(partial: Path, *, at: datetime) -> tuple[Manifest, list[str]]:
    """Write every table of one snapshot, and what they come to; return that, and tables that are not ours."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        tables.write_plainly(cursor)
        contents = _contents(cursor, at=at)
        written = []
        for extract in tables.extracts(cursor):
            path = partial / f"{extract.table}.copy"
            tally = tables.copy_to_file(cursor, extract, path)
            written.append(TableFile(extract.table, extract.columns, tally.rows, tally.size, tally.sha256))
            failpoint("backup.table_written")
        unknown = sorted(tables.tables_there(cursor) - {table.name for table in TABLES})
    contents = replace(contents, tables=tuple(written))
    folders.write_new(partial / manifest.FILE, manifest.written(contents))
    folders.sync_folder(partial)
    return contents, unknown


def _contents(cursor: Any, *, at: datetime) -> Manifest:
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    return Manifest(
        created_at=at,
        time_zone=settings.TIME_ZONE,
        max_age_days=max_age_days(at=at),
        migrations=tuple(cursor.fetchall()),
        tables=(),
        sequences=tables.sequences(cursor),
        ledger_n=newest_entry(),
    )


def _run_of(folder: Path, name: str, contents: Manifest) -> BackupRun:
    return BackupRun(
        at=contents.created_at,
        folder=str(folder),
        name=name,
        rows=contents.rows,
        bytes=contents.size,
        max_age_days=contents.max_age_days,
        keep_until=contents.keep_until,
    )


def know_copies(folder: Path, *, at: datetime) -> None:
    """After a restore, write down every back-up of a folder that may still be restored: the ledger goes on there."""
    for copy in folders.copies_in(folder):
        try:
            contents = manifest.read(copy)
        except WrongState:
            continue
        if contents.keep_until <= at:
            continue
        note_folder(folder, until=contents.keep_until)
        if not BackupRun.objects.filter(folder=str(folder), name=copy.name).exists():
            _run_of(folder, copy.name, contents).save()


def _finish(partial: Path, contents: Manifest, *, at: datetime) -> BackupRun:
    """Bring the ledger beside a back-up, only then give it its name, and write it down."""
    _keep_ledger_in(partial.parent, until=contents.keep_until, at=at)
    failpoint("backup.before_rename")
    final = folders.finish_partial(partial)
    run = _run_of(final.parent, final.name, contents)
    run.save()
    return run


def _keep_ledger_in(folder: Path, *, until: datetime, at: datetime) -> None:
    row = note_folder(folder, until=until)
    with suppress(Unavailable):  # a purge is running: the file is there, and beat carries what it will have deleted
        sync_folder_of(row, at=at)
    if row.trouble:
        sentence = _("The ledger in %(folder)s %(trouble)s. Without it nothing may be restored from there.")
        raise WrongState(sentence % {"folder": folder, "trouble": row.get_trouble_display()})


def note_folder(folder: Path, *, until: datetime) -> BackupFolder:
    """Write down beside which back-ups the ledger must be kept, and until when."""
    row, _is_new = BackupFolder.objects.get_or_create(path=str(folder), defaults={"keep_until": until})
    if row.keep_until < until:
        row.keep_until = until
        row.save(update_fields=["keep_until"])
    return row


def forget_folder(path: Path) -> bool:
    """Keep no ledger in a folder any more, because its back-ups are gone; answer whether one was kept there."""
    deleted, _by_table = BackupFolder.objects.filter(path=str(path.resolve())).delete()
    return bool(deleted)


def tidy_folders(*, at: datetime) -> None:
    """Delete back-ups that are too old, wherever they are; and what is left where none is needed any more.

    A folder that cannot be reached waits; the check of the ledger tells about it.
    """
    for row in BackupFolder.objects.all():
        folder = Path(row.path)
        try:
            folders.remove_forsaken(folder, at=at)
            remove_old_copies(folder, at=at)
            if row.keep_until <= at and not folders.copies_in(folder):
                (folder / ledger_file.FILE).unlink(missing_ok=True)
                row.delete()
        except OSError:
            continue
