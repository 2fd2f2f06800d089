"""Reading the members of a frame that somebody sent."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from chat.projection import Frame
from chat.rules import MAX_TEXT
from contactcenter.lib.errors import DomainError, Invalid

MAX_REF = 64
HIGHEST_SEQ = 2**31 - 1
MOST_CONFIRMED = 10


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
    return _of_length(text, field, longest=MAX_TEXT)


def optional_text_of(frame: Frame, field: str) -> str:
    """Return a text that may be left out. Raises `Invalid` for what is no text."""
    value = frame.get(field, "")
    if not isinstance(value, str):
        raise Invalid(_("%(field)s must be text.") % {"field": field}, field=field)
    return value


def plain_text_of(frame: Frame, field: str, *, longest: int) -> str:
    """Return a text that may be missing or empty. Raises `Invalid`, `too_long`."""
    return _of_length(optional_text_of(frame, field), field, longest=longest)


def choice_of(frame: Frame, field: str) -> str:
    """Return a word of a list that the action knows; what is no text is no such word."""
    value = frame.get(field)
    return value if isinstance(value, str) else ""


def confirmed_of(frame: Frame) -> frozenset[str]:
    """Return what the sender confirms of a text that was refused with `confirm`. Raises `Invalid`."""
    confirmed = frame.get("confirm", [])
    if (
        isinstance(confirmed, list)
        and len(confirmed) <= MOST_CONFIRMED
        and all(isinstance(why, str) for why in confirmed)
    ):
        return frozenset(confirmed)
    raise Invalid(_("confirm must be a list of at most %(max)d words.") % {"max": MOST_CONFIRMED}, field="confirm")


def _of_length(text: str, field: str, *, longest: int) -> str:
    if len(text) > longest:
        raise DomainError(
            "too_long",
            _("The text has %(length)d characters; at most %(max)d fit. Send it in parts.")
            % {"length": len(text), "max": longest},
            field=field,
        )
    return text
