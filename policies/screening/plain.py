"""A text as the screening reads it: in ASCII, whatever script, width or style its digits and letters were written in.

A plain text is the text in lower case with the digits of all scripts as 0 to 9, letters without their accents, dashes,
blanks and signs by what they stand for, any other letter as `LETTER`, and what is masked already as `MASK`. Marks that
are drawn upon another character (accents on their own, the frame of a keycap) are left out, and so `places` says where
each of its characters stands in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

MASK = "•"
LETTER = "ª"  # neither in ASCII nor what any character is translated to
SEPARATOR = f"[^0-9a-z{LETTER}{MASK}]"
BETWEEN_DIGITS = f"{SEPARATOR}{{0,6}}+(?:{MASK}{SEPARATOR}{{0,6}}+)?"  # a lone bullet separates, two are masked

# Finds nothing in a text of Latin letters without digits, at the cost of a glance; other scripts are looked at closely.
_NO_GLANCE = re.compile("[0-9\u00b2\u00b3\u00b9\u0250-\u200f\u2027-\U0010ffff]")

_MARK = "\u0301"
_MOST_KNOWN = 20_000  # characters a table keeps: more than any city writes, and a bound on memory

Span = tuple[int, int]


class Plain(NamedTuple):
    text: str
    places: Sequence[int]


class Translation(dict[int, str]):
    """A table for `str.translate` that asks a function once for each character that it meets."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, code: int) -> str:
        meant = self._of(chr(code))
        if len(self) < _MOST_KNOWN:
            self[code] = meant
        return meant


def _plain_character(character: str) -> str:
    if character == MASK:
        return MASK
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    parts = unicodedata.normalize("NFKD", character).lower()
    if character.isalnum():
        return parts[0] if "a" <= parts[0] <= "z" and not any(map(str.isalnum, parts[1:])) else LETTER
    return _plain_sign(character, parts[0])


def _plain_sign(character: str, base: str) -> str:
    match unicodedata.category(character):
        case "Mn" | "Me":
            return _MARK
        case "Pd":
            return "-"
        case "Sc":
            return "$"
    return base if base.isascii() and not base.isalnum() else " "


_TRANSLATION = Translation(_plain_character)


def may_hold_digits(text: str) -> bool:
    """Say, cheaply, whether a text may hold a digit of any script."""
    return _NO_GLANCE.search(text) is not None


def plain_of(text: str) -> Plain:
    """Return the text as the detectors read it."""
    if text.isascii():
        return Plain(text.lower(), range(len(text)))
    plain = text.translate(_TRANSLATION)
    if _MARK not in plain:
        return Plain(plain, range(len(text)))
    places = [place for place, character in enumerate(plain) if character != _MARK]
    return Plain(plain.replace(_MARK, ""), places)


def cover(plain: str, spans: Iterable[Span], *, digits_alone: bool = False) -> str:
    """Return a plain text with every letter and digit of the spans masked, or the digits alone; separators stay."""
    is_covered = _is_digit if digits_alone else _is_written
    characters = list(plain)
    for start, end in spans:
        characters[start:end] = [MASK if is_covered(character) else character for character in characters[start:end]]
    return "".join(characters)


def _is_digit(character: str) -> bool:
    return character.isascii() and character.isdigit()


def _is_written(character: str) -> bool:
    return character == LETTER or (character.isascii() and character.isalnum())


def masked(text: str, plain: Plain, covered: str) -> str:
    """Return the text with a mask wherever its plain text has been covered."""
    characters = list(text)
    for place, character in zip(plain.places, covered, strict=True):
        if character == MASK:
            characters[place] = MASK
    return "".join(characters)
