"""Street addresses in a text: a number, a name and a word for a street, as in English, French and Spanish.

Source: EM-PII-A.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from policies.screening.plain import Span

_TYPES = {
    "street": "street st str",
    "avenue": "avenue ave av avda avenida",
    "road": "road rd",
    "drive": "drive dr",
    "lane": "lane ln",
    "court": "court crt ct",
    "crescent": "crescent cres cr",
    "boulevard": "boulevard blvd boul bd bulevar",
    "way": "way",
    "place": "place pl",
    "terrace": "terrace terr",
    "trail": "trail trl",
    "circle": "circle cir",
    "parkway": "parkway pkwy",
    "square": "square sq",
    "highway": "highway hwy",
    "close": "close",
    "gate": "gate",
    "row": "row",
    "calle": "calle c",
}
_CANONICAL = {word: kind for kind, words in _TYPES.items() for word in words.split()}
_LETTERS = r"[^\W\d_]"
_CAPITAL = rf"(?:[A-ZÀ-ÖØ-Þ](?:{_LETTERS}|['’.-](?={_LETTERS})){{0,24}}\.?|[0-9]{{1,3}}(?:st|nd|rd|th))"
_NUMBER = r"(?<![\w$#€£/:])(?<!\d[.,-])(?P<number>[0-9]{1,5})(?:[ -]?[A-Da-d](?=[ ,]))?"
_NOT_ON = r"(?![\w])(?!['’]s\b)"
_ENGLISH = re.compile(
    rf"""
    {_NUMBER},?[ ]+(?:(?:
        (?:{_CAPITAL}[ ]+)(?:(?:{_CAPITAL}|of|the|de|la)[ ]+){{0,3}}
        (?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Court|Crt|Ct|Crescent|Cres|Boulevard|Blvd|Way|Place|Pl|Terrace
          |Terr|Trail|Trl|Circle|Cir|Parkway|Pkwy|Square|Sq|Highway|Hwy|Close|Gate|Row|street|avenue|road|drive|crescent
          |boulevard)
      ) | (?P<small>
        {_LETTERS}{{3,20}}[ ]+(?:{_LETTERS}{{3,20}}[ ]+)?(?:street|st|avenue|ave|road|rd|crescent|cres|boulevard|blvd)
      )){_NOT_ON}
    """,
    re.VERBOSE,
)
_OF = r"(?:(?:de|du|des|la|le|les)[ ]+|[ld]['’])*"
_FRENCH = re.compile(
    rf"""
    {_NUMBER}(?:[ ]?(?:bis|ter))?,?[ ]+(?:
        (?i:rue|avenue|av\.|boulevard|boul\.|bd|all[ée]e|impasse)[ ]+{_OF}{_LETTERS}
      | (?i:chemin|ch\.|place|route|rang|mont[ée]e|c[ôo]te|quai|cours|square)[ ]+{_OF}[A-ZÀ-ÖØ-Þ]
    )(?:{_LETTERS}|['’-]){{0,30}}{_NOT_ON}
    """,
    re.VERBOSE,
)
_SPANISH = re.compile(
    rf"""
    (?<!\w)(?i:calle|c/|avenida|avda\.?|av\.|paseo|plaza|carrera|camino|calzada|bulevar|callej[oó]n|carretera)[ ]*
    (?:(?:de|del|la|las|los|el)[ ]+){{0,3}}(?:{_CAPITAL}|[0-9]{{1,3}}[ ]+de)
    (?:[ ]+(?:{_CAPITAL}|de|del|la|las|los|el|y)){{0,4}}
    ,?[ ]+(?:n[.ºo°]{{1,2}}[ ]*|n[úu]m(?:ero)?\.?[ ]*|\#[ ]*)?(?P<number>[0-9]{{1,5}}){_NOT_ON}(?![.,:/-][0-9])
    (?![ ]*(?:de[ ]+{_LETTERS}|horas?|h\b|d[ií]as?|minutos?|carriles?|metros?|m\b|km|%|semanas?|meses|años?))
    """,
    re.VERBOSE,
)
_MONTHS = (
    "jan|january|feb|february|mar|march|apr|april|may|jun|june|jul|july|aug|august|sep|sept|september|oct|october|nov|"
    "november|dec|december"
)
_NO_HOUSE_BEFORE = re.compile(
    rf"\b(?:{_MONTHS}|ward|zone|route|district|highway|hwy|line|phase|stage|page|section|article|day|week|top|only)"
    r"[., ]{1,3}\Z",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}\Z")
_SMALL_THAT_NAME_NONE = frozenset(
    [
        "hour",
        "hours",
        "minute",
        "minutes",
        "min",
        "day",
        "days",
        "week",
        "weeks",
        "month",
        "months",
        "year",
        "years",
        "metre",
        "metres",
        "meter",
        "meters",
        "feet",
        "foot",
        "mile",
        "miles",
        "block",
        "blocks",
        "lane",
        "lanes",
        "way",
        "side",
        "sides",
        "more",
        "other",
        "another",
        "new",
        "old",
        "different",
        "local",
        "public",
        "private",
        "closed",
        "open",
        "the",
        "this",
        "that",
        "these",
        "those",
        "and",
        "per",
        "from",
        "down",
        "off",
        "along",
        "near",
        "for",
        "with",
        "your",
        "our",
        "his",
        "her",
        "their",
        "its",
        "cars",
        "car",
        "trucks",
        "people",
        "crews",
        "crew",
        "residents",
        "homes",
        "houses",
        "out",
        "over",
        "under",
        "around",
        "about",
        "into",
        "between",
        "across",
        "through",
        "was",
        "were",
        "are",
        "has",
        "had",
        "have",
        "will",
        "would",
        "can",
        "did",
        "does",
        "not",
        "all",
        "any",
        "each",
        "every",
        "both",
        "same",
        "whole",
        "next",
        "last",
        "first",
        "second",
        "third",
        "main-line",
        "dead",
        "busy",
        "city",
        "town",
        "rural",
        "paved",
        "gravel",
        "narrow",
        "wide",
        "quiet",
        "times",
        "time",
        "percent",
        "dollars",
        "streets",
        "avenues",
        "roads",
        "way",
        "one-way",
        "two-way",
        "snow",
        "winter",
        "road",
        "street",
        "avenue",
        "rue",
        "calle",
        "due",
        "bis",
        "ter",
    ]
)


def find_addresses(text: str) -> Iterator[tuple[Span, str]]:
    """Return where street addresses stand in a text, each with the words by which it is compared."""
    for pattern in (_ENGLISH, _FRENCH, _SPANISH):
        for match in pattern.finditer(text):
            if pattern is _SPANISH or _is_house(match, text):
                yield match.span(), _key_of(match[0])


def _is_house(match: re.Match[str], text: str) -> bool:
    before = text[max(0, match.start() - 20) : match.start()]
    if _NO_HOUSE_BEFORE.search(before) or _YEAR.match(match["number"]):
        return False
    small = match.groupdict().get("small") or ""
    return _SMALL_THAT_NAME_NONE.isdisjoint(small.lower().split()[:-1])


def _key_of(address: str) -> str:
    bare = "".join(
        part for part in unicodedata.normalize("NFKD", address.casefold()) if not unicodedata.combining(part)
    )
    words = re.findall(r"[^\W_]+", bare)
    return " ".join(_CANONICAL.get(word, word) for word in words)
