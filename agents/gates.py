"""Who may open a page of staff, and who gets an answer for their programs: asked in one way at every door."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.views.decorators.cache import never_cache

from contactcenter.lib.api import refusal_response
from contactcenter.lib.errors import DomainError, NotFound, Unauthorized

View = Callable[..., HttpResponse]
May = Callable[[Any], bool]


def page_for(may: May, sorry: str | Promise) -> Callable[[View], View]:
    """Return what lets a page open for whom `may` says; others read `sorry`, or are sent to the log-in."""

    def gated(view: View) -> View:
        @login_required
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **which: Any) -> HttpResponse:
            if not may(request.user):
                raise PermissionDenied(str(sorry))
            return view(request, *args, **which)

        return guarded

    return gated


def answer_for(may: May, *, unknown: str | Promise, sorry: str | Promise) -> Callable[[View], View]:
    """Return what lets programs of whom `may` says be answered; every refusal becomes its JSON body and status.

    Who is not logged in reads `unknown` (401), who may not `sorry` (404).
    """

    def gated(view: View) -> View:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **which: Any) -> HttpResponse:
            try:
                if not request.user.is_authenticated:
                    raise Unauthorized(unknown)
                if not may(request.user):
                    raise NotFound(sorry)
                return view(request, *args, **which)
            except DomainError as refusal:
                return refusal_response(refusal)

        return guarded

    return gated
