"""What every page of the administration is made of: history, fields for dates, and who acts when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from simple_history.admin import SimpleHistoryAdmin


class MomentInput(forms.DateTimeInput):
    """Date and time in one labelled field; Django's own has two and one label."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class DayInput(forms.DateInput):
    """A date in the browser's own field, which needs no script of ours."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class HistoryAdmin(SimpleHistoryAdmin):
    """Configuration: who changed what and when is on its history page."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Note who changed the rows within the page, too; the library notes it of the page's own row alone."""
        for row in formset.forms:
            row.instance._history_user = request.user
        super().save_formset(request, form, formset, change)


class ConfigAdmin(HistoryAdmin):
    """Configuration that others point at: nothing of it is deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def acting_now(request: HttpRequest) -> tuple[AbstractBaseUser, datetime]:
    """Return who acts on this page, and when."""
    assert isinstance(request.user, AbstractBaseUser)  # the administration lets nobody else in
    return request.user, timezone.now()


def today() -> date:
    """Return the city's date."""
    return timezone.localdate()
