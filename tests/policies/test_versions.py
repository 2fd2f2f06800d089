"""What the city adopts: new versions that change nothing before their day, and that nothing alters later."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from agents.models import User
from contactcenter.lib.errors import Invalid
from policies import calendars
from policies.actions import (
    Adoption,
    adopt_rule,
    adopt_rules,
    change_week,
    close_early,
    open_for_emergency,
    set_day,
    write_calendar,
)
from policies.calendar import Calendar, Day, Week, due_at, micros
from policies.calendars import compiled, latest
from policies.models import BusinessCalendar, CalendarVersion, RuleVersion
from policies.versions import in_force, planned, rules_in_force
from tests.agents.conftest import MOMENT, at_once
from tests.factories import UserFactory
from tests.policies.factories import LONG_AGO, adopt, calendar, definition, versions_of

pytestmark = pytest.mark.django_db
TORONTO = ZoneInfo("America/Toronto")
TODAY, NEXT_MONDAY, SATURDAY = date(2026, 11, 24), date(2026, 11, 30), date(2026, 11, 28)
LONGER: Week = (((510, 1080),),) * 5 + ((),) * 2
LONGER_SILENCE = [("EM-IDLE-2", 300), ("EM-IDLE-4", 600)]
CHRISTMAS_EVE = date(2026, 12, 24)
CLOSED = Day("closure", (), "Inventory.")
HALF_DAY = Day("half_day", ((510, 720),), "Christmas Eve.")
OPENING = Day("opening", ((600, 840),), "Election.")


def local(on: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return a local time as an instant in UTC."""
    return datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=TORONTO).astimezone(UTC)


NOON = local(TODAY, 12)
MONDAY_COMES = local(NEXT_MONDAY, 0)


def edit(rule: str, *, effective_from: datetime = MONDAY_COMES, **more: Any) -> RuleVersion:
    """Adopt a rule as a person does, with its values as keywords."""
    settings: dict[str, Any] = {"by": None, "at": NOON, "reason": "The council said so.", "is_adopted": True}
    settings |= {name: more.pop(name) for name in list(more) if name in settings}
    return adopt_rule(rule, more, effective_from=effective_from, **settings)


def seconds_of(rule: str, at: datetime) -> int | None:
    version = in_force(rule, at=at)
    return version.number_of("seconds") if version else None


@pytest.fixture
def person(db: None) -> User:
    """Somebody who edits; only what nobody in particular writes may be about the past."""
    user: User = UserFactory()
    return user


@pytest.fixture
def silence(db: None) -> None:
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)


# Rules ----------------------------------------------------------------------
def test_an_edit_for_next_monday_changes_nothing_before(silence: None) -> None:
    version = edit("EM-IDLE-2", seconds=60)
    assert seconds_of("EM-IDLE-2", NOON) == 120
    assert seconds_of("EM-IDLE-2", MONDAY_COMES - MOMENT) == 120
    assert seconds_of("EM-IDLE-2", MONDAY_COMES) == 60
    assert planned(at=NOON) == [version]
    assert planned(at=MONDAY_COMES) == []


def test_an_edit_leaves_the_old_version_as_it_was(silence: None, person: User) -> None:
    edit("EM-IDLE-2", seconds=60, by=person, reason="  Shorter. ")
    old, new = RuleVersion.objects.filter(rule="EM-IDLE-2").order_by("number")
    assert (old.number, old.values, old.effective_from) == (1, {"seconds": 120}, LONG_AGO)
    assert (new.number, new.values, new.effective_from) == (2, {"seconds": 60}, MONDAY_COMES)
    assert (new.by, new.made_at, new.reason) == (person, NOON, "Shorter.")


def test_of_two_edits_for_the_same_moment_the_later_written_holds(silence: None) -> None:
    edit("EM-IDLE-2", seconds=60)
    edit("EM-IDLE-2", seconds=90)
    assert seconds_of("EM-IDLE-2", MONDAY_COMES) == 90


def test_an_edit_for_tomorrow_leaves_the_plan_for_monday(silence: None) -> None:
    edit("EM-IDLE-2", seconds=60)
    edit("EM-IDLE-2", seconds=90, effective_from=NOON + timedelta(days=1))
    assert seconds_of("EM-IDLE-2", MONDAY_COMES - MOMENT) == 90
    assert seconds_of("EM-IDLE-2", MONDAY_COMES) == 60


def test_a_rule_that_is_given_up_holds_until_then(silence: None) -> None:
    edit("EM-IDLE-4", is_adopted=False)
    assert set(rules_in_force(at=MONDAY_COMES - MOMENT)) == {"EM-IDLE-2", "EM-IDLE-4"}
    assert set(rules_in_force(at=MONDAY_COMES)) == {"EM-IDLE-2"}


def test_a_rule_that_was_never_adopted_does_not_hold() -> None:
    assert in_force("EM-IDLE-2", at=NOON) is None


def test_a_person_cannot_change_the_past(person: User) -> None:
    with pytest.raises(Invalid, match="The past cannot be changed") as refusal:
        edit("EM-IDLE-2", seconds=60, effective_from=NOON - MOMENT, by=person)
    assert refusal.value.more == {"field": "effective_from"}
    edit("EM-IDLE-2", seconds=60, effective_from=NOON, by=person)
    assert seconds_of("EM-IDLE-2", NOON) == 60


def test_a_preset_may_write_what_held_before_it_was_loaded() -> None:
    edit("EM-IDLE-2", seconds=60, effective_from=LONG_AGO)
    assert seconds_of("EM-IDLE-2", LONG_AGO) == 60


@pytest.mark.parametrize(
    ("rule", "given", "field"),
    [
        ("EM-IDLE-9", {"seconds": 60}, "rule"),
        ("", {}, "rule"),
        ("EM-IDLE-2", {"seconds": 60, "minutes": 1}, "values"),
        ("DF-BH", {"seconds": 60}, "values"),
        ("EM-IDLE-2", {}, "seconds"),
        ("EM-IDLE-2", {"seconds": 0}, "seconds"),
        ("EM-IDLE-2", {"seconds": 3601}, "seconds"),
        ("EM-IDLE-2", {"seconds": "60"}, "seconds"),
        ("EM-IDLE-2", {"seconds": 60.0}, "seconds"),
        ("EM-IDLE-2", {"seconds": True}, "seconds"),
        ("EM-IDLE-2", {"seconds": None}, "seconds"),
        ("EM-IDLE-2", {"seconds": 60, "reason": " "}, "reason"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused_with_its_field(rule: str, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        edit(rule, **given)
    assert refusal.value.more == {"field": field}
    assert not RuleVersion.objects.exists()


@pytest.mark.parametrize(
    ("rule", "given"), [("DF-BH", {}), ("EM-IDLE-2", {"seconds": 1}), ("DF-REVIEW", {"years": 50})]
)
def test_an_edit_within_the_limits_is_kept_whole(rule: str, given: dict[str, Any]) -> None:
    edit(rule, **given)
    version = in_force(rule, at=MONDAY_COMES)
    assert version is not None
    assert version.values == given


def test_edits_are_written_all_or_none(silence: None) -> None:
    longer = [Adoption(rule, {"seconds": seconds}, MONDAY_COMES, "Longer.") for rule, seconds in LONGER_SILENCE]
    adopt_rules(longer, by=None, at=NOON)
    assert (seconds_of("EM-IDLE-2", MONDAY_COMES), seconds_of("EM-IDLE-4", MONDAY_COMES)) == (300, 600)
    unknown = Adoption("EM-IDLE-9", {}, MONDAY_COMES, "Unknown.")
    with pytest.raises(Invalid):
        adopt_rules([Adoption("EM-IDLE-2", {"seconds": 60}, MONDAY_COMES, "Shorter."), unknown], by=None, at=NOON)
    assert seconds_of("EM-IDLE-2", MONDAY_COMES) == 300


# The notice before the end --------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "given"),
    [
        ("EM-IDLE-4", {"seconds": 60}),
        ("EM-IDLE-4", {"seconds": 120}),
        ("EM-IDLE-2", {"seconds": 240}),
        ("EM-IDLE-2", {"seconds": 600}),
        ("EM-IDLE-2", {"is_adopted": False}),
    ],
)
def test_an_end_before_or_without_its_notice_is_refused(silence: None, rule: str, given: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="EM-IDLE-4") as refusal:
        edit(rule, **given)
    assert refusal.value.more == {"field": "seconds"}
    assert RuleVersion.objects.count() == 2


def test_an_end_a_second_after_its_notice_is_good(silence: None) -> None:
    edit("EM-IDLE-4", seconds=121)
    assert seconds_of("EM-IDLE-4", MONDAY_COMES) == 121


def test_an_end_that_no_notice_precedes_is_refused() -> None:
    with pytest.raises(Invalid, match="only after the notice"):
        edit("EM-IDLE-4", seconds=240)


def test_an_edit_that_a_plan_for_later_would_contradict_is_refused(silence: None) -> None:
    edit("EM-IDLE-4", seconds=150)
    tomorrow = NOON + timedelta(days=1)
    with pytest.raises(Invalid, match="would end at 150 seconds of silence, but its notice comes at 200"):
        edit("EM-IDLE-2", seconds=200, effective_from=tomorrow)
    edit("EM-IDLE-2", seconds=149, effective_from=tomorrow)
    assert seconds_of("EM-IDLE-2", tomorrow) == 149


def test_an_end_is_checked_against_the_notice_of_its_own_time(silence: None) -> None:
    edit("EM-IDLE-2", seconds=30)
    edit("EM-IDLE-4", seconds=60)
    with pytest.raises(Invalid):
        edit("EM-IDLE-4", seconds=60, effective_from=MONDAY_COMES - MOMENT)
    assert seconds_of("EM-IDLE-4", MONDAY_COMES - MOMENT) == 240


# Calendars ------------------------------------------------------------------
def now_of(row: BusinessCalendar) -> Calendar:
    kept = latest(row.pk)
    assert kept is not None
    return kept


def intervals_before(kept: Calendar, at: datetime) -> list[tuple[int, int]]:
    return [pair for pair in zip(kept.opens, kept.closes, strict=True) if pair[0] < micros(at)]


@pytest.mark.rule("DF-BH")
def test_longer_hours_from_next_monday_leave_every_hour_before(person: User) -> None:
    row = calendar()
    before = now_of(row)
    version = change_week(row, LONGER, starts_on=NEXT_MONDAY, reason="Longer.", by=person, at=NOON)
    after = now_of(row)
    assert intervals_before(after, MONDAY_COMES) == intervals_before(before, MONDAY_COMES)
    friday, monday = local(date(2026, 11, 27), 17), local(NEXT_MONDAY, 17)
    assert not before.is_open(friday)
    assert not after.is_open(friday)
    assert not before.is_open(monday)
    assert after.is_open(monday)
    assert (version.number, version.effective_on, version.by) == (2, NEXT_MONDAY, person)


@pytest.mark.rule("DF-BH")
def test_a_whole_calendar_written_anew_leaves_what_is_past(person: User) -> None:
    row = calendar()
    holiday = {date(2026, 12, 25): "Christmas Day"}
    version = write_calendar(row, definition(holidays=holiday), reason="Holidays.", by=person, at=NOON)
    assert now_of(row).is_open(local(CHRISTMAS_EVE, 12))
    assert not now_of(row).is_open(local(date(2026, 12, 25), 12))
    assert version.effective_on == date(2026, 12, 25)


@pytest.mark.parametrize("starts_on", [date(2026, 11, 23), date(2010, 1, 1)], ids=["yesterday", "ever since"])
def test_a_person_cannot_change_hours_that_are_past(person: User, starts_on: date) -> None:
    row = calendar()
    with pytest.raises(Invalid, match="This would change hours that are past") as refusal:
        change_week(row, LONGER, starts_on=starts_on, reason="Longer.", by=person, at=NOON)
    assert refusal.value.more == {"field": "starts_on"}
    assert len(versions_of(row)) == 1


def test_a_preset_may_write_which_hours_there_were_before_it_was_loaded() -> None:
    row = calendar()
    version = change_week(row, LONGER, starts_on=date(2026, 11, 2), reason="Longer.", by=None, at=NOON)
    assert now_of(row).is_open(local(date(2026, 11, 2), 17))
    assert version.effective_on == date(2026, 11, 2)


def test_todays_hours_can_be_longer_while_it_is_open_but_not_once_it_was_closed(person: User) -> None:
    row = calendar()
    with pytest.raises(Invalid, match="Tuesday 24 November 2026 is the first day with a difference"):
        change_week(row, LONGER, starts_on=TODAY, reason="Longer.", by=person, at=local(TODAY, 17))
    change_week(row, LONGER, starts_on=TODAY, reason="Longer.", by=person, at=NOON)
    assert now_of(row).is_open(local(TODAY, 17))


def test_a_later_plan_stays_when_the_weeks_before_it_change() -> None:
    row = calendar()
    change_week(row, LONGER, starts_on=date(2027, 1, 4), reason="Longer.", by=None, at=NOON)
    shorter: Week = (((510, 720),),) * 5 + ((),) * 2
    change_week(row, shorter, starts_on=NEXT_MONDAY, reason="Shorter.", by=None, at=NOON)
    assert not now_of(row).is_open(local(NEXT_MONDAY, 13))
    assert now_of(row).is_open(local(date(2027, 1, 4), 17))


@pytest.mark.parametrize(
    ("week", "starts_on", "reason", "field"),
    [
        (((),) * 7, NEXT_MONDAY, "Never again.", "day_0"),
        (((),) * 6 + (((600, 540),),), NEXT_MONDAY, "Reversed.", "day_6"),
        (LONGER, NEXT_MONDAY, " ", "reason"),
        (LONGER, date(2040, 1, 2), "Later.", "starts_on"),
        (LONGER, date(2009, 12, 31), "Earlier.", "starts_on"),
    ],
)
def test_a_week_that_makes_no_sense_is_refused(
    person: User, week: Week, starts_on: date, reason: str, field: str
) -> None:
    row = calendar()
    with pytest.raises(Invalid) as refusal:
        change_week(row, week, starts_on=starts_on, reason=reason, by=person, at=NOON)
    assert refusal.value.more == {"field": field}
    assert len(versions_of(row)) == 1


def test_a_calendar_without_hours_needs_its_usual_week_first() -> None:
    row = BusinessCalendar.objects.create(code="empty", name="Empty")
    for act in (
        lambda: change_week(row, LONGER, starts_on=NEXT_MONDAY, reason="Longer.", by=None, at=NOON),
        lambda: set_day(row, CHRISTMAS_EVE, CLOSED, by=None, at=NOON),
        lambda: close_early(row, why="Power failure.", by=None, at=NOON),
        lambda: open_for_emergency(row, SATURDAY, ((600, 720),), why="Flood.", by=None, at=NOON),
    ):
        with pytest.raises(Invalid, match="no hours yet"):
            act()
    assert latest(row.pk) is None


# Days of their own ----------------------------------------------------------
@pytest.mark.rule("DF-BH")
@pytest.mark.parametrize(
    ("on", "day", "open_at", "closed_at"),
    [
        (CHRISTMAS_EVE, CLOSED, [], [(8, 30), (12, 0), (16, 0)]),
        (CHRISTMAS_EVE, HALF_DAY, [(8, 30), (11, 59)], [(12, 0), (16, 0)]),
        (SATURDAY, OPENING, [(10, 0), (13, 59)], [(9, 59), (14, 0)]),
    ],
    ids=["closure", "half day", "opening"],
)
def test_a_date_has_its_own_hours_and_no_other_date(
    person: User, on: date, day: Day, open_at: list, closed_at: list
) -> None:
    row = calendar()
    before = now_of(row)
    version = set_day(row, on, day, by=person, at=NOON)
    after = now_of(row)
    assert all(after.is_open(local(on, *time)) for time in open_at)
    assert not any(after.is_open(local(on, *time)) for time in closed_at)
    others = set(zip(before.opens, before.closes, strict=True)) ^ set(zip(after.opens, after.closes, strict=True))
    assert {after.moment(opened).date() for opened, _closed in others} == {on}
    assert (version.effective_on, version.reason) == (on, day.why)


def test_a_date_can_be_as_usual_again() -> None:
    row = calendar()
    set_day(row, CHRISTMAS_EVE, HALF_DAY, by=None, at=NOON)
    version = set_day(row, CHRISTMAS_EVE, None, by=None, at=NOON)
    assert now_of(row).is_open(local(CHRISTMAS_EVE, 16))
    assert version.reason == "Thursday 24 December 2026 is as usual again."


@pytest.mark.parametrize(
    ("on", "day", "field"),
    [
        (CHRISTMAS_EVE, Day("closure", (), "  "), "why"),
        (CHRISTMAS_EVE, Day("closure", ((510, 720),), "Inventory."), "hours"),
        (CHRISTMAS_EVE, Day("half_day", (), "Christmas Eve."), "hours"),
        (CHRISTMAS_EVE, Day("opening", (), "Flood."), "hours"),
        (CHRISTMAS_EVE, Day("opening", ((720, 510),), "Flood."), "hours"),
        (CHRISTMAS_EVE, Day("opening", ((510, 720), (700, 800)), "Flood."), "hours"),
        (CHRISTMAS_EVE, Day("opening", ((510, 1441),), "Flood."), "hours"),
        (date(2040, 1, 1), CLOSED, "on"),
        (date(2026, 11, 23), CLOSED, "starts_on"),
        (TODAY, CLOSED, "starts_on"),
        (date(2026, 11, 21), OPENING, "starts_on"),
    ],
)
def test_a_day_that_makes_no_sense_or_is_past_is_refused(person: User, on: date, day: Day, field: str) -> None:
    row = calendar()
    with pytest.raises(Invalid) as refusal:
        set_day(row, on, day, by=person, at=NOON)
    assert refusal.value.more == {"field": field}
    assert len(versions_of(row)) == 1


# Closing early --------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "minutes", "closes"),
    [
        (local(TODAY, 14), None, local(TODAY, 14)),
        (local(TODAY, 14, 0, 1), None, local(TODAY, 14, 1)),
        (local(TODAY, 14, 0) + MOMENT, None, local(TODAY, 14, 1)),
        (local(TODAY, 14), 15 * 60, local(TODAY, 15)),
        (local(TODAY, 7), 15 * 60, local(TODAY, 15)),
    ],
    ids=["now", "within a minute", "a moment into it", "later today", "before it opened"],
)
def test_closing_early_ends_today_and_no_other_day(
    person: User, at: datetime, minutes: int | None, closes: datetime
) -> None:
    row = calendar()
    version = close_early(row, why=" Power failure. ", by=person, at=at, minutes=minutes)
    kept = now_of(row)
    assert kept.is_open(closes - MOMENT)
    assert not kept.is_open(closes)
    assert kept.closing(at) == closes
    assert kept.next_opening(closes) == local(date(2026, 11, 25), 8, 30)
    assert (kept.definition.days[TODAY].why, version.reason) == ("Power failure.", "Power failure.")


def test_closing_in_the_break_takes_the_afternoon(person: User) -> None:
    row = calendar("8:30-12:00, 13:00-16:30")
    close_early(row, why="Power failure.", by=person, at=local(TODAY, 12, 30))
    assert now_of(row).closing(NOON) == NOON
    assert not now_of(row).is_open(local(TODAY, 13))


def test_closing_before_the_opening_leaves_no_business_day(person: User) -> None:
    row = calendar()
    close_early(row, why="Snow.", by=person, at=local(TODAY, 7))
    assert not now_of(row).is_business_day(NOON)


@pytest.mark.parametrize(
    ("at", "minutes", "why", "field"),
    [
        (NOON, 11 * 60 + 59, "Power failure.", "minutes"),
        (NOON, 16 * 60 + 30, "Power failure.", "minutes"),
        (local(TODAY, 16, 30), None, "Power failure.", "minutes"),
        (local(TODAY, 16, 29, 1), None, "Power failure.", "minutes"),
        (local(SATURDAY, 12), None, "Power failure.", "minutes"),
        (NOON, None, " ", "why"),
    ],
    ids=["past", "at closing time", "closed already", "closed in a moment", "closed all day", "no reason"],
)
def test_closing_early_is_refused_where_nothing_can_be_closed(
    person: User, at: datetime, minutes: int | None, why: str, field: str
) -> None:
    row = calendar()
    with pytest.raises(Invalid) as refusal:
        close_early(row, why=why, by=person, at=at, minutes=minutes)
    assert refusal.value.more == {"field": field}
    assert len(versions_of(row)) == 1


# Opening in an emergency ----------------------------------------------------
def test_an_emergency_opens_a_day_that_is_closed(person: User) -> None:
    row = calendar()
    open_for_emergency(row, SATURDAY, ((480, 720), (780, 1440)), why="Flood.", by=person, at=NOON)
    kept = now_of(row)
    assert kept.is_open(local(SATURDAY, 8))
    assert kept.is_break(local(SATURDAY, 12, 30))
    assert kept.is_open(local(SATURDAY, 23, 59))
    assert kept.definition.days[SATURDAY] == Day("opening", ((480, 720), (780, 1440)), "Flood.")


def test_an_emergency_opens_a_holiday() -> None:
    row = calendar(holidays={date(2026, 12, 25): "Christmas Day"})
    open_for_emergency(row, date(2026, 12, 25), ((480, 720),), why="Flood.", by=None, at=NOON)
    assert now_of(row).is_open(local(date(2026, 12, 25), 8))


def test_an_emergency_keeps_today_open_longer(person: User) -> None:
    row = calendar()
    open_for_emergency(row, TODAY, ((510, 1200),), why="Flood.", by=person, at=NOON)
    assert now_of(row).closing(NOON) == local(TODAY, 20)


def test_an_opening_that_was_to_begin_a_while_ago_begins_now(person: User) -> None:
    """Somebody types 8:00 at noon; what was before noon stays as it was."""
    row = calendar()
    open_for_emergency(row, TODAY, ((480, 1200),), why="Flood.", by=person, at=NOON)
    assert not now_of(row).is_open(local(TODAY, 8))
    assert now_of(row).is_open(local(TODAY, 19))


@pytest.mark.parametrize(
    ("on", "hours", "why", "field"),
    [
        (SATURDAY, (), "Flood.", "hours"),
        (SATURDAY, ((600, 540),), "Flood.", "hours"),
        (SATURDAY, ((480, 720),), "", "why"),
        (date(2040, 1, 1), ((480, 720),), "Flood.", "on"),
        (date(2026, 11, 21), ((480, 720),), "Flood.", "starts_on"),
    ],
    ids=["no hours", "reversed", "no reason", "not covered", "past"],
)
def test_an_emergency_opening_that_makes_no_sense_is_refused(
    person: User, on: date, hours: tuple, why: str, field: str
) -> None:
    row = calendar()
    with pytest.raises(Invalid) as refusal:
        open_for_emergency(row, on, hours, why=why, by=person, at=NOON)
    assert refusal.value.more == {"field": field}
    assert len(versions_of(row)) == 1


# Versions stay --------------------------------------------------------------
ASKED = [("business_days", 10), ("business_minutes", 2000), ("same_business_day", 0), ("two_weeks", 2)]


def answers(kept: Calendar) -> list[datetime]:
    return [due_at(kept, local(date(2026, 11, 27), 16), unit, amount).at for unit, amount in ASKED]


def test_an_old_deadline_comes_out_the_same_whatever_has_changed_since() -> None:
    row = calendar()
    old_id = versions_of(row)[0].pk
    then = answers(compiled(old_id))
    change_week(row, LONGER, starts_on=NEXT_MONDAY, reason="Longer.", by=None, at=NOON)
    set_day(row, date(2026, 12, 11), CLOSED, by=None, at=NOON)
    assert answers(compiled(old_id)) == then
    calendars._compiled.clear()
    assert answers(compiled(old_id)) == then
    assert compiled(old_id).version == old_id
    assert all(new != old for new, old in zip(answers(now_of(row)), then, strict=True) if old > MONDAY_COMES)


def test_a_version_keeps_its_hours_when_the_zone_gets_other_rules_later() -> None:
    row = calendar()
    kept = versions_of(row)[0]
    hour = 3600
    earlier = CalendarVersion.objects.create(
        calendar=row,
        number=2,
        definition=kept.definition,
        opens=[opened + hour for opened in kept.opens],
        closes=[closed + hour for closed in kept.closes],
        effective_on=kept.effective_on,
        reason="As if the clock change had been given up.",
        made_at=NOON,
    )
    assert compiled(earlier.pk).is_open(local(TODAY, 17, 29))
    assert not compiled(earlier.pk).is_open(local(TODAY, 9, 29))


@pytest.mark.parametrize("table", ["policies_ruleversion", "policies_calendarversion"])
@pytest.mark.parametrize("change", ["UPDATE {} SET reason = 'Another.'", "DELETE FROM {}"], ids=["update", "delete"])
def test_the_database_refuses_to_alter_a_version(table: str, change: str) -> None:
    adopt("EM-IDLE-2", seconds=120)
    calendar()
    with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
        connection.cursor().execute(change.format(table))
    assert RuleVersion.objects.get().reason == CalendarVersion.objects.get().reason == "For a test."


# At once --------------------------------------------------------------------
THREADS = 8


@pytest.mark.django_db(transaction=True)
def test_edits_of_one_rule_at_once_are_numbered_in_a_row_and_none_is_lost() -> None:
    results = at_once(THREADS, lambda index: edit("EM-IDLE-2", seconds=index + 1))
    assert [error for error in results if isinstance(error, Exception)] == []
    rows = RuleVersion.objects.filter(rule="EM-IDLE-2").order_by("number")
    assert [row.number for row in rows] == list(range(1, THREADS + 1))
    assert {row.number_of("seconds") for row in rows} == set(range(1, THREADS + 1))


@pytest.mark.django_db(transaction=True)
def test_of_two_edits_at_once_that_contradict_each_other_one_is_refused() -> None:
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)
    edits = [("EM-IDLE-2", 200), ("EM-IDLE-4", 150)]
    results = at_once(2, lambda index: edit(edits[index][0], seconds=edits[index][1]))
    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [Invalid]
    end, notice = seconds_of("EM-IDLE-4", MONDAY_COMES), seconds_of("EM-IDLE-2", MONDAY_COMES)
    assert (notice, end) in {(200, 240), (120, 150)}


@pytest.mark.django_db(transaction=True)
def test_days_that_are_set_at_once_are_all_kept() -> None:
    row = calendar()
    dates = [date(2026, 12, 1) + timedelta(days=index) for index in range(THREADS)]
    results = at_once(THREADS, lambda index: set_day(row, dates[index], CLOSED, by=None, at=NOON))
    assert [error for error in results if isinstance(error, Exception)] == []
    assert [version.number for version in versions_of(row)] == list(range(1, THREADS + 2))
    assert set(now_of(row).definition.days) == set(dates)
