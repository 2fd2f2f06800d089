"""The rungs of a ladder as a kind of value: what they may be, and what is said of anything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.lib.errors import Invalid

MOST_RUNGS = 6
MOST_CHATS = 1_000_000
OPERATORS = (">", ">=")

FIGURES: dict[str, tuple[Promise, int, int]] = {  # what it is called, the least and the most
    "chats": (gettext_lazy("chats needed"), 0, MOST_CHATS),
    "percent": (gettext_lazy("percentage satisfied"), 0, 100),
    "seconds": (gettext_lazy("seconds until the first response"), 1, 3600),
    "seats": (gettext_lazy("chats at once"), 1, 1000),
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with rungs: with all of them, or with a line (from 1) and, where that is known, its columns."""

    sentence: str
    line: int | None = None
    columns: tuple[str, ...] = ()


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
        """Return the rungs with nothing but what they ask for. Raises `Invalid`, with the first that is wrong."""
        rungs, faults = examine(given)
        if faults:
            raise Invalid(self.say(faults[0]), field=self.name)
        return rungs

    def say(self, fault: Fault) -> str:
        """Return what is wrong, with the name of the value and the line."""
        about = {"label": self.label, "number": fault.line, "sentence": fault.sentence}
        if fault.line is None:
            return _("%(label)s: %(sentence)s") % about
        return _("%(label)s, line %(number)d: %(sentence)s") % about


def examine(given: Any) -> tuple[list[dict[str, Any]], list[Fault]]:
    """Return the rungs with nothing but what they ask for, as far as they can be read, and all that is wrong."""
    if not isinstance(given, list | tuple) or not given:
        return [], [Fault(_("write at least one line, what everybody begins with."))]
    if len(given) > MOST_RUNGS:
        return [], [Fault(_("write %(count)d lines at most.") % {"count": MOST_RUNGS})]
    faults: list[Fault] = []
    rungs = [_rung(number, rung, faults) for number, rung in enumerate(given, start=1)]
    more = tuple(rungs[0].keys() - {"chats", "seats"}) + (("chats",) if rungs[0].get("chats") else ())
    if more:
        begins = _("the first line is what everybody begins with. Let it ask for 0 chats and for nothing else.")
        faults.append(Fault(begins, 1, more))
    for number, (lower, upper) in enumerate(pairwise(rungs), start=2):
        faults += _not_rising(number, lower, upper)
    return rungs, sorted(faults, key=lambda fault: fault.line or 0)


def _not_rising(number: int, lower: Mapping[str, Any], upper: Mapping[str, Any]) -> Iterator[Fault]:
    for name in ("chats", "seats"):
        if name in lower and name in upper and upper[name] <= lower[name]:
            sentence = _("%(what)s must rise from line to line, and here they do not. Write more than %(before)d.")
            what = {"what": FIGURES[name][0], "before": lower[name]}
            yield Fault(sentence % what, number, (name,))


def _rung(number: int, given: Any, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        faults.append(Fault(_("this is no rung."), number))
        return {}
    facts = {name: value for name, value in given.items() if value not in (None, "")}
    rung = _whole(facts, "chats", number, faults)
    if "operator" in facts or "percent" in facts:
        rung |= _satisfaction(facts, number, faults)
    if "seconds" in facts:
        rung |= _whole(facts, "seconds", number, faults)
    return rung | _whole(facts, "seats", number, faults)


def _satisfaction(facts: Mapping[str, Any], number: int, faults: list[Fault]) -> dict[str, Any]:
    if facts.get("operator") not in OPERATORS or "percent" not in facts:
        sentence = _("satisfaction takes a sign (> or >=) and a percentage. Write both, or neither.")
        faults.append(Fault(sentence, number, ("percent",) if "percent" not in facts else ("operator",)))
        return {}
    most = 99 if facts["operator"] == ">" else None
    return {"operator": facts["operator"], **_whole(facts, "percent", number, faults, most=most)}


def _whole(
    facts: Mapping[str, Any], name: str, number: int, faults: list[Fault], *, most: int | None = None
) -> dict[str, Any]:
    """Return the figure under its name; nothing where it is none, which is then among the faults."""
    what, least, usual_most = FIGURES[name]
    given, limit = facts.get(name), usual_most if most is None else most
    if isinstance(given, int) and not isinstance(given, bool) and least <= given <= limit:
        return {name: given}
    sentence = _("%(what)s: write a whole number from %(least)d to %(most)d.")
    faults.append(Fault(sentence % {"what": what, "least": least, "most": limit}, number, (name,)))
    return {}
