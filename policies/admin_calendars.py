"""The administration of calendars: their names, and two forms for their hours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.lib.admin import ConfigAdmin, acting_now, today
from policies.calendar import LAST_DAY, Definition
from policies.calendars import from_json, latest_version
from policies.forms import DayForm, TwoStepForm, WeekForm
from policies.hours import clock_change_notes, say_date
from policies.models import BusinessCalendar, CalendarVersion
from policies.previews import say_own_days, say_planned_weeks, say_week_now
from policies.two_steps import in_two_steps

if TYPE_CHECKING:
    CalendarVersionTabularInline = admin.TabularInline[CalendarVersion, BusinessCalendar]
    CalendarModelForm = forms.ModelForm[BusinessCalendar]
else:
    CalendarVersionTabularInline = admin.TabularInline
    CalendarModelForm = forms.ModelForm


class CalendarVersionInline(CalendarVersionTabularInline):
    """What was written down, the newest first; to look at."""

    model = CalendarVersion
    extra = 0
    ordering = ("-number",)
    fields = ("number", "differs_from", "reason", "by", "made_at")
    readonly_fields = fields
    verbose_name_plural = gettext_lazy("versions")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarVersion]:
        return super().get_queryset(request).select_related("calendar", "by").defer("opens", "closes", "definition")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("policies.view_calendarversion")

    @admin.display(description=gettext_lazy("differs from"))
    def differs_from(self, version: CalendarVersion) -> str:
        return say_date(version.effective_on) if version.effective_on <= LAST_DAY else _("The same hours")


class CalendarForm(CalendarModelForm):
    """A calendar's name and mark. The mark of the default one moves; it is never simply taken away."""

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]  # unknown to the stubs

    def clean_is_default(self) -> bool:
        """Refuse the mark where there are no hours, and a city without a default calendar."""
        is_default = bool(self.cleaned_data["is_default"])
        if is_default and (self.instance.pk is None or latest_version(self.instance) is None):
            raise ValidationError(_("Save this calendar first and give it its hours, then make it the default one."))
        if not is_default and self.initial.get("is_default"):
            raise ValidationError(_("The city needs a default calendar. Make another one the default instead."))
        return is_default


@admin.register(BusinessCalendar)
class BusinessCalendarAdmin(ConfigAdmin):
    """Calendars. Hours are changed at two forms of their own; each change is a new version."""

    form = CalendarForm
    list_display = ("name", "code", "is_default")
    search_fields = ("name", "code")
    readonly_fields = ("hours_in_words",)

    def get_fields(self, request: HttpRequest, obj: BusinessCalendar | None = None) -> tuple[str, ...]:
        return ("code", "name", "is_default", *(() if obj is None else self.readonly_fields))

    def get_inlines(self, request: HttpRequest, obj: BusinessCalendar | None) -> list[type[CalendarVersionInline]]:
        return [] if obj is None else [CalendarVersionInline]

    def save_model(self, request: HttpRequest, obj: BusinessCalendar, form: Any, change: bool) -> None:
        """Save it; a mark that it has got is taken from the calendar that had it, in the same transaction."""
        if obj.is_default:
            for other in BusinessCalendar.objects.filter(is_default=True).exclude(pk=obj.pk):
                other.is_default = False
                super().save_model(request, other, form, change)
        super().save_model(request, obj, form, change)

    def response_post_save_add(self, request: HttpRequest, obj: BusinessCalendar) -> HttpResponse:
        """Lead from a new calendar to its hours: until it has any, nothing opens by it."""
        return HttpResponseRedirect(reverse("admin:policies_businesscalendar_week", args=[obj.pk]))

    @admin.display(description=gettext_lazy("hours"))
    def hours_in_words(self, calendar: BusinessCalendar) -> SafeString | str:
        definition = _definition(calendar)
        if definition is None:
            return _("None yet. Give this calendar its usual week; until then nothing opens by it.")
        return format_html_join(mark_safe("<br>"), "{}", ((sentence,) for sentence in _said(definition)))

    # Two forms ----------------------------------------------------------------
    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/week/", wrap(self.week_view), name="policies_businesscalendar_week"),
            path("<int:pk>/day/", wrap(self.day_view), name="policies_businesscalendar_day"),
        ]
        return own + list(super().get_urls())

    def week_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Change the usual hours, or give a new calendar its first ones."""
        calendar = self._calendar(request, pk)
        intro = [
            _("Write the hours of each day like 8:30-12:00, 13:00-16:30. Leave a day empty when it is closed."),
            _("Times go from 0:00 to 24:00. Hours past midnight belong to the next day."),
        ]
        return self._in_two_steps(request, calendar, WeekForm, _("Usual week"), intro)

    def day_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give a date hours of its own, or its usual ones again."""
        calendar = self._calendar(request, pk)
        if latest_version(calendar) is None:
            return HttpResponseRedirect(reverse("admin:policies_businesscalendar_week", args=[pk]))
        intro = [_("The hours that you give a day go before its usual ones, and before a holiday.")]
        return self._in_two_steps(request, calendar, DayForm, _("A day of its own"), intro)

    def _calendar(self, request: HttpRequest, pk: int) -> BusinessCalendar:
        calendar = get_object_or_404(BusinessCalendar, pk=pk)
        if not self.has_change_permission(request, calendar):
            raise PermissionDenied
        return calendar

    def _in_two_steps(
        self,
        request: HttpRequest,
        calendar: BusinessCalendar,
        make: Callable[..., TwoStepForm],
        title: str,
        intro: list[str],
    ) -> HttpResponse:
        by, at = acting_now(request)
        definition = _definition(calendar)
        typed = request.POST if request.method == "POST" else None
        form = make(typed, calendar=calendar, definition=definition, by=by, at=at)
        said = _said(definition) if definition else []
        page = in_two_steps(
            self, request, form, title=title, subtitle=str(calendar), intro=[*intro, *said], original=calendar
        )
        if page is not None:
            return page
        self.log_change(request, calendar, f"{title}: {form.written.number}")
        facts = {"number": form.written.number, "changes": " ".join(form.preview.changes)}
        self.message_user(request, _("Written down as version %(number)d. %(changes)s") % facts)
        return HttpResponseRedirect(reverse("admin:policies_businesscalendar_change", args=[calendar.pk]))


def _definition(calendar: BusinessCalendar) -> Definition | None:
    version = latest_version(calendar)
    return from_json(version.definition) if version else None


def _said(definition: Definition) -> list[str]:
    """Say what holds and what is planned: weeks, days of their own, and hours at which the clock changes."""
    on = today()
    weeks = [say_week_now(definition, on), *say_planned_weeks(definition, after=on)]
    return [*weeks, *say_own_days(definition, since=on), *clock_change_notes(definition, since=on)]
