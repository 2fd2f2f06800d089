"""Who must be woken when something was committed.

Actions call `emit`; after the commit the facts go to the listeners of this
process and, through the channel layer, to every other process. A wake-up
bears ids and never a text, and it may be lost: whoever listens also looks for
itself, again and again (decision 1).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

Facts: TypeAlias = dict[str, Any]
GROUP = "wake"
logger = logging.getLogger(__name__)
_listeners: list[Callable[[Facts], bool]] = []


def emit(topic: str, **facts: Any) -> None:
    """Tell everybody, after the running transaction has committed, that `topic` has news.

    `facts` are ids and other JSON values, never words of a person.
    """
    transaction.on_commit(partial(publish, {"topic": topic, **facts}), robust=True)


def publish(facts: Facts) -> None:
    """Tell everybody now."""
    is_passed_on = False
    for listener in _listeners:
        is_passed_on = listener(facts) or is_passed_on
    if is_passed_on:
        return
    try:
        async_to_sync(get_channel_layer().group_send)(GROUP, {"type": "wake", "facts": [facts]})
    except Exception as error:  # the layer's client raises many kinds; what was committed stands
        logger.warning("wake-up not published: %s", type(error).__name__)


def listen(listener: Callable[[Facts], bool]) -> None:
    """Register a listener; it answers whether it passes the facts on to other processes itself."""
    _listeners.append(listener)


def stop_listening(listener: Callable[[Facts], bool]) -> None:
    _listeners.remove(listener)
