"""A form of the administration in two steps: first what it would mean, in words; then it is written."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from policies.forms import TwoStepForm

FORM, PREVIEW = "admin/policies/form.html", "admin/policies/preview.html"


def in_two_steps(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, form: TwoStepForm, **context: Any
) -> TemplateResponse | None:
    """Return the form, or its preview, or None once it is written.

    The preview posts everything that was typed again: its button `confirm`
    writes, its button `back` shows the form as it was.
    """
    if form.is_bound and "back" not in request.POST and form.is_valid():
        if "confirm" in request.POST:
            if form.confirm(seen=request.POST.get("seen", "")):
                return None
        else:
            form.try_out()
        if not form.errors:
            return _page(model_admin, request, PREVIEW, form=form, **context)
    return _page(model_admin, request, FORM, form=form, **context)


def _page(model_admin: admin.ModelAdmin[Any], request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
    shared = {**model_admin.admin_site.each_context(request), "opts": model_admin.opts}
    return TemplateResponse(request, template, {**shared, **context})
