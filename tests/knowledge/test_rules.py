"""What a script may hold and what a menu must lead to; no database."""

from __future__ import annotations

import pytest

from contactcenter.knowledge.rules import (
    FIELDS,
    Fault,
    Ill,
    Row,
    faults_of,
    faulty_fields,
    is_own_path,
    is_web_page,
)

TOPIC = Row("waste", "", "topic")
ANSWER = Row("day", "waste", "answer", text="On Tuesdays.")


@pytest.mark.rule("EM-SCR")
@pytest.mark.parametrize(
    ("text", "faulty"),
    [
        ("Hello", []),
        (" ".join(f"{{{name}}}" for name in FIELDS), []),
        ("Hello {name}, {name}", ["{name}"]),
        ("{Customer} { customer}", ["{Customer}", "{ customer}"]),
        ("{}", ["{}"]),
        ("Hello {customer", ["{"]),
        ("Hello customer}", ["}"]),
        ("{{customer}}", ["{", "}"]),
    ],
)
def test_what_stands_in_braces_must_be_a_field(text: str, faulty: list[str]) -> None:
    assert faulty_fields(text) == faulty


@pytest.mark.rule("SJ-IVR")
@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ([], []),
        ([TOPIC, ANSWER], []),
        ([ANSWER, TOPIC], []),
        ([TOPIC], [Fault(0, "kind", Ill.NO_WAY_ON)]),
        ([Row("day", "", "answer", text=" ")], [Fault(0, "text", Ill.NO_TEXT)]),
        ([Row("pay", "", "form")], [Fault(0, "page", Ill.NO_PAGE)]),
        ([Row("person", "", "person")], []),
        ([TOPIC, ANSWER, ANSWER], [Fault(2, "code", Ill.CODE_TWICE)]),
        ([Row("day", "waste", "person")], [Fault(0, "under", Ill.NO_SUCH_TOPIC)]),
        ([TOPIC, ANSWER, Row("x", "day", "person")], [Fault(2, "under", Ill.UNDER_NO_TOPIC)]),
        ([Row("a", "a", "topic")], [Fault(0, "under", Ill.LOOP)]),
        ([Row("a", "b", "topic"), Row("b", "a", "topic")], [Fault(0, "under", Ill.LOOP), Fault(1, "under", Ill.LOOP)]),
        (
            [Row("a", "b", "topic"), Row("b", "a", "topic"), Row("c", "b", "topic"), Row("d", "c", "person")],
            [Fault(0, "under", Ill.LOOP), Fault(1, "under", Ill.LOOP)],
        ),
    ],
)
def test_a_menu_leads_somewhere(rows: list[Row], faults: list[Fault]) -> None:
    assert faults_of(rows) == faults


@pytest.mark.rule("SJ-IVR")
def test_a_menu_is_at_most_four_rows_deep() -> None:
    topics = [Row(f"t{number}", f"t{number - 1}" if number else "", "topic") for number in range(3)]
    assert faults_of([*topics, Row("end", "t2", "person")]) == []
    deeper = [*topics, Row("t3", "t2", "topic"), Row("end", "t3", "person")]
    assert faults_of(deeper) == [Fault(4, "under", Ill.TOO_DEEP)]


@pytest.mark.parametrize(
    ("page", "is_good"),
    [
        ("https://www.maplebrook.example/", True),
        ("https://www.maplebrook.example/pay?x=1#y", True),
        ("https://maplebrook.example:8443/pay", True),
        ("http://www.maplebrook.example/", False),
        ("https://", False),
        ("https://localhost", False),
        ("https://me:secret@maplebrook.example/", False),
        ("https://maplebrook.example\\@evil.example/", False),
        ("https://maplebrook.example/a b", False),
        ("javascript:alert(1)", False),
    ],
)
def test_a_page_elsewhere_is_reached_over_https(page: str, is_good: bool) -> None:
    assert is_web_page(page) is is_good


@pytest.mark.parametrize(
    ("page", "is_good"),
    [
        ("/", True),
        ("/chat/?department=water", True),
        ("//evil.example/", False),
        ("/\\evil.example/", False),
        ("chat/", False),
    ],
)
def test_a_page_here_is_a_path(page: str, is_good: bool) -> None:
    assert is_own_path(page) is is_good
