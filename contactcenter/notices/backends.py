"""Where the demo's mail goes: into rows, shown on the local mail page."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from contactcenter.notices.models import DemoMail


class DemoMailBackend(BaseEmailBackend):
    """Keeps its own copy of each mail, as a mailbox would; the outbox row is emptied as everywhere.

    Refuses outside of the demo: one-time links must not be kept anywhere else.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if not settings.DEMO:
            raise OSError("The demo's mail exists only with DEMO. Set EMAIL_URL.")
        for message in email_messages:
            for recipient in message.recipients():
                DemoMail.objects.get_or_create(
                    message_id=message.extra_headers.get("Message-ID", ""),
                    defaults={"to": recipient, "subject": message.subject, "body": message.body},
                )
        return len(email_messages)
