"""What an admin can set for a rule: its values, their limits, and what each means in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.lib.errors import Invalid
from policies.kinds import Number, Switch, Value


@dataclass(frozen=True)
class Settable:
    """The values of one rule, and the sentence that they amount to."""

    values: tuple[Value, ...]
    say: Callable[[Mapping[str, Any]], str]


def say_seconds(seconds: int) -> str:
    """Return a span as people read it in a chat: 2:00."""
    return f"{seconds // 60}:{seconds % 60:02d}"


def say_minutes_left(seconds: int) -> str:
    """Return a span for a sentence that goes on with “minutes”: 2, or 2:30."""
    return str(seconds // 60) if seconds % 60 == 0 else say_seconds(seconds)


def _say_hours(values: Mapping[str, Any]) -> str:
    if values["always_open"]:
        return _("The chat is open at any hour, which departs from the rule.")
    return _("The chat opens inside the opening hours only.")


SETTABLE: dict[str, Settable] = {
    "EM-HRS": Settable(
        (
            Switch(
                "always_open",
                gettext_lazy("Open at any hour"),
                gettext_lazy(
                    "The chat then takes residents day and night, whatever the calendar says. The conformance page "
                    "shows it as a departure from EM-HRS. Meant for demonstrations."
                ),
            ),
        ),
        _say_hours,
    ),
    "EM-HRS-30": Settable(
        (
            Number(
                "minutes_before_closing",
                gettext_lazy("Minutes before closing"),
                gettext_lazy(
                    "New chats are taken until so many minutes before closing time; who waits by then may still be "
                    "accepted until closing. 0: until closing time itself."
                ),
                0,
                720,
                default=30,
            ),
        ),
        lambda values: (
            _("The last chat begins %(count)d minutes before closing time.")
            % {"count": values["minutes_before_closing"]}
        ),
    ),
    "EM-IDLE-2": Settable(
        (
            Number(
                "seconds",
                gettext_lazy("Seconds of silence until the notice"),
                gettext_lazy(
                    "Counted from the agent's last message that the resident has not followed with a sign of life. "
                    "Holds for messages that are written from then on; running clocks keep theirs."
                ),
                1,
                3600,
                default=120,
            ),
        ),
        lambda values: (
            _("A silent resident is asked after %(time)s whether they are still there.")
            % {"time": say_seconds(values["seconds"])}
        ),
    ),
    "EM-IDLE-4": Settable(
        (
            Number(
                "seconds",
                gettext_lazy("Seconds of silence in total until the end"),
                gettext_lazy(
                    "The notice of EM-IDLE-2 is part of it: with 120 there and 240 here the chat ends 120 seconds "
                    "after the notice was sent. Holds for notices that are sent from then on."
                ),
                2,
                7200,
                default=240,
            ),
        ),
        lambda values: _("A chat ends after %(time)s of silence in total.") % {"time": say_seconds(values["seconds"])},
    ),
    "DF-REVIEW": Settable(
        (
            Number(
                "years",
                gettext_lazy("Years between reviews"),
                gettext_lazy(
                    "A document without a review date of its own is due so many years after its last review, or "
                    "after its adoption. Overdue ones are listed."
                ),
                1,
                50,
                default=5,
            ),
        ),
        lambda values: _("Documents are reviewed every %(count)d years.") % {"count": values["years"]},
    ),
}


def default_of(rule: str, name: str) -> Any:
    """Return what a value is where nobody has set it. Raises `KeyError` for a name that the rule does not have."""
    return _defaults(rule)[name]


def whole(rule: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a version with those that it did not have yet, as their defaults."""
    return {**_defaults(rule), **values}


def _defaults(rule: str) -> dict[str, Any]:
    return {value.name: value.default for value in values_of(rule)}


def values_of(rule: str) -> tuple[Value, ...]:
    """Return what can be set for a rule."""
    settable = SETTABLE.get(rule)
    return settable.values if settable else ()


def check_values(rule: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a rule, whole and within their limits. Raises `Invalid`."""
    known = values_of(rule)
    unknown = set(values) - {value.name for value in known}
    if unknown:
        raise Invalid(
            _("%(rule)s has no value %(names)s.") % {"rule": rule, "names": ", ".join(sorted(unknown))}, field="values"
        )
    return {value.name: value.check(values.get(value.name)) for value in known}


def say(rule: str, values: Mapping[str, Any]) -> str:
    """Return what a rule's values mean, in a sentence."""
    settable = SETTABLE.get(rule)
    return settable.say(whole(rule, values)) if settable else _("The rule holds as it is written.")
