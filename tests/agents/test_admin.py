"""The administration: who gets in, what it does, and that it keeps to the page's strict policy."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from agents.models import Agent, Department, LogIn, Role, User
from contactcenter.notices.models import Mail
from tests.factories import AgentFactory, DepartmentFactory, LanguageFactory, MailFactory, UserFactory, log_in
from tests.policies.factories import adopt

PEOPLE = "/admin/agents/user/"
INLINE = re.compile(r"<style\b|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\bsrc=)(?![^>]*application/json)", re.I)


@pytest.mark.parametrize("role", Role.values)
def test_the_administration_is_for_administrators(db, client, role):
    log_in(client, UserFactory(roles=[role]))
    expected = 200 if role == "admin" else 403
    assert client.get("/admin/", follow=True).status_code == expected


def test_without_a_log_in_one_is_sent_to_the_log_in_page(db, client):
    for path in ("/admin/", "/admin/login/"):
        final = client.get(path, follow=True)
        assert final.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")


def test_adding_a_person_sends_the_invitation(admin_client):
    page = admin_client.get(f"{PEOPLE}add/").content.decode()
    assert 'type="password"' not in page
    facts = {"username": "nora", "email": "nora@maplebrook.example", "first_name": "Nora", "roles": ["supervisor"]}
    assert admin_client.post(f"{PEOPLE}add/", facts).status_code == 302
    user = User.objects.get(username="nora")
    assert (user.roles, user.has_usable_password()) == ({"supervisor"}, False)
    assert Mail.objects.get().to == "nora@maplebrook.example"
    assert user.history.get().history_user.username == "boss"


@pytest.mark.parametrize(
    "wrong", [{"username": "BOSS"}, {"email": "BOSS@maplebrook.example"}, {"email": ""}, {"roles": ["mayor"]}]
)
def test_a_wrong_form_is_answered_with_a_sentence_and_invites_nobody(admin_client, wrong):
    facts = {"username": "nora", "email": "nora@maplebrook.example", "roles": ["agent"], **wrong}
    assert admin_client.post(f"{PEOPLE}add/", facts).status_code == 200
    assert not Mail.objects.exists()


def test_changing_a_person_changes_the_roles(admin_client):
    user = UserFactory(username="rosa", roles=["agent"])
    facts = {"username": "rosa", "email": user.email, "display_name": "Rosa L.", "roles": ["trainee"]}
    assert admin_client.post(f"{PEOPLE}{user.pk}/change/", facts).status_code == 302
    user.refresh_from_db()
    assert (user.roles, user.display_name) == ({"trainee"}, "Rosa L.")


def test_the_last_administrator_is_told_so_at_the_form(admin_client):
    boss = User.objects.get(username="boss")
    facts = {"username": "boss", "email": boss.email, "roles": []}
    page = admin_client.post(f"{PEOPLE}{boss.pk}/change/", facts)
    assert "last administrator" in page.content.decode()
    assert boss.has_role(Role.ADMIN)


def test_actions_disable_enable_log_out_and_reset_the_second_step(admin_client):
    user = AgentFactory().user
    TOTPDevice.objects.create(user=user, confirmed=True)

    def act(name: str) -> None:
        answer = admin_client.post(PEOPLE, {"action": name, "_selected_action": [user.pk]})
        assert answer.status_code == 302
        user.refresh_from_db()

    act("disable")
    assert not user.is_active
    act("enable")
    assert user.is_active
    act("reset_second_factor")
    assert not TOTPDevice.objects.exists()
    act("log_out_everywhere")
    act("invite_again")  # refused: there is a password


def test_a_refused_action_says_why(admin_client):
    boss = User.objects.get(username="boss")
    page = admin_client.post(PEOPLE, {"action": "disable", "_selected_action": [boss.pk]}, follow=True)
    assert "cannot disable yourself" in page.content.decode()
    boss.refresh_from_db()
    assert boss.is_active


NOTHING_EARLIER = {"earlier-TOTAL_FORMS": 0, "earlier-INITIAL_FORMS": 0}


def test_an_agent_gets_departments_and_languages_but_no_presence(admin_client):
    agent = AgentFactory()
    department = DepartmentFactory()
    LanguageFactory()
    facts = {
        "seats": 7,
        "fixed_seats": 5,
        "presence": "online",
        "languages": ["en"],
        "suspended_until": "2026-11-30T08:00",
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 0,
        "memberships-0-department": department.pk,
        "memberships-0-is_primary": "on",
        **NOTHING_EARLIER,
    }
    assert admin_client.post(f"/admin/agents/agent/{agent.pk}/change/", facts).status_code == 302
    agent.refresh_from_db()
    assert (agent.seats, agent.presence, agent.department_ids()) == (5, "offline", {department.pk})
    assert timezone.localtime(agent.suspended_until).isoformat() == "2026-11-30T08:00:00-05:00"


@pytest.mark.parametrize("seats", ["0", "1001", "-1", "many"])
def test_impossible_seats_are_refused_at_the_form(admin_client, seats):
    agent = AgentFactory()
    facts = {
        "fixed_seats": seats,
        "memberships-TOTAL_FORMS": 0,
        "memberships-INITIAL_FORMS": 0,
        **NOTHING_EARLIER,
    }
    page = admin_client.post(f"/admin/agents/agent/{agent.pk}/change/", facts)
    assert "fixed_seats" in page.context["adminform"].errors
    assert Agent.objects.get().seats == 3


@pytest.mark.rule("EM-CAP")
def test_what_an_agent_did_before_is_written_down_and_gives_the_rung(admin_client):
    adopt("EM-CAP")
    agent = AgentFactory()
    page = f"/admin/agents/agent/{agent.pk}/change/"
    facts = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0, **NOTHING_EARLIER}
    earlier = {"earlier-TOTAL_FORMS": 1, "earlier-0-chats": 341, "earlier-0-rated": 200, "earlier-0-satisfied": 172}
    wrong = admin_client.post(page, {**facts, **earlier, "earlier-0-satisfied": 201})
    assert "No more can be satisfied than were rated" in wrong.content.decode()
    earlier["earlier-0-first_response_seconds"] = 41
    assert admin_client.post(page, {**facts, **earlier}).status_code == 302
    agent.refresh_from_db()
    assert agent.seats == 2
    assert "2 of 3 chats: 341 chats, 86 % satisfied" in admin_client.get(page).content.decode()


def test_a_second_default_department_is_refused_at_the_form(admin_client):
    DepartmentFactory(is_default=True)
    facts = {"code": "roads", "name": "Roads", "is_default": "on", "is_active": "on"}
    page = admin_client.post("/admin/agents/department/add/", facts)
    assert "default one" in page.content.decode()
    assert Department.objects.count() == 1


def test_the_outbox_shows_no_texts_and_changes_nothing(admin_client):
    mail = MailFactory(body="https://city.example/secret", attempts=2, failed_code="SMTPServerDisconnected")
    assert "secret" not in admin_client.get(f"/admin/notices/mail/{mail.pk}/change/").content.decode()
    assert admin_client.get("/admin/notices/mail/add/").status_code == 403
    admin_client.post("/admin/notices/mail/", {"action": "send_again", "_selected_action": [mail.pk]})
    mail.refresh_from_db()
    assert mail.attempts == 0


def test_every_page_of_the_administration_keeps_to_the_policy(admin_client):
    AgentFactory()
    DepartmentFactory()
    LanguageFactory()
    MailFactory()
    for path in _pages(admin_client):
        page = admin_client.get(path, follow=True)
        assert page.status_code in {200, 403}, path
        assert "'unsafe" not in page.headers["Content-Security-Policy"], path
        assert not INLINE.search(page.content.decode()), (path, INLINE.search(page.content.decode()))


def _pages(client):
    yield "/admin/"
    for model in list(admin.site._registry):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")
        for row in model.objects.all()[:1]:
            yield reverse(f"{name}_change", args=[row.pk])
            yield reverse(f"{name}_history", args=[row.pk])


def test_the_admins_log_out_ends_the_log_in(admin_client):
    assert admin_client.post("/admin/logout/").status_code == 302
    assert LogIn.objects.get().ended_at is not None
