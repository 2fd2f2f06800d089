"""The emergency words that every preset brings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from simple_history.utils import bulk_create_with_history

from contactcenter.presets.files import Word
from policies.models import ScreeningWord
from policies.phrases import fault_of
from policies.words import forget_words

Key = tuple[str, str, str]  # language, kind, phrase in small letters


def load_words(words: Iterable[Word], *, reset: bool, at: datetime) -> None:
    """Add the words that never were there: one that an admin changed or deleted is in the history and stays away.

    With `reset` every word of the file is there again as the file has it; an admin's own words stay, but for one
    that the file contradicts.
    """
    shipped = {_key(word.language, word.kind, word.phrase): word for word in words}
    if reset:
        _take_back(shipped)
    known = {_key(*row) for row in ScreeningWord.objects.values_list("language", "kind", "phrase")}
    if not reset:
        known |= {_key(*row) for row in ScreeningWord.history.values_list("language", "kind", "phrase")}
    others = list(ScreeningWord.objects.values_list("kind", "phrase"))
    new = [word for key, word in shipped.items() if key not in known and not fault_of(word.kind, word.phrase, others)]
    rows = [ScreeningWord(language=word.language, kind=word.kind, phrase=word.phrase) for word in new]
    bulk_create_with_history(rows, ScreeningWord, default_date=at)
    transaction.on_commit(forget_words)


def _take_back(shipped: dict[Key, Word]) -> None:
    """Delete what an admin made of words of the file, and own words beside which these would not be good."""
    first = ScreeningWord.history.order_by("id", "history_id").distinct("id")
    began = {row.id: _key(row.language, row.kind, row.phrase) for row in first}
    words = [(word.kind, word.phrase) for word in shipped.values()]
    gone = [
        row.pk
        for row in ScreeningWord.objects.all()
        if _key(row.language, row.kind, row.phrase) not in shipped
        and (began.get(row.pk) in shipped or fault_of(row.kind, row.phrase, words))
    ]
    ScreeningWord.objects.filter(pk__in=gone).delete()


def _key(language: str, kind: str, phrase: str) -> Key:
    return language, kind, phrase.lower()
