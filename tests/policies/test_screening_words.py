"""Words of an emergency, by kind and in every language of the list. No database."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.screening import NO_WORDS, Screened, WordList, screen

pytestmark = pytest.mark.rule("EM-911")

WORDS = WordList(
    [
        *(("life", phrase) for phrase in ("fire", "heart attack", "can't breathe", "gas leak", "911", "incendio")),
        *(("life", phrase) for phrase in ("il ne respire plus", "fuite de gaz", "пожар", "着火", "حريق", "आग")),
        *(("city", phrase) for phrase in ("flooding", "water main", "inundación", "câble électrique", "gas")),
        *(("non_emergency", phrase) for phrase in ("noise", "fire alarm chirps", "ruido", "bruit")),
        *(("service", phrase) for phrase in ("fire department", "Fire Hall", "fire department museum", "gas station")),
    ]
)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("There is a fire!", ("life",)),
        ("FIRE", ("life",)),
        ("heart   attack", ("life",)),
        ("a heart-attack, I think", ("life",)),
        ("heart\nattack", ("life",)),
        ("I can't breathe", ("life",)),
        ("I can’t breathe", ("life",)),
        ("I CAN´T BREATHE", ("life",)),
        ("call 911!", ("life",)),
        ("call ９１１", ("life",)),
        ("¡Incendio!", ("life",)),
        ("incéndio", ("life",)),
        ("l'INUNDACIÓN, la fuite de gaz", ("life", "city")),
        ("Inundacion", ("city",)),
        ("inundacio\u0301n", ("city",)),
        ("un CABLE ELECTRIQUE au sol", ("city",)),
        ("ｆｉｒｅ", ("life",)),
        ("ﬁre", ("life",)),
        ("Пожар в доме", ("life",)),
        ("房子着火了", ("life",)),
        ("حَرِيق", ("life",)),
        ("घर में आग है", ("life",)),
        ("noise, flooding and fire", ("life", "city", "non_emergency")),
        ("The fire alarm chirps", ("life", "non_emergency")),
        ("flooding at the fire hall", ("city",)),
        ("the fire department says there is a fire", ("life",)),
        ("fire, fire department come", ("life",)),
        ("My card is 4539 3444 4626 0337, fire!", ("life",)),
        ("fire at 12 Elm Street", ("life",)),
        ("Fuite de gaz au 12, rue de l’Église", ("life",)),
    ],
)
def test_a_phrase_is_found_whatever_its_case_accents_and_punctuation(text, kinds):
    assert WORDS.find(text) == kinds
    assert screen(text, WORDS).emergency == kinds


@pytest.mark.parametrize(
    "text",
    [
        "Is the fire department hiring?",
        "the FIRE  department's phone",
        "fire hall, gas station",
        "the fire department museum",
        "firefighter",
        "campfires",
        "the heart, then an attack plan",
        "gasoline",
        "9 1 1",
        "9115551234",
        "आगे",
        "",
        "\u0301",
    ],
)
def test_the_name_of_a_service_or_a_part_of_a_word_alone_does_not_count(text):
    assert WORDS.find(text) == ()


def test_words_beside_a_service_do_not_join():
    words = WordList([("life", "call help"), ("service", "fire department")])
    assert words.find("call the help") == words.find("call fire department help") == ()
    assert words.find("call help, fire department") == ("life",)


def test_a_row_of_the_list_decides():
    text = "There is smoke"
    assert WordList([]).find(text) == ()
    assert WordList([("city", "smoke")]).find(text) == ("city",)
    assert WordList([("city", "smoke"), ("life", "smoke")]).find(text) == ("life", "city")
    assert WordList([("life", " ¡! "), ("city", "")]).find("¡!") == ()
    assert NO_WORDS.find(text) == ()


def test_a_kind_that_is_none_is_refused():
    with pytest.raises(ValueError, match="danger"):
        WordList([("danger", "fire")])


def test_an_emergency_never_changes_the_text():
    assert screen("fire fire", WORDS) == Screened("fire fire", (), ("life",))
    assert screen("fire", NO_WORDS) == Screened("fire")


ANYTHING = st.lists(
    st.sampled_from(["fire", "department", "heart", "attack", "911", " ", "é", "’", "着", "火"]) | st.text()
).map(" ".join)


@given(ANYTHING)
def test_what_is_stored_is_found_to_be_the_same_emergency(text):
    screened = screen(text, WORDS)
    assert screen(screened.text, WORDS).emergency == screened.emergency == WORDS.find(screened.text)


def test_the_list_is_found_in_the_middle_of_long_texts():
    random = Random(911)
    usual = ["bin", "street", "12", "the", "élève", "please", "hall", "department", "attack", "main"]
    for _ in range(300):
        words = random.choices(usual, k=200)
        assert WORDS.find(" ".join(words)) == ()
        words[random.randrange(200)] = "Water. Main"
        assert WORDS.find(" ".join(words)) == ("city",)
