"""The clock endpoint: what it answers, and what it refuses with which reason."""

from __future__ import annotations

from typing import Any

import pytest

from contactcenter.presets.files import preset_names

pytestmark = pytest.mark.django_db
CLOCK = "/api/v1/policies/clock"


def ask(client, **asked: str) -> Any:
    return client.get(CLOCK, asked)


@pytest.mark.parametrize(
    ("start", "unit", "amount", "due"),
    [
        ("2026-03-02T07:00-05:00", "business_days", "1", "2026-03-03T16:30:00-05:00"),
        ("2026-03-02T20:00-05:00", "business_days", "1", "2026-03-03T16:30:00-05:00"),
        ("2026-03-06T10:00-05:00", "business_days", "1", "2026-03-09T16:30:00-04:00"),
        ("2026-03-07T10:00-05:00", "business_days", "1", "2026-03-09T16:30:00-04:00"),
        ("2026-03-02T10:00-05:00", "same_business_day", "0", "2026-03-02T16:30:00-05:00"),
        ("2026-03-02T16:30-05:00", "same_business_day", "7", "2026-03-03T16:30:00-05:00"),
        ("2026-03-08T12:00-04:00", "same_business_day", "0", "2026-03-09T16:30:00-04:00"),
        ("2026-03-06T16:00-05:00", "business_minutes", "60", "2026-03-09T09:00:00-04:00"),
        ("2026-03-06T16:00-05:00", "business_minutes", "30", "2026-03-06T16:30:00-05:00"),
        ("2028-02-29T10:00:00-05:00", "calendar_years", "1", "2029-02-28T10:00:00-05:00"),
        ("2028-02-29T10:00:00-05:00", "calendar_years", "4", "2032-02-29T10:00:00-05:00"),
        ("2026-03-07T02:30-05:00", "calendar_days", "1", "2026-03-08T03:00:00-04:00"),
        ("2026-10-31T01:30-04:00", "calendar_days", "1", "2026-11-01T01:30:00-04:00"),
        ("2026-11-01T01:30-05:00", "calendar_days", "0", "2026-11-01T01:30:00-05:00"),
        ("2026-03-02T10:00:00.25-05:00", "seconds", "90", "2026-03-02T10:01:30.250000-05:00"),
        ("2026-03-02T10:00Z", "two_weeks", "2", "2026-03-16T16:30:00-04:00"),
        ("2026-03-16T10:00Z", "one_week_before", "1", "2026-03-09T08:30:00-04:00"),
    ],
)
def test_the_clock_answers_each_unit(client, start, unit, amount, due):
    answer = ask(client, calendar="dufferin", start=start, unit=unit, amount=amount)
    assert answer.status_code == 200, answer.content
    assert answer.json()["due_at"] == due


@pytest.mark.parametrize("preset", preset_names())
def test_every_shipped_preset_answers_without_being_loaded(client, preset):
    answer = ask(client, calendar=preset, start="2026-03-02T12:00Z", unit="business_days", amount="1")
    assert answer.status_code == 200
    assert answer.json()["steps"]


def test_the_same_business_day_needs_no_amount(client):
    answer = ask(client, calendar="demo", start="2026-03-02T15:00Z", unit="same_business_day")
    assert answer.json()["due_at"] == "2026-03-02T16:30:00-05:00"


def test_a_plus_that_arrives_as_a_blank_is_an_offset(client):
    answer = client.get(f"{CLOCK}?calendar=demo&start=2026-03-02T17:00+02:00&unit=seconds&amount=0")
    assert answer.json()["due_at"] == "2026-03-02T10:00:00-05:00"


def test_the_steps_name_the_holidays_that_do_not_count(client):
    answer = ask(client, calendar="demo", start="2026-12-24T15:00Z", unit="business_days", amount="1")
    steps = " ".join(answer.json()["steps"])
    assert "Friday 25 December 2026 does not count: holiday, Christmas Day." in steps
    assert steps.endswith("Due Tuesday 29 December 2026, 16:30.")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"calendar": "atlantis"}, "invalid", "calendar"),
        ({"calendar": ""}, "invalid", "calendar"),
        ({"start": "2026-03-02T10:00"}, "invalid", "start"),
        ({"start": "yesterday"}, "invalid", "start"),
        ({"start": "2026-02-30T10:00Z"}, "invalid", "start"),
        ({"start": "2026-03-02T10:00+25:00"}, "invalid", "start"),
        ({"start": "٢٠٢٦-03-02T10:00Z"}, "invalid", "start"),
        ({"unit": "fortnights"}, "invalid", "unit"),
        ({"amount": "-1"}, "invalid", "amount"),
        ({"amount": "+1"}, "invalid", "amount"),
        ({"amount": "1_0"}, "invalid", "amount"),
        ({"amount": " 1"}, "invalid", "amount"),
        ({"amount": "1.0"}, "invalid", "amount"),
        ({"amount": "٣"}, "invalid", "amount"),
        ({"amount": ""}, "invalid", "amount"),
        ({"amount": "99999999999999999999"}, "out_of_range", None),
        ({"amount": "3600"}, "out_of_range", None),
        ({"start": "2009-12-31T12:00-05:00"}, "out_of_range", None),
        ({"start": "2040-01-01T12:00-05:00"}, "out_of_range", None),
        ({"start": "0001-01-01T00:00+05:00"}, "out_of_range", None),
        ({"start": "2010-01-02T12:00Z", "unit": "one_week_before"}, "out_of_range", None),
        ({"start": "2039-12-31T20:00Z"}, "out_of_range", None),
    ],
)
def test_a_bad_question_is_refused_with_the_reason(client, change, code, field):
    asked = {"calendar": "demo", "start": "2026-03-02T10:00-05:00", "unit": "business_days", "amount": "1", **change}
    answer = ask(client, **asked)
    assert answer.status_code == 400
    body = answer.json()
    assert body["code"] == code
    assert body.get("field") == field
    assert body["detail"].endswith(".")


@pytest.mark.parametrize("missing", ["calendar", "start", "unit", "amount"])
def test_what_is_missing_is_named(client, missing):
    asked = {"calendar": "demo", "start": "2026-03-02T10:00-05:00", "unit": "business_days", "amount": "1"}
    del asked[missing]
    answer = ask(client, **asked)
    assert (answer.status_code, answer.json()["field"]) == (400, missing)
