"""The administration of certificates: kinds are configuration, certificates change through actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import DateField, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from agents import actions
from agents.admin import acting_now
from agents.certificate_forms import (
    EvidenceForm,
    MoreEvidenceForm,
    NewCertificateForm,
    WithdrawalForm,
    evidence_fields,
    evidence_name,
)
from agents.models import Certificate, CertificateKind, Requirement
from contactcenter.lib.admin import ConfigAdmin, DayInput, today
from contactcenter.lib.errors import DomainError

if TYPE_CHECKING:
    RequirementStackedInline = admin.StackedInline[Requirement, CertificateKind]
else:
    RequirementStackedInline = admin.StackedInline


class RequirementInline(RequirementStackedInline):
    model = Requirement
    extra = 0


@admin.register(CertificateKind)
class CertificateKindAdmin(ConfigAdmin):
    """Which certificates there are, what they require, and from when they are asked for."""

    list_display = ("name", "code", "rule", "channel", "level", "language", "approver_role", "adopted_on", "review_on")
    list_filter = ("rule", "channel", "level", "language")
    search_fields = ("name", "code")
    fields = (
        "code",
        "name",
        "rule",
        "channel",
        "level",
        "language",
        "approver_role",
        "valid_days",
        "adopted_on",
        "review_on",
    )
    formfield_overrides = {DateField: {"widget": DayInput}}
    inlines = (RequirementInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        actions.tell_about_kinds()


@admin.register(Certificate)
class CertificateAdmin(ConfigAdmin):
    """Who has shown what. Once approved or withdrawn a certificate is for looking at."""

    list_display = ("agent", "kind", "valid_from", "valid_through", "state_in_words", "approved_by", "withdrawn_why")
    list_filter = ("kind", ("approved_at", admin.EmptyFieldListFilter), ("withdrawn_at", admin.EmptyFieldListFilter))
    search_fields = ("agent__user__username", "agent__user__first_name", "agent__user__last_name", "kind__name")
    autocomplete_fields = ("agent",)
    formfield_overrides = {DateField: {"widget": DayInput}}
    actions = ("approve", "withdraw")

    noted = ("agent", "kind", "valid_from", "valid_through")
    looked_at = (
        "state_in_words",
        "noted_by",
        "noted_at",
        "approved_by",
        "approved_at",
        "withdrawn_by",
        "withdrawn_at",
        "withdrawn_why",
        "evidence_seen",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Certificate]:
        queryset: QuerySet[Certificate] = super().get_queryset(request)
        return queryset.select_related("agent__user", "kind", "approved_by")

    def has_change_permission(self, request: HttpRequest, obj: Certificate | None = None) -> bool:
        is_open = obj is None or (obj.approved_at is None and obj.withdrawn_at is None)
        return is_open and bool(super().has_change_permission(request, obj))

    # What was shown -----------------------------------------------------------
    @admin.display(description=_("state"))
    def state_in_words(self, certificate: Certificate) -> str:
        return str(certificate.state(on=today()).label)

    @admin.display(description=_("evidence"))
    def evidence_seen(self, certificate: Certificate) -> SafeString:
        rows = certificate.evidence.select_related("requirement")
        lines = format_html_join("", "<li>{}: {}</li>", ((row.requirement.text, row.text) for row in rows))
        return format_html("<ul>{}</ul>", lines)

    def get_fieldsets(self, request: HttpRequest, obj: Certificate | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": self.noted}), *map(_fieldset, _kinds_with_requirements())]
        own = (None, {"fields": self.noted + self.looked_at})
        is_open = self.has_change_permission(request, obj) and obj.kind.requirements.exists()
        return [own, _fieldset(obj.kind)] if is_open else [own]

    def get_readonly_fields(self, request: HttpRequest, obj: Certificate | None = None) -> tuple[str, ...]:
        return () if obj is None else self.noted + self.looked_at

    def get_form(
        self, request: HttpRequest, obj: Certificate | None = None, change: bool = False, **kwargs: Any
    ) -> type[EvidenceForm]:
        """Return the form with a field for each requirement, and with who acts."""
        parent: type[EvidenceForm] = MoreEvidenceForm if change else NewCertificateForm
        fields: dict[str, Any] = {}
        if obj is None:
            for kind in _kinds_with_requirements():
                fields |= evidence_fields(kind.requirements.all())
        elif self.has_change_permission(request, obj):
            fields = evidence_fields(obj.kind.requirements.all(), obj.evidence.all())
        form = type(parent.__name__, (parent,), {"acting": acting_now(request), **fields})
        made: type[EvidenceForm] = super().get_form(request, obj, change, form=form, **kwargs)
        return made

    def save_model(self, request: HttpRequest, obj: Certificate, form: Any, change: bool) -> None:
        """Write nothing: the form's action has."""

    # What is done -------------------------------------------------------------
    @admin.action(description=_("Approve"))
    def approve(self, request: HttpRequest, queryset: QuerySet[Certificate]) -> None:
        by, at = acting_now(request)
        for certificate in queryset:
            try:
                actions.approve_certificate(certificate.pk, by=by, at=at)
            except DomainError as refusal:
                self.message_user(request, f"{certificate}: {refusal.detail}", messages.ERROR)
            else:
                self.message_user(request, f"{certificate}: {_('Approved.')}")

    @admin.action(description=_("Withdraw"))
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Certificate]) -> TemplateResponse | None:
        """Ask why on a page of its own, then withdraw."""
        form = WithdrawalForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            by, at = acting_now(request)
            for certificate in queryset:
                actions.withdraw_certificate(certificate.pk, why=form.cleaned_data["why"], by=by, at=at)
                self.message_user(request, f"{certificate}: {_('Withdrawn.')}")
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Withdraw certificates"),
            "opts": self.opts,
            "certificates": queryset,
            "form": form,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/agents/certificate/withdraw.html", context)


def _kinds_with_requirements() -> QuerySet[CertificateKind]:
    return CertificateKind.objects.filter(requirements__isnull=False).distinct().prefetch_related("requirements")


def _fieldset(kind: CertificateKind) -> tuple[Any, dict[str, Any]]:
    fields = [evidence_name(requirement) for requirement in kind.requirements.all()]
    return (_("Evidence for %(name)s") % {"name": kind.name}, {"fields": fields, "classes": ["collapse"]})
