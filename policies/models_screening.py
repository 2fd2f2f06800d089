"""Rows that the screening of a text heeds: profane words, names that are none, and sites to which links are live."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from policies.phrases import fault_of_domain, fault_of_profanity, plain_domain
from policies.screening.words import NAME, PROFANITY


class ProfanityWord(models.Model):
    """A word that no agent writes, or a name that holds such a word and is none. Source: EM-COM-C."""

    class Kind(models.TextChoices):
        PROFANITY = "profanity", _("Profane word or phrase")
        NAME = "name", _("Name of somebody or of a place, which is none")

    language = models.CharField(
        _("language"),
        max_length=35,
        validators=[
            RegexValidator(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", _("Write a BCP 47 code, such as en or fr-CA."))
        ],
        help_text=_("BCP 47, such as en, es or fr-CA. It sorts this list; every word is looked for in every text."),
    )
    kind = models.CharField(
        _("kind"),
        max_length=9,
        choices=Kind,
        help_text=_(
            "An agent's message that holds a profane word is stopped until it is edited, or released by a supervisor; "
            "a resident's is flagged to staff and not changed. A name is left out of a text before the words are "
            "looked for, so that a street may be named."
        ),
    )
    phrase = models.CharField(
        _("word or phrase"),
        max_length=100,
        help_text=_(
            "Whole words, all of them in a row; capitals, accents and punctuation do not matter. List each form that "
            "is to be found. Holds for what is written from then on, after five seconds at most."
        ),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("profane word")
        verbose_name_plural = _("profane words")
        ordering = ["language", "kind", "phrase"]
        constraints = [
            models.UniqueConstraint(
                "language",
                "kind",
                Lower("phrase"),
                name="policies_profanityword_once",
                violation_error_message=_(
                    "This phrase is listed already for this language and kind. Leave it at that."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=(PROFANITY, NAME)), name="policies_profanityword_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phrase} ({self.language})"

    def clean(self) -> None:
        self.phrase = " ".join(self.phrase.split())
        if not self.phrase or self.kind not in self.Kind:
            return  # said at the field already
        others = ProfanityWord.objects.exclude(pk=self.pk).values_list("kind", "phrase")
        fault = fault_of_profanity(self.kind, self.phrase, others)
        if fault:
            raise ValidationError({"phrase": fault})


class LinkDomain(models.Model):
    """A site of the city or one that it trusts: agents' links to it can be pressed. Source: EM-LINK."""

    domain = models.CharField(
        _("domain"),
        max_length=253,
        help_text=_(
            "Such as maplebrook.example, without https:// and without a path; what is under it counts, too. A link "
            "of an agent to a page there over https can be pressed by the resident; every other link, and each that a "
            "resident writes, is plain text. Holds for what is written from then on, after five seconds at most."
        ),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("domain for links")
        verbose_name_plural = _("domains for links")
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(
                Lower("domain"),
                name="policies_linkdomain_once",
                violation_error_message=_("This domain is listed already. Leave it at that."),
            )
        ]

    def __str__(self) -> str:
        return self.domain

    def clean(self) -> None:
        self.domain = plain_domain(self.domain)
        fault = fault_of_domain(self.domain) if self.domain else ""
        if fault:
            raise ValidationError({"domain": fault})
