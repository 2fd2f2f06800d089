"""What the city has written down to answer with. Written by `actions` and the administration's pages."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agents.models import Agent, Department, Language
from contactcenter.knowledge import rules
from contactcenter.knowledge.checks import (
    SENTENCES,
    check_filled,
    check_outcome,
    check_page,
    check_rule,
    check_script_text,
    check_short_name,
)

_REVIEW_HELP = _("A day on which somebody reads it again. Once it is past, it is listed among what is overdue.")


# Scripts ----------------------------------------------------------------------
class ScriptQuerySet(models.QuerySet["Script"]):
    def shared(self) -> Self:
        return self.filter(owner__isnull=True)

    def for_agent(self, agent: Agent) -> Self:
        """Return those that she may use: shared ones of her departments and of all, and her own. Source: EM-SCR."""
        here = Q() if agent.is_supervisor else Q(department__isnull=True) | Q(department__in=agent.department_ids())
        return self.filter(Q(owner=agent) | (Q(owner__isnull=True) & here), is_active=True)

    def to_review(self) -> Self:
        """Return those whose date of review matters: in use, and not somebody's own."""
        return self.shared().filter(is_active=True)


class Script(models.Model):
    """A text for a frequent question, that an agent inserts by typing `/`. Source: EM-DEF, EM-SCR."""

    name = models.CharField(
        _("short name"),
        max_length=40,
        validators=[check_short_name],
        help_text=_("Agents type / and a part of it, such as /pothole. Changing it changes nothing that was sent."),
    )
    text = models.TextField(
        _("text"),
        validators=[MaxLengthValidator(rules.MAX_SCRIPT), check_script_text],
        help_text=_(
            "May hold {customer}, {agent}, {department}, {phone}, {email}, {page} and {city}; they are filled in as "
            "the agent inserts it. Holds from the next use on."
        ),
    )
    department = models.ForeignKey(
        Department,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("department"),
        help_text=_("Only its agents see the script. Empty: everybody does."),
    )
    language = models.ForeignKey(
        Language,
        models.PROTECT,
        related_name="+",
        verbose_name=_("language"),
        help_text=_("Listed first in chats in this language."),
    )
    about = models.ForeignKey(
        Department,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("names the department"),
        help_text=_(
            "For referrals: {department}, {phone}, {email} and {page} are then those of this department. "
            "Empty: those of the chat's own."
        ),
    )
    owner = models.ForeignKey(
        Agent,
        models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="scripts",
        verbose_name=_("whose own"),
    )
    review_on = models.DateField(_("next review"), null=True, blank=True, help_text=_REVIEW_HELP)
    is_active = models.BooleanField(
        _("in use"), default=True, help_text=_("Off: no agent is offered it any more. Nothing is lost.")
    )
    uses = models.PositiveIntegerField(_("times used"), default=0, editable=False)
    used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    history = HistoricalRecords(excluded_fields=["uses", "used_at"])

    objects = ScriptQuerySet.as_manager()

    class Meta:
        verbose_name = _("script")
        verbose_name_plural = _("scripts")
        ordering = ["language", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "language", "department", "name"],
                nulls_distinct=False,
                name="knowledge_script_one_each",
                violation_error_message=_(
                    "There is already a script of this name for this department and language. Choose another name."
                ),
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(review_on__isnull=True), name="knowledge_script_own_not_reviewed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.department or _('all departments')} · {self.language_id}"

    @property
    def code(self) -> str:
        """The short name, as lists of reviews show it."""
        return self.name

    @property
    def beginning(self) -> str:
        return Truncator(self.text).chars(80)

    def is_overdue(self, *, on: date) -> bool:
        """Say whether its day of review is past. Source: DF-REVIEW."""
        return self.review_on is not None and self.review_on < on

    def clean(self) -> None:
        if self.about is not None:
            check_filled(self.text, self.about)
        if self.pk is not None and not self.suits_sequences():
            raise ValidationError(
                _("This script is a step of a sequence: it stays in use, in its language, for all departments.")
            )

    def suits_sequences(self) -> bool:
        """Say whether it is still what the sequences need of which it is a step."""
        taken_in = set(self.steps.values_list("sequence__language", flat=True))
        return not taken_in or (taken_in == {self.language_id} and self.is_for_all)

    @property
    def is_for_all(self) -> bool:
        """Say whether every agent is offered it, and so may use a sequence that it is a step of."""
        return self.is_active and self.owner_id is None and self.department_id is None


class SequenceQuerySet(models.QuerySet["Sequence"]):
    def to_review(self) -> Self:
        return self.filter(is_active=True)


class Sequence(models.Model):
    """Scripts that belong one after the other, with one key and the outcome that they suggest.

    Source: EM-OFF, PK-EAR.
    """

    key = models.CharField(
        _("key"),
        max_length=1,
        validators=[RegexValidator(r"^[a-z0-9]\Z", _("Choose one small letter or digit."))],
        help_text=_("One letter or digit: / and this key put the sequence first in the list."),
    )
    name = models.CharField(_("name"), max_length=60, help_text=_("As agents read it in the list."))
    language = models.ForeignKey(
        Language,
        models.PROTECT,
        related_name="+",
        verbose_name=_("language"),
        help_text=_("All its steps are in this language."),
    )
    rule = models.CharField(
        _("rule"),
        max_length=20,
        blank=True,
        validators=[check_rule],
        help_text=_("The rule that it serves, such as EM-OFF. It is offered only while the city has adopted that."),
    )
    outcome = models.CharField(
        _("suggested outcome"),
        max_length=20,
        blank=True,
        validators=[check_outcome],
        help_text=_("Suggested when the agent ends the chat after the last step; she decides. Empty: none."),
    )
    review_on = models.DateField(_("next review"), null=True, blank=True, help_text=_REVIEW_HELP)
    is_active = models.BooleanField(
        _("in use"), default=True, help_text=_("Off: no agent is offered it any more. Nothing is lost.")
    )
    history = HistoricalRecords()

    objects = SequenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("sequence of scripts")
        verbose_name_plural = _("sequences of scripts")
        ordering = ["language", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["language", "key"],
                name="knowledge_sequence_one_key",
                violation_error_message=_("Another sequence in this language has this key. Choose another key."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.language_id}"

    @property
    def code(self) -> str:
        """The name, as lists of reviews show it."""
        return self.name


class Step(models.Model):
    """A script in its place in a sequence."""

    sequence = models.ForeignKey(Sequence, models.CASCADE, related_name="steps", verbose_name=_("sequence"))
    position = models.PositiveSmallIntegerField(_("place"), help_text=_("Smaller numbers come first."))
    script = models.ForeignKey(
        Script,
        models.PROTECT,
        related_name="steps",
        verbose_name=_("script"),
        help_text=_("A shared script for all departments, in the language of the sequence."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.position}: {self.script.name}"


# Self-service menu --------------------------------------------------------------
class MenuQuerySet(models.QuerySet["Menu"]):
    def of(self, department_id: int, language: str) -> Menu | None:
        """Return the menu of a department in a language, its own before that of all; one that is off is returned."""
        rows = self.filter(Q(department=department_id) | Q(department__isnull=True), language=language)
        return rows.order_by(F("department").asc(nulls_last=True)).first()

    def to_review(self) -> Self:
        return self.filter(is_shown=True)


class Menu(models.Model):
    """What residents may look up before they wait, in one language. Source: SJ-IVR."""

    department = models.ForeignKey(
        Department,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("department"),
        help_text=_(
            "Its chat shows this menu instead of the one for all. Empty: every department without a menu of its own."
        ),
    )
    language = models.ForeignKey(
        Language,
        models.PROTECT,
        related_name="+",
        verbose_name=_("language"),
        help_text=_("Shown to residents who chose it. In a language without a menu the chat begins with its form."),
    )
    is_shown = models.BooleanField(
        _("shown"),
        default=True,
        help_text=_("Off: this department (or every one without its own) shows no menu in this language."),
    )
    review_on = models.DateField(_("next review"), help_text=_REVIEW_HELP)
    history = HistoricalRecords()

    objects = MenuQuerySet.as_manager()

    class Meta:
        verbose_name = _("self-service menu")
        verbose_name_plural = _("self-service menus")
        ordering = ["language", "department__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "language"],
                nulls_distinct=False,
                name="knowledge_menu_one_each",
                violation_error_message=_("There is already a menu for this department and language. Edit that one."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.department or _('all departments')} · {self.language_id}"

    @property
    def code(self) -> str:
        """Whose it is, as lists of reviews show it."""
        return str(self)


class Node(models.Model):
    """A row of a menu. Source: SJ-IVR."""

    class Kind(models.TextChoices):
        TOPIC = "topic", _("Topic, with rows under it")
        ANSWER = "answer", _("Answer")
        FORM = "form", _("Form or page")
        PERSON = "person", _("Talk to a person")

    menu = models.ForeignKey(Menu, models.CASCADE, related_name="nodes", verbose_name=_("menu"))
    code = models.SlugField(
        _("code"),
        max_length=40,
        help_text=_("A word for this row, once in this menu, such as waste. Rows under it name it."),
    )
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children", verbose_name=_("under")
    )
    position = models.PositiveSmallIntegerField(
        _("place"), default=0, help_text=_("Among the rows beside it; smaller numbers come first.")
    )
    label = models.CharField(_("label"), max_length=80, help_text=_("What residents choose."))
    kind = models.CharField(
        _("kind"),
        max_length=6,
        choices=Kind,
        help_text=_("A topic opens the rows under it, an answer its text, a form its page; a person takes the chat."),
    )
    text = models.TextField(
        _("text"), max_length=2000, blank=True, help_text=_("The answer in plain words. Elsewhere: a line below it.")
    )
    page = models.CharField(
        _("page"),
        max_length=300,
        blank=True,
        validators=[check_page],
        help_text=_("An address that begins with https://, or a page here, such as /chat/. Needed for a form."),
    )
    department = models.ForeignKey(
        Department,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"is_active": True},
        verbose_name=_("department"),
        help_text=_("Who takes the chat that begins here. Empty: the department whose chat shows the menu."),
    )
    topic = models.CharField(
        _("topic"),
        max_length=100,
        blank=True,
        help_text=_("With what topic a chat that begins here reaches the agents."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("row of a menu")
        verbose_name_plural = _("rows of a menu")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["menu", "code"],
                name="knowledge_node_code_once",
                violation_error_message=_("Another row of this menu has this code. Choose another one."),
            ),
            models.CheckConstraint(condition=~Q(parent=F("pk")), name="knowledge_node_not_under_itself"),
            models.CheckConstraint(condition=~Q(kind="answer", text=""), name="knowledge_node_answer_has_text"),
            models.CheckConstraint(condition=~Q(kind="form", page=""), name="knowledge_node_form_has_page"),
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        if self.kind == self.Kind.ANSWER and not self.text.strip():
            raise ValidationError({"text": SENTENCES[rules.Ill.NO_TEXT]})
        if self.kind == self.Kind.FORM and not self.page.strip():
            raise ValidationError({"page": SENTENCES[rules.Ill.NO_PAGE]})
