"""Words of an emergency, in all languages of the city's list at once.

Source: EM-911.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from policies.screening.plain import LETTER, MASK, Translation

GRAVEST_FIRST = ("life", "city", "non_emergency")
SERVICE = "service"

_Words = tuple[bytes, ...]
_TAKEN_OUT = b""  # stands where a service was named; is no word
_ASCII = bytes(code if code > 0x7F or chr(code).isalnum() else ord(" ") for code in bytes(range(256)).lower())
# Accents, and the vowels that Hebrew and Arabic may leave out; the signs of other scripts are letters of their words.
_LEFT_OUT = frozenset(chr(code) for span in ((0x300, 0x36F), (0x591, 0x5C7), (0x64B, 0x65F)) for code in range(*span))
_WITHOUT_BLANKS = ("CJK", "HIRAGANA", "KATAKANA", "THAI ", "LAO ", "KHMER", "MYANMAR")  # each letter counts as a word


def _folded(character: str) -> str:
    if character in _LEFT_OUT:
        return ""
    if not character.isalnum() and unicodedata.category(character)[0] != "M":
        return " "
    bare = "".join(part for part in unicodedata.normalize("NFKD", character.casefold()) if part not in _LEFT_OUT)
    return f" {bare} " if unicodedata.name(character, "").startswith(_WITHOUT_BLANKS) else bare


_FOLDED = Translation(_folded)


def _words_of(text: str) -> list[bytes]:
    """Return the words of a text without case, accents and whatever stands between them; an apostrophe parts words."""
    return _split(text if text.isascii() else text.translate(_FOLDED))


def _split(folded: str) -> list[bytes]:
    return folded.encode("utf-8", "replace").translate(_ASCII).split()


class WordList:
    """Phrases by kind, ready to be looked for; never changed once it is made.

    A phrase counts where all of its words stand in a row. A `service` ("fire department") is taken out of the text
    before the others are looked for, and so its name alone is no emergency.
    """

    __slots__ = ("_calls", "_first_words", "_services")

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        """Take rows of (kind, phrase). Raises `ValueError` for a kind that is none."""
        self._calls: dict[bytes, list[tuple[_Words, str]]] = {}
        self._services: dict[bytes, list[_Words]] = {}
        for kind, phrase in phrases:
            self._add(kind, tuple(_words_of(phrase)))
        for services in self._services.values():
            services.sort(key=len, reverse=True)
        self._first_words = frozenset(self._calls)

    def _add(self, kind: str, words: _Words) -> None:
        if kind not in (*GRAVEST_FIRST, SERVICE):
            raise ValueError(kind)
        if not words:
            return
        if kind == SERVICE:
            self._services.setdefault(words[0], []).append(words)
        else:
            self._calls.setdefault(words[0], []).append((words, kind))

    def find(self, text: str) -> tuple[str, ...]:
        """Return the kinds of which a phrase stands in the text, gravest first. Source: EM-911."""
        return self._find(_words_of(text)) if self._first_words else ()

    def find_read(self, text: str, plain: str) -> tuple[str, ...]:
        """Return the same for a text whose plain text is at hand: it will do where it knows all letters."""
        if not self._first_words:
            return ()
        return self._find(_words_of(text) if LETTER in plain else _split(plain.replace(MASK, " ")))

    def _find(self, words: list[bytes]) -> tuple[str, ...]:
        if self._first_words.isdisjoint(words):
            return ()
        words = self._without_services(words)
        kinds = {
            kind
            for place, word in enumerate(words)
            for phrase, kind in self._calls.get(word, ())
            if _stands_at(words, place, phrase)
        }
        return tuple(kind for kind in GRAVEST_FIRST if kind in kinds)

    def _without_services(self, words: list[bytes]) -> list[bytes]:
        left, place = [], 0
        while place < len(words):
            services = self._services.get(words[place], ())
            length = next((len(service) for service in services if _stands_at(words, place, service)), 0)
            left.append(_TAKEN_OUT if length else words[place])
            place += length or 1
        return left


def _stands_at(words: list[bytes], place: int, phrase: _Words) -> bool:
    return tuple(words[place : place + len(phrase)]) == phrase


NO_WORDS = WordList(())
