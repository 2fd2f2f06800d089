"""The log-in page: one step or two, the lock, the slow-down, and what it never says."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from agents.actions import begin_try, disable, forget_tries
from agents.models import LogIn, LogInTry, RecoveryCode, Role, User
from contactcenter.notices.models import Mail
from tests.agents.conftest import MOMENT, NOON, at_once, minutes
from tests.factories import PASSWORD, AgentFactory, LogInTryFactory, UserFactory

LOG_IN = "/accounts/login/"
SECOND = "/accounts/second-factor/"
SET_UP = "/accounts/second-factor/set-up/"


@pytest.fixture(autouse=True)
def not_the_demo(settings, db):
    settings.DEMO = False


def post(client: Client, username: str = "rosa", password: str = PASSWORD, address: str = "203.0.113.7", **more: str):
    return client.post(LOG_IN, {"username": username, "password": password, **more}, REMOTE_ADDR=address)


def rosa(*roles: str) -> User:
    user: User = UserFactory(username="rosa", roles=roles or ["agent"])
    return user


def code_of(device: TOTPDevice) -> str:
    return f"{totp(device.bin_key, t0=device.t0, step=device.step):06d}"


def device_of(user: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=user, name="app", confirmed=True)


# ---- One step ---------------------------------------------------------------
@pytest.mark.parametrize(("roles", "page"), [(["agent"], "/accounts/"), ([], "/accounts/")])
def test_agents_are_in_after_one_step(client, roles, page):
    UserFactory(username="rosa", roles=roles)
    if roles:
        assert post(client).headers["Location"] == page
        assert LogIn.objects.get().second_factor is False


def test_who_works_the_desk_lands_there(client):
    AgentFactory(user__username="rosa")
    assert post(client).headers["Location"] == "/desk/"


@pytest.mark.parametrize("role", Role.values)
def test_in_the_demo_one_step_is_enough_for_every_role(client, settings, role):
    settings.DEMO = True
    rosa(role)
    post(client)
    assert client.get("/accounts/").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "page"),
    [("/accounts/?x=1", "/accounts/?x=1"), ("https://evil.example/", "/accounts/"), ("//evil.example", "/accounts/")],
)
def test_only_our_own_pages_are_gone_on_to(client, wanted, page):
    rosa()
    assert post(client, next=wanted).headers["Location"] == page


def test_the_session_before_the_log_in_is_not_the_one_after(client):
    rosa()
    post(client)
    first = client.cookies["townline_staff"].value
    post(client)
    assert client.cookies["townline_staff"].value != first
    assert LogIn.objects.get(session_key=first).ended_at is not None


def test_a_post_without_the_token_is_refused(client):
    rosa()
    strict = Client(enforce_csrf_checks=True)
    assert post(strict).status_code == 403
    assert not LogIn.objects.exists()


# ---- What it never says -----------------------------------------------------
def test_a_wrong_password_and_an_unknown_name_look_the_same(client):
    rosa()
    AgentFactory(user__username="gone", user__is_active=False)
    pages = [
        post(client, username=name, password=password).content.decode().replace(name, "NAME")
        for name, password in [("rosa", "wrong password"), ("nobody", "wrong password"), ("gone", PASSWORD)]
    ]
    stripped = [_without_token(page) for page in pages]
    assert "do not go together" in stripped[0]
    assert stripped[0] == stripped[1] == stripped[2]


def _without_token(page: str) -> str:
    head, _, rest = page.partition('name="csrfmiddlewaretoken" value="')
    return head + rest.partition('"')[2]


def test_strange_input_is_answered_with_a_sentence(client):
    for name in ["\x00", "a" * 200, " ", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]:
        assert post(client, username=name).status_code == 200
    assert client.put(LOG_IN).status_code == 405


# ---- The lock ---------------------------------------------------------------
def test_the_sixth_try_is_refused_even_with_the_right_password(client):
    rosa()
    for _number in range(5):
        assert post(client, password="wrong").status_code == 200
    locked = post(client)
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    assert not LogIn.objects.exists()


def test_the_lock_is_for_this_name_from_this_address_alone(client):
    rosa()
    UserFactory(username="rudi", roles=["agent"])
    for _number in range(5):
        post(client, password="wrong")
    assert post(client, username="ROSA").status_code == 429
    assert post(client, username="rudi").status_code == 302
    assert post(client, address="203.0.113.8").status_code == 302


def test_a_lock_ends_fifteen_minutes_after_the_first_of_the_five(client):
    rosa()
    for minute in (0, 1, 2, 3, 14):
        with time_machine.travel(NOON + minutes(minute), tick=False):
            post(client, password="wrong")
    with time_machine.travel(NOON + minutes(15) - MOMENT, tick=False):
        assert post(client).status_code == 429
    with time_machine.travel(NOON + minutes(15), tick=False):
        assert post(client).status_code == 302


def test_five_failures_over_more_than_fifteen_minutes_do_not_lock(client):
    rosa()
    for minute in (0, 4, 8, 12, 16):
        with time_machine.travel(NOON + minutes(minute), tick=False):
            assert post(client, password="wrong").status_code == 200
    with time_machine.travel(NOON + minutes(17), tick=False):
        assert post(client).status_code == 302


def test_a_right_password_forgets_the_wrong_ones(client):
    rosa()
    for _number in range(3):
        for _wrong in range(4):
            post(client, password="wrong")
        assert post(client).status_code == 302
    assert not LogInTry.objects.exists()


def test_a_forged_forwarding_header_does_not_change_the_address(client):
    rosa()
    for number in range(6):
        last = client.post(
            LOG_IN,
            {"username": "rosa", "password": "wrong"},
            REMOTE_ADDR="203.0.113.7",
            HTTP_X_FORWARDED_FOR=f"198.51.100.{number}",
        )
    assert last.status_code == 429


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_do_not_get_past_the_limit_together():
    results = at_once(20, lambda _number: begin_try("rosa", None, at=NOON))
    assert sorted(result.is_locked_out for result in results) == [False] * 5 + [True] * 15


# ---- The slow-down ----------------------------------------------------------
@pytest.mark.parametrize("same", ["username_key", "address_key"])
def test_a_hundred_failures_slow_down_lock_nobody_and_tell_the_administrators_once(client, same):
    rosa()
    UserFactory(username="boss", roles=["admin"])
    LogInTryFactory.create_batch(99, at=NOON, **{same: _keys_of_a_try(NOON)[same]})
    with time_machine.travel(NOON, tick=False):
        assert begin_try("rosa", None, at=NOON).is_slowed_down is False
        for _number in range(3):
            tried = begin_try("rosa", None, at=NOON)
            assert (tried.is_slowed_down, tried.is_locked_out) == (True, False)
    assert [mail.to for mail in Mail.objects.all()] == ["boss@maplebrook.example"]


def test_a_slowed_try_with_the_right_password_gets_in(client, settings):
    settings.LOGIN_SLOW_SECONDS = 0.01
    rosa()
    begin_try("rosa", None, at=NOON)
    key = LogInTry.objects.get().username_key
    LogInTryFactory.create_batch(150, at=NOON, username_key=key)
    with time_machine.travel(NOON, tick=False):
        assert post(client).status_code == 302


def _keys_of_a_try(at) -> dict[str, str]:
    begin_try("rosa", None, at=at)
    made = LogInTry.objects.get()
    forget_tries("rosa", None)
    return {"username_key": made.username_key, "address_key": made.address_key}


def test_no_user_name_and_no_address_is_kept_of_a_failure(client):
    post(client, username="my password by mistake")
    kept = LogInTry.objects.get()
    assert "password" not in kept.username_key + kept.address_key
    assert "203.0.113" not in kept.address_key


# ---- The second step --------------------------------------------------------
@pytest.mark.parametrize("role", sorted(set(Role.values) - {"agent", "trainee"}))
def test_a_right_password_alone_opens_nothing_for_other_roles(client, role):
    rosa(role)
    assert post(client).headers["Location"] == SET_UP
    assert client.get("/accounts/").status_code == 302
    assert client.get("/admin/").status_code == 302
    assert not LogIn.objects.exists()


def test_the_set_up_shows_a_key_takes_a_code_and_shows_recovery_codes_once(client):
    user = rosa("supervisor")
    post(client)
    page = client.get(SET_UP)
    device = TOTPDevice.objects.get(user=user)
    assert device.config_url not in page.content.decode()
    assert 'class="qr"' in page.content.decode()
    assert client.post(SET_UP, {"code": "000000" if code_of(device) != "000000" else "1"}).status_code == 200
    shown = client.post(SET_UP, {"code": code_of(device)})
    codes = shown.context["codes"]
    assert len(set(codes)) == 10
    assert not RecoveryCode.objects.filter(key__in=codes).exists()
    assert LogIn.objects.get().second_factor is True
    assert client.get(SET_UP).status_code == 302
    assert client.get("/accounts/").status_code == 200


def test_the_second_step_takes_the_code_of_the_app_once(client):
    device = device_of(rosa("supervisor"))
    with time_machine.travel(NOON, tick=False):
        assert post(client).headers["Location"] == SECOND
        code = code_of(device)
        assert client.post(SECOND, {"code": code}).status_code == 302
        assert client.get("/accounts/").status_code == 200
        other = Client()
        post(other)
        assert other.post(SECOND, {"code": code}).status_code == 200
    assert LogIn.objects.count() == 1


def test_wrong_codes_make_the_next_try_wait(client):
    device = device_of(rosa("supervisor"))
    with time_machine.travel(NOON, tick=False):
        post(client)
        for _number in range(4):
            client.post(SECOND, {"code": "not right"})
        assert client.post(SECOND, {"code": code_of(device)}).status_code == 200
    with time_machine.travel(NOON + minutes(1), tick=False):
        assert client.post(SECOND, {"code": code_of(device)}).status_code == 302


def test_a_recovery_code_works_once_as_people_type_it(client):
    user = rosa("supervisor")
    post(client)
    client.get(SET_UP)
    code = client.post(SET_UP, {"code": code_of(TOTPDevice.objects.get(user=user))}).context["codes"][0]
    for number, status in enumerate([302, 200]):
        other = Client()
        with time_machine.travel(NOON + timedelta(days=number), tick=False):
            post(other)
            assert other.post(SECOND, {"code": f" {code.upper().replace('-', ' ')} "}).status_code == status


@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_used_twice_at_once_works_once(client):
    from agents.actions import confirm_device, new_device, use_second_factor

    user = rosa("supervisor")
    device = new_device(user)
    code = confirm_device(user, code_of(device), at=NOON)[0]
    assert sum(at_once(4, lambda _number: use_second_factor(user, code, at=NOON))) == 1


def test_half_a_log_in_lasts_ten_minutes(client):
    device = device_of(rosa("supervisor"))
    with time_machine.travel(NOON, tick=False):
        post(client)
    with time_machine.travel(NOON + minutes(10) + timedelta(seconds=1), tick=False):
        assert client.post(SECOND, {"code": code_of(device)}).headers["Location"] == LOG_IN


def test_half_a_log_in_of_a_disabled_person_ends(client):
    user = rosa("supervisor")
    device = device_of(user)
    post(client)
    disable(user, by=None, at=NOON)
    assert client.post(SECOND, {"code": code_of(device)}).headers["Location"] == LOG_IN


def test_a_device_that_exists_cannot_be_replaced_with_the_password_alone(client):
    user = rosa("supervisor")
    device_of(user)
    post(client)
    assert client.get(SET_UP).headers["Location"] == SECOND
    assert TOTPDevice.objects.filter(user=user).count() == 1


def test_an_agent_who_chose_a_second_step_is_asked_for_it(client):
    device_of(rosa("agent"))
    assert post(client).headers["Location"] == SECOND


@pytest.mark.parametrize("path", [SECOND, SET_UP])
def test_without_a_password_the_second_step_is_not_there(client, path):
    assert client.get(path).headers["Location"] == LOG_IN
