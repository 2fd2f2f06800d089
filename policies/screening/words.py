"""Phrases of a list that stand in a text: of an emergency, or profane; in all languages of the list at once.

Source: EM-911, EM-COM-C.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from policies.screening.plain import LETTER, MASK, Span, Translation

GRAVEST_FIRST = ("life", "city", "non_emergency")
SERVICE = "service"
PROFANITY, NAME = "profanity", "name"

_Words = tuple[bytes, ...]
_TAKEN_OUT = b""  # stands where a service or a name was; is no word
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


def words_of(text: str) -> list[bytes]:
    """Return the words of a text without case, accents and whatever stands between them; an apostrophe parts words."""
    return _split(text if text.isascii() else text.translate(_FOLDED))


def words_read(text: str, plain: str) -> list[bytes]:
    """Return the same for a text whose plain text is at hand: it will do where it knows all letters."""
    return words_of(text) if LETTER in plain else _split(plain.replace(MASK, " "))


def _placed_words(text: str) -> list[tuple[bytes, Span]]:
    """Return the words of a text, each with where it stands."""
    found: list[tuple[bytes, Span]] = []
    is_open = False
    for place, character in enumerate(text):
        folded = character if character.isascii() else character.translate(_FOLDED)
        if is_open and not folded:  # an accent on its own belongs to the letter before it
            found[-1] = (found[-1][0], (found[-1][1][0], place + 1))
        for code in folded.encode("utf-8", "replace").translate(_ASCII):
            if code == ord(" "):
                is_open = False
                continue
            word, (start, _) = found.pop() if is_open else (b"", (place, place))
            found.append((word + bytes((code,)), (start, place + 1)))
            is_open = True
    return found


def _split(folded: str) -> list[bytes]:
    return folded.encode("utf-8", "replace").translate(_ASCII).split()


class PhraseList:
    """Phrases by kind, ready to be looked for; never changed once it is made.

    A phrase counts where all of its words stand in a row. What is of the kind `left_out` is taken out of the text
    before the others are looked for, and so it alone is none of them. Each phrase is looked for by its longest word:
    most texts hold none of these, and that they do not costs next to nothing.
    """

    __slots__ = ("_kinds", "_left_out", "_longest_words", "_phrases")

    def __init__(self, phrases: Iterable[tuple[str, str]], *, kinds: Sequence[str], left_out: str) -> None:
        """Take rows of (kind, phrase); `kinds` in the order in which they are told. Raises `ValueError` for others."""
        self._kinds = kinds
        self._phrases: dict[bytes, list[tuple[_Words, int, str]]] = {}
        self._left_out: dict[bytes, list[_Words]] = {}
        for kind, phrase in phrases:
            if kind not in (*kinds, left_out):
                raise ValueError(kind)
            self._add(tuple(words_of(phrase)), kind="" if kind == left_out else kind)
        for others in self._left_out.values():
            others.sort(key=len, reverse=True)
        self._longest_words = frozenset(self._phrases)

    def _add(self, words: _Words, *, kind: str) -> None:
        if words and kind:
            longest = max(words, key=len)
            self._phrases.setdefault(longest, []).append((words, words.index(longest), kind))
        elif words:
            self._left_out.setdefault(words[0], []).append(words)

    def find(self, text: str) -> tuple[str, ...]:
        """Return the kinds of which a phrase stands in the text, in their order."""
        return self.find_in(words_of(text)) if self._longest_words else ()

    def find_in(self, words: list[bytes]) -> tuple[str, ...]:
        """Return the same for the words of a text."""
        if self._longest_words.isdisjoint(words):
            return ()
        kinds = {kind for _, _, kind in self._found_in(self._without_left_out(words))}
        return tuple(kind for kind in self._kinds if kind in kinds)

    def spans(self, text: str) -> list[Span]:
        """Return where phrases stand in a text, in order; no two share a character."""
        placed = _placed_words(text)
        found = self._found_in(self._without_left_out([word for word, _ in placed]))
        spans: list[Span] = []
        for first, last, _ in sorted(found, key=lambda each: (each[0], -each[1])):
            start, end = placed[first][1][0], placed[last][1][1]
            if not spans or start >= spans[-1][1]:
                spans.append((start, end))
        return spans

    def _found_in(self, words: list[bytes]) -> Iterator[tuple[int, int, str]]:
        """Yield the first and the last word of each phrase that stands in a list of words, with its kind."""
        for place, word in enumerate(words):
            for phrase, before, kind in self._phrases.get(word, ()):
                first = place - before
                if first >= 0 and _stands_at(words, first, phrase):
                    yield first, first + len(phrase) - 1, kind

    def _without_left_out(self, words: list[bytes]) -> list[bytes]:
        """Return as many words, with nothing in the place of what is left out."""
        left, place = [], 0
        while place < len(words):
            others = self._left_out.get(words[place], ())
            length = next((len(other) for other in others if _stands_at(words, place, other)), 0)
            left += [_TAKEN_OUT] * length if length else [words[place]]
            place += length or 1
        return left


class WordList(PhraseList):
    """Phrases of an emergency by kind. The name of a `service` ("fire department") alone is none. Source: EM-911."""

    __slots__ = ()

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        """Take rows of (kind, phrase). Raises `ValueError` for a kind that is none."""
        super().__init__(phrases, kinds=GRAVEST_FIRST, left_out=SERVICE)


class ProfanityList(PhraseList):
    """Profane words and phrases. A `name` of somebody or of a place is none, whatever it holds. Source: EM-COM-C."""

    __slots__ = ()

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        """Take rows of (kind, phrase). Raises `ValueError` for a kind that is none."""
        super().__init__(phrases, kinds=(PROFANITY,), left_out=NAME)


def _stands_at(words: list[bytes], place: int, phrase: _Words) -> bool:
    return tuple(words[place : place + len(phrase)]) == phrase


NO_WORDS = WordList(())
NO_PROFANITY = ProfanityList(())
