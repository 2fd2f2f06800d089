"""Calendars that come with the program; the room that has their files registers them here."""

from __future__ import annotations

from collections.abc import Callable

from policies.calendar import Calendar, Definition, compile_calendar

_readers: dict[str, Callable[[], Definition]] = {}
_compiled: dict[str, Calendar] = {}


def ship(name: str, read: Callable[[], Definition]) -> None:
    """Let the clock answer for a calendar that comes with the program, loaded or not."""
    _readers[name] = read


def shipped_names() -> list[str]:
    return sorted(_readers)


def shipped_calendar(name: str) -> Calendar | None:
    """Return a shipped calendar, compiled once a process; None when there is none of this name."""
    if name not in _readers:
        return None
    if name not in _compiled:
        _compiled[name] = compile_calendar(_readers[name]())
    return _compiled[name]
