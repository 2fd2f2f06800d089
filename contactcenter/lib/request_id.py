"""One id for each request, socket and task: every log line bears it, and so does the answer."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, ClassVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from contactcenter.lib.address import comes_from_a_trusted_proxy

HEADER = "X-Request-ID"
META_KEY = "townline.request_id"
WELL_FORMED = re.compile(r"[0-9a-f-]{16,64}")  # no word fits
request_id: ContextVar[str] = ContextVar("request_id", default="")

Respond = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


def id_of(source: HttpRequest | Mapping[str, Any]) -> str:
    """Return the id that a trusted proxy gave this request or ASGI scope, else a new one."""
    given = _given(source)
    return given if WELL_FORMED.fullmatch(given) and comes_from_a_trusted_proxy(source) else str(uuid.uuid4())


def _given(source: HttpRequest | Mapping[str, Any]) -> str:
    if isinstance(source, HttpRequest):
        return source.headers.get(HEADER, "")
    name = HEADER.lower().encode()
    return next((value.decode("latin-1") for key, value in source["headers"] if key == name), "")


def _named(request: HttpRequest) -> str:
    """Name the request; Django logs some answers only after all middleware, and then knows the request alone."""
    own = id_of(request)
    request.META[META_KEY] = own
    return own


class RequestIdMiddleware:
    """Gives each request its id, and the answer the same. The first of all: what the others log bears it too."""

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
        before = request_id.set(_named(request))
        try:
            response = self.get_response(request)
            assert isinstance(response, HttpResponseBase)
            response[HEADER] = request_id.get()
            return response
        finally:
            request_id.reset(before)  # the thread serves others after us

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        own = _named(request)
        before = request_id.set(own)
        try:
            response = self.get_response(request)
            assert not isinstance(response, HttpResponseBase)
            answer = await response
        finally:
            request_id.reset(before)
        answer[HEADER] = own
        return answer


def with_request_id(application: Application) -> Application:
    """Return the ASGI application with an id for each of its connections."""

    async def wrapped(scope: Message, receive: Any, send: Any) -> None:
        before = request_id.set(id_of(scope))
        try:
            await application(scope, receive, send)
        finally:
            request_id.reset(before)

    return wrapped
