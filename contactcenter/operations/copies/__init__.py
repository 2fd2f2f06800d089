"""Back-ups, the ledger beside them, and the way back (decision 11)."""

from contactcenter.operations.copies.backup import forget_folder, make_backup
from contactcenter.operations.copies.ledger import sync_ledger
from contactcenter.operations.copies.restoring import restore

__all__ = ["forget_folder", "make_backup", "restore", "sync_ledger"]
