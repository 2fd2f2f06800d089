"""What is kept for a time only goes by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from pytest_django import Settings

from agents.models import LogIn, LogInTry, OneTimeLink
from contactcenter.notices.models import DemoMail, Mail
from contactcenter.operations import actions
from contactcenter.operations.tasks import tidy
from tests.factories import LogInFactory, LogInTryFactory, MailFactory, UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)


def tidy_at(moment: datetime) -> None:
    with time_machine.travel(moment, tick=False):
        tidy()


@pytest.mark.parametrize("days", [30, 2])
def test_a_sent_mail_goes_after_its_days(settings: Settings, days: int) -> None:
    settings.MAIL_KEPT = days * DAY
    MailFactory(created_at=NOON - DAY, sent_at=NOON, next_attempt_at=None)
    tidy_at(NOON + days * DAY)
    assert Mail.objects.count() == 1
    tidy_at(NOON + days * DAY + MOMENT)
    assert Mail.objects.count() == 0


def test_a_mail_that_was_given_up_goes_by_the_day_on_which_it_was_written() -> None:
    MailFactory(created_at=NOON, attempts=14, next_attempt_at=None)
    tidy_at(NOON + 30 * DAY)
    assert Mail.objects.count() == 1
    tidy_at(NOON + 30 * DAY + MOMENT)
    assert Mail.objects.count() == 0


def test_a_mail_that_still_waits_stays_however_old() -> None:
    MailFactory(created_at=NOON, attempts=3, next_attempt_at=NOON + 300 * DAY)
    tidy_at(NOON + 200 * DAY)
    assert Mail.objects.count() == 1


def test_the_demos_copies_go_as_the_mails_do() -> None:
    with time_machine.travel(NOON, tick=False):
        DemoMail.objects.create(message_id="<1@demo>", to="rosa@maplebrook.example", subject="A", body="B")
    tidy_at(NOON + 30 * DAY)
    assert DemoMail.objects.count() == 1
    tidy_at(NOON + 30 * DAY + MOMENT)
    assert DemoMail.objects.count() == 0


def test_a_session_of_a_browser_goes_when_it_has_run_out_and_its_log_in_stays_known() -> None:
    with time_machine.travel(NOON, tick=False):
        LogInFactory()
    tidy_at(NOON + 12 * timedelta(hours=1))
    assert Session.objects.count() == 1
    tidy_at(NOON + 12 * timedelta(hours=1) + MOMENT)
    assert (Session.objects.count(), LogIn.objects.count()) == (0, 1)


def test_links_that_open_nothing_go_a_day_later() -> None:
    OneTimeLink.objects.create(user=UserFactory(), purpose="reset", digest="d", created_at=NOON - DAY, expires_at=NOON)
    tidy_at(NOON + DAY)
    assert OneTimeLink.objects.count() == 1
    tidy_at(NOON + DAY + MOMENT)
    assert OneTimeLink.objects.count() == 0


def test_tries_to_log_in_go_a_day_later() -> None:
    LogInTryFactory(at=NOON)
    tidy_at(NOON + DAY)
    assert LogInTry.objects.count() == 1
    tidy_at(NOON + DAY + MOMENT)
    assert LogInTry.objects.count() == 0


def test_one_kind_that_fails_keeps_none_of_the_others_from_going(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*, at: datetime) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(actions, "TIDIED", (fail, *actions.TIDIED))
    LogInTryFactory(at=NOON)
    with pytest.raises(DatabaseError):
        tidy_at(NOON + 2 * DAY)
    assert LogInTry.objects.count() == 0
