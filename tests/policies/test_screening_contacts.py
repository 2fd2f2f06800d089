"""Contact details in what agents write: found as people write them, and nothing else taken for one. No database."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.screening import find_contacts, is_known, keys_of

pytestmark = pytest.mark.rule("EM-PII-A")


def found(text: str) -> list[tuple[str, str]]:
    return [(text[contact.start : contact.end], contact.why) for contact in find_contacts(text)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Call (416) 555-0123.", "(416) 555-0123"),
        ("416-555-0123", "416-555-0123"),
        ("her number is 416.555.0123, ask for Bo", "416.555.0123"),
        ("+1 416 555 0123", "+1 416 555 0123"),
        ("1-416-555-0123 ext 5 please", "1-416-555-0123 ext 5"),
        ("My cell is 4165550123", "4165550123"),
        ("call me at 5550123!", "5550123"),
        ("555-0123", "555-0123"),
        ("tel: 020 7946 0958", "020 7946 0958"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("au 01 42 68 53 00", "01 42 68 53 00"),
        ("al 612 34 56 78", "612 34 56 78"),
        ("Llámeme al 612 345 678", "612 345 678"),
        ("Téléphonez : appelez-moi au 514-555-0199", "514-555-0199"),
        ("call ４１６-555-0123", "４１６-555-0123"),
        ("call 500-1000", "500-1000"),
        ("Please call the library at 555-123-9876", "555-123-9876"),
        ("appelez la mairie de Sainte-Anne au 123 456 789", "123 456 789"),
    ],
)
def test_a_phone_number_is_found_as_it_is_written(text, number):
    assert found(text) == [(number, "phone")]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("write to bob@example.com.", "bob@example.com"),
        ("(Bob.Smith+x@mail.example.co.uk)", "Bob.Smith+x@mail.example.co.uk"),
        ("josé@correo.example,", "josé@correo.example"),
    ],
)
def test_an_e_mail_address_is_found_as_it_is_written(text, address):
    assert found(text) == [(address, "email")]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("I live at 12 Oak Street, second floor", "12 Oak Street"),
        ("12 oak street", "12 oak street"),
        ("1234 W. Main St.", "1234 W. Main St"),
        ("12B King Street East", "12B King Street"),
        ("45 St. Patrick's Road", "45 St. Patrick's Road"),
        ("101 5th Avenue", "101 5th Avenue"),
        ("au 12 rue de la Paix", "12 rue de la Paix"),
        ("12, avenue Victor-Hugo", "12, avenue Victor-Hugo"),
        ("3 bis boulevard Saint-Germain", "3 bis boulevard Saint-Germain"),
        ("25, chemin du Lac", "25, chemin du Lac"),
        ("Vivo en Calle Mayor 12", "Calle Mayor 12"),
        ("Avenida de la Paz, 45", "Avenida de la Paz, 45"),
        ("Calle 5 de Mayo nº 12", "Calle 5 de Mayo nº 12"),
    ],
)
def test_a_street_address_is_found_in_three_languages(text, address):
    assert found(text) == [(address, "address")]


def test_several_are_found_in_order_and_share_no_character():
    text = "Bo, 12 Oak Street, bo@example.com, 416-555-0123,416-555-0124"
    assert [why for _, why in found(text)] == ["address", "email", "phone", "phone"]


@pytest.mark.parametrize(
    "text",
    [
        "Your permit 2026-0123 is ready on 2026-11-24 at 10:30-11:30",
        "11/24/2026, 24.11.2026, call on 24-11-2026",
        "It costs $416,555.01, or $1 234 567.00, or 12 345 678",
        "Your reference is MB-7K3Q-9XW2-4TC",
        "permit number 555-0123",
        "file no. 416-555-0123",
        "Your account number is 12345678",
        "order 612 345 678",
        "número de expediente 555-0123",
        "dossier n° 416-555-0123",
        "roll 1805-010-001-12300, parcel 14-21-300-007",
        "between 500-1000 dollars, the $250-3000 fine",
        "43.653226, -79.383184 or 192.168.100.1",
        "from 2024-2025, 8:30-16:30, 9 to 5, 24 hours a day, 7 days a week",
        "your reference is 4165550123",
        "call 311 or 911",
        "https://maps.example/?p=416-555-0123&q=12",
        "ZIP 84043-1234, L1V 2P7, ISBN 978-3-16-148410-0",
        "By-law 1234-5678, section 12.3.4, No. 123 of 456, 1-2-3",
        "uuid 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "card ••••••••••••••••, 416-555-••••",
        "on Nov. 24 Main Street is closed, in 2026 Main Street will be rebuilt",
        "3 blocks down the road, a 2 lane road, a one 4 way stop",
        "12 potholes on king street, 30 days street parking, 2 side street closures",
        "5 minutes from Main Street; I have 3 people on the way",
        "Ward 3 Oak Street crews",
        "la calle está cerrada 3 días, Calle Mayor, 24 de noviembre, Avenida Juárez 3 carriles",
        "il y a 2 places de stationnement, 1 place de stationnement",
        "follow us @maplebrook, 2 @ 5",
        "",
    ],
)
def test_what_is_no_contact_detail_passes(text):
    assert found(text) == []


def test_the_same_number_with_other_signs_or_codes_is_known():
    known = keys_of(["555-0100 x12", "+1 905 555 0111", "Roads@Maplebrook.example", "12 Oak Street"])
    texts = "555-0100, 905.555.0111, 555-0111, roads@maplebrook.example, 12 oak st."
    assert [is_known(contact, known) for contact in find_contacts(texts)] == [True] * 5
    others = find_contacts("555-0101, 905-555-0112, rods@maplebrook.example, 13 Oak Street")
    assert [is_known(contact, known) for contact in others] == [False] * 4


def test_a_directory_entry_may_have_any_shape():
    assert keys_of(["8015551234", "1 (801) 555.1234"]) == {("phone", "8015551234")}
    assert keys_of(["911", "", "ask at the counter"]) == set()


# Properties -----------------------------------------------------------------------
AREA = st.integers(200, 999)
SEPARATOR = st.sampled_from(["-", ".", " "])


@given(AREA, AREA, st.integers(0, 9999), SEPARATOR, st.sampled_from(["", "+1 ", "1-"]), st.text("abc ,.\n", max_size=9))
def test_every_north_american_number_is_found_whatever_stands_around_it(area, exchange, line, between, code, around):
    number = f"{code}{area}{between}{exchange}{between}{line:04}"
    text = f"{around} {number} {around}"
    assert found(text) == [(number, "phone")]
    assert is_known(find_contacts(text)[0], keys_of([f"({area}) {exchange}-{line:04}"]))


@given(st.text(max_size=200))
def test_spans_are_whole_ordered_and_apart_in_any_text(text):
    contacts = find_contacts(text)
    places = [place for contact in contacts for place in (contact.start, contact.end)]
    assert places == sorted(places)
    assert all(0 <= contact.start < contact.end <= len(text) for contact in contacts)
    assert all(contact.why in {"phone", "email", "address"} and contact.key for contact in contacts)


@given(st.dates(), st.times(), st.integers(0, 99_999_999), st.integers(0, 99))
def test_dates_times_and_amounts_are_never_contact_details(on, at, whole, cents):
    text = (
        f"On {on:%Y-%m-%d} ({on:%d.%m.%Y}, {on:%m/%d/%Y}) at {at:%H:%M} you owe ${whole:,}.{cents:02}, not {whole:,}."
    )
    assert found(text) == []


@given(st.integers(0, 2**32))
def test_our_own_references_are_never_contact_details(seed):
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    pick = Random(seed)
    parts = ["".join(pick.choices(letters, k=length)) for length in (4, 4, 3)]
    assert found(f"Your reference is MB-{'-'.join(parts)}.") == []
