"""The kinds of values that a rule can have: what each may be, and what is said of anything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from contactcenter.lib.errors import Invalid
from contactcenter.lib.frames import check_text
from contactcenter.lib.phones import can_be_dialled
from policies.rungs import Rungs

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_check_address = URLValidator(schemes=["https"])


@dataclass(frozen=True)
class Number:
    """A whole number with a unit."""

    name: str
    label: Promise
    help: Promise
    least: int
    most: int
    default: int

    def check(self, given: Any) -> int:
        """Return the number. Raises `Invalid`."""
        if isinstance(given, bool) or not isinstance(given, int) or not self.least <= given <= self.most:
            raise Invalid(
                _("%(label)s: write a whole number from %(least)d to %(most)d.")
                % {"label": self.label, "least": self.least, "most": self.most},
                field=self.name,
            )
        return given


@dataclass(frozen=True)
class Switch:
    """Something that is on or off."""

    name: str
    label: Promise
    help: Promise
    default: bool = False

    def check(self, given: Any) -> bool:
        """Return whether it is on; nothing given is off."""
        return bool(given)


@dataclass(frozen=True)
class Text:
    """A line of at most `longest` characters; an address begins with https://, a phone number can be dialled."""

    name: str
    label: Promise
    help: Promise
    longest: int
    default: str = ""
    is_address: bool = False
    is_phone: bool = False
    is_required: bool = False

    def check(self, given: Any) -> str:
        """Return the text, with each run of white space as one blank. Raises `Invalid`."""
        if not isinstance(given, str | None):
            raise self._refusal(_("%(label)s: write a text."))
        text = " ".join((given or "").split())
        check_text(text, self.name)
        if self.is_required and not text:
            raise self._refusal(_("%(label)s: this must not stay empty. Write it down."))
        if len(text) > self.longest:
            raise self._refusal(_("%(label)s: this is too long. Shorten it to %(longest)d characters."))
        if self.is_address and text and not _is_address(text):
            raise self._refusal(
                _("%(label)s: this is no address. Copy it from the browser; it begins with https://, such as %(such)s.")
            )
        if self.is_phone and text and not can_be_dialled(text):
            raise self._refusal(_("%(label)s: this is no phone number. Write its digits, such as 555-0100."))
        return text

    def _refusal(self, sentence: str) -> Invalid:
        facts = {"label": self.label, "longest": self.longest, "such": "https://www.example.org/pay/"}
        return Invalid(sentence % facts, field=self.name)


@dataclass(frozen=True)
class TimeOfDay:
    """A time on the city's clock, kept as `HH:MM`."""

    name: str
    label: Promise
    help: Promise
    default: str

    def check(self, given: Any) -> str:
        """Return the time with two digits each. Raises `Invalid`."""
        match = _TIME.fullmatch(given.strip()) if isinstance(given, str) else None
        if match is None:
            raise Invalid(
                _("%(label)s: write a time of day from 00:00 to 23:59, such as 02:00.") % {"label": self.label},
                field=self.name,
            )
        return f"{int(match[1]):02d}:{match[2]}"


Value = Number | Switch | Text | TimeOfDay | Rungs


def _is_address(text: str) -> bool:
    try:
        _check_address(text)
    except ValidationError:
        return False
    return True


@dataclass(frozen=True)
class Settable:
    """The values of one rule, and the sentence that they amount to."""

    values: tuple[Value, ...]
    say: Callable[[Mapping[str, Any]], str]


def say_seconds(seconds: int) -> str:
    """Return a span as people read it in a chat: 2:00."""
    return f"{seconds // 60}:{seconds % 60:02d}"
