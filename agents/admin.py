"""The administration of people, departments and languages. State is for looking at; changes go through actions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import DateField, DateTimeField, Exists, ManyToManyField, OuterRef, QuerySet, URLField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from agents import actions
from agents.models import (
    Agent,
    ChannelAssignment,
    Department,
    DepartmentHours,
    DepartmentName,
    EarlierRecord,
    Language,
    LogIn,
    Membership,
    OutsideBody,
    Role,
    User,
)
from agents.seats import why_so_many
from contactcenter.lib.admin import ConfigAdmin, DayInput, HistoryAdmin, MomentInput
from contactcenter.lib.errors import DomainError

if TYPE_CHECKING:
    LogInModelAdmin = admin.ModelAdmin[LogIn]
    MembershipStackedInline = admin.StackedInline[Membership, Agent]
    EarlierStackedInline = admin.StackedInline[EarlierRecord, Agent]
    NameStackedInline = admin.StackedInline[DepartmentName, Department]
    UserModelForm = forms.ModelForm[User]
else:
    LogInModelAdmin = admin.ModelAdmin
    MembershipStackedInline = admin.StackedInline
    EarlierStackedInline = admin.StackedInline
    NameStackedInline = admin.StackedInline
    UserModelForm = forms.ModelForm

admin.site.unregister(Group)
if admin.site.is_registered(TOTPDevice):
    admin.site.unregister(TOTPDevice)


class UserForm(UserModelForm):
    """A person as an administrator sees them; never with a password."""

    roles = forms.MultipleChoiceField(
        label=_("roles"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Agents, trainees and supervisors take chats; their departments are set under Agents. "
            "Every role but agent and trainee asks for a second step at the log-in."
        ),
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "display_name", "email", "work_phone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = self.instance.pk is None
        if self.instance.pk is None:
            self.fields["email"].help_text = _(
                "The invitation is sent here: a link, good for 7 days, with which the person chooses a password."
            )
        else:
            self.fields["roles"].initial = sorted(self.instance.roles)

    def clean_roles(self) -> list[str]:
        """Say at the form what the action would refuse."""
        roles: list[str] = self.cleaned_data["roles"]
        user = self.instance
        leaves_admin = user.pk is not None and user.has_role(Role.ADMIN) and Role.ADMIN not in roles
        if leaves_admin and not User.objects.holding(Role.ADMIN).exclude(pk=user.pk).exists():
            raise ValidationError(_("This is the last administrator. Make somebody else one first."))
        return roles


@admin.register(User)
class UserAdmin(ConfigAdmin):
    """People. Adding one sends the invitation; administrators never type a password."""

    form = UserForm
    list_display = ("username", "full_name", "shown_name", "email", "role_names", "has_factor", "may_log_in")
    list_filter = ("is_active", "grants__role")
    search_fields = ("username", "first_name", "last_name", "display_name", "email")
    actions = ("invite_again", "disable", "enable", "reset_second_factor", "log_out_everywhere")
    fieldsets = (
        (None, {"fields": ("username", "email")}),
        (_("Person"), {"fields": ("first_name", "last_name", "display_name", "work_phone")}),
        (_("Roles"), {"fields": ("roles",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        confirmed = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        queryset: QuerySet[User] = super().get_queryset(request).prefetch_related("grants")
        return queryset.annotate(has_device=Exists(confirmed))

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description=_("roles"))
    def role_names(self, user: User) -> str:
        return ", ".join(str(Role(role).label) for role in Role.values if role in user.roles)

    @admin.display(description=_("second step"), boolean=True)
    def has_factor(self, user: User) -> bool:
        return bool(user.has_device)  # type: ignore[attr-defined]  # `get_queryset` annotates it

    @admin.display(description=_("may log in"), boolean=True)
    def may_log_in(self, user: User) -> bool:
        return user.is_active and user.has_usable_password()

    def save_model(self, request: HttpRequest, obj: User, form: UserForm, change: bool) -> None:
        by, at = _acting(request), timezone.now()
        if not change:
            actions.invite(obj, form.cleaned_data["roles"], by=by, at=at)
            self.message_user(request, _("The invitation to %(email)s is on its way.") % {"email": obj.email})
            return
        super().save_model(request, obj, form, change)
        actions.set_roles(obj, form.cleaned_data["roles"], by=by, at=at)

    @admin.action(description=_("Send the invitation again"))
    def invite_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self._attempt(request, user, _("A new invitation is on its way."), actions.invite_again, at=timezone.now())

    @admin.action(description=_("Disable: no log-in, at once"))
    def disable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            done = _("Disabled, and logged out everywhere.")
            self._attempt(request, user, done, actions.disable, by=_acting(request), at=timezone.now())

    @admin.action(description=_("Enable"))
    def enable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self._attempt(request, user, _("May log in again."), actions.enable, by=_acting(request), at=timezone.now())

    @admin.action(description=_("Reset the second step: phone and recovery codes are lost"))
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            done = _("Logged out; the next log-in sets a new second step up.")
            self._attempt(request, user, done, actions.reset_second_factor, at=timezone.now())

    @admin.action(description=_("Log out everywhere"))
    def log_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self._attempt(request, user, _("Logged out everywhere."), actions.end_logins, at=timezone.now())

    def _attempt(self, request: HttpRequest, user: User, done: Any, action: Any, **facts: Any) -> None:
        """Do one action for one person and say how it went."""
        try:
            action(user, **facts)
        except DomainError as refusal:
            self.message_user(request, f"{user}: {refusal.detail}", messages.ERROR)
        else:
            self.message_user(request, f"{user}: {done}")


class MembershipInline(MembershipStackedInline):
    model = Membership
    extra = 0


class EarlierRecordInline(EarlierStackedInline):
    """What somebody did before; the ladder counts it."""

    model = EarlierRecord
    extra = 0
    fields = ("chats", "rated", "satisfied", "first_response_seconds")


@admin.register(Agent)
class AgentAdmin(ConfigAdmin):
    """Who takes chats: seats, languages, departments. Rows come with the roles; presence is for looking at."""

    list_display = ("user", "presence", "seats", "fixed_seats", "department_names", "language_names", "suspended_until")
    list_filter = ("presence", "departments", "languages")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__first_name", "user__last_name", "user__display_name")
    fields = ("user", "presence", "seats_why", "fixed_seats", "languages", "suspended_until")
    readonly_fields = ("user", "presence", "seats_why")
    formfield_overrides = {
        DateTimeField: {"form_class": forms.DateTimeField, "widget": MomentInput},
        ManyToManyField: {"widget": forms.CheckboxSelectMultiple},
    }
    inlines = (MembershipInline, EarlierRecordInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        queryset: QuerySet[Agent] = super().get_queryset(request)
        return queryset.select_related("user").prefetch_related("departments", "languages")

    @admin.display(description=_("departments"))
    def department_names(self, agent: Agent) -> str:
        return ", ".join(department.name for department in agent.departments.all())

    @admin.display(description=_("languages"))
    def language_names(self, agent: Agent) -> str:
        return ", ".join(language.name for language in agent.languages.all())

    @admin.display(description=_("chats at once"))
    def seats_why(self, agent: Agent) -> str:
        return why_so_many(agent, held=agent.held_seats.count())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        is_anew = any(formset.model is EarlierRecord and formset.has_changed() for formset in formsets)
        actions.settle_seats(form.instance.pk, by=_acting(request), at=timezone.now(), is_anew=is_anew)
        actions.tell_about(form.instance)


@admin.register(ChannelAssignment)
class ChannelAssignmentAdmin(ConfigAdmin):
    """Who takes which channel, and when. An assignment is ended, not deleted."""

    list_display = ("agent", "channel", "from_on", "through_on", "why", "assigned_by")
    list_filter = ("channel", "agent")
    fields = ("agent", "channel", "from_on", "through_on", "why")
    list_select_related = ("agent__user", "assigned_by")

    def save_model(self, request: HttpRequest, obj: ChannelAssignment, form: Any, change: bool) -> None:
        obj.assigned_by = _acting(request)
        super().save_model(request, obj, form, change)
        actions.tell_about(obj.agent)


class DepartmentNameInline(NameStackedInline):
    model = DepartmentName
    extra = 0


@admin.register(Department)
class DepartmentAdmin(ConfigAdmin):
    list_display = ("name", "code", "phone", "email", "head", "is_default", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "code")
    autocomplete_fields = ("head",)
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    inlines = (DepartmentNameInline,)


@admin.register(OutsideBody)
class OutsideBodyAdmin(HistoryAdmin):
    """Whom people are referred to outside of the city. A row may be deleted: nothing points at it."""

    list_display = ("name", "code", "responsible_for", "phone", "email", "review_on", "is_active")
    list_filter = ("is_active", "departments")
    search_fields = ("name", "responsible_for")
    formfield_overrides = {
        URLField: {"assume_scheme": "https"},
        ManyToManyField: {"widget": forms.CheckboxSelectMultiple},
        DateField: {"form_class": forms.DateField, "widget": DayInput},
    }


@admin.register(DepartmentHours)
class DepartmentHoursAdmin(HistoryAdmin):
    """Which calendar holds where. A row may be deleted: the next less specific one holds then."""

    list_display = ("department_name", "channel_name", "calendar")
    list_filter = ("department", "channel", "calendar")
    list_select_related = ("department", "calendar")

    @admin.display(description=_("department"), ordering="department")
    def department_name(self, hours: DepartmentHours) -> str:
        return str(hours.department or _("Every department"))

    @admin.display(description=_("channel"), ordering="channel")
    def channel_name(self, hours: DepartmentHours) -> str:
        return str(hours.get_channel_display() or _("Every channel"))


@admin.register(Language)
class LanguageAdmin(ConfigAdmin):
    list_display = ("name", "code", "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: Language | None = None) -> tuple[str, ...]:
        return ("code",) if obj is not None else ()


@admin.register(LogIn)
class LogInAdmin(LogInModelAdmin):
    """Who is and was logged in, to look at."""

    list_display = ("user", "at", "seen_at", "ended_at", "second_factor")
    list_filter = ("second_factor",)
    search_fields = ("user__username",)
    fields = ("user", "at", "seen_at", "ended_at", "second_factor")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LogIn | None = None) -> bool:
        return False


def _acting(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the administration lets nobody else in
    return request.user


def acting_now(request: HttpRequest) -> tuple[User, datetime]:
    """Return who acts on this page, and when."""
    return _acting(request), timezone.now()


from agents import admin_certificates, admin_service  # noqa: E402, F401  # more pages of this administration; they use the above
