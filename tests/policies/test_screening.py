"""Cards in every text: masked however they are written, and nothing else with them. No database."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies.screening import MASK, Screened, screen
from tests.policies.payment_numbers import (
    BRANDS,
    OTHER_BRANDS,
    card,
    cards,
    digits,
    parcel,
    phone,
    reference,
    wrong_check_digit,
)

pytestmark = pytest.mark.rule("EM-PAY")

VISA = "4539344446260337"  # made up; with the digits of the tests behind it, it is no longer card
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def grouped(number: str, separator: str) -> str:
    sizes = (4, 6, 5) if len(number) == 15 else (4, 4, 4, 4, 4)
    groups, rest = [], number
    for size in sizes:
        groups.append(rest[:size])
        rest = rest[size:]
    return separator.join(filter(None, groups))


FORMATS = {
    "none": lambda number: number,
    "blank": lambda number: grouped(number, " "),
    "dash": lambda number: grouped(number, "-"),
    "dot": lambda number: grouped(number, "."),
    "no-break space": lambda number: grouped(number, "\u00a0"),
    "full-width": lambda number: number.translate(FULL_WIDTH),
    "Arabic-Indic": lambda number: number.translate(ARABIC),
    "slash": lambda number: grouped(number, "/"),
    "zero-width": lambda number: grouped(number, "\u200b"),
    "en dash with blanks": lambda number: grouped(number, " – "),
    "every digit apart": lambda number: " ".join(number),
    "Devanagari": lambda number: grouped(number.translate(str.maketrans("0123456789", "०१२३४५६७८९")), " "),
    "mathematical": lambda number: number.translate({ord("0") + n: chr(0x1D7CE + n) for n in range(10)}),
    "superscript": lambda number: number.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")),
    "circled": lambda number: number.translate(str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")),
    "keycaps": lambda number: "".join(f"{digit}\ufe0f\u20e3" for digit in number),
    "struck through": lambda number: "".join(f"{digit}\u0336" for digit in number),
    "underscore": lambda number: grouped(number, "_"),
    "bullets": lambda number: grouped(number, MASK),
    "slips of the finger": lambda number: grouped(number, " ,. "),
}


def all_masked(text: str) -> str:
    return "".join(MASK if character.isalnum() else character for character in text)


# Cards ----------------------------------------------------------------------
@pytest.mark.parametrize("style", FORMATS)
@pytest.mark.parametrize("brand", BRANDS | OTHER_BRANDS)
def test_a_card_is_masked_in_whatever_way_it_is_written(brand, style):
    for number in cards(Random(brand), brand, each=3):
        written = FORMATS[style](number)
        for before, after in (("", ""), ("My card is ", ", thanks."), ("¿Pago con ", "?"), ("n°", " (débit)")):
            screened = screen(before + written + after)
            assert screened.text == before + all_masked(written) + after
            assert screened.payment == ("card",)


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("line_break", ["\n", "\r\n", " \n ", "\n\n", "\u2028"])
def test_a_card_across_a_line_break_is_masked_wherever_it_breaks(brand, line_break):
    for number in cards(Random(brand), brand):
        for written in (number, grouped(number, " ")):
            for place in range(1, len(written)):
                text = f"card {written[:place]}{line_break}{written[place:]} ok"
                assert screen(text).text == f"card {all_masked(text[5:-3])} ok"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("visa4539344446260337", "visa••••••••••••••••"),
        ("4539344446260337exp", "••••••••••••••••exp"),
        ("card 1: 4539 3444 4626 0337", "card 1: •••• •••• •••• ••••"),
        ("2 cards: 4539 3444 4626 0337 and 3714 496353 98431", "2 cards: •••• •••• •••• •••• and •••• •••••• •••••"),
        ("4539344446260337 371449635398431", "•••••••••••••••• •••••••••••••••"),
        ("416-555-0123, 4539-3444-4626-0337", "416-555-0123, ••••-••••-••••-••••"),
        ("4539-3444-4626-0337 2026-05-12", "••••-••••-••••-•••• 2026-05-12"),
        ("Ref MB-7K3Q-9XW2-4TC 4539344446260337", "Ref MB-7K3Q-9XW2-4TC ••••••••••••••••"),
        ("https://pay.example/4539344446260337", "https://pay.example/••••••••••••••••"),
        ("$4539 3444 4626 0337", "$•••• •••• •••• ••••"),
        ("+4539344446260337", "+••••••••••••••••"),
        ("453.934.444.626.0337", "•••.•••.•••.•••.••••"),
        ("37 144 963 539 8431", "•• ••• ••• ••• ••••"),
    ],
)
def test_a_card_is_found_among_letters_and_other_numbers(text, stored):
    assert screen(text) == Screened(stored, ("card",))


@pytest.mark.parametrize(
    ("after", "stored", "kinds"),
    [
        (" 12/27", " ••/••", ("card",)),
        (" exp 12/27", " exp ••/••", ("card",)),
        (" exp. date: 05/2028", " exp. date: ••/••••", ("card",)),
        (" valid thru 0528", " valid thru ••••", ("card",)),
        (", vence 5-28", ", vence •-••", ("card",)),
        (" válida hasta 05 / 28", " válida hasta •• / ••", ("card",)),
        (" date d’expiration 2028-05", " date d’expiration ••••-••", ("card",)),
        (" expires Dec 2028", " expires Dec ••••", ("card", "security_code")),
        (" 123", " •••", ("card", "security_code")),
        ("\n12/27\n123", "\n••/••\n•••", ("card", "security_code")),
        (" 123 12/27", " ••• ••/••", ("card", "security_code")),
        (" exp 12/27 cvv 1234", " exp ••/•• cvv ••••", ("card", "security_code")),
        (" (cvv: 123)", " (cvv: •••)", ("card", "security_code")),
        (" ١٢/٢٧ ١٢٣", " ••/•• •••", ("card", "security_code")),
        (" $450.00", " $450.00", ("card",)),
        (" 416-555-0123", " 416-555-0123", ("card",)),
        (", 12/05/2026", ", 12/05/2026", ("card",)),
        (" for 123 Main St", " for ••• Main St", ("card", "security_code")),  # on the safe side
        (" please call 311", " please call 311", ("card",)),
        (" 12345", " 12345", ("card",)),
        (" 12/27 123 84005", " ••/•• ••• 84005", ("card", "security_code")),
    ],
)
def test_the_expiry_date_and_the_code_right_after_a_card_go_with_it(after, stored, kinds):
    assert screen(VISA + after) == Screened(MASK * 16 + stored, kinds)


# What is no card ------------------------------------------------------------
@pytest.mark.parametrize("brand", BRANDS)
def test_a_wrong_check_digit_or_length_makes_no_card(brand):
    for number in cards(Random(brand), brand, each=3):
        assert screen(f"It is {wrong_check_digit(number)}.").payment == ()
    prefix = BRANDS[brand][0].split()[0]
    for length in (12, 20, 21):
        number = card(Random(length), prefix, length)
        assert screen(f"It is {number}.").payment == ()


@pytest.mark.parametrize("number", ["4539578763624", "453957876362149", "9999999999999995", "1111111111111117"])
def test_a_length_or_first_digits_of_no_brand_make_no_card(number):
    assert screen(number).payment == ()


def test_more_than_19_digits_in_a_row_hold_no_card():
    assert screen(f"{VISA}12345").text == f"{VISA}12345"
    assert screen(f"12345{VISA}").text == f"12345{VISA}"


SENTENCES = (
    "My reference is {0}, my number {1}, and the parcel {2}.",
    "{0}: please call {1} about roll number {2}!",
    "Llámeme al {1} por el lote {2} (referencia {0}).",
    "Le dossier {0}, lot {2} ; téléphone {1}",
    "call {1} or see {0} & lot {2}, unit 12, V6B 1A1",
    "{2}",
    "{1}",
    "{0}",
    "tel:{1}",
)


def test_our_references_telephone_numbers_and_parcel_numbers_stay():
    random = Random(311)
    sentences = (
        SENTENCES[n % len(SENTENCES)].format(reference(random), phone(random), parcel(random)) for n in range(100_000)
    )
    assert [text for text in sentences if screen(text) != Screened(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "43.653226, -79.383184",
        "We are at 45.421530,-75.697193 near the river",
        "open from 30/06/2026-31/12/2026",
        "2026-05-12 14:30:55",
        "$4,512.30, $3,211.10 and $1,000.05",
        "45.50, 32.10, 67.89, 12.04",
        "Parcels 412345678, 601234567, 561234567",
        "parcels 56-890-604, 834.2662.5484",
        "416-555-0123, 647-555-0199, 613-555-0142",
        "613-555-0123 #4567",
        "06 12 34 56 78, 05 98 76 54 32",
        "84005, 84005-1234, V6B 1A1, K1A 0B1",
        "550e8400-e29b-41d4-a716-446655440000",
        "https://city.example/2024/4111/1111/1111/1111?page=12",
        "5d41402abc4b2a76b9719d911017c592",
        "Bins 1 2 3, floors 10-12, 5 days",
    ],
)
def test_other_numbers_stay(text):
    assert screen(text) == Screened(text)


def test_what_is_no_card_stays_whatever_its_digits_are():
    random = Random(43)
    shapes = {
        "coordinates": lambda: f"{random.uniform(25, 65):.6f}, -{random.uniform(60, 130):.6f}",
        "dates": lambda: f"{random.randint(1, 28):02}/12/2026 - {random.randint(1, 28):02}/12/2027",
        "id": lambda: "{}-{}-4{}-8{}-{}".format(*(digits(random, n) for n in (8, 4, 3, 3, 12))),
        "amounts": lambda: ", ".join(f"${random.randint(1000, 9999):,}.{random.randint(10, 99)}" for _ in range(3)),
        "numbers abroad": lambda: f"+4{digits(random, 1)} 151 {digits(random, 4)} {digits(random, 4)}",
        "two numbers": lambda: (
            f"(4{digits(random, 2)}) 555-{digits(random, 4)}, 6{digits(random, 2)}-555-{digits(random, 4)}"
        ),
    }
    texts = [make() for make in shapes.values() for _ in range(2000)]
    assert [text for text in texts if screen(text).payment] == []


# Of every text --------------------------------------------------------------
DIGITS = st.sampled_from("0123456789")
NOISE = st.lists(
    st.one_of(
        DIGITS,
        st.sampled_from(
            [*" -./\n•", "4539 3444 4626 0337", "3714", "49635398431", "cvv 123", "12/27", "٤٥٣٩", "ß", "ﬁ"]
        ),
        st.sampled_from(
            ["DE89370400440532013000", "routing 021000021 ", "account 123456 ", "416-555-0123", "+49 151 "]
        ),
        st.text(max_size=6),
    ),
    max_size=30,
).map("".join)


@given(st.one_of(st.text(), NOISE))
@example("İ ŉ ǰ ΐ \u0301\u0301")
def test_any_text_keeps_its_length_and_changes_only_by_masks(text):
    stored = screen(text).text
    assert len(stored) == len(text)
    assert all(after in (before, MASK) for before, after in zip(text, stored, strict=True))
    assert all(before.isalnum() for before, after in zip(text, stored, strict=True) if before != after)


@given(NOISE)
def test_to_screen_again_changes_nothing(text):
    stored = screen(text).text
    assert screen(stored) == Screened(stored)


SEPARATORS = [*" -./_*|~:=\t\n\u00a0\u2009\u200b\u2060", " - ", "--", "  ", " / ", "\r\n", "، ", "·", "😀"]


@given(st.data())
def test_a_card_alone_is_masked_whatever_stands_between_its_digits(data):
    prefix, length = data.draw(st.sampled_from([(p, n) for ps, ns in BRANDS.values() for p in ps.split() for n in ns]))
    number = card(Random(data.draw(st.integers(0, 10**9))), prefix, length)
    separator = data.draw(st.sampled_from(SEPARATORS))
    gaps = data.draw(st.lists(st.booleans(), min_size=length - 1, max_size=length - 1))
    written = number[0] + "".join(
        (separator if gap else "") + digit for gap, digit in zip(gaps, number[1:], strict=True)
    )
    before, after = data.draw(st.sampled_from([("", ""), ("pay with ", " now"), ("(", ")"), ("é", "é"), ("卡", "卡")]))
    assert screen(before + written + after).text == before + all_masked(written) + after
