"""The emergency words and the profane words that every preset brings, and the domains of a city's own links."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from simple_history.utils import bulk_create_with_history

from contactcenter.presets.files import Word
from policies.models import LinkDomain, ProfanityWord, ScreeningWord
from policies.phrases import Row, fault_of, fault_of_profanity
from policies.words import forget_words

Key = tuple[str, str, str]  # language, kind, phrase in small letters
Fault = Callable[[str, str, Iterable[Row]], str]


def load_words(words: Iterable[Word], profanity: Iterable[Word], *, reset: bool, at: datetime) -> None:
    """Add the words that never were there, as `_load` says, to each of both lists."""
    _load(ScreeningWord, words, fault_of, reset=reset, at=at)
    _load(ProfanityWord, profanity, fault_of_profanity, reset=reset, at=at)
    transaction.on_commit(forget_words)


def load_domains(domains: Iterable[str], *, reset: bool, at: datetime) -> None:
    """Add the domains that never were there; one that an admin deleted stays away, unless `reset`."""
    known = set(LinkDomain.objects.values_list("domain", flat=True))
    if not reset:
        known |= set(LinkDomain.history.values_list("domain", flat=True))
    rows = [LinkDomain(domain=domain) for domain in domains if domain not in known]
    bulk_create_with_history(rows, LinkDomain, default_date=at)
    transaction.on_commit(forget_words)


def _load(model: Any, words: Iterable[Word], fault: Fault, *, reset: bool, at: datetime) -> None:
    """Add the words that never were there: one that an admin changed or deleted is in the history and stays away.

    With `reset` every word of the file is there again as the file has it; an admin's own words stay, but for one
    that the file contradicts.
    """
    shipped = {_key(word.language, word.kind, word.phrase): word for word in words}
    if reset:
        _take_back(model, shipped, fault)
    known = {_key(*row) for row in model.objects.values_list("language", "kind", "phrase")}
    if not reset:
        known |= {_key(*row) for row in model.history.values_list("language", "kind", "phrase")}
    others = list(model.objects.values_list("kind", "phrase"))
    new = [word for key, word in shipped.items() if key not in known and not fault(word.kind, word.phrase, others)]
    rows = [model(language=word.language, kind=word.kind, phrase=word.phrase) for word in new]
    bulk_create_with_history(rows, model, default_date=at)


def _take_back(model: Any, shipped: dict[Key, Word], fault: Fault) -> None:
    """Delete what an admin made of words of the file, and own words beside which these would not be good."""
    first = model.history.order_by("id", "history_id").distinct("id")
    began = {row.id: _key(row.language, row.kind, row.phrase) for row in first}
    words = [(word.kind, word.phrase) for word in shipped.values()]
    gone = [
        row.pk
        for row in model.objects.all()
        if _key(row.language, row.kind, row.phrase) not in shipped
        and (began.get(row.pk) in shipped or fault(row.kind, row.phrase, words))
    ]
    model.objects.filter(pk__in=gone).delete()


def _key(language: str, kind: str, phrase: str) -> Key:
    return language, kind, phrase.lower()
