"""Made-up numbers for the tests of the screening, drawn from a seed: cards, IBANs, and what is neither."""

from __future__ import annotations

import re
from random import Random

from stdnum import luhn, numdb
from stdnum.iso7064 import mod_97_10

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# What people carry, with the first digits and lengths in use; written down apart from the table of the screening.
BRANDS = {
    "Visa": ("4", (13, 16, 19)),
    "Mastercard": ("51 52 53 54 55 2221 2345 2720", (16,)),
    "American Express": ("34 37", (15,)),
    "Discover": ("6011 644 649 65 622126", (16, 19)),
    "Diners Club": ("300 305 309 36 38 39", (14, 16, 19)),
    "JCB": ("3528 3566 3589", (16, 19)),
    "UnionPay": ("62 6250 81", (16, 17, 18, 19)),
    "Maestro": ("5018 5020 5038 5893 6304 6759 6763 6390", (13, 14, 15, 16, 17, 18, 19)),
}
OTHER_BRANDS = {
    "Mir": ("2200 2204", (16, 19)),
    "RuPay": ("508 606985 6521 8172 353 356", (16,)),
    "Verve": ("506099 506198 650002 507865", (16, 19)),
    "Troy": ("65 9792", (16,)),
    "Elo": ("401178 431274 504175 506699 509000 627780 636297 650031", (16,)),
    "Dankort": ("5019 4571", (16,)),
    "Interac": ("4506 4724 500766 589297 603761", (16, 19)),
    "Hipercard": ("606282 637095", (16, 19)),
    "JCB, older": ("1800 2131", (15,)),
}


def digits(random: Random, count: int) -> str:
    return "".join(random.choices("0123456789", k=count))


def card(random: Random, prefix: str, length: int) -> str:
    body = prefix + digits(random, length - len(prefix) - 1)
    return body + luhn.calc_check_digit(body)


def cards(random: Random, brand: str, each: int = 1) -> list[str]:
    """Return numbers of every prefix and length of a brand."""
    prefixes, lengths = (BRANDS | OTHER_BRANDS)[brand]
    return [card(random, prefix, n) for prefix in prefixes.split() for n in lengths for _ in range(each)]


def wrong_check_digit(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def ibans(random: Random) -> list[str]:
    """Return a made-up IBAN of every country, with right check digits."""
    structures = [(country, known["bban"]) for _, country, _, known, _ in numdb.get("iban").prefixes]
    return [_iban(random, country, structure) for country, structure in structures]


def _iban(random: Random, country: str, structure: str) -> str:
    kinds = {"n": "0123456789", "a": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "c": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    parts = re.findall(r"([0-9]+)!([nac])", structure)
    account = "".join("".join(random.choices(kinds[kind], k=int(count))) for count, kind in parts)
    return country + mod_97_10.calc_check_digits(account + country) + account


def reference(random: Random) -> str:
    """Return a reference of ours: letters, 50 bits and a check character in Crockford's base 32."""
    body = "".join(random.choices(CROCKFORD, k=11))
    letters = random.choice(["MB", "SR", "EM", "PK", "C"])
    return f"{letters}-{body[:4]}-{body[4:8]}-{body[8:]}"


def phone(random: Random) -> str:
    """Return a telephone number as people of some country write it."""
    shape = random.choice(PHONE_SHAPES)
    area = str(random.randint(201, 989))
    return re.sub("d", lambda _: random.choice("0123456789"), shape.replace("AAA", area))


PHONE_SHAPES = (
    *("AAA-ddd-dddd", "(AAA) ddd-dddd", "AAA.ddd.dddd", "AAA ddd dddd", "AAAddddddd", "AAA/ddd-dddd", "(AAA)ddd-dddd"),
    *("+1 AAA ddd dddd", "+1AAAddddddd", "1-AAA-ddd-dddd", "+1 (AAA) ddd-dddd", "001 AAA ddd dddd", "1 AAA ddd dddd"),
    *("AAA-ddd-dddd #dddd", "(AAA) ddd-dddd ext. dddd", "AAA-ddd-dddd x123"),
    *(
        "+44 20 dddd dddd",
        "+44dddddddddd",
        "+33 6 dd dd dd dd",
        "06 dd dd dd dd",
        "+49 151 dddd dddd",
        "+49151dddddddd",
    ),
    *(
        "+52 1 55 dddd dddd",
        "+86 138 dddd dddd",
        "+62 812 dddd ddddd",
        "0044 20 dddd dddd",
        "+34 6dd ddd ddd",
        "6dd dd dd dd",
    ),
)


def parcel(random: Random) -> str:
    """Return a parcel or tax-roll number of at most 12 digits."""
    return re.sub("d", lambda _: random.choice("0123456789"), random.choice(PARCEL_SHAPES))


PARCEL_SHAPES = (
    *("dddddddddddd", "dddddddd", "dd-ddd-ddd", "dd:ddd:dddd", "ddd-ddd-dd-dddd", "dd-dd-ddd-dddd", "ddd.dddd.dddd"),
    *("dd ddd ddd dddd", "dddd-dddd-dddd", "ddddd-dddd", "dd/ddd/dddd", "ddd ddd ddd ddd", "dddddd-ddd-ddd"),
)
