"""Calendars in the administration: weeks and days, first in words, then written; nothing typed is lost."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from agents.models import DepartmentHours, User
from policies.calendar import FIRST_DAY
from policies.models import BusinessCalendar, CalendarVersion
from tests.factories import DepartmentFactory
from tests.policies.factories import calendar, versions_of
from tests.policies.pages import (
    CALENDARS,
    NOW,
    USUAL,
    WEEK,
    confirm,
    day_of,
    errors,
    shown,
    week_of,
)

NO_VERSIONS = {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def boss(admin_client) -> User:
    return User.objects.get(username="boss")


@pytest.fixture
def hall(db) -> BusinessCalendar:
    return calendar()


# Calendars ----------------------------------------------------------------------
@pytest.mark.rule("DF-BH")
def test_a_new_calendar_leads_to_its_first_week_and_asks_for_the_zone(admin_client, boss):
    added = admin_client.post(f"{CALENDARS}add/", {"code": "library", "name": "Library"})
    row = BusinessCalendar.objects.get()
    assert added.headers["Location"] == week_of(row)
    assert row.history.get().history_user == boss
    form = admin_client.get(week_of(row)).context["form"]
    assert form["zone"].value() == "America/Toronto"
    facts = {**USUAL, "zone": "America/Denver", "reason": "As resolved."}
    page = shown(admin_client.post(week_of(row), facts))
    assert "Monday to Friday 8:30–16:30" in page
    assert "knows no holidays yet" in page
    assert confirm(admin_client, week_of(row), facts).status_code == 302
    version = row.versions.get()
    assert (version.definition["zone"], version.by, version.made_at) == ("America/Denver", boss, NOW)
    assert version.definition["schedules"][0]["starts_on"] == FIRST_DAY.isoformat()


def test_a_day_of_a_calendar_without_hours_leads_to_the_week(admin_client):
    row = BusinessCalendar.objects.create(code="library", name="Library")
    assert admin_client.get(day_of(row)).headers["Location"] == week_of(row)
    assert "None yet." in shown(admin_client.get(f"{CALENDARS}{row.pk}/change/"))


def test_the_mark_of_the_default_moves_only_to_a_calendar_with_hours(admin_client, hall):
    facts = {"code": "b", "name": "B", "is_default": "on"}
    assert "give it its hours" in shown(admin_client.post(f"{CALENDARS}add/", facts))
    other = calendar(code="b", is_default=False)
    assert admin_client.post(f"{CALENDARS}{other.pk}/change/", {**facts, **NO_VERSIONS}).status_code == 302
    assert list(BusinessCalendar.objects.filter(is_default=True)) == [other]
    unmarked = {"code": "b", "name": "B", **NO_VERSIONS}
    assert "needs a default calendar" in shown(admin_client.post(f"{CALENDARS}{other.pk}/change/", unmarked))


def test_the_calendars_page_lists_its_versions_and_leads_to_both_forms(admin_client, hall):
    page = shown(admin_client.get(f"{CALENDARS}{hall.pk}/change/"))
    assert week_of(hall) in page
    assert day_of(hall) in page
    assert "Now: Monday to Friday 8:30–16:30." in page
    assert "For a test." in page


def test_a_calendars_name_is_changed_and_its_versions_stay(admin_client, hall, boss):
    facts = {"code": "city", "name": "City hall", "is_default": "on"}
    rows = {"versions-TOTAL_FORMS": 1, "versions-INITIAL_FORMS": 1, "versions-0-reason": "Another"}
    rows |= {"versions-0-id": versions_of(hall)[0].pk, "versions-0-calendar": hall.pk, "versions-0-DELETE": "on"}
    assert admin_client.post(f"{CALENDARS}{hall.pk}/change/", {**facts, **rows}).status_code == 302
    hall.refresh_from_db()
    assert (hall.name, hall.history.first().history_user) == ("City hall", boss)
    assert [version.reason for version in versions_of(hall)] == ["For a test."]
    assert admin_client.post(f"{CALENDARS}{hall.pk}/delete/", {"post": "yes"}).status_code == 403


# Calendars: the usual week ----------------------------------------------------------
@pytest.mark.rule("DF-BH")
def test_the_week_begins_as_it_is_is_shown_in_words_and_written_when_confirmed(admin_client, hall, boss):
    form = admin_client.get(week_of(hall)).context["form"]
    assert [form[f"day_{number}"].value() for number in (0, 4, 6)] == ["8:30-16:30", "8:30-16:30", ""]
    facts = {**WEEK, "day_0": "8:30-12:00, 13:00-17:00", "day_5": "10:00-12:00"}
    page = shown(admin_client.post(week_of(hall), facts))
    assert "Now: Monday to Friday 8:30–16:30." in page
    assert (
        "From Monday 7 December 2026: Monday 8:30–12:00 and 13:00–17:00; "
        "Tuesday to Friday 8:30–16:30; Saturday 10:00–12:00." in page
    )
    assert CalendarVersion.objects.count() == 1
    assert confirm(admin_client, week_of(hall), facts).headers["Location"] == f"{CALENDARS}{hall.pk}/change/"
    version = versions_of(hall)[-1]
    assert (version.effective_on, version.reason) == (date(2026, 12, 7), "Winter hours.")
    assert (version.by, version.made_at) == (boss, NOW)


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"day_2": "16:30-8:30"}, "day_2", "ends before it starts"),
        ({"day_2": "8:00-12:00, 11:00-16:00"}, "day_2", "overlap"),
        ({"day_6": "in the morning"}, "day_6", "is no interval"),
        ({"day_1": "8:30-25:00"}, "day_1", "is no time of day"),
        ({"starts_on": "2026-11-23"}, "starts_on", "That day is past"),
        ({"starts_on": "2026-11-24", "day_1": "8:00-16:30"}, "starts_on", "would change hours that are past"),
        ({"starts_on": "2041-01-01"}, "starts_on", "Calendars cover 2010 to 2039"),
        ({"starts_on": ""}, "starts_on", "required"),
        ({"reason": ""}, "reason", "Write why"),
        (dict.fromkeys(USUAL, ""), "day_0", "it never opens"),
    ],
)
@pytest.mark.rule("DF-BH")
def test_a_wrong_week_is_refused_at_its_field_and_nothing_typed_is_lost(admin_client, hall, wrong, field, sentence):
    answer = admin_client.post(week_of(hall), {**WEEK, **wrong})
    assert list(errors(answer)) == [field]
    assert sentence in errors(answer)[field]
    page = shown(answer)
    for typed in wrong.values():
        assert typed in page
    assert CalendarVersion.objects.count() == 1


@pytest.mark.rule("DF-BH")
def test_an_hour_that_the_clock_change_skips_is_accepted_and_said(admin_client, hall):
    facts = {**WEEK, "day_6": "2:30-6:00"}
    page = shown(admin_client.post(week_of(hall), facts))
    assert "The clock change skips 2:30 on Sunday 14 March 2027. On that day it means 3:00." in page
    assert confirm(admin_client, week_of(hall), facts).status_code == 302
    assert versions_of(hall)[-1].number == 2
    assert "The clock change skips 2:30" in shown(admin_client.get(week_of(hall)))


@pytest.mark.rule("DF-BH")
def test_an_hour_that_comes_twice_is_said(admin_client, hall):
    page = shown(admin_client.post(week_of(hall), {**WEEK, "day_6": "1:30-6:00"}))
    assert "1:30 comes twice on Sunday 7 November 2027. The first one counts." in page


def test_a_planned_week_is_said_beside_a_new_one(admin_client, hall):
    confirm(admin_client, week_of(hall), {**WEEK, "starts_on": "2027-01-04", "day_4": ""})
    page = shown(admin_client.post(week_of(hall), {**WEEK, "day_5": "9:00-12:00"}))
    assert "From Monday 4 January 2027, as already planned: Monday to Thursday 8:30–16:30." in page


def test_hours_written_by_somebody_else_meanwhile_are_shown_again(admin_client, hall):
    facts = {**WEEK, "confirm": "yes", "seen": "2"}
    calendar("9:00-17:00", at=NOW - timedelta(days=9999))
    page = shown(admin_client.post(week_of(hall), facts))
    assert "In the meantime another version was written" in page
    assert 'name="seen" value="3"' in page
    assert CalendarVersion.objects.count() == 2


# Calendars: a day of its own ----------------------------------------------------------
DAYS = [
    ({"kind": "closure", "why": "Christmas Eve"}, "Thursday 24 December 2026: closed (Christmas Eve)."),
    ({"kind": "half_day", "hours": "8:30-12:00", "why": "Eve"}, "Thursday 24 December 2026: 8:30–12:00 (Eve)."),
    ({"kind": "opening", "hours": "0:00-24:00", "why": "Storm"}, "Thursday 24 December 2026: round the clock (Storm)."),
]


@pytest.mark.rule("DF-BH")
@pytest.mark.parametrize(("facts", "sentence"), DAYS)
def test_a_day_of_its_own_is_shown_in_words_and_written_when_confirmed(admin_client, hall, boss, facts, sentence):
    facts = {"on": "2026-12-24", **facts}
    page = shown(admin_client.post(day_of(hall), facts))
    assert "Now: Thursday 24 December 2026: 8:30–16:30." in page
    assert sentence in page
    assert CalendarVersion.objects.count() == 1
    assert confirm(admin_client, day_of(hall), facts).status_code == 302
    version = versions_of(hall)[-1]
    assert version.definition["days"]["2026-12-24"]["kind"] == facts["kind"]
    assert (version.by, version.made_at, version.reason) == (boss, NOW, facts["why"])
    assert sentence in shown(admin_client.get(f"{CALENDARS}{hall.pk}/change/"))


@pytest.mark.rule("DF-BH")
def test_a_day_is_as_usual_again(admin_client, hall):
    confirm(admin_client, day_of(hall), {"on": "2026-12-24", "kind": "closure", "why": "Christmas Eve"})
    facts = {"on": "2026-12-24", "kind": "usual"}
    page = shown(admin_client.post(day_of(hall), facts))
    assert "Now: Thursday 24 December 2026: closed (Christmas Eve)." in page
    assert "Thursday 24 December 2026 is as usual again: 8:30–16:30." in page
    confirm(admin_client, day_of(hall), facts)
    assert versions_of(hall)[-1].definition["days"] == {}


@pytest.mark.rule("DF-BH")
def test_a_day_on_which_the_clock_changes_says_what_its_hours_mean(admin_client, hall):
    facts = {"on": "2027-03-14", "kind": "opening", "hours": "2:30-6:00", "why": "Run"}
    page = shown(admin_client.post(day_of(hall), facts))
    assert "The clock change skips 2:30 on Sunday 14 March 2027. On that day it means 3:00." in page


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"on": "2026-11-23"}, "on", "That day is past"),
        ({"on": "2026-11-24"}, "on", "would change hours that are past"),
        ({"on": "2040-01-01"}, "on", "Calendars cover 2010 to 2039"),
        ({"on": "9999-12-31"}, "on", "Calendars cover 2010 to 2039"),
        ({"on": ""}, "on", "required"),
        ({"kind": "party"}, "kind", "Select a valid choice"),
        ({"hours": "8:30-12:00"}, "hours", "A closure has no hours"),
        ({"kind": "half_day"}, "hours", "Write the hours of that day"),
        ({"kind": "half_day", "hours": "12:00-8:30"}, "hours", "ends before it starts"),
        ({"why": " "}, "why", "Write why this day is different"),
        ({"why": "x" * 301}, "why", "at most 300"),
        ({"kind": "usual"}, "on", "as usual already"),
    ],
)
def test_a_wrong_day_is_refused_at_its_field_and_nothing_typed_is_lost(admin_client, hall, wrong, field, sentence):
    facts = {"on": "2026-12-24", "kind": "closure", "hours": "", "why": "My own words", **wrong}
    answer = admin_client.post(day_of(hall), facts)
    assert list(errors(answer)) == [field]
    assert sentence in errors(answer)[field]
    assert "My own words" in shown(answer) or "why" in wrong
    assert CalendarVersion.objects.count() == 1


# Hours of departments -----------------------------------------------------------
@pytest.mark.rule("DF-BH")
def test_a_department_gets_a_calendar_of_its_own_and_loses_it_again(admin_client, hall, boss):
    department = DepartmentFactory(name="Roads")
    facts = {"department": department.pk, "channel": "chat", "calendar": hall.pk}
    assert admin_client.post("/admin/agents/departmenthours/add/", facts).status_code == 302
    row = DepartmentHours.objects.get()
    assert row.history.get().history_user == boss
    page = shown(admin_client.post("/admin/agents/departmenthours/add/", facts))
    assert "There is already a row for this department and channel" in page
    page = shown(admin_client.get("/admin/agents/departmenthours/"))
    assert "Roads" in page
    assert "Live chat" in page
    assert admin_client.post(f"/admin/agents/departmenthours/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not DepartmentHours.objects.exists()
