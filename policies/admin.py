"""The administration of what the city adopted: rules in force, documents, calendars. Versions are only added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import DateField, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.lib.admin import DayInput, HistoryAdmin, acting_now
from policies import admin_calendars, admin_words  # noqa: F401  # more pages of this administration
from policies.catalogue import Rule, rules
from policies.forms import AdoptForm, ChooseRuleForm
from policies.models import Document, RuleVersion, State
from policies.previews import say_city_moment, say_plans, say_version
from policies.two_steps import in_two_steps

if TYPE_CHECKING:
    RuleVersionModelAdmin = admin.ModelAdmin[RuleVersion]
else:
    RuleVersionModelAdmin = admin.ModelAdmin


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RuleVersion]) -> QuerySet[RuleVersion]:
        return queryset.filter(Q(state=self.value())) if self.value() else queryset


@admin.register(RuleVersion)
class RuleVersionAdmin(RuleVersionModelAdmin):
    """What holds, will hold and held for each rule. A change is a new version, written in two steps."""

    list_display = ("rule_title", "number", "says", "state_label", "begins", "review_on", "reason", "by")
    list_display_links = ("rule_title", "number")
    list_filter = (StateFilter, "rule")
    list_select_related = ("by",)
    search_fields = ("rule", "reason", "clause")
    ordering = ("rule", "-number")
    actions = None
    fields = (
        "rule_title",
        "demands",
        "number",
        "says",
        "state_label",
        "begins",
        "document",
        "clause",
        "review_on",
        "reason",
        "by",
        "made_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleVersion]:
        return super().get_queryset(request).with_state(at=timezone.now())  # type: ignore[attr-defined, no-any-return]

    def has_change_permission(self, request: HttpRequest, obj: RuleVersion | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RuleVersion | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: RuleVersion | None = None) -> bool:
        return request.user.has_perm("policies.view_ruleversion")

    # In words -----------------------------------------------------------------
    @admin.display(description=gettext_lazy("rule"), ordering="rule")
    def rule_title(self, version: RuleVersion) -> str:
        rule = rules().get(version.rule)
        return f"{version.rule} · {rule.title}" if rule else version.rule

    @admin.display(description=gettext_lazy("what the document asks for"))
    def demands(self, version: RuleVersion) -> str:
        rule = rules().get(version.rule)
        return rule.demands if rule else ""

    @admin.display(description=gettext_lazy("what it means"))
    def says(self, version: RuleVersion) -> str:
        return say_version(version)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_label(self, version: RuleVersion) -> str:
        return str(State(version.state).label)  # type: ignore[attr-defined]  # `get_queryset` annotates it

    @admin.display(description=gettext_lazy("in force from"), ordering="effective_from")
    def begins(self, version: RuleVersion) -> str:
        return say_city_moment(version.effective_from)

    # Adopting -----------------------------------------------------------------
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Ask for the rule, then for what shall hold."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        choice = ChooseRuleForm(request.GET if "rule" in request.GET else None)
        if choice.is_valid():
            return self._adopt(request, rules()[choice.cleaned_data["rule"]])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Write a new version of a rule"),
            "form": choice,
        }
        return TemplateResponse(request, "admin/policies/ruleversion/choose.html", context)

    def _adopt(self, request: HttpRequest, rule: Rule) -> HttpResponse:
        by, at = acting_now(request)
        form = AdoptForm(request.POST if request.method == "POST" else None, rule=rule, by=by, at=at)
        page = in_two_steps(self, request, form, title=f"{rule.id} · {rule.title}", intro=_intro(form))
        if page is not None:
            return page
        version = form.written
        assert isinstance(version, RuleVersion)
        self.log_addition(request, version, [{"added": {}}])
        facts = {"version": str(version)}
        self.message_user(request, _("Written down as %(version)s.") % facts)
        return HttpResponseRedirect(
            f"{reverse('admin:policies_ruleversion_changelist')}?{urlencode({'rule': rule.id})}"
        )


def _intro(form: AdoptForm) -> list[str]:
    now = _("Now: %(says)s") % {"says": say_version(form.held)}
    return [form.rule.demands, now, *say_plans(form.rule.id, at=form.at)]


@admin.register(Document)
class DocumentAdmin(HistoryAdmin):
    """The documents that a council adopted. One that a version names stays."""

    list_display = ("code", "title", "body", "adopted_on", "effective_on", "reviewed_on", "next_review_on")
    list_display_links = ("code", "title")
    search_fields = ("code", "title")
    fields = (
        "code",
        "title",
        "body",
        "citation",
        "adopted_on",
        "effective_on",
        "reviewed_on",
        "next_review_on",
    )
    formfield_overrides = {DateField: {"widget": DayInput}}

    def get_readonly_fields(self, request: HttpRequest, obj: Document | None = None) -> tuple[str, ...]:
        return () if obj is None else ("code",)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Let the page say which versions name a document, not which rights would be missing to delete them."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set() if protected else lacking, protected
