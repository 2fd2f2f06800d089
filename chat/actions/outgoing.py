"""What an agent may send: words that stop a text, contact details to be confirmed, links that become live.

On the path of every message: nothing is read from the database unless a text holds something to look up.

Source: EM-COM-C, EM-PII-A, EM-LINK.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from chat.actions.staff_notes import Flag
from chat.directory import known_contacts
from chat.models import StaffKind, StoppedText
from contactcenter.lib.errors import DomainError
from contactcenter.lib.hashing import keyed_hash
from contactcenter.lib.text import normal_text
from policies.models import RuleVersion
from policies.screening import Link, Screened, Span, find_contacts, is_known, live_links
from policies.staff_texts import PROFANITY
from policies.versions import in_force
from policies.why import source_of
from policies.words import link_domains, profanity_list

WORDS, CONTACTS, LINKS = "EM-COM-C", "EM-PII-A", "EM-LINK"
_MAY_HOLD_CONTACT = re.compile(r"[@\d]")
_MAY_HOLD_LINK = re.compile(r"https://", re.IGNORECASE)


@dataclass(slots=True)
class Passed:
    """What is to be noted of a text that may be sent: contact details that were confirmed, the release of its words."""

    contacts: list[str] = field(default_factory=list)
    released: StoppedText | None = None


NOTHING = Passed()


def guard_words_and_contacts(
    session_id: UUID,
    text: str,
    screened: Screened,
    *,
    agent_id: int,
    confirmed: frozenset[str] = frozenset(),
    used: frozenset[int] = frozenset(),
    at: datetime,
) -> Passed:
    """Return what is to be noted of an agent's text that may be sent; `used` releases count no more.

    Raises `edit` for a text with a profane word that nobody released, and
    `confirm` for one with contact details of others that she has not
    confirmed; both with `spans` of the text as it was sent.
    Source: EM-COM-C, EM-PII-A.
    """
    if not screened.is_profane and _MAY_HOLD_CONTACT.search(screened.text) is None:
        return NOTHING
    released = _guard_words(session_id, text, agent_id=agent_id, used=used, at=at) if screened.is_profane else None
    contacts = _guard_contacts(session_id, text, screened.text, agent_id=agent_id, confirmed=confirmed, at=at)
    return Passed(contacts, released)


def _guard_words(
    session_id: UUID, text: str, *, agent_id: int, used: frozenset[int], at: datetime
) -> StoppedText | None:
    """Return the release by which this agent may send the text, once."""
    version = in_force(WORDS, at=at)
    spans = profanity_list().spans(text) if version else []
    if version is None or not spans:
        return None
    released = StoppedText.objects.filter(is_released=True, sent_seq__isnull=True, agent=agent_id).exclude(pk__in=used)
    found = released.filter(session=session_id, text_key=text_key(session_id, text)).order_by("pk").first()
    if found is None:
        raise DomainError("edit", **why_stopped(spans, version))
    return found


def why_stopped(spans: Iterable[Span], version: RuleVersion) -> dict[str, Any]:
    """Return what its agent reads of a text whose words were stopped, as members of the refusal. Source: EM-COM-C."""
    sentence = _("This holds a word that is not used in chats. Write it in another way, or ask for its release.")
    marked = [[*span, PROFANITY] for span in spans]
    return {"detail": sentence, "spans": marked, "rule": WORDS, "why": source_of(version)}


def text_key(session_id: UUID, text: str) -> str:
    """Return by what exactly this text is known again in this chat."""
    return keyed_hash(f"stopped:{session_id}", normal_text(text))


def _guard_contacts(
    session_id: UUID, text: str, screened: str, *, agent_id: int, confirmed: frozenset[str], at: datetime
) -> list[str]:
    contacts = find_contacts(screened)
    version = in_force(CONTACTS, at=at) if contacts else None
    if version is None:
        return []
    known = known_contacts(session_id, agent_id, at=at)
    foreign = [contact for contact in contacts if not is_known(contact, known)]
    kinds = sorted({contact.why for contact in foreign})
    if confirmed.issuperset(kinds):
        return kinds
    spans = [[*span, contact.why] for span, contact in zip(_as_sent(foreign, text), foreign, strict=True)]
    sentence = _("This holds contact details that are not the city's. Send it again if you mean to give them out.")
    raise DomainError("confirm", sentence, spans=spans, rule=CONTACTS, why=source_of(version))


def _as_sent(found: Iterable[Any], text: str) -> list[Span]:
    """Return where spans of the normal text stand in the text as it was sent, with its CRLF."""
    if "\r\n" not in text:
        return [(each.start, each.end) for each in found]
    places = [place for place in range(len(text)) if text[place : place + 2] != "\r\n"]
    return [(places[each.start], places[each.end - 1] + 1) for each in found]


def notes_on(passed: Passed, session_id: UUID, seq: int, *, at: datetime) -> list[Flag]:
    """Return what staff are told of a text that was sent, now that it has a number. Source: EM-PII-A."""
    if not passed.contacts:
        return []
    return [Flag(session_id, StaffKind.CONTACT, CONTACTS, at, {"seq": seq, "why": passed.contacts})]


def links_in(text: str, *, at: datetime) -> list[Link]:
    """Return the links of an agent's text that the resident may press. Source: EM-LINK."""
    if _MAY_HOLD_LINK.search(text) is None:
        return []
    links = live_links(text, link_domains())
    return links if links and in_force(LINKS, at=at) else []
