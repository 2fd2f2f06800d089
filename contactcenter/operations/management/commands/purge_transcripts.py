"""`purge_transcripts`: delete now what is transient and past its time, or say what that would be."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from chat.actions import look_ahead, purge
from chat.models import PurgeRun
from contactcenter.lib.errors import DomainError, Unavailable
from contactcenter.operations.copies import sync_ledger
from policies.previews import say_city_moment


class Command(BaseCommand):
    help = (
        "Delete every chat that ended before the grace began and that nothing keeps. The daily purge does it by itself."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        at = timezone.now()
        try:
            lines = _outlook(at) if dry_run else _run(at)
        except DomainError as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write("\n".join(lines))


def _outlook(at: datetime) -> list[str]:
    outlook = look_ahead(at=at)
    return [
        f"{outlook.counted} chats ended before {say_city_moment(outlook.cutoff)}.",
        f"{outlook.deleted} of them would be deleted, {outlook.kept} are kept under a mark, "
        f"{outlook.wrapping_up} are still being rounded off. Nothing was done.",
    ]


def _run(at: datetime) -> list[str]:
    run = purge(at=at, cause=PurgeRun.Cause.BY_HAND)
    with suppress(Unavailable):  # beat carries it in a moment
        sync_ledger(at=at)
    assert run.cutoff is not None  # it ran
    oldest = say_city_moment(run.oldest_left_at) if run.oldest_left_at else "none"
    return [
        f"{run.counted} chats ended before {say_city_moment(run.cutoff)}.",
        f"{run.deleted} deleted, {run.kept} kept under a mark, {run.wrapping_up} still being rounded off.",
        f"Oldest transcript left without a mark: {oldest}. Left over by mistake: {run.leftover}.",
    ]
