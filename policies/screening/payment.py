"""What of a text is payment data, of every kind.

Source: EM-PAY.
"""

from __future__ import annotations

from collections.abc import Callable

from policies.screening.accounts import find_ibans, find_routed_accounts
from policies.screening.cards import SHORTEST, find_cards
from policies.screening.codes import find_after_card, find_codes
from policies.screening.plain import Span, cover
from policies.screening.shapes import Shapes

CARD, SECURITY_CODE, IBAN, BANK_ACCOUNT = "card", "security_code", "iban", "bank_account"
Found = list[tuple[str, Span]]

_NO_DIGIT = bytes(code for code in range(256) if code not in b"0123456789")


def mask(plain: str) -> tuple[str, tuple[str, ...]]:
    """Return a plain text with its payment data covered, and the kinds that were.

    It is looked through until nothing more is found, so that to screen it again changes nothing.
    """
    kinds = set[str]()
    while found := find_payment(plain):
        kinds.update(kind for kind, _ in found)
        plain = cover(plain, [span for _, span in found])
    return plain, tuple(sorted(kinds))


def find_payment(plain: str) -> Found:
    """Return what the first kind of which there is anything finds in a plain text."""
    digits = len(plain.encode("ascii", "replace").translate(None, _NO_DIGIT))
    return next((found for least, find in _FINDERS if digits >= least and (found := find(plain))), [])


def after_card(plain: str, end: int, taken: list[Span]) -> Found:
    """Return the expiry date and the code that stand right after a card which ends there; what is taken is neither."""
    expiry, code = find_after_card(plain, end, taken)
    return [*((CARD, span) for span in expiry), *((SECURITY_CODE, span) for span in code)]


def _cards(plain: str) -> Found:
    cards = find_cards(plain)
    if not cards:
        return []
    taken = [*Shapes(plain).own, *cards]
    ends = {end for _, end in cards if not any(start < end < later for start, later in cards)}
    more = [found for end in ends for found in after_card(plain, end, taken)]
    return [*((CARD, span) for span in cards), *more]


def _codes(plain: str) -> Found:
    return [(SECURITY_CODE, span) for span in find_codes(plain)]


def _ibans(plain: str) -> Found:
    return [(IBAN, span) for span in find_ibans(plain)]


def _accounts(plain: str) -> Found:
    return [(BANK_ACCOUNT, span) for span in find_routed_accounts(plain)]


# Each with the least number of digits that it needs. IBANs come first: what is in them may look like a card.
_FINDERS: tuple[tuple[int, Callable[[str], Found]], ...] = (
    (2, _ibans),
    (SHORTEST, _cards),
    (3, _codes),
    (8, _accounts),
)
