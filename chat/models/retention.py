"""What is kept of chats, for how long, and what remains when they are gone. Only `chat.actions` writes here."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Department, Language
from chat.models.sessions import ChatSession
from chat.states import Outcome
from policies.models import RuleVersion


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    def locked(self) -> Self:
        """Lock the rows against other writers, without blocking inserts that reference them."""
        return self.select_for_update(no_key=True, of=("self",))

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def of_customer(self, returning_key: str) -> Self:
        """Those that are open about who comes back with this key; nobody is known by an empty one."""
        return self.open().filter(returning_key=returning_key) if returning_key else self.none()

    def without_marks(self) -> Self:
        """Those that were decided and hold nothing any more."""
        marks = RetentionMark.objects.filter(evaluation=OuterRef("pk"))
        return self.filter(~Exists(marks), closed_at__isnull=False)


class Evaluation(models.Model):
    """Whether a resident is to be banned is being looked at: the one ground for keeping chats. Source: EM-RET-Ba-i."""

    returning_key = models.CharField(max_length=64, blank=True)  # emptied once it is closed
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    due_at = models.DateTimeField(null=True, blank=True)
    due_version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["returning_key"],
                condition=Q(closed_at__isnull=True) & ~Q(returning_key=""),
                name="chat_evaluation_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"evaluation {self.pk}"


class EvaluationDecision(models.Model):
    """How an evaluation ended. Without such a row the database lets no mark end. Never changed."""

    class Ending(models.TextChoices):
        NO_BAN = "no_ban", _("No ban")
        FROM_LEDGER = "from_ledger", _("No ban; known from the ledger beside the back-ups")

    evaluation = models.OneToOneField(Evaluation, models.CASCADE, related_name="decision")
    ending = models.CharField(max_length=20, choices=Ending)
    by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ending__in=["no_ban", "from_ledger"]), name="chat_decision_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="chat_decision_has_reason"),
        ]

    def __str__(self) -> str:
        return f"decision on evaluation {self.evaluation_id}"


class RetentionMarkQuerySet(models.QuerySet["RetentionMark"]):
    def holding(self) -> Self:
        return self.filter(lifted_at__isnull=True)

    def undecided(self) -> Self:
        """Those that hold because nobody has decided yet; no date ends them."""
        return self.holding().filter(evaluation__closed_at__isnull=True)


class RetentionMark(models.Model):
    """Why a chat is kept. It ends through a decision on its evaluation, and in no other way. Source: EM-RET-Ba-i."""

    class Reason(models.TextChoices):
        HARASSMENT = "harassment", _("Harassment by the resident")
        IMPROPER_CONDUCT = "improper_conduct", _("Other improper conduct of the resident")
        EVALUATION = "evaluation", _("A later chat, while an evaluation is open")

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="marks")
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="marks")
    reason = models.CharField(max_length=20, choices=Reason)
    note = models.TextField(blank=True)
    by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    decision = models.ForeignKey(EvaluationDecision, models.PROTECT, null=True, blank=True, related_name="+")

    objects = RetentionMarkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "evaluation", "reason"], name="chat_mark_once"),
            models.CheckConstraint(
                condition=Q(reason__in=["harassment", "improper_conduct", "evaluation"]), name="chat_mark_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, decision__isnull=True)
                | Q(lifted_at__isnull=False, decision__isnull=False),
                name="chat_mark_ends_by_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"mark {self.pk}"


PERSON_REASONS = (RetentionMark.Reason.HARASSMENT, RetentionMark.Reason.IMPROPER_CONDUCT)


class Reading(models.Model):
    """Who opened a transcript that had ended, and when. Bears no word of it, and outlives it. Source: EM-RET-B."""

    class Place(models.TextChoices):
        DESK = "desk", _("Desk")
        SUPERVISION = "supervision", _("Supervision")

    session_id = models.UUIDField(db_index=True)
    reader = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    place = models.CharField(max_length=12, choices=Place)
    was_entitled = models.BooleanField()  # on the session, or a supervisor
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"agent {self.reader_id} read {self.session_id}"


class ChatRecord(models.Model):
    """What stays of a chat when its words are gone: figures, nothing of the resident. Source: EM-RET-A."""

    id = models.UUIDField(primary_key=True, editable=False)  # the session's
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    language = models.ForeignKey(Language, models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")  # the last one
    is_answered = models.BooleanField(default=False, db_default=False)  # that agent wrote in it
    first_agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")  # answered first
    outcome = models.CharField(max_length=20, choices=Outcome)
    topic_code = models.CharField(max_length=50, blank=True)
    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    transfers = models.PositiveSmallIntegerField(default=0)
    had_emergency = models.BooleanField(default=False)
    requested_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    wait = models.DurationField(null=True, blank=True)  # from the request until somebody accepted
    first_response = models.DurationField(null=True, blank=True)  # from the request
    first_response_offered = models.DurationField(null=True, blank=True)  # from when it was the agent's turn
    handle_time = models.DurationField(null=True, blank=True)  # talk and hold, and the wrap-up that somebody ended

    class Meta:
        indexes = [models.Index(fields=["ended_at"], name="chat_record_ended")]

    def __str__(self) -> str:
        return str(self.pk)


class PurgeRun(models.Model):
    """One run of the purge, and what it found. `refusal` says why it did nothing. Source: EM-RET-A."""

    class Cause(models.TextChoices):
        DAILY = "daily", _("Daily")
        CATCH_UP = "catch_up", _("Caught up")
        BY_HAND = "by_hand", _("By hand")
        RESTORE = "restore", _("After a restore")

    cause = models.CharField(max_length=10, choices=Cause)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cutoff: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    counted = models.PositiveIntegerField(default=0)  # chats that had ended before the cut-off
    deleted = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)  # under a mark
    wrapping_up = models.PositiveIntegerField(default=0)
    evaluations_deleted = models.PositiveIntegerField(default=0)
    leftover = models.PositiveIntegerField(default=0)  # rows that should have gone, and did not
    oldest_left_at = models.DateTimeField(null=True, blank=True)  # end of the oldest transcript without a mark
    refusal = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"purge {self.started_at:%Y-%m-%d %H:%M}"


class LedgerEntry(models.Model):
    """Something that is gone for good, by its id alone: what a restore must not bring back (decision 11)."""

    class Kind(models.TextChoices):
        PURGED_SESSION = "purged_session", _("Purged chat")
        LIFTED_MARK = "lifted_mark", _("Lifted mark")
        DELETED_PERSON = "deleted_person", _("Deleted person")

    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
