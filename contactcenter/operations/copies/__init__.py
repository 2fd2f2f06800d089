"""Back-ups, the ledger beside them, and the way back (decision 11)."""

from contactcenter.operations.copies.backup import forget_folder, make_backup
from contactcenter.operations.copies.ledger import sync_ledger

__all__ = ["forget_folder", "make_backup", "sync_ledger"]
