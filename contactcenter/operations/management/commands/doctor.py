"""`doctor`: every check with what to mend."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from contactcenter.operations.doctor import examine


class Command(BaseCommand):
    help = "Look at everything; say a line about each part. Ends with 1 when something is to be mended."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        checks = examine()
        for check in checks:
            self.stdout.write(f"{'ok    ' if check.is_well else 'FAILED'} {check.name}: {check.sentence}")
        if not all(check.is_well for check in checks):
            sys.exit(1)
