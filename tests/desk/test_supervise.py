"""The supervisor's console: today's hours, certificates, what is overdue."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from agents.models import Certificate, LogIn, User
from chat.models import ChatSession
from chat.opening import opening_of
from policies.calendars import latest
from policies.models import BusinessCalendar, CalendarVersion, Document
from tests.factories import (
    CertificateFactory,
    DepartmentFactory,
    QueuedSessionFactory,
    UserFactory,
    log_in,
)
from tests.policies.factories import adopt, calendar, keep_chats

AT_ONE = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)  # 13:00 in Toronto, a Tuesday
TODAY = date(2026, 11, 24)
FIGURES = "/api/v1/desk/figures"
POSTS = ("calendars/{pk}/close/", "calendars/{pk}/day/", "calendars/{pk}/open/", "certificates/{pk}/approve/")

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam() -> User:
    user: User = UserFactory(username="sam", first_name="Sam", roles=["supervisor"])
    return user


@pytest.fixture
def console(client: Client, sam: User) -> Client:
    log_in(client, sam)
    return client


@pytest.fixture
def office() -> BusinessCalendar:
    keep_chats()
    return calendar("8:30-16:30")


def post(console: Client, office: BusinessCalendar, what: str, **facts: str):
    prefix = {"close": "close", "day": "day", "open": "open"}[what]
    body = {f"{prefix}-{office.pk}-{name}": value for name, value in facts.items()}
    return console.post(f"/supervise/calendars/{office.pk}/{what}/", body)


def hours_today(office: BusinessCalendar) -> tuple[tuple[int, int], ...]:
    return latest(office.pk).definition.hours_on(TODAY)


@time_machine.travel(AT_ONE, tick=False)
def test_it_shows_how_the_office_stands(console, office):
    QueuedSessionFactory(department=DepartmentFactory())
    page = console.get("/supervise/").content.decode()
    assert "Open until 16:30" in page
    assert "Today: 8:30–16:30" in page
    assert "Residents who wait" in page


@time_machine.travel(AT_ONE, tick=False)
def test_the_figures_are_answered_by_themselves_with_the_time_they_are_of(console, sam):
    log_in(console, sam, at=AT_ONE)
    QueuedSessionFactory(department=DepartmentFactory())
    whole, piece = (console.get(path).content.decode() for path in ("/supervise/", FIGURES))
    assert piece in whole
    assert "As of 13:00:00" in piece
    assert '<dt>Residents who wait</dt><dd class="big">1</dd>' in piece
    with time_machine.travel(AT_ONE + timedelta(seconds=10), tick=False):
        ChatSession.objects.update(emergency="life", emergency_at=AT_ONE)
        answer = console.get(FIGURES)
    assert (answer.status_code, answer["Cache-Control"].count("no-store")) == (200, 1)
    assert "As of 13:00:10" in answer.content.decode()
    assert "Emergencies that are spoken of now" in answer.content.decode()


def test_who_asks_for_figures_shows_no_sign_of_life_and_is_refused_once_idle(console, sam):
    entry = log_in(console, sam, at=AT_ONE)
    for minutes, status in ((29, 200), (31, 401)):
        with time_machine.travel(AT_ONE + timedelta(minutes=minutes), tick=False):
            assert console.get(FIGURES).status_code == status
            assert LogIn.objects.get(pk=entry.pk).seen_at == AT_ONE


@pytest.mark.parametrize(("role", "status"), [("supervisor", 200), ("agent", 404), ("admin", 404), (None, 401)])
def test_figures_are_for_whom_the_page_is_for(client, role, status):
    if role:
        log_in(client, UserFactory(roles=[role]))
    assert client.get(FIGURES).status_code == status
    assert client.post(FIGURES).status_code == 405


@pytest.mark.rule("EM-HRS")
@time_machine.travel(AT_ONE, tick=False)
def test_closing_early_takes_a_reason_and_one_click(console, office, sam):
    adopt("EM-HRS", always_open=False)
    department = DepartmentFactory()
    assert opening_of(department, at=AT_ONE).state == "open"
    answer = post(console, office, "close", why="Power cut")
    assert answer.status_code == 302
    assert opening_of(department, at=AT_ONE).state == "closed"
    version = CalendarVersion.objects.latest("number")
    assert (version.reason, version.by_id, version.made_at) == ("Power cut", sam.pk, AT_ONE)
    page = console.get("/supervise/").content.decode()
    assert "closes early today" in page
    assert "Closed, opens Wednesday 25 November 2026, 8:30" in page
    assert "Power cut" in page


@time_machine.travel(AT_ONE, tick=False)
def test_closing_at_a_time_of_today(console, office):
    post(console, office, "close", why="Storm", minutes="15:00")
    assert hours_today(office) == ((510, 900),)


@time_machine.travel(AT_ONE, tick=False)
@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"why": ""}, "Write why it closes early"),
        ({"why": "Storm", "minutes": "12:00"}, "12:00 is past. Choose a later time."),
        ({"why": "Storm", "minutes": "18:00"}, "It is closed by then anyway."),
        ({"why": "Storm", "minutes": "soon"}, "Write a time of day"),
    ],
)
def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(console, office, facts, sentence):
    answer = post(console, office, "close", **facts)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert sentence in page
    assert all(value in page for value in facts.values())
    assert office.versions.count() == 1


@time_machine.travel(AT_ONE, tick=False)
def test_what_was_closed_early_opens_again_and_the_past_stays(console, office):
    post(console, office, "close", why="Power cut")
    with time_machine.travel(AT_ONE.replace(hour=19), tick=False):
        assert post(console, office, "open").status_code == 302
        assert hours_today(office) == ((510, 780), (840, 990))
        post(console, office, "open")
        assert "What is left of today is as usual." in console.get("/supervise/").content.decode()
        assert office.versions.count() == 3


@time_machine.travel(AT_ONE, tick=False)
def test_a_closing_that_was_only_planned_is_taken_back_whole(console, office):
    post(console, office, "close", why="Storm", minutes="15:00")
    post(console, office, "open")
    assert latest(office.pk).definition.days == {}
    post(console, office, "open")
    assert "Today is as usual. Nothing was changed." in console.get("/supervise/").content.decode()


@pytest.mark.rule("EM-HRS")
@time_machine.travel(AT_ONE, tick=False)
def test_an_emergency_opening_opens_a_sunday(console, office):
    adopt("EM-HRS", always_open=False)
    on_sunday = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)
    assert opening_of(DepartmentFactory(), at=on_sunday).state == "closed"
    facts = {"on": "2026-11-29", "kind": "opening", "hours": "9:00-15:00", "why": "Flood, ordered by the mayor"}
    assert post(console, office, "day", **facts).status_code == 302
    assert opening_of(DepartmentFactory(), at=on_sunday).state == "open"


@time_machine.travel(AT_ONE, tick=False)
@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"hours": "16:00-9:00"}, "ends before it starts"),
        ({"hours": "9:00-12:00, 11:00-15:00"}, "overlap"),
        ({"hours": "all day"}, "all day"),
        ({"hours": ""}, "Write the hours of that day"),
        ({"on": "2026-11-20"}, "past"),
        ({"on": "2045-01-01"}, "2010 to 2039"),
        ({"on": ""}, "Choose the day."),
        ({"why": ""}, "Write why this day is different"),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_the_reason(console, office, facts, sentence):
    typed = {"on": "2026-11-28", "kind": "opening", "hours": "9:00-15:00", "why": "Flood", **facts}
    answer = post(console, office, "day", **typed)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert sentence in page
    assert typed["why"] in page
    assert office.versions.count() == 1


@pytest.mark.rule("PH-CERT")
def test_a_certificate_that_waits_is_approved_here(console, sam):
    waiting = CertificateFactory(approved_by=None, approved_at=None)
    assert str(waiting) in console.get("/supervise/").content.decode()
    assert console.post(f"/supervise/certificates/{waiting.pk}/approve/").status_code == 302
    assert Certificate.objects.get(pk=waiting.pk).approved_by == sam


@pytest.mark.rule("PH-CERT")
def test_one_that_waits_for_another_role_is_not_there(console):
    foreign = CertificateFactory(approved_by=None, approved_at=None, kind__approver_role="director")
    assert str(foreign) not in console.get("/supervise/").content.decode()
    assert console.post(f"/supervise/certificates/{foreign.pk}/approve/").status_code == 404


@pytest.mark.rule("DF-REVIEW")
def test_what_is_overdue_is_listed(console):
    Document.objects.create(code="SJ", title="Guidelines", body="City", adopted_on=date(2015, 1, 1))
    assert "Guidelines" not in console.get("/supervise/").content.decode()
    adopt("DF-REVIEW", years=5)
    assert "Guidelines" in console.get("/supervise/").content.decode()


@pytest.mark.rule("PH-CERT")
def test_a_director_approves_what_waits_for_directors_and_has_a_page_for_it(client):
    waiting = CertificateFactory(approved_by=None, approved_at=None, kind__approver_role="director")
    director = UserFactory(roles=["director"])
    log_in(client, director)
    page = client.get("/supervise/certificates/").content.decode()
    assert str(waiting) in page
    assert 'href="/supervise/certificates/"' in page
    answer = client.post(f"/supervise/certificates/{waiting.pk}/approve/")
    assert (answer.status_code, answer["Location"]) == (302, "/supervise/certificates/")
    assert Certificate.objects.get(pk=waiting.pk).approved_by == director


def test_who_approves_no_kind_has_no_page_for_it(client):
    CertificateFactory(approved_by=None, approved_at=None)
    log_in(client, UserFactory(roles=["agent"]))
    assert client.get("/supervise/certificates/").status_code == 403


@time_machine.travel(datetime(2027, 3, 10, 18, 0, tzinfo=UTC), tick=False)
def test_a_time_that_the_clock_change_skips_is_accepted_and_said_what_it_means(console, sam, office):
    log_in(console, sam)  # the fixture's log-in is of another day
    facts = {"on": "2027-03-14", "kind": "opening", "hours": "2:30-9:00", "why": "Flood"}
    assert post(console, office, "day", **facts).status_code == 302
    page = console.get("/supervise/").content.decode()
    assert "The clock change skips 2:30 on Sunday 14 March 2027. On that day it means 3:00." in page


@time_machine.travel(datetime(2026, 12, 25, 18, 0, tzinfo=UTC), tick=False)
def test_a_holiday_alone_is_nothing_to_take_back(console, sam):
    log_in(console, sam)
    calendar("8:30-16:30", holidays={date(2026, 12, 25): "Christmas Day"})
    page = console.get("/supervise/").content.decode()
    assert "Christmas Day" in page
    assert "As usual again" not in page


@pytest.mark.parametrize("role", ["agent", "admin", "director", None])
def test_only_supervisors_act(client, office, role):
    waiting = CertificateFactory(approved_by=None, approved_at=None)
    if role:
        log_in(client, UserFactory(roles=[role]))
    for path in POSTS:
        pk = waiting.pk if "certificates" in path else office.pk
        answer = client.post("/supervise/" + path.format(pk=pk), {f"close-{office.pk}-why": "x"})
        refused = 404 if "certificates" in path else 403  # one that waits for others looks like none
        assert answer.status_code == (refused if role else 302), path
    assert office.versions.count() == 1
    assert Certificate.objects.get().approved_at is None
