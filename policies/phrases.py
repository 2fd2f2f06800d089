"""What may be listed as an emergency word: rules over phrases."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from policies.screening import WordList

ANY_CALL, SERVICE = "life", "service"
LEAST_LETTERS = 2
SHOWN = 3  # phrases that a sentence names

Row = tuple[str, str]  # kind and phrase


def fault_of(kind: str, phrase: str, others: Iterable[Row]) -> str:
    """Return what is wrong with a phrase beside the others of the list, and what to do; empty when it is good.

    Source: EM-911.
    """
    if sum(map(str.isalnum, phrase)) < LEAST_LETTERS:
        return _("Signs or a single letter would be found everywhere or nowhere. Write at least one whole word.")
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
