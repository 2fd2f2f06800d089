"""The people of the staff and their roles."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


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
