"""The clock as a page: what it answers, what it refuses at which field, and what it keeps of what was typed."""

from __future__ import annotations

import html as entities
import re

import pytest
from django.test import Client

from contactcenter.reports.forms import UNITS_IN_WORDS
from policies.calendar import UNITS
from tests.factories import UserFactory, log_in
from tests.policies.factories import calendar

pytestmark = pytest.mark.django_db
CLOCK = "/policies/clock/"
PLAIN = {"calendar": "city", "start": "2026-03-06T10:00-05:00", "unit": "business_days", "amount": "1"}


def text_of(answer: object) -> str:
    return entities.unescape(answer.content.decode())  # type: ignore[attr-defined]


def error_at(page: str, field: str) -> str:
    found = re.search(rf'<span class="error" id="id_{field}_error">(.*?)</span></span>\s', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""


def test_who_is_not_logged_in_is_sent_to_the_log_in(resident: Client) -> None:
    answer = resident.get(CLOCK)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/accounts/login/?next={CLOCK}"


def test_who_has_no_role_is_refused() -> None:
    client = Client()
    log_in(client, UserFactory(roles=[]))
    assert client.get(CLOCK).status_code == 403


def test_the_form_names_each_calendar_with_its_zone_and_explains_each_unit(staff: Client) -> None:
    calendar()
    page = text_of(staff.get(CLOCK))
    assert "city (America/Toronto)" in page
    assert '<option value="dufferin">' in page
    assert UNITS_IN_WORDS.keys() == UNITS.keys()
    for label, explanation in UNITS_IN_WORDS.values():
        assert str(label) in page
        assert str(explanation) in page
    assert "Step by step" not in page


def test_the_answer_comes_in_words_with_its_steps(staff: Client) -> None:
    calendar()
    answer = staff.get(CLOCK, PLAIN)
    page = text_of(answer)
    assert answer.status_code == 200
    assert '<time datetime="2026-03-09T16:30:00-04:00">Monday 9 March 2026, 16:30</time>' in page
    assert "The day of receipt never counts." in page
    assert "Saturday 7 March 2026 does not count: closed on this weekday." in page
    assert "calendar=city&start=2026-03-06T10%3A00%3A00-05%3A00&unit=business_days&amount=1" in page


@pytest.mark.parametrize("local", ["2026-03-06T10:00", "2026-03-06 10:00", "2026-03-06T10:00:00"])
def test_a_local_start_is_on_the_clock_of_the_calendars_city(staff: Client, local: str) -> None:
    calendar()
    page = text_of(staff.get(CLOCK, {**PLAIN, "start": "", "local": local}))
    assert "Received Friday 6 March 2026, 10:00, America/Toronto time." in page
    assert "Monday 9 March 2026, 16:30" in page


def test_a_skipped_local_start_is_the_first_instant_after_the_gap(staff: Client) -> None:
    calendar()
    page = text_of(staff.get(CLOCK, {**PLAIN, "start": "", "local": "2026-03-08T02:30", "unit": "seconds"}))
    assert "Received Sunday 8 March 2026, 3:00" in page


def test_the_same_business_day_needs_no_amount(staff: Client) -> None:
    calendar()
    answer = staff.get(CLOCK, {**PLAIN, "unit": "same_business_day", "amount": ""})
    assert answer.status_code == 200
    assert "Friday 6 March 2026, 16:30" in text_of(answer)


def test_a_calendar_that_is_not_loaded_can_be_asked_for(staff: Client) -> None:
    assert "16:30" in text_of(staff.get(CLOCK, {**PLAIN, "calendar": "dufferin"}))


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"start": "2026-03-06T10:00"}, "start", "with its offset"),
        ({"start": "yesterday"}, "start", "with its offset"),
        ({"start": ""}, "local", "Write the start once"),
        ({"local": "2026-03-06T10:00"}, "local", "Write the start once"),
        ({"start": "", "local": "2026-02-30T10:00"}, "local", "Write a date and a time of day"),
        ({"amount": "-1"}, "amount", "0 or more"),
        ({"amount": "a <b>few</b>"}, "amount", "0 or more"),
        ({"amount": ""}, "amount", "Write how many"),
        ({"amount": "999999"}, "amount", "Calendars cover 2010 to 2039"),
        ({"start": "1999-01-01T10:00Z"}, "start", "Calendars cover 2010 to 2039"),
        ({"start": "", "local": "0001-01-01T00:00"}, "local", "Calendars cover 2010 to 2039"),
        ({"start": "", "local": "9999-12-31T23:59"}, "local", "Calendars cover 2010 to 2039"),
        ({"calendar": "atlantis"}, "calendar", "There is no calendar with that name"),
        ({"calendar": ""}, "calendar", "Choose a calendar"),
        ({"calendar": "a\0b"}, "calendar", "Null characters"),
        ({"unit": "fortnights"}, "unit", "Choose one of these units"),
        ({"unit": ""}, "unit", "Choose one of these units"),
    ],
)
def test_bad_input_is_refused_at_its_field_and_kept_as_typed(
    staff: Client, change: dict[str, str], field: str, reason: str
) -> None:
    calendar()
    asked = {**PLAIN, **change}
    answer = staff.get(CLOCK, asked)
    page = text_of(answer)
    assert answer.status_code == 200
    assert reason in error_at(page, field)
    assert "<title>Error: " in page
    assert "Step by step" not in page
    for name in ("start", "local", "amount"):
        if asked.get(name):
            assert f'value="{asked[name]}"' in page
    if asked["calendar"] and "\0" not in asked["calendar"]:
        assert f'<option value="{asked["calendar"]}" selected>' in page
    if asked["unit"]:
        assert re.search(rf'value="{asked["unit"]}"[^>]* checked', page)


def test_all_that_is_wrong_is_said_at_once(staff: Client) -> None:
    calendar()
    page = text_of(staff.get(CLOCK, {"calendar": "atlantis", "start": "x", "unit": "y", "amount": "z"}))
    assert all(error_at(page, field) for field in ("calendar", "start", "unit", "amount"))
