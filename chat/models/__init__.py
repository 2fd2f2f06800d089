"""What a chat is made of. Only `chat.actions` writes here."""

from chat.models.events import ChatEvent, Kind, Side, StaffEvent, StaffKind
from chat.models.offers import Ending, Offer, OfferQuerySet, Transfer, TransferQuerySet
from chat.models.retention import (
    PERSON_REASONS,
    ChatRecord,
    Evaluation,
    EvaluationDecision,
    LedgerEntry,
    PurgeRun,
    Reading,
    RetentionMark,
)
from chat.models.sessions import (
    ChatSession,
    ChatSessionQuerySet,
    Connection,
    ConnectionQuerySet,
    Emergency,
    Pulse,
    Seat,
    Unmatched,
)
from chat.models.stopped import StoppedText
from chat.models.wordings import Wording, WordingQuerySet, city_fields

__all__ = [
    "PERSON_REASONS",
    "ChatEvent",
    "ChatRecord",
    "ChatSession",
    "ChatSessionQuerySet",
    "Connection",
    "ConnectionQuerySet",
    "Emergency",
    "Ending",
    "Evaluation",
    "EvaluationDecision",
    "Kind",
    "LedgerEntry",
    "Offer",
    "OfferQuerySet",
    "Pulse",
    "PurgeRun",
    "Reading",
    "RetentionMark",
    "Seat",
    "Side",
    "StaffEvent",
    "StaffKind",
    "StoppedText",
    "Transfer",
    "TransferQuerySet",
    "Unmatched",
    "Wording",
    "WordingQuerySet",
    "city_fields",
]
