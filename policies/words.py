"""The city's rows as the screening takes them: read from the database, and remembered for a moment."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from policies.models import LinkDomain, ProfanityWord, ScreeningWord
from policies.screening import NO_PROFANITY, NO_WORDS, ProfanityList, WordList

KEPT_SECONDS = 5.0
T = TypeVar("T")


class _Remembered(Generic[T]):
    """Something that is read again when it is older than `KEPT_SECONDS`; replaced as a whole, for other threads."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._kept: tuple[float, T] | None = None

    def get(self) -> T:
        kept, now = self._kept, monotonic()
        if kept is None or now - kept[0] > KEPT_SECONDS:
            kept = self._kept = (now, self._read())
        return kept[1]

    def forget(self) -> None:
        self._kept = None


def _read_words() -> WordList:
    rows = list(ScreeningWord.objects.order_by("pk").values_list("kind", "phrase"))
    return WordList(rows) if rows else NO_WORDS


def _read_profanity() -> ProfanityList:
    rows = list(ProfanityWord.objects.order_by("pk").values_list("kind", "phrase"))
    return ProfanityList(rows) if rows else NO_PROFANITY


def _read_domains() -> frozenset[str]:
    return frozenset(LinkDomain.objects.values_list("domain", flat=True))


_words, _profanity, _domains = _Remembered(_read_words), _Remembered(_read_profanity), _Remembered(_read_domains)


def word_list() -> WordList:
    """Return the words of all languages, as they were at most `KEPT_SECONDS` ago. Source: EM-911."""
    return _words.get()


def profanity_list() -> ProfanityList:
    """Return the profane words and the names of all languages, as old at most. Source: EM-COM-C."""
    return _profanity.get()


def link_domains() -> frozenset[str]:
    """Return the domains to which an agent's links are live, as old at most. Source: EM-LINK."""
    return _domains.get()


def forget_words() -> None:
    """Let the next caller in this process read the rows again: some were just changed."""
    for remembered in (_words, _profanity, _domains):
        remembered.forget()
