"""Who works here. Only `agents.actions` and the admin's configuration pages write here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

MAX_SEATS = 1000


class Language(models.Model):
    """A language in which the city serves."""

    code = models.CharField(
        _("code"),
        max_length=35,
        primary_key=True,
        validators=[
            RegexValidator(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", _("Write a BCP 47 code, such as en or fr-CA."))
        ],
        help_text=_("BCP 47, such as en, es or fr-CA. It cannot be changed later."),
    )
    name = models.CharField(_("name"), max_length=60, help_text=_("As its speakers write it; residents choose by it."))
    is_active = models.BooleanField(
        _("offered"), default=True, help_text=_("Residents can choose it before a chat. Running chats are not changed.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("language")
        verbose_name_plural = _("languages")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """A part of the city that people can reach."""

    code = models.SlugField(
        _("code"), unique=True, help_text=_("Used in addresses and by programs. Do not change it once pages use it.")
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("As residents read it."))
    phone = models.CharField(_("phone"), max_length=40, blank=True, help_text=_("Shown where the chat cannot help."))
    email = models.EmailField(_("e-mail"), blank=True, help_text=_("Shown to residents beside the phone number."))
    page = models.URLField(_("web page"), blank=True, help_text=_("Where residents read more about the department."))
    hours_text = models.CharField(
        _("hours"), max_length=200, blank=True, help_text=_("Opening hours in words. They open and close nothing.")
    )
    is_default = models.BooleanField(
        _("default"), default=False, help_text=_("Chats that name no department go here. One department only.")
    )
    is_active = models.BooleanField(
        _("offered"), default=True, help_text=_("Residents can choose it. Running chats are not changed.")
    )
    head = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="heads",
        verbose_name=_("director"),
        help_text=_("The head of the department; escalations and complaints about its staff go to them."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="agents_department_one_default",
                violation_error_message=_("Another department is the default one. Take that mark away first."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    AGENT = "agent", _("Agent")
    TRAINEE = "trainee", _("Trainee")
    SUPERVISOR = "supervisor", _("Supervisor")
    DIRECTOR = "director", _("Director")
    CLERK = "clerk", _("Clerk")
    CARE_CENTRE = "care_centre", _("Care centre")
    TREASURY = "treasury", _("Treasury")
    CAO = "cao", _("Chief administrative officer")
    ADMIN = "admin", _("Administrator")


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, email: str = "", password: str | None = None, **fields: Any) -> User:
        """Create a user without any role; without `password` nobody can log in until one is set."""
        user = self.model(username=self.model.normalize_username(username), email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, email: str = "", password: str | None = None, **fields: Any) -> User:
        """Create an administrator, as `manage.py createsuperuser` asks for the first one."""
        user = self.create_user(username, email, password, **fields)
        RoleGrant.objects.create(user=user, role=Role.ADMIN)
        return user


class UserQuerySet(models.QuerySet["User"]):
    def locked(self) -> Self:
        """Lock the rows against other writers, without blocking inserts that reference them."""
        return self.select_for_update(no_key=True, of=("self",))

    def holding(self, *roles: str) -> Self:
        return self.filter(is_active=True, pk__in=RoleGrant.objects.filter(role__in=roles).values("user"))


class User(AbstractBaseUser):
    """A person of the staff. What they may do follows from their roles alone."""

    username = models.CharField(
        _("user name"),
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        help_text=_("For the log-in. Letters, digits and @ . + - _ only."),
        error_messages={"unique": _("Somebody has this user name already. Choose another.")},
    )
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    display_name = models.CharField(
        _("display name"),
        max_length=100,
        blank=True,
        help_text=_("What residents read in a chat. Empty: the first name."),
    )
    email = models.EmailField(
        _("work e-mail"), blank=True, help_text=_("Invitations and links for a new password are sent here.")
    )
    work_phone = models.CharField(_("work phone"), max_length=40, blank=True)
    is_active = models.BooleanField(_("may log in"), default=True)
    date_joined = models.DateTimeField(_("since"), auto_now_add=True)
    is_demo = models.BooleanField(default=False, editable=False)  # a person of the demo: only with DEMO may they exist
    last_login = None  # `LogIn` knows
    history = HistoricalRecords(excluded_fields=["password"])

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="agents_user_username_any_case",
                violation_error_message=_("Somebody has this user name already. Choose another."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="agents_user_email_any_case",
                violation_error_message=_("Somebody has this e-mail address already."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        """What residents and colleagues read."""
        return self.display_name or self.first_name or self.username

    @property
    def roles(self) -> frozenset[str]:
        """The roles that the person holds now; one query unless `grants` was prefetched."""
        return frozenset(grant.role for grant in self.grants.all())

    def has_role(self, *roles: str) -> bool:
        """Say whether the person holds one of these roles."""
        return not self.roles.isdisjoint(roles)

    # What Django's admin asks -------------------------------------------------
    @property
    def is_superuser(self) -> bool:
        return self.is_active and self.has_role(Role.ADMIN)

    @property
    def is_staff(self) -> bool:
        return self.is_superuser

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_superuser

    def has_perms(self, perm_list: list[str], obj: object = None) -> bool:
        return self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_superuser


class RoleGrant(models.Model):
    """A role that a person holds."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=12, choices=Role)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="agents_rolegrant_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="agents_rolegrant_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


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
        help_text=_("How many chats at once. Fewer than are held now: those stay, no new one is given."),
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
    history = HistoricalRecords(excluded_fields=["presence", "offline_deadline"], m2m_fields=[languages])

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


class LogInQuerySet(models.QuerySet["LogIn"]):
    def live(self, *, at: datetime) -> Self:
        """Log-ins that open something now: not ended, neither idle nor too old, of an active person."""
        return self.filter(
            ended_at__isnull=True,
            seen_at__gt=at - settings.LOGIN_IDLE,
            at__gt=at - settings.LOGIN_ABSOLUTE,
            user__is_active=True,
        )


class LogIn(models.Model):
    """The truth about one staff session: idle after 30 minutes on `seen_at`, over after 12 hours on `at`."""

    user = models.ForeignKey(User, models.CASCADE, related_name="log_ins")
    session_key = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    second_factor = models.BooleanField(default=False)

    objects = LogInQuerySet.as_manager()

    class Meta:
        verbose_name = _("log-in")
        verbose_name_plural = _("log-ins")
        indexes = [
            models.Index(fields=["user"], name="agents_login_open", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%Y-%m-%d %H:%M}"


class LogInTry(models.Model):
    """A try to log in that has not succeeded; user name and address are kept as keyed hashes."""

    username_key = models.CharField(max_length=64)
    address_key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["username_key", "at"], name="agents_try_of_username"),
            models.Index(fields=["address_key", "at"], name="agents_try_of_address"),
            models.Index(fields=["at"], name="agents_try_age"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class OneTimeLink(models.Model):
    """A link that was mailed to a person and works once; only its digest is kept."""

    class Purpose(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        RESET = "reset", _("New password")

    user = models.ForeignKey(User, models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=10, choices=Purpose)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "purpose", "created_at"], name="agents_link_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.purpose}"


class RecoveryCode(models.Model):
    """One of the codes that replace the second factor once; kept as a keyed hash."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    key = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="agents_recoverycode_once")]

    def __str__(self) -> str:
        return f"{self.user_id}"
