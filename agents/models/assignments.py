"""Which channels an agent takes, as a supervisor decides. Only `agents.actions` and the admin's pages write here."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agents.models.departments import Channel
from agents.models.desk import Agent
from agents.models.people import User


class ChannelAssignmentQuerySet(models.QuerySet["ChannelAssignment"]):
    def counting(self, *, on: date) -> Self:
        """Assignments that hold on that local date."""
        return self.filter(Q(through_on__isnull=True) | Q(through_on__gte=on), from_on__lte=on)

    def not_over(self, *, on: date) -> Self:
        """Those that hold on that local date, or will."""
        return self.filter(Q(through_on__isnull=True) | Q(through_on__gte=on))

    def touching(self, from_on: date, through_on: date | None) -> Self:
        """Assignments that hold on some day of a span; without its last day it goes on."""
        begun = self if through_on is None else self.filter(from_on__lte=through_on)
        return begun.not_over(on=from_on)


class ChannelAssignment(models.Model):
    """An agent takes a channel, from one local date on through another. Source: EM-COM-Da."""

    agent = models.ForeignKey(
        Agent,
        models.PROTECT,
        related_name="assignments",
        verbose_name=_("agent"),
        help_text=_("Gets new contacts of the channel on these days. Chats that run stay when it ends."),
    )
    channel = models.CharField(
        _("channel"),
        max_length=10,
        choices=Channel,
        help_text=_("In person goes before the phone, and that before chat."),
    )
    from_on = models.DateField(_("from"), help_text=_("The first day on which the agent takes it."))
    through_on = models.DateField(
        _("through"), null=True, blank=True, help_text=_("The last day, to its end. Empty: until somebody ends it.")
    )
    assigned_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("assigned by"), editable=False
    )
    why = models.CharField(
        _("why"), max_length=300, help_text=_("For whoever asks later, such as: fills in for Ada in July.")
    )
    history = HistoricalRecords()

    objects = ChannelAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment to a channel")
        verbose_name_plural = _("assignments to channels")
        ordering = ["agent", "channel", "from_on"]
        indexes = [models.Index(fields=["channel", "agent"], name="agents_assignment_of_agent")]
        constraints = [
            models.CheckConstraint(
                condition=Q(through_on__isnull=True) | Q(through_on__gte=F("from_on")),
                name="agents_assignment_ends_after_start",
                violation_error_message=_("An assignment cannot end before it starts. Choose a later last day."),
            ),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="agents_assignment_channel_known"),
            models.CheckConstraint(condition=~Q(why=""), name="agents_assignment_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.agent} · {self.get_channel_display()}"

    def clean(self) -> None:
        if self.agent_id is None or self.from_on is None:
            return
        others = ChannelAssignment.objects.filter(agent=self.agent_id, channel=self.channel).exclude(pk=self.pk)
        other = others.touching(self.from_on, self.through_on).first()
        if other is not None:
            raise ValidationError(
                {"from_on": _("There is already an assignment for one of these days. End or change that one.")}
            )
