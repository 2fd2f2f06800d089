"""Contact details in a text: phone numbers, e-mail addresses and street addresses, as agents in three languages write.

Meant for what agents write, where a false alarm costs an honest person a click: a number that may be a date, an amount,
a time, a reference or a range counts only where the words before it say that it is a phone number.

Source: EM-PII-A.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from policies.screening.addresses import find_addresses
from policies.screening.plain import LETTER, MASK, Span, plain_of
from policies.screening.shapes import overlaps

PHONE, EMAIL, ADDRESS = "phone", "email", "address"
LEAST_DIGITS, MOST_DIGITS = 7, 15

_DIGIT = re.compile(r"\d")
_NOT_WITHIN = f"(?<![0-9a-z{LETTER}{MASK}#$])(?<![0-9][-./_:])(?<![a-z][-_/])"
_NOT_ON = f"(?![0-9a-z{LETTER}{MASK}])(?![-./_:][0-9])"
_EXTENSION = r"(?:[ ,]{0,2}(?:x|ext|extension|poste|\#)\.?[ ]?[0-9]{1,6})?"
_PHONE = re.compile(
    rf"""
    {_NOT_WITHIN}(?:
        (?P<plain>
            (?:\+?1[ .-]?)?(?:\([2-9][0-9]{{2}}\)[ .-]{{0,2}}|[2-9][0-9]{{2}}[ ./-]{{1,2}})
            [2-9][0-9]{{2}}[ .-]{{0,2}}[0-9]{{4}}                         # (416) 555-0123
          | \+1[2-9][0-9]{{2}}[2-9][0-9]{{6}}
          | 0[1-9](?:[ .-][0-9]{{2}}){{4}}                               # 01 42 68 53 00
          | [6-9][0-9]{{2}}(?:[ .-][0-9]{{2}}){{3}}                      # 612 34 56 78
        )
      | (?P<abroad>\+[1-9](?:[ .()/-]{{0,2}}[0-9]){{6,14}})
      | (?P<local>[2-9][0-9]{{2}}[.-][0-9]{{4}})                         # 555-0100
      | (?P<said>[0-9(](?:[ .()-]{{0,2}}[0-9]){{6,14}})                  # any number after a word that says so
    ){_EXTENSION}{_NOT_ON}
    """,
    re.VERBOSE,
)
_BEFORE = 48  # characters that are looked at before a number
_PHONE_WORDS = (
    "call|calling|dial|ring|phone|telephone|tel|cell|cellphone|mobile|fax|text|sms|whatsapp|reach|"
    "llame|llamar|llama|llameme|llamenos|telefono|movil|celular|marque|"
    "appelez|appeler|appelle|composez|composer|portable|cellulaire|telecopieur|joindre"
)
_REFERENCE_WORDS = (
    "permit|file|case|ticket|reference|ref|invoice|account|acct|order|bylaw|by-law|folio|roll|parcel|lot|plan|"
    "confirmation|tracking|licence|license|plate|application|docket|claim|serial|model|version|id|request|receipt|"
    "meter|pin|bill|contract|certificate|tender|policy|form|"
    "permiso|expediente|caso|referencia|factura|cuenta|recibo|contrato|solicitud|licencia|formulario|"
    "permis|dossier|facture|compte|reglement|recu|contrat|demande|formulaire"
)
_FILLER = (
    r"(?:[ :.,=\#-]|\b(?:number|numbers|no|nr|num|numero|n|is|are|at|on|to|me|us|him|her|them|it|my|your|our|the|a|al|"
    r"el|la|es|au|le|est|mon|votre|notre|nous|moi|me|mi|su|work|home|direct|line)\b){0,16}"
)
_SOMEBODY = r"(?:[ ,]{1,2}[a-z][a-z'.-]{0,23}){0,6}[ ](?:at|on|al|au)[ :]{1,2}"  # call the library at
_SAID_TO_BE_PHONE = re.compile(rf"\b(?:{_PHONE_WORDS})\b(?:{_FILLER}|{_SOMEBODY})$")
_SAID_TO_BE_REFERENCE = re.compile(rf"\b(?:{_REFERENCE_WORDS})\b{_FILLER}$")
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}([ .-]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12][0-9]|3[01])\Z"
    r"|(?:0?[1-9]|[12][0-9]|3[01])([ .-])(?:0?[1-9]|[12][0-9]|3[01])\2(?:19|20)[0-9]{2}\Z"
    r"|(?:19|20)[0-9]{2} ?- ?(?:19|20)[0-9]{2}\Z"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_ABROAD_CODE = re.compile(r"(?:00|011)(?=[1-9])")


class Contact(NamedTuple):
    """Where a contact detail stands in a text, of which kind, and how it is compared with others."""

    start: int
    end: int
    why: str
    key: str


def find_contacts(text: str) -> list[Contact]:
    """Return the contact details of a text, in order; no two share a character. Source: EM-PII-A."""
    if "@" not in text and _DIGIT.search(text) is None:
        return []
    found: list[Contact] = []
    for contact in (*_emails(text), *_phones(text), *_addresses(text)):
        if not overlaps(contact[:2], [other[:2] for other in found]):
            found.append(contact)
    return sorted(found)


def keys_of(texts: Iterable[str]) -> set[tuple[str, str]]:
    """Return how the contact details of some texts are compared: pairs of kind and key.

    A text that is nothing but a number counts as a phone number, whatever its shape.
    """
    keys = {(contact.why, contact.key) for text in texts for contact in find_contacts(text)}
    return keys | {(PHONE, key) for text in texts if (key := _key_of_number(text))}


def is_known(contact: Contact, known: Iterable[tuple[str, str]]) -> bool:
    """Say whether a contact detail is one of these; a phone number with or without the codes before it is the same."""
    if contact.why != PHONE:
        return (contact.why, contact.key) in known
    return any(why == PHONE and (contact.key.endswith(key) or key.endswith(contact.key)) for why, key in known)


def _emails(text: str) -> Iterator[Contact]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Contact(*match.span(), EMAIL, match[0].casefold())


def _phones(text: str) -> Iterator[Contact]:
    plain = plain_of(text)
    links = [match.span() for match in _LINK.finditer(plain.text)]
    for match in _PHONE.finditer(plain.text):
        if not overlaps(match.span(), links) and _is_phone(match, plain.text):
            start, end = plain.places[match.start()], plain.places[match.end() - 1] + 1
            yield Contact(start, end, PHONE, _phone_key(match[match.lastgroup or 0]))


def _is_phone(match: re.Match[str], plain: str) -> bool:
    """Say whether what has the shape of a phone number is one, by what stands before it."""
    before = plain[max(0, match.start() - _BEFORE) : match.start()]
    number = match[match.lastgroup or 0]
    if _DATE.match(number):
        return False
    if _SAID_TO_BE_PHONE.search(before):
        return True
    if match.lastgroup == "said" or (match.lastgroup != "abroad" and _SAID_TO_BE_REFERENCE.search(before)):
        return False
    return match.lastgroup != "local" or not _is_range(number)


def _is_range(number: str) -> bool:
    """Say whether three digits and four may mean from the one to the other: 500-1000."""
    return number[4] != "0" and number[2] == number[-1] in "05"


def _phone_key(number: str) -> str:
    """Return the digits of a number without the codes that lead out of a country and into North America."""
    digits = "".join(filter(str.isdigit, number))
    if not number.startswith("+"):
        digits = _ABROAD_CODE.sub("", digits, count=1) if _ABROAD_CODE.match(digits) else digits
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def _key_of_number(text: str) -> str:
    """Return the key of a text that is a phone number alone; empty for any other."""
    plain = re.sub(rf"{_EXTENSION}\s*\Z", "", plain_of(text).text, flags=re.VERBOSE)
    if not re.fullmatch(r"[ +0-9().,/-]+", plain):
        return ""
    key = _phone_key(plain.strip())
    return key if LEAST_DIGITS <= len(key) <= MOST_DIGITS else ""


def _addresses(text: str) -> Iterator[Contact]:
    for (start, end), key in find_addresses(text):
        yield Contact(start, end, ADDRESS, key)


__all__ = ["ADDRESS", "EMAIL", "PHONE", "Contact", "Span", "find_contacts", "is_known", "keys_of"]
