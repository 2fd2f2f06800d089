"""The ledger beside the back-ups: what a restore must not bring back (decision 11).

The purge and the lifting of marks write rows, in their own transactions. From
there the rows are carried into a file beside every back-up that may still be
restored: by beat every ten seconds, and at once by `backup` and by whoever
purges by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from chat.actions import drop_ledger_entries
from chat.models import LedgerEntry
from contactcenter.lib.errors import Unavailable
from contactcenter.operations.copies import ledger_file
from contactcenter.operations.copies.ages import greatest_age
from contactcenter.operations.copies.ledger_file import DamagedLedger, Line
from contactcenter.operations.models import BackupFolder, RestoreRun

CHUNK = 10_000
LIFE = 10**9  # after each restore entries are numbered from the next multiple on: no file elsewhere has gone so far


def sync_ledger(*, at: datetime) -> list[BackupFolder]:
    """Carry new entries into the ledger beside every back-up that may be restored; answer the folders with trouble.

    Call it after the commit. Safe to run twice, late, or on ten machines. What
    no back-up needs any more is dropped, from the files and the table.
    Raises `Unavailable` when a purge that is running keeps entries back.
    """
    horizon = _Horizon()
    folders = list(BackupFolder.objects.needed(at=at).order_by("path"))
    for folder in folders:
        sync_folder_of(folder, horizon, at=at)
    drop_ledger_entries(before=_needed_since(at=at))
    return [folder for folder in folders if folder.trouble]


def sync_folder_of(folder: BackupFolder, horizon: _Horizon | None = None, *, at: datetime) -> None:
    """Carry new entries into one folder's ledger, and note how that went. Raises `Unavailable` likewise."""
    try:
        _carry(Path(folder.path), horizon or _Horizon(), at=at)
        folder.trouble, folder.synced_at = "", at
    except OSError:
        folder.trouble = BackupFolder.Trouble.UNREACHABLE
    except DamagedLedger:
        folder.trouble = BackupFolder.Trouble.DAMAGED
    except _SetBack:
        folder.trouble = BackupFolder.Trouble.SET_BACK
    BackupFolder.objects.filter(pk=folder.pk).update(trouble=folder.trouble, synced_at=folder.synced_at)


class _SetBack(Exception):
    """The file knows more than the database: that was set back otherwise than by `restore`."""


class _Horizon:
    """Up to which number entries are final, asked once and only when somebody needs it."""

    def __init__(self) -> None:
        self._final: int | None = None

    def final(self) -> int:
        """Return the number up to which no entry can still appear. Raises `Unavailable`.

        Numbers are given out before the commit: an entry may appear after one
        with a higher number. So writers are waited for, and held up for a moment.
        """
        if self._final is None:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '2s'")
                    cursor.execute("LOCK TABLE chat_ledgerentry IN SHARE MODE")
                    self._final = newest_entry()
            except OperationalError:
                raise Unavailable(_("A purge is running. Try again when it is over.")) from None
        return self._final


def next_life(last: int) -> int:
    """Return behind which number entries go on after a restore, when the last known one was `last`."""
    return (last // LIFE + 1) * LIFE


def newest_entry() -> int:
    """Return the number of the newest entry, 0 when there is none."""
    return LedgerEntry.objects.aggregate(n=Max("pk"))["n"] or 0


def _carry(folder: Path, horizon: _Horizon, *, at: datetime) -> None:
    if not folder.is_dir():
        raise FileNotFoundError
    since = _needed_since(at=at)
    with ledger_file.opened(folder, since=_known_since(since)) as file:
        last = ledger_file.last_n(file)
        if last > _last_number():
            raise _SetBack
        if newest_entry() > last:
            ledger_file.append(file, _lines(last, horizon.final()))
        ledger_file.prune(file, folder, before=since)


def _lines(last: int, final: int) -> Iterator[Line]:
    entries = LedgerEntry.objects.filter(pk__gt=last, pk__lte=final).order_by("pk")
    after = last
    for entry in entries.iterator(CHUNK):
        yield Line(entry.pk, after, entry.kind, entry.subject, entry.at)
        after = entry.pk


def _last_number() -> int:
    """Return the last number that was given out, also to entries that were dropped since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('chat_ledgerentry', 'id')), 0)")
        last: int = cursor.fetchone()[0]
    return last


def _needed_since(*, at: datetime) -> datetime:
    """Return the instant before which no back-up that may be restored was made."""
    return at - greatest_age(at=at)


def _known_since(since: datetime) -> datetime:
    """Return from when on the table knows everything: a restore without the ledger knew nothing of before."""
    blind = RestoreRun.objects.filter(with_ledger=False).aggregate(at=Max("at"))["at"]
    return max(since, blind) if blind else since
