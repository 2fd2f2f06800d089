"""What an admin can set: each kind of value with its limits, and what older versions did not know yet."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import gettext_lazy

from contactcenter.lib.errors import Invalid
from policies.kinds import Number, Switch, Text, TimeOfDay, Value
from policies.models import RuleVersion
from policies.values import SETTABLE, default_of, say, whole

ABOUT = (gettext_lazy("Label"), gettext_lazy("Help"))
NUMBER = Number("number", *ABOUT, 0, 1440, default=60)
TEXT = Text("text", *ABOUT, longest=12)
NEEDED = Text("needed", *ABOUT, longest=12, is_required=True)
PAGE = Text("page", *ABOUT, longest=60, is_address=True)
TIME = TimeOfDay("time", *ABOUT, default="02:00")
ALL = [(rule, value) for rule, settable in SETTABLE.items() for value in settable.values]


# Kinds ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "given", "kept"),
    [
        (NUMBER, 0, 0),
        (NUMBER, 1440, 1440),
        (Switch("switch", *ABOUT), None, False),
        (Switch("switch", *ABOUT), True, True),
        (TEXT, None, ""),
        (TEXT, "   ", ""),
        (TEXT, "twelve signs", "twelve signs"),
        (TEXT, "  two \r\n\t lines ", "two lines"),
        (TEXT, "¿Qué? 你好 🙂", "¿Qué? 你好 🙂"),
        (NEEDED, " 911 ", "911"),
        (PAGE, "", ""),
        (PAGE, " https://www.maplebrook.example/pay/ ", "https://www.maplebrook.example/pay/"),
        (PAGE, "HTTPS://pay.maplebrook.example:8443/?a=b", "HTTPS://pay.maplebrook.example:8443/?a=b"),
        (TIME, "00:00", "00:00"),
        (TIME, "23:59", "23:59"),
        (TIME, " 2:05 ", "02:05"),
    ],
)
def test_what_is_within_the_limits_is_kept(value: Value, given: Any, kept: Any) -> None:
    found = value.check(given)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("value", "given", "sentence"),
    [
        *((NUMBER, given, "Label: write a whole number from 0 to 1440.") for given in (-1, 1441, "60", True, None)),
        (TEXT, "thirteen signs", "Shorten it to 12 characters."),
        (TEXT, 911, "Label: write a text."),
        (TEXT, "a\0b", "NUL character"),
        (TEXT, "a\ud800b", "cannot be stored"),
        (NEEDED, "", "must not stay empty"),
        (NEEDED, " \n ", "must not stay empty"),
        *(
            (PAGE, given, "it begins with https://")
            for given in (
                "http://www.maplebrook.example/pay/",
                "www.maplebrook.example",
                "javascript:alert(1)",
                "https://",
                "https://maple brook.example/",
                "//maplebrook.example/",
                "555-0150",
            )
        ),
        (PAGE, f"https://www.maplebrook.example/{'x' * 40}", "Shorten it to 60 characters."),
        *((TIME, given, "such as 02:00") for given in ("", None, "24:00", "2", "2:5", "02:60", "2 am", "02:00:00", 2)),
        (TIME, "٠٢:٠٠", "such as 02:00"),
    ],
)
def test_what_is_not_is_refused_with_a_sentence_and_its_name(value: Value, given: Any, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        value.check(given)
    assert sentence in refusal.value.detail
    assert refusal.value.more == {"field": value.name}


# Defaults -------------------------------------------------------------------
@pytest.mark.parametrize(("rule", "value"), ALL)
def test_every_default_is_a_value_that_could_be_set(rule: str, value: Value) -> None:
    assert value.check(value.default) == value.default
    assert default_of(rule, value.name) == value.default
    assert str(value.label)
    assert str(value.help).endswith((".", "?"))


def test_a_version_that_did_not_know_a_value_has_its_default() -> None:
    old = RuleVersion(rule="EM-IDLE-2", values={})
    assert old.number_of("seconds") == 120
    assert RuleVersion(rule="EM-HRS", values={}).value_of("always_open") is False


def test_a_value_that_was_written_goes_before_its_default() -> None:
    written = RuleVersion(rule="EM-IDLE-2", values={"seconds": 60})
    assert (written.number_of("seconds"), written.value_of("seconds")) == (60, 60)
    assert whole("EM-IDLE-2", written.values) == {"seconds": 60}


@pytest.mark.parametrize(("rule", "name"), [("EM-IDLE-2", "minutes"), ("EM-DEF", "seconds"), ("EM-NONE", "seconds")])
def test_a_value_that_no_rule_has_is_a_mistake_of_ours(rule: str, name: str) -> None:
    with pytest.raises(KeyError):
        RuleVersion(rule=rule, values={}).value_of(name)


@pytest.mark.parametrize("rule", SETTABLE)
def test_a_version_without_any_value_can_still_be_said_in_words(rule: str) -> None:
    assert say(rule, {}) == say(rule, whole(rule, {}))
    assert say(rule, {}).endswith(".")


@pytest.mark.parametrize(
    ("rule", "values", "said"),
    [
        ("EM-PII-B", {}, "the name and the question only."),
        ("EM-PII-B", {"ask_phone": True}, "if people like: phone."),
        ("EM-PII-B", {"ask_email": True, "ask_phone": True}, "if people like: e-mail, phone."),
        ("EM-PAY", {}, "neither a page nor a phone number is given."),
        ("EM-PAY", {"phone": "555-0150"}, "is told where: 555-0150."),
        ("EM-PAY", {"page": "https://a.example/", "phone": "555-0150"}, "https://a.example/, 555-0150."),
        ("EM-RET-A", {}, "the chat does not open"),
        ("EM-RET-A", {"legal_basis": "100 % ours."}, "Back-ups get no older than 30 days. Legal basis: 100 % ours."),
        ("EM-EVAL", {"days": 1}, "within 1 day."),
        ("EM-EVAL", {}, "within 14 days."),
        ("PK-2W", {"weeks": 1}, "within 1 week."),
        ("PK-2W", {}, "within 2 weeks."),
        ("EM-911", {}, "Danger to life or property: 911. No danger: no number is given."),
        ("EM-911", {"city_number": "555-0190"}, "Utilities, roads, flooding: 555-0190."),
    ],
)
def test_what_is_set_is_said_in_words(rule: str, values: dict[str, Any], said: str) -> None:
    assert said in say(rule, values)
