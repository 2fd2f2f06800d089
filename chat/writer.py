"""Group commit: messages that arrive while a write is under way go out together in the next transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import Error, connection
from django.utils.translation import gettext_lazy as _

from chat.actions import Draft, Result, append
from contactcenter.lib.errors import DomainError

LARGEST_BATCH = 256
logger = logging.getLogger(__name__)


def append_each(batch: Sequence[Draft]) -> list[Result]:
    """Append a batch; when the batch as a whole fails, each draft by itself, so that one cannot fail the others.

    Whatever fails, each draft is answered: a writer's thread that ended here would keep every later message waiting.
    """
    try:
        return append(batch)
    except Error as error:
        logger.warning("a batch of %d messages failed: %s", len(batch), type(error).__name__)
        _let_go_of_a_broken_connection()
    except Exception:
        logger.exception("a batch of %d messages failed by a fault of ours", len(batch))
    if len(batch) == 1:
        return [Result(error=unavailable())]
    return [result for draft in batch for result in append_each([draft])]


def unavailable() -> DomainError:
    return DomainError("unavailable", _("Your text could not be stored just now. It is kept here and sent again."))


def _let_go_of_a_broken_connection() -> None:
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


class Writer:
    """Writes drafts in batches on a thread of its own; `written` is called in the event loop, in order."""

    def __init__(self, executor: ThreadPoolExecutor, written: Callable[[list[Draft], list[Result]], None]) -> None:
        self._executor = executor
        self._written = written
        self._waiting: list[tuple[Draft, Callable[[Result], None]]] = []
        self._task: asyncio.Task[None] | None = None

    def write(self, draft: Draft, answer: Callable[[Result], None]) -> None:
        """Store a draft soon. `answer` is called once it is committed or refused, before any later event is sent."""
        self._waiting.append((draft, answer))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    @property
    def is_behind(self) -> bool:
        """Whether more waits than goes into the next batch."""
        return len(self._waiting) > LARGEST_BATCH

    async def stop(self) -> None:
        """Wait until what was handed in is written."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
                drafts = [draft for draft, _answer in batch]
                results = await loop.run_in_executor(self._executor, append_each, drafts)
                for (_draft, answer), result in zip(batch, results, strict=True):
                    answer(result)
                self._written(drafts, results)
        finally:
            self._task = None
