"""`backup DIR`: a back-up of the database, without what is transient; old ones go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from contactcenter.lib.errors import DomainError
from contactcenter.operations.copies import forget_folder, make_backup


class Command(BaseCommand):
    help = "Write a back-up into DIR, delete those there that are too old, and keep the ledger beside them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument(
            "--forget", action="store_true", help="make none; keep no ledger in DIR any more: its back-ups are gone"
        )

    def handle(self, *args: Any, folder: Path, forget: bool, **options: Any) -> None:
        if forget:
            was_known = forget_folder(folder)
            self.stdout.write(f"{folder} is forgotten." if was_known else f"No ledger was kept in {folder}.")
            return
        try:
            made = make_backup(folder, at=timezone.now())
        except DomainError as refusal:
            raise CommandError(refusal.detail) from None
        for name in made.removed:
            self.stdout.write(f"Deleted {name}, which was too old.")
        for table in made.unknown:
            self.stdout.write(f"Left out the table {table}, which is not this program's.")
        run = made.run
        self.stdout.write(
            f"{run.folder}/{run.name}: {run.rows} rows, {run.bytes} bytes. Keep until {run.keep_until:%Y-%m-%d}."
        )
