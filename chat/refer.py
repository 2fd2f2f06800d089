"""What to do for somebody whose matter is another's: in which order, and what to say. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from agents.hours import date_in
from agents.models import Department
from chat.matching import CHAT, candidates
from contactcenter.lib.errors import WrongState
from policies.models import RuleVersion
from policies.versions import in_force, rules_in_force
from policies.why import source_of

REFER, ORDER, AWAY = "EM-COM-B", "EM-REF", "EM-COM-D"


class Way(StrEnum):
    TRANSFER = "transfer"
    CONTACT = "contact"
    LINK = "link"
    MESSAGE = "message"


@dataclass(frozen=True)
class Contact:
    """Whom people are referred to: a department of the city, or with `code` empty a body outside of it."""

    name: str
    phone: str = ""
    email: str = ""
    page: str = ""
    code: str = ""


def ways_to_refer(contact: Contact, *, is_somebody_there: bool, in_order: bool) -> list[Way]:
    """Return the ways, in the order in which they are tried.

    A transfer comes first where somebody qualified is online, then what reaches
    the department, and a message that is passed on; of a body outside of the
    city only what reaches it. Not `in_order`: the transfer comes last.
    Source: EM-REF, EM-COM-B.
    """
    named = [Way.CONTACT] * bool(contact.phone or contact.email) + [Way.LINK] * bool(contact.page)
    if not contact.code:
        return named
    transfer = [Way.TRANSFER] * is_somebody_there
    return [*transfer, *named, Way.MESSAGE] if in_order else [*named, Way.MESSAGE, *transfer]


def contact_of(department: Department) -> Contact:
    return Contact(department.name, department.phone, department.email, department.page, department.code)


def is_somebody_there(department: Department, *, language: str, but: int | None, at: datetime) -> bool:
    """Say whether somebody of a department, other than the agent `but`, could take a chat in this language now."""
    on = date_in(department.pk, channel=CHAT, at=at)
    return any(
        agent.id != but and agent.is_free_for(language)
        for agent in candidates(in_force(AWAY, at=at), on=on, at=at, among=[department.pk])
    )


def help_to_refer(
    contact: Contact, department: Department | None, *, agent_id: int, language: str | None, at: datetime
) -> dict[str, Any]:
    """Return what reaches whom people are referred to, and the steps to take, each with what to do.

    `language`: of the chat, in which the resident reads the `text` of a step; None: the city's own.
    Raises `WrongState` where the city refers nobody by rule. Source: EM-COM-B, EM-REF.
    """
    version = rule_of_referring(at=at)
    language = language or settings.LANGUAGE_CODE
    there = department is not None and is_somebody_there(department, language=language, but=agent_id, at=at)
    ways = ways_to_refer(contact, is_somebody_there=there, in_order=version.rule == ORDER)
    as_read = replace(contact, name=department.name_in(language)) if department is not None else contact
    return {
        "name": contact.name,
        "department": contact.code or None,
        "phone": contact.phone,
        "email": contact.email,
        "page": contact.page,
        "steps": [{"way": way, "say": _say(way, contact), "text": _text(way, as_read, language)} for way in ways],
        "rule": version.rule,
        "why": source_of(version),
    }


def rule_of_referring(*, at: datetime) -> RuleVersion:
    """Return the rule by which people are referred now: that on the order, or the other one alone.

    Raises `WrongState` where the city has adopted neither. Source: EM-COM-B, EM-REF.
    """
    held = rules_in_force([REFER, ORDER], at=at)
    version = held.get(ORDER) or held.get(REFER)
    if version is None:
        raise WrongState(_("This city has not adopted a rule on referring people (EM-COM-B)."))
    return version


def _say(way: Way, contact: Contact) -> str:
    facts = _facts(contact)
    if way is Way.TRANSFER:
        return _("Somebody of %(name)s is online: pass the chat on.") % facts
    if way is Way.CONTACT:
        return _("Name how to reach %(name)s: %(ways)s.") % facts
    if way is Way.LINK:
        return _("Link the page of %(name)s: %(page)s") % facts
    return _("Offer to pass a message on to %(name)s.") % facts


def _text(way: Way, contact: Contact, language: str) -> str:
    """Return what the resident can be written of a way, in their language; empty where the way is a deed."""
    facts = _facts(contact)
    with translation.override(language):
        if way is Way.CONTACT:
            return _("%(name)s can help you with this: %(ways)s") % facts
        if way is Way.LINK:
            return _("You find more on the page of %(name)s: %(page)s") % facts
    return ""


def _facts(contact: Contact) -> dict[str, str]:
    ways = ", ".join(each for each in (contact.phone, contact.email) if each)
    return {"name": contact.name, "ways": ways, "page": contact.page}
