"""Log-ins of staff: opened, kept alive by what a person does, ended."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction

from agents import rules
from agents.models import LogIn, User
from contactcenter.lib.events import emit


def open_login(user: User, session_key: str, *, second_factor: bool, at: datetime) -> LogIn:
    """Note that a person has logged in, with or without a second factor."""
    return LogIn.objects.create(user=user, session_key=session_key, at=at, seen_at=at, second_factor=second_factor)


def record_activity(session_key: str, *, at: datetime) -> None:
    """A person did something in this log-in. Written at most once in 10 seconds; an idle log-in stays idle."""
    seen_long_ago = LogIn.objects.live(at=at).filter(session_key=session_key, seen_at__lte=at - rules.ACTIVITY_STEP)
    seen_long_ago.update(seen_at=at)


@transaction.atomic
def end_login(session_key: str, *, at: datetime) -> None:
    """End one log-in: log-out, or its time is over. Its sockets close."""
    _end(list(LogIn.objects.filter(session_key=session_key, ended_at__isnull=True)), at=at)


@transaction.atomic
def end_logins(user: User, *, at: datetime, without_second_factor: bool = False) -> None:
    """End every log-in of a person, or only those made without a second factor. Their sockets close."""
    open_ones = LogIn.objects.filter(user=user, ended_at__isnull=True)
    if without_second_factor:
        open_ones = open_ones.filter(second_factor=False)
    _end(list(open_ones), at=at)


def delete_dead_sessions(*, at: datetime) -> None:
    """Delete the contents of browser sessions that have run out; `LogIn` still knows when they were."""
    Session.objects.filter(expire_date__lt=at).delete()


def _end(log_ins: list[LogIn], *, at: datetime) -> None:
    if not log_ins:
        return
    LogIn.objects.filter(pk__in=[log_in.pk for log_in in log_ins], ended_at__isnull=True).update(ended_at=at)
    emit("login", session_keys=[log_in.session_key for log_in in log_ins])
