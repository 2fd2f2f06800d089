"""Signs of life of the processes behind the web; back-ups that were made, and put back."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """When a kind of process last showed itself; one row a kind."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"


class BackupRun(models.Model):
    """A back-up that was made. Source: EM-RET-A."""

    at = models.DateTimeField(db_index=True)
    folder = models.CharField(max_length=500)
    name = models.CharField(max_length=60)
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    max_age_days = models.PositiveSmallIntegerField()
    keep_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class BackupFolderQuerySet(models.QuerySet["BackupFolder"]):
    def needed(self, *, at: datetime) -> Self:
        """Folders with a back-up that may still be restored."""
        return self.filter(keep_until__gt=at)


class BackupFolder(models.Model):
    """A folder with back-ups, beside which the ledger is kept, and how that goes."""

    class Trouble(models.TextChoices):
        UNREACHABLE = "unreachable", _("cannot be written to")
        DAMAGED = "damaged", _("is damaged, or another installation wrote it")
        SET_BACK = "set_back", _("knows more than the database, which was set back otherwise than by restore")

    path = models.CharField(max_length=500, primary_key=True)
    keep_until = models.DateTimeField()
    synced_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=12, choices=Trouble, blank=True)

    objects = BackupFolderQuerySet.as_manager()

    def __str__(self) -> str:
        return self.path


class RestoreRun(models.Model):
    """A back-up that was restored into this database. Source: EM-RET-A."""

    at = models.DateTimeField()
    name = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    with_ledger = models.BooleanField()
    rows = models.BigIntegerField()
    marks_lifted = models.PositiveIntegerField(default=0)
    chats_deleted = models.PositiveIntegerField(default=0)
    chats_purged = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M}"
