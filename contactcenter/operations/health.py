"""Whether this process may serve, and what is not as it should be. Cheap: balancers ask every few seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _

from agents.models import User
from contactcenter.operations.copies.checks import restore_trouble
from contactcenter.operations.models import Heartbeat

LARGEST_SKEW = timedelta(seconds=2)
HEARTBEAT_STALE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Check:
    """One look at one part; `mend` says what to do when it is not well, `well` how things are when it is."""

    name: str
    is_vital: bool  # without it this process must not serve
    is_well: bool
    mend: str = ""
    well: str = ""

    @property
    def sentence(self) -> str:
        return self.well if self.is_well else self.mend


Look = Callable[[], Check]


def look_at_everything() -> list[Check]:
    """Ask every part that /readyz tells of. Without a database nothing further is asked of it."""
    database = look_at_database()
    if not database.is_well:
        return [database, _valkey()]
    restore = _restore()
    if not restore.is_well:  # its tables are coming: nothing is asked of them
        return [database, restore, _valkey()]
    return [database, restore, *(look() for look in READINESS)]


def look_at_database() -> Check:
    def ask() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True

    mend = _("PostgreSQL does not answer. Start it, or correct DATABASE_URL.")
    return Check("database", True, _answers(ask), mend, _("PostgreSQL answers."))


def _answers(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except DatabaseError:
        connection.close_if_unusable_or_obsolete()
        return False


def _restore() -> Check:
    trouble = restore_trouble()
    return Check("restore", True, not trouble, trouble, _("No restore is running."))


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    mend = _("The database is of an older version. Run manage.py migrate.")
    return Check("migrations", True, not waiting, mend, _("The database is of this version."))


def _demo_people() -> Check:
    is_well = settings.DEMO or not User.objects.filter(is_demo=True, is_active=True).exists()
    mend = _("Demo people can log in although DEMO is off. Deactivate them, or use a database of your own.")
    return Check("demo", True, is_well, mend, _("No demo people can log in where they must not."))


def _clock() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    skew = abs(timezone.now() - theirs)
    mend = _("This machine's clock is %(seconds).1f s from PostgreSQL's. Mend time synchronisation.") % {
        "seconds": skew.total_seconds()
    }
    return Check("clock", True, skew <= LARGEST_SKEW, mend, _("This machine's clock agrees with PostgreSQL's."))


def _valkey() -> Check:
    try:
        client = redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
        is_well = bool(client.ping())
        client.close()
    except redis.exceptions.RedisError:
        is_well = False
    mend = _("Valkey (Redis) does not answer. Start it, or correct REDIS_URL.")
    return Check("valkey", False, is_well, mend, _("Valkey (Redis) answers."))


def _process(name: str) -> Check:
    fresh = timezone.now() - HEARTBEAT_STALE
    is_well = Heartbeat.objects.filter(name=name, at__gt=fresh).exists()
    mend = _("No %(name)s has shown itself for 30 seconds. Start the Celery %(name)s.") % {"name": name}
    return Check(name, False, is_well, mend, _("The %(name)s has shown itself lately.") % {"name": name})


def _worker() -> Check:
    return _process("worker")


def _beat() -> Check:
    return _process("beat")


# All of them need the database; a further one that /readyz shall tell of is added here.
READINESS: tuple[Look, ...] = (_migrations, _demo_people, _clock, _valkey, _worker, _beat)
