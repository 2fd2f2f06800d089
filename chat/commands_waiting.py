"""What a resident who waits may send: what a choice bears is checked here, then handed to an action."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from django.utils import timezone
from django.utils.translation import gettext as _

from chat.actions import Choice, Option, choose
from chat.fields import ref_of, text_of
from chat.projection import Frame, ok_frame
from contactcenter.cases.contacts import email_of, phone_of
from contactcenter.lib.errors import Invalid

if TYPE_CHECKING:
    from chat.commands import Customer

Handler: TypeAlias = Callable[[Any, Frame], Awaitable[Frame | None]]


async def _choose(caller: Customer, frame: Frame) -> Frame:
    ref, choice = ref_of(frame), choice_of(frame)
    at = timezone.now()
    await caller.relay.read(choose, caller.session_id, choice, token_digest=caller.token_digest, at=at)
    return ok_frame(ref)


def choice_of(frame: Frame) -> Choice:
    """Return what a resident has chosen, with what it needs. Raises `Invalid`, `too_long`. Source: DF-HOLD."""
    option = frame.get("option")
    if not isinstance(option, str) or option not in Option.values:
        raise Invalid(_("Choose one of: %(options)s.") % {"options": ", ".join(Option.values)}, field="option")
    if option == Option.CALL_BACK:
        return Choice(Option.CALL_BACK, phone=phone_of(_line_of(frame, "phone")))
    if option == Option.MESSAGE:
        return _message_of(frame)
    return Choice(Option(option))


def _message_of(frame: Frame) -> Choice:
    text, email, phone = text_of(frame), _line_of(frame, "email"), _line_of(frame, "phone")
    if not email and not phone:
        raise Invalid(_("Write an e-mail address or a phone number, so that we can answer you."), field="email")
    email, phone = email and email_of(email), phone and phone_of(phone)
    return Choice(Option.MESSAGE, text=text, email=email, phone=phone)


def _line_of(frame: Frame, field: str) -> str:
    """Return a line that may be left out. Raises `Invalid`."""
    value = frame.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(_("%(field)s must be text.") % {"field": field}, field=field)
    return value.strip()


WAITING_FRAMES: dict[str, Handler] = {"choose": _choose}
