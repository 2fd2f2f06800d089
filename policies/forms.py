"""What an administrator fills in about rules and hours: tried out, shown in words, and then written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import partial
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.lib.admin import DayInput
from contactcenter.lib.errors import DomainError, Invalid
from policies import actions
from policies.calendar import FIRST_DAY, Day, Definition, Hours, Schedule, Week, instant
from policies.calendars import from_json
from policies.catalogue import Rule, rules
from policies.hours import WEEKDAYS, read_hours, say_hours
from policies.kinds import Number, Switch, Text, TimeOfDay, Value
from policies.models import BusinessCalendar, CalendarVersion, Document, RuleVersion
from policies.previews import Preview, preview_day, preview_rule, preview_week, version_at
from policies.rungs import Rungs
from policies.rungs_form import RungsField
from policies.values import SETTABLE, values_of, whole

LONGEST_REASON = 300
LONGEST_CLAUSE = 100
LONGEST_LINE = 100  # characters of a text that is typed in one line


class TimeInput(forms.TimeInput):
    """A time of day in the browser's own field, which needs no script of ours."""

    input_type = "time"


def reason_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text=gettext_lazy("Kept with the version, with your name and the time."),
        error_messages={"required": gettext_lazy("Write why, for whoever reads this in a year.")},
    )


class TwoStepForm(forms.Form):
    """A form whose action is tried out and undone first, and kept once it is confirmed.

    What the action refuses is said at its field, both times. `is_stale` says
    that somebody else wrote a version between the preview and the confirmation.
    """

    at_field: ClassVar[Mapping[str, str]] = {}  # fields of the action that have another name here
    written: RuleVersion | CalendarVersion
    preview: Preview
    is_stale = False

    def __init__(self, *args: Any, by: AbstractBaseUser, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.at = by, at

    def try_out(self) -> bool:
        """Do everything and undo it; with true, `preview` says what it would mean."""
        return self._attempt(seen=None)

    def confirm(self, *, seen: str) -> bool:
        """Write the version whose number the preview showed. Unless this returns true nothing was written."""
        return self._attempt(seen=seen) and not self.is_stale

    def _attempt(self, *, seen: str | None) -> bool:
        try:
            with transaction.atomic():
                self.write()
                self.is_stale = seen is not None and seen != str(self.written.number)
                if seen is None or self.is_stale:
                    transaction.set_rollback(True)
        except DomainError as refusal:
            self.add_error(self._field_of(refusal), refusal.detail)
            return False
        return True

    def _field_of(self, refusal: DomainError) -> str | None:
        named = refusal.more.get("field", "")
        field = self.at_field.get(named, named)
        return field if field in self.fields else None

    def write(self) -> None:
        """Do what was asked for; set `written` and `preview`."""
        raise NotImplementedError


# Rules ----------------------------------------------------------------------
def rule_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the rules of the catalogue, those with values first."""
    named = {rule.id: f"{rule.id} · {rule.title}" for rule in rules().values()}
    return [
        (_("Rules with values"), [(each, named[each]) for each in SETTABLE if each in named]),
        (_("Rules that hold as they are written"), [pair for pair in named.items() if pair[0] not in SETTABLE]),
    ]


class ChooseRuleForm(forms.Form):
    rule = forms.ChoiceField(label=gettext_lazy("Rule"), choices=rule_choices)


class AdoptForm(TwoStepForm):
    """What holds for one rule, from when, by which clause, and why."""

    at_field = {"effective_from": "starts_on"}

    is_adopted = forms.ChoiceField(
        label=gettext_lazy("In force"),
        choices=[("yes", gettext_lazy("Adopted")), ("no", gettext_lazy("No longer adopted"))],
        widget=forms.RadioSelect,
        help_text=gettext_lazy("A rule that is no longer adopted does nothing; the conformance page says so."),
    )
    starts = forms.ChoiceField(
        label=gettext_lazy("From"),
        choices=[("now", gettext_lazy("At once, when you confirm")), ("later", gettext_lazy("From a day on"))],
        widget=forms.RadioSelect,
    )
    starts_on = forms.DateField(
        label=gettext_lazy("First day"),
        required=False,
        widget=DayInput,
        help_text=gettext_lazy("It begins at 0:00 of that day, on the city's clock. Leave it empty for “at once”."),
    )
    document = forms.ModelChoiceField(
        Document.objects.all(), label=gettext_lazy("Document"), required=False, empty_label=gettext_lazy("None")
    )
    clause = forms.CharField(label=gettext_lazy("Clause"), required=False, max_length=LONGEST_CLAUSE)
    review_on = forms.DateField(
        label=gettext_lazy("Review on"),
        required=False,
        widget=DayInput,
        help_text=gettext_lazy("When the city wants to look at this rule again. May stay empty."),
    )
    reason = reason_field()

    def __init__(self, *args: Any, rule: Rule, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rule = rule
        self.held = version_at(rule.id, at=self.at)
        self.values = values_of(rule.id)
        self.initial = {**self._held_values(), **self.initial}
        for value in self.values:
            self.fields[value.name] = _value_field(value)
        self.order_fields(["is_adopted", *(value.name for value in self.values)])

    def _held_values(self) -> dict[str, Any]:
        begun = {"is_adopted": "yes", "starts": "now", **whole(self.rule.id, self.held.values if self.held else {})}
        if self.held is None:
            source = Document.objects.filter(pk=self.rule.document).first()
            return {**begun, "document": source, "clause": self.rule.clause}
        return {
            **begun,
            "document": self.held.document,
            "clause": self.held.clause,
            "review_on": self.held.review_on,
        }

    def clean(self) -> dict[str, Any]:
        facts = self.cleaned_data
        starts, on = facts.get("starts"), facts.get("starts_on")
        if "starts_on" in self.errors:
            return facts
        if starts == "later" and on is None:
            self.add_error("starts_on", _("Write the first day, or choose “at once”."))
        elif starts == "now" and on is not None:
            self.add_error("starts_on", _("Leave the day empty, or choose “from a day on”."))
        elif on is not None and on <= _local_date(self.at, None):
            self.add_error("starts_on", _("That day has begun, or is past. Choose “at once”, or a later day."))
        return facts

    def write(self) -> None:
        facts = self.cleaned_data
        before = version_at(self.rule.id, at=self.at)
        self.written = actions.adopt_rule(
            self.rule.id,
            {value.name: facts.get(value.name) for value in self.values},
            is_adopted=facts["is_adopted"] == "yes",
            effective_from=self._effective_from(),
            document=facts["document"],
            clause=facts["clause"],
            review_on=facts["review_on"],
            reason=facts["reason"],
            by=self.by,
            at=self.at,
        )
        self.preview = preview_rule(before, self.written, at=self.at)

    def _effective_from(self) -> datetime:
        on: date | None = self.cleaned_data["starts_on"]
        if on is None:
            return self.at
        return instant(datetime.combine(on, time()), ZoneInfo(timezone.get_current_timezone_name()))

    def _field_of(self, refusal: DomainError) -> str | None:
        """A rule that is withdrawn has no values at which something could be wrong."""
        field = super()._field_of(refusal)
        is_value = field in {value.name for value in self.values}
        return "is_adopted" if is_value and self.cleaned_data["is_adopted"] == "no" else field


def _value_field(value: Value) -> forms.Field:
    about: dict[str, Any] = {
        "label": str(value.label),
        "help_text": str(value.help),
        "required": False,  # the action asks for it, unless the rule is withdrawn
    }
    if isinstance(value, Switch):
        return forms.BooleanField(**about)
    if isinstance(value, Number):
        return _number_field(value, about)
    if isinstance(value, Rungs):
        return RungsField(**about, kind=value)
    return forms.CharField(**about, widget=_widget_of(value), validators=[partial(_check_at_the_form, value)])


def _number_field(value: Number, about: dict[str, Any]) -> forms.Field:
    limits = _("Write a whole number from %(least)d to %(most)d.") % {"least": value.least, "most": value.most}
    messages = dict.fromkeys(("invalid", "min_value", "max_value"), limits)
    return forms.IntegerField(**about, min_value=value.least, max_value=value.most, error_messages=messages)


def _widget_of(value: Text | TimeOfDay) -> forms.Widget:
    """No field cuts off what is pasted into it: what is too long is said, not lost."""
    if isinstance(value, TimeOfDay):
        return TimeInput()
    if value.is_address:
        return forms.URLInput(attrs={"size": 60})
    if value.longest > LONGEST_LINE:
        return forms.Textarea(attrs={"rows": 3, "cols": 60})
    return forms.TextInput(attrs={"size": 40})


def _check_at_the_form(value: Text | TimeOfDay, given: str) -> None:
    try:
        value.check(given)
    except Invalid as refusal:
        raise ValidationError(refusal.detail) from None


# Calendars ------------------------------------------------------------------
class HoursField(forms.CharField):
    """The hours of a day, typed like `8:30-12:00, 13:00-16:30`."""

    def to_python(self, value: Any) -> Hours:  # type: ignore[override]  # minutes, not text
        try:
            return read_hours(super().to_python(value) or "", field="")
        except Invalid as refusal:
            raise ValidationError(refusal.detail) from None

    def prepare_value(self, value: Any) -> Any:
        return say_hours(value) if isinstance(value, tuple) else value


class WeekForm(TwoStepForm):
    """A calendar's usual hours, from a day on; of a calendar without hours, its first ones."""

    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=lambda: [(zone, zone) for zone in sorted(available_timezones())],
        help_text=gettext_lazy("The clock that these hours are read on. It stays with the calendar."),
    )
    starts_on = forms.DateField(
        label=gettext_lazy("First day"),
        widget=DayInput,
        help_text=gettext_lazy("The usual hours hold from this day on. Days before it stay as they are."),
    )
    reason = reason_field()

    def __init__(self, *args: Any, calendar: BusinessCalendar, definition: Definition | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar, self.definition = calendar, definition
        self.today = _local_date(self.at, definition)
        week = definition.week_on(self.today) if definition else ((),) * 7
        del self.fields["zone" if definition else "starts_on"]
        self.initial.setdefault("zone", settings.TIME_ZONE)
        for number, weekday in enumerate(WEEKDAYS):
            self.fields[f"day_{number}"] = HoursField(label=weekday, required=False, initial=week[number])
        self.order_fields(["zone", *(f"day_{number}" for number in range(7))])

    def clean_starts_on(self) -> date:
        return _not_past(self.cleaned_data["starts_on"], self.today)

    def _week(self) -> Week:
        return tuple(self.cleaned_data[f"day_{number}"] for number in range(7))

    def write(self) -> None:
        reason = self.cleaned_data["reason"]
        if self.definition is None:
            first = Definition(self.cleaned_data["zone"], (Schedule(FIRST_DAY, self._week()),), {}, {})
            self.written = actions.write_calendar(self.calendar, first, reason=reason, by=self.by, at=self.at)
            self.preview = preview_week(None, first, since=FIRST_DAY, today=self.today)
            return
        starts_on = self.cleaned_data["starts_on"]
        self.written = actions.change_week(
            self.calendar, self._week(), starts_on=starts_on, reason=reason, by=self.by, at=self.at
        )
        old, new = _definitions(self.written)
        self.preview = preview_week(old, new, since=starts_on, today=self.today)


class DayForm(TwoStepForm):
    """One date with hours of its own, or as usual again."""

    at_field = {"starts_on": "on"}

    on = forms.DateField(label=gettext_lazy("Day"), widget=DayInput)
    kind = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        choices=[
            ("closure", gettext_lazy("Closed all day")),
            ("half_day", gettext_lazy("A half day, or other hours")),
            ("opening", gettext_lazy("Open although it is usually closed, or open longer")),
            ("usual", gettext_lazy("As usual again")),
        ],
        widget=forms.RadioSelect,
    )
    hours = HoursField(
        label=gettext_lazy("Hours"),
        required=False,
        help_text=gettext_lazy("All hours of that day, like 8:30-12:00, 13:00-16:30. Empty for a closed or usual day."),
    )
    why = forms.CharField(
        label=gettext_lazy("Why"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Staff and residents read it, so name the occasion. Not needed for “as usual again”."),
    )

    def __init__(self, *args: Any, calendar: BusinessCalendar, definition: Definition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar, self.definition = calendar, definition
        self.today = _local_date(self.at, definition)

    def clean_on(self) -> date:
        return _not_past(self.cleaned_data["on"], self.today)

    def clean(self) -> dict[str, Any]:
        facts = self.cleaned_data
        if facts.get("kind") == "usual":
            if facts.get("hours"):
                self.add_error("hours", _("A usual day has its usual hours. Leave them empty, or choose another kind."))
            if facts.get("on") and facts["on"] not in self.definition.days:
                self.add_error("on", _("That day has no hours of its own: it is as usual already."))
        return facts

    def write(self) -> None:
        facts = self.cleaned_data
        on, kind = facts["on"], facts["kind"]
        day = None if kind == "usual" else Day(kind, facts["hours"], facts["why"])
        self.written = actions.set_day(self.calendar, on, day, by=self.by, at=self.at)
        old, new = _definitions(self.written)
        self.preview = preview_day(old, new, on)


def _definitions(version: CalendarVersion) -> tuple[Definition, Definition]:
    """Return what a version that is not the first one changed: before, and after."""
    before = version.calendar.versions.defer("opens", "closes").get(number=version.number - 1)
    return from_json(before.definition), from_json(version.definition)


def _local_date(at: datetime, definition: Definition | None) -> date:
    zone = ZoneInfo(definition.zone) if definition else timezone.get_current_timezone()
    return at.astimezone(zone).date()


def _not_past(on: date, today: date) -> date:
    if on < today:
        raise ValidationError(_("That day is past, and the past cannot be changed. Choose today or a later day."))
    return on
