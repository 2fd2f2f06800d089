"""The rungs of a ladder as a kind of value: what they may be, and what is said of anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from contactcenter.lib.errors import Invalid

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
