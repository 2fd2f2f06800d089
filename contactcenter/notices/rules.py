"""When a mail that could not be sent is tried again."""

from __future__ import annotations

from datetime import timedelta

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
MOST_ATTEMPTS = 14  # over about two days


def pause_after(attempts: int) -> timedelta | None:
    """Return how long to wait after so many failed attempts (1 or more), or None to give up.

    One minute, then twice as long each time, at most six hours.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    doubled: timedelta = FIRST_PAUSE * 2 ** (attempts - 1)
    return min(doubled, LONGEST_PAUSE)
