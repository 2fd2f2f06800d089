"""Places where a test lets this process die, so that "killed between commit and ack" is exact.

`FAILPOINTS` is a comma-separated list of names; the settings refuse it outside of tests.
"""

from __future__ import annotations

import os
import signal

from django.conf import settings


def failpoint(name: str) -> None:
    """Kill this process with SIGKILL when `name` is listed in `FAILPOINTS`."""
    if name in settings.FAILPOINTS:
        os.kill(os.getpid(), signal.SIGKILL)
