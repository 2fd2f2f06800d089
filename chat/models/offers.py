"""Offers, which reserve a session and a seat until somebody decides, and transfers. Only `chat.actions` writes here."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Department, Language
from chat.models.sessions import ChatSession
from policies.models import RuleVersion


class Ending(models.TextChoices):
    """How an offer or a transfer ended."""

    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Not answered in time")
    WITHDRAWN = "withdrawn", _("Withdrawn")


ENDING_IS_WHOLE = Q(ended_at__isnull=True, ending="") | Q(ended_at__isnull=False, ending__in=Ending.values)


class TransferQuerySet(models.QuerySet["Transfer"]):
    def open(self) -> Self:
        return self.filter(ended_at__isnull=True)


class Transfer(models.Model):
    """An agent asks that somebody else goes on with her chat; until it is accepted she keeps it.

    Exactly one of `to_agent`, `to_department`, `to_language` and `to_supervisor`
    says to whom. Without a deadline it stays open until it is accepted or the
    resident no longer waits. Source: EM-FWD, EM-DIS-B, DF-XFER.
    """

    class Reason(models.TextChoices):
        EXPERTISE = "expertise", _("Somebody else knows more about it")
        LANGUAGE = "language", _("Another language")
        DEPARTMENT = "department", _("Another department is responsible")
        SUPERVISOR = "supervisor", _("A supervisor is needed")
        END_OF_SHIFT = "end_of_shift", _("My shift ends")
        CHOICE = "choice", _("The resident asked for another person")  # by the resident alone (DF-HOLD)

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="passed")
    from_agent = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    to_agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    to_department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="+")
    to_language = models.ForeignKey(Language, models.PROTECT, null=True, blank=True, related_name="+")
    to_supervisor = models.BooleanField(default=False)
    reason = models.CharField(max_length=12, choices=Reason)
    summary = models.TextField(blank=True)
    again = models.TextField(blank=True)  # why a second one
    version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    deadline = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=9, choices=Ending, blank=True)
    accepted_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    declined_why = models.CharField(max_length=300, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["deadline"], name="chat_transfer_due", condition=Q(ended_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(ended_at__isnull=True), name="chat_transfer_one_open"
            ),
            models.CheckConstraint(condition=ENDING_IS_WHOLE, name="chat_transfer_ending_is_whole"),
            models.CheckConstraint(
                condition=Q(
                    to_agent__isnull=False, to_department__isnull=True, to_language__isnull=True, to_supervisor=False
                )
                | Q(to_agent__isnull=True, to_department__isnull=False, to_language__isnull=True, to_supervisor=False)
                | Q(to_agent__isnull=True, to_department__isnull=True, to_language__isnull=False, to_supervisor=False)
                | Q(to_agent__isnull=True, to_department__isnull=True, to_language__isnull=True, to_supervisor=True),
                name="chat_transfer_to_one",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=["expertise", "language", "department", "supervisor", "end_of_shift", "choice"]),
                name="chat_transfer_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(ending="accepted", accepted_by__isnull=False)
                | Q(~Q(ending="accepted"), accepted_by__isnull=True),
                name="chat_transfer_accepted_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"transfer {self.pk}"


class OfferQuerySet(models.QuerySet["Offer"]):
    def open(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def due(self, *, at: datetime) -> Self:
        return self.open().filter(expires_at__lte=at)


class Offer(models.Model):
    """A chat is held out to one agent: it reserves the chat and one of her seats until `expires_at`. Source: SJ-ACD."""

    class Kind(models.TextChoices):
        QUEUE = "queue", _("From the queue")
        TRANSFER = "transfer", _("Passed on by a colleague")

    class Why(models.TextChoices):
        LANGUAGE = "language", _("You are certified for the language")
        DEPARTMENT = "department", _("It is for your own department")
        LONGEST_IDLE = "longest_idle", _("You have been free the longest")
        OVERFLOW = "overflow", _("It has waited long; you help out")
        ANOTHER = "another", _("The resident asked for another person")
        ASKED_FOR = "asked_for", _("A colleague asks for you")
        SUPERVISOR = "supervisor", _("A colleague asks for a supervisor")

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="offers")
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="offers")
    kind = models.CharField(max_length=8, choices=Kind)
    transfer = models.ForeignKey(Transfer, models.CASCADE, null=True, blank=True, related_name="offers")
    why = models.CharField(max_length=12, choices=Why)
    version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=9, choices=Ending, blank=True)
    declined_why = models.CharField(max_length=300, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], name="chat_offer_due", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["agent"], name="chat_offer_open_of_agent", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["agent", "ended_at"], name="chat_offer_of_agent"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["session"], condition=Q(ended_at__isnull=True), name="chat_offer_one_open"),
            models.CheckConstraint(condition=ENDING_IS_WHOLE, name="chat_offer_ending_is_whole"),
            models.CheckConstraint(
                condition=Q(kind="queue", transfer__isnull=True) | Q(kind="transfer", transfer__isnull=False),
                name="chat_offer_kind_is_whole",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("offered_at")), name="chat_offer_lasts"),
        ]

    def __str__(self) -> str:
        return f"offer {self.pk}"
