"""Payment data typed over several messages. No database."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.screening import MASK, Completed, complete, may_complete, screen
from policies.screening.cards import is_card
from tests.policies.payment_numbers import BRANDS, cards, parcel, phone, reference
from tests.policies.test_screening import FORMATS, NOISE, all_masked

pytestmark = pytest.mark.rule("EM-PAY")

SPLIT = ("none", "blank", "dash", "dot", "no-break space", "full-width", "Arabic-Indic", "slash", "every digit apart")


def say(*texts: str) -> list[str]:
    """Return what is stored in the end when one sender writes these, one after the other."""
    stored: list[str] = []
    for text in texts:
        new = screen(text).text
        before = stored[-3:]
        completed = complete(before, new) if may_complete(new) else None
        if completed:
            stored[len(stored) - len(before) :] = completed.earlier
            new = completed.text
        stored.append(new)
    return stored


def whole_only(brand: str) -> list[str]:
    """Return numbers within which no shorter card is found: that would be masked at once, and leave a digit or two."""
    random = Random(brand)
    numbers: list[str] = []
    for _ in range(100):
        numbers += [number for number in cards(random, brand) if not _holds_shorter(number)]
    by_length = {len(number): number for number in numbers}
    return list(by_length.values())


def _holds_shorter(number: str) -> bool:
    parts = combinations(range(len(number) + 1), 2)
    return any(is_card(number[start:end]) for start, end in parts if 13 <= end - start < len(number))


# Cards ----------------------------------------------------------------------
@pytest.mark.parametrize("style", SPLIT)
@pytest.mark.parametrize("brand", BRANDS)
def test_a_card_over_two_messages_is_masked_wherever_it_is_split(brand, style):
    numbers = whole_only(brand)
    assert {len(number) for number in numbers} == set(BRANDS[brand][1])
    for written in map(FORMATS[style], numbers):
        for place in range(1, len(written)):
            parts = written[:place], written[place:]
            expected = [f"my card is {all_masked(parts[0])}", all_masked(parts[1])]
            assert say(f"my card is {parts[0]}", parts[1]) == expected


@pytest.mark.parametrize("brand", BRANDS)
def test_a_card_over_four_messages_is_masked_wherever_it_is_split(brand):
    for number in whole_only(brand)[:2]:
        for cuts in combinations(range(1, len(number)), 3):
            parts = [number[start:end] for start, end in zip((0, *cuts), (*cuts, None), strict=True)]
            assert say(*parts) == [MASK * len(part) for part in parts]


NUMBER = "4539344446260337"


@pytest.mark.parametrize(
    ("texts", "stored"),
    [
        (["4539 3444", "wait", "4626 0337"], ["•••• ••••", "wait", "•••• ••••"]),
        (["Visa 4539 3444 ", "then 4626", "0337 thanks"], ["Visa •••• •••• ", "then ••••", "•••• thanks"]),
        (["12 bins", "4539344446", "260337 exp 12/27 123"], ["12 bins", "••••••••••", "•••••• exp ••/•• •••"]),
        (["call 416-555-0123 4539 3444", "4626 0337"], ["call 416-555-0123 •••• ••••", "•••• ••••"]),
        (["4539344446260337", "123"], ["••••••••••••••••", "•••"]),
        (["4539344446260337.", "12/27 123"], ["••••••••••••••••.", "••/•• •••"]),
        (
            ["it is 4539344446260337", "ok", "exp 12/27, code 1234"],
            ["it is ••••••••••••••••", "ok", "exp ••/••, code ••••"],
        ),
        (["4539 3444", "4626 0337", "123"], ["•••• ••••", "•••• ••••", "•••"]),
        (["my cvv is", "123"], ["my cvv is", "•••"]),
        (["código de seguridad:", "1234"], ["código de seguridad:", "••••"]),
        (["IBAN DE89 3704", "0044 0532 0130 00"], ["IBAN DE•• ••••", "•••• •••• •••• ••"]),
        (["GB29", "NWBK60161331926819"], ["GB••", "••••••••••••••••••"]),
        (["routing 021000021", "account 12345678"], ["routing •••••••••", "account ••••••••"]),
        (["my account is 12345678", "routing 021000021"], ["my account is ••••••••", "routing •••••••••"]),
        (["my routing number?", "021000021"], ["my routing number?", "•••••••••"]),
    ],
)
def test_what_was_begun_before_is_masked_in_every_message(texts, stored):
    assert say(*texts) == stored


@pytest.mark.parametrize(
    "texts",
    [
        ["4539344446", "12345"],
        ["4539 3444 and more", "4626 0337"],
        ["4539 3444", "so 4626 0337"],
        ["416-555-0123", "123 Main Street"],
        ["(613) 555-0123", "1234"],
        ["+49 151 1234 5678", "12"],
        ["12/05/2026", "14:30"],
        ["Lot 401234567890", "5 Elm Street"],
        ["What is a cvv?", "123 Main Street"],
        ["account", "12345678"],
        ["• bread", "123"],
    ],
)
def test_other_numbers_of_several_messages_stay(texts):
    assert say(*texts) == texts


def test_a_telephone_number_and_then_an_address_stay_whatever_their_digits_are():
    random = Random(60)
    for _ in range(3000):
        number, street = phone(random), f"{random.randint(1, 99999)} Elm Street"
        assert complete([number], street) is None
        assert complete([reference(random), parcel(random)], f"in {street}") is None


def test_a_code_after_a_masked_card_is_masked_and_other_answers_are_not():
    card = screen(f"card {NUMBER}").text
    assert complete([card], "9876") == Completed("••••", (card,), ("security_code",))
    assert complete([card], "12/27") == Completed("••/••", (card,), ("card",))
    for answer in ("12", "12345", "84005", "123 Main Street", "416-555-0123", "$450", "12/05/2026"):
        assert complete([card], answer) is None
    assert complete([f"{card} is my card"], "1234") is None


def test_a_card_whose_beginning_passes_for_a_shorter_one_is_masked_to_its_end():
    assert say("6304 0000 0000 00", "00") == ["•••• •••• •••• ••", "••"]
    assert say("63040000000000", "12 bins") == ["••••••••••••••", "12 bins"]


def test_nothing_before_completes_nothing():
    assert complete([], "4539 3444") is None
    assert complete(["", " "], "4539 3444") is None
    assert complete(["4539"], "") is None


def test_only_what_might_complete_something_asks_for_the_messages_before():
    for text in ("4539 3444", " 123", "(12", "٤٥٣٩", "exp 12/27", "account 123456", "routing •••••••••"):
        assert may_complete(text)
    for text in (
        "When is my bin collected?",
        "Main Street 12 to 14 are dark",
        "•••• thanks",
        "",
        "Où est-ce ?",
        "I have 3 bins",
    ):
        assert not may_complete(text)


# Of all texts ---------------------------------------------------------------
@given(st.lists(NOISE.map(lambda text: screen(text).text), min_size=2, max_size=4))
def test_what_is_completed_keeps_every_length_and_changes_only_by_masks(texts):
    *earlier, text = texts
    completed = complete(earlier, text)
    if completed is None:
        return
    assert may_complete(text)
    assert completed.payment
    after = [*completed.earlier, completed.text]
    assert after != texts
    assert [len(text) for text in after] == [len(text) for text in texts]
    changed = [
        (b, a) for one, other in zip(texts, after, strict=True) for b, a in zip(one, other, strict=True) if a != b
    ]
    assert all(before.isalnum() and new == MASK for before, new in changed)
