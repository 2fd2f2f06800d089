"""Profane words: whole words, folded, where they stand; names are none. No database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.phrases import fault_of_domain, fault_of_profanity
from policies.screening import NO_PROFANITY, ProfanityList, screen

pytestmark = pytest.mark.rule("EM-COM-C")
LIST = ProfanityList(
    [
        *(("profanity", word) for word in ("damn", "cul", "son of a bitch", "jódete", "enculé")),
        *(("name", name) for name in ("Damn Yankees", "cul de sac")),
    ]
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Damn!", ["Damn"]),
        ("that DAMN thing, damn", ["DAMN", "damn"]),
        ("You son of a  BITCH.", ["son of a  BITCH"]),
        ("JODETE ya", ["JODETE"]),
        ("encule\u0301", ["encule\u0301"]),
        ("ｄａｍｎ it", ["ｄａｍｎ"]),
        ("Damn Yankees, damn", ["damn"]),
        ("12 potholes, damn 34", ["damn"]),
    ],
)
def test_a_listed_word_is_found_where_it_stands(text, words):
    assert screen(text, profanity=LIST).is_profane
    assert [text[start:end] for start, end in LIST.spans(text)] == words


@pytest.mark.parametrize(
    "text", ["Amsterdamn", "damned", "the Damn Yankees play", "at the end of the cul-de-sac", "son of a", "", "dam n"]
)
def test_parts_of_words_and_names_are_none(text):
    assert not screen(text, profanity=LIST).is_profane
    assert LIST.spans(text) == []


def test_an_empty_list_finds_nothing():
    assert not screen("damn").is_profane
    assert NO_PROFANITY.spans("damn") == []


@given(st.text(max_size=80), st.text(max_size=80))
def test_where_a_word_stands_and_whether_it_does_agree(before, after):
    text = f"{before} damn {after}"
    spans = LIST.spans(text)
    assert screen(text, profanity=LIST).is_profane == bool(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)


def test_a_name_that_would_silence_a_word_is_refused():
    words = [("profanity", "damn"), ("name", "cul de sac")]
    assert "“damn” would never be found" in fault_of_profanity("name", "DAMN", words)
    assert "“cul de sac”" in fault_of_profanity("profanity", "cul de sac", words)
    assert fault_of_profanity("name", "Damn Yankees", words) == ""
    assert fault_of_profanity("profanity", "cul", words) == ""
    assert "at least one whole word" in fault_of_profanity("profanity", "!", words)


@pytest.mark.parametrize(
    ("domain", "sentence"),
    [
        ("https://maplebrook.example", "the domain alone"),
        ("maplebrook.example/pay", "the domain alone"),
        ("maple brook.example", "the domain alone"),
        ("*.maplebrook.example", "the domain alone"),
        ("-x.example", "the domain alone"),
        ("çity.example", "the domain alone"),
        ("example", "everybody's sites"),
        ("10.0.0.1", "address of numbers"),
        ("maplebrook.example", ""),
        ("xn--ity-zna.example", ""),
    ],
)
@pytest.mark.rule("EM-LINK")
def test_a_domain_is_a_domain(domain, sentence):
    fault = fault_of_domain(domain)
    assert (sentence in fault) if sentence else not fault
