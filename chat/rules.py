"""Rules of the chat over plain values: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

MAX_TEXT = 4000  # code points
MAX_NAME = 100
TOKEN_AFTERLIFE = timedelta(minutes=30)
REQUEST_REPEATABLE = timedelta(minutes=10)
CONNECTION_STALE = timedelta(seconds=30)
EMERGENCY_PRIORITY = 100  # of a chat in which danger, or a city emergency, was spoken of; others have 0
SOCKETS_PER_SESSION = 3
SOCKETS_PER_AGENT = 5
LIMIT_WINDOW = 10.0  # seconds
OUTAGE = timedelta(seconds=30)  # a longer gap between two pulses
SWEEP_LAG = timedelta(seconds=10)  # how late an automatic act may be and still count as on time

WORDING_FIELDS: Mapping[str, frozenset[str]] = {
    "greeting": frozenset({"agent", "department", "city", "phone"}),
    "collection": frozenset({"department", "city", "phone"}),
    "idle_notice": frozenset({"department", "city", "phone", "left"}),
    "idle_end": frozenset({"department", "city", "phone", "email"}),
    "all_busy": frozenset({"department", "city", "phone", "email"}),
    "nobody_there": frozenset({"department", "city", "phone", "email"}),
    "unanswered": frozenset({"department", "city", "phone", "email"}),
    "choices": frozenset({"department", "city", "phone", "email"}),
    "closing": frozenset({"department", "city", "phone", "email", "opening"}),
    "overtime": frozenset({"department", "city", "phone", "email"}),
    "payment": frozenset({"department", "city", "phone", "pay_page", "pay_phone"}),
    "emergency_life": frozenset({"department", "city", "phone", "number"}),
    "emergency_city": frozenset({"department", "city", "phone", "number"}),
    "emergency_non_emergency": frozenset({"department", "city", "phone", "number"}),
}
_FIELD = re.compile(r"\{([^{}]*)\}")


def estimated_wait_seconds(position: int, accepts: int, *, window: timedelta, needed: int) -> int | None:
    """Return the expected wait in seconds, rounded up, or None below `needed` accepts.

    `accepts`: chats accepted within `window` in that department and language. Source: DF-WAIT.
    """
    if accepts < needed:
        return None
    return -(-position * int(window.total_seconds()) // accepts)


def lowest_free(taken: Iterable[int]) -> int:
    """Return the lowest seat number of 1, 2, 3… that is not taken."""
    held = set(taken)
    return next(number for number in range(1, len(held) + 2) if number not in held)


def unknown_fields(text: str, allowed: frozenset[str]) -> set[str]:
    """Return the fields in braces that `text` may not hold, braces included."""
    return {f"{{{name}}}" for name in _FIELD.findall(text) if name not in allowed}


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace each {field} by its value; what is no field stays as it is."""
    return _FIELD.sub(lambda match: values.get(match[1], match[0]), text)
