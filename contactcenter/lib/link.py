"""How the web processes wake each other: one channel a process, one group for all.

What goes through is facts, ids only. Nothing that matters depends on arrival.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context

from channels.layers import get_channel_layer

from contactcenter.lib.events import GROUP, Facts

RETRY_SECONDS = 1.0
TRIES = 3
WAITING_FACTS = 10_000  # beyond that the oldest are dropped: the cycle finds what they spoke of
logger = logging.getLogger(__name__)


class ProcessLink:
    """Sends this process's facts to the others and hands theirs to `hear`."""

    def __init__(self, origin: str, hear: Callable[[Facts], None], connected: Callable[[], None]) -> None:
        self.origin = origin
        self._hear = hear
        self._connected = connected
        self._waiting: list[Facts] = []
        self._sending: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._is_stopped = False

    def start(self) -> None:
        self._listening = asyncio.get_running_loop().create_task(self._listen(), context=Context())

    async def stop(self) -> None:
        self._is_stopped = True
        for task in (self._listening, self._sending):
            while task is not None and not task.done():
                task.cancel()  # again, for the layer's client turns a cancelled connect into a time-out
                await asyncio.wait([task], timeout=0.1)

    def send(self, facts: Facts) -> None:
        """Send facts soon; those that come while a send is under way go out together."""
        self._waiting.append(facts)
        if len(self._waiting) > WAITING_FACTS:
            del self._waiting[0]
        if self._sending is None:
            self._sending = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        try:
            while self._waiting:
                facts, self._waiting = self._waiting, []
                await self._send_stubbornly(facts)
        finally:
            self._sending = None

    async def _send_stubbornly(self, facts: list[Facts]) -> None:
        """Try a few times: the first send after Valkey came back finds its old connection dead."""
        for is_last in (*[False] * (TRIES - 1), True):
            try:
                await get_channel_layer().group_send(GROUP, {"type": "wake", "origin": self.origin, "facts": facts})
                return
            except Exception as error:  # the layer's client raises many kinds; the others look for themselves
                if is_last:
                    logger.warning("wake-up not sent: %s", type(error).__name__)
            if not is_last:
                await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        """Subscribe, say so, and listen; again after every failure."""
        while not self._is_stopped:
            try:
                layer = get_channel_layer()
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                self._connected()
                while True:
                    self._take(await layer.receive(channel))
            except Exception as error:
                logger.warning("not listening to other processes: %s", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    def _take(self, message: Facts) -> None:
        if message.get("origin") == self.origin:
            return
        for facts in message["facts"]:
            self._hear(facts)
