"""Reading the members of a frame that somebody sent."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from chat.projection import Frame
from chat.rules import MAX_TEXT
from contactcenter.lib.errors import DomainError, Invalid

MAX_REF = 64
HIGHEST_SEQ = 2**31 - 1


def ref_of(frame: Frame) -> str | None:
    """Return the frame's `ref`. Raises `Invalid`."""
    ref = frame.get("ref")
    if ref is None or (isinstance(ref, str) and len(ref) <= MAX_REF):
        return ref
    raise Invalid(_("A ref is a text of at most %(max)d characters.") % {"max": MAX_REF}, field="ref")


def uuid_of(frame: Frame, field: str) -> UUID:
    """Return a UUID written in its usual form of 36 characters. Raises `Invalid`."""
    value = frame.get(field)
    if isinstance(value, str) and len(value) == 36:
        try:
            uid = UUID(value)
        except ValueError:
            uid = None
        if uid is not None and str(uid) == value.lower():  # Python reads blanks and underscores too
            return uid
    raise Invalid(_("%(field)s must be a UUID.") % {"field": field}, field=field)


def whole_number_of(frame: Frame, field: str) -> int:
    """Return a number of 0 or more. Raises `Invalid`."""
    value = frame.get(field)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST_SEQ:
        return value
    raise Invalid(_("%(field)s must be a whole number, 0 or more.") % {"field": field}, field=field)


def text_of(frame: Frame, field: str = "text") -> str:
    """Return a text that is not blank and not longer than 4,000 characters. Raises `Invalid`, `too_long`."""
    text = frame.get(field)
    if not isinstance(text, str) or not text.strip():
        raise Invalid(_("Write something before you send."), field=field)
    if len(text) > MAX_TEXT:
        raise DomainError(
            "too_long",
            _("The text has %(length)d characters; at most %(max)d fit. Send it in parts.")
            % {"length": len(text), "max": MAX_TEXT},
            field=field,
        )
    return text


def optional_text_of(frame: Frame, field: str) -> str:
    """Return a text that may be left out. Raises `Invalid` for what is no text."""
    value = frame.get(field, "")
    if not isinstance(value, str):
        raise Invalid(_("%(field)s must be text.") % {"field": field}, field=field)
    return value
