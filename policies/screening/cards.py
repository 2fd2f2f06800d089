"""Payment cards: 13 to 19 digits with a brand's first digits, its length and a right check digit.

Source: EM-PAY.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from policies.screening.plain import BETWEEN_DIGITS, Span
from policies.screening.shapes import Shapes

SHORTEST, LONGEST = 13, 19


class Brand(NamedTuple):
    name: str
    prefixes: str  # of at most four digits; "51-55" are five of them
    lengths: str


# Debit cards of one country mostly lie within the ranges of a brand of the world: Interac, Verve and Hipercard within
# Maestro's, Dankort and Elo within Visa's and Maestro's. What is listed beside it has ranges of its own as well.
BRANDS = (
    Brand("Visa", "4", "13 16 18 19"),
    Brand("Mastercard", "51-55 2221-2720", "16"),
    Brand("American Express", "34 37", "15"),
    Brand("Discover", "6011 644-649 65 6221-6229", "16-19"),
    Brand("Diners Club", "300-305 309 36 38 39", "14-19"),
    Brand("JCB", "3528-3589", "16-19"),
    Brand("JCB, older", "1800 2131", "15"),
    Brand("UnionPay", "62 81", "16-19"),
    Brand("Maestro", "50 56-59 6 0604", "13-19"),
    Brand("Mir", "2200-2204", "16-19"),
    Brand("BORICA", "2205", "16"),
    Brand("RuPay", "60 65 81 82 508 353 356", "16"),
    Brand("Troy", "65 9792", "16"),
    Brand("UzCard and Humo", "8600 9860", "16"),
    Brand("Napas", "9704", "16 19"),
    Brand("GPN", "1946", "16"),
)


def _numbers(listed: str) -> list[tuple[str, str]]:
    return [(first, last or first) for first, _dash, last in (one.partition("-") for one in listed.split())]


def _lengths_by_first_four() -> list[frozenset[int]]:
    """Return for 0000 to 9999 which lengths a card that begins so may have."""
    lengths: list[set[int]] = [set() for _ in range(10_000)]
    for brand in BRANDS:
        allowed = [n for first, last in _numbers(brand.lengths) for n in range(int(first), int(last) + 1)]
        for first, last in _numbers(brand.prefixes):
            for four in range(int(first.ljust(4, "0")), int(last.ljust(4, "9")) + 1):
                lengths[four].update(allowed)
    return [frozenset(allowed) for allowed in lengths]


_LENGTHS = _lengths_by_first_four()
_RUN = re.compile(rf"[0-9]++(?:{BETWEEN_DIGITS}[0-9]++)*+")
_GROUP = re.compile(r"[0-9]+")
_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED = bytes([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]).ljust(256)  # twice a digit, its two digits added


def is_card(digits: str) -> bool:
    """Say whether 13 to 19 ASCII digits may be the number of a payment card."""
    return len(digits) in _LENGTHS[int(digits[:4])] and _has_check_digit(digits)


def _has_check_digit(digits: str) -> bool:
    values = digits.encode().translate(_VALUES)
    return (sum(values[-1::-2]) + sum(values[-2::-2].translate(_DOUBLED))) % 10 == 0


def find_cards(plain: str) -> list[Span]:
    """Return where cards stand in a plain text; they may overlap.

    What is looked at are neighbouring groups of digits, whole ones, in any run of digits without letters between them:
    other numbers may stand beside the card, but more than 19 digits in a row hold none. What is a card from end to end
    of its run counts as one even where a part of it has the shape of a telephone number or a date.
    """
    if not (found := _candidates(plain)):
        return []
    shapes = Shapes(plain)
    return [span for span, whole in found if not shapes.explain(span, whole=whole)]


def find_cards_over_lines(plain: str) -> list[Span]:
    """Return where cards stand that may go over several messages, a line each; they may overlap."""
    if not (found := _candidates(plain)):
        return []
    shapes = Shapes(plain)
    return [span for span, _ in found if not shapes.explain_over_lines(span)]


def _candidates(plain: str) -> list[tuple[Span, bool]]:
    """Return what passes for a card by its digits, and whether no other number stands beside it."""
    runs = [match.span() for match in _RUN.finditer(plain) if match.end() - match.start() >= SHORTEST]
    return [(span, span == run) for run in runs for span in _cards_of_run(plain, run)]


def _cards_of_run(plain: str, run: Span) -> Iterator[Span]:
    groups = [match.span() for match in _GROUP.finditer(plain, *run)]
    for first, (start, _) in enumerate(groups):
        for end in _ends_of_cards(plain, groups[first : first + LONGEST]):
            yield start, end


def _ends_of_cards(plain: str, groups: list[Span]) -> Iterator[int]:
    """Yield where cards end that begin with the first of these groups."""
    digits = ""
    for start, end in groups:
        digits += plain[start:end]
        if len(digits) > LONGEST:
            return
        if len(digits) >= SHORTEST and is_card(digits):
            yield end
