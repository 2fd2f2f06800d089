"""Desk frames about texts that need a second person: stopped ones, and residents' links."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from django.utils import timezone
from django.utils.translation import gettext as _

from chat.actions import ask_release, decide_on_text, report_link, withdraw_release
from chat.fields import ref_of, text_of, uuid_of, whole_number_of
from chat.projection import Frame, ok_frame
from contactcenter.lib.errors import Invalid

if TYPE_CHECKING:
    from chat.commands import Staff

Handler: TypeAlias = Callable[["Staff", Frame], Awaitable[Frame | None]]


async def _ask_release(caller: Staff, frame: Frame) -> Frame:
    session_id, uid, text = uuid_of(frame, "session"), uuid_of(frame, "id"), text_of(frame)
    at = timezone.now()
    await caller.relay.read(ask_release, session_id, agent_id=caller.agent_id, uid=uid, text=text, at=at)
    return ok_frame(ref_of(frame))


async def _withdraw_release(caller: Staff, frame: Frame) -> Frame:
    session_id, uid = uuid_of(frame, "session"), uuid_of(frame, "id")
    await caller.relay.read(withdraw_release, session_id, agent_id=caller.agent_id, uid=uid)
    return ok_frame(ref_of(frame))


async def _release(caller: Staff, frame: Frame) -> Frame:
    is_released = frame.get("is_released", True)
    if not isinstance(is_released, bool):
        raise Invalid(_("is_released must be true or false."), field="is_released")
    session_id, uid, at = uuid_of(frame, "session"), uuid_of(frame, "id"), timezone.now()
    await caller.relay.read(decide_on_text, session_id, uid, by_id=caller.agent_id, is_released=is_released, at=at)
    return ok_frame(ref_of(frame))


async def _report_link(caller: Staff, frame: Frame) -> Frame:
    session_id, seq = uuid_of(frame, "session"), whole_number_of(frame, "seq")
    await caller.relay.read(report_link, session_id, agent_id=caller.agent_id, seq=seq, at=timezone.now())
    return ok_frame(ref_of(frame))


TEXT_FRAMES: dict[str, Handler] = {
    "ask_release": _ask_release,
    "withdraw_release": _withdraw_release,
    "release": _release,
    "report_link": _report_link,
}
