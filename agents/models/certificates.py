"""What somebody must have shown before a channel or a language opens to them. Source: PH-CERT, PH-BIL."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agents.models.departments import Channel, Language
from agents.models.desk import Agent
from agents.models.people import Role, User

MAX_VALID_DAYS = 36_500


class CertificateKindQuerySet(models.QuerySet["CertificateKind"]):
    def adopted(self, *, on: date) -> Self:
        """Kinds that are asked for on that date; what is not adopted refuses nothing."""
        return self.filter(adopted_on__lte=on)

    def asked_of(self, *, level: str, channel: str, language: str | None, on: date) -> Self:
        """Adopted kinds for somebody of this level on this channel, in this language.

        Without a language only the kinds without one are asked for.
        """
        return self.adopted(on=on).filter(
            Q(language__isnull=True) | Q(language=language) if language else Q(language__isnull=True),
            channel__in=["", channel],
            level__in=["", level],
        )


class CertificateKind(models.Model):
    """One kind of certificate: for which channel, level or language it is asked, and who approves it."""

    class Rule(models.TextChoices):
        TRAINING = "PH-CERT", _("Minimum training (PH-CERT)")
        LANGUAGE = "PH-BIL", _("Bilingual (PH-BIL)")

    class Level(models.TextChoices):
        TRAINEE = "trainee", _("Trainees")
        FULL = "full", _("Full agents and supervisors")

    code = models.SlugField(
        _("code"), unique=True, help_text=_("Used by programs. Do not change it once certificates bear it.")
    )
    name = models.CharField(
        _("name"), max_length=100, help_text=_("As agents read it when a channel does not open to them.")
    )
    rule = models.CharField(
        _("rule"), max_length=7, choices=Rule, help_text=_("Bilingual for a language, minimum training for all else.")
    )
    channel = models.CharField(
        _("channel"),
        max_length=10,
        choices=Channel,
        blank=True,
        help_text=_("Only this channel opens with the certificate. Empty: every channel."),
    )
    level = models.CharField(
        _("level"),
        max_length=7,
        choices=Level,
        blank=True,
        help_text=_("Only these people are asked for it. A trainee who is an agent too counts as one. Empty: all."),
    )
    language = models.ForeignKey(
        Language,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="certificate_kinds",
        verbose_name=_("language"),
        help_text=_("Only contacts in this language are given with the certificate. Empty: every language."),
    )
    approver_role = models.CharField(
        _("approved by"),
        max_length=12,
        choices=Role,
        default=Role.SUPERVISOR,
        help_text=_("Only people with this role approve it, and never their own."),
    )
    valid_days = models.PositiveIntegerField(
        _("valid for, in days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_VALID_DAYS)],
        help_text=_("Gives new certificates their last day. Earlier ones keep theirs. Empty: no end of its own."),
    )
    adopted_on = models.DateField(
        _("adopted on"),
        null=True,
        blank=True,
        help_text=_("From this day on nobody gets new contacts without it; chats that run stay. Empty: not asked for."),
    )
    review_on = models.DateField(
        _("review on"), null=True, blank=True, help_text=_("When somebody looks at this row again. It ends nothing.")
    )
    history = HistoricalRecords()

    objects = CertificateKindQuerySet.as_manager()

    class Meta:
        verbose_name = _("kind of certificate")
        verbose_name_plural = _("kinds of certificates")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rule="PH-BIL", language__isnull=False) | Q(rule="PH-CERT", language__isnull=True),
                name="agents_kind_language_is_bilingual",
                violation_error_message=_(
                    "A kind for a language belongs to the rule Bilingual, every other one to Minimum training. "
                    "Choose the rule that fits, or change the language."
                ),
            ),
            models.CheckConstraint(condition=Q(channel__in=["", *Channel.values]), name="agents_kind_channel_known"),
            models.CheckConstraint(condition=Q(level__in=["", "trainee", "full"]), name="agents_kind_level_known"),
            models.CheckConstraint(condition=Q(approver_role__in=Role.values), name="agents_kind_approver_known"),
            models.CheckConstraint(
                condition=Q(valid_days__isnull=True) | Q(valid_days__gte=1, valid_days__lte=MAX_VALID_DAYS),
                name="agents_kind_valid_days_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Requirement(models.Model):
    """Something to be shown: all of one alternative together, or all of another."""

    kind = models.ForeignKey(CertificateKind, models.CASCADE, related_name="requirements", verbose_name=_("kind"))
    alternative = models.PositiveSmallIntegerField(
        _("alternative"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("All with the same number are needed together; one number that is complete is enough."),
    )
    position = models.PositiveSmallIntegerField(
        _("position"), default=1, help_text=_("The order in which they are shown.")
    )
    text = models.CharField(
        _("what is required"),
        max_length=300,
        help_text=_("Such as: grade 12 finished. What is approved already stays approved."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("requirement")
        verbose_name_plural = _("requirements")
        ordering = ["kind", "alternative", "position", "pk"]
        constraints = [models.CheckConstraint(condition=Q(alternative__gte=1), name="agents_requirement_from_one")]

    def __str__(self) -> str:
        return self.text


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def locked(self) -> Self:
        """Lock the rows against other writers, without blocking inserts that reference them."""
        return self.select_for_update(no_key=True, of=("self",))

    def waiting(self) -> Self:
        return self.filter(approved_at__isnull=True, withdrawn_at__isnull=True)

    def counting(self, *, on: date) -> Self:
        """Certificates that open something on that local date: approved, begun, neither ended nor withdrawn."""
        return self.filter(
            Q(valid_through__isnull=True) | Q(valid_through__gte=on),
            approved_at__isnull=False,
            withdrawn_at__isnull=True,
            valid_from__lte=on,
        )


class Certificate(models.Model):
    """An agent's certificate: noted, approved, in the end withdrawn or over. Changed by actions alone."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for approval")
        BEGINS = "begins", _("approved, begins later")
        COUNTS = "counts", _("counts")
        ENDED = "ended", _("ended")
        WITHDRAWN = "withdrawn", _("withdrawn")

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="certificates", verbose_name=_("agent"))
    kind = models.ForeignKey(CertificateKind, models.PROTECT, related_name="certificates", verbose_name=_("kind"))
    valid_from = models.DateField(_("valid from"), help_text=_("The first day on which it counts."))
    valid_through = models.DateField(
        _("valid through"),
        null=True,
        blank=True,
        help_text=_("The last day on which it counts, to its end. Empty: as long as its kind says."),
    )
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("withdrawn by")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_why = models.TextField(_("reason for the withdrawal"), blank=True)
    noted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("noted by"))
    noted_at = models.DateTimeField(_("noted"))
    history = HistoricalRecords()

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering = ["-valid_from", "-pk"]
        indexes = [models.Index(fields=["agent", "kind"], name="agents_certificate_of_agent")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_through__isnull=True) | Q(valid_through__gte=F("valid_from")),
                name="agents_certificate_ends_after_start",
                violation_error_message=_("A certificate cannot end before it starts. Choose a later last day."),
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="agents_certificate_approved_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_why="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_why="")),
                name="agents_certificate_withdrawn_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} · {self.kind}"

    def state(self, *, on: date) -> State:
        """Say what the certificate is on a local date; it counts exactly where `counting` finds it."""
        if self.withdrawn_at is not None:
            return self.State.WITHDRAWN
        if self.valid_through is not None and self.valid_through < on:
            return self.State.ENDED
        if self.approved_at is None:
            return self.State.WAITING
        return self.State.BEGINS if self.valid_from > on else self.State.COUNTS


class Evidence(models.Model):
    """What was seen for one requirement of one certificate."""

    certificate = models.ForeignKey(Certificate, models.CASCADE, related_name="evidence")
    requirement = models.ForeignKey(Requirement, models.PROTECT, related_name="evidence")
    text = models.TextField(_("what was seen"))
    noted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    noted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["requirement__alternative", "requirement__position", "requirement"]
        constraints = [
            models.UniqueConstraint(fields=["certificate", "requirement"], name="agents_evidence_once"),
            models.CheckConstraint(condition=~Q(text=""), name="agents_evidence_says_something"),
        ]

    def __str__(self) -> str:
        return self.text
