"""What the city adopted. Versions are append-only; only `policies.actions` writes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from policies.models_screening import LinkDomain, ProfanityWord
from policies.phrases import fault_of
from policies.screening.words import GRAVEST_FIRST, SERVICE
from policies.values import default_of

__all__ = [
    "BusinessCalendar",
    "CalendarVersion",
    "Document",
    "LinkDomain",
    "ProfanityWord",
    "RuleVersion",
    "ScreeningWord",
    "Tally",
]


class Document(models.Model):
    """A document that a council adopted, with the dates of its life. Source: DF-REVIEW."""

    code = models.CharField(_("code"), max_length=10, primary_key=True, help_text=_("Rules are named after it."))
    title = models.CharField(_("title"), max_length=150)
    body = models.CharField(_("adopted by"), max_length=150, help_text=_("The city or county whose document it is."))
    citation = models.CharField(_("citation"), max_length=150, blank=True, help_text=_("Resolution or by-law number."))
    adopted_on = models.DateField(_("adopted on"), null=True, blank=True)
    effective_on = models.DateField(_("in effect from"), null=True, blank=True)
    reviewed_on = models.DateField(
        _("last reviewed on"), null=True, blank=True, help_text=_("The next review is counted from this day.")
    )
    next_review_on = models.DateField(
        _("next review on"),
        null=True,
        blank=True,
        help_text=_("Once this day is past, the document is listed as overdue. Empty: counted from the last review."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(adopted_on__isnull=True)
                | Q(effective_on__isnull=True)
                | Q(effective_on__gte=F("adopted_on")),
                name="policies_document_in_order",
                violation_error_message=_("A document cannot take effect before it is adopted. Check the two dates."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.title}"


class State(models.TextChoices):
    """Where a version of a rule stands at an instant."""

    NOW = "now", _("Decides now")
    PLANNED = "planned", _("Planned")
    FORMER = "former", _("Former, or replaced before it began")


class RuleVersionQuerySet(models.QuerySet["RuleVersion"]):
    def latest_of_each(self, *, at: datetime) -> Self:
        """The version of each rule that holds at an instant: effective by then, the newest of those."""
        begun = self.filter(effective_from__lte=at)
        return begun.order_by("rule", "-effective_from", "-pk").distinct("rule")

    def with_state(self, *, at: datetime) -> Self:
        """Each version with its `State` at an instant; of two for one moment the newer one counts."""
        others = RuleVersion.objects.filter(rule=OuterRef("rule"))
        is_replaced = Exists(others.filter(effective_from=OuterRef("effective_from"), pk__gt=OuterRef("pk")))
        is_followed = Exists(others.filter(effective_from__gt=OuterRef("effective_from"), effective_from__lte=at))
        return self.annotate(
            state=Case(
                When(is_replaced, then=Value(State.FORMER)),
                When(effective_from__gt=at, then=Value(State.PLANNED)),
                When(is_followed, then=Value(State.FORMER)),
                default=Value(State.NOW),
            )
        )


class RuleVersion(models.Model):
    """What the city adopted for one rule from an instant on. Never changed, never deleted (decision 5)."""

    rule = models.CharField(_("rule"), max_length=20)
    number = models.PositiveIntegerField(_("version"))
    is_adopted = models.BooleanField(_("adopted"), default=True)
    values = models.JSONField(_("values"), default=dict)
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="versions", verbose_name=_("document")
    )
    clause = models.CharField(_("clause"), max_length=100, blank=True)
    effective_from = models.DateTimeField(_("in force from"))
    review_on = models.DateField(_("review on"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    made_at = models.DateTimeField(_("written at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule in force")
        verbose_name_plural = _("rules in force")
        indexes = [models.Index(fields=["rule", "-effective_from", "-id"], name="policies_rule_in_force")]
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="policies_rule_number_once")]

    def __str__(self) -> str:
        return f"{self.rule} · {self.number}"

    def value_of(self, name: str) -> Any:
        """Return a value; one that did not exist when the version was written is as its rule's default.

        Raises `KeyError` for a name that the rule does not have.
        """
        return self.values[name] if name in self.values else default_of(self.rule, name)

    def number_of(self, name: str) -> int:
        """Return a value that is a whole number, likewise."""
        return int(self.value_of(name))


class BusinessCalendar(models.Model):
    """A calendar's name. Its hours are in its versions."""

    code = models.SlugField(
        _("code"), unique=True, help_text=_("Programs ask the clock by it. Do not change it once they do.")
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("As supervisors read it."))
    is_default = models.BooleanField(
        _("default"), default=False, help_text=_("Holds wherever no other calendar is given. One calendar only.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="policies_calendar_one_default",
                violation_error_message=_("Another calendar is the default one. Take that mark away first."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """A calendar as it was written down at one moment, with its compiled hours. Never changed, never deleted.

    `definition` is what people decided; `opens` and `closes` are the intervals
    that it came to then, in seconds since 1970, so that an old deadline can be
    reckoned again whatever has changed since.
    """

    calendar = models.ForeignKey(BusinessCalendar, models.PROTECT, related_name="versions", verbose_name=_("calendar"))
    number = models.PositiveIntegerField(_("version"), validators=[MinValueValidator(1)])
    definition: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("definition"))
    opens = ArrayField(models.BigIntegerField(), editable=False)
    closes = ArrayField(models.BigIntegerField(), editable=False)
    effective_on: models.DateField[date, date] = models.DateField(_("differs from"))
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("document")
    )
    clause = models.CharField(_("clause"), max_length=100, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    made_at = models.DateTimeField(_("written at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("version of a calendar")
        verbose_name_plural = _("versions of calendars")
        constraints = [models.UniqueConstraint(fields=["calendar", "number"], name="policies_calendar_number_once")]

    def __str__(self) -> str:
        return f"{self.calendar} · {self.number}"


class ScreeningWord(models.Model):
    """A phrase by which an emergency is noticed, or the name of a service, which alone is none. Source: EM-911."""

    class Kind(models.TextChoices):
        LIFE = "life", _("Danger to life or property")
        CITY = "city", _("City emergency: utilities, roads, flooding")
        NON_EMERGENCY = "non_emergency", _("Police or fire without danger")
        SERVICE = "service", _("Name of a service, which alone does not trigger")

    language = models.CharField(
        _("language"),
        max_length=35,
        validators=[
            RegexValidator(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", _("Write a BCP 47 code, such as en or fr-CA."))
        ],
        help_text=_("BCP 47, such as en, es or fr-CA. It sorts this list; every phrase is looked for in every text."),
    )
    kind = models.CharField(
        _("kind"),
        max_length=13,
        choices=Kind,
        help_text=_(
            "Who writes the phrase is told at once whom to call: the number for danger to life, the city's emergency "
            "line, or the non-emergency line, as EM-911 has them. The name of a service alone does not trigger: it is "
            "left out of a text before the other phrases are looked for."
        ),
    )
    phrase = models.CharField(
        _("phrase"),
        max_length=100,
        help_text=_(
            "As residents write it. Capitals, accents and punctuation do not matter; all of its words must stand in a "
            "row. Holds for what is written from then on, after five seconds at most."
        ),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("emergency word")
        verbose_name_plural = _("emergency words")
        ordering = ["language", "kind", "phrase"]
        constraints = [
            models.UniqueConstraint(
                "language",
                "kind",
                Lower("phrase"),
                name="policies_screeningword_once",
                violation_error_message=_(
                    "This phrase is listed already for this language and kind. Leave it at that."
                ),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=(*GRAVEST_FIRST, SERVICE)), name="policies_screeningword_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phrase} ({self.language})"

    def clean(self) -> None:
        self.phrase = " ".join(self.phrase.split())
        if not self.phrase or self.kind not in self.Kind:
            return  # said at the field already
        # The others of every language count: all are looked for together.
        others = ScreeningWord.objects.exclude(pk=self.pk).values_list("kind", "phrase")
        fault = fault_of(self.kind, self.phrase, others)
        if fault:
            raise ValidationError({"phrase": fault})


class Tally(models.Model):
    """What a rule's check found from `start` to before `end`, kept when the purge took what it had looked at.

    Written only by `policies.conformance.tally`. `broken` are ids of what is gone, in the words of the check.
    """

    rule = models.CharField(_("rule"), max_length=20)
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("to"))
    considered = models.PositiveIntegerField(_("considered"))
    broken = ArrayField(models.TextField(), verbose_name=_("broken"), default=list)
    made_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = [
            models.UniqueConstraint(fields=["rule", "end"], name="policies_tally_once"),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="policies_tally_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} · {self.end:%Y-%m-%d}"
