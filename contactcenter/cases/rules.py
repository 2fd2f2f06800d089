"""How people are reached: what is a phone number, what is the same one. No database, no clock."""

from __future__ import annotations

import re

LEAST_DIGITS, MOST_DIGITS = 7, 15  # the longest number of the world has 15
LONGEST_PHONE = 40
_EXTENSION = re.compile(r" *(?:x|ext\.?) *[0-9]{1,6}\Z", re.IGNORECASE)
_SIGNS = re.compile(r"\+?[0-9 ().\-/]+")


def digits_of(phone: str) -> str:
    """Return the digits of a phone number, without its extension: two ways to write it are the same number."""
    return "".join(each for each in _EXTENSION.sub("", phone) if each.isdigit())


def is_phone(phone: str) -> bool:
    """Say whether somebody could be called there: 7 to 15 digits, with the usual signs between them.

    Before it is sent, `static/chat/fields.js` asks the same.
    """
    if len(phone) > LONGEST_PHONE or not _SIGNS.fullmatch(_EXTENSION.sub("", phone)):
        return False
    return LEAST_DIGITS <= len(digits_of(phone)) <= MOST_DIGITS


def is_same_name(one: str, other: str) -> bool:
    """Say whether two names are written alike but for case and blanks."""
    return one.casefold().split() == other.casefold().split()
