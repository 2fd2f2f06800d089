"""What may be listed as an emergency word, a profane word or a domain for links: rules over phrases."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from policies.screening import ProfanityList, WordList

ANY_CALL, SERVICE = "life", "service"
PROFANITY, NAME = "profanity", "name"
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
LEAST_LETTERS = 2
SHOWN = 3  # phrases that a sentence names

Row = tuple[str, str]  # kind and phrase


def fault_of(kind: str, phrase: str, others: Iterable[Row]) -> str:
    """Return what is wrong with a phrase beside the others of the list, and what to do; empty when it is good.

    Source: EM-911.
    """
    if _is_too_short(phrase):
        return _too_short()
    if kind == SERVICE:
        return _lost_by(phrase, [call for other, call in others if other != SERVICE])
    return _named_in(phrase, [service for other, service in others if other == SERVICE])


def _named_in(phrase: str, services: Iterable[str]) -> str:
    service = next((each for each in services if not _is_found(phrase, but_for=each)), "")
    if not service:
        return ""
    return _(
        "This would never be found: it is, or holds, the name of a service (“%(service)s”), which alone is no "
        "emergency. Write what has happened, such as “fire at my house”, or delete that service first."
    ) % {"service": service}


def _lost_by(service: str, calls: Iterable[str]) -> str:
    lost = [call for call in calls if not _is_found(call, but_for=service)]
    if not lost:
        return ""
    shown = ", ".join(f"“{call}”" for call in lost[:SHOWN])
    return _(
        "With this service on the list these would never be found again: %(phrases)s. Delete them first, or write a "
        "longer name of the service."
    ) % {"phrases": shown if len(lost) <= SHOWN else f"{shown}, …"}


def _is_found(phrase: str, *, but_for: str) -> bool:
    return bool(WordList([(ANY_CALL, phrase), (SERVICE, but_for)]).find(phrase))


def fault_of_profanity(kind: str, phrase: str, others: Iterable[Row]) -> str:
    """Return what is wrong with a profane word, or a name, beside the others of the list; empty when it is good.

    Source: EM-COM-C.
    """
    if _is_too_short(phrase):
        return _too_short()
    is_name = kind == NAME
    for kind_of_other, other in others:
        word, name = (other, phrase) if is_name else (phrase, other)
        if (kind_of_other == NAME) != is_name and not ProfanityList([(PROFANITY, word), (NAME, name)]).find(word):
            return _(
                "With the name “%(name)s” on the list the word “%(word)s” would never be found. Write a longer name, "
                "such as that of a whole street."
            ) % {"name": name, "word": word}
    return ""


def plain_domain(domain: str) -> str:
    """Return a domain as it is compared: in small letters, without blanks around it and without a last dot."""
    return domain.strip().lower().removesuffix(".")


def fault_of_domain(domain: str) -> str:
    """Return what is wrong with a domain to which links are to be live; empty when it is good. Source: EM-LINK."""
    labels = domain.split(".")
    if not all(map(_LABEL.match, labels)):
        return _(
            "Write the domain alone, such as maplebrook.example: no https://, no path, no blanks; letters that are "
            "not in a to z in their xn-- form."
        )
    if len(labels) < 2:
        return _("“%(domain)s” alone would stand for everybody's sites. Write the city's own.") % {"domain": domain}
    if labels[-1].isdigit():
        return _("An address of numbers is no domain. Write the name of the site.")
    return ""


def _is_too_short(phrase: str) -> bool:
    return sum(map(str.isalnum, phrase)) < LEAST_LETTERS


def _too_short() -> str:
    return _("Signs or a single letter would be found everywhere or nowhere. Write at least one whole word.")
