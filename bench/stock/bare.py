"""The limit: a relay in the memory of one process, without any framework."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_sides: dict[str, dict[str, Send]] = {}


async def relay(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Serve the baselines' protocol: `ack` to the sender, `event` to the other side of `/ws/<session>/<side>`."""
    if scope["type"] != "websocket":
        return
    _, _, session, side = scope["path"].split("/")
    sides = _sides.setdefault(session, {})
    sides[side] = send
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await _pass_on(json.loads(message["text"]), side, sides)
    del sides[side]
    if not sides:
        del _sides[session]


async def _pass_on(frame: dict[str, Any], side: str, sides: dict[str, Send]) -> None:
    await sides[side](_text({"type": "ack", "id": frame["id"]}))
    event = _text({"type": "event", "from": side, "id": frame["id"], "text": frame["text"]})
    for other, send in sides.items():
        if other != side:
            await send(event)


def _text(frame: dict[str, Any]) -> dict[str, Any]:
    return {"type": "websocket.send", "text": json.dumps(frame)}
