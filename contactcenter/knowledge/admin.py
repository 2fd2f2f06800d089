"""The administration of scripts, sequences and menus: what the whole city uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import DateField, Field, QuerySet
from django.forms import all_valid
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.knowledge.checks import check_script_words, quoted
from contactcenter.knowledge.menu_forms import NodeForm, NodeFormSet
from contactcenter.knowledge.menus import Branch, branches_of, grown
from contactcenter.knowledge.models import Menu, Node, Script, Sequence, Step
from contactcenter.knowledge.outcomes import outcomes
from contactcenter.lib.admin import DayInput, HistoryAdmin
from policies.catalogue import rules as catalogue
from policies.staff_texts import words_that_stop

if TYPE_CHECKING:
    ScriptModelForm = forms.ModelForm[Script]
    StepInlineFormSet = forms.BaseInlineFormSet[Step, Sequence, forms.ModelForm[Step]]
    StepTabularInline = admin.TabularInline[Step, Sequence]
    NodeStackedInline = admin.StackedInline[Node, Menu]
else:
    ScriptModelForm, StepInlineFormSet = forms.ModelForm, forms.BaseInlineFormSet
    StepTabularInline, NodeStackedInline = admin.TabularInline, admin.StackedInline

PREVIEW = "_preview"  # the button that shows what is typed, before it is saved


class ReviewedAdmin(HistoryAdmin):
    """What is shared bears a date of review."""

    formfield_overrides = {DateField: {"widget": DayInput, "required": True}}


# Scripts ----------------------------------------------------------------------
@admin.register(Script)
class ScriptAdmin(ReviewedAdmin):
    """Shared scripts. Those of an agent are her own, and not listed."""

    list_display = ("name", "beginning", "department", "language", "uses", "used_at", "review_on", "is_active")
    list_filter = ("is_active", "language", "department")
    list_select_related = ("department", "language")
    search_fields = ("name", "text")
    fields = ("name", "text", "language", "department", "about", "review_on", "is_active", "uses", "used_at")
    readonly_fields = ("uses", "used_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Script]:
        return super().get_queryset(request).shared()  # type: ignore[no-any-return]

    def get_form(self, request: HttpRequest, obj: Script | None = None, **kwargs: Any) -> Any:
        return super().get_form(request, obj, **{**kwargs, "form": SharedScriptForm})


class SharedScriptForm(ScriptModelForm):
    """A shared script: no owner, which the constraint on its name counts, too."""

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"owner"}

    def clean(self) -> dict[str, Any]:
        facts: dict[str, Any] = super().clean() or {}
        check_script_words(facts.get("text", ""), at=timezone.now())
        return facts


class StepFormSet(StepInlineFormSet):
    """The steps of a sequence."""

    def clean(self) -> None:
        """Refuse a sequence of nothing, and steps that not every agent could insert."""
        super().clean()
        if any(self.errors):
            return
        typed = [form for form in self.forms if form.has_changed() or form.instance.pk]
        left = [form for form in typed if form not in self.deleted_forms]
        if not left:
            raise ValidationError(_("A sequence needs a step. Choose a script for the first one."))
        for form in left:
            script = form.cleaned_data["script"]
            if not script.is_for_all:
                form.add_error("script", _("Choose a shared script that is in use and for all departments."))
            elif script.language_id != self.instance.language_id:
                form.add_error("script", _("This script is in another language than the sequence."))
            elif words := words_that_stop(script.text, at=timezone.now()):
                sentence = _("A chat would stop this script: it holds %(words)s (EM-COM-C). Change its text first.")
                form.add_error("script", sentence % {"words": quoted(words)})


class StepInline(StepTabularInline):
    model = Step
    formset = StepFormSet
    extra = 0
    fields = ("position", "script")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "script":
            kwargs["queryset"] = Script.objects.shared().select_related("department")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Sequence)
class SequenceAdmin(ReviewedAdmin):
    list_display = ("name", "key", "language", "rule", "outcome", "review_on", "is_active")
    list_filter = ("is_active", "language")
    list_select_related = ("language",)
    fields = ("name", "key", "language", "rule", "outcome", "review_on", "is_active")
    inlines = (StepInline,)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        choices = {"outcome": _outcome_choices, "rule": _rule_choices}.get(db_field.name)
        if choices is not None:
            kwargs["widget"] = forms.Select(choices=[("", "---------"), *choices()])
        return super().formfield_for_dbfield(db_field, request, **kwargs)


def _outcome_choices() -> list[Any]:
    return list(outcomes())


def _rule_choices() -> list[Any]:
    return [(rule.id, f"{rule.id} · {rule.title}") for rule in catalogue().values()]


# Menus --------------------------------------------------------------------------
class NodeInline(NodeStackedInline):
    model = Node
    form = NodeForm
    formset = NodeFormSet
    fk_name = "menu"
    extra = 0
    fields = (("label", "kind"), ("code", "under", "position"), "text", "page", ("department", "topic"))


@admin.register(Menu)
class MenuAdmin(ReviewedAdmin):
    """Menus, each with its rows on one page, and as residents see them."""

    list_display = ("__str__", "department", "language", "rows", "review_on", "is_shown")
    list_filter = ("is_shown", "language")
    list_select_related = ("department", "language")
    fields = ("language", "department", "is_shown", "review_on")
    inlines = (NodeInline,)
    change_form_template = "admin/knowledge/menu/change_form.html"

    @admin.display(description=gettext_lazy("rows"))
    def rows(self, menu: Menu) -> int:
        return menu.nodes.count()

    def get_urls(self) -> list[URLPattern]:
        own = path("<int:pk>/preview/", self.admin_site.admin_view(self.preview_saved), name="knowledge_menu_preview")
        return [own, *super().get_urls()]

    def preview_saved(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a saved menu as residents see it. Source: SJ-IVR."""
        menu = get_object_or_404(Menu.objects.select_related("department", "language"), pk=pk)
        if not self.has_view_permission(request, menu):
            raise PermissionDenied
        return _preview(request, menu, branches_of(menu), is_saved=True)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Let the button of the preview show what is typed, without saving it; a fault is shown at its field."""
        if request.method == "POST" and PREVIEW in request.POST:
            page = self._preview_typed(request, object_id)
            if page is not None:
                return page
        page = super().changeform_view(request, object_id, form_url, extra_context)
        assert isinstance(page, HttpResponse)
        return page

    def _preview_typed(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """Return what is typed as residents would see it, or None where the form has to be corrected first."""
        menu = self.get_object(request, object_id) if object_id else None
        if not (self.has_change_permission(request, menu) if menu else self.has_add_permission(request)):
            raise PermissionDenied
        form = self.get_form(request, menu, change=menu is not None)(request.POST, request.FILES, instance=menu)
        is_valid = form.is_valid()
        formsets, _inlines = self._create_formsets(request, form.instance, change=menu is not None)
        if not (all_valid(formsets) and is_valid):
            return None
        return _preview(request, form.instance, grown(formsets[0].nodes()), is_saved=False)


def _preview(request: HttpRequest, menu: Menu, branches: list[Branch], *, is_saved: bool) -> HttpResponse:
    context = {"menu": menu, "branches": branches, "is_saved": is_saved}
    return render(request, "knowledge/preview.html", context)
