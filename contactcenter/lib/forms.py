"""What the forms of all pages share: a refusal stands where it belongs."""

from __future__ import annotations

from django.forms import BaseForm

from contactcenter.lib.errors import DomainError


def say_refusal(form: BaseForm, refusal: DomainError) -> None:
    """Put a refusal to the field that it is about, or above the form."""
    field = refusal.more.get("field")
    form.add_error(field if field in form.fields else None, refusal.detail)
