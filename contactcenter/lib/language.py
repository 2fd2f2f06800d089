"""In which language a page is shown: the one that was chosen, else the browser's. Staff pages are in English."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

COOKIE = "townline_language"  # set by a choice on a resident's page, never inside another site's frame
COOKIE_SECONDS = 31_536_000
ARGUMENT = "language"
STAFF_PAGES = ("/accounts/", "/admin/", "/desk/", "/reports/", "/supervise/", "/health/", "/api/docs/", "/api/v1/desk/")
PUBLIC_AND_STAFF = "/policies/"
FRAMED = "/chat/widget/"


def supported(code: object) -> str | None:
    """Return the language of the program that is nearest to a code from outside, or None."""
    try:
        return translation.get_supported_language_variant(code) if isinstance(code, str) else None
    except LookupError:
        return None


def stem_of(code: str) -> str:
    """Return the language of a code without its region: `fr` of `fr-CA`."""
    return code.partition("-")[0]


class LanguageMiddleware(LocaleMiddleware):
    """Activates the page's language. A choice by `?language=` is kept in a cookie, but for the framed widget."""

    def process_request(self, request: HttpRequest) -> None:
        language = language_of(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = super().process_response(request, response)
        chosen = supported(request.GET.get(ARGUMENT))
        if chosen and request.path != FRAMED and not request.path.startswith((*STAFF_PAGES, "/api/")):
            secure = bool(settings.SESSION_COOKIE_SECURE)
            response.set_cookie(COOKIE, chosen, max_age=COOKIE_SECONDS, secure=secure, httponly=True, samesite="Lax")
        return response


def language_of(request: HttpRequest) -> str:
    """Return the language in which to answer a request."""
    if request.path.startswith(STAFF_PAGES):
        return "en"
    chosen = supported(request.GET.get(ARGUMENT)) or supported(request.COOKIES.get(COOKIE))
    if chosen:
        return chosen
    if request.path.startswith(PUBLIC_AND_STAFF) and settings.SESSION_COOKIE_NAME in request.COOKIES:
        return "en"
    return translation.get_language_from_request(request)
