"""A Celery worker of its own process, with the command of the product."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from contactcenter.lib.embedded import die_with_parent
from tests.patience import SOON


@contextmanager
def noisy_worker(output: Path, **environment: str) -> Iterator[None]:
    """Run the worker of `tests.faults.noisy`; what it says is in that file."""
    command = [sys.executable, "-m", "celery", "--app", "tests.faults.noisy", "--quiet", "worker", "--loglevel", "INFO"]
    command += ["--pool", "threads", "--concurrency", "1", "--queues", "noisy", "--without-gossip", "--without-mingle"]
    with output.open("wb") as said:
        worker = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env={**os.environ, "REDIS_URL": settings.REDIS_URL, **environment},
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(SOON)
