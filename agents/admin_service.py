"""The administration of back-up plans, with what residents would read, and of incident notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet, URLField
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from agents import actions
from agents.admin import acting_now
from agents.models import BackupPerson, BackupPlan, BackupText, Drill, Incident, Language, in_language
from contactcenter.lib.admin import ConfigAdmin
from contactcenter.lib.errors import DomainError

if TYPE_CHECKING:
    TextStackedInline = admin.StackedInline[BackupText, BackupPlan]
    PersonStackedInline = admin.StackedInline[BackupPerson, BackupPlan]
    IncidentModelAdmin = admin.ModelAdmin[Incident]
else:
    TextStackedInline = PersonStackedInline = admin.StackedInline
    IncidentModelAdmin = admin.ModelAdmin


class BackupTextInline(TextStackedInline):
    model = BackupText
    extra = 0


class BackupPersonInline(PersonStackedInline):
    model = BackupPerson
    extra = 0


@admin.register(BackupPlan)
class BackupPlanAdmin(ConfigAdmin):
    """The way round each channel. It is turned on under Supervision; until then nobody reads it."""

    list_display = ("channel", "phone", "page", "state")
    fields = ("channel", "phone", "page", "preview", "state", "drills_held")
    readonly_fields = ("preview", "state", "drills_held")
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    inlines = (BackupTextInline, BackupPersonInline)

    @admin.display(description=_("what residents would read"))
    def preview(self, plan: BackupPlan) -> str | SafeString:
        """Show the saved plan in each language, as it would stand in the widget."""
        if plan.pk is None:
            return _("Save the plan first.")
        texts = dict(plan.texts.values_list("language", "text"))
        rows = [
            (language.code, language.name, in_language(texts, language.code) or "–", plan.phone, plan.page)
            for language in Language.objects.filter(is_active=True)
        ]
        return format_html_join("", '<p lang="{}"><b>{}</b>: {} {} {}</p>', rows)

    @admin.display(description=_("state"))
    def state(self, plan: BackupPlan) -> str:
        turn = plan.turns.first() if plan.pk else None
        return str(_("On") if turn is not None and turn.is_on else _("Off"))

    @admin.display(description=_("drills"))
    def drills_held(self, plan: BackupPlan) -> str | SafeString:
        rows: QuerySet[Drill] = plan.drills.prefetch_related("participants") if plan.pk else Drill.objects.none()
        lines = [
            (row.held_on, ", ".join(map(str, row.participants.all())), row.result, row.next_due_on) for row in rows
        ]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}. {} ({})</li>", lines)) if lines else "–"


@admin.register(Incident)
class IncidentAdmin(IncidentModelAdmin):
    """What was said to everybody, and until when. Posted under Supervision, with a preview; ended there or here."""

    list_display = ("department_name", "starts_at", "ends_at", "ended_at", "preview", "posted_by")
    list_filter = ("department",)
    list_select_related = ("department", "posted_by")
    fields = (
        "department_name",
        "starts_at",
        "ends_at",
        "preview",
        "posted_by",
        "posted_at",
        "ended_by",
        "ended_at",
    )
    readonly_fields = fields
    actions = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        return super().get_queryset(request).prefetch_related("texts")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Incident | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Incident | None = None) -> bool:
        return False

    @admin.display(description=_("department"), ordering="department")
    def department_name(self, incident: Incident) -> str:
        return str(incident.department or _("Every department"))

    @admin.display(description=_("what residents read"))
    def preview(self, incident: Incident) -> SafeString:
        rows = [(row.language_id, row.language_id, row.text) for row in incident.texts.all()]
        return format_html_join("", '<p lang="{}">{}: {}</p>', rows)

    @admin.action(description=_("End: nobody reads it any more"))
    def end(self, request: HttpRequest, queryset: QuerySet[Incident]) -> None:
        by, at = acting_now(request)
        for incident in queryset:
            try:
                actions.end_incident(incident.pk, by=by, at=at)
            except DomainError as refusal:
                self.message_user(request, f"{incident}: {refusal.detail}", messages.ERROR)
            else:
                self.message_user(request, f"{incident}: {_('Ended.')}")
