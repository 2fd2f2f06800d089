"""Stock Channels: `relay` (no database, the reference) and `durable` (one ORM insert a message).

Both speak the same small protocol: a socket per side of a session at
`/ws/<session>/<side>`, `message` in, `ack` to its sender and `event` to the
other side out, through one group per session, as the tutorial does it.
"""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.stock.settings")

import django

django.setup()

from channels.db import database_sync_to_async  # noqa: E402
from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402

from bench.stock.models import Message  # noqa: E402


class Relay(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        self.session, self.side = self.scope["url_route"]["args"]
        await self.channel_layer.group_add(self.session, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.session, self.channel_name)

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        await self.store(content)
        await self.channel_layer.group_send(
            self.session,
            {"type": "chat.message", "sender": self.channel_name, "from": self.side, **_body(content)},
        )

    async def store(self, content: dict[str, Any]) -> None:
        """The reference keeps nothing."""

    async def chat_message(self, event: dict[str, Any]) -> None:
        if event["sender"] == self.channel_name:
            await self.send_json({"type": "ack", "id": event["id"]})
            return
        await self.send_json({"type": "event", "from": event["from"], "id": event["id"], "text": event["text"]})


class Durable(Relay):
    async def store(self, content: dict[str, Any]) -> None:
        await database_sync_to_async(Message.objects.create)(
            session=self.session, sender=self.side, client_id=content["id"], text=content["text"]
        )


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"id": content["id"], "text": content["text"]}


def _application(consumer: type[Relay]) -> ProtocolTypeRouter:
    return ProtocolTypeRouter({"websocket": URLRouter([re_path(r"^ws/([\w-]+)/(\w+)$", consumer.as_asgi())])})


relay = _application(Relay)
durable = _application(Durable)
