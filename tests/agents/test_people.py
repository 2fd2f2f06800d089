"""Invitations, forgotten passwords, roles, disabling."""

from __future__ import annotations

import re

import pytest
import time_machine

from agents.actions import ask_for_new_password, disable, invite, invite_again, set_password_by_link, set_roles
from agents.models import Agent, LogIn, OneTimeLink, Role, User
from contactcenter.lib.errors import DomainError, Invalid, NotFound, WrongState
from contactcenter.notices.models import Mail
from tests.agents.conftest import MOMENT, NOON, at_once, minutes
from tests.factories import PASSWORD, AgentFactory, LogInFactory, UserFactory

NEW = "correct horse battery"
SENT = "/accounts/password/sent/"
WEEK = minutes(7 * 24 * 60)


def secret_in(mail: Mail) -> str:
    found = re.search(r"/accounts/link/([^/\s]+)/", mail.body)
    assert found is not None
    return found[1]


def invited(*roles: str) -> User:
    user = User(username="newcomer", first_name="Nora", email="nora@maplebrook.example")
    return invite(user, roles or ["agent"], by=None, at=NOON)


# ---- Invitations ------------------------------------------------------------
def test_an_invitation_is_mailed_and_no_password_exists_until_it_is_used(client, db):
    user = invited()
    mail = Mail.objects.get()
    assert (mail.to, mail.holds_one_time_link) == ("nora@maplebrook.example", True)
    assert not user.has_usable_password()
    path = f"/accounts/link/{secret_in(mail)}/"
    with time_machine.travel(NOON + WEEK - MOMENT, tick=False):
        page = client.get(path)
        assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
        assert client.post(path, {"password": NEW, "again": NEW}).headers["Location"] == "/accounts/login/"
        assert client.get(path).status_code == 404
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_an_invitation_ends_after_a_week(client, db):
    invited()
    with time_machine.travel(NOON + WEEK, tick=False):
        assert client.get(f"/accounts/link/{secret_in(Mail.objects.get())}/").status_code == 404


def test_a_new_invitation_takes_the_place_of_the_old_one(db):
    user = invited()
    invite_again(user, at=NOON + minutes(1))
    newest, oldest = Mail.objects.order_by("-created_at")
    with pytest.raises(NotFound):
        set_password_by_link(secret_in(oldest), NEW, at=NOON + minutes(2))
    set_password_by_link(secret_in(newest), NEW, at=NOON + minutes(2))
    with pytest.raises(WrongState):
        invite_again(user, at=NOON + minutes(3))


def test_the_link_itself_is_not_stored(db):
    invited()
    assert secret_in(Mail.objects.get()) not in OneTimeLink.objects.get().digest


@pytest.mark.django_db(transaction=True)
def test_an_invitation_used_twice_at_once_sets_one_password():
    user = invited()
    secret = secret_in(Mail.objects.get())
    passwords = [f"{NEW} {number}" for number in range(4)]
    results = at_once(4, lambda number: set_password_by_link(secret, passwords[number], at=NOON))
    won = [number for number, result in enumerate(results) if isinstance(result, User)]
    assert len(won) == 1
    assert sum(isinstance(result, NotFound) for result in results) == 3
    user.refresh_from_db()
    assert user.check_password(passwords[won[0]])


@pytest.mark.parametrize(
    ("password", "again"),
    [("short", "short"), (NEW, "different words here"), ("password1234", "password1234"), ("", ""), (NEW, "")],
)
def test_a_poor_password_is_refused_and_the_link_stays(client, db, password, again):
    invited()
    path = f"/accounts/link/{secret_in(Mail.objects.get())}/"
    with time_machine.travel(NOON, tick=False):
        page = client.post(path, {"password": password, "again": again})
        assert page.status_code == 200
        assert page.context["form"].errors
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("secret", ["x", "a" * 500, "%00", "..%2f"])
def test_an_unknown_link_says_that_it_does_not_work(client, db, secret):
    assert client.get(f"/accounts/link/{secret}/").status_code == 404


def test_without_an_address_nobody_is_invited(db):
    with pytest.raises(Invalid):
        invite(User(username="newcomer"), ["agent"], by=None, at=NOON)
    assert not User.objects.exists()


# ---- Forgotten passwords ----------------------------------------------------
@pytest.mark.parametrize("name", ["rosa", "ROSA", "Rosa@Maplebrook.example", "nobody", "x@y.example", "gone"])
def test_the_answer_is_the_same_whoever_asks(client, db, name):
    UserFactory(username="rosa")
    UserFactory(username="gone", is_active=False)
    assert client.post("/accounts/password/", {"name": name}).headers["Location"] == SENT
    assert client.get(SENT).status_code == 200
    assert Mail.objects.count() == (1 if "rosa" in name.lower() else 0)


def test_a_new_password_ends_every_log_in_of_the_person(db):
    user = UserFactory(username="rosa")
    LogInFactory.create_batch(2, user=user, at=NOON)
    ask_for_new_password("rosa", at=NOON)
    set_password_by_link(secret_in(Mail.objects.get()), NEW, at=NOON)
    assert not LogIn.objects.live(at=NOON).exists()


def test_a_link_for_a_new_password_ends_after_an_hour(db):
    UserFactory(username="rosa")
    ask_for_new_password("rosa", at=NOON)
    with pytest.raises(NotFound):
        set_password_by_link(secret_in(Mail.objects.get()), NEW, at=NOON + minutes(60))


def test_three_links_an_hour_are_enough_for_anybody(db):
    UserFactory(username="rosa")
    for minute in range(5):
        ask_for_new_password("rosa", at=NOON + minutes(minute))
    assert Mail.objects.count() == 3
    ask_for_new_password("rosa", at=NOON + minutes(61))
    assert Mail.objects.count() == 4


def test_what_a_stranger_typed_is_not_in_the_mail(db):
    UserFactory(username="rosa")
    ask_for_new_password("RoSa", at=NOON)
    assert "RoSa" not in Mail.objects.get().body


# ---- Roles ------------------------------------------------------------------
@pytest.mark.parametrize("role", Role.values)
def test_roles_of_the_desk_come_with_an_agents_row(db, role):
    user = UserFactory()
    set_roles(user, [role], by=None, at=NOON)
    assert user.roles == {role}
    assert Agent.objects.filter(user=user).exists() == (role in {"agent", "trainee", "supervisor"})


@pytest.mark.parametrize("role", Role.values)
def test_only_administrators_may_administer(db, role):
    user = UserFactory(roles=[role])
    assert user.is_staff == user.has_perm("agents.change_user") == (role == "admin")


def test_who_loses_the_desk_goes_offline(db):
    agent = AgentFactory(presence="online")
    set_roles(agent.user, ["clerk"], by=None, at=NOON)
    agent.refresh_from_db()
    assert agent.presence == "offline"


def test_who_gave_a_role_and_took_it_is_kept(db):
    boss = UserFactory(roles=["admin"])
    user = UserFactory()
    set_roles(user, ["clerk"], by=boss, at=NOON)
    set_roles(user, [], by=boss, at=NOON)
    lines = user.grants.model.history.filter(user=user).order_by("history_id")
    assert [(line.history_type, line.history_user) for line in lines] == [("+", boss), ("-", boss)]


def test_an_unknown_role_is_refused(db):
    with pytest.raises(Invalid):
        set_roles(UserFactory(), ["mayor"], by=None, at=NOON)


@pytest.mark.parametrize("way", ["disable", "take the role"])
def test_the_last_administrator_stays(db, way):
    boss = UserFactory(roles=["admin"])
    UserFactory(roles=["admin"], is_active=False)
    with pytest.raises(Invalid):
        disable(boss, by=None, at=NOON) if way == "disable" else set_roles(boss, [], by=None, at=NOON)
    boss.refresh_from_db()
    assert boss.is_superuser


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_disable_each_other_at_once_do_not_both_go():
    bosses = UserFactory.create_batch(2, roles=["admin"])
    at_once(2, lambda number: disable(bosses[number], by=bosses[1 - number], at=NOON))
    assert User.objects.holding(Role.ADMIN).count() >= 1


def test_nobody_disables_themselves(db):
    boss = UserFactory(roles=["admin"])
    UserFactory(roles=["admin"])
    with pytest.raises(DomainError):
        disable(boss, by=boss, at=NOON)


def test_a_disabled_persons_invitation_does_not_work(db):
    user = invited()
    disable(user, by=None, at=NOON)
    with pytest.raises(NotFound):
        set_password_by_link(secret_in(Mail.objects.get()), NEW, at=NOON)


def test_the_first_administrator_is_made_on_the_command_line(db):
    user = User.objects.create_superuser("boss", "boss@maplebrook.example", PASSWORD)
    assert user.is_superuser
