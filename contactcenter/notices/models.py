"""Mail that is to be sent or was. Only `notices.actions` writes here."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class MailQuerySet(models.QuerySet["Mail"]):
    def due_at(self, at: datetime) -> Self:
        return self.filter(next_attempt_at__lte=at)

    def done_before(self, moment: datetime) -> Self:
        """Sent before then; or given up, and written before then."""
        over = Q(sent_at__lt=moment) | Q(sent_at__isnull=True, created_at__lt=moment)
        return self.filter(over, next_attempt_at__isnull=True)

    def failing(self) -> Self:
        """Not sent although tried: to be tried again, or given up."""
        return self.filter(sent_at__isnull=True, attempts__gt=0)

    def claimed(self) -> Self:
        """Lock rows that nobody else holds, and pass over the others."""
        return self.select_for_update(no_key=True, skip_locked=True, of=("self",))


class Mail(models.Model):
    """One mail of the outbox. `next_attempt_at` is empty once it is sent or given up."""

    to = models.EmailField(_("to"))
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), blank=True)
    holds_one_time_link = models.BooleanField(_("holds a one-time link"), default=False)
    message_id = models.CharField(_("Message-ID"), max_length=200, unique=True)
    created_at = models.DateTimeField(_("written"))
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0)
    failed_code = models.CharField(_("last failure"), max_length=60, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("outbox")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                F("next_attempt_at"), F("id"), name="notices_mail_due", condition=Q(next_attempt_at__isnull=False)
            ),
            models.Index(fields=["-created_at"], name="notices_mail_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(next_attempt_at__isnull=True), name="notices_mail_sent_is_done"
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(holds_one_time_link=False) | Q(body=""),
                name="notices_mail_link_is_gone_once_sent",
            ),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"


class DemoMail(models.Model):
    """What the demo "sent": shown on its local mail page, and nowhere else. Never written outside of the demo."""

    message_id = models.CharField(max_length=200, unique=True)
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"demo mail {self.pk}"
