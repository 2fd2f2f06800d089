"""Who takes chats: agents, the departments that they serve, and their presence."""

from __future__ import annotations

from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agents.models.departments import Department, Language
from agents.models.people import Role, User

MAX_SEATS = 1000


class Presence(models.TextChoices):
    ONLINE = "online", _("Online")
    ON_CALL = "on_call", _("On a call")
    AT_COUNTER = "at_counter", _("At the counter")
    BREAK = "break", _("Break")
    OFFLINE = "offline", _("Offline")


class AgentQuerySet(models.QuerySet["Agent"]):
    def locked(self) -> Self:
        """Lock the rows against other writers, without blocking inserts that reference them."""
        return self.select_for_update(no_key=True, of=("self",))


class Agent(models.Model):
    """A person who takes chats: an agent, a trainee or a supervisor. Source: EM-DEF."""

    user = models.OneToOneField(User, models.PROTECT, related_name="agent", verbose_name=_("person"))
    seats = models.PositiveSmallIntegerField(
        _("seats"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS)],
        help_text=_("How many chats at once are allowed now, from all that limits them. Chats that run stay."),
    )
    fixed_seats = models.PositiveSmallIntegerField(
        _("fixed number of chats"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS)],
        help_text=_(
            "So many chats at once, whatever the ladder says; the conformance page shows it as a departure from "
            "EM-CAP. Fewer than are held now: those stay, no new one is given. Empty: as the ladder says."
        ),
    )
    restricted_to = models.PositiveSmallIntegerField(
        _("limited to"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS)],
        help_text=_("No more chats at once than this, as a supervisor has decided. Empty: not limited."),
    )
    restricted_why = models.CharField(_("reason of the limit"), max_length=300, blank=True)
    restricted_at = models.DateTimeField(_("limited since"), null=True, blank=True)
    restricted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("limited by")
    )
    presence = models.CharField(_("presence"), max_length=10, choices=Presence, default=Presence.OFFLINE)
    departments: models.ManyToManyField[Department, Membership] = models.ManyToManyField(
        Department, through="Membership", related_name="agents", verbose_name=_("departments")
    )
    languages = models.ManyToManyField(Language, related_name="agents", blank=True, verbose_name=_("languages"))
    suspended_until = models.DateTimeField(
        _("suspended until"), null=True, blank=True, help_text=_("Until then the desk stays closed to this person.")
    )
    offline_deadline = models.DateTimeField(null=True, blank=True, editable=False)
    away_at = models.DateTimeField(null=True, blank=True, editable=False)  # since then nothing is offered (EM-COM-D)
    history = HistoricalRecords(excluded_fields=["presence", "offline_deadline", "away_at"], m2m_fields=[languages])

    objects = AgentQuerySet.as_manager()

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        indexes = [
            models.Index(
                fields=["offline_deadline"],
                name="agents_agent_offline_due",
                condition=Q(offline_deadline__isnull=False),
            ),
            models.Index(fields=["presence"], name="agents_agent_present", condition=~Q(presence="offline")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(seats__gte=1, seats__lte=MAX_SEATS), name="agents_agent_seats_in_range"),
            models.CheckConstraint(
                condition=Q(fixed_seats__isnull=True) | Q(fixed_seats__gte=1, fixed_seats__lte=MAX_SEATS),
                name="agents_agent_fixed_seats_in_range",
            ),
            models.CheckConstraint(
                condition=Q(
                    restricted_to__isnull=True,
                    restricted_why="",
                    restricted_at__isnull=True,
                    restricted_by__isnull=True,
                )
                | Q(restricted_to__gte=1, restricted_to__lte=MAX_SEATS, restricted_at__isnull=False)
                & ~Q(restricted_why=""),
                name="agents_agent_restriction_is_whole",
            ),
            models.CheckConstraint(condition=Q(presence__in=Presence.values), name="agents_agent_presence_known"),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def display_name(self) -> str:
        """What residents and colleagues read."""
        return self.user.shown_name

    @property
    def is_supervisor(self) -> bool:
        return self.user.has_role(Role.SUPERVISOR)

    def department_ids(self) -> set[int]:
        """Return the ids of the departments whose queues the agent serves."""
        return {membership.department_id for membership in self.memberships.all()}


class Membership(models.Model):
    """An agent serves a department."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="memberships", verbose_name=_("agent"))
    department = models.ForeignKey(Department, models.PROTECT, related_name="memberships", verbose_name=_("department"))
    is_primary = models.BooleanField(
        _("primary"), default=False, help_text=_("The agent's own department; its chats come to them first.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["agent", "department"], name="agents_membership_once"),
            models.UniqueConstraint(
                fields=["agent"],
                condition=Q(is_primary=True),
                name="agents_membership_one_primary",
                violation_error_message=_("An agent has one primary department."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.department_id}"


class PresenceInterval(models.Model):
    """From when to when an agent had a presence. Source: EM-DEF."""

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="intervals")
    state = models.CharField(max_length=10, choices=Presence)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["agent", "started_at"], name="agents_interval_of_agent")]
        constraints = [
            models.UniqueConstraint(
                fields=["agent"], condition=Q(ended_at__isnull=True), name="agents_interval_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="agents_interval_ends_after_start",
            ),
            models.CheckConstraint(condition=Q(state__in=Presence.values), name="agents_interval_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.state}"
