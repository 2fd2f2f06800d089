"""When the usual way does not work: back-up plans with their switch and drills, and notices of incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agents.checks import check_phone
from agents.models.departments import Channel, Department, Language
from agents.models.people import User
from policies.models import RuleVersion

MAX_NOTICE = 500  # characters


class BackupPlan(models.Model):
    """How people reach the city when a channel is out of order, and who sees to it. Source: SJ-BACK."""

    channel = models.CharField(
        _("channel"), max_length=10, choices=Channel, unique=True, help_text=_("One plan for each channel.")
    )
    phone = models.CharField(
        _("back-up phone"),
        max_length=40,
        blank=True,
        validators=[check_phone],
        help_text=_("Shown to residents while the back-up mode is on."),
    )
    page = models.URLField(
        _("back-up form"),
        blank=True,
        help_text=_("The address of a form that works without this channel; shown to residents in the same places."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("back-up plan")
        verbose_name_plural = _("back-up plans")
        ordering = ["channel"]
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="agents_backupplan_channel_known"),
            models.CheckConstraint(condition=~Q(phone="", page=""), name="agents_backupplan_leads_somewhere"),
        ]

    def __str__(self) -> str:
        return str(self.get_channel_display())

    def clean(self) -> None:
        if not (self.phone.strip() or self.page):
            raise ValidationError({"phone": _("Write a phone number or the address of a form, or both.")})


class BackupText(models.Model):
    """What residents read while the back-up mode is on, in one language."""

    plan = models.ForeignKey(BackupPlan, models.CASCADE, related_name="texts", verbose_name=_("plan"))
    language = models.ForeignKey(
        Language,
        models.PROTECT,
        related_name="+",
        verbose_name=_("language"),
        help_text=_("Without a text in the resident's language the English one is shown."),
    )
    text = models.TextField(
        _("text"),
        max_length=MAX_NOTICE,
        help_text=_("Why the channel is not there and what to do; phone and form stand below it."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("text of a back-up plan")
        verbose_name_plural = _("texts of back-up plans")
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "language"],
                name="agents_backuptext_once",
                violation_error_message=_("There is already a text in this language. Edit that one."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} · {self.language_id}"


class BackupPerson(models.Model):
    """Somebody with a role in the back-up and its drills."""

    plan = models.ForeignKey(BackupPlan, models.CASCADE, related_name="people", verbose_name=_("plan"))
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    role = models.CharField(
        _("role"), max_length=150, help_text=_("What they do when the back-up mode is turned on, and in a drill.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("person of a back-up plan")
        verbose_name_plural = _("people of back-up plans")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "person"],
                name="agents_backupperson_once",
                violation_error_message=_("This person is named already. Add to their role."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.role}"


class BackupTurn(models.Model):
    """The back-up mode of a channel was turned on or off. The last turn says how it stands. Never changed."""

    plan = models.ForeignKey(BackupPlan, models.PROTECT, related_name="turns")
    is_on = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    why = models.CharField(max_length=300)
    version = models.ForeignKey(RuleVersion, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~Q(why=""), name="agents_backupturn_says_why")]

    def __str__(self) -> str:
        return f"{self.plan_id} {'on' if self.is_on else 'off'}"


class Drill(models.Model):
    """The back-up was tried out: when, by whom, with what result, and when it is due again. Never changed."""

    plan = models.ForeignKey(BackupPlan, models.PROTECT, related_name="drills")
    held_on = models.DateField()
    participants = models.ManyToManyField(User, related_name="+")
    result = models.TextField()
    next_due_on = models.DateField()
    version = models.ForeignKey(RuleVersion, models.PROTECT, related_name="+")
    noted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    noted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("drill")
        verbose_name_plural = _("drills")
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(result=""), name="agents_drill_has_result"),
            models.CheckConstraint(condition=Q(next_due_on__gt=F("held_on")), name="agents_drill_due_after"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.held_on}"


class IncidentQuerySet(models.QuerySet["Incident"]):
    def locked(self) -> Self:
        """Lock the rows against other writers, without blocking inserts that reference them."""
        return self.select_for_update(no_key=True, of=("self",))

    def running(self, *, at: datetime) -> Self:
        """Those that residents read at this instant, the latest first."""
        return self.not_over(at=at).filter(starts_at__lte=at)

    def not_over(self, *, at: datetime) -> Self:
        return self.filter(ended_at__isnull=True, ends_at__gt=at).order_by("-starts_at", "-pk")

    def of_department(self, department_id: int) -> Self:
        """Those of this department, and those of all."""
        return self.filter(Q(department=department_id) | Q(department__isnull=True))


class Incident(models.Model):
    """Something that many will ask about, said to all of them before they do, until its end."""

    department = models.ForeignKey(
        Department,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="incidents",
        verbose_name=_("department"),
        help_text=_("Whose residents read it. Empty: those of every department."),
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), help_text=_("From then on nobody reads it any more."))
    posted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("posted by"))
    posted_at = models.DateTimeField(_("posted"))
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ended by")
    )
    ended_at = models.DateTimeField(_("ended early"), null=True, blank=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident notice")
        verbose_name_plural = _("incident notices")
        ordering = ["-starts_at", "-pk"]
        indexes = [
            models.Index(fields=["ends_at"], name="agents_incident_not_ended", condition=Q(ended_at__isnull=True))
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="agents_incident_ends_after_start"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="agents_incident_ended_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department or _('every department')}, {localtime(self.starts_at):%Y-%m-%d %H:%M}"

    def text_in(self, language: str) -> str:
        """Return what is said in a language; where nothing is, in English, or as it was written first."""
        return in_language({row.language_id: row.text for row in self.texts.all()}, language)


class IncidentText(models.Model):
    """What an incident notice says in one language."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="texts")
    language = models.ForeignKey(Language, models.PROTECT, related_name="+")
    text = models.TextField(max_length=MAX_NOTICE)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "language"], name="agents_incidenttext_once"),
            models.CheckConstraint(condition=~Q(text=""), name="agents_incidenttext_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} · {self.language_id}"


def in_language(texts: dict[str, str], language: str) -> str:
    """Return the text in a language, else the English one, else the first; empty when there is none."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
