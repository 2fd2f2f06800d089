"""What is refused where it is typed, with the reason."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from contactcenter.lib.phones import can_be_dialled


def check_phone(phone: str) -> None:
    """Refuse what residents could not dial; 311 is a number, too. Raises `ValidationError`."""
    if not can_be_dialled(phone.strip()):
        raise ValidationError(_("This is no phone number. Write its digits, such as 555-0100."))
