"""What an operator should know of back-ups: each check answers what to do, or nothing when all is well."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from contactcenter.operations.models import BackupFolder, BackupRun

RESTORE_LOCK = "operations.restore"
LEDGER_LAG = timedelta(minutes=5)
BACKUP_EVERY = timedelta(hours=26)  # daily, and two hours for one that takes long


def restore_trouble() -> str:
    """Say whether a restore is under way: until it is over there is nothing to serve."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(hashtextextended(%s, 0))", [RESTORE_LOCK])
        (is_free,) = cursor.fetchone()
    return "" if is_free else _("A restore is running. Wait until it is over.")


def ledger_trouble(*, at: datetime) -> str:
    """Say where the ledger beside the back-ups does not keep up."""
    for folder in BackupFolder.objects.needed(at=at).order_by("path"):
        if folder.trouble:
            return _(
                "The ledger in %(folder)s %(trouble)s. A restore from there would bring back what was deleted: mount "
                "the folder again, or delete the back-ups there and run manage.py backup --forget %(folder)s."
            ) % {"folder": folder.path, "trouble": folder.get_trouble_display()}
        if folder.synced_at is None or folder.synced_at < at - LEDGER_LAG:
            return _("The ledger in %(folder)s was not written for 5 minutes. Start worker and beat.") % {
                "folder": folder.path
            }
    return ""


def backup_trouble(*, at: datetime) -> str:
    """Say whether the newest back-up is older than a day."""
    if BackupRun.objects.filter(at__gt=at - BACKUP_EVERY).exists():
        return ""
    return _("There is no back-up of the last day. Run manage.py backup DIR each night, from cron or a timer.")
