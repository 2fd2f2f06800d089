"""Payment data typed in pieces: what a text completes that the same sender began in the messages just before.

Source: EM-PAY.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from policies.screening.accounts import bears_masked_routing, find_accounts, find_ibans, find_routed_accounts
from policies.screening.cards import LONGEST, SHORTEST, find_cards_over_lines
from policies.screening.codes import find_codes
from policies.screening.payment import BANK_ACCOUNT, CARD, IBAN, SECURITY_CODE, after_card
from policies.screening.plain import MASK, Span, cover, masked, may_hold_digits, plain_of
from policies.screening.shapes import Shapes

_USUAL = 16  # digits of a card
_SIGNS = "".join(chr(code) for code in range(0x80) if not chr(code).isalnum())
_BEFORE_DIGITS = _SIGNS.replace("+", "")  # which says that a telephone number begins
_NO_LETTERS = _SIGNS + "0123456789"
_MOST_BEFORE_REST = 15  # more masks are a whole card already
_LONGEST_AFTER = 80  # characters of a message that is an expiry date and a code, with the words for them


@dataclass(frozen=True, slots=True)
class Completed:
    """What is to be stored now, and in place of what was stored; all as long as before.

    Of what was stored digits alone are masked: that is the one change that a stored text may see.
    """

    text: str
    earlier: tuple[str, ...]
    payment: tuple[str, ...]


_MORE_OF_IBAN = re.compile(r"[a-z]{1,4}[ -]?[0-9]{3}")  # the code of a bank, and more digits
Found = list[tuple[str, int, Span]]  # kind, number of the message, span in its plain text


def may_complete(text: str) -> bool:
    """Say, cheaply, whether a screened text could complete what its sender began just before.

    It begins with digits, names an account by number, or is an expiry date; or a routing number was masked in it.
    Source: EM-PAY.
    """
    if MASK not in text and not may_hold_digits(text):
        return False
    plain = plain_of(text).text
    begun = plain.lstrip(_SIGNS)
    if begun[:1].isdigit() or bears_masked_routing(plain) or _MORE_OF_IBAN.match(begun):
        return True
    return bool(find_accounts(plain) or _all_after_card(plain))


def complete(earlier: Sequence[str], text: str) -> Completed | None:
    """Mask what a text completes together with its sender's messages just before it, in each of them.

    `earlier` are at most the last three, oldest first, screened like `text`. None when nothing is completed.
    Source: EM-PAY.
    """
    if not earlier or not may_complete(text):
        return None
    messages = [*earlier, text]
    plains = [plain_of(message) for message in messages]
    found = _find([plain.text for plain in plains])
    if not found:
        return None
    for number, plain in enumerate(plains):
        spans = [span for _, message, span in found if message == number]
        covered = cover(plain.text, spans, digits_alone=number < len(earlier))
        messages[number] = masked(messages[number], plain, covered)
    return Completed(messages[-1], tuple(messages[:-1]), tuple(sorted({kind for kind, _, _ in found})))


def _find(plains: list[str]) -> Found:
    more = _after_masked_card(plains) or _rest_of_card(plains)
    return [*_cards(plains), *more, *_codes(plains), *_accounts(plains)]


# Messages joined ------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a message: its number, where in its plain text the part begins, and the part."""

    message: int
    start: int
    text: str


class _Joined:
    """Pieces as one plain text, a line each."""

    def __init__(self, pieces: Iterable[_Piece]) -> None:
        self.pieces = [piece for piece in pieces if piece.text]
        self.text = "\n".join(piece.text for piece in self.pieces)
        self._begin = [0, *accumulate(len(piece.text) + 1 for piece in self.pieces)]

    def parts(self, span: Span) -> list[tuple[int, Span]]:
        """Return what a span of the joined text is in each message that it touches."""
        parts = []
        for piece, begin in zip(self.pieces, self._begin, strict=False):
            start, end = max(span[0] - begin, 0), min(span[1] - begin, len(piece.text))
            if start < end:
                parts.append((piece.message, (piece.start + start, piece.start + end)))
        return parts


def _whole(plains: list[str]) -> _Joined:
    return _Joined(_Piece(number, 0, plain) for number, plain in enumerate(plains))


def _end_of(number: int, plain: str) -> _Piece:
    """Return what stands after the last letter, from its first digit to its last."""
    start = len(plain.rstrip(_NO_LETTERS))
    digits = plain[start:].rstrip(_SIGNS).lstrip(_BEFORE_DIGITS)
    return _Piece(number, start + plain[start:].find(digits), digits)


def _beginning_of(number: int, plain: str) -> _Piece:
    """Return what stands before the first letter, from its first digit to its last."""
    digits = plain[: len(plain) - len(plain.lstrip(_NO_LETTERS))].rstrip(_SIGNS).lstrip(_BEFORE_DIGITS)
    return _Piece(number, plain.find(digits), digits)


# Cards ----------------------------------------------------------------------
def _cards(plains: list[str]) -> Found:
    """Find cards in the digits at the end of earlier messages with those at the beginning of the new one."""
    new = len(plains) - 1
    joined = _Joined([*map(_end_of, range(new), plains), _beginning_of(new, plains[new])])
    found: Found = []
    for card in find_cards_over_lines(joined.text):
        parts = joined.parts(card)
        if len(parts) < 2 or parts[-1][0] != new or _is_street_address(plains, parts):
            continue
        found += [(CARD, number, span) for number, span in parts]
        found += _after_card(plains[new], new, parts[-1][1][1])
    return found


def _is_street_address(plains: list[str], parts: list[tuple[int, Span]]) -> bool:
    """Say whether it is rather a number of its own, written in one, and then "123 Main Street"."""
    (number, before), (new, (start, end)) = parts[0], parts[-1]
    first, second = plains[number][slice(*before)], plains[new][start:end]
    return (
        len(parts) == 2
        and first.isdigit()
        and 7 <= len(first) < SHORTEST
        and len(second) <= 5
        and len(first + second) != _USUAL
        and plains[new][end : end + 1].isspace()
        and plains[new][end:].lstrip()[:1].isalpha()
    )


def _after_masked_card(plains: list[str]) -> Found:
    """Find an expiry date and a code that make up the new message, where an earlier one ends with a masked card."""
    if not any(map(_ends_with_masked_card, plains[:-1])):
        return []
    return [(kind, len(plains) - 1, span) for kind, span in _all_after_card(plains[-1])]


def _rest_of_card(plains: list[str]) -> Found:
    """Find what is left of a card whose first 13 to 15 digits passed for a whole one, and were masked."""
    before, rest = plains[-2], plains[-1].strip(_SIGNS)
    masks = before.count(MASK) if _ends_with_masked_card(before) else 0
    digits = sum(map(str.isdigit, rest))
    if not SHORTEST <= masks <= _MOST_BEFORE_REST or rest.strip(_NO_LETTERS) or not _USUAL <= masks + digits <= LONGEST:
        return []
    return [(CARD, len(plains) - 1, (0, len(plains[-1])))]


def _ends_with_masked_card(plain: str) -> bool:
    """Say whether a masked card, or a piece of one and nothing else, stands at the end of a message."""
    if not plain.rstrip(_SIGNS).endswith(MASK):
        return False
    return plain.count(MASK) >= SHORTEST or not plain.strip(_SIGNS + MASK)


def _all_after_card(plain: str) -> list[tuple[str, Span]]:
    """Return the expiry date and the code that a message is, or nothing where it is more than these."""
    if len(plain) > _LONGEST_AFTER or not after_card(plain, 0, []):
        return []
    found = after_card(plain, 0, Shapes(plain).own)
    rest = plain[max((end for _, (_, end) in found), default=0) :]
    return [] if rest.strip(_SIGNS) else found


def _after_card(plain: str, number: int, end: int) -> Found:
    return [(kind, number, span) for kind, span in after_card(plain, end, Shapes(plain).own)]


# What is named --------------------------------------------------------------
def _codes(plains: list[str]) -> Found:
    """Find a security code that makes up the new message, where its name ends the one before."""
    if not _all_after_card(plains[-1]):
        return []
    joined = _whole(plains)
    return [(SECURITY_CODE, number, span) for code in find_codes(joined.text) for number, span in joined.parts(code)]


def _accounts(plains: list[str]) -> Found:
    """Find IBANs over several messages, and account numbers in one with the routing number in another."""
    joined = _whole(plains)
    found = [(IBAN, span) for span in find_ibans(joined.text)]
    found += [(BANK_ACCOUNT, span) for span in find_routed_accounts(joined.text)]
    if bears_masked_routing(joined.text):
        found += [(BANK_ACCOUNT, span) for span in find_accounts(joined.text)]
    return [(kind, number, part) for kind, span in found for number, part in joined.parts(span)]
