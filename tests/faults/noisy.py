"""A web and a worker that fail on command, with words of a person everywhere."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import warnings
from typing import Any

from contactcenter.asgi import application as ours
from contactcenter.celery import app

NEEDLE = "Zebrafinch at 18 Millrace Court"
app.conf.task_default_queue = app.conf.task_queues = None
app.conf.task_default_queue = "noisy"


class Unforgiving:
    def __init__(self, words: str) -> None:
        self.words = words

    def __del__(self) -> None:
        raise RuntimeError(self.words)


def fail(words: str) -> None:
    kept = [words]
    try:
        raise KeyError(words)
    except KeyError:
        raise ValueError(f"{kept} cannot be read") from None


def cry(words: str) -> None:
    """Provoke everything that Python itself would print."""
    threading.Thread(target=fail, args=(words,), name=words).start()
    Unforgiving(words)
    gc.collect()
    warnings.warn(words, UserWarning, stacklevel=1)
    asyncio.get_running_loop().call_soon(fail, words)


async def _fail_later(words: str) -> None:
    fail(words)


async def application(scope: Any, receive: Any, send: Any) -> None:
    path = scope.get("path", "")
    if path == "/fails":
        fail(NEEDLE)
    if path == "/cries":
        cry(NEEDLE)
        tasks = [asyncio.create_task(_fail_later(NEEDLE), name=NEEDLE)]
        await asyncio.sleep(0.01)
        tasks.clear()
        gc.collect()
    await ours(scope, receive, send)


@app.task(name="noisy.fail", queue="noisy")
def fail_at_work(words: str) -> None:
    fail(words)


if __name__ == "__main__":
    import django

    django.setup()
    fail(sys.argv[1])
