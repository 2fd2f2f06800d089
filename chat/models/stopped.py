"""Texts of agents that were stopped and that a supervisor may release. Only `chat.actions` writes here."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from agents.models import Agent
from chat.models.sessions import ChatSession


class StoppedTextQuerySet(models.QuerySet["StoppedText"]):
    def locked(self) -> Self:
        """Lock the rows against other writers, without blocking inserts that reference them."""
        return self.select_for_update(no_key=True, of=("self",))

    def undecided(self) -> Self:
        return self.filter(decided_at__isnull=True)

    def unsent(self) -> Self:
        """Those that somebody may still send: undecided, or released."""
        return self.exclude(text="")


class StoppedText(models.Model):
    """A text that was stopped for its words, and that its agent asks a supervisor to release. Source: EM-COM-C.

    `uid` is the id of the message. The text stands here, screened, until it
    is sent, or somebody has decided against it, or its agent has taken it
    back: her desk may have been closed meanwhile. From then on there is its
    keyed hash alone, by which exactly this text is known when it is sent again.
    """

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="stopped")
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    uid = models.UUIDField()
    text_key = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    is_released = models.BooleanField(default=False)
    sent_seq = models.PositiveIntegerField(null=True, blank=True)  # the message that it became

    objects = StoppedTextQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["asked_at"], name="chat_stopped_undecided", condition=Q(decided_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["session", "uid"], name="chat_stopped_once"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, is_released=False)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="chat_stopped_decision_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(sent_seq__isnull=True) | Q(is_released=True), name="chat_stopped_sent_was_released"
            ),
            models.CheckConstraint(
                condition=Q(text="") | Q(decided_at__isnull=True) | Q(is_released=True, sent_seq__isnull=True),
                name="chat_stopped_text_waits",
            ),
        ]

    def __str__(self) -> str:
        return f"stopped text {self.pk}"
