"""The languages of the residents' pages, as a reader chooses among them (see contactcenter/lib/language.py)."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from contactcenter.lib.language import ARGUMENT


@dataclass(frozen=True)
class Choice:
    """A language as the chooser offers it: by its own name, at an address that keeps the rest of this one."""

    code: str
    name: str
    address: str
    is_current: bool


def choices(request: HttpRequest) -> list[Choice]:
    """Return every language of the pages, in the order of the settings."""
    current = translation.get_language()
    return [
        Choice(code, own_name(code), _address(request, code), code == current) for code, _name in settings.LANGUAGES
    ]


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
    kept[ARGUMENT] = code
    return f"?{kept.urlencode()}"
