"""How fast one sender may send frames in one session."""

from __future__ import annotations

import math
from collections.abc import Hashable
from enum import Enum

from django.conf import settings

from chat.rules import LIMIT_WINDOW


class Pace(Enum):
    FINE = "fine"
    SLOW_DOWN = "slow_down"
    CLOSE = "close"


class FrameGate:
    """Counts the frames of each sender in windows of 10 seconds; 0 in a setting lifts its limit.

    Counted in this process: a sender whose sockets are on several processes has several counts.
    """

    def __init__(self) -> None:
        self._windows: dict[Hashable, tuple[float, int]] = {}

    def count(self, sender: Hashable, *, now: float) -> tuple[Pace, int]:
        """Count one frame at `now` (monotonic seconds); answer the pace and the seconds until the window ends."""
        warn, close = settings.LIMIT_MESSAGES_WARN, settings.LIMIT_MESSAGES_CLOSE
        if not warn and not close:
            return Pace.FINE, 0
        started, frames = self._windows.get(sender, (now, 0))
        if now - started >= LIMIT_WINDOW:
            started, frames = now, 0
        frames += 1
        self._windows[sender] = (started, frames)
        wait = max(1, math.ceil(started + LIMIT_WINDOW - now))
        if close and frames > close:
            return Pace.CLOSE, wait
        if warn and frames > warn:
            return Pace.SLOW_DOWN, wait
        return Pace.FINE, 0

    def forget_old(self, *, now: float) -> None:
        """Drop the windows that are over."""
        self._windows = {key: window for key, window in self._windows.items() if now - window[0] < LIMIT_WINDOW}
