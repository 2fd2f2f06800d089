"""Ends log-ins that are idle, too old, ended elsewhere or lack a second factor, on every page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from agents.actions import end_login, record_activity
from agents.permissions import access_login

Respond = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


ASKED_BY_PROGRAMS = "/api/v1/desk/"  # the desk asks by itself, again and again: no sign that a person is there


class StaffSessionMiddleware:
    """Keeps `request.user` only while the `LogIn` behind the session is alive.

    A request without our session cookie costs nothing here; one with it is a
    sign of life of the person, noted at most once in 10 seconds.
    """

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = True

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._answer(request)
        if has_session_cookie(request):
            judge(request)
        return self.get_response(request)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        if has_session_cookie(request):
            await sync_to_async(judge)(request)
        response = self.get_response(request)
        assert not isinstance(response, HttpResponseBase)
        return await response


def has_session_cookie(request: HttpRequest) -> bool:
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def judge(request: HttpRequest) -> None:
    """Keep the log-in alive, or take it away."""
    if SESSION_KEY not in request.session:
        return
    at = timezone.now()
    session_key = request.session.session_key or ""
    if access_login(session_key, at=at) is not None:
        if not request.path.startswith(ASKED_BY_PROGRAMS):
            record_activity(session_key, at=at)
        return
    end_login(session_key, at=at)
    request.session.flush()
    request.user = AnonymousUser()
    request.auser = _nobody


async def _nobody() -> AnonymousUser:
    return AnonymousUser()
