"""Whether a chat is being passed on. Reads only."""

from __future__ import annotations

from uuid import UUID

from chat.models import Transfer


def is_passed_on(session_id: UUID) -> bool:
    """Say whether a chat is being passed on at the moment."""
    return Transfer.objects.open().filter(session=session_id).exists()
