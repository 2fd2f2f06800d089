"""The thorough examination: everything that /readyz asks, and what is too dear or too intimate for it."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.migrations import RunSQL
from django.db.migrations.executor import MigrationExecutor
from django.http.request import validate_host
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.retention import last_run, retention_in_force
from contactcenter.operations.copies.checks import backup_trouble, ledger_trouble
from contactcenter.operations.health import Check, Look, look_at_everything
from contactcenter.operations.stores import data_folder

SHORTEST_KEY = 50
PURGE_WITHIN = timedelta(hours=1)  # of its time
LEAST_FREE = 1_000_000_000  # bytes
OLDEST_POSTGRES = 15  # the first that knows NULLS NOT DISTINCT
HERE = ("localhost", "127.0.0.1", "::1")
MAIL_WITHIN = 3.0  # seconds
KEYLESS = "only-for-the-demo-and-tests-"  # how the key begins that stands in the source for all to read
SMTP = "django.core.mail.backends.smtp.EmailBackend"

# What PostgreSQL's own log must not hold: statements, parameters and rows.
SILENCE = {
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
}


def examine() -> list[Check]:
    """Look at everything, thoroughly. Without a database, or during a restore, nothing is asked that needs it."""
    checks = look_at_everything()
    is_open = all(check.is_well for check in checks if check.name in {"database", "restore"})
    looks = [*BY_ITSELF, *(IN_THE_DATABASE if is_open else ())]
    return [*checks, *(look() for look in looks)]


# By itself ------------------------------------------------------------------
def _secret_key() -> Check:
    key = settings.SECRET_KEY
    is_well = settings.DEMO or (len(key) >= SHORTEST_KEY and not key.startswith(KEYLESS))
    mend = _("SECRET_KEY is too short or not your own. Set it to 50 or more random characters and keep it secret.")
    return Check("secret_key", False, is_well, mend, _("SECRET_KEY is long enough."))


def _debug() -> Check:
    mend = _("DEBUG is on: pages of errors show details to everybody. Set DEBUG=0.")
    return Check("debug", False, settings.DEMO or not settings.DEBUG, mend, _("Pages of errors show no details."))


def _address() -> Check:
    """Say whether the own address, whose scheme sockets and forms insist on, fits to HTTPS and to ALLOWED_HOSTS."""
    own = urlsplit(settings.ALLOWED_ORIGINS[0] if settings.ALLOWED_ORIGINS else "")
    mend = ""
    if not own.hostname:
        mend = _("ALLOWED_ORIGINS is empty: sockets are refused. Write the address that browsers use there.")
    elif not validate_host(own.hostname, settings.ALLOWED_HOSTS):
        mend = _("ALLOWED_HOSTS does not hold %(host)s, the first of ALLOWED_ORIGINS. Add it.") % {"host": own.hostname}
    elif (own.scheme == "https") != settings.HTTPS:
        facts = {"scheme": f"{own.scheme}://", "https": settings.HTTPS}
        mend = _("ALLOWED_ORIGINS begins with %(scheme)s, which does not fit to HTTPS=%(https)d. Correct one.") % facts
    elif not settings.HTTPS and own.hostname not in HERE:
        mend = _("Passwords and chats cross the network unencrypted. Put TLS before Townline and set HTTPS=1.")
    return Check("address", False, not mend, mend, _("ALLOWED_ORIGINS, ALLOWED_HOSTS and HTTPS fit together."))


def _mail_server() -> Check:
    if settings.EMAIL_BACKEND != SMTP:
        return Check("mail", False, True, well=_("Mail goes to no server; nothing was asked."))
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        socket.create_connection((settings.EMAIL_HOST, settings.EMAIL_PORT), timeout=MAIL_WITHIN).close()
        is_well = True
    except OSError:
        is_well = False
    mend = _("The mail server %(where)s does not answer. Start it, or correct EMAIL_URL. Mails wait meanwhile.")
    well = _("The mail server %(where)s answers.")
    return Check("mail", False, is_well, mend % {"where": where}, well % {"where": where})


def _disk() -> Check:
    folder = data_folder()
    there: Path = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    facts = {"folder": folder, "free": f"{free / 1e9:.1f}"}
    mend = _("Only %(free)s GB are free for %(folder)s (DATA_DIR). Free some space.") % facts
    return Check("disk", False, free >= LEAST_FREE, mend, _("%(free)s GB are free for %(folder)s.") % facts)


# In the database ------------------------------------------------------------
def _silent_log() -> Check:
    """Say which settings of PostgreSQL's log would write down what people wrote."""
    found = _postgres_settings(SILENCE)
    loud = [f"{name}={wanted}" for name, wanted in SILENCE.items() if found.get(name, wanted) != wanted]
    mend = _("PostgreSQL's log may hold what people wrote. Set on the server: %(settings)s.") % {
        "settings": ", ".join(loud)
    }
    return Check("postgres_log", False, not loud, mend, _("PostgreSQL logs no statement, no parameter and no row."))


def _server_version() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version')")
        return version_check(*cursor.fetchone())


def version_check(number: int, version: str) -> Check:
    """Say whether a server of this major version knows what the migrations ask for."""
    mend = _("PostgreSQL is %(version)s. Use %(oldest)d or newer; 18 is tested.") % {
        "version": version,
        "oldest": OLDEST_POSTGRES,
    }
    return Check("postgres_version", False, number >= OLDEST_POSTGRES, mend, _("PostgreSQL is %(v)s.") % {"v": version})


def _time_zone() -> Check:
    """Say whether PostgreSQL knows the city's zone as Python does: both turn instants into days."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = %s)", [settings.TIME_ZONE])
        (is_known,) = cursor.fetchone()
    facts = {"zone": settings.TIME_ZONE}
    mend = _("PostgreSQL does not know the time zone %(zone)s. Correct TIME_ZONE, or update its time zones.") % facts
    return Check("time_zone", False, is_known, mend, _("PostgreSQL knows the time zone %(zone)s.") % facts)


def _archive() -> Check:
    return archive_check(_postgres_settings(["archive_mode"]).get("archive_mode", "off"))


def archive_check(mode: str) -> Check:
    """Remind, where WAL is archived, of what it holds: the product cannot see how old it gets. Source: EM-RET-A."""
    kept = _(
        "PostgreSQL archives its WAL, which holds chats. Remember: it must get no older than back-ups may (EM-RET-A)."
    )
    return Check("archive", False, True, well=_("PostgreSQL archives no WAL.") if mode == "off" else kept)


def _postgres_settings(names: Iterable[str]) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(names)])
        return dict(cursor.fetchall())


def _triggers() -> Check:
    """Say which of the triggers that guard what must stay or never changes are absent or switched off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgenabled::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"
        )
        found = cursor.fetchall()
    absent = triggers_of_migrations() - {name for name, _state in found}
    faults = sorted(absent | {name for name, state in found if state != "O"})
    mend = _("Triggers that protect what is kept are absent or off: %(names)s. Find out who did that, and why.") % {
        "names": ", ".join(faults)
    }
    return Check("triggers", False, not faults, mend, _("Every trigger that protects what is kept is on."))


def triggers_of_migrations() -> set[str]:
    """Return the names of the triggers that the migrations have made in the end."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    names: set[str] = set()
    for migration, _is_backwards in plan:
        for operation in migration.operations:
            if isinstance(operation, RunSQL):
                for verb, name in _made_and_dropped(str(operation.sql)):
                    (names.add if verb.upper() == "CREATE" else names.discard)(name)
    return names


def _made_and_dropped(sql: str) -> Iterator[tuple[str, str]]:
    yield from re.findall(
        r"\b(CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+)?TRIGGER\s+(?:IF\s+EXISTS\s+)?(\w+)",
        sql,
        re.IGNORECASE,
    )


# What goes and what stays -----------------------------------------------------
def _purge() -> Check:
    at = timezone.now()
    held = retention_in_force(at=at)
    well = _("The daily purge runs when it is due.")
    if held.refusal:
        return Check("purge", False, False, held.refusal, well)
    due, last = held.last_time(at=at), last_run()
    is_late = at > due + PURGE_WITHIN and (last is None or last.started_at < due)
    leftover = last.leftover if last else 0
    mend = _("The purge that was due has not run. Start worker and beat, or run manage.py purge_transcripts.")
    if leftover:
        mend = _("The last purge left rows behind that should have gone. Look whether triggers and constraints are on.")
    return Check("purge", False, not is_late and not leftover, mend, well)


def _ledger() -> Check:
    trouble = ledger_trouble(at=timezone.now())
    return Check("ledger", False, not trouble, trouble, _("The ledgers beside the back-ups keep up."))


def _backup() -> Check:
    trouble = "" if settings.DEMO else backup_trouble(at=timezone.now())
    return Check("backup", False, not trouble, trouble, _("There is a back-up of the last day, or this is the demo."))


# A further one is added here; `manage.py doctor` and /health/ tell of it, /readyz does not.
BY_ITSELF: tuple[Look, ...] = (_secret_key, _debug, _address, _mail_server, _disk)
IN_THE_DATABASE: tuple[Look, ...] = (
    _server_version,
    _time_zone,
    _silent_log,
    _archive,
    _triggers,
    _purge,
    _ledger,
    _backup,
)
