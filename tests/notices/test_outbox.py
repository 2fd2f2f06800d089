"""The outbox, against a real SMTP server that does as it is told."""

from __future__ import annotations

import smtplib
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from contactcenter.lib.errors import WrongState
from contactcenter.notices import actions, rules
from contactcenter.notices.actions import failure_code, queue_mail, send_next, try_again
from contactcenter.notices.models import Mail
from contactcenter.notices.tasks import send_due_mail
from tests.agents.conftest import at_once
from tests.factories import MailFactory

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


class Conversation(socketserver.StreamRequestHandler):
    """One SMTP conversation, as much of it as `smtplib` needs."""

    def handle(self) -> None:
        self.reply("220 test")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"QUIT":
                self.reply("221 bye")
                return
            if verb == b"RCPT" and self.server.refusal and self.server.refused in line:  # type: ignore[attr-defined]
                self.reply(self.server.refusal)  # type: ignore[attr-defined]
            elif verb == b"DATA":
                self.take_text()
            else:
                self.reply("250 ok")

    def take_text(self) -> None:
        self.reply("354 go on")
        text = b""
        while (line := self.rfile.readline()) != b".\r\n":
            text += line
        self.server.received.append(message_from_bytes(text))  # type: ignore[attr-defined]
        self.reply("250 taken")

    def reply(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class PostOffice(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.received: list = []
        self.refusal = ""
        self.refused = b""  # part of an address; empty: all


@pytest.fixture
def post_office(settings) -> Iterator[PostOffice]:
    server = PostOffice()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield server
    server.shutdown()
    server.server_close()


def put(**more) -> Mail:
    facts = {"to": "rosa@maplebrook.example", "subject": "Hello", "body": "Dear Rosa,\nhello.\n", "at": NOON, **more}
    return queue_mail(**facts)


def test_a_mail_is_sent_once_with_its_message_id(db, post_office):
    mail = put(subject="Größe\nBcc: evil@evil.example")
    while send_next(at=NOON):
        pass
    (received,) = post_office.received
    assert received["Message-ID"] == mail.message_id
    assert (received["To"], received["Bcc"]) == ("rosa@maplebrook.example", None)
    mail.refresh_from_db()
    assert (mail.sent_at, mail.next_attempt_at, mail.body) == (NOON, None, "Dear Rosa,\nhello.\n")


def test_the_text_with_a_one_time_link_is_gone_once_sent(db, post_office):
    mail = put(holds_one_time_link=True, body="https://city.example/once")
    send_next(at=NOON)
    mail.refresh_from_db()
    assert mail.body == ""
    assert "once" in post_office.received[0].get_payload()


def test_the_database_itself_refuses_a_sent_mail_with_its_link(db):
    with pytest.raises(DatabaseError):
        MailFactory(holds_one_time_link=True, sent_at=NOON, next_attempt_at=None)


@pytest.mark.django_db(transaction=True)
def test_no_commit_no_mail(post_office):
    with transaction.atomic():
        put()
        transaction.set_rollback(True)
    assert send_next(at=NOON) is False


def test_a_refused_mail_is_tried_again_later_and_later(db, post_office):
    post_office.refusal = "550 5.1.1 <rosa@maplebrook.example> no such person"
    mail = put()
    at = NOON
    pauses = []
    while True:
        assert send_next(at=at) is True
        mail.refresh_from_db()
        if mail.next_attempt_at is None:
            break
        assert send_next(at=mail.next_attempt_at - timedelta(microseconds=1)) is False
        pauses.append(mail.next_attempt_at - at)
        at = mail.next_attempt_at
    assert pauses == sorted(pauses)
    assert (mail.attempts, mail.failed_code) == (rules.MOST_ATTEMPTS, "SMTPRecipientsRefused 550")
    assert list(Mail.objects.failing()) == [mail]


def test_a_given_up_mail_keeps_no_one_time_link(db, post_office):
    post_office.refusal = "550 no"
    mail = put(holds_one_time_link=True)
    Mail.objects.update(attempts=rules.MOST_ATTEMPTS - 1)
    send_next(at=NOON)
    mail.refresh_from_db()
    assert mail.body == ""
    with pytest.raises(WrongState):
        try_again(mail, at=NOON)


def test_what_failed_is_sent_when_the_server_is_well_again(db, post_office):
    post_office.refusal = "451 later"
    mail = put()
    send_next(at=NOON)
    post_office.refusal = ""
    try_again(mail, at=NOON)
    assert send_next(at=NOON) is True
    mail.refresh_from_db()
    assert (mail.sent_at, mail.failed_code) == (NOON, "")
    assert post_office.received[0]["Message-ID"] == mail.message_id


@time_machine.travel(NOON, tick=False)
def test_a_mail_that_fails_does_not_hold_the_others_up(db, post_office):
    post_office.refusal, post_office.refused = "550 no", b"bad@"
    bad, good = put(to="bad@maplebrook.example"), put()
    send_due_mail()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.sent_at, good.sent_at) == (None, NOON)


def test_an_unreachable_server_is_a_failure_like_any_other(db, settings, post_office):
    settings.EMAIL_PORT = 1
    mail = put()
    assert send_next(at=NOON) is True
    mail.refresh_from_db()
    assert mail.failed_code == "ConnectionRefusedError"


@pytest.mark.django_db(transaction=True)
def test_ten_workers_at_once_send_each_mail_once(post_office):
    mails = [put() for _number in range(30)]

    def work(_number: int) -> None:
        while send_next(at=NOON):
            pass

    at_once(10, work)
    assert sorted(received["Message-ID"] for received in post_office.received) == sorted(
        mail.message_id for mail in mails
    )


@pytest.mark.django_db(transaction=True)
def test_killed_between_the_servers_yes_and_the_commit_it_goes_out_again_with_the_same_message_id(
    post_office, tmp_path
):
    mail = put(holds_one_time_link=True)
    database = connection.settings_dict
    script = (
        "import django; django.setup()\n"
        "from datetime import datetime, UTC\n"
        "from contactcenter.notices.actions import send_next\n"
        "send_next(at=datetime(2026, 11, 24, 17, 0, tzinfo=UTC))\n"
    )
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    killed = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={
            **_environment(),
            "TESTING": "1",
            "FAILPOINTS": "mail-handed-over",
            "DATABASE_URL": url,
            "EMAIL_URL": f"smtp://127.0.0.1:{post_office.server_address[1]}",
        },
        check=False,
        timeout=60,
    )
    assert killed.returncode == -9
    mail.refresh_from_db()
    assert (mail.sent_at, mail.body != "") == (None, True)
    assert send_next(at=NOON) is True
    assert [received["Message-ID"] for received in post_office.received] == [mail.message_id] * 2


def _environment() -> dict[str, str]:
    import os

    kept = {"PATH", "PYTHONPATH", "DJANGO_SETTINGS_MODULE", "REDIS_URL", "HOME"}
    return {name: value for name, value in os.environ.items() if name in kept}


@pytest.mark.parametrize(("attempts", "pause"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 360), (13, 360)])
def test_pauses_double_up_to_six_hours(attempts, pause):
    assert rules.pause_after(attempts) == timedelta(minutes=pause)


def test_after_the_last_attempt_there_is_no_next():
    assert rules.pause_after(rules.MOST_ATTEMPTS) is None


def test_a_failures_code_holds_nobodys_address():
    refused = smtplib.SMTPRecipientsRefused({"rosa@maplebrook.example": (550, b"rosa@maplebrook.example is unknown")})
    assert failure_code(refused) == "SMTPRecipientsRefused 550"
    assert failure_code(smtplib.SMTPDataError(554, b"rosa")) == "SMTPDataError 554"
    assert failure_code(TimeoutError("rosa")) == "TimeoutError"


def test_the_oldest_due_mail_goes_first_by_its_index(db, django_assert_max_num_queries):
    MailFactory.create_batch(3)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        query, parameters = (
            Mail.objects.claimed().due_at(NOON).order_by("next_attempt_at", "pk")[:1].query.sql_with_params()
        )
        cursor.execute(f"EXPLAIN {query}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "notices_mail_due" in plan


def test_actions_are_the_only_writers():
    assert set(actions.__dict__) >= {"queue_mail", "send_next", "try_again"}
