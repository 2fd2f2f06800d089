"""What a phone number is, however it is written. No database, no clock."""

from __future__ import annotations

import re

LONGEST_PHONE = 40
SHORTEST, MOST_DIGITS = 3, 15  # 911 and 311; the longest number of the world
_EXTENSION = re.compile(r" *(?:x|ext\.?) *[0-9]{1,6}\Z", re.IGNORECASE)
_SIGNS = re.compile(r"\+?[0-9 ().\-/]+")


def digits_of(phone: str) -> str:
    """Return the digits of a phone number, without its extension: two ways to write it are the same number."""
    return "".join(each for each in _EXTENSION.sub("", phone) if each.isdigit())


def can_be_dialled(phone: str, *, least: int = SHORTEST) -> bool:
    """Say whether this is a number to dial: `least` to 15 digits, the usual signs between them, and an extension."""
    if len(phone) > LONGEST_PHONE or not _SIGNS.fullmatch(_EXTENSION.sub("", phone)):
        return False
    return least <= len(digits_of(phone)) <= MOST_DIGITS
