"""What operations write."""

from __future__ import annotations

from datetime import datetime

from contactcenter.operations.models import Heartbeat


def beat_heart(name: str, *, at: datetime) -> None:
    """Note that a process of this kind is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": at})
