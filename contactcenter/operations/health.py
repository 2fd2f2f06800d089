"""Whether this process may serve, and what is not as it should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from agents.models import User
from contactcenter.operations.models import Heartbeat

LARGEST_SKEW = timedelta(seconds=2)
HEARTBEAT_STALE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Check:
    """One look at one part; `mend` says what to do when it is not well."""

    name: str
    is_vital: bool  # without it this process must not serve
    is_well: bool
    mend: str = ""


def look_at_everything() -> list[Check]:
    """Ask every part. Without a database nothing further is asked of it."""
    database = _database()
    if not database.is_well:
        return [database, _valkey()]
    return [database, _migrations(), _demo_people(), _clock(), _valkey(), _process("worker"), _process("beat")]


def _database() -> Check:
    def ask() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True

    return Check("database", True, _answers(ask), "PostgreSQL does not answer. Start it, or correct DATABASE_URL.")


def _answers(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except DatabaseError:
        connection.close_if_unusable_or_obsolete()
        return False


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Check("migrations", True, not waiting, "The database is of an older version. Run manage.py migrate.")


def _demo_people() -> Check:
    is_well = settings.DEMO or not User.objects.filter(is_demo=True, is_active=True).exists()
    mend = "Demo people can log in although DEMO is off. Deactivate them, or use a database of your own."
    return Check("demo", True, is_well, mend)


def _clock() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    skew = abs(timezone.now() - theirs)
    mend = f"This machine's clock is {skew.total_seconds():.1f} s from PostgreSQL's. Mend time synchronisation."
    return Check("clock", True, skew <= LARGEST_SKEW, mend)


def _valkey() -> Check:
    try:
        client = redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
        is_well = bool(client.ping())
        client.close()
    except redis.exceptions.RedisError:
        is_well = False
    return Check("valkey", False, is_well, "Valkey (Redis) does not answer. Start it, or correct REDIS_URL.")


def _process(name: str) -> Check:
    fresh = timezone.now() - HEARTBEAT_STALE
    is_well = Heartbeat.objects.filter(name=name, at__gt=fresh).exists()
    return Check(name, False, is_well, f"No {name} has shown itself for 30 seconds. Start the Celery {name}.")
