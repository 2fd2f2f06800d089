"""The city's emergency words as the screening takes them: read from their rows, and remembered for a moment."""

from __future__ import annotations

from time import monotonic

from policies.models import ScreeningWord
from policies.screening import NO_WORDS, WordList

KEPT_SECONDS = 5.0

_remembered: tuple[float, WordList] | None = None  # since when, and what; replaced as a whole, for other threads


def word_list() -> WordList:
    """Return the words of all languages, as they were at most `KEPT_SECONDS` ago. Source: EM-911."""
    global _remembered
    remembered, now = _remembered, monotonic()
    if remembered is None or now - remembered[0] > KEPT_SECONDS:
        remembered = _remembered = (now, _read())
    return remembered[1]


def forget_words() -> None:
    """Let the next caller in this process read the rows again: some were just changed."""
    global _remembered
    _remembered = None


def _read() -> WordList:
    rows = list(ScreeningWord.objects.order_by("pk").values_list("kind", "phrase"))
    return WordList(rows) if rows else NO_WORDS
