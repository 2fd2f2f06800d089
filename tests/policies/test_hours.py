"""Hours as an admin types them and as people read them. No database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from contactcenter.lib.errors import Invalid
from policies.calendar import FIRST_DAY, Day, Schedule, compile_calendar
from policies.hours import (
    check_definition,
    check_hours,
    clock_change_notes,
    read_hours,
    say_changes,
    say_clock,
    say_date,
    say_day,
    say_hours,
    say_moment,
    say_moment_to_residents,
    say_plain_date,
    say_week,
)
from tests.policies.factories import definition

TORONTO = ZoneInfo("America/Toronto")
EIGHT_THIRTY, NOON, ONE, FOUR_THIRTY, MIDNIGHT = 510, 720, 780, 990, 1440
ALL_DAY = ((EIGHT_THIRTY, FOUR_THIRTY),)
NEXT_MONDAY = date(2026, 11, 30)
CHRISTMAS_EVE = date(2026, 12, 24)
CALLED = "We will call you back by %(moment)s. You may go on waiting here, or end the chat."
HALF_DAY = Day("half_day", ((EIGHT_THIRTY, NOON),), "Christmas Eve")


# Read -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("8:30-16:30", ALL_DAY),
        ("08:30-16:30", ALL_DAY),
        ("  8:30 – 16:30 ", ALL_DAY),
        ("8:30-16:30,", ALL_DAY),
        ("8:30-12:00, 13:00-16:30", ((EIGHT_THIRTY, NOON), (ONE, FOUR_THIRTY))),
        ("13:00-16:30; 8:30-12:00", ((EIGHT_THIRTY, NOON), (ONE, FOUR_THIRTY))),
        ("8:30-12:00,12:00-16:30", ((EIGHT_THIRTY, NOON), (NOON, FOUR_THIRTY))),
        ("0:00-2:00, 8:30-12:00, 18:00-24:00", ((0, 120), (EIGHT_THIRTY, NOON), (1080, MIDNIGHT))),
        ("0:00-24:00", ((0, MIDNIGHT),)),
        ("23:59-24:00", ((1439, MIDNIGHT),)),
        ("2:15-2:45", ((135, 165),)),
        ("", ()),
        ("  ", ()),
        ("-", ()),
        ("–", ()),
    ],
)
def test_hours_are_read_as_people_type_them(text: str, hours: tuple) -> None:
    assert read_hours(text, field="day_0") == hours


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("16:30-8:30", "16:30-8:30 ends before it starts"),
        ("22:00-2:00", "Hours past midnight belong to the next day"),
        ("8:30-8:30", "8:30-8:30 ends before it starts"),
        ("8:30-12:00, 11:59-16:30", "8:30-12:00 and 11:59-16:30 overlap"),
        ("11:59-16:30, 8:30-12:00", "8:30-12:00 and 11:59-16:30 overlap"),
        ("8:30-16:30, 9:00-10:00", "8:30-16:30 and 9:00-10:00 overlap"),
        ("9:00-10:00, 9:00-10:00", "9:00-10:00 and 9:00-10:00 overlap"),
        ("0:00-24:00, 23:00-24:00", "0:00-24:00 and 23:00-24:00 overlap"),
        ("8:60-16:30", "“8:60-16:30” is no time of day"),
        ("8:30-24:01", "“8:30-24:01” is no time of day"),
        ("24:00-24:00", "“24:00-24:00” is no time of day"),
        ("25:00-26:00", "“25:00-26:00” is no time of day"),
        ("8:30", "“8:30” is no interval"),
        ("8-16", "“8-16” is no interval"),
        ("8:30-12:00-16:30", "“8:30-12:00-16:30” is no interval"),
        ("8:30-12:00, lunch", "“lunch” is no interval"),
        ("-8:30-12:00", "“-8:30-12:00” is no interval"),
        ("٨:٣٠-١٦:٣٠", "is no interval"),
    ],
)
def test_hours_that_cannot_be_are_refused_with_a_sentence_and_the_field(text: str, why: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_hours(text, field="day_3")
    assert why in refusal.value.detail
    assert refusal.value.detail.endswith(".")
    assert refusal.value.body()["field"] == "day_3"


@pytest.mark.parametrize(
    "hours", [(), ALL_DAY, ((0, MIDNIGHT),), ((0, NOON), (NOON, MIDNIGHT)), ((0, 1), (1439, 1440))]
)
def test_hours_that_ascend_within_a_day_are_good(hours: tuple) -> None:
    check_hours(hours, field="hours")


@pytest.mark.parametrize(
    "hours", [((-1, 60),), ((0, 1441),), ((1440, 1440),), ((60, 60),), ((60, 59),), ((0, 61), (60, 90))]
)
def test_hours_in_minutes_are_checked_like_typed_ones(hours: tuple) -> None:
    with pytest.raises(Invalid) as refusal:
        check_hours(hours, field="hours")
    assert refusal.value.more == {"field": "hours"}


@pytest.mark.parametrize("text", ["8:30-16:30", "0:00-2:00, 8:30-12:00, 13:05-24:00", ""])
def test_hours_are_said_as_they_are_typed(text: str) -> None:
    assert say_hours(read_hours(text, field="day_0")) == text


# Whole calendars ------------------------------------------------------------
def test_a_plain_calendar_is_good() -> None:
    check_definition(definition())


@pytest.mark.parametrize("zone", ["", "Toronto", "america/toronto", "UTC+5", "../etc/passwd"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(Invalid, match="There is no time zone") as refusal:
        check_definition(definition(zone=zone))
    assert refusal.value.more == {"field": "zone"}


def test_a_week_that_never_opens_is_refused() -> None:
    with pytest.raises(Invalid, match="never opens") as refusal:
        check_definition(definition(""))
    assert refusal.value.more == {"field": "day_0"}


def test_days_of_their_own_do_not_make_up_for_a_week_that_never_opens() -> None:
    with pytest.raises(Invalid, match="never opens"):
        check_definition(definition("", days={CHRISTMAS_EVE: HALF_DAY}))


def test_a_plan_to_close_for_good_is_refused() -> None:
    open_now = definition()
    plan = Schedule(NEXT_MONDAY, ((),) * 7)
    with pytest.raises(Invalid, match="never opens"):
        check_definition(replace(open_now, schedules=(*open_now.schedules, plan)))


def test_a_calendar_without_any_week_is_refused() -> None:
    with pytest.raises(Invalid, match="never opens"):
        check_definition(replace(definition(), schedules=()))


def test_closing_for_some_weeks_is_no_closing_for_good() -> None:
    usual = definition()
    closed = Schedule(date(2026, 7, 6), ((),) * 7)
    again = Schedule(date(2026, 8, 3), usual.schedules[0].week)
    check_definition(replace(usual, schedules=(*usual.schedules, closed, again)))


def test_bad_hours_of_a_weekday_name_that_day() -> None:
    week = (ALL_DAY, ALL_DAY, ((600, 540),), *((),) * 4)
    with pytest.raises(Invalid) as refusal:
        check_definition(replace(definition(), schedules=(Schedule(FIRST_DAY, week),)))
    assert refusal.value.more == {"field": "day_2"}


def test_bad_hours_of_a_date_are_refused() -> None:
    overlapping = Day("opening", ((540, 600), (590, 660)), "Flood")
    with pytest.raises(Invalid, match="overlap") as refusal:
        check_definition(definition(days={CHRISTMAS_EVE: overlapping}))
    assert refusal.value.more == {"field": "hours"}


# Clock changes --------------------------------------------------------------
def test_a_time_that_the_clock_change_skips_is_accepted_and_the_note_says_what_it_means() -> None:
    night = definition(sunday="2:30-5:00")
    check_definition(night)
    assert clock_change_notes(night, since=date(2026, 1, 1)) == [
        "The clock change skips 2:30 on Sunday 8 March 2026. On that day it means 3:00."
    ]
    opening = compile_calendar(night).next_opening(datetime(2026, 3, 8, 0, 0, tzinfo=TORONTO))
    assert opening is not None
    assert opening.isoformat() == "2026-03-08T03:00:00-04:00"


def test_a_time_that_comes_twice_is_accepted_and_the_note_says_that_the_first_counts() -> None:
    night = definition(sunday="1:30-5:00")
    check_definition(night)
    assert clock_change_notes(night, since=date(2026, 6, 1)) == [
        "1:30 comes twice on Sunday 1 November 2026. The first one counts."
    ]
    opening = compile_calendar(night).next_opening(datetime(2026, 11, 1, 0, 0, tzinfo=TORONTO))
    assert opening is not None
    assert opening.isoformat() == "2026-11-01T01:30:00-04:00"


def test_hours_within_the_hour_that_is_skipped_come_to_nothing_that_day() -> None:
    night = definition(sunday="2:10-2:50")
    assert clock_change_notes(night, since=date(2026, 1, 1)) == [
        "The clock change skips 2:10 on Sunday 8 March 2026. On that day it means 3:00.",
        "The clock change skips 2:50 on Sunday 8 March 2026. On that day it means 3:00.",
    ]
    assert not compile_calendar(night).is_business_day(datetime(2026, 3, 8, 12, 0, tzinfo=TORONTO))
    assert compile_calendar(night).is_business_day(datetime(2026, 3, 15, 12, 0, tzinfo=TORONTO))


def test_a_note_is_given_where_a_date_has_hours_of_its_own() -> None:
    flood = Day("opening", ((150, MIDNIGHT),), "Flood")
    assert len(clock_change_notes(definition(days={date(2026, 3, 8): flood}), since=date(2026, 3, 1))) == 1
    closed = Day("closure", (), "Inventory")
    night = definition(sunday="2:30-5:00", days={date(2026, 3, 8): closed})
    assert ["8 March 2026" in note for note in clock_change_notes(night, since=date(2026, 3, 1))] == [False]


@pytest.mark.parametrize(
    "hours", ["0:00-0:59", "3:00-24:00", "0:00-24:00"], ids=["before the change", "after it", "round the clock"]
)
def test_hours_that_the_clock_change_leaves_alone_need_no_note(hours: str) -> None:
    assert clock_change_notes(definition(sunday=hours), since=date(2026, 1, 1)) == []


def test_a_zone_without_clock_changes_needs_no_note() -> None:
    night = definition("1:30-2:30", saturday="1:30-2:30", sunday="1:30-2:30", zone="America/Regina")
    assert clock_change_notes(night, since=date(2026, 1, 1)) == []


def test_notes_end_with_the_years_that_are_covered() -> None:
    assert clock_change_notes(definition(sunday="2:30-5:00"), since=date(2039, 12, 1)) == []


# Said -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (ALL_DAY, "8:30–16:30"),
        (((EIGHT_THIRTY, NOON), (ONE, FOUR_THIRTY)), "8:30–12:00 and 13:00–16:30"),
        (((0, MIDNIGHT),), "round the clock"),
        (((1080, MIDNIGHT),), "18:00–24:00"),
        ((), "closed"),
    ],
)
def test_a_day_is_said_in_words(hours: tuple, said: str) -> None:
    assert say_day(hours) == said


@pytest.mark.parametrize(
    ("week", "said"),
    [
        ((ALL_DAY,) * 5 + ((),) * 2, "Monday to Friday 8:30–16:30"),
        ((ALL_DAY,) * 7, "Every day 8:30–16:30"),
        ((((0, MIDNIGHT),),) * 7, "Every day round the clock"),
        ((ALL_DAY, (), *(ALL_DAY,) * 3, (), ()), "Monday 8:30–16:30; Wednesday to Friday 8:30–16:30"),
        ((ALL_DAY,) * 5 + (((600, NOON),), ()), "Monday to Friday 8:30–16:30; Saturday 10:00–12:00"),
        (((),) * 7, "closed all week"),
    ],
)
def test_a_week_is_said_with_equal_days_together(week: tuple, said: str) -> None:
    assert say_week(week) == said


def test_dates_and_moments_bear_their_weekday() -> None:
    assert say_date(NEXT_MONDAY) == "Monday 30 November 2026"
    at = datetime(2026, 11, 30, 8, 5, tzinfo=TORONTO)
    assert say_moment(at) == "Monday 30 November 2026, 8:05"
    assert say_moment(at + timedelta(seconds=9)) == "Monday 30 November 2026, 8:05:09"
    assert say_moment(datetime(2026, 11, 30, 23, 0, tzinfo=UTC).astimezone(TORONTO)).endswith("18:00")


@pytest.mark.parametrize(
    ("language", "morning", "afternoon"),
    [("en", "8:05 AM", "4:30 PM"), ("es", "8:05", "16:30"), ("fr", "08:05", "16:30"), ("fr-ca", "08:05", "16:30")],
)
def test_residents_read_the_clock_of_their_language(language: str, morning: str, afternoon: str) -> None:
    at = datetime(2026, 11, 30, 8, 5, tzinfo=TORONTO)
    with translation.override(language):
        assert say_clock(at) == morning
        assert say_clock(at.replace(hour=16, minute=30)) == afternoon
        assert say_moment_to_residents(at).endswith(f" {morning}")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Friday 27 November 2026, 10:30 AM"),
        ("es", "viernes 27 de noviembre de 2026, 10:30"),
        ("fr", "vendredi 27 novembre 2026 à 10:30"),
    ],
)
def test_residents_read_a_moment_as_their_language_writes_it(language: str, said: str) -> None:
    at = datetime(2026, 11, 27, 10, 30, tzinfo=TORONTO)
    with translation.override(language):
        assert say_moment_to_residents(at) == said
        assert said.startswith(say_date(at.date()))
        assert say_date(at.date()).endswith(say_plain_date(at.date()))


@pytest.mark.parametrize(
    ("language", "sentence", "said"),
    [
        ("es", CALLED, "Le llamaremos antes del viernes 27 de noviembre de 2026, 10:30."),
        ("es", "It opens again on %(moment)s.", "Vuelve a abrir el viernes 27 de noviembre de 2026, 10:30."),
        ("es", "By %(due)s at the latest.", "A más tardar el viernes 27 de noviembre de 2026, 10:30."),
        ("fr", CALLED, "Nous vous rappellerons avant le vendredi 27 novembre 2026 à 10:30."),
        ("fr", "It opens again on %(moment)s.", "Il rouvre le vendredi 27 novembre 2026 à 10:30."),
        ("fr", "By %(due)s at the latest.", "Au plus tard le vendredi 27 novembre 2026 à 10:30."),
    ],
)
def test_a_moment_fits_into_the_sentences_that_bear_it(language: str, sentence: str, said: str) -> None:
    with translation.override(language):
        moment = say_moment_to_residents(datetime(2026, 11, 27, 10, 30, tzinfo=TORONTO))
        assert said in translation.gettext(sentence) % {"moment": moment, "due": moment}


# Changes --------------------------------------------------------------------
def test_a_calendar_that_is_new_is_said_whole() -> None:
    assert say_changes(None, definition()) == ["From Friday 1 January 2010: Monday to Friday 8:30–16:30."]


def test_nothing_is_said_of_what_stays() -> None:
    kept = definition(holidays={date(2026, 7, 1): "Canada Day"}, days={CHRISTMAS_EVE: HALF_DAY})
    assert say_changes(kept, kept) == []


def test_another_week_is_said_with_the_day_from_which_it_holds() -> None:
    old = definition()
    longer = Schedule(NEXT_MONDAY, (((EIGHT_THIRTY, 1080),),) * 5 + ((),) * 2)
    new = replace(old, schedules=(*old.schedules, longer))
    assert say_changes(old, new) == ["From Monday 30 November 2026: Monday to Friday 8:30–18:00."]
    assert say_changes(new, old) == ["The change that was planned for Monday 30 November 2026 is withdrawn."]


def test_a_plan_that_is_planned_anew_is_not_withdrawn() -> None:
    old = definition()
    longer = Schedule(NEXT_MONDAY, (((EIGHT_THIRTY, 1080),),) * 5 + ((),) * 2)
    shorter = Schedule(NEXT_MONDAY, (((EIGHT_THIRTY, NOON),),) * 5 + ((),) * 2)
    before, after = (replace(old, schedules=(*old.schedules, plan)) for plan in (longer, shorter))
    assert say_changes(before, after) == ["From Monday 30 November 2026: Monday to Friday 8:30–12:00."]


def test_a_date_of_its_own_is_said_with_its_reason_and_what_holds_without_it() -> None:
    plain, half = definition(), definition(days={CHRISTMAS_EVE: HALF_DAY})
    closed = definition(days={CHRISTMAS_EVE: Day("closure", (), "Christmas Eve")})
    assert say_changes(plain, half) == ["Thursday 24 December 2026: 8:30–12:00 (Christmas Eve)."]
    assert say_changes(half, closed) == ["Thursday 24 December 2026: closed (Christmas Eve)."]
    assert say_changes(closed, plain) == ["Thursday 24 December 2026 is as usual again: 8:30–16:30."]


def test_a_closure_that_ends_on_a_holiday_leaves_a_closed_day() -> None:
    christmas = date(2026, 12, 25)
    holidays = {christmas: "Christmas Day"}
    opened = definition(holidays=holidays, days={christmas: Day("opening", ALL_DAY, "Flood")})
    assert say_changes(opened, definition(holidays=holidays)) == ["Friday 25 December 2026 is as usual again: closed."]


def test_holidays_that_come_and_go_are_said() -> None:
    old = definition(holidays={date(2026, 7, 1): "Canada Day", date(2026, 8, 3): "Civic Holiday"})
    new = definition(holidays={date(2026, 7, 1): "Canada Day", date(2026, 9, 30): "Truth and Reconciliation"})
    assert say_changes(old, new) == [
        "Wednesday 30 September 2026 becomes a holiday.",
        "Monday 3 August 2026 is no holiday any more.",
    ]


def test_another_zone_is_said() -> None:
    assert say_changes(definition(), definition(zone="America/Denver")) == ["The time zone becomes America/Denver."]
