"""`restore DIR`: a back-up into an empty database. What has gone since is let go again before anybody is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from contactcenter.lib.errors import DomainError
from contactcenter.operations.copies import restore


class Command(BaseCommand):
    help = "Restore DIR, a back-up or a folder of them (then the newest whole one), into the empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument(
            "--without-ledger", action="store_true", help="although chats and marks may come back; written down"
        )

    def handle(self, *args: Any, folder: Path, without_ledger: bool, **options: Any) -> None:
        try:
            restored = restore(folder, without_ledger=without_ledger, at=timezone.now())
        except DomainError as refusal:
            raise CommandError(refusal.detail) from None
        run = restored.run
        self.stdout.write(f"Restored {run.name}: {run.rows} rows, as they were at {run.made_at:%Y-%m-%d %H:%M} UTC.")
        self.stdout.write(
            f"By the ledger: {run.marks_lifted} marks ended, {run.chats_deleted} chats deleted. "
            f"Purged: {run.chats_purged} chats."
        )
        for note in restored.notes:
            self.stdout.write(note)
