"""How many chats each may hold at once, and how it came to that. Only `agents.actions.ladder` writes here."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agents.ladder import Binding, Record
from agents.models.desk import Agent
from agents.models.people import User
from policies.models import RuleVersion

MAX_CHATS = 1_000_000


class EarlierRecord(models.Model):
    """What an agent did before the city had this program; it counts on the ladder. Source: EM-CAP."""

    agent = models.OneToOneField(Agent, models.CASCADE, related_name="earlier", verbose_name=_("agent"))
    chats = models.PositiveIntegerField(
        _("finished chats"),
        validators=[MaxValueValidator(MAX_CHATS)],
        help_text=_("Before this program. They count for the next rungs as if they had been held here."),
    )
    rated = models.PositiveIntegerField(
        _("of these rated"), default=0, help_text=_("How many of them the residents rated.")
    )
    satisfied = models.PositiveIntegerField(
        _("of these rated 4 or 5"), default=0, help_text=_("Over the rated ones this is the satisfaction.")
    )
    first_response_seconds = models.PositiveIntegerField(
        _("first response, in seconds"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(3600)],
        help_text=_("The mean, from the moment the chat was offered. Empty: not known."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("record from before")
        verbose_name_plural = _("records from before")
        constraints = [
            models.CheckConstraint(
                condition=Q(chats__gte=F("rated"), rated__gte=F("satisfied")), name="agents_earlier_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chats} chats of agent {self.agent_id}"

    def clean(self) -> None:
        if None not in (self.chats, self.rated) and self.rated > self.chats:
            raise ValidationError({"rated": _("No more chats can be rated than there were. Check both numbers.")})
        if None not in (self.rated, self.satisfied) and self.satisfied > self.rated:
            raise ValidationError({"satisfied": _("No more can be satisfied than were rated. Check both numbers.")})

    @property
    def figures(self) -> Record:
        seconds = self.first_response_seconds
        mean = None if seconds is None else timedelta(seconds=seconds)
        return Record(self.chats, self.rated, self.satisfied, mean)


class LadderStanding(models.Model):
    """Where an agent stands on the ladder: the rung, the figures behind it, and what binds. One row each."""

    agent = models.OneToOneField(Agent, models.CASCADE, related_name="standing")
    version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")
    descent = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")  # of EM-CAP-down
    rung = models.PositiveSmallIntegerField(default=0)  # the index in the version's rungs
    binding = models.CharField(max_length=11, choices=[(each.value, each.value) for each in Binding])
    is_below = models.BooleanField(default=False)  # the last chats are below the levels of EM-CAP-down
    down_at_chats = models.PositiveIntegerField(null=True, blank=True)  # finished chats at the last step down

    # Of the chats held here; `window` are the last ones.
    chats = models.PositiveIntegerField(default=0)
    rated = models.PositiveIntegerField(default=0)
    satisfied = models.PositiveIntegerField(default=0)
    first_response = models.DurationField(null=True, blank=True)
    responses = models.PositiveIntegerField(default=0, db_default=0)  # of how many that is the mean
    window_chats = models.PositiveIntegerField(default=0)
    window_rated = models.PositiveIntegerField(default=0)
    window_satisfied = models.PositiveIntegerField(default=0)
    window_first_response = models.DurationField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(binding__in=[each.value for each in Binding]), name="agents_standing_binding_known"
            ),
        ]

    def __str__(self) -> str:
        return f"agent {self.agent_id} on rung {self.rung}"

    @property
    def here(self) -> Record:
        """The figures of all chats that were held here."""
        return Record(self.chats, self.rated, self.satisfied, self.first_response, self.responses)

    @here.setter
    def here(self, record: Record) -> None:
        self.chats, self.rated, self.satisfied = record.chats, record.rated, record.satisfied
        self.first_response, self.responses = record.first_response, record.weight

    @property
    def whole(self) -> Record:
        """The figures of all chats, those before this program included."""
        earlier: EarlierRecord | None = getattr(self.agent, "earlier", None)
        return self.here + earlier.figures if earlier else self.here

    @property
    def window(self) -> Record:
        """The figures of the last ones."""
        return Record(self.window_chats, self.window_rated, self.window_satisfied, self.window_first_response)

    @window.setter
    def window(self, record: Record) -> None:
        self.window_chats, self.window_rated = record.chats, record.rated
        self.window_satisfied, self.window_first_response = record.satisfied, record.first_response


class LadderStep(models.Model):
    """The number of chats somebody may hold changed, or their rung did: why, and by which figures. Never changed."""

    class Kind(models.TextChoices):
        UP = "up", _("A step up")
        DOWN = "down", _("A step down")
        PLACED = "placed", _("Placed by a ladder that was new or had changed")
        LIMIT = "limit", _("Another limit")

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    kind = models.CharField(max_length=6, choices=Kind)
    seats_before = models.PositiveSmallIntegerField()
    seats_after = models.PositiveSmallIntegerField()
    binding = models.CharField(max_length=11)
    rule = models.CharField(max_length=20, blank=True)
    version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")
    figures = models.JSONField(default=dict)
    why = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["agent", "-at"], name="agents_step_of_agent")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["up", "down", "placed", "limit"]), name="agents_step_kind_known"
            ),
            models.CheckConstraint(condition=Q(seats_before__gte=1, seats_after__gte=1), name="agents_step_has_seats"),
        ]

    def __str__(self) -> str:
        return f"agent {self.agent_id} {self.kind} {self.at:%Y-%m-%d}"
