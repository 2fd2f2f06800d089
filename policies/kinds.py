"""The kinds of values that a rule can have: what each may be, and what is said of anything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from contactcenter.lib.errors import Invalid
from contactcenter.lib.frames import check_text

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
    """A line of text of at most `longest` characters; as an address it begins with https://."""

    name: str
    label: Promise
    help: Promise
    longest: int
    default: str = ""
    is_address: bool = False
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


MOST_RUNGS = 6
MOST_CHATS = 1_000_000
OPERATORS = (">", ">=")


@dataclass(frozen=True)
class Rungs:
    """The rungs of a ladder, kept as a list of mappings.

    Each rung has `chats` (needed) and `seats` (allowed), and where it asks for
    more `operator` and `percent` (of rated chats that were satisfied) and
    `seconds` (a first response below so many). Chats and seats ascend.
    """

    name: str
    label: Promise
    help: Promise
    default: list[dict[str, Any]]

    def check(self, given: Any) -> list[dict[str, Any]]:
        """Return the rungs with nothing but what they ask for. Raises `Invalid`, with the line that is wrong."""
        if not isinstance(given, list | tuple) or not given:
            raise self._refusal(_("write at least one line, what everybody begins with."))
        if len(given) > MOST_RUNGS:
            raise self._refusal(_("write %(count)d lines at most.") % {"count": MOST_RUNGS})
        rungs = [self._rung(number, rung) for number, rung in enumerate(given, start=1)]
        if rungs[0]["chats"] or rungs[0].keys() - {"chats", "seats"}:
            raise self._refusal(
                _("the first line is what everybody begins with. Let it ask for 0 chats and for nothing else."), 1
            )
        for number, (lower, upper) in enumerate(pairwise(rungs), start=2):
            for name, of_what in (("chats", _("chats needed")), ("seats", _("chats at once"))):
                if upper[name] <= lower[name]:
                    raise self._refusal(
                        _("%(what)s must rise from line to line, and here they do not. Write more than %(before)d.")
                        % {"what": of_what, "before": lower[name]},
                        number,
                    )
        return rungs

    def _rung(self, number: int, given: Any) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            raise self._refusal(_("this is no rung."), number)
        facts = {name: value for name, value in given.items() if value not in (None, "")}
        rung = {"chats": self._whole(facts.get("chats"), _("chats needed"), 0, MOST_CHATS, number)}
        if "operator" in facts or "percent" in facts:
            rung |= self._satisfaction(facts, number)
        if "seconds" in facts:
            rung["seconds"] = self._whole(facts["seconds"], _("seconds until the first response"), 1, 3600, number)
        rung["seats"] = self._whole(facts.get("seats"), _("chats at once"), 1, 1000, number)
        return rung

    def _satisfaction(self, facts: Mapping[str, Any], number: int) -> dict[str, Any]:
        if facts.get("operator") not in OPERATORS or "percent" not in facts:
            raise self._refusal(
                _("satisfaction takes a sign (> or >=) and a percentage. Write both, or neither."), number
            )
        most = 99 if facts["operator"] == ">" else 100
        percent = self._whole(facts["percent"], _("percentage satisfied"), 0, most, number)
        return {"operator": facts["operator"], "percent": percent}

    def _whole(self, given: Any, what: str, least: int, most: int, number: int) -> int:
        if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
            raise self._refusal(
                _("%(what)s: write a whole number from %(least)d to %(most)d.")
                % {"what": what, "least": least, "most": most},
                number,
            )
        return given

    def _refusal(self, sentence: str, number: int | None = None) -> Invalid:
        if number is None:
            said = _("%(label)s: %(sentence)s") % {"label": self.label, "sentence": sentence}
        else:
            said = _("%(label)s, line %(number)d: %(sentence)s") % {
                "label": self.label,
                "number": number,
                "sentence": sentence,
            }
        return Invalid(said, field=self.name)


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
