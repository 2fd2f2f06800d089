"""The way back: an empty database, a back-up that is whole and ours, and the ledger beside it (EM-RET-A).

Everything happens in one transaction: whoever looks meanwhile finds an empty
database, and whatever fails leaves it so.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from chat.actions import import_ledger_entries, lift_from_ledger, purge, purge_from_ledger
from chat.models import LedgerEntry, PurgeRun
from contactcenter.lib.errors import DomainError, Unavailable, WrongState
from contactcenter.lib.failpoints import failpoint
from contactcenter.lib.serial import one_at_a_time
from contactcenter.operations.classification import TABLES
from contactcenter.operations.copies import manifest, tables
from contactcenter.operations.copies.backup import know_copies
from contactcenter.operations.copies.checks import RESTORE_LOCK, ledger_trouble
from contactcenter.operations.copies.folders import copies_in
from contactcenter.operations.copies.ledger import next_life, sync_ledger
from contactcenter.operations.copies.ledger_file import Ledger, read_ledger
from contactcenter.operations.copies.manifest import Manifest
from contactcenter.operations.copies.tables import Extract
from contactcenter.operations.models import RestoreRun

LOCK_NOT_AVAILABLE = "55P03"
LOCK_WAIT = "10s"
# Rows that are no data: what migrations write themselves, and signs of life.
NO_DATA = {"django_migrations", "django_content_type", "auth_permission", "operations_heartbeat", "chat_pulse"}
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A back-up that may be restored, with the ledger beside it; None when it is to go without."""

    folder: Path
    contents: Manifest
    ledger: Ledger | None


@dataclass(frozen=True)
class Restored:
    """What a restore did. `notes` are sentences that whoever ran it should read."""

    run: RestoreRun
    notes: tuple[str, ...]


def restore(path: Path, *, without_ledger: bool = False, at: datetime) -> Restored:
    """Put a back-up into the empty database, let go again what has gone since, and purge what is due.

    `path` is a back-up, or a folder of them, of which the newest whole one is
    taken. Raises `WrongState`; then nothing was changed. Source: EM-RET-A.
    """
    source = choose(path, without_ledger=without_ledger, at=at)
    if source.ledger is None:
        logger.warning("restoring %s without its ledger, as was asked for", source.folder.name)
    with _plain_database_trouble(source.folder.name), transaction.atomic(durable=True):
        restored = _restore(source, at=at)
        failpoint("restore.before_commit")
    with suppress(Unavailable):  # somebody serves already, and purges: beat carries the ledger
        sync_ledger(at=at)
    return replace(restored, notes=(*restored.notes, *filter(None, [ledger_trouble(at=at)])))


@contextmanager
def _plain_database_trouble(name: str) -> Iterator[None]:
    """Turn what PostgreSQL refuses into one sentence; its own may hold words of people. Raises `WrongState`."""
    try:
        yield
    except DatabaseError as error:
        code = getattr(error.__cause__, "pgcode", None) or type(error).__name__
        logger.error("the restore failed: %s", code)
        if code == LOCK_NOT_AVAILABLE:
            sentence = _("Another process uses this database. Stop web, worker and beat, then try again.")
        else:
            sentence = _("PostgreSQL refused to restore %(name)s (%(code)s).")
        raise WrongState(sentence % {"name": name, "code": code} + " " + _("Nothing was changed.")) from None
    finally:
        ContentType.objects.clear_cache()


# Before anything is touched -----------------------------------------------------
def choose(path: Path, *, without_ledger: bool, at: datetime) -> Source:
    """Return the back-up to restore: this one, or the newest whole one of this folder. Raises `WrongState`."""
    folder = path.resolve()
    if (folder / manifest.FILE).exists():
        return checked(folder, without_ledger=without_ledger, at=at)
    candidates = copies_in(folder) if folder.is_dir() else []
    if not candidates:
        raise WrongState(_("There is no back-up in %(folder)s. Nothing was touched.") % {"folder": folder})
    refusals = []
    for candidate in candidates:
        try:
            contents = _whole(candidate, at=at)
        except WrongState as refusal:
            refusals.append(refusal)
            continue
        return _with_ledger(candidate, contents, without_ledger=without_ledger)
    raise refusals[0]


def checked(folder: Path, *, without_ledger: bool, at: datetime) -> Source:
    """Return a back-up of which everything is as it must be. Raises `WrongState`."""
    return _with_ledger(folder, _whole(folder, at=at), without_ledger=without_ledger)


def _with_ledger(folder: Path, contents: Manifest, *, without_ledger: bool) -> Source:
    """Return a whole back-up with its ledger: what that refuses sends nobody on to an older back-up."""
    return Source(folder, contents, None if without_ledger else _check_ledger(folder, contents))


def _whole(folder: Path, *, at: datetime) -> Manifest:
    contents = manifest.read(folder)
    if at > contents.keep_until:
        raise WrongState(
            _("%(name)s is older than the %(days)d days that a back-up may be kept: the ledger does not reach back so "
              "far, and what was deleted would come back. Take a newer one. Nothing was touched.")
            % {"name": folder.name, "days": contents.max_age_days}
        )  # fmt: skip
    _check_migrations(folder, contents)
    for table in contents.tables:
        _check_file(folder, table)
    return contents


def _check_migrations(folder: Path, contents: Manifest) -> None:
    known = MigrationLoader(None).disk_migrations or {}
    newer = sorted(f"{app}.{name}" for app, name in contents.migrations if (app, name) not in known)
    if newer:
        raise WrongState(
            _("%(name)s was made by a newer version of this program (it has %(migration)s). Install that version, or "
              "a later one, and restore with it. Nothing was touched.")
            % {"name": folder.name, "migration": newer[0]}
        )  # fmt: skip


def _check_file(folder: Path, table: manifest.TableFile) -> None:
    try:
        tally = tables.tally_of_file(folder / table.file)
    except OSError:
        raise manifest.damaged(folder, table.file) from None
    if (tally.sha256, tally.rows) != (table.sha256, table.rows):
        raise manifest.damaged(folder, table.file)


def _check_ledger(folder: Path, contents: Manifest) -> Ledger:
    found = read_ledger(folder.parent)
    if found.last_n < contents.ledger_n or found.since > contents.created_at:
        raise WrongState(
            _("The ledger beside %(name)s does not know what has gone since that back-up was made: it is older, or "
              "was begun later. Put the right one there, or give --without-ledger, which is written down. Nothing "
              "was touched.")
            % {"name": folder.name}
        )  # fmt: skip
    return found


# In one transaction -------------------------------------------------------------
def _restore(source: Source, *, at: datetime) -> Restored:
    contents = source.contents
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_WAIT])
        one_at_a_time(RESTORE_LOCK)
        _clear(cursor)
        _migrate_to(contents.migrations)
        tables.write_plainly(cursor)
        _load(cursor, source)
        _prove(cursor, source)
        tables.set_sequences(cursor, contents.sequences)
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    run = RestoreRun(
        at=at,
        name=source.folder.name,
        made_at=contents.created_at,
        with_ledger=source.ledger is not None,
        rows=contents.rows,
    )
    _replay(source, run, at=at)
    notes = [*_purge(run, at=at), *_notes(source)]
    run.save()
    know_copies(source.folder.parent, at=at)
    return Restored(run, tuple(notes))


def _clear(cursor: Any) -> None:
    """Take away the tables of a database that holds no data. Raises `WrongState` when it does."""
    there = tables.tables_there(cursor)
    full = sorted(table for table in there - NO_DATA if _has_rows(cursor, table))
    if full:
        raise WrongState(
            _("This database holds data (%(table)s). Restore into an empty one: make a new database and set "
              "DATABASE_URL to it. Nothing was changed.")
            % {"table": full[0]}
        )  # fmt: skip
    ours = sorted(there & {table.name for table in TABLES})
    if ours:
        cursor.execute(f"DROP TABLE {', '.join(map(tables.quoted, ours))} CASCADE")
    for function in tables.functions_there(cursor):
        cursor.execute(f"DROP FUNCTION {function} CASCADE")


def _has_rows(cursor: Any, table: str) -> bool:
    cursor.execute(f"SELECT EXISTS (SELECT FROM {tables.quoted(table)})")
    return bool(cursor.fetchone()[0])


def _migrate_to(migrations: Collection[tuple[str, str]]) -> None:
    """Bring the empty database to the migrations that the back-up was made with, and to no others."""
    executor = MigrationExecutor(connection)
    nodes, wanted = executor.loader.graph.node_map, set(migrations)
    executor.migrate(sorted(each for each in wanted if wanted.isdisjoint(child.key for child in nodes[each].children)))


def _load(cursor: Any, source: Source) -> None:
    """Fill every table; what migrations write themselves comes from the back-up, too."""
    for table in reversed(source.contents.tables):
        cursor.execute(f"DELETE FROM {tables.quoted(table.table)}")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")  # in whatever order tables refer to each other
    for table in source.contents.tables:
        tables.copy_in(cursor, Extract(table.table, table.columns), source.folder / table.file)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # checks them; migrations that follow need nothing left to check


def _prove(cursor: Any, source: Source) -> None:
    """Read every table again and compare it with what the back-up says of it. Raises `WrongState`."""
    for table in source.contents.tables:
        tally = tables.Tally()
        tables.copy_out(cursor, Extract(table.table, table.columns), tally)
        if (tally.sha256, tally.rows) != (table.sha256, table.rows):
            raise WrongState(
                _("What %(name)s says of %(table)s did not come out of the database again as it went in. Nothing was "
                  "changed.")
                % {"name": source.folder.name, "table": table.table}
            )  # fmt: skip


def _replay(source: Source, run: RestoreRun, *, at: datetime) -> None:
    """Let go again what has gone since the back-up was made; no number that was ever used is given out again."""
    entries = source.ledger.entries if source.ledger else ()
    last = max([source.contents.ledger_n, *(line.n for line in entries)])
    marks = [int(line.id) for line in entries if line.kind == LedgerEntry.Kind.LIFTED_MARK]
    chats = [UUID(line.id) for line in entries if line.kind == LedgerEntry.Kind.PURGED_SESSION]
    import_ledger_entries(LedgerEntry(pk=line.n, kind=line.kind, subject=line.id, at=line.at) for line in entries)
    with connection.cursor() as cursor:
        used = {"chat_ledgerentry.id": next_life(last), "chat_retentionmark.id": max(marks, default=0)}
        tables.set_sequences(cursor, used)
    run.marks_lifted = lift_from_ledger(marks, at=at)
    run.chats_deleted = purge_from_ledger(chats, at=at)


def _purge(run: RestoreRun, *, at: datetime) -> list[str]:
    """Purge what is due; where the city has adopted no ground for that, say so instead."""
    try:
        done = purge(at=at, cause=PurgeRun.Cause.RESTORE)
    except DomainError as refusal:
        return [refusal.detail]
    run.chats_purged = done.deleted
    return []


def _notes(source: Source) -> list[str]:
    notes = []
    if source.contents.time_zone != settings.TIME_ZONE:
        sentence = _("The back-up was made with TIME_ZONE=%(theirs)s, and this program runs with %(ours)s.")
        notes.append(sentence % {"theirs": source.contents.time_zone, "ours": settings.TIME_ZONE})
    if source.ledger is None:
        notes.append(_("Restored without the ledger: what was deleted since the back-up was made may be back."))
    else:
        sentence = _("The ledger was last written at %(moment)s; what has gone after that is not known to it.")
        notes.append(sentence % {"moment": source.ledger.written_at.isoformat(" ", "seconds")})
    return notes
