"""Beat wakes this every few seconds."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from contactcenter.notices import actions

MOST_AT_ONCE = 50  # the rest waits for the next beat, so that a run stays short


@shared_task(ignore_result=True, acks_late=True)
def send_due_mail() -> None:
    """Send what is due, one mail at a time. Safe to run twice, late, or on ten machines."""
    for _number in range(MOST_AT_ONCE):
        if not actions.send_next(at=timezone.now()):
            return
