"""Security codes beside their name, and what stands right after a card: its expiry date and a bare code.

Source: EM-PAY.
"""

from __future__ import annotations

import re

from policies.screening.plain import SEPARATOR, Span
from policies.screening.shapes import Shapes, overlaps

_GAP = rf"{SEPARATOR}{{1,3}}"
_NAME = (
    r"(?:cvv|cvc|cvn|cvd|csc|cid)(?:2(?![0-9]))?"
    rf"|(?:card{_GAP})?security{_GAP}code|card{_GAP}(?:(?:verification|validation){_GAP})?code"
    rf"|(?:codigo|clave){_GAP}(?:de{_GAP}(?:la{_GAP})?)?(?:seguridad|tarjeta)"
    rf"|code{_GAP}(?:de{_GAP}(?:la{_GAP})?)?(?:securite|carte)|cryptogramme(?:{_GAP}visuel)?"
)
_FILLER = (
    "is|was|are|code|codigo|number|no|num|numero|value|of|on|for|from|the|my|this|that|it|its|card|visa|mastercard|amex"
    "|es|el|la|mi|de|del|su|tarjeta|est|le|ma|mon|cette|carte|du|verso|back|digits"
)
_BARE = r"(?:[0-9]{3,4}|[0-9](?:[ .-][0-9]){2,3})(?![0-9]|[-./,:][0-9])"
_NAMED = re.compile(
    rf"(?<![a-z])(?:{_NAME})(?:{SEPARATOR}{{0,4}}(?:{_FILLER})(?![a-z])){{0,7}}{SEPARATOR}{{0,5}}({_BARE})"
)
# Each name holds one of these; to look for them first is what keeps texts without a name cheap.
_HINTS = ("cv", "csc", "cid", "cod", "clave", "crypto")

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|ene|abr|ago|dic|janv|fev|avr|mai|juin|juil|aout"
_BETWEEN = (
    "d|exp|expires?|expiry|expiration|expiring|expira|date|valid|valide|valida|valido|valable|validity|thru|through|until"
    "|till?|to|good|vto|vence|vencimiento|caduca|caducidad|hasta|fecha|jusqu|au|fin|and|with|y|con|et|avec|security"
    f"|seguridad|securite|mm|yy|yyyy|aa|aaaa|{_MONTHS}|{_FILLER}|{_NAME}"
)
_NO_AMOUNT = SEPARATOR.replace("[^", "[^$")
_AFTER_CARD = rf"{_NO_AMOUNT}{{0,8}}(?:(?:{_BETWEEN}){_NO_AMOUNT}{{0,5}}){{0,6}}"
_MONTH_AND_YEAR = (
    r"(?:(?:0?[1-9]|1[0-2])[ ]?[-./ ][ ]?(?:20)?[0-9]{2}|(?:0[1-9]|1[0-2])(?:20)?[0-9]{2}"
    r"|20[0-9]{2}[-./](?:0[1-9]|1[0-2]))(?![0-9]|[-./,:][0-9])"
)
_EXPIRY = re.compile(rf"{_AFTER_CARD}({_MONTH_AND_YEAR})")
_CODE = re.compile(rf"{_AFTER_CARD}({_BARE})")


def find_codes(plain: str) -> list[Span]:
    """Return where security codes stand that are called so, in English, Spanish or French."""
    if not any(hint in plain for hint in _HINTS):
        return []
    named = list(_NAMED.finditer(plain))
    own = Shapes(plain).own if named else []  # the last letters of a reference may be "CVV"
    return [match.span(1) for match in named if not overlaps(match.span(), own)]


def find_after_card(plain: str, end: int, taken: list[Span]) -> tuple[list[Span], list[Span]]:
    """Return the expiry date and the bare code right after a card, at most one of each; what is taken is neither."""
    expiry: list[Span] = []
    code: list[Span] = []
    for _ in range(2):
        if not expiry and (match := _EXPIRY.match(plain, end)):
            found = expiry
        elif not code and (match := _CODE.match(plain, end)):
            found = code
        else:
            break
        if overlaps(match.span(1), taken):
            break
        found.append(match.span(1))
        end = match.end()
    return expiry, code
