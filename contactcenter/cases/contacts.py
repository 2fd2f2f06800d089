"""How somebody asks to be reached, checked where it was typed."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from contactcenter.cases.rules import is_phone
from contactcenter.lib.errors import DomainError, Invalid
from contactcenter.lib.frames import check_text
from policies.screening import screen

MAX_EMAIL = 254
LONGEST_TEXT = 12_000  # of everything that was said of one task


def phone_of(text: str, *, field: str = "phone") -> str:
    """Return a phone number that can be called. Raises `Invalid`. Source: DF-HOLD, EM-PAY."""
    phone = " ".join(text.split())
    check_text(phone, field)
    if not is_phone(phone):
        raise Invalid(
            _("We cannot call this number. Write it with its area code, 7 to 15 digits, such as 416-555-0100."),
            field=field,
        )
    guard_payment(phone, field)
    return phone


def email_of(text: str, *, field: str = "email") -> str:
    """Return an e-mail address that can be written to. Raises `Invalid`. Source: EM-PAY."""
    email = text.strip()
    check_text(email, field)
    try:
        if len(email) > MAX_EMAIL:
            raise ValidationError("")
        validate_email(email)
    except ValidationError:
        raise Invalid(_("Write an e-mail address like name@example.com."), field=field) from None
    guard_payment(email, field)
    return email


def guard_length(text: str) -> None:
    """Refuse more text than one task may hold. Raises `too_long`."""
    if len(text) > LONGEST_TEXT:
        raise DomainError("too_long", _("We cannot keep more text with your message. Please call us."), field="text")


def guard_payment(text: str, field: str) -> None:
    """Refuse what looks like payment data where it cannot be masked. Raises `Invalid`. Source: EM-PAY."""
    if screen(text).payment:
        raise Invalid(_("This looks like a card or bank number. Please leave it out."), field=field)
