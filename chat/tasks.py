"""What beat wakes for the chat."""

from celery import shared_task
from django.utils import timezone

from chat import actions


@shared_task(ignore_result=True, acks_late=True)
def sweep_connections() -> None:
    """Beat, every 10 seconds: take agents offline whose last socket has been gone for the grace time.

    Safe to run twice, late, or on ten machines.
    """
    actions.sweep_connections(at=timezone.now())
