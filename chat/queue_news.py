"""The queue as this process sends it on, and the routing that this process sets going."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import Error
from django.utils import timezone

from chat import news
from chat.actions import route
from chat.listeners import CustomerListener, DeskListener
from chat.projection import Frame, Waiting

if TYPE_CHECKING:
    from chat.relay import Relay

QUEUE_EVERY = 0.1  # seconds between two looks at the queue
ROUTE_EVERY = 0.1  # seconds between two passes of the routing
# Of an item that stays in the queue. Not `position`: who leaves the head moves everybody, and each desk counts itself.
CHANGING = ("priority", "requeued_at", "hidden_before", "offered", "unmatched")
logger = logging.getLogger(__name__)


class QueueNews:
    """Sends the desks the changes of the queue, and those who wait their position."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.is_woken = False
        self._read_at = -QUEUE_EVERY
        self._is_route_due = False
        self._routing: asyncio.Task[None] | None = None

    def read_at_once(self) -> None:
        """Let the next look come without a pause after the one before."""
        self._read_at = -QUEUE_EVERY

    async def refresh_in_time(self) -> None:
        """Read the queue if it has news, but not more often than people can read: who asks sooner waits a moment."""
        if not self.is_woken:
            return
        self.is_woken = False
        wait = self._read_at + QUEUE_EVERY - self.relay.loop.time()
        if wait > 0:
            self.relay.loop.call_later(wait, self.relay.wake_queue)
            return
        self._read_at = self.relay.loop.time()
        await self._refresh()

    async def _refresh(self) -> None:
        """Send the changes of the queue to the desks, and their new position to those who wait."""
        queue = await self.relay.read(news.read_queue, at=timezone.now())
        for sockets in list(self.relay.desks.values()):
            for socket in sockets:
                _send_changes(socket, queue.seen_from(socket.departments))
        for session_id, customers in list(self.relay.customers.items()):
            for customer in list(customers):
                _send_position(customer, queue.waiting.get(session_id))

    # Routing ----------------------------------------------------------------
    def route_soon(self) -> None:
        """Something was committed here that may make a match possible: offer what waits, off everybody's path."""
        self._is_route_due = True
        if self._routing is None:
            self._routing = self.relay.loop.create_task(self._route(), context=Context())

    async def _route(self) -> None:
        try:
            while self._is_route_due:
                self._is_route_due = False
                await self.relay.read(route, at=timezone.now())
                await asyncio.sleep(ROUTE_EVERY)
        except Error as error:
            logger.warning("chats not routed, tried again by the sweep: %s", type(error).__name__)
        except Exception:
            logger.exception("chats not routed by a fault of ours, tried again by the sweep")
        finally:
            self._routing = None

    async def stop(self) -> None:
        if self._routing is not None:
            self._routing.cancel()
            await asyncio.gather(self._routing, return_exceptions=True)


def _send_changes(socket: DeskListener, items: dict[UUID, Frame]) -> None:
    added = [item for pk, item in items.items() if _is_news(socket.queue.get(pk), item)]
    removed = [str(pk) for pk in socket.queue if pk not in items]
    socket.queue = items
    if added or removed:
        socket.push({"type": "queue", "added": added, "removed": removed})


def _is_news(known: Frame | None, item: Frame) -> bool:
    return known is None or any(known.get(name) != item.get(name) for name in CHANGING)


def _send_position(customer: CustomerListener, waiting: Waiting | None) -> None:
    """Send a place in the line that is new; who left the line is told anew when they are back, be it the same."""
    known, customer.waiting = customer.waiting, waiting
    if waiting is not None and waiting != known:
        position, estimate = waiting
        customer.push({"type": "queue", "position": position, "estimated_wait_seconds": estimate})
