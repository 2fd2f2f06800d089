"""JSON over HTTP for programs and widgets: exact origins, bodies read strictly, every refusal in one form."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeAlias

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from contactcenter.lib.errors import DomainError, Invalid, Unavailable
from contactcenter.lib.frames import MAX_BYTES, parse_object

View: TypeAlias = Callable[..., Coroutine[Any, Any, HttpResponse]]
PREFLIGHT_SECONDS = "600"
logger = logging.getLogger(__name__)


def open_to_sites(*methods: str) -> Callable[[View], View]:
    """Open an asynchronous view, without cookies, to programs and to the pages of `ALLOWED_ORIGINS`.

    Another page's request is refused before the view is asked; a refusal of the
    view becomes its JSON body and status.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        async def answer(request: HttpRequest, *arguments: Any, **more: Any) -> HttpResponse:
            origin = request.headers.get("Origin")
            try:
                response = await _answer(view, methods, request, *arguments, **more)
            except DomainError as refusal:
                response = refusal_response(refusal)
            except (OperationalError, InterfaceError) as error:
                logger.warning("not answered: %s", type(error).__name__)
                response = refusal_response(Unavailable(_("This did not work just now. Try again in a moment.")))
            response.setdefault("Cache-Control", "no-store")
            response["Vary"] = "Origin"
            if origin in settings.ALLOWED_ORIGINS:
                response["Access-Control-Allow-Origin"] = origin
            return response

        return answer

    return decorate


async def _answer(
    view: View, methods: tuple[str, ...], request: HttpRequest, *arguments: Any, **more: Any
) -> HttpResponse:
    origin = request.headers.get("Origin")
    if origin is not None and origin not in settings.ALLOWED_ORIGINS:
        raise DomainError("forbidden_origin", _("This site may not open a chat here."))
    if request.method == "OPTIONS":
        return _preflight(methods)
    if request.method not in methods:
        return _not_allowed(methods)
    return await view(request, *arguments, **more)


def _preflight(methods: tuple[str, ...]) -> HttpResponse:
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Methods"] = ", ".join(methods)
    response["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    response["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
    return response


def _not_allowed(methods: tuple[str, ...]) -> HttpResponse:
    detail = _("This address takes %(methods)s only.") % {"methods": ", ".join(methods)}
    return JsonResponse({"code": "invalid", "detail": detail}, status=405, headers={"Allow": ", ".join(methods)})


def refusal_response(refusal: DomainError) -> JsonResponse:
    """Return a refusal as JSON with its status."""
    response = JsonResponse(refusal.body(), status=refusal.status)
    if "retry_after" in refusal.more:
        response["Retry-After"] = str(refusal.more["retry_after"])
    if refusal.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def json_body(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object of a request. Raises `DomainError` (`unsupported`, `too_large`) or `Invalid`."""
    if request.content_type != "application/json":
        raise DomainError("unsupported", _("Send JSON with Content-Type: application/json."))
    length = request.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length) > MAX_BYTES:
        raise DomainError("too_large", _("This is larger than 65,536 bytes. Send less at a time."))
    return parse_object(request.read(MAX_BYTES + 1))


def bearer_token(request: HttpRequest) -> str:
    """Return the token of the Authorization header. Raises `unauthorized`."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise DomainError("unauthorized", _("Send the chat's token as Authorization: Bearer."))
    return token.strip()


def whole_number_argument(request: HttpRequest, name: str, default: int) -> int:
    """Return a number of 0 or more from the query string. Raises `Invalid`."""
    value = request.GET.get(name)
    if value is None:
        return default
    if value.isascii() and value.isdigit() and len(value) <= 10:
        return int(value)
    raise Invalid(_("%(field)s must be a whole number, 0 or more.") % {"field": name}, field=name)
