"""Back-up mode, drills and incident notices on the supervisor's page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from agents.actions import turn_backup
from agents.models import BackupPlan, BackupTurn, Drill, Incident, User
from tests.factories import AgentFactory, BackupPlanFactory, LanguageFactory, UserFactory, log_in
from tests.policies.factories import adopt

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # 12:00 in Toronto
PAGE = "/supervise/service/"
NOTICE = {"incident-ends_at": "2026-11-24T18:00", "incident-text_en": "No water.", "incident-text_es": ""}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def sam() -> User:
    user: User = AgentFactory(user__roles=["supervisor"], user__display_name="Sam").user
    return user


@pytest.fixture
def console(client: Client, sam: User) -> Client:
    log_in(client, sam)
    return client


@pytest.fixture
def plan() -> BackupPlan:
    adopt("SJ-BACK")
    made: BackupPlan = BackupPlanFactory(texts={"en": "Broken.", "es": "Roto."})
    return made


def text_of(answer) -> str:
    page: str = answer.content.decode()
    return page


def errors(answer) -> dict[str, list[str]]:
    assert answer.status_code == 400
    return dict(answer.context["form"].errors)


# Back-up mode ---------------------------------------------------------------
@pytest.mark.rule("SJ-BACK")
def test_a_supervisor_turns_it_on_and_off_with_a_reason(console: Client, plan: BackupPlan, sam: User) -> None:
    path = f"{PAGE}{plan.pk}/turn/"
    page = text_of(console.post(path, {"is_on": "yes", f"turn-{plan.pk}-why": "Flooded."}, follow=True))
    assert "the back-up mode is on. No new chat begins; running ones go on." in page
    assert "Back-up mode is on" in page
    assert "Turn the back-up mode off" in page
    assert "<q>Flooded.</q>" in text_of(console.get("/supervise/"))
    console.post(path, {"is_on": "no", f"turn-{plan.pk}-why": "Dry."})
    turns = BackupTurn.objects.order_by("pk").values_list("is_on", "why", "by", "at")
    assert list(turns) == [(True, "Flooded.", sam.pk, NOON), (False, "Dry.", sam.pk, NOON)]


@pytest.mark.rule("SJ-BACK")
def test_without_a_reason_nothing_is_turned_and_twice_is_refused(console: Client, plan: BackupPlan, sam: User) -> None:
    path = f"{PAGE}{plan.pk}/turn/"
    assert list(errors(console.post(path, {"is_on": "yes", f"turn-{plan.pk}-why": " "}))) == ["why"]
    turn_backup(plan.pk, is_on=True, why="x", by=sam, at=NOON)
    answer = console.post(path, {"is_on": "yes", f"turn-{plan.pk}-why": "Flooded."})
    assert errors(answer) == {"__all__": ["The back-up mode is on already."]}
    assert 'value="Flooded."' in text_of(answer)
    assert BackupTurn.objects.count() == 1


def test_the_page_says_what_is_missing(console: Client) -> None:
    assert "No channel has a back-up plan yet." in text_of(console.get(PAGE))


def test_agents_do_not_turn_anything(client: Client, plan: BackupPlan) -> None:
    log_in(client, AgentFactory().user)
    for path in (f"{plan.pk}/turn/", f"{plan.pk}/drill/", "incidents/", "incidents/1/end/"):
        assert client.post(f"{PAGE}{path}").status_code == 403


# Drills ---------------------------------------------------------------------
@pytest.mark.rule("SJ-BACK")
def test_a_drill_is_noted_and_an_overdue_one_is_listed(console: Client, plan: BackupPlan, sam: User) -> None:
    plan.people.create(person=sam, role="Turns it on.")
    assert "Drill overdue" in text_of(console.get("/supervise/"))
    page = text_of(console.get(PAGE))
    assert "It was never tried out." in page
    assert "Sam" in page
    assert "Turns it on." in page
    name = f"drill-{plan.pk}"
    facts = {f"{name}-held_on": "2026-11-23", f"{name}-participants": [sam.pk], f"{name}-result": "It rang."}
    page = text_of(console.post(f"{PAGE}{plan.pk}/drill/", facts, follow=True))
    assert "The next drill is due on 2027-02-21." in page
    assert "It rang." in page
    assert "Drill overdue" not in text_of(console.get("/supervise/"))
    drill = Drill.objects.get()
    assert (drill.held_on, drill.next_due_on) == (date(2026, 11, 23), date(2027, 2, 21))


def test_a_drill_that_is_still_to_come_is_refused_at_its_field(console: Client, plan: BackupPlan, sam: User) -> None:
    name = f"drill-{plan.pk}"
    facts = {f"{name}-held_on": "2026-11-25", f"{name}-participants": [sam.pk], f"{name}-result": "It rang."}
    answer = console.post(f"{PAGE}{plan.pk}/drill/", facts)
    assert list(errors(answer)) == ["held_on"]
    assert "It rang." in text_of(answer)
    assert list(errors(console.post(f"{PAGE}{plan.pk}/drill/", {}))) == ["held_on", "participants", "result"]


# Incidents ------------------------------------------------------------------
@pytest.fixture
def languages() -> None:
    LanguageFactory(code="en", name="English")
    LanguageFactory(code="es", name="Español")


def test_a_notice_is_shown_first_and_posted_when_confirmed(console: Client, languages: None, sam: User) -> None:
    preview = text_of(console.post(f"{PAGE}incidents/", NOTICE))
    assert "Nothing is posted yet." in preview
    assert '<p lang="es">No water.</p>' in preview  # residents who read Spanish get the English text
    assert not Incident.objects.exists()
    back = text_of(console.post(f"{PAGE}incidents/", {**NOTICE, "back": "yes"}))
    assert "No water.</textarea>" in back
    page = text_of(console.post(f"{PAGE}incidents/", {**NOTICE, "confirm": "yes"}, follow=True))
    assert "The notice is posted." in page
    incident = Incident.objects.get()
    assert (incident.department, incident.starts_at, incident.posted_by) == (None, NOON, sam)
    assert incident.ends_at == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert "No water." in text_of(console.get("/supervise/"))
    assert "24 November, 12:00 to 24 November, 18:00, posted by Sam" in page
    assert 'End this notice<span class="hidden-text"> Every department, 24 November, 12:00</span>' in page
    console.post(f"{PAGE}incidents/{incident.pk}/end/")
    incident.refresh_from_db()
    assert (incident.ended_at, incident.ended_by) == (NOON, sam)
    again = console.post(f"{PAGE}incidents/{incident.pk}/end/", follow=True)
    assert "This notice is over already." in text_of(again)


@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}])
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"incident-ends_at": ""}, "ends_at"),
        ({"incident-ends_at": "2026-11-24T11:00"}, "ends_at"),
        ({"incident-starts_at": "2026-11-24T19:00"}, "ends_at"),
        ({"incident-text_en": " "}, "text_en"),
        ({"incident-text_en": "", "incident-text_es": "Sin agua."}, "text_en"),
        ({"incident-text_en": "x" * 501}, "text_en"),
        ({"incident-department": "99"}, "department"),
    ],
)
def test_a_notice_that_is_none_is_refused_where_it_is_typed(console, languages, wrong, field, confirm) -> None:
    answer = console.post(f"{PAGE}incidents/", {**NOTICE, **wrong, **confirm})
    assert list(errors(answer)) == [field]
    assert not Incident.objects.exists()


def test_an_administrator_does_the_same(client: Client, languages: None) -> None:
    log_in(client, UserFactory(roles=["admin"]))
    client.post(f"{PAGE}incidents/", {**NOTICE, "confirm": "yes"})
    incident = Incident.objects.get()
    listed = text_of(client.get("/admin/agents/incident/"))
    assert "No water." in listed
    assert "every department, 2026-11-24 12:00" in text_of(client.get(f"/admin/agents/incident/{incident.pk}/change/"))
    facts = {"action": "end", "_selected_action": [incident.pk]}
    assert client.post("/admin/agents/incident/", facts, follow=True).status_code == 200
    incident.refresh_from_db()
    assert incident.ended_at == NOON


@pytest.mark.rule("SJ-BACK")
def test_a_plan_is_edited_and_previewed_in_the_administration(client: Client, languages: None) -> None:
    boss = UserFactory(roles=["admin"])
    log_in(client, boss)
    facts = {
        "channel": "chat",
        "phone": "555-0100",
        "page": "",
        "texts-TOTAL_FORMS": 1,
        "texts-INITIAL_FORMS": 0,
        "texts-0-language": "en",
        "texts-0-text": "Broken.",
        "people-TOTAL_FORMS": 1,
        "people-INITIAL_FORMS": 0,
        "people-0-person": boss.pk,
        "people-0-role": "Turns it on.",
    }
    wrong = client.post("/admin/agents/backupplan/add/", {**facts, "phone": " "})
    assert "Write a phone number or the address of a form, or both." in text_of(wrong)
    assert client.post("/admin/agents/backupplan/add/", facts).status_code == 302
    plan = BackupPlan.objects.get()
    page = text_of(client.get(f"/admin/agents/backupplan/{plan.pk}/change/"))
    assert '<p lang="es"><b>Español</b>: Broken. 555-0100 </p>' in page
    assert plan.people.get().role == "Turns it on."
