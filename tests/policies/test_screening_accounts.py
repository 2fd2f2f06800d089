"""Security codes, IBANs and routing numbers: masked where they are called so or prove themselves. No database."""

from __future__ import annotations

from random import Random

import pytest
from stdnum.us import rtn

from policies.screening import MASK, Screened, screen
from tests.policies.payment_numbers import digits, ibans, wrong_check_digit

pytestmark = pytest.mark.rule("EM-PAY")


def all_masked(text: str) -> str:
    return "".join(MASK if character.isalnum() else character for character in text)


# Security codes -------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("cvv 123", "cvv •••"),
        ("CVV: 1234", "CVV: ••••"),
        ("cvv2 123", "cvv2 •••"),
        ("cvv2345", "cvv••••"),
        ("CVC2=987", "CVC2=•••"),
        ("My cvc is 123, ok?", "My cvc is •••, ok?"),
        ("csc#123", "csc#•••"),
        ("CID 4321", "CID ••••"),
        ("the security code is 123", "the security code is •••"),
        ("Security Code on the back of my card: 123.", "Security Code on the back of my card: •••."),
        ("card code 123", "card code •••"),
        ("card verification code 1 2 3", "card verification code • • •"),
        ("código de seguridad 123", "código de seguridad •••"),
        ("CÓDIGO DE SEGURIDAD: ١٢٣", "CÓDIGO DE SEGURIDAD: •••"),
        ("el codigo de la tarjeta es 123", "el codigo de la tarjeta es •••"),
        ("la clave de seguridad de mi tarjeta es 123", "la clave de seguridad de mi tarjeta es •••"),
        ("co\u0301digo de seguridad 123", "co\u0301digo de seguridad •••"),
        ("Code de sécurité : 123", "Code de sécurité : •••"),
        ("le cryptogramme visuel est 123", "le cryptogramme visuel est •••"),
        ("cryptogramme 123 et cvv 456", "cryptogramme ••• et cvv •••"),
        ("code de la carte ① ② ③", "code de la carte • • •"),
    ],
)
def test_a_security_code_is_masked_beside_its_name(text, stored):
    assert screen(text) == Screened(stored, ("security_code",))


@pytest.mark.parametrize(
    "text",
    [
        "cvv 12",
        "cvv 12345",
        "What is a cvv? Call 416-555-0123.",
        "security code",
        "Lucid 123 Main St",
        "The building code 1234 applies",
        "postal code 123",
        "social security number 123-45-6789",
        "EM-8X98-4AD4-CVV 679 96 09 24",
    ],
)
def test_other_short_numbers_stay(text):
    assert screen(text) == Screened(text)


# IBANs ----------------------------------------------------------------------
def test_an_iban_of_any_country_is_masked_in_whatever_way_it_is_written():
    random = Random("IBAN")
    known = ibans(random)
    assert len(known) > 80
    for iban in known:
        fours = [iban[place : place + 4] for place in range(0, len(iban), 4)]
        full_width = iban.translate({code: code + 0xFEE0 for code in range(0x30, 0x5B)})
        for written in (iban, iban.lower(), " ".join(fours), "-".join(fours), "\u00a0".join(fours), full_width):
            for before, after in (("", ""), ("IBAN: ", " please"), ("(", "), BIC MAPLUS33"), ("iban", "")):
                screened = screen(before + written + after)
                assert screened.text == before + all_masked(written) + after
                assert "iban" in screened.payment


def test_an_iban_after_its_name_may_have_a_blank_anywhere():
    assert screen("iban de 89 370400440532013000").text == "iban •• •• ••••••••••••••••••"


def test_what_fails_the_check_of_an_iban_stays():
    for iban in ibans(Random(97)):
        if iban[4:].isdigit() and len(iban) < 20:  # longer ones might hold a card
            assert "iban" not in screen(wrong_check_digit(iban)).payment
    for text in ("DE8937040044053201300", "XX89370400440532013000", "no 12 345 678 901 23", "DE89 is a road"):
        assert screen(text) == Screened(text)


# Routing and account numbers ------------------------------------------------
def routing(random: Random) -> str:
    body = digits(random, 8)
    return body + rtn.calc_check_digit(body)


@pytest.mark.parametrize(
    "sentence",
    [
        "Routing {0}, account {1}",
        "routing number: {0} and my checking account number is {1}",
        "ABA {0} / acct. {1}",
        "RTN#{0} acct#{1}",
        "{0} is my routing number, account {1}",
        "account {1}, routing {0}",
        "Routing/account: {0} {1}",
        "número de ruta {0}, cuenta {1}",
        "numéro d’acheminement {0}, compte n° {1}",
    ],
)
def test_a_routing_number_is_masked_with_the_account_named_beside_it(sentence):
    random = Random(sentence)
    for length in (4, 7, 10, 12, 17):
        numbers = routing(random), digits(random, length)
        screened = screen(sentence.format(*numbers))
        assert screened.text == sentence.format(*(MASK * len(number) for number in numbers))
        assert "bank_account" in screened.payment


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("routing 021 000 021", "routing ••• ••• •••"),
        (
            "routing 021000021, account 12-3456 78, phone 416-555-0123",
            "routing •••••••••, account ••-•••• ••, phone 416-555-0123",
        ),
        ("transit 12345 institution 003 account 1234567", "transit ••••• institution ••• account •••••••"),
        ("Transit no. 12345-003, account 1234567", "Transit no. •••••-•••, account •••••••"),
        ("institution 003, succursale 12345, compte 1234567", "institution •••, succursale •••••, compte •••••••"),
    ],
)
def test_other_ways_to_name_bank_and_account(text, stored):
    assert screen(text) == Screened(stored, ("bank_account",))


@pytest.mark.parametrize(
    "text",
    [
        "My water account is 123456789",
        "account number 021000021",
        "Tax roll 021000021",
        "routing 021000022, account 1234567",
        "routing my call to 416-555-0123",
        "the transit stop 12345",
        "transit 12345, bus 003",
        "Utility account 5012-3344-1",
    ],
)
def test_an_account_without_a_bank_stays(text):
    assert screen(text) == Screened(text)
