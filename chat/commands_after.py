"""Frames about a chat that is over, and what staff write down about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from django.utils import timezone
from django.utils.translation import gettext as _

from chat.actions import note, open_case, rate, wrap_up
from chat.actions.notes import LONGEST_SUMMARY
from chat.actions.rating import LONGEST_COMMENT
from chat.actions.wrap_up import LONGEST_NOTE
from chat.fields import choice_of, plain_text_of, ref_of, text_of, uuid_of
from chat.projection import Frame, ok_frame
from contactcenter.lib.errors import Invalid

if TYPE_CHECKING:
    from chat.commands import Customer, Staff

CustomerHandler: TypeAlias = "Callable[[Customer, Frame], Awaitable[Frame | None]]"
StaffHandler: TypeAlias = "Callable[[Staff, Frame], Awaitable[Frame | None]]"


async def _rate(caller: Customer, frame: Frame) -> Frame:
    score = frame.get("score")
    if not isinstance(score, int) or isinstance(score, bool):
        raise Invalid(_("A score is a whole number from 1 to 5."), field="score")
    comment = plain_text_of(frame, "comment", longest=LONGEST_COMMENT)
    at, digest = timezone.now(), caller.token_digest
    found = await caller.relay.read(rate, caller.session_id, token_digest=digest, score=score, comment=comment, at=at)
    answer = ok_frame(ref_of(frame))
    return {**answer, "emergency": found.body()} if found else answer


async def _wrap_up(caller: Staff, frame: Frame) -> Frame:
    await caller.relay.read(
        wrap_up,
        uuid_of(frame, "session"),
        agent_id=caller.agent_id,
        note=plain_text_of(frame, "note", longest=LONGEST_NOTE),
        topic=plain_text_of(frame, "topic", longest=50),
        outcome=choice_of(frame, "outcome"),
        at=timezone.now(),
    )
    return ok_frame(ref_of(frame))


async def _note(caller: Staff, frame: Frame) -> Frame:
    session_id, text = uuid_of(frame, "session"), text_of(frame)
    await caller.relay.read(note, session_id, agent_id=caller.agent_id, text=text, at=timezone.now())
    return ok_frame(ref_of(frame))


async def _case(caller: Staff, frame: Frame) -> Frame:
    await caller.relay.read(
        open_case,
        uuid_of(frame, "session"),
        agent_id=caller.agent_id,
        summary=plain_text_of(frame, "summary", longest=LONGEST_SUMMARY),
        topic=plain_text_of(frame, "topic", longest=50),
        at=timezone.now(),
    )
    return ok_frame(ref_of(frame))


RATING_FRAMES: dict[str, CustomerHandler] = {"rate": _rate}
AFTER_FRAMES: dict[str, StaffHandler] = {"wrap_up": _wrap_up, "note": _note, "case": _case}
