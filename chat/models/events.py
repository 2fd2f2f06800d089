"""What is said and what happens in a session, as numbered lists. Only `chat.actions` writes here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat.models.sessions import ChatSession


class Side(models.TextChoices):
    CUSTOMER = "customer", _("Customer")
    AGENT = "agent", _("Agent")
    SYSTEM = "system", _("System")


class Kind(models.TextChoices):
    """Kinds of durable events that both sides see."""

    MESSAGE = "message", _("Message")
    NOTICE = "notice", _("Notice")
    JOINED = "joined", _("Agent joined")
    ENDED = "ended", _("Ended")
    HERE = "here", _("Resident is still here")
    KEPT_OPEN = "kept_open", _("Kept open by the agent")
    REDACTED = "redacted", _("Masked afterwards")
    LEFT = "left", _("Agent left")
    TRANSFERRED = "transferred", _("Passed on")
    HELD = "held", _("On hold")
    RESUMED = "resumed", _("Goes on")
    REQUEUED = "requeued", _("Back in the queue")
    CHOSEN = "chosen", _("Choice of who waits")


class ChatEvent(models.Model):
    """One numbered event of a session; append-only. `uid` is the `id` of the contract.

    The one change that the database allows is that digits of a text are masked.
    """

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    uid = models.UUIDField()
    kind = models.CharField(max_length=12, choices=Kind)
    side = models.CharField(max_length=8, choices=Side)
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=150, blank=True)
    text = models.TextField(blank=True)
    is_changed = models.BooleanField(default=False)  # stored otherwise than sent: every ack bears the text
    at = models.DateTimeField()
    redacted_at = models.DateTimeField(null=True, blank=True)
    rule = models.CharField(max_length=20, blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "seq"], name="chat_event_seq"),
            models.UniqueConstraint(fields=["session", "uid"], name="chat_event_uid"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="chat_event_seq_from_one"),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="chat_event_side_known"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.seq} {self.kind}"


class StaffKind(models.TextChoices):
    """Kinds of what staff alone see."""

    PAYMENT = "payment", _("Payment data was masked")
    EMERGENCY = "emergency", _("An emergency was spoken of")
    MARKED = "marked", _("Marked for retention")
    EVALUATION_CLOSED = "evaluation_closed", _("No longer marked")
    LEFT_RUNNING = "left_running", _("Still running after closing time")
    NOTE = "note", _("Internal note")
    PROFANITY = "profanity", _("Strong language of the resident")
    CONTACT = "contact", _("Contact details sent after a warning")
    LINK = "link", _("A resident's link for the supervisor")
    RELEASED = "released", _("A stopped text was released")
    RATED = "rated", _("Rated by the resident")
    TRANSFER = "transfer", _("Transfer asked for")
    DECLINED = "declined", _("Transfer declined, or not answered")
    ANSWER_DUE = "answer_due", _("The resident waits for an answer")
    CHOSEN = "chosen", _("Choice of who waits")
    CASE = "case", _("Case opened")


class StaffEvent(models.Model):
    """One entry of a session's second list, which the resident never sees; numbered by itself; append-only."""

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="staff_events", db_index=False)
    n = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=StaffKind)
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    rule = models.CharField(max_length=20, blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "n"], name="chat_staff_event_n"),
            models.CheckConstraint(condition=Q(kind__in=StaffKind.values), name="chat_staff_event_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.n} {self.kind}"
