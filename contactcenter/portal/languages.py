"""In which language a resident reads a page: the one they chose, else the browser's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

OFFERED = dict(settings.LANGUAGES)


@dataclass(frozen=True)
class Choice:
    """A language as the chooser offers it: by its own name, at an address that keeps the rest of this one."""

    code: str
    name: str
    address: str
    is_current: bool


def in_the_chosen_language(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer in the language of `?language=`; without one, or with one that we do not have, as the browser asks."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = request.GET.get("language", "")
        if chosen not in OFFERED:
            return view(request, *args, **kwargs)
        with translation.override(chosen):
            response = view(request, *args, **kwargs)
            response.headers["Content-Language"] = chosen
            return response

    return answer


def choices(request: HttpRequest) -> list[Choice]:
    """Return every language of the pages, in the order of the settings."""
    current = translation.get_language()
    return [Choice(code, own_name(code), _address(request, code), code == current) for code in OFFERED]


def own_name(code: str, known_as: str = "") -> str:
    """Return what those who speak a language call it; `known_as` where we do not know."""
    try:
        name: str = translation.get_language_info(code)["name_local"]
    except KeyError:
        return known_as or code
    return name[:1].upper() + name[1:]


def _address(request: HttpRequest, code: str) -> str:
    kept = request.GET.copy()
    kept.pop("continue", None)  # a window that takes a chat over does so once
    kept["language"] = code
    return f"?{kept.urlencode()}"
