"""What a frame asks for: checked here, then handed to an action or to the relay.

The same table serves sockets and `POST …/frames`. A frame that does not fit is
answered with an error, never an exception.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from agents.actions import record_activity, set_presence
from agents.models import Presence
from chat import news
from chat.actions import Draft, Result, accept, decline, end_as_agent, end_as_customer, keep_open, mark, show_life
from chat.commands_after import AFTER_FRAMES, RATING_FRAMES
from chat.commands_passing import PASSING_FRAMES
from chat.commands_texts import TEXT_FRAMES
from chat.commands_waiting import WAITING_FRAMES
from chat.fields import MAX_REF, choice_of, confirmed_of, ref_of, text_of, uuid_of, whole_number_of
from chat.limits import Pace
from chat.listeners import Socket
from chat.models import Side
from chat.permissions import no_such_chat
from chat.projection import Frame, ack_frame, error_frame, event_texts, ok_frame
from chat.relay import Relay
from chat.rows import EventRow
from contactcenter.lib.errors import DomainError, Invalid, TooFast, Unavailable

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Customer:
    """Who sends a customer's frame: the holder of a session's token, over a socket or without one."""

    relay: Relay
    session_id: UUID
    token_digest: str
    socket: Socket | None
    answer: Callable[[Frame], None]
    language: str


class Staff(Protocol):
    """Who sends a desk frame."""

    id: UUID
    side: Side
    relay: Relay
    agent_id: int
    agent_name: str
    session_key: str

    def push(self, frame: Frame) -> None: ...
    def push_text(self, text: str) -> None: ...
    def close(self, code: int, reason: str = "") -> None: ...


CustomerHandler: TypeAlias = Callable[[Customer, Frame], Awaitable[Frame | None]]
StaffHandler: TypeAlias = Callable[[Staff, Frame], Awaitable[Frame | None]]


async def obey_customer(caller: Customer, frame: Frame) -> None:
    """Do what a customer's frame asks for and answer it, in the language of the chat."""
    with translation.override(caller.language):
        await _obey(CUSTOMER_FRAMES, caller, frame, caller.answer)


async def obey_staff(caller: Staff, frame: Frame) -> None:
    """Do what a desk frame asks for and answer it."""
    await _obey(STAFF_FRAMES, caller, frame, caller.push)


async def _obey(table: Mapping[str, Any], caller: Any, frame: Frame, answer: Callable[[Frame], None]) -> None:
    try:
        ref_of(frame)
        kind = frame.get("type")
        handler = table.get(kind) if isinstance(kind, str) else None
        if handler is None:
            raise Invalid(_("This type of frame is not known here."), field="type")
        reply = await handler(caller, frame)
    except DomainError as refusal:
        reply = refusal_frame(refusal, frame)
    except (OperationalError, InterfaceError) as error:
        logger.warning("a frame was not obeyed: %s", type(error).__name__)
        reply = refusal_frame(Unavailable(_("This did not work just now. Try again in a moment.")), frame)
    if reply is not None:
        answer(reply)


def check_pace(relay: Relay, sender: Any) -> tuple[Pace, DomainError | None]:
    """Count a frame of this sender; answer the pace, with the refusal that goes with it."""
    pace, wait = relay.gate.count(sender, now=time.monotonic())
    if pace is Pace.FINE:
        return pace, None
    code = "slow_down" if pace is Pace.SLOW_DOWN else "too_many"
    return pace, TooFast(_("That was too fast. Wait a moment, then send it again."), retry_after=wait, code=code)


# Answers ----------------------------------------------------------------------
def refusal_frame(refusal: DomainError, frame: Frame) -> Frame:
    """Return the `error` that answers a frame, with its `ref`, and with the `id` of a message."""
    uid = frame.get("id") if frame.get("type") == "message" else None
    return error_frame(refusal, ref=_short(frame.get("ref")), uid=_short(uid))


def _short(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= MAX_REF else None


# Both sides -----------------------------------------------------------------
async def _say(
    relay: Relay, draft: Draft, source: Socket | None, ref: str | None, answer: Callable[[Frame], None]
) -> None:
    """Store a message; the answer goes out in the moment of its commit, before anybody's next event.

    A socket does not wait for it, unless the writer has fallen behind: then it stops reading its client.
    """
    answered = asyncio.get_running_loop().create_future()
    language = translation.get_language() or "en"

    def reply(result: Result) -> None:
        if result.event is not None:
            answer(ack_frame(result.event, ref=ref))
        elif result.error is not None:
            with translation.override(language):  # whoever writes, writes for many
                answer(error_frame(result.error, ref=ref, uid=str(draft.uid)))
        if not answered.done():
            answered.set_result(None)

    relay.write(draft, source, reply)
    if source is None or relay.writer_of(draft.session_id).is_behind:
        await answered


async def _send_again(relay: Relay, socket: Socket | None, session_id: UUID, frame: Frame) -> None:
    """Send a socket everything after its `last_seq` once more; a cursor beyond our latest counts as 0."""
    cursor = whole_number_of(frame, "last_seq")
    if socket is None:
        return
    latest = await relay.read(news.latest_seqs, [session_id])
    seen = relay.seen_by(socket, session_id)
    if seen is None:
        raise no_such_chat()
    seen.rewind(cursor if cursor <= latest.get(session_id, 0) else 0)
    while True:
        rows = await relay.read(news.events_after, {session_id: seen.cursor})
        offer_all(relay, socket, rows)
        if len(rows) < news.PAGE:
            return


def offer_all(relay: Relay, socket: Socket, rows: list[EventRow]) -> None:
    """Offer a socket events that were read for it, in order."""
    for event in rows:
        seen = relay.seen_by(socket, event.session_id)
        if seen is not None:
            seen.offer(event.seq, event_texts(event))
            seen.note_leaving(event)


# Customer -------------------------------------------------------------------
async def _customer_message(caller: Customer, frame: Frame) -> None:
    draft = Draft(
        session_id=caller.session_id,
        uid=uuid_of(frame, "id"),
        side=Side.CUSTOMER,
        text=text_of(frame),
        at=timezone.now(),
        token_digest=caller.token_digest,
    )
    await _say(caller.relay, draft, caller.socket, ref_of(frame), caller.answer)


async def _customer_typing(caller: Customer, _frame: Frame) -> None:
    typing: Frame = {"type": "typing", "session": str(caller.session_id), "from": Side.CUSTOMER.value}
    caller.relay.tell_other_side(caller.session_id, Side.CUSTOMER, typing)
    await _show_life(caller, "typing")


async def _show_life(caller: Customer, sign: str) -> None:
    """Note a sign of life; it moves a clock only where one runs."""
    at = timezone.now()
    await caller.relay.read(show_life, caller.session_id, token_digest=caller.token_digest, sign=sign, at=at)


async def _customer_read(caller: Customer, frame: Frame) -> None:
    read: Frame = {"type": "read", "session": str(caller.session_id), "from": Side.CUSTOMER.value}
    read["seq"] = whole_number_of(frame, "seq")
    caller.relay.tell_other_side(caller.session_id, Side.CUSTOMER, read)


async def _customer_here(caller: Customer, frame: Frame) -> Frame:
    await _show_life(caller, "here")
    return ok_frame(ref_of(frame))


async def _customer_end(caller: Customer, frame: Frame) -> Frame:
    await caller.relay.read(end_as_customer, caller.session_id, token_digest=caller.token_digest, at=timezone.now())
    return ok_frame(ref_of(frame))


async def _customer_resync(caller: Customer, frame: Frame) -> Frame:
    await _send_again(caller.relay, caller.socket, caller.session_id, frame)
    return ok_frame(ref_of(frame))


CUSTOMER_FRAMES: dict[str, CustomerHandler] = {
    "message": _customer_message,
    "typing": _customer_typing,
    "read": _customer_read,
    "here": _customer_here,
    "end": _customer_end,
    **WAITING_FRAMES,
    **RATING_FRAMES,
    "resync": _customer_resync,
}


# Desk -----------------------------------------------------------------------
def _followed(caller: Staff, frame: Frame) -> UUID:
    """Return the frame's session when it is on this desk. Raises `Invalid`, `NotFound`."""
    session_id = uuid_of(frame, "session")
    seen = caller.relay.seen_by(caller, session_id)
    if seen is None or seen.is_over:
        raise no_such_chat()
    return session_id


async def _staff_message(caller: Staff, frame: Frame) -> None:
    draft = Draft(
        session_id=uuid_of(frame, "session"),
        uid=uuid_of(frame, "id"),
        side=Side.AGENT,
        text=text_of(frame),
        at=timezone.now(),
        agent_id=caller.agent_id,
        name=caller.agent_name,
        confirmed=confirmed_of(frame),
    )
    await _say(caller.relay, draft, caller, ref_of(frame), caller.push)


async def _staff_typing(caller: Staff, frame: Frame) -> None:
    session_id = _followed(caller, frame)
    typing: Frame = {"type": "typing", "session": str(session_id), "from": Side.AGENT.value}
    caller.relay.tell_other_side(session_id, Side.AGENT, typing)


async def _staff_read(caller: Staff, frame: Frame) -> None:
    session_id = _followed(caller, frame)
    read: Frame = {"type": "read", "session": str(session_id), "from": Side.AGENT.value}
    read["seq"] = whole_number_of(frame, "seq")
    caller.relay.tell_other_side(session_id, Side.AGENT, read)


async def _staff_here(caller: Staff, frame: Frame) -> Frame:
    await caller.relay.read(record_activity, caller.session_key, at=timezone.now())
    return ok_frame(ref_of(frame))


async def _staff_presence(caller: Staff, frame: Frame) -> Frame:
    state = frame.get("state")
    if not isinstance(state, str) or state not in Presence.values:
        raise Invalid(_("Choose one of: %(states)s.") % {"states": ", ".join(Presence.values)}, field="state")
    await caller.relay.read(set_presence, caller.agent_id, Presence(state), at=timezone.now())
    return ok_frame(ref_of(frame))


async def _staff_accept(caller: Staff, frame: Frame) -> Frame:
    await caller.relay.read(accept, uuid_of(frame, "session"), agent_id=caller.agent_id, at=timezone.now())
    return ok_frame(ref_of(frame))


async def _staff_decline(caller: Staff, frame: Frame) -> Frame:
    why = frame.get("why", "")
    if not isinstance(why, str):
        raise Invalid(_("Why must be text."), field="why")
    session_id = uuid_of(frame, "session")
    await caller.relay.read(decline, session_id, agent_id=caller.agent_id, why=why, at=timezone.now())
    return ok_frame(ref_of(frame))


async def _staff_end(caller: Staff, frame: Frame) -> Frame:
    await caller.relay.read(
        end_as_agent,
        uuid_of(frame, "session"),
        agent_id=caller.agent_id,
        outcome=choice_of(frame, "outcome"),
        at=timezone.now(),
    )
    return ok_frame(ref_of(frame))


async def _staff_keep_open(caller: Staff, frame: Frame) -> Frame:
    session_id = uuid_of(frame, "session")
    await caller.relay.read(keep_open, session_id, agent_id=caller.agent_id, at=timezone.now())
    return ok_frame(ref_of(frame))


async def _staff_mark(caller: Staff, frame: Frame) -> Frame:
    note = frame.get("note", "")
    if not isinstance(note, str):
        raise Invalid(_("A note must be text."), field="note")
    await caller.relay.read(
        mark,
        uuid_of(frame, "session"),
        agent_id=caller.agent_id,
        reason=choice_of(frame, "reason"),
        note=note,
        at=timezone.now(),
    )
    return ok_frame(ref_of(frame))


async def _staff_resync(caller: Staff, frame: Frame) -> Frame:
    session_id = _followed(caller, frame)
    await _send_again(caller.relay, caller, session_id, frame)
    return ok_frame(ref_of(frame))


STAFF_FRAMES: dict[str, StaffHandler] = {
    "message": _staff_message,
    "typing": _staff_typing,
    "read": _staff_read,
    "here": _staff_here,
    "presence": _staff_presence,
    "accept": _staff_accept,
    "decline": _staff_decline,
    "end": _staff_end,
    "keep_open": _staff_keep_open,
    "mark": _staff_mark,
    "resync": _staff_resync,
    **PASSING_FRAMES,
    **TEXT_FRAMES,
    **AFTER_FRAMES,
}
QUIET_FRAMES = frozenset({"hello", "resync"})  # sent by programs: no sign that a person is at the desk
