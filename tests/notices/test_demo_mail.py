"""The demo's local mail page: there for this machine, for nobody else, and in no other place than the demo."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agents.actions import invite
from agents.models import User
from contactcenter.notices.actions import send_next
from contactcenter.notices.models import DemoMail, Mail
from tests.factories import MailFactory

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@pytest.fixture
def demo(settings, db):
    settings.DEMO = True
    settings.EMAIL_BACKEND = "contactcenter.notices.backends.DemoMailBackend"


def test_an_invitation_can_be_followed_from_the_mail_page(demo, client):
    invite(User(username="nora", email="nora@maplebrook.example"), ["agent"], by=None, at=NOON)
    assert send_next(at=NOON) is True
    assert Mail.objects.get().body == ""
    shown = client.get("/mail/")
    assert "nora@maplebrook.example" in shown.content.decode()
    text = client.get(f"/mail/{DemoMail.objects.get().pk}/").content.decode()
    assert 'href="http' in text
    assert "/accounts/link/" in text


@pytest.mark.parametrize(
    ("is_demo", "facts", "status"),
    [
        (True, {"REMOTE_ADDR": "127.0.0.1"}, 200),
        (True, {"REMOTE_ADDR": "127.9.9.9"}, 200),
        (True, {"REMOTE_ADDR": "::1"}, 200),
        (False, {"REMOTE_ADDR": "127.0.0.1"}, 404),
        (True, {"REMOTE_ADDR": "192.0.2.1"}, 404),
        (True, {"REMOTE_ADDR": ""}, 404),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 404),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "http"}, 404),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"}, 404),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "127.0.0.1"}, 404),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"}, 404),
    ],
)
@pytest.mark.parametrize("path", ["/mail/", "/mail/{pk}/"])
def test_the_mail_page_is_for_this_machine_in_the_demo(db, settings, client, is_demo, facts, status, path):
    settings.DEMO = is_demo
    mail = DemoMail.objects.create(message_id="<1@x>", to="a@b.example", subject="Hello", body="Text")
    assert client.get(path.format(pk=mail.pk), **facts).status_code == status


def test_outside_of_the_demo_nothing_is_kept_and_the_mail_fails(settings, db):
    settings.DEMO = False
    settings.EMAIL_BACKEND = "contactcenter.notices.backends.DemoMailBackend"
    mail = MailFactory(holds_one_time_link=True)
    send_next(at=mail.created_at)
    mail.refresh_from_db()
    assert (mail.sent_at, DemoMail.objects.count()) == (None, 0)


def test_the_same_mail_twice_is_shown_once(demo):
    mail = MailFactory()
    for _number in range(2):
        send_next(at=mail.created_at)
        Mail.objects.update(sent_at=None, next_attempt_at=mail.created_at)
    assert DemoMail.objects.count() == 1
