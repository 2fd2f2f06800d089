"""The rungs of the ladder as policy data: what they may be, and how an administrator types them."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import pytest
import time_machine
from django.utils.html import escape
from django.utils.translation import gettext_lazy

from contactcenter.lib.errors import Invalid
from policies.models import RuleVersion
from policies.rungs import MOST_RUNGS, Rungs
from policies.values import say
from policies.values_ladder import BEGINNING
from tests.policies.factories import adopt
from tests.policies.pages import NOW, RULES, confirm, errors, shown

RUNGS = Rungs("rungs", gettext_lazy("Rungs"), gettext_lazy("Help"), default=BEGINNING)
PAGE = f"{RULES}add/?rule=EM-CAP"
CELLS = {
    "rungs_1_chats": "0",
    "rungs_1_seats": "1",
    "rungs_2_chats": "50",
    "rungs_2_operator": ">",
    "rungs_2_percent": "80",
    "rungs_2_seconds": "60",
    "rungs_2_seats": "2",
}
FACTS = {
    "is_adopted": "yes",
    "starts": "now",
    "reason": "Fifty are enough.",
    "maximum": "3",
    "trainee_seats": "1",
    **CELLS,
}


def changed(line: int, **more: Any) -> list[dict[str, Any]]:
    rungs = deepcopy(BEGINNING)
    rungs[line - 1] |= more
    return rungs


def test_good_rungs_are_kept_with_nothing_but_what_they_ask_for() -> None:
    assert RUNGS.check(BEGINNING) == BEGINNING
    blanks = {"chats": 0, "operator": "", "percent": None, "seconds": "", "seats": 2}
    assert RUNGS.check([blanks]) == [{"chats": 0, "seats": 2}]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "write at least one line"),
        (None, "write at least one line"),
        ([{"chats": n, "seats": n + 1} for n in range(MOST_RUNGS + 1)], "6 lines at most"),
        ([{"chats": 10, "seats": 1}], "line 1: the first line is what everybody begins with"),
        (changed(1, seconds=60), "line 1: the first line"),
        (changed(2, chats=0), "line 2: chats needed must rise"),
        (changed(3, chats=100), "line 3: chats needed must rise from line to line, and here they do not"),
        (changed(3, seats=2), "line 3: chats at once must rise"),
        (changed(2, seats=0), "line 2: chats at once: write a whole number from 1 to 1000"),
        (changed(2, seats=-1), "line 2: chats at once"),
        (changed(2, percent=101), "line 2: percentage satisfied: write a whole number from 0 to 99"),
        (changed(3, percent=101), "from 0 to 100"),
        (changed(2, percent=100), "from 0 to 99"),
        (changed(2, percent="80.5"), "line 2: percentage satisfied"),
        (changed(2, operator="<"), "line 2: satisfaction takes a sign"),
        (changed(2, percent=None), "Write both, or neither"),
        (changed(2, operator=""), "Write both, or neither"),
        (changed(2, seconds=0), "line 2: seconds until the first response: write a whole number from 1"),
        (changed(2, seconds=True), "line 2: seconds"),
        ([{"seats": 1}], "line 1: chats needed: write a whole number"),
        (["rung"], "line 1: this is no rung"),
    ],
)
def test_rungs_that_make_no_ladder_are_refused_with_their_line_and_the_reason(given: Any, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        RUNGS.check(given)
    assert refused.value.more == {"field": "rungs"}
    assert refused.value.detail.startswith("Rungs")
    assert sentence in refused.value.detail


def test_the_ladder_is_said_in_words() -> None:
    assert say("EM-CAP", {}) == (
        "Everybody begins with 1 chat at once. "
        "2 after 100 finished chats, more than 80 % satisfied, a first response below 1:00. "
        "3 after 500 finished chats, 80 % satisfied, a first response below 1:00. "
        "Nobody holds more than 3, and a trainee no more than 1."
    )


# The form -------------------------------------------------------------------
@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


def test_the_form_begins_with_the_rungs_that_hold_now(admin_client):
    adopt("EM-CAP", rungs=BEGINNING, maximum=3, trainee_seats=1)
    page = shown(admin_client.get(PAGE))
    assert 'name="rungs_3_chats" value="500"' in page
    assert '<option value="&gt;=" selected>' in page
    assert 'aria-label="Line 3: Chats at once"' in page
    assert 'name="rungs_6_chats"' in page


def test_rungs_are_shown_in_words_and_written_when_confirmed(admin_client):
    adopt("EM-CAP", rungs=BEGINNING, maximum=3, trainee_seats=1)
    preview = shown(admin_client.post(PAGE, FACTS))
    assert escape("2 after 50 finished chats, more than 80 % satisfied") in preview
    confirm(admin_client, PAGE, FACTS)
    version = RuleVersion.objects.get(number=2)
    assert version.values == {
        "rungs": [
            {"chats": 0, "seats": 1},
            {"chats": 50, "operator": ">", "percent": 80, "seconds": 60, "seats": 2},
        ],
        "maximum": 3,
        "trainee_seats": 1,
    }


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"rungs_2_chats": "0"}, "rungs", "line 2: chats needed must rise"),
        ({"rungs_2_seats": "0"}, "rungs", "line 2: chats at once: write a whole number from 1 to 1000."),
        ({"rungs_2_percent": "180"}, "rungs", "line 2: percentage satisfied"),
        ({"rungs_2_percent": "eighty"}, "rungs", "line 2: percentage satisfied"),
        (dict.fromkeys(CELLS, ""), "rungs", "write at least one line"),
        ({"maximum": "0"}, "maximum", "from 1 to 100"),
        ({"trainee_seats": "0"}, "trainee_seats", "from 1 to 100"),
    ],
)
def test_what_is_wrong_is_said_where_it_is_typed_and_nothing_typed_is_lost(admin_client, wrong, field, sentence):
    answer = admin_client.post(PAGE, {**FACTS, **wrong})
    assert list(errors(answer)) == [field]
    assert sentence in errors(answer)[field]
    page = shown(answer)
    for name, value in {**CELLS, **wrong}.items():
        if value and "operator" not in name and name in CELLS:
            assert f'name="{name}" value="{value}"' in page
    assert not RuleVersion.objects.exists()


def test_all_that_is_wrong_is_said_at_once_and_only_those_fields_are_marked(admin_client):
    wrong = {"rungs_2_seats": "1", "rungs_2_percent": "eighty", "rungs_4_chats": "many", "rungs_4_seats": "4"}
    answer = admin_client.post(PAGE, {**FACTS, **wrong})
    assert answer.context["form"].errors["rungs"] == [
        "Rungs, line 2: percentage satisfied: write a whole number from 0 to 99.",
        "Rungs, line 2: chats at once must rise from line to line, and here they do not. Write more than 1.",
        "Rungs, line 4: chats needed: write a whole number from 0 to 1000000.",
    ]
    fields = re.findall(r'<(?:input|select)[^>]*name="(rungs_[^"]*)"[^>]*>', shown(answer))
    marked = [name for name in fields if re.search(rf'name="{name}"[^>]*aria-invalid="true"', shown(answer))]
    assert len(fields) == 30
    assert marked == ["rungs_2_percent", "rungs_2_seats", "rungs_4_chats"]


def test_a_ladder_that_is_withdrawn_needs_no_rungs(admin_client):
    adopt("EM-CAP", rungs=BEGINNING, maximum=3, trainee_seats=1)
    facts = {**FACTS, **dict.fromkeys(CELLS, ""), "maximum": "", "trainee_seats": "", "is_adopted": "no"}
    assert admin_client.post(PAGE, {**facts, "seen": "2", "confirm": "yes"}).status_code == 302
    assert RuleVersion.objects.get(number=2).is_adopted is False
