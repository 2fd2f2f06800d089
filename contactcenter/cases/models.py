"""Who turned to the city, when, and what is to be done for them. Only `contactcenter.cases.actions` writes here.

Topics alone are configuration, written by the administration.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agents.models import Agent, Channel, Department, Language
from policies.models import CalendarVersion, RuleVersion


class TaskKind(models.TextChoices):
    """What is to be done."""

    CALL_BACK = "call_back", _("Call back")
    MESSAGE = "message", _("Answer a message")
    CASE = "case", _("Open a case")
    OTHER = "other", _("Something else")


class Customer(models.Model):
    """Somebody who turned to the city, as they called themselves, and how they are reached."""

    name = models.CharField(_("name"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.ForeignKey(Language, models.PROTECT, related_name="+", verbose_name=_("language"))
    created_at = models.DateTimeField(_("first seen"))
    anonymised_at = models.DateTimeField(_("anonymised"), null=True, blank=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [
            models.Index(fields=["email"], name="cases_customer_email", condition=~Q(email="")),
            models.Index(fields=["phone"], name="cases_customer_phone", condition=~Q(phone="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(anonymised_at__isnull=True) | Q(name="", email="", phone=""),
                name="cases_customer_anonymous_is_empty",
            )
        ]

    def __str__(self) -> str:
        return f"customer {self.pk}"


class Contact(models.Model):
    """Once that a customer reached the city, or the city a customer: figures only, no word of what was said."""

    class Direction(models.TextChoices):
        IN = "in", _("To the city")
        OUT = "out", _("From the city")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="contacts", verbose_name=_("customer"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    direction = models.CharField(_("direction"), max_length=3, choices=Direction)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name=_("department"))
    purpose = models.CharField(_("what for"), max_length=10, choices=TaskKind)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [models.Index(fields=["customer", "-at"], name="cases_contact_of_customer")]
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="cases_contact_channel_known"),
            models.CheckConstraint(condition=Q(direction__in=["in", "out"]), name="cases_contact_direction_known"),
            models.CheckConstraint(condition=Q(purpose__in=TaskKind.values), name="cases_contact_purpose_known"),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class TaskQuerySet(models.QuerySet["Task"]):
    def locked(self) -> Self:
        """Lock the rows against other writers, without blocking inserts that reference them."""
        return self.select_for_update(no_key=True, of=("self",))

    def visible_to(self, agent: Agent) -> Self:
        """What an agent may see: her own tasks and those of her departments; a supervisor sees all."""
        if agent.is_supervisor:
            return self
        return self.filter(Q(agent=agent) | Q(department__in=agent.department_ids()))

    def open(self) -> Self:
        return self.filter(done_at__isnull=True)

    def overdue(self, *, at: datetime) -> Self:
        return self.open().filter(due_at__lt=at)

    def in_order(self) -> Self:
        """What is due first, first; what has no due time comes last."""
        return self.order_by(F("due_at").asc(nulls_last=True), "created_at", "pk")


class Task(models.Model):
    """Something that somebody of a department is to do for a customer, with a due time that does not move.

    `rule`, `rule_version` and `calendar_version` say by what the due time was reckoned (decision 5). `source_key` is
    a keyed hash of what caused it: the same cause makes one task, and nobody can go from the task back to the cause.
    """

    class Result(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        PASSED_ON = "passed_on", _("Passed on to somebody else")
        NOT_REACHED = "not_reached", _("Not reached, after several tries")
        NOT_NEEDED = "not_needed", _("No longer needed")

    kind = models.CharField(_("what is to be done"), max_length=10, choices=TaskKind)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name=_("department"))
    language = models.ForeignKey(Language, models.PROTECT, related_name="+", verbose_name=_("language"))
    agent = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("taken by")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("customer")
    )
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("contact")
    )
    topic_code = models.CharField(_("topic"), max_length=50, blank=True)
    text = models.TextField(_("text"), blank=True)
    opened_by = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("opened by")
    )
    created_at = models.DateTimeField(_("opened"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    rule = models.CharField(_("rule"), max_length=20, blank=True)
    rule_version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")
    calendar_version = models.ForeignKey(CalendarVersion, models.PROTECT, null=True, blank=True, related_name="+")
    source_key = models.CharField(max_length=64, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("done by")
    )
    result = models.CharField(_("result"), max_length=12, choices=Result, blank=True)
    result_note = models.TextField(_("note"), blank=True)
    anonymised_at = models.DateTimeField(_("anonymised"), null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes = [
            models.Index(fields=["department", "due_at"], name="cases_task_open", condition=Q(done_at__isnull=True)),
            models.Index(fields=["agent", "due_at"], name="cases_task_of_agent", condition=Q(done_at__isnull=True)),
            models.Index(fields=["done_at"], name="cases_task_done", condition=Q(anonymised_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source_key"], condition=~Q(source_key=""), name="cases_task_once_for_each_cause"
            ),
            models.CheckConstraint(condition=Q(kind__in=TaskKind.values), name="cases_task_kind_known"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True, result="", result_note="")
                | Q(
                    done_at__isnull=False,
                    done_by__isnull=False,
                    result__in=["answered", "passed_on", "not_reached", "not_needed"],
                ),
                name="cases_task_done_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(anonymised_at__isnull=True)
                | Q(done_at__isnull=False, text="", result_note="", customer__isnull=True, contact__isnull=True),
                name="cases_task_anonymous_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    def says(self, text: str) -> bool:
        """Say whether these words stand in the task already: alone, or between others that were added."""
        return f"\n\n{text}\n\n" in f"\n\n{self.text}\n\n"


class TopicQuerySet(models.QuerySet["Topic"]):
    def offered_to(self, department_id: int) -> Self:
        """Active topics of this department, and those of all departments."""
        return self.filter(Q(department__isnull=True) | Q(department=department_id), is_active=True)


class Topic(models.Model):
    """What a contact was about, from a list that the city keeps: agents sort by it afterwards."""

    code = models.SlugField(
        _("code"),
        unique=True,
        help_text=_("Kept with each contact and used by reports. Do not change it once contacts bear it."),
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("As agents read it when they sort a contact."))
    department = models.ForeignKey(
        Department,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="topics",
        verbose_name=_("department"),
        help_text=_("Only this department's agents are offered it. Empty: everybody's."),
    )
    is_active = models.BooleanField(
        _("offered"), default=True, help_text=_("Agents can choose it. What was sorted under it stays so.")
    )
    history = HistoricalRecords()

    objects = TopicQuerySet.as_manager()

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["name", "code"]

    def __str__(self) -> str:
        return self.name
