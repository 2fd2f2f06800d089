"""What beat wakes for the installation itself: heartbeats, and the deleting of what has had its time.

The worker notes itself; each tick of beat that reaches a worker is noted as beat's.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.signals import heartbeat_sent, worker_ready
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from contactcenter.lib.errors import Unavailable
from contactcenter.operations import actions
from contactcenter.operations.copies import sync_ledger

WORKER_EVERY = 5.0  # seconds
_last_note = 0.0


@shared_task(ignore_result=True, acks_late=True)
def heartbeat() -> None:
    """Beat, every 5 seconds. Safe to run twice, late, or on ten machines."""
    actions.beat_heart("beat", at=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def tidy() -> None:
    """Beat, every 10 minutes: delete what is kept for a time only. Safe to run twice, late, or on ten machines."""
    actions.tidy(at=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def carry_ledger() -> None:
    """Beat, every 10 seconds: carry what has gone for good into the ledgers beside the back-ups.

    Safe to run twice, late, or on ten machines. While a purge is running it is left to the next beat.
    """
    with suppress(Unavailable):
        sync_ledger(at=timezone.now())


@worker_ready.connect
@heartbeat_sent.connect
def note_worker(**_facts: Any) -> None:
    """The worker's own pulse, which needs no beat."""
    global _last_note
    now = time.monotonic()
    if _last_note and now - _last_note < WORKER_EVERY:
        return
    _last_note = now
    try:
        actions.beat_heart("worker", at=timezone.now())
    except DatabaseError:
        close_old_connections()  # /readyz shows what is missing
