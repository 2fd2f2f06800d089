"""What a chat is made of. Only `chat.actions` writes here."""

from chat.models.events import ChatEvent, Kind, Side
from chat.models.sessions import ChatSession, ChatSessionQuerySet, Connection, ConnectionQuerySet, Pulse, Seat
from chat.models.wordings import Wording, WordingQuerySet, city_fields

__all__ = [
    "ChatEvent",
    "ChatSession",
    "ChatSessionQuerySet",
    "Connection",
    "ConnectionQuerySet",
    "Kind",
    "Pulse",
    "Seat",
    "Side",
    "Wording",
    "WordingQuerySet",
    "city_fields",
]
