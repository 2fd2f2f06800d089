"""Log-ins and what they need: tries, one-time links, recovery codes."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from agents.models.people import User


class LogInQuerySet(models.QuerySet["LogIn"]):
    def live(self, *, at: datetime) -> Self:
        """Log-ins that open something now: not ended, neither idle nor too old, of an active person."""
        return self.filter(
            ended_at__isnull=True,
            seen_at__gt=at - settings.LOGIN_IDLE,
            at__gt=at - settings.LOGIN_ABSOLUTE,
            user__is_active=True,
        )


class LogIn(models.Model):
    """The truth about one staff session: idle after 30 minutes on `seen_at`, over after 12 hours on `at`."""

    user = models.ForeignKey(User, models.CASCADE, related_name="log_ins")
    session_key = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    second_factor = models.BooleanField(default=False)

    objects = LogInQuerySet.as_manager()

    class Meta:
        verbose_name = _("log-in")
        verbose_name_plural = _("log-ins")
        indexes = [
            models.Index(fields=["user"], name="agents_login_open", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {localtime(self.at):%Y-%m-%d %H:%M}"


class LogInTry(models.Model):
    """A try to log in that has not succeeded; user name and address are kept as keyed hashes."""

    username_key = models.CharField(max_length=64)
    address_key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["username_key", "at"], name="agents_try_of_username"),
            models.Index(fields=["address_key", "at"], name="agents_try_of_address"),
            models.Index(fields=["at"], name="agents_try_age"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class OneTimeLink(models.Model):
    """A link that was mailed to a person and works once; only its digest is kept."""

    class Purpose(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        RESET = "reset", _("New password")

    user = models.ForeignKey(User, models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=10, choices=Purpose)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "purpose", "created_at"], name="agents_link_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.purpose}"


class RecoveryCode(models.Model):
    """One of the codes that replace the second factor once; kept as a keyed hash."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    key = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="agents_recoverycode_once")]

    def __str__(self) -> str:
        return f"{self.user_id}"
