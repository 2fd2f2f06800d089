"""What operations write."""

from __future__ import annotations

from datetime import datetime

from agents.actions import delete_dead_links, delete_dead_sessions, forget_old_tries
from contactcenter.cases.actions import forget_old_tasks
from contactcenter.notices.actions import delete_old_mail
from contactcenter.operations.copies.backup import tidy_folders
from contactcenter.operations.models import Heartbeat

TIDIED = (delete_old_mail, delete_dead_sessions, delete_dead_links, forget_old_tries, forget_old_tasks, tidy_folders)


def beat_heart(name: str, *, at: datetime) -> None:
    """Note that a process of this kind is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": at})


def tidy(*, at: datetime) -> None:
    """Delete what is kept for a time only: old mail, dead sessions and links, tries to log in, the words of
    tasks that were done long ago, old back-ups.

    One kind that fails keeps none of the others from going.
    """
    failures = []
    for delete in TIDIED:
        try:
            delete(at=at)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
