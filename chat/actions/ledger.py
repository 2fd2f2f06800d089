"""The ledger's rows, as the files beside the back-ups need them. `purge` and `retention` write the entries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from chat.models import LedgerEntry

AT_ONCE = 10_000


def drop_ledger_entries(*, before: datetime) -> None:
    """Delete entries that are older than any back-up which may still be restored."""
    LedgerEntry.objects.filter(at__lt=before).delete()


def import_ledger_entries(entries: Iterable[LedgerEntry]) -> None:
    """After a restore, take over what the ledger beside the back-up knows, with its numbers."""
    rest = iter(entries)
    while some := list(islice(rest, AT_ONCE)):
        LedgerEntry.objects.bulk_create(some)
