"""The pages of the administration of policies, sent as a browser sends them and read as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

from policies.models import BusinessCalendar
from tests.agents.test_admin import INLINE

RULES = "/admin/policies/ruleversion/"
ADOPT = f"{RULES}add/?rule=EM-IDLE-2"
DOCUMENTS = "/admin/policies/document/"
CALENDARS = "/admin/policies/businesscalendar/"
NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # a Tuesday, noon in Toronto
MONDAY = {"starts": "later", "starts_on": "2026-11-30"}
IDLE = {"is_adopted": "yes", "seconds": "180", "starts": "now", "reason": "Residents asked for more time."}
NEW_DOCUMENT = {"code": "SM", "title": "Social media", "body": "Maplebrook", "citation": "R-1"}
USUAL = {f"day_{number}": "8:30-16:30" for number in range(5)}
WEEK = {**USUAL, "starts_on": "2026-12-07", "reason": "Winter hours."}


def shown(answer) -> str:
    """Return the page's text as people read it."""
    assert answer.status_code == 200
    page: str = answer.content.decode()
    assert not INLINE.search(page)
    return page.replace("&#x27;", "'").replace("&quot;", '"')


def errors(answer) -> dict[str, str]:
    """Return what is said at which field."""
    return {field: " ".join(sentences) for field, sentences in answer.context["form"].errors.items()}


def confirm(client, path: str, facts: dict[str, str]):
    """Send the form and then exactly what the preview would send, as a browser does."""
    page = shown(client.post(path, facts))
    found = re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', page)
    hidden = {name: unescape(value) for name, value in found}
    hidden.pop("csrfmiddlewaretoken", None)
    seen = hidden.pop("seen")
    assert {name: value for name, value in hidden.items() if value} == {k: v for k, v in facts.items() if v}
    return client.post(path, {**hidden, "seen": seen, "confirm": "yes"})


def week_of(row: BusinessCalendar) -> str:
    return f"{CALENDARS}{row.pk}/week/"


def day_of(row: BusinessCalendar) -> str:
    return f"{CALENDARS}{row.pk}/day/"
