"""What the city says by itself in a session. Reads only."""

from __future__ import annotations

from chat import rules
from chat.models import ChatSession, Wording, city_fields


def wording(kind: str, session: ChatSession, *, default: str, **fields: str) -> str:
    """Return what the city says, in the session's language, or our own words where it has written none."""
    found = Wording.objects.for_chat(kind, department_id=session.department_id, language=session.language_id)
    values = {**city_fields(session.department), **fields}
    return rules.fill(found.text if found else default, values)
