"""`load_preset NAME`: a city with one command."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from contactcenter.lib.errors import DomainError
from contactcenter.presets.actions import load
from contactcenter.presets.files import preset_names, read_preset


class Command(BaseCommand):
    help = "Load a city. Safe to run again: keeps what an admin changed, unless --reset."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help=f"one of: {', '.join(preset_names())}")
        parser.add_argument("--reset", action="store_true", help="set changed rows back to the preset's values")

    def handle(self, *args: Any, name: str, reset: bool, **options: Any) -> None:
        if name not in preset_names():
            raise CommandError(f"There is no preset {name!r}. There is: {', '.join(preset_names())}.")
        preset = read_preset(name)
        try:
            load(preset, reset=reset, at=timezone.now())
        except DomainError as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write(
            f"{name}: {len(preset.departments)} departments, {len(preset.languages)} languages, "
            f"{len(preset.people)} people."
        )
