"""What may stand where residents read a phone number: in a row, and in a value of a rule."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from agents.models import BackupPlan, Department, OutsideBody
from contactcenter.lib.errors import Invalid
from policies.kinds import Text
from policies.values import SETTABLE

NUMBERS = ("555-0100", "911", "311", "+1 (555) 010-0142", "555.010.0142 ext. 12", "1/555/0100 x5")
NO_NUMBERS = ("none at all", "call me", "call 555-0100", "12", "555-0100 or 555-0101", "1-800-ROADS", "5" * 16)
SENTENCE = "This is no phone number. Write its digits, such as 555-0100."
PLACES = (Department, BackupPlan, OutsideBody)
VALUES = [("EM-PAY", "phone"), *(("EM-911", name) for name in ("life_number", "non_emergency_number", "city_number"))]


def refused(place: Any, phone: str) -> list[str]:
    try:
        place._meta.get_field("phone").clean(phone, None)
    except ValidationError as refusal:
        return list(refusal.messages)
    return []


def value_of(rule: str, name: str) -> Text:
    value = next(each for each in SETTABLE[rule].values if each.name == name)
    assert isinstance(value, Text)
    return value


@pytest.mark.parametrize("place", PLACES)
def test_a_row_that_residents_read_takes_what_can_be_dialled_and_nothing_else(place: Any) -> None:
    assert [phone for phone in (*NUMBERS, "") if refused(place, phone)] == []
    assert [phone for phone in NO_NUMBERS if refused(place, phone) != [SENTENCE]] == []


@pytest.mark.rule("EM-911")
@pytest.mark.rule("EM-PAY")
@pytest.mark.parametrize(("rule", "name"), VALUES)
@pytest.mark.parametrize("phone", NUMBERS)
def test_a_rule_names_what_can_be_dialled(rule: str, name: str, phone: str) -> None:
    assert value_of(rule, name).check(phone) == phone


@pytest.mark.rule("EM-911")
@pytest.mark.rule("EM-PAY")
@pytest.mark.parametrize(("rule", "name"), VALUES)
@pytest.mark.parametrize("phone", NO_NUMBERS)
def test_a_rule_does_not_name_what_cannot(rule: str, name: str, phone: str) -> None:
    with pytest.raises(Invalid, match="this is no phone number") as refusal:
        value_of(rule, name).check(phone)
    assert refusal.value.more == {"field": name}
