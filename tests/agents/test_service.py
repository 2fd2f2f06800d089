"""Back-up plans, their switch and drills, and notices of incidents: what is written, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agents.actions import end_incident, note_drill, post_incident, turn_backup
from agents.models import BackupPlan, BackupTurn, Department, Drill, Incident, User
from agents.service import backup_of, incidents_of, plans_standing, say_incidents
from contactcenter.lib.errors import DomainError, Invalid, WrongState
from policies.conformance import Period, Verdict, judge_all
from tests.factories import BackupPlanFactory, DepartmentFactory, LanguageFactory, UserFactory
from tests.policies.factories import adopt

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def policy() -> None:
    adopt("SJ-BACK")


@pytest.fixture
def sam() -> User:
    user: User = UserFactory(first_name="Sam", roles=["supervisor"])
    return user


@pytest.fixture
def plan() -> BackupPlan:
    made: BackupPlan = BackupPlanFactory(texts={"en": "Broken.", "es": "Roto."})
    return made


# The switch -----------------------------------------------------------------
@pytest.mark.rule("SJ-BACK")
def test_every_turn_is_a_row_with_who_when_and_why(plan: BackupPlan, sam: User) -> None:
    assert backup_of("chat") is None
    turn_backup(plan.pk, is_on=True, why=" The server room is flooded. ", by=sam, at=NOON)
    backup = backup_of("chat")
    assert backup is not None
    assert backup.as_frame("es") == {
        "phone": "555-0100",
        "page": "https://www.maplebrook.example/contact/",
        "text": "Roto.",
    }
    assert backup.as_frame("fr")["text"] == "Broken."
    assert backup_of("phone") is None
    turn_backup(plan.pk, is_on=False, why="Dry again.", by=sam, at=NOON + HOUR)
    assert backup_of("chat") is None
    assert list(BackupTurn.objects.order_by("pk").values_list("is_on", "at", "by", "why", "version__rule")) == [
        (True, NOON, sam.pk, "The server room is flooded.", "SJ-BACK"),
        (False, NOON + HOUR, sam.pk, "Dry again.", "SJ-BACK"),
    ]


@pytest.mark.rule("SJ-BACK")
def test_what_cannot_be_turned_is_refused_with_the_reason(plan: BackupPlan, sam: User) -> None:
    with pytest.raises(WrongState, match="off already"):
        turn_backup(plan.pk, is_on=False, why="x", by=sam, at=NOON)
    with pytest.raises(Invalid, match="Write why") as refused:
        turn_backup(plan.pk, is_on=True, why="  ", by=sam, at=NOON)
    assert refused.value.more["field"] == "why"
    with pytest.raises(Invalid, match="Shorten it to 300"):
        turn_backup(plan.pk, is_on=True, why="x" * 301, by=sam, at=NOON)
    turn_backup(plan.pk, is_on=True, why="x", by=sam, at=NOON)
    with pytest.raises(WrongState, match="on already"):
        turn_backup(plan.pk, is_on=True, why="x", by=sam, at=NOON)
    with pytest.raises(DomainError) as unknown:
        turn_backup(plan.pk + 1, is_on=True, why="x", by=sam, at=NOON)
    assert unknown.value.code == "not_found"
    adopt("SJ-BACK", is_adopted=False)
    with pytest.raises(WrongState, match="not adopted SJ-BACK"):
        turn_backup(plan.pk, is_on=False, why="x", by=sam, at=NOON)


def test_a_plan_leads_somewhere() -> None:
    with pytest.raises(ValidationError, match="phone number or the address of a form"):
        BackupPlan(channel="chat").full_clean()
    with pytest.raises(IntegrityError, match="leads_somewhere"), transaction.atomic():
        BackupPlanFactory(phone="", page="")


# Drills ---------------------------------------------------------------------
@pytest.mark.rule("SJ-BACK")
@pytest.mark.parametrize(("days", "due"), [(90, date(2027, 1, 30)), (30, date(2026, 12, 1))])
def test_a_drill_is_due_again_after_the_days_of_the_row(plan: BackupPlan, sam: User, days: int, due: date) -> None:
    adopt("SJ-BACK", drill_days=days)
    held_on = date(2026, 11, 1)
    drill = note_drill(
        plan.pk, held_on=held_on, participants=[sam], result="All went well.", by=sam, today=TODAY, at=NOON
    )
    assert (drill.next_due_on, list(drill.participants.all()), drill.noted_by) == (due, [sam], sam)
    assert [each.is_overdue for each in plans_standing(on=due)] == [False]
    assert [each.is_overdue for each in plans_standing(on=due + timedelta(days=1))] == [True]


@pytest.mark.rule("SJ-BACK")
def test_a_plan_that_was_never_tried_out_is_overdue(plan: BackupPlan) -> None:
    [standing] = plans_standing(on=TODAY)
    assert (standing.is_overdue, standing.is_on, standing.drill) == (True, False, None)


def test_a_drill_that_is_none_is_refused(plan: BackupPlan, sam: User) -> None:
    good = {"held_on": TODAY, "participants": [sam], "result": "Well.", "by": sam, "today": TODAY, "at": NOON}
    wrong = {"held_on": TODAY + timedelta(days=1), "participants": [], "result": " "}
    for field, value in wrong.items():
        with pytest.raises(Invalid) as refused:
            note_drill(plan.pk, **{**good, field: value})
        assert refused.value.more["field"] == field
    assert not Drill.objects.exists()


def test_turns_and_drills_are_never_changed(plan: BackupPlan, sam: User) -> None:
    turn_backup(plan.pk, is_on=True, why="x", by=sam, at=NOON)
    note_drill(plan.pk, held_on=TODAY, participants=[sam], result="Well.", by=sam, today=TODAY, at=NOON)
    for model, field in ((BackupTurn, "why"), (Drill, "result")):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            model.objects.update(**{field: "other"})


# Conformance ----------------------------------------------------------------
@pytest.mark.rule("SJ-BACK")
def test_the_register_sees_a_missing_plan_person_and_drill(sam: User) -> None:
    def verdict() -> tuple[str, str]:
        period = Period(NOON - 24 * HOUR, NOON)
        [found] = judge_all(period, at=NOON, only=["SJ-BACK"])
        return found.verdict, found.reason if found.finding and found.finding.departure else ""

    assert verdict() == (Verdict.BROKEN, "No channel has a back-up plan. An administrator writes it down.")
    plan = BackupPlanFactory()
    plan.people.create(person=sam, role="Turns it on.")
    assert verdict()[0] == Verdict.BROKEN  # never tried out
    note_drill(plan.pk, held_on=TODAY, participants=[sam], result="Well.", by=sam, today=TODAY, at=NOON)
    assert verdict()[0] == Verdict.IN_PART  # other channels come later
    plan.people.all().delete()
    assert verdict()[0] == Verdict.BROKEN


# Incidents ------------------------------------------------------------------
@pytest.fixture
def roads() -> Department:
    LanguageFactory(code="en")
    LanguageFactory(code="es")
    made: Department = DepartmentFactory(name="Roads")
    return made


def test_a_notice_is_read_from_its_start_until_before_its_end(roads: Department, sam: User) -> None:
    texts = {"en": "Elm Street is closed.", "es": ""}
    post_incident(department=roads, texts=texts, starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR, by=sam, at=NOON)
    other = DepartmentFactory()
    read = {at: say_incidents(roads, "es", at=at) for at in (NOON, NOON + HOUR, NOON + 2 * HOUR - SECOND)}
    assert list(read.values()) == [None, "Elm Street is closed.", "Elm Street is closed."]
    assert say_incidents(roads, "en", at=NOON + 2 * HOUR) is None
    assert say_incidents(other, "en", at=NOON + HOUR) is None


def test_notices_of_all_departments_stand_with_the_own_ones_each_in_its_language(roads: Department, sam: User) -> None:
    ends_at = NOON + HOUR
    both = {"en": "No water.", "es": "No hay agua."}
    post_incident(department=None, texts=both, starts_at=None, ends_at=ends_at, by=sam, at=NOON)
    post_incident(department=roads, texts={"en": "Snow."}, starts_at=None, ends_at=ends_at, by=sam, at=NOON + SECOND)
    at = NOON + 2 * SECOND
    assert say_incidents(roads, "es", at=at) == "Snow.\nNo hay agua."
    assert [each.department for each in incidents_of(None, at=at)] == [roads, None]


@pytest.mark.parametrize(
    ("facts", "field", "sentence"),
    [
        ({"ends_at": NOON + HOUR, "starts_at": NOON + HOUR}, "ends_at", "after the start"),
        ({"ends_at": NOON + HOUR, "starts_at": NOON + 2 * HOUR}, "ends_at", "after the start"),
        ({"ends_at": NOON - HOUR}, "ends_at", "after now"),
        ({"ends_at": NOON}, "ends_at", "after now"),
        ({"texts": {"en": "", "es": "  "}}, "text_en", "at least in one language"),
        ({"texts": {"en": "x" * 501}}, "text_en", "Shorten it to 500"),
        ({"texts": {"en": "a\0b"}}, "text_en", "NUL"),
        ({"texts": {"de": "Kein Wasser."}}, "text_de", "does not serve"),
    ],
)
def test_a_notice_that_is_none_is_refused_with_the_reason(roads, sam, facts, field, sentence) -> None:
    good = {"department": roads, "texts": {"en": "Snow."}, "starts_at": None, "ends_at": NOON + HOUR}
    with pytest.raises(Invalid, match=sentence) as refused:
        post_incident(**{**good, **facts}, by=sam, at=NOON)
    assert refused.value.more["field"] == field


def test_the_database_itself_refuses_an_end_before_the_start(sam: User) -> None:
    with pytest.raises(IntegrityError, match="ends_after_start"), transaction.atomic():
        Incident.objects.create(starts_at=NOON, ends_at=NOON, posted_by=sam, posted_at=NOON)


def test_a_notice_is_ended_early_once(roads: Department, sam: User) -> None:
    incident = post_incident(
        department=None, texts={"en": "Snow."}, starts_at=None, ends_at=NOON + HOUR, by=sam, at=NOON
    )
    end_incident(incident.pk, by=sam, at=NOON + SECOND)
    assert say_incidents(roads, "en", at=NOON + SECOND) is None
    for pk, code in ((incident.pk, "wrong_state"), (incident.pk + 1, "not_found")):
        with pytest.raises(DomainError) as refused:
            end_incident(pk, by=sam, at=NOON + 2 * SECOND)
        assert refused.value.code == code
