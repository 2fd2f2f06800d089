"""Texts that the program says by itself, as the city words them."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agents.models import Department, Language
from chat import rules


class WordingQuerySet(models.QuerySet["Wording"]):
    def for_chat(self, kind: str, *, department_id: int, language: str) -> Wording | None:
        """Return the most specific wording: this department before any, this language before English."""
        rows = self.filter(kind=kind, language_id__in=[language, "en"]).filter(
            Q(department_id=department_id) | Q(department__isnull=True)
        )
        return max(rows, key=lambda row: (row.language_id == language, row.department_id is not None), default=None)


class Wording(models.Model):
    """A text that the program says by itself, as the city words it."""

    class Kind(models.TextChoices):
        GREETING = "greeting", _("Greeting when an agent accepts a chat")
        COLLECTION = "collection", _("Notice of collection above the questions before a chat")
        IDLE_NOTICE = "idle_notice", _("Question to a silent resident")
        IDLE_END = "idle_end", _("End of a chat with a silent resident")
        ALL_BUSY = "all_busy", _("Everybody is busy: to who waits")
        NOBODY_THERE = "nobody_there", _("Nobody is there: to who waits")
        UNANSWERED = "unanswered", _("Somebody is free and has not answered: to who waits")
        CHOICES = "choices", _("What who waits may choose, in the queue and on hold")
        CLOSING = "closing", _("End of a waiting chat at closing time")
        OVERTIME = "overtime", _("End of a chat that still runs long after closing time")
        PAYMENT = "payment", _("Where to pay, when payment data was typed or is asked for")
        EMERGENCY_LIFE = "emergency_life", _("Danger to life or property: whom to call")
        EMERGENCY_CITY = "emergency_city", _("City emergency: whom to call")
        EMERGENCY_NON_EMERGENCY = "emergency_non_emergency", _("Police matter that is no emergency: whom to call")

    kind = models.CharField(_("used for"), max_length=23, choices=Kind)
    department = models.ForeignKey(
        Department,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("department"),
        help_text=_("Leave empty for all departments. A row with a department goes before one without."),
    )
    language = models.ForeignKey(
        Language,
        models.PROTECT,
        related_name="+",
        verbose_name=_("language"),
        help_text=_("Used for chats in this language. Without a row in the chat's language, the English one is used."),
    )
    text = models.TextField(
        _("text"),
        max_length=2000,
        help_text=_(
            "May hold {department}, {city} and {phone}; in greetings {agent}; in the question to a silent resident "
            "{left}, the minutes until the end; at the end of a chat and to who waits {email}; at closing time "
            "{opening}, the next opening; about payments {pay_page} and {pay_phone}; in emergencies {number}. "
            "Holds from the next use on."
        ),
    )
    history = HistoricalRecords()

    objects = WordingQuerySet.as_manager()

    class Meta:
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "department", "language"],
                nulls_distinct=False,
                name="chat_wording_one_each",
                violation_error_message=_(
                    "There is already a text for this use, department and language. Edit that one."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.department or _('all departments')} · {self.language_id}"

    def clean(self) -> None:
        allowed = rules.WORDING_FIELDS.get(self.kind, frozenset())
        unknown = rules.unknown_fields(self.text, allowed)
        if unknown:
            names = ", ".join(sorted(unknown))
            raise ValidationError(
                {"text": _("The text holds %(names)s, which cannot be filled in here.") % {"names": names}}
            )

    def filled(self, *, department: Department, language: str, **more: str) -> str:
        """Return the text with its fields filled in, for somebody who reads this language."""
        return rules.fill(self.text, {**city_fields(department, language), **more})


def city_fields(department: Department, language: str) -> dict[str, str]:
    """Return what every wording may say of the city and the department, to somebody who reads this language."""
    return {
        "department": department.name_in(language),
        "city": settings.CITY_NAME,
        "phone": department.phone,
        "email": department.email,
    }
