"""What beat wakes for the chat."""

from celery import shared_task
from django.utils import timezone

from chat import actions, timers


@shared_task(ignore_result=True, acks_late=True)
def sweep_connections() -> None:
    """Beat, every 10 seconds: take agents offline whose last socket has been gone for the grace time.

    Safe to run twice, late, or on ten machines. While no web process runs nobody could be connected, and nothing is
    done.
    """
    at = timezone.now()
    if timers.is_service_up(at=at):
        actions.sweep_connections(at=at)


@shared_task(ignore_result=True, acks_late=True)
def sweep_timers() -> None:
    """Beat, every second: act on every chat timer that is due. Safe to run twice, late, or on ten machines.

    While no web process runs, nobody could be heard, and nothing is done.
    """
    at = timezone.now()
    if timers.is_service_up(at=at):
        timers.act_on_due_timers(at=at)


@shared_task(ignore_result=True, acks_late=True)
def purge_daily() -> None:
    """Beat, every 10 seconds: purge if the city's time for it has come, or was missed. Safe to run twice or late."""
    actions.purge_if_due(at=timezone.now())
