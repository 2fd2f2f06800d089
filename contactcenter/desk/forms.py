"""What is filled in on the desk and in supervision: closing early, a day of its own, the result of a task."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.actions.ladder import MAX_WHY
from agents.actions.service import MAX_RESULT
from agents.models import MAX_NOTICE, MAX_SEATS, Department, Language, User, in_language
from chat.models import PERSON_REASONS
from contactcenter.cases.models import Task
from contactcenter.lib.admin import DayInput, MomentInput
from policies.actions import MAX_REASON
from policies.calendar import Day
from policies.hours import read_hours

LONGEST_NOTE = 2000
FALLBACK = "en"  # whose text is read where there is none in the reader's language
REASONS = [(reason.value, reason.label) for reason in PERSON_REASONS]
KINDS = [
    ("opening", _("Open, or open longer, in an emergency")),
    ("half_day", _("Half day")),
    ("closure", _("Closed all day")),
]


class ClockTime(forms.TimeInput):
    """A time of day in the browser's own field."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class CloseEarlyForm(forms.Form):
    """Close a calendar's day before its time."""

    why = forms.CharField(
        label=_("Why"),
        max_length=MAX_REASON,
        help_text=_("Staff and residents read it, such as: power cut."),
        error_messages={"required": _("Write why it closes early; staff and residents read it.")},
    )
    minutes = forms.TimeField(
        label=_("Closing time"),
        required=False,
        widget=ClockTime(),
        help_text=_("Of today. Empty: now."),
        error_messages={"invalid": _("Write a time of day, such as 14:00, or leave it empty for now.")},
    )

    def clean_minutes(self) -> int | None:
        """Return minutes after midnight, or None for now."""
        at: time | None = self.cleaned_data["minutes"]
        return None if at is None else at.hour * 60 + at.minute


class DayForm(forms.Form):
    """Give a date hours of its own."""

    on = forms.DateField(
        label=_("Day"),
        widget=DayInput(),
        error_messages={"required": _("Choose the day."), "invalid": _("Write a day, such as 2026-12-24.")},
    )
    kind = forms.ChoiceField(label=_("What happens"), choices=KINDS, widget=forms.RadioSelect, initial="opening")
    hours = forms.CharField(
        label=_("Hours"),
        required=False,
        max_length=200,
        help_text=_("All of that day, such as 8:30-12:00, 13:00-16:30. Empty for a closed day."),
    )
    why = forms.CharField(
        label=_("Why"),
        max_length=MAX_REASON,
        help_text=_("Who ordered it, and for what. Staff and residents read it."),
        error_messages={"required": _("Write why this day is different; staff and residents read it.")},
    )

    def day(self) -> tuple[date, Day]:
        """Return the date and what becomes of it. Raises `Invalid`."""
        facts: dict[str, Any] = self.cleaned_data
        return facts["on"], Day(facts["kind"], read_hours(facts["hours"], field="hours"), facts["why"])


class CloseEvaluationForm(forms.Form):
    """End an evaluation without a ban."""

    reason = forms.CharField(
        label=_("Why there is no ban"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Goes with the chats at the next purge. Whoever looks until then reads it."),
        error_messages={"required": _("Write why there is no ban; whoever looks at it later reads that.")},
    )


class MarkForm(forms.Form):
    """Keep a chat for the conduct of its resident."""

    reason = forms.ChoiceField(
        label=_("Why this chat is kept"),
        choices=REASONS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why this chat is kept.")},
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For whoever decides. Off-topic talk or an agent's own mistake is no reason to keep a chat."),
    )


class FinishTaskForm(forms.Form):
    """A task is done."""

    result = forms.ChoiceField(
        label=_("Result"),
        choices=[("", _("Choose")), *Task.Result.choices],
        error_messages={"required": _("Choose a result, so that others know what became of it.")},
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For colleagues; it is emptied when the task is."),
    )


class LimitForm(forms.Form):
    """Limit how many chats somebody holds at once."""

    to = forms.IntegerField(
        label=_("At most so many chats at once"),
        required=False,
        min_value=1,
        max_value=MAX_SEATS,
        help_text=_("Empty: no limit of yours any more. Chats that run stay in any case."),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            _("Write a whole number from 1 on, or leave it empty. Who is to hold no chat is suspended."),
        ),
    )
    why = forms.CharField(
        label=_("Why"),
        max_length=MAX_WHY,
        help_text=_("The agent reads it."),
        error_messages={"required": _("Write why. The agent reads it.")},
    )


class TurnForm(forms.Form):
    """Turn a back-up mode on or off."""

    why = forms.CharField(
        label=_("Why"),
        max_length=MAX_WHY,
        help_text=_("Colleagues read it, now and in a year."),
        error_messages={"required": _("Write why. Colleagues read it, now and in a year.")},
    )


class DrillForm(forms.Form):
    """Note that a back-up was tried out."""

    held_on = forms.DateField(
        label=_("Day"),
        widget=DayInput(),
        error_messages={"required": _("Choose the day."), "invalid": _("Write a day, such as 2026-12-24.")},
    )
    participants = forms.ModelMultipleChoiceField(
        User.objects.filter(is_active=True),
        label=_("Who took part"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Name who took part.")},
    )
    result = forms.CharField(
        label=_("What came of it"),
        max_length=MAX_RESULT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What worked, and what is to be mended."),
        error_messages={"required": _("Write what came of it: what worked, and what is to be mended.")},
    )


class IncidentForm(forms.Form):
    """Say something to all residents, or a department's, until an end; with a text for each language."""

    department = forms.ModelChoiceField(
        Department.objects.filter(is_active=True),
        label=_("Whose residents read it"),
        required=False,
        empty_label=_("Those of every department"),
    )
    starts_at = forms.DateTimeField(
        label=_("From"),
        required=False,
        widget=MomentInput(),
        help_text=_("Empty: at once."),
        error_messages={"invalid": _("Write day and time, or leave it empty for at once.")},
    )
    ends_at = forms.DateTimeField(
        label=_("Until"),
        widget=MomentInput(),
        help_text=_("From then on nobody reads it any more. You can end it earlier."),
        error_messages={"required": _("Write until when residents read it."), "invalid": _("Write day and time.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.languages = list(Language.objects.filter(is_active=True).order_by("code"))
        for language in self.languages:
            self.fields[f"text_{language.code}"] = forms.CharField(
                label=_("Text: %(language)s") % {"language": language.name},
                required=language.code == FALLBACK,
                max_length=MAX_NOTICE,
                widget=forms.Textarea(attrs={"rows": 2, "lang": language.code}),
                help_text=_("Who reads another language that has no text reads this one.")
                if language.code == FALLBACK
                else _("Without a text in their language residents read the English one."),
                error_messages={"required": _("Write it in English, too: who has no text of their own reads that.")},
            )

    def facts(self) -> dict[str, Any]:
        """Return what `post_incident` takes."""
        given = self.cleaned_data
        texts = {language.code: given[f"text_{language.code}"] for language in self.languages}
        return {name: given[name] for name in ("department", "starts_at", "ends_at")} | {"texts": texts}

    def preview(self) -> list[tuple[Language, str]]:
        """Return what residents would read in each language."""
        texts = {code: text for code, text in self.facts()["texts"].items() if text}
        return [(language, in_language(texts, language.code)) for language in self.languages]
