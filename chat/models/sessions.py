"""Sessions, the seats they take, and the sockets that are open. Only `chat.actions` writes here."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Department, Language, Presence
from chat import rules
from chat.states import Outcome, Status
from policies.models import CalendarVersion, RuleVersion


class ChatSessionQuerySet(models.QuerySet["ChatSession"]):
    def locked(self) -> Self:
        """Lock the rows against other writers, without blocking inserts that reference them."""
        return self.select_for_update(no_key=True, of=("self",))

    def queued(self) -> Self:
        return self.filter(status=Status.QUEUED)

    def ended_before(self, cutoff: datetime) -> Self:
        return self.filter(ended_at__lt=cutoff)

    def transient(self) -> Self:
        """Those that nothing keeps: the next purge after their time takes them."""
        return self.filter(retained=False)

    def reachable(self, *, at: datetime) -> Self:
        """Those that somebody may still write in or ask about: running, or ended a short while ago."""
        return self.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at - rules.TOKEN_AFTERLIFE))

    def without_their_agent(self, *, at: datetime) -> Self:
        """Active sessions whose agent is gone: offline, and without a socket."""
        connected = Connection.objects.fresh(at=at).filter(agent=OuterRef("agent"))
        return self.filter(~Exists(connected), status=Status.ACTIVE, agent__presence=Presence.OFFLINE)

    def in_queue_order(self) -> Self:
        """Re-queued first, then priority, then who has waited longest. The id breaks ties."""
        return self.order_by(F("requeued_at").asc(nulls_last=True), "-priority", "queued_at", "pk")

    def with_position(self) -> Self:
        """Annotate `position`: 1 + the queued sessions of the same department that come before. For `queued()` only."""
        order = [F("requeued_at").asc(nulls_last=True), F("priority").desc(), F("queued_at").asc(), F("pk").asc()]
        return self.annotate(position=Window(RowNumber(), partition_by=[F("department_id")], order_by=order))

    def on_desks_of(self, agent_ids: Collection[int], *, at: datetime) -> Self:
        """The agents' running chats, and those that ended and are still to be rounded off."""
        running = Q(status__in=[Status.ACTIVE, Status.ON_HOLD])
        return self.filter(Q(agent__in=agent_ids) & (running | Q(wrap_up_deadline__gt=at)))


class Emergency(models.TextChoices):
    """Kinds of emergencies, the gravest first."""

    LIFE = "life", _("Danger to life or property")
    CITY = "city", _("City emergency")
    NON_EMERGENCY = "non_emergency", _("Police matter that is no emergency")


class Unmatched(models.TextChoices):
    """Why a chat that waits is offered to nobody, for supervisors to read."""

    NO_ONE_ONLINE = "no_one_online", _("Nobody of the department is online")
    NOT_ASSIGNED = "not_assigned", _("Nobody online is assigned to the chat")
    NO_LANGUAGE = "no_language", _("Nobody online is certified for the language")
    NOT_CERTIFIED = "not_certified", _("Nobody online is certified for the chat")
    AWAY = "away", _("Everybody online has been away from the desk")
    NO_SEAT = "no_seat", _("Everybody online has as many chats as allowed")
    ALL_DECLINED = "all_declined", _("Everybody who could take it has passed it on")
    OFFICE_CLOSED = "office_closed", _("The office is closed at the moment")


class ChatSession(models.Model):
    """One chat, from the request until the customer or the agent ends it. Source: EM-DEF."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    language = models.ForeignKey(Language, models.PROTECT, related_name="+")
    topic = models.CharField(max_length=100, blank=True)
    topic_code = models.CharField(max_length=50, blank=True, db_default="")  # as the agent sorted it afterwards
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    priority = models.SmallIntegerField(default=0)
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="sessions")

    customer_name = models.CharField(max_length=100)
    customer_email = models.EmailField(blank=True)
    customer_phone = models.CharField(max_length=40, blank=True)

    token_digest = models.CharField(max_length=64, unique=True)
    request_key = models.CharField(max_length=64, blank=True, db_index=True)
    returning_key = models.CharField(max_length=64, blank=True)
    address_key = models.CharField(max_length=64, blank=True)

    last_seq = models.PositiveIntegerField(default=0)
    last_staff_n = models.PositiveIntegerField(default=0, db_default=0)  # of the list that staff alone see

    requested_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    requeued_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    first_answer_at = models.DateTimeField(null=True, blank=True)
    customer_wrote_at = models.DateTimeField(null=True, blank=True)
    agent_wrote_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    # The clock of a silent resident (EM-IDLE-2, EM-IDLE-4): what is due next, and what has been done.
    alive_at = models.DateTimeField(null=True, blank=True)  # the last sign of life that is no message
    idle_deadline = models.DateTimeField(null=True, blank=True)  # the notice, or once that is sent, the end
    idle_notice_at = models.DateTimeField(null=True, blank=True)
    kept_open_at = models.DateTimeField(null=True, blank=True)
    idle_version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")
    calendar_version = models.ForeignKey(CalendarVersion, models.PROTECT, null=True, blank=True, related_name="+")

    # Waiting for somebody (SJ-ACD, DF-WAIT).
    is_for_all = models.BooleanField(default=False, db_default=False)  # offered beyond its department
    unmatched = models.CharField(max_length=20, choices=Unmatched, blank=True, db_default="")
    unmatched_at = models.DateTimeField(null=True, blank=True)
    offered_at = models.DateTimeField(null=True, blank=True)  # when it was shown to whoever was to answer first
    requeues = models.PositiveSmallIntegerField(default=0, db_default=0)
    busy_deadline = models.DateTimeField(null=True, blank=True)  # until somebody says that all are busy (EM-COM-Daii)
    busy_told_at = models.DateTimeField(null=True, blank=True)

    # On hold, and the next 2:00 of a stay there or in the queue (EM-HOLD, DF-HOLD).
    held_at = models.DateTimeField(null=True, blank=True)
    hold_time = models.DurationField(default=timedelta, db_default=timedelta())  # of the stays that are over
    choice_deadline = models.DateTimeField(null=True, blank=True)
    choice_version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")

    # An agent who does not answer (EM-COM-D), a resident who is not there (SJ-ACD).
    answer_deadline = models.DateTimeField(null=True, blank=True)
    answer_step = models.PositiveSmallIntegerField(default=0, db_default=0)  # 1: reminded, 2: the supervisor was told
    answer_version = models.ForeignKey(RuleVersion, models.PROTECT, null=True, blank=True, related_name="+")
    unseen_since = models.DateTimeField(null=True, blank=True)  # without a socket or a poll of the resident
    away_at = models.DateTimeField(null=True, blank=True)

    transfers = models.PositiveSmallIntegerField(default=0, db_default=0)  # that were accepted (DF-XFER)

    # What remains to be said when it is over.
    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    rating_comment = models.TextField(blank=True, db_default="")
    rated_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True, db_default="")

    # How long it stays (EM-RET-A, EM-RET-Ba-i). A mark changes this very row, so that the purge cannot pass it by.
    wrap_up_deadline = models.DateTimeField(null=True, blank=True)
    wrapped_up_at = models.DateTimeField(null=True, blank=True)
    retained = models.BooleanField(default=False, db_default=False)
    keep_until = models.DateTimeField(null=True, blank=True)

    # Danger, or a city emergency, was spoken of (EM-911).
    emergency = models.CharField(max_length=13, choices=Emergency, blank=True, db_default="")
    emergency_at = models.DateTimeField(null=True, blank=True)

    objects = ChatSessionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                F("department"),
                F("requeued_at").asc(nulls_last=True),
                F("priority").desc(),
                F("queued_at"),
                F("id"),
                name="chat_session_queue",
                condition=Q(status="queued"),
            ),
            models.Index(fields=["department", "language", "accepted_at"], name="chat_session_accepts"),
            models.Index(fields=["agent", "ended_at"], name="chat_session_desk"),
            models.Index(fields=["address_key", "requested_at"], name="chat_session_address"),
            models.Index(fields=["requested_at"], name="chat_session_requested"),
            # For the sweeps. Not on `idle_deadline`: each message moves it, and without an index on it the row is
            # updated in place (HOT).
            models.Index(fields=["agent"], name="chat_session_active", condition=Q(status="active")),
            models.Index(
                fields=["choice_deadline"], name="chat_session_choice", condition=Q(choice_deadline__isnull=False)
            ),
            models.Index(fields=["busy_deadline"], name="chat_session_busy", condition=Q(busy_deadline__isnull=False)),
            models.Index(fields=["ended_at"], name="chat_session_ended", condition=Q(ended_at__isnull=False)),
            models.Index(
                fields=["wrap_up_deadline"], name="chat_session_wrap_up", condition=Q(wrap_up_deadline__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="chat_session_status_known"),
            models.CheckConstraint(
                condition=Q(status="ended", ended_at__isnull=False, outcome__in=Outcome.values)
                | Q(~Q(status="ended"), ended_at__isnull=True, outcome=""),
                name="chat_session_end_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["active", "on_hold"]) | Q(agent__isnull=False),
                name="chat_session_running_has_agent",
            ),
            models.CheckConstraint(
                condition=Q(idle_deadline__isnull=True) | Q(status="active"), name="chat_session_idle_only_active"
            ),
            models.CheckConstraint(
                condition=Q(status="on_hold", held_at__isnull=False) | Q(~Q(status="on_hold"), held_at__isnull=True),
                name="chat_session_held_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(choice_deadline__isnull=True) | Q(status__in=["queued", "on_hold"]),
                name="chat_session_choice_while_waiting",
            ),
            models.CheckConstraint(
                condition=Q(busy_deadline__isnull=True) | Q(status="queued"), name="chat_session_busy_only_queued"
            ),
            models.CheckConstraint(
                condition=Q(answer_deadline__isnull=True) | Q(status="active"), name="chat_session_answer_only_active"
            ),
            models.CheckConstraint(
                condition=Q(unmatched="", unmatched_at__isnull=True)
                | Q(status="queued", unmatched__in=Unmatched.values, unmatched_at__isnull=False),
                name="chat_session_unmatched_only_queued",
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True, rated_at__isnull=True, rating_comment="")
                | Q(rating__gte=1, rating__lte=5, rated_at__isnull=False),
                name="chat_session_rating_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(idle_notice_at__isnull=True) | Q(status="active"), name="chat_session_notice_only_active"
            ),
            models.CheckConstraint(
                condition=Q(wrap_up_deadline__isnull=True, wrapped_up_at__isnull=True)
                | Q(status="ended", wrap_up_deadline__isnull=True)
                | Q(status="ended", wrapped_up_at__isnull=True),
                name="chat_session_wrap_up_after_end",
            ),
            models.CheckConstraint(
                condition=Q(keep_until__isnull=True) | Q(retained=True), name="chat_session_kept_until_is_kept"
            ),
            models.CheckConstraint(
                condition=Q(emergency="", emergency_at__isnull=True)
                | Q(emergency__in=Emergency.values, emergency_at__isnull=False),
                name="chat_session_emergency_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_ended(self) -> bool:
        return self.status == Status.ENDED


class Seat(models.Model):
    """A place at which an agent holds one chat. The last word on how many she may hold (decision 3)."""

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="held_seats")
    session = models.OneToOneField(ChatSession, models.CASCADE, related_name="seat")
    number = models.PositiveSmallIntegerField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "number"], name="chat_seat_number"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=1000), name="chat_seat_number_in_range"),
        ]

    def __str__(self) -> str:
        return f"agent {self.agent_id} seat {self.number}"


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def fresh(self, *, at: datetime) -> Self:
        """Connections whose process has shown itself lately; the others died with their process."""
        return self.filter(seen_at__gt=at - rules.CONNECTION_STALE)


class Connection(models.Model):
    """An open socket, of whichever process: how many a session or an agent has, and whether she is still there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    instance = models.UUIDField(db_index=True)
    session = models.ForeignKey(ChatSession, models.CASCADE, null=True, blank=True, related_name="connections")
    agent = models.ForeignKey(Agent, models.CASCADE, null=True, blank=True, related_name="connections")
    address_key = models.CharField(max_length=64, blank=True, db_index=True)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects = ConnectionQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)


class Pulse(models.Model):
    """When some web process last showed itself; a gap is an outage of ours, not a resident's silence."""

    name = models.CharField(max_length=10, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"
