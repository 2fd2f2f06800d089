"""Every write of the outbox: put in, sent, tried again, given up."""

from __future__ import annotations

import smtplib
from datetime import datetime
from email.utils import make_msgid, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.translation import gettext as _

from contactcenter.lib.errors import WrongState
from contactcenter.lib.failpoints import failpoint
from contactcenter.notices import rules
from contactcenter.notices.models import DemoMail, Mail


def queue_mail(*, to: str, subject: str, body: str, at: datetime, holds_one_time_link: bool = False) -> Mail:
    """Put a mail into the outbox, in the caller's transaction: no commit, no mail.

    `subject` loses its line breaks. With `holds_one_time_link` the body is
    emptied as soon as the mail is sent or given up.
    """
    return Mail.objects.create(
        to=to,
        subject=" ".join(subject.split())[:200],
        body=body,
        holds_one_time_link=holds_one_time_link,
        message_id=make_msgid(domain=_domain()),
        created_at=at,
        next_attempt_at=at,
    )


@transaction.atomic
def send_next(*, at: datetime) -> bool:
    """Send the oldest due mail that nobody else is sending; answer whether there was one.

    Sent once, except where the process dies between the server's yes and our
    commit: then it goes out again with the same Message-ID.
    """
    mail = Mail.objects.claimed().due_at(at).order_by("next_attempt_at", "pk").first()
    if mail is None:
        return False
    try:
        _hand_over(mail)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        _note_failure(mail, error, at=at)
    else:
        failpoint("mail-handed-over")
        _note_sent(mail, at=at)
    return True


@transaction.atomic
def try_again(mail: Mail, *, at: datetime) -> None:
    """Let a failing mail be tried at once, from the beginning. Raises `WrongState`."""
    mail = Mail.objects.select_for_update(no_key=True, of=("self",)).get(pk=mail.pk)
    if mail.sent_at is not None:
        raise WrongState(_("This mail was sent."))
    if not mail.body:
        raise WrongState(_("The link in this mail has expired. Send a new one instead."))
    mail.attempts = 0
    mail.next_attempt_at = at
    mail.save(update_fields=["attempts", "next_attempt_at"])


def delete_old_mail(*, at: datetime) -> int:
    """Delete mails that were sent or given up longer ago than `MAIL_KEEP_DAYS`; answer how many.

    What still waits for an attempt stays, however old it is.
    """
    since = at - settings.MAIL_KEPT
    DemoMail.objects.filter(at__lt=since).delete()
    deleted, _by_table = Mail.objects.done_before(since).delete()
    return deleted


def _hand_over(mail: Mail) -> None:
    message = EmailMessage(
        subject=mail.subject,
        body=mail.body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.to],
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
    )
    message.send()


def _note_sent(mail: Mail, *, at: datetime) -> None:
    mail.sent_at = at
    mail.next_attempt_at = None
    mail.failed_code = ""
    _drop_link(mail)
    mail.save()


def _note_failure(mail: Mail, error: Exception, *, at: datetime) -> None:
    mail.attempts += 1
    mail.failed_code = failure_code(error)
    pause = rules.pause_after(mail.attempts)
    mail.next_attempt_at = at + pause if pause is not None else None
    if pause is None:
        _drop_link(mail)
    mail.save()


def _drop_link(mail: Mail) -> None:
    if mail.holds_one_time_link:
        mail.body = ""


def failure_code(error: Exception) -> str:
    """Return what went wrong without a word of the server's answer, which may name people: kind and SMTP code."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _domain() -> str:
    """Return the domain of our own sender address."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
