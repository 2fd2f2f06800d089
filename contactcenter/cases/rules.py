"""How people are reached: what is a phone number, what is the same name. No database, no clock."""

from __future__ import annotations

from contactcenter.lib.phones import can_be_dialled

LEAST_DIGITS = 7  # of somebody's own number


def is_phone(phone: str) -> bool:
    """Say whether somebody could be called there: 7 to 15 digits, with the usual signs between them.

    Before it is sent, `static/chat/fields.js` asks the same.
    """
    return can_be_dialled(phone, least=LEAST_DIGITS)


def is_same_name(one: str, other: str) -> bool:
    """Say whether two names are written alike but for case and blanks."""
    return one.casefold().split() == other.casefold().split()
