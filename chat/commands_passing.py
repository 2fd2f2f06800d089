"""Frames of the desk about hold and transfers: what they bear is checked here, then handed to an action."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from django.utils import timezone

from chat.actions.hold import place_on_hold, resume
from chat.actions.taking_over import accept_transfer
from chat.actions.transfers import ask_transfer, decline_transfer
from chat.fields import optional_text_of, ref_of, uuid_of
from chat.projection import Frame, ok_frame

if TYPE_CHECKING:
    from chat.commands import Staff

Handler: TypeAlias = Callable[[Any, Frame], Awaitable[Frame | None]]


async def _hold(caller: Staff, frame: Frame) -> Frame:
    return await _about_a_chat(place_on_hold, caller, frame)


async def _resume(caller: Staff, frame: Frame) -> Frame:
    return await _about_a_chat(resume, caller, frame)


async def _transfer(caller: Staff, frame: Frame) -> Frame:
    return await _about_a_chat(
        ask_transfer,
        caller,
        frame,
        to=frame.get("to"),
        reason=optional_text_of(frame, "reason"),
        summary=optional_text_of(frame, "summary"),
        again=optional_text_of(frame, "again"),
    )


async def _accept_transfer(caller: Staff, frame: Frame) -> Frame:
    return await _about_a_chat(accept_transfer, caller, frame)


async def _decline_transfer(caller: Staff, frame: Frame) -> Frame:
    return await _about_a_chat(decline_transfer, caller, frame, why=optional_text_of(frame, "why"))


async def _about_a_chat(act: Callable[..., object], caller: Staff, frame: Frame, **more: Any) -> Frame:
    session_id = uuid_of(frame, "session")
    await caller.relay.read(act, session_id, agent_id=caller.agent_id, at=timezone.now(), **more)
    return ok_frame(ref_of(frame))


PASSING_FRAMES: dict[str, Handler] = {
    "hold": _hold,
    "resume": _resume,
    "transfer": _transfer,
    "accept_transfer": _accept_transfer,
    "decline_transfer": _decline_transfer,
}
