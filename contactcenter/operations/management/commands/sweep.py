"""`sweep`: all due timers now, once; for where no beat runs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from chat.actions import sweep_connections
from chat.timers import act_on_due_timers, is_service_up


class Command(BaseCommand):
    help = "Act on every timer that is due, once. Safe to run again, and beside beat."

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        sweep_connections(at=at)
        if not is_service_up(at=at):
            self.stdout.write("No web process has shown itself lately. Nobody could be heard, and no chat timer acted.")
            return
        acts = act_on_due_timers(at=at)
        self.stdout.write(f"{acts} timers were due.")
