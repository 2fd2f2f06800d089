"""Acting from a page of staff: what is refused stands at its field, with everything typed, or above the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from agents.models import User
from contactcenter.lib.errors import DomainError
from contactcenter.lib.forms import say_refusal

Page = Callable[[forms.Form], HttpResponse]


def person_of(request: HttpRequest) -> User:
    """Return who is logged in; every gate of these pages has looked at that already."""
    assert isinstance(request.user, User)
    return request.user


def act_with_form(
    request: HttpRequest, form: forms.Form, act: Callable[[datetime], str], *, page: Page, back: str
) -> HttpResponse:
    """Act on a form and go `back`, to a page's name or path, with what `act` says; refused, show it on `page` again."""
    if not form.is_valid():
        return page(form)
    try:
        said = act(timezone.now())
    except DomainError as refusal:
        say_refusal(form, refusal)
        return page(form)
    messages.success(request, said)
    return redirect(back)


def act_at_once(request: HttpRequest, act: Callable[[datetime], str], *, back: str) -> HttpResponse:
    """Act on a button; what `act` says, or why it was refused, stands on the page `back`."""
    try:
        messages.success(request, act(timezone.now()))
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    return redirect(back)
