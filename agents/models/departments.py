"""The parts of the city that people reach, in which language, and when."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agents.checks import check_phone
from contactcenter.lib.language import stem_of
from policies.models import BusinessCalendar

LONGEST_OVERFLOW = 86_400  # seconds
LONGEST_NAME = 100  # characters


class Language(models.Model):
    """A language in which the city serves."""

    code = models.CharField(
        _("code"),
        max_length=35,
        primary_key=True,
        validators=[
            RegexValidator(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", _("Write a BCP 47 code, such as en or fr-CA."))
        ],
        help_text=_("BCP 47, such as en, es or fr-CA. It cannot be changed later."),
    )
    name = models.CharField(_("name"), max_length=60, help_text=_("As its speakers write it; residents choose by it."))
    is_active = models.BooleanField(
        _("offered"), default=True, help_text=_("Residents can choose it before a chat. Running chats are not changed.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("language")
        verbose_name_plural = _("languages")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """A part of the city that people can reach."""

    code = models.SlugField(
        _("code"), unique=True, help_text=_("Used in addresses and by programs. Do not change it once pages use it.")
    )
    name = models.CharField(
        _("name"),
        max_length=LONGEST_NAME,
        help_text=_("As staff read it, and residents for whose language there is no name below."),
    )
    phone = models.CharField(
        _("phone"),
        max_length=40,
        blank=True,
        validators=[check_phone],
        help_text=_("Shown where the chat cannot help."),
    )
    email = models.EmailField(_("e-mail"), blank=True, help_text=_("Shown to residents beside the phone number."))
    page = models.URLField(_("web page"), blank=True, help_text=_("Where residents read more about the department."))
    hours_text = models.CharField(
        _("hours"),
        max_length=200,
        blank=True,
        help_text=_("In words; they open and close nothing. Empty: those of its calendar."),
    )
    is_default = models.BooleanField(
        _("default"), default=False, help_text=_("Chats that name no department go here. One department only.")
    )
    is_active = models.BooleanField(
        _("offered"), default=True, help_text=_("Residents can choose it. Running chats are not changed.")
    )
    head = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="heads",
        verbose_name=_("director"),
        help_text=_("The head of the department; escalations and complaints about its staff go to them."),
    )
    overflow = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("helped out by"),
        help_text=_(
            "A chat that has waited too long is offered to the agents of this department, too. Empty: to nobody else."
        ),
    )
    overflow_after_seconds = models.PositiveIntegerField(
        _("helped out after, in seconds"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(LONGEST_OVERFLOW)],
        help_text=_("How long a chat waits before the other department helps out. 0: from the start. Needed with it."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="agents_department_one_default",
                violation_error_message=_("Another department is the default one. Take that mark away first."),
            ),
            models.CheckConstraint(
                condition=Q(overflow__isnull=True, overflow_after_seconds__isnull=True)
                | Q(overflow__isnull=False, overflow_after_seconds__isnull=False),
                name="agents_department_overflow_is_whole",
                violation_error_message=_("Write both, which department helps out and after how long, or neither."),
            ),
            models.CheckConstraint(
                condition=Q(overflow__isnull=True) | ~Q(overflow=F("id")),
                name="agents_department_overflow_is_another",
                violation_error_message=_("A department cannot help itself out. Choose another one."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        helper = self.overflow.overflow if self.overflow and self.overflow != self else None
        passed: set[int] = set()
        while helper is not None and helper.pk not in passed:
            if helper.pk == self.pk:
                raise ValidationError(
                    {"overflow": _("These departments would pass chats on in a circle. Choose another one.")}
                )
            passed.add(helper.pk)
            helper = helper.overflow

    def names_by_language(self) -> dict[str, str]:
        """Return what residents call it, in each language in which it has a name for them."""
        return {row.language_id: row.name for row in self.names.all()}

    def name_in(self, language: str) -> str:
        """Return the name that who reads this language is shown: that of fr for fr-CA, and its own where it has none.

        Who reads a list loads `names` with it.
        """
        names = self.names_by_language()
        related = (name for code, name in names.items() if stem_of(code) == stem_of(language))
        return names.get(language) or next(related, self.name)


class DepartmentName(models.Model):
    """What residents call a department in one language."""

    department = models.ForeignKey(Department, models.CASCADE, related_name="names", verbose_name=_("department"))
    language = models.ForeignKey(Language, models.PROTECT, related_name="+", verbose_name=_("language"))
    name = models.CharField(
        _("name"),
        max_length=LONGEST_NAME,
        help_text=_("Residents who read this language see it instead of the name above, from the next page or text."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("name for residents")
        verbose_name_plural = _("names for residents, by language")
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "language"],
                name="agents_departmentname_once",
                violation_error_message=_("There is already a name in this language. Edit that one."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="agents_departmentname_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.language_id}"


class Channel(models.TextChoices):
    """The ways in which people reach the city. Source: PH-CHAN."""

    CHAT = "chat", _("Live chat")
    WEB = "web", _("Web form")
    PHONE = "phone", _("Phone")
    COUNTER = "counter", _("Counter")
    EMAIL = "email", _("E-mail")
    FAX = "fax", _("Fax")
    MAIL = "mail", _("Mail")
    SOCIAL = "social", _("Social media")
    SMS = "sms", _("Text message")
    OPEN311 = "open311", _("Open311")


class DepartmentHours(models.Model):
    """Which calendar holds for a department, or for one of its channels, where it is not the default one."""

    department = models.ForeignKey(
        Department,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="hours",
        verbose_name=_("department"),
        help_text=_("Empty: every department. A row with a department goes before one without."),
    )
    channel = models.CharField(
        _("channel"),
        max_length=10,
        choices=Channel,
        blank=True,
        help_text=_("Empty: every channel. A row with a channel goes before one without."),
    )
    calendar = models.ForeignKey(
        BusinessCalendar,
        models.PROTECT,
        related_name="+",
        verbose_name=_("calendar"),
        help_text=_("Its opening hours hold from the next chat or deadline on; what runs keeps its own."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("hours of a department")
        verbose_name_plural = _("hours of departments")
        constraints = [
            models.UniqueConstraint(
                fields=["department", "channel"],
                nulls_distinct=False,
                name="agents_departmenthours_one_each",
                violation_error_message=_("There is already a row for this department and channel. Edit that one."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.department or _('every department')} · {self.get_channel_display() or _('every channel')}"

    def clean(self) -> None:
        if self.calendar_id and not self.calendar.versions.exists():
            raise ValidationError(
                {"calendar": _("This calendar has no hours yet, so nothing would open. Give it its usual week first.")}
            )
