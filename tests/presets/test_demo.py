"""The demo city loads with one command, again and again."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from agents.hours import hours_in_words
from agents.models import Agent, Department, DepartmentName, Language, Membership, User
from agents.permissions import may_work_the_desk
from chat.models import Wording
from contactcenter.presets.files import read_preset

LOG_INS = {
    *("admin", "supervisor1", "supervisor2", "trainee1", "director1", "clerk1", "carecentre1", "treasury1", "cao1"),
    *(f"agent{number}" for number in range(1, 7)),
}


@pytest.fixture
def demo(settings, db):
    settings.DEMO = True
    settings.DEMO_PASSWORD = "maple leaves in autumn"


def load(*options: str) -> None:
    call_command("load_preset", "demo", *options, verbosity=0)


def test_everybody_of_the_contract_can_log_in(demo, client):
    load()
    assert set(User.objects.values_list("username", flat=True)) == LOG_INS
    for username in LOG_INS:
        answer = client.post("/accounts/login/", {"username": username, "password": "maple leaves in autumn"})
        assert answer.status_code == 302, username
        assert client.get("/accounts/").status_code == 200, username


def test_a_chat_from_the_portal_reaches_every_agent(demo):
    load()
    default = Department.objects.get(is_default=True)
    workers = [user for user in User.objects.all() if may_work_the_desk(user)]
    assert {user.username for user in workers} == {name for name in LOG_INS if name[:5] in ("agent", "super", "train")}
    assert all(default.pk in user.agent.department_ids() for user in workers)


def test_two_agents_speak_a_second_language(demo):
    load()
    spoken = {agent.user.username: set(agent.languages.values_list("code", flat=True)) for agent in Agent.objects.all()}
    assert spoken["agent2"] == {"en", "es"}
    assert spoken["agent3"] == {"en", "fr"}


def test_every_department_can_be_reached_at_a_fictional_number(demo):
    load()
    hours = hours_in_words(Department.objects.all(), at=timezone.now())
    for department in Department.objects.all():
        assert department.phone.startswith("555-01")
        assert department.email.endswith("@maplebrook.example")
        assert hours[department.pk] == "Monday to Friday 8:30–16:30"
        assert department.page


def test_every_department_has_a_name_in_each_language_of_the_city(demo):
    load()
    for department in Department.objects.all():
        read = {language: department.name_in(language) for language in ("en", "es", "fr")}
        assert read["en"] == department.name
        assert len(set(read.values())) == 3


def test_a_name_in_a_language_that_the_preset_does_not_bring_is_refused_with_a_sentence(demo, monkeypatch):
    wrong = read_preset("demo")
    wrong.departments[1]["names"] = {"es": "Agua", "tlh": "bIQ"}
    monkeypatch.setattr("contactcenter.presets.management.commands.load_preset.read_preset", lambda _name: wrong)
    with pytest.raises(CommandError, match="The department water has a name in tlh, which is no language"):
        load()
    assert not Department.objects.exists()


def test_loading_again_changes_nothing(demo):
    load()
    before = snapshot()
    load()
    assert snapshot() == before


def test_what_an_admin_changed_is_kept_until_reset(demo):
    load()
    before = snapshot()
    Department.objects.filter(code="roads").update(name="Streets", is_active=False)
    DepartmentName.objects.filter(name="Calles").update(name="Vías")
    Department.objects.filter(is_default=True).update(is_default=False)
    Department.objects.filter(code="water").update(is_default=True)
    Membership.objects.filter(agent__user__username="agent1").delete()
    User.objects.filter(username="agent2").update(display_name="M.")
    Wording.objects.filter(kind="greeting").update(text="Hi")
    changed = snapshot()
    load()
    assert snapshot() == changed
    load("--reset")
    after = snapshot()
    assert after["memberships"] == before["memberships"]
    assert after["people"] == before["people"]
    assert after["wordings"] == before["wordings"]
    assert after["names"] == before["names"]
    assert after["default"] == ["general"]


def test_the_password_follows_the_setting(demo, settings):
    load()
    settings.DEMO_PASSWORD = "another evening in may"
    load()
    assert all(user.check_password("another evening in may") for user in User.objects.all())


@pytest.mark.parametrize(("is_demo", "password"), [(False, "something long enough"), (True, "")])
def test_demo_people_are_refused_outside_of_the_demo(db, settings, is_demo, password):
    settings.DEMO, settings.DEMO_PASSWORD = is_demo, password
    with pytest.raises(CommandError, match="DEMO_PASSWORD"):
        load()
    assert not User.objects.exists()
    assert not Department.objects.exists()


def test_an_unknown_preset_is_answered_with_the_known_ones(db):
    with pytest.raises(CommandError, match="demo"):
        call_command("load_preset", "atlantis")


def snapshot() -> dict[str, list]:
    return {
        "languages": sorted(Language.objects.values_list("code", "name")),
        "departments": sorted(Department.objects.values_list("code", "name", "phone", "is_active")),
        "names": sorted(DepartmentName.objects.values_list("department__code", "language", "name")),
        "default": list(Department.objects.filter(is_default=True).values_list("code", flat=True)),
        "people": sorted(User.objects.values_list("username", "display_name", "email", "is_active", "grants__role")),
        "memberships": sorted(
            Membership.objects.values_list("agent__user__username", "department__code", "is_primary")
        ),
        "wordings": sorted(Wording.objects.values_list("kind", "language", "text")),
    }
