"""Bank accounts: IBANs, and routing numbers with the account numbers beside them.

Source: EM-PAY.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban, numdb
from stdnum.us import rtn

from policies.screening.plain import MASK, SEPARATOR, Span, cover
from policies.screening.shapes import Shapes, overlaps


def _lengths_of_ibans() -> dict[str, int]:
    """Return how long the IBANs of each country are, its letters and check digits included."""
    structures = {country: known["bban"] for _, country, _, known, _ in numdb.get("iban").prefixes}
    return {country.lower(): 4 + sum(map(int, re.findall("[0-9]+", bban))) for country, bban in structures.items()}


_LENGTHS = _lengths_of_ibans()
_CHECK_DIGITS = re.compile(r"[0-9]{2}(?<=[a-z]{2}[0-9]{2})")
_CHECK_DIGITS_APART = re.compile(r"[0-9]{2}(?<=[a-z]{2}[ -][0-9]{2})")
_LETTER_OR_DIGIT = bytes.maketrans(b"abcdefghijklmnopqrstuvwxyz0123456789", b"a" * 26 + b"0" * 10)
_WRITTEN = re.compile(rf"{SEPARATOR}{{0,3}}([0-9a-z])")


# IBANs ----------------------------------------------------------------------
def find_ibans(plain: str) -> list[Span]:
    """Return where IBANs stand, with any separators; the check digits of a country's own are not asked."""
    return [span for start in _starts_of_ibans(plain) if (span := _iban_at(plain, start))]


def _starts_of_ibans(plain: str) -> Iterator[int]:
    if b"aa00" in plain.encode("ascii", "replace").translate(_LETTER_OR_DIGIT):  # far quicker than to search
        yield from (match.start() - 2 for match in _CHECK_DIGITS.finditer(plain))
    if "iban" in plain:  # without the word, "no 12…" begins a sentence more often than a Norwegian IBAN
        yield from (match.start() - 3 for match in _CHECK_DIGITS_APART.finditer(plain))


def _iban_at(plain: str, start: int) -> Span | None:
    before = plain[max(start - 4, 0) : start]
    length = _LENGTHS.get(plain[start : start + 2])
    if length is None or (before[-1:].isalnum() and before != "iban"):
        return None
    written, end = "", start
    while len(written) < length:
        match = _WRITTEN.match(plain, end)
        if not match:
            return None
        written += match[1]
        end = match.end()
    if plain[end : end + 1].isdigit() or not iban.is_valid(written.upper(), check_country=False):
        return None
    return start, end


# Routing and account numbers ------------------------------------------------
_NEAR, _BEHIND = 60, 30  # characters between a number and the word that names it, before and behind
_NINE_DIGITS = re.compile(r"[0-9](?<![0-9][0-9])(?:[0-9]{8}(?![0-9])|(?:[ .-]?[0-9]){8}(?![ .-]?[0-9]))")
_ROUTING = re.compile(r"(?<![a-z])(?:routing|aba|rtn|ruta|enrutamiento|acheminement|routage|transit)(?![a-z])")
# Each name holds one of these; to look for them first is what keeps texts without a name cheap.
_HINTS = ("routing", "aba", "rtn", "ruta", "enrut", "achem", "routage", "transit", "branch", "sucursal", "succursale")
_MASKED = re.compile(rf"{MASK}(?:[ .-]?{MASK}){{4,8}}")
_TRANSIT = re.compile(
    r"(?<![a-z])(?:transit|transito|branch|sucursal|succursale)(?![a-z])[^0-9]{0,25}"
    r"([0-9]{5})(?:[ ./-]{1,3}([0-9]{3}))?(?![0-9])"
)
_INSTITUTION = re.compile(r"(?<![a-z])(?:institution|institucion|inst)(?![a-z])[^0-9]{0,25}([0-9]{3})(?![0-9])")
_ACCOUNT = re.compile(
    r"(?<![a-z])(?:accounts?|acct|acc|a/c|checking|chequing|savings|cuenta|cta|compte|cpte)(?![a-z])[^0-9]{0,40}"
    r"([0-9](?:[ .-]?[0-9]){3,16})(?![0-9])"
)


def find_routed_accounts(plain: str) -> list[Span]:
    """Return where a routing number stands that is called so, and the account numbers of the same text."""
    routing = find_routing(plain)
    if not routing:
        return []
    return [*routing, *find_accounts(cover(plain, routing))]


def find_routing(plain: str) -> list[Span]:
    """Return where bank and branch are named by number: valid ones of the United States, and those of Canada."""
    if not _names_routing(plain):
        return []
    american = [match.span() for match in _NINE_DIGITS.finditer(plain) if _is_routing(plain, match.span())]
    return american or _find_transit(plain)


def _names_routing(plain: str) -> bool:
    return any(hint in plain for hint in _HINTS)


def _is_routing(plain: str, span: Span) -> bool:
    start, end = span
    around = plain[max(start - _NEAR, 0) : start], plain[end : end + _BEHIND]
    return any(map(_ROUTING.search, around)) and rtn.is_valid("".join(filter(str.isdigit, plain[start:end])))


def _find_transit(plain: str) -> list[Span]:
    """Return a Canadian branch with its bank: "transit 12345-003", or each by its name."""
    transit = _TRANSIT.search(plain)
    if not transit:
        return []
    if transit[2]:
        return [transit.span(1), transit.span(2)]
    institution = _INSTITUTION.search(plain)
    return [transit.span(1), institution.span(1)] if institution else []


def find_accounts(plain: str) -> list[Span]:
    """Return where numbers stand that are called an account."""
    named = [match.span(1) for match in _ACCOUNT.finditer(plain)]
    own = Shapes(plain).own if named else []
    return [span for span in named if not overlaps(span, own)]


def bears_masked_routing(plain: str) -> bool:
    """Say whether a routing number that is called so has been masked here."""
    if MASK not in plain or not _names_routing(plain):
        return False
    names = [match.span() for match in _ROUTING.finditer(plain)]
    return any(_MASKED.search(plain, max(start - _BEHIND, 0), end + _NEAR) for start, end in names)
