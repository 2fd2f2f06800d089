"""The catalogue that comes with the program: whole, and in words that people read."""

from __future__ import annotations

from collections import Counter

import pytest

from contactcenter.lib.errors import Invalid
from policies.catalogue import Acts, rule_named, rules, sources

STEPS = range(1, 14)


def test_all_153_rules_are_there_once_each():
    assert len(rules()) == sum(len(source.rules) for source in sources()) == 153
    assert Counter(rule.document for rule in rules().values()) == {"EM": 42, "SJ": 30, "PK": 38, "DF": 23, "PH": 20}


def test_each_stands_in_the_document_that_its_name_says():
    assert [source.code for source in sources()] == ["EM", "SJ", "PK", "DF", "PH"]
    assert all(rule.document == source.code for source in sources() for rule in source.rules)


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.id)
def test_each_says_in_sentences_what_is_demanded_and_done(rule):
    assert rule.acts in Acts.values
    assert rule.step in STEPS
    assert rule.clause
    assert 0 < len(rule.title) <= 60
    for text in (rule.demands, rule.does):
        assert text[0].isupper() or text[0] in "“‘0123456789"
        assert text.endswith((".", "”"))


def test_the_rules_of_this_step_are_those_of_the_plan():
    due = {rule.id for rule in rules().values() if rule.step <= 2}
    assert due == {
        *("EM-DEF", "SJ-GREET", "PK-A11Y"),
        *("EM-HRS", "EM-HRS-30", "EM-IDLE-2", "EM-IDLE-4", "DF-BH", "PH-CERT", "PH-BIL", "DF-REVIEW"),
    }


def test_each_document_says_whose_it_is_and_when_it_was_adopted():
    for source in sources():
        assert source.body
        assert source.citation
        assert source.adopted_on is not None
        assert source.effective_on is not None
        assert source.adopted_on <= source.effective_on


def test_what_is_left_out_on_purpose_bears_a_reason():
    left = [part for source in sources() for part in source.left_out]
    assert len(left) == 7
    assert all(part.clause and part.what.endswith(".") and part.why.endswith(".") for part in left)


def test_an_unknown_rule_is_refused_by_its_name():
    with pytest.raises(Invalid, match="EM-NONE"):
        rule_named("EM-NONE")
