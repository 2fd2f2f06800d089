"""What staff ask the ledger and the clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contactcenter.lib.errors import DomainError, Invalid
from policies.api import amount_of, moment_of
from policies.calendar import FIRST_DAY, LAST_DAY, UNITS, Calendar, Due, due_at, instant
from policies.calendars import calendar_named
from policies.conformance import Verdict
from policies.models import BusinessCalendar, CalendarVersion
from policies.shipped import shipped_names

PERIODS = (1, 7, 30, 90)
DEFAULT_PERIOD = 30


# The ledger -----------------------------------------------------------------
class LedgerFilter(forms.Form):
    """Which clauses are shown, measured over how many days. What cannot be understood filters nothing."""

    verdict = forms.ChoiceField(label=gettext_lazy("Verdict"), required=False)
    document = forms.ChoiceField(label=gettext_lazy("Document"), required=False)
    days = forms.TypedChoiceField(label=gettext_lazy("Period"), coerce=int)

    def __init__(self, asked: QueryDict, *, documents: Sequence[tuple[str, str]]) -> None:
        super().__init__({"days": DEFAULT_PERIOD, **asked.dict()}, auto_id="filter-%s")
        self._offer("verdict", [("", _("All")), *Verdict.choices])
        self._offer("document", [("", _("All")), *documents])
        self._offer("days", [(days, _last_days(days)) for days in PERIODS])
        self.is_valid()

    def _offer(self, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.widget.attrs["class"] = "select"

    @property
    def period(self) -> int:
        return int(self.cleaned_data.get("days") or DEFAULT_PERIOD)

    @property
    def wanted_verdict(self) -> str:
        return str(self.cleaned_data.get("verdict", ""))

    @property
    def wanted_document(self) -> str:
        return str(self.cleaned_data.get("document", ""))


def _last_days(days: int) -> str:
    return ngettext("The last %(count)d day", "The last %(count)d days", days) % {"count": days}


# The clock ------------------------------------------------------------------
UNITS_IN_WORDS: dict[str, tuple[Promise, Promise]] = {
    "business_days": (
        gettext_lazy("Business days"),
        gettext_lazy("Until closing time of the last of them. The day of receipt never counts."),
    ),
    "same_business_day": (
        gettext_lazy("The same business day"),
        gettext_lazy(
            "Until closing time of the day of receipt. What arrives at or after closing time, or on a day without "
            "hours, has until closing time of the next business day. It needs no amount."
        ),
    ),
    "business_minutes": (
        gettext_lazy("Business minutes"),
        gettext_lazy("Minutes of opening time; while it is closed the clock stands still."),
    ),
    "calendar_days": (
        gettext_lazy("Calendar days"),
        gettext_lazy("The same local time so many days later, open or not."),
    ),
    "calendar_years": (
        gettext_lazy("Calendar years"),
        gettext_lazy("The same local time so many years later. 29 February becomes the 28th where there is none."),
    ),
    "seconds": (gettext_lazy("Seconds"), gettext_lazy("Elapsed time, open or not.")),
    "two_weeks": (
        gettext_lazy("Weeks, until a business day"),
        gettext_lazy(
            "So many weeks later, at closing time; if that is no business day, the next one. "
            "“Two weeks” are an amount of 2."
        ),
    ),
    "one_week_before": (
        gettext_lazy("Weeks before, on a business day"),
        gettext_lazy(
            "So many weeks earlier, at opening time; if that is no business day, the one before it. "
            "“One week before” is an amount of 1."
        ),
    ),
}
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?", re.ASCII)


class EitherField(forms.CharField):
    """One of two fields, of which one is needed: neither is called optional, and the form asks for one."""

    def validate(self, value: Any) -> None:
        """Accept an empty one."""


class ClockForm(forms.Form):
    """A question to the clock. Its answer is `due`; what is wrong is said at its field."""

    use_required_attribute = False

    calendar = forms.CharField(
        label=gettext_lazy("Calendar"),
        widget=forms.Select,
        error_messages={"required": gettext_lazy("Choose a calendar.")},
    )
    local = EitherField(
        label=gettext_lazy("Start, on the clock of that calendar's city"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 60}),
        help_text=gettext_lazy(
            "The time zone stands beside the calendar's name. Leave it empty if you write an offset."
        ),
    )
    start = EitherField(
        label=gettext_lazy("Or the start with its offset"),
        help_text=gettext_lazy("Such as 2026-03-02T10:00-05:00, or 2026-03-02T15:00Z. Leave the other start empty."),
    )
    unit = forms.CharField(
        label=gettext_lazy("Unit"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of these units.")},
    )
    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        error_messages={"required": gettext_lazy("Write how many: a whole number, 0 or more.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy("How many of the unit: a whole number, 0 or more."),
    )
    due: Due | None = None

    def __init__(self, data: QueryDict | None = None, *, initial: dict[str, str] | None = None) -> None:
        super().__init__(data, initial=initial)
        self._offer("calendar", with_typed(calendar_choices(), self.data.get("calendar")))
        self._offer("unit", with_typed(unit_choices(), self.data.get("unit")))
        self.fields["amount"].required = self.data.get("unit") != "same_business_day"

    def _offer(self, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field.widget, forms.Select | forms.RadioSelect)
        field.widget.choices = choices

    def clean_calendar(self) -> Calendar:
        return _understood(calendar_named, self.cleaned_data["calendar"])

    def clean_unit(self) -> str:
        unit: str = self.cleaned_data["unit"]
        if unit not in UNITS:
            raise forms.ValidationError(_("Choose one of these units."))
        return unit

    def clean_local(self) -> datetime | None:
        text: str = self.cleaned_data["local"]
        return _understood(_wall_time, text) if text else None

    def clean_start(self) -> datetime | None:
        text: str = self.cleaned_data["start"]
        wrong = _("Write a date and time with its offset, such as 2026-03-02T10:00-05:00 or 2026-03-02T15:00Z.")
        return _understood(moment_of, text, wrong) if text else None

    def clean_amount(self) -> int:
        unit = self.cleaned_data.get("unit", "")
        text: str | None = self.cleaned_data["amount"]
        if unit == "same_business_day" and not text:
            text = None
        wrong = _("Write a whole number, 0 or more, in digits only.")
        return _understood(lambda typed: amount_of(typed, unit), text, wrong)

    def clean(self) -> dict[str, Any]:
        """Reckon, once each field for itself is understood."""
        asked = self.cleaned_data
        if not self.errors and (asked["local"] is None) == (asked["start"] is None):
            self.add_error("local", _("Write the start once: here, or with its offset below."))
        if not self.errors:
            self._reckon(asked["calendar"], asked["unit"], asked["amount"])
        return asked

    def _reckon(self, calendar: Calendar, unit: str, amount: int) -> None:
        local = self.cleaned_data["local"]
        start = self.cleaned_data["start"] or _instant(local, calendar.zone)
        try:
            self.due = due_at(calendar, start, unit, amount)
        except DomainError as refusal:
            is_start_covered = FIRST_DAY.year <= start.year <= LAST_DAY.year
            self.add_error("amount" if is_start_covered else "local" if local else "start", refusal.detail)


Understood = TypeVar("Understood")


def _understood(read: Callable[[Any], Understood], text: Any, wrong: str = "") -> Understood:
    """Return what `read` makes of a text; its refusal, or `wrong` in its place, becomes the field's error."""
    try:
        return read(text)
    except Invalid as refusal:
        raise forms.ValidationError(wrong or refusal.detail) from None


def _wall_time(text: str) -> datetime:
    if _LOCAL.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise Invalid(_("Write a date and a time of day, such as 2026-03-02 10:00."), field="local")


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a wall time; one that no calendar covers stays as far away as it is."""
    is_covered = FIRST_DAY <= wall.date() <= LAST_DAY
    return instant(wall, zone) if is_covered else wall.replace(tzinfo=UTC)


def calendar_choices() -> list[tuple[Any, Any]]:
    """Return the calendars of this city with their zones, then those that come with the program."""
    rows = CalendarVersion.objects.order_by("calendar_id", "-number").distinct("calendar_id")
    kept = sorted(rows.values_list("calendar__code", "calendar__name", "definition__zone"), key=lambda row: str(row[1]))
    own = [(code, f"{name} ({zone})") for code, name, zone in kept]
    codes = {code for code, _label in own}
    shipped = [(code, code) for code in shipped_names() if code not in codes]
    groups = [(_("Of this city"), own), (_("Shipped with the program, each in its own zone"), shipped)]
    return [group for group in groups if group[1]]


def unit_choices() -> list[tuple[Any, Any]]:
    return [
        (unit, format_html('<b>{}</b> <span class="hint">{}</span>', label, explanation))
        for unit, (label, explanation) in UNITS_IN_WORDS.items()
    ]


def with_typed(choices: Sequence[tuple[Any, Any]], typed: str | None) -> list[tuple[Any, Any]]:
    """Return the choices, and what an address asks for although it is none of them: typed things are kept."""
    known = {value for value, label in _flat(choices)}
    return list(choices) if not typed or typed in known else [*choices, (typed, typed)]


def _flat(choices: Sequence[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return [pair for value, label in choices for pair in (label if isinstance(label, list) else [(value, label)])]


def default_calendar() -> str:
    """Return the code of the calendar that holds where no other is given; empty without one."""
    return BusinessCalendar.objects.filter(is_default=True).values_list("code", flat=True).first() or ""
