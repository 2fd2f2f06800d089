"""Opening hours: when a chat may begin, when it may still be accepted, and what becomes of the queue at closing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.models import Channel, Department, DepartmentHours, Language
from chat import news
from chat.actions import Request, accept, end_as_agent, request_chat
from chat.models import ChatSession, Wording
from chat.states import Outcome, Status
from chat.timers import act_on_due_timers
from contactcenter.lib.errors import DomainError
from policies.actions import close_early, set_day
from policies.calendar import Day
from policies.models import BusinessCalendar
from tests.chat.conftest import City, online_agent
from tests.factories import WordingFactory
from tests.policies.factories import adopt, calendar, versions_of

TORONTO = ZoneInfo("America/Toronto")
MOMENT = timedelta(microseconds=1)


def local(hour: int, minute: int = 0, *, day: int = 24) -> datetime:
    """Return a time of a day in November 2026; the 24th is a Tuesday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=TORONTO)


@pytest.fixture
def hours(city: City) -> BusinessCalendar:
    """Opening hours 8:30-16:30 on weekdays; the last chat begins 30 minutes before closing."""
    adopt("EM-HRS", always_open=False)
    adopt("EM-HRS-30", minutes_before_closing=30)
    return calendar()


def ask(city: City, *, at: datetime, department: Department | None = None) -> ChatSession:
    request = Request(
        name="Dana", question="Where is my bin?", department=department or city.general, language=city.english
    )
    return request_chat(request, at=at).session


def refused(city: City, *, at: datetime, department: Department | None = None) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        ask(city, at=at, department=department)
    return refusal.value


def state(city: City, *, at: datetime) -> tuple[str, str | None]:
    facts = news.read_availability(city.general, city.english, at=at)
    return facts["state"], facts["next_opening"]


@pytest.mark.rule("EM-HRS")
@pytest.mark.parametrize("at", [local(8, 29), local(16, 30), local(3), local(12, day=28), local(23, 59)])
def test_outside_of_the_hours_no_chat_begins(city: City, hours: BusinessCalendar, at: datetime) -> None:
    refusal = refused(city, at=at)
    assert (refusal.code, refusal.more["rule"]) == ("closed", "EM-HRS")
    assert not ChatSession.objects.exists()
    assert state(city, at=at)[0] == "closed"


def test_the_refusal_says_when_it_opens_again(city: City, hours: BusinessCalendar) -> None:
    refusal = refused(city, at=local(18, day=27))
    assert refusal.more["next_opening"] == "2026-11-30T08:30:00-05:00"
    assert "Monday 30 November 2026, 8:30 AM" in refusal.detail


@pytest.mark.rule("EM-HRS-30")
def test_the_last_chat_begins_thirty_minutes_before_closing(city: City, hours: BusinessCalendar) -> None:
    assert ask(city, at=local(16)).status == Status.QUEUED
    refusal = refused(city, at=local(16) + MOMENT)
    assert (refusal.code, refusal.more["rule"]) == ("closed", "EM-HRS-30")
    assert refusal.more["next_opening"] == "2026-11-25T08:30:00-05:00"
    assert "4:30 PM" in refusal.detail
    assert state(city, at=local(16)) == ("open", None)
    assert state(city, at=local(16) + MOMENT) == ("closing_soon", "2026-11-25T08:30:00-05:00")


def test_the_session_points_at_the_hours_that_let_it_begin(city: City, hours: BusinessCalendar) -> None:
    assert ask(city, at=local(10)).calendar_version == versions_of(hours)[0]


@pytest.mark.rule("EM-HRS-30")
def test_who_waits_by_then_may_be_accepted_until_closing(city: City, hours: BusinessCalendar) -> None:
    one, two = ask(city, at=local(16)), ask(city, at=local(16))
    assert accept(one.pk, agent_id=city.rosa.pk, at=local(16, 30) - MOMENT).status == Status.ACTIVE
    with pytest.raises(DomainError) as refusal:
        accept(two.pk, agent_id=city.rosa.pk, at=local(16, 30))
    assert (refusal.value.code, refusal.value.more["rule"]) == ("closed", "EM-HRS")


@pytest.mark.rule("EM-HRS")
def test_at_closing_who_still_waits_is_told_and_running_chats_go_on(city: City, hours: BusinessCalendar) -> None:
    WordingFactory(
        kind=Wording.Kind.CLOSING, language=city.english, text="Call {phone}, write {email}. Open {opening}."
    )
    waiting, running = ask(city, at=local(15)), ask(city, at=local(15))
    accept(running.pk, agent_id=city.rosa.pk, at=local(15))
    act_on_due_timers(at=local(16, 30) - MOMENT)
    waiting.refresh_from_db()
    assert waiting.status == Status.QUEUED
    act_on_due_timers(at=local(16, 30))
    act_on_due_timers(at=local(16, 30))
    waiting.refresh_from_db()
    running.refresh_from_db()
    assert (waiting.status, waiting.outcome) == (Status.ENDED, Outcome.CLOSED)
    assert running.status == Status.ACTIVE
    ended = waiting.events.get(kind="ended")
    assert ended.rule == "EM-HRS"
    assert "555-0100" in ended.text
    assert "Wednesday 25 November 2026, 8:30 AM" in ended.text
    assert ended.data["next_opening"] == "2026-11-25T08:30:00-05:00"
    assert "EM-HRS" in ended.data["why"]
    assert end_as_agent(running.pk, agent_id=city.rosa.pk, outcome="resolved", at=local(17)).is_ended


def test_the_next_opening_is_said_in_the_residents_language(city: City, hours: BusinessCalendar) -> None:
    spanish = Language.objects.create(code="es", name="Español")
    WordingFactory(kind=Wording.Kind.CLOSING, language=spanish, text="Abre el {opening}.")
    waiting = ask(city, at=local(15))
    ChatSession.objects.filter(pk=waiting.pk).update(language=spanish)
    act_on_due_timers(at=local(16, 30))
    assert waiting.events.get(kind="ended").text == "Abre el miércoles 25 de noviembre de 2026, 8:30."


# Breaks, half days, holidays --------------------------------------------------
@pytest.fixture
def with_break(city: City) -> BusinessCalendar:
    adopt("EM-HRS", always_open=False)
    adopt("EM-HRS-30", minutes_before_closing=30)
    return calendar("8:30-12:00, 13:00-16:30")


@pytest.mark.rule("EM-HRS")
def test_in_a_break_no_chat_begins_and_who_waits_stays(city: City, with_break: BusinessCalendar) -> None:
    waiting = ask(city, at=local(11, 55))
    assert state(city, at=local(11, 55)) == ("open", None)
    assert state(city, at=local(12)) == ("closed", "2026-11-24T13:00:00-05:00")
    act_on_due_timers(at=local(12, 30))
    assert accept(waiting.pk, agent_id=city.rosa.pk, at=local(12, 30)).status == Status.ACTIVE


@pytest.mark.rule("EM-HRS-30")
def test_a_half_day_has_its_own_closing(city: City, hours: BusinessCalendar) -> None:
    set_day(hours, date(2026, 12, 24), Day("half_day", ((510, 720),), "Christmas Eve"), by=None, at=local(9))
    eve = datetime(2026, 12, 24, tzinfo=TORONTO)
    assert state(city, at=eve + timedelta(hours=11, minutes=30))[0] == "open"
    assert state(city, at=eve + timedelta(hours=11, minutes=31))[0] == "closing_soon"
    assert state(city, at=eve + timedelta(hours=12))[0] == "closed"


@pytest.mark.rule("EM-HRS")
def test_on_a_holiday_nothing_opens(city: City) -> None:
    adopt("EM-HRS", always_open=False)
    calendar(holidays={date(2026, 11, 25): "A holiday"})
    assert state(city, at=local(10, day=25)) == ("closed", "2026-11-26T08:30:00-05:00")


@pytest.mark.rule("EM-HRS")
def test_an_emergency_opening_opens_the_chat(city: City, hours: BusinessCalendar) -> None:
    sunday = date(2026, 11, 29)
    assert state(city, at=local(10, day=29))[0] == "closed"
    set_day(hours, sunday, Day("opening", ((480, 1320),), "Flood"), by=None, at=local(9))
    assert state(city, at=local(10, day=29))[0] == "open"


@pytest.mark.rule("EM-HRS")
def test_a_supervisor_closes_today_early(city: City, hours: BusinessCalendar) -> None:
    waiting = ask(city, at=local(13))
    close_early(hours, why="Power cut", minutes=14 * 60, by=None, at=local(13))
    assert state(city, at=local(13, 20))[0] == "open"
    assert state(city, at=local(13, 31)) == ("closing_soon", "2026-11-25T08:30:00-05:00")
    act_on_due_timers(at=local(14))
    waiting.refresh_from_db()
    assert waiting.outcome == Outcome.CLOSED


def test_round_the_clock_there_is_no_closing(city: City) -> None:
    adopt("EM-HRS", always_open=False)
    adopt("EM-HRS-30", minutes_before_closing=30)
    calendar("0:00-24:00", saturday="0:00-24:00", sunday="0:00-24:00")
    for hour in range(24):
        assert state(city, at=local(hour, 59)) == ("open", None)


def test_hours_to_midnight_that_go_on_are_no_closing(city: City) -> None:
    adopt("EM-HRS", always_open=False)
    adopt("EM-HRS-30", minutes_before_closing=30)
    calendar("0:00-2:00, 18:00-24:00")
    assert state(city, at=local(23, 50)) == ("open", None)


# Rows -------------------------------------------------------------------------
@pytest.mark.rule("EM-HRS")
def test_the_switch_keeps_the_chat_open_at_any_hour(city: City, hours: BusinessCalendar) -> None:
    adopt("EM-HRS", always_open=True)
    assert state(city, at=local(3)) == ("open", None)
    waiting = ask(city, at=local(3))
    act_on_due_timers(at=local(4))
    assert accept(waiting.pk, agent_id=city.rosa.pk, at=local(4)).status == Status.ACTIVE


def test_a_city_that_has_not_adopted_the_rule_is_always_open(city: City, hours: BusinessCalendar) -> None:
    adopt("EM-HRS", is_adopted=False)
    assert state(city, at=local(3)) == ("open", None)


@pytest.mark.rule("EM-HRS-30")
@pytest.mark.parametrize(("margin", "last"), [(0, local(16, 29)), (60, local(15, 30))])
def test_the_row_moves_the_last_chat(city: City, hours: BusinessCalendar, margin: int, last: datetime) -> None:
    adopt("EM-HRS-30", minutes_before_closing=margin)
    assert state(city, at=last)[0] == "open"
    assert state(city, at=last + timedelta(minutes=1))[0] in ("closing_soon", "closed")


@pytest.mark.rule("DF-BH")
@pytest.mark.rule("EM-HRS")
def test_with_the_rule_and_without_any_hours_no_chat_begins(city: City) -> None:
    adopt("EM-HRS", always_open=False)
    assert state(city, at=local(12)) == ("closed", None)
    assert refused(city, at=local(12)).more["next_opening"] is None


@pytest.mark.rule("EM-HRS")
def test_a_department_and_a_channel_have_hours_of_their_own(city: City, hours: BusinessCalendar) -> None:
    evening = calendar("12:00-20:00", code="evening", is_default=False)
    phones = calendar("6:00-7:00", code="phones", is_default=False)
    DepartmentHours.objects.create(department=city.roads, calendar=evening)
    DepartmentHours.objects.create(department=city.roads, channel=Channel.PHONE, calendar=phones)
    online_agent("Ravi", city.roads)
    assert ask(city, at=local(19), department=city.roads).status == Status.QUEUED
    assert refused(city, at=local(19), department=city.general).code == "closed"
    assert refused(city, at=local(9), department=city.roads).code == "closed"
    DepartmentHours.objects.create(department=city.roads, channel=Channel.CHAT, calendar=hours)
    assert ask(city, at=local(9), department=city.roads).status == Status.QUEUED


def test_hours_of_a_channel_hold_for_every_department(city: City, hours: BusinessCalendar) -> None:
    DepartmentHours.objects.create(
        channel=Channel.CHAT, calendar=calendar("9:00-10:00", code="short", is_default=False)
    )
    assert refused(city, at=local(11)).code == "closed"


def test_a_repeated_request_is_answered_even_after_closing(city: City, hours: BusinessCalendar) -> None:
    request = Request(
        name="Dana", question="Hi", department=city.general, language=city.english, request_key="the same"
    )
    first = request_chat(request, at=local(15, 59)).session
    again = request_chat(request, at=local(16, 1))
    assert (again.session.pk, again.is_new) == (first.pk, False)


def test_utc_and_the_citys_zone_agree(city: City, hours: BusinessCalendar) -> None:
    assert state(city, at=local(10).astimezone(UTC)) == state(city, at=local(10)) == ("open", None)
