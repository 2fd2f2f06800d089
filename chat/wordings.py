"""What the city says by itself in a session. Reads only."""

from __future__ import annotations

from agents.models import Department
from chat import rules
from chat.models import ChatSession, Wording, city_fields


def wording(kind: str, session: ChatSession, *, default: str, **fields: str) -> str:
    """Return what the city says, in the session's language, or our own words where it has written none."""
    return wording_of(kind, session.department, session.language_id, default=default, **fields)


def wording_of(kind: str, department: Department, language: str, *, default: str, **fields: str) -> str:
    """Return the same where there is no session yet."""
    found = Wording.objects.for_chat(kind, department_id=department.pk, language=language)
    return rules.fill(found.text if found else default, {**city_fields(department, language), **fields})
