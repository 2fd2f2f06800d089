"""Numbers that are no cards, told by their shape: telephone numbers, dates, coordinates, amounts, references, ids."""

from __future__ import annotations

import re
from collections.abc import Iterable

from policies.screening.plain import Span

# Whoever writes one of these means it: where other numbers stand beside it, it is no part of a card.
_OF_ITS_OWN = re.compile(
    r"""
    (?<![0-9a-z])\+?\(?(?P<number>
        (?:1[ .-]?\(?)?[2-9][0-9]{2}(?:\)|[ ./-])[ ./-]{0,2}[0-9]{3}[ .-]{0,3}[0-9]{4}  # (416) 555-0123 #12
            (?:[ ,]{0,2}\#[ ]?[0-9]{1,6})?
      | (?:0[1-9](?:[ .-][0-9]{2})|[6-9][0-9]{2})(?:[ .-][0-9]{2}){3}            # 01 42 68 53 00, 612 34 56 78
      | (?:0?[1-9]|[12][0-9]|3[01])([./-])(?:0?[1-9]|[12][0-9]|3[01])\2(?:19|20)[0-9]{2}
      | (?:19|20)[0-9]{2}([./-])(?:0?[1-9]|1[0-2])\3(?:0?[1-9]|[12][0-9]|3[01])
      | [a-z]{1,6}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{3}(?!-[0-9])                 # MB-7K3Q-9XW2-4TC
      | [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}
      | (?=[0-9]*[a-f])[0-9a-f]{32,}
    )(?![0-9a-z])
    """,
    re.VERBOSE,
)
# These count only where nothing but such numbers stands: a card with odd separators may hold something alike.
_ALIKE = re.compile(
    r"""
    (?<![0-9a-z.,])(?:
        -?[0-9]{1,3}\.[0-9]{3,}(?:[ ]|,[ ]?)-?[0-9]{1,3}\.[0-9]{3,}             # 43.653226, -79.383184
      | [0-9]{1,3}(?:,[0-9]{3})*\.[0-9]{2}                                       # 4,512.30
      | [$][ ]?[0-9]{1,3}(?:[, ]?[0-9]{3})*(?:[.,][0-9]{2})?
      | [0-9]{9,12}(?:[,;][ ]?[0-9]{9,12})+                                      # 123456789, 987654321
    )(?![0-9a-z]|[.,][0-9])
    """,
    re.VERBOSE,
)
_ABROAD = re.compile(r"(?<![0-9a-z])(?:\+|00[ ]?|011[ -]?)[1-9](?:[ .()/-]{0,2}[0-9]){6,14}(?![0-9])")
_LONGEST_ABROAD = 15  # digits of a telephone number with the code of its country
_SURELY_ABROAD = 8  # characters from the "+" on; where such a number ends among others cannot be told
_LISTED = re.compile(r"[,;](?s:.*)[0-9][^0-9,;]+[0-9]|[0-9][^0-9,;]+[0-9](?s:.*)[,;]")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_BETWEEN_PARTS = frozenset("/?&=#")


def _is_american_express(number: str) -> bool:
    """Say whether what begins like a telephone number has the beginning and length of that card, as none abroad has."""
    digits = "".join(filter(str.isdigit, number))
    return len(digits) == _LONGEST_ABROAD and digits[:2] in ("34", "37")


class Shapes:
    """What else the numbers of a plain text may be."""

    def __init__(self, plain: str) -> None:
        self._plain = plain
        self.own = [match.span("number") for match in _OF_ITS_OWN.finditer(plain)]
        self._abroad = [span for span in _spans(_ABROAD, plain) if not _is_american_express(plain[slice(*span)])]
        self._addresses = _spans(_ADDRESS, plain)
        self._all = [*self.own, *_spans(_ALIKE, plain)]
        self._plus = [(start, end) for start, end in self._abroad if plain[start] == "+"]

    def explain(self, span: Span, *, whole: bool) -> bool:
        """Say whether what would pass for a card is something else, or is cut from something else.

        `whole` says that no other number stands beside it: then a part with the shape of a telephone number or a date
        does not save it.
        """
        apart = [*self.own, *((start, min(end, start + _SURELY_ABROAD)) for start, end in self._plus)]
        if any(not (whole and _holds(span, other)) for other in apart if overlap(span, other)):
            return True
        if not whole and _LISTED.search(self._plain, *span):
            return True
        return self._is_abroad(span) or self._is_of_an_address(span) or self._is_all(span)

    def explain_over_lines(self, span: Span) -> bool:
        """Say the same of what goes over several lines, where a number of another kind is whole on its own."""
        return overlaps(span, [*self.own, *self._plus]) or self.explain(span, whole=False)

    def _is_abroad(self, span: Span) -> bool:
        if not any(start <= span[0] < end for start, end in self._abroad):
            return False
        return sum(map(str.isdigit, self._plain[slice(*span)])) <= _LONGEST_ABROAD

    def _is_of_an_address(self, span: Span) -> bool:
        """Say whether it goes over parts of a web address that stand for different things."""
        if not any(overlap(span, address) for address in self._addresses):
            return False
        return not _BETWEEN_PARTS.isdisjoint(self._plain[slice(*span)])

    def _is_all(self, span: Span) -> bool:
        rest = set(range(*span)).difference(*(range(*shape) for shape in self._all))
        return not any(self._plain[place].isdigit() for place in rest)


def _spans(pattern: re.Pattern[str], plain: str) -> list[Span]:
    return [match.span() for match in pattern.finditer(plain)]


def overlap(one: Span, other: Span) -> bool:
    """Say whether two spans share a character."""
    return one[0] < other[1] and other[0] < one[1]


def overlaps(one: Span, others: Iterable[Span]) -> bool:
    """Say whether a span shares a character with any other."""
    return any(overlap(one, other) for other in others)


def _holds(one: Span, other: Span) -> bool:
    return one[0] <= other[0] and other[1] <= one[1]
