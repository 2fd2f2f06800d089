"""What follows from the screening of a text: the notice that the resident reads at once, and the flag for staff."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from chat.actions.outgoing import WORDS
from chat.actions.staff_notes import Flag, tell_staff
from chat.emergencies import EMERGENCY, PAY, Help, help_in_emergency, where_to_pay
from chat.models import ChatEvent, ChatSession, Emergency, Kind, Side, StaffKind
from chat.rows import EventRow
from chat.rules import EMERGENCY_PRIORITY
from chat.states import Status
from contactcenter.lib.errors import WrongState
from contactcenter.lib.events import emit
from policies.screening import Screened
from policies.versions import in_force

PAY_TOPICS = frozenset({"pay", "payment"})
PAY_COMMAND = "/pay"
WINDOW = timedelta(seconds=60)  # in which a number may be typed in pieces
PIECES = 3


@dataclass(slots=True)
class Consequences:
    """What follows from one text, in order: what the system says, and what staff are told."""

    said: list[Help] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)


def consequences(
    session: ChatSession, screened: Screened, *, side: Side, seq: int, said_before: Collection[str], at: datetime
) -> Consequences:
    """Return what a screened text of a session brings about; `seq` is its number.

    Payment data is answered each time, an emergency once per kind (`said_before`
    holds the kinds); only what residents write speaks of emergencies, and their
    strong language is flagged. Source: EM-PAY, EM-911, EM-COM-C.
    """
    found = Consequences()
    department, language = session.department, session.language_id
    for kind in screened.emergency if side == Side.CUSTOMER else ():
        help_ = None if kind in said_before else help_in_emergency(kind, department, language, at=at)
        if help_ is not None:
            found.said.append(help_)
            data = {"emergency": kind, "seq": seq}
            found.flags.append(Flag(session.pk, StaffKind.EMERGENCY, EMERGENCY, at, data))
    if screened.payment:
        help_ = where_to_pay(department, language, at=at)
        if help_ is not None:
            found.said.append(help_)
        data = {"found": list(screened.payment), "seq": seq, "from": side.value}
        found.flags.append(Flag(session.pk, StaffKind.PAYMENT, PAY, at, data))
    if screened.is_profane and side == Side.CUSTOMER and in_force(WORDS, at=at):
        found.flags.append(Flag(session.pk, StaffKind.PROFANITY, WORDS, at, {"seq": seq}))
    return found


def joined(first: Screened, *others: Screened) -> Screened:
    """Return the first text with what was found in all of them, as if it had been written in one."""
    every = (first, *others)
    payment = sorted({kind for each in every for kind in each.payment})
    spoken_of = {kind for each in every for kind in each.emergency}
    emergency = tuple(kind.value for kind in Emergency if kind.value in spoken_of)
    return Screened(first.text, tuple(payment), emergency, any(each.is_profane for each in every))


def raise_flags(flags: Sequence[Flag]) -> None:
    """Tell staff, and note the gravest emergency on its session; the caller has locked the sessions."""
    for flag in flags:
        session = ChatSession.objects.get(pk=flag.session_id)
        tell_staff(session, flag.kind, at=flag.at, rule=flag.rule, data=flag.data)
        if flag.kind == StaffKind.EMERGENCY:
            _note_emergency(session, flag.data["emergency"], at=flag.at)


def _note_emergency(session: ChatSession, kind: str, *, at: datetime) -> None:
    order = [each.value for each in Emergency]
    if session.emergency and order.index(session.emergency) <= order.index(kind):
        return
    session.emergency, session.emergency_at = kind, session.emergency_at or at
    if kind != Emergency.NON_EMERGENCY:
        session.priority = max(session.priority, EMERGENCY_PRIORITY)
    session.save(update_fields=["emergency", "emergency_at", "priority"])
    if session.status == Status.QUEUED:
        emit("queue")


def emergencies_said(session_id: UUID) -> set[str]:
    """Return the kinds of emergencies that the resident of a session has been told about."""
    said = ChatEvent.objects.filter(session=session_id, rule=EMERGENCY).values_list("data__kind", flat=True)
    return set(said)


def notice_row(session_id: UUID, seq: int, help_: Help, *, at: datetime) -> EventRow:
    """Return a notice of the system as a row that is not stored yet."""
    return EventRow(
        session_id=session_id,
        seq=seq,
        uid=uuid.uuid4(),
        kind=Kind.NOTICE.value,
        side=Side.SYSTEM.value,
        agent_id=None,
        name="",
        text=help_.text,
        is_changed=False,
        at=at,
        rule=help_.rule,
        data=help_.data,
    )


def pay_text(session_id: UUID, *, at: datetime) -> Help:
    """Return what `/pay` in the reply box stands for. Raises `WrongState` where nobody wrote down where to pay."""
    session = ChatSession.objects.select_related("department").get(pk=session_id)
    help_ = where_to_pay(session.department, session.language_id, at=at)
    if help_ is None or not (help_.data["page"] or help_.data["phone"]):
        raise WrongState(_("Where to pay is not written down. An administrator can enter it in EM-PAY."))
    return help_


# Numbers typed in pieces ----------------------------------------------------------
def pieces_before(session_id: UUID, side: Side, *, at: datetime) -> list[EventRow]:
    """Return the sender's last messages of the last minute, at most three, the oldest first."""
    rows = ChatEvent.objects.filter(session=session_id, side=side, kind=Kind.MESSAGE, at__gt=at - WINDOW)
    names = ("session_id", "seq", "uid", "kind", "side", "agent_id", "name", "text", "is_changed", "at")
    newest = rows.order_by("-seq").values_list(*names)[:PIECES]
    return [EventRow(*row) for row in newest][::-1]


def redacted_row(event: EventRow, masked: str, seq: int, *, at: datetime) -> EventRow:
    """Return the event that says that an earlier text is masked now."""
    return EventRow(
        session_id=event.session_id,
        seq=seq,
        uid=uuid.uuid4(),
        kind=Kind.REDACTED.value,
        side=Side.SYSTEM.value,
        agent_id=None,
        name="",
        text="",
        is_changed=False,
        at=at,
        rule=PAY,
        data={"seq": event.seq, "text": masked},
    )


def redact(event: EventRow, masked: str, *, at: datetime) -> None:
    """Mask digits of a stored text, and of what was said of it before: the one change that a text ever sees.

    Source: EM-PAY, decision 8.
    """
    said = ChatEvent.objects.filter(session=event.session_id, kind=Kind.REDACTED, data__seq=event.seq)
    for each in said:
        each.data = {**each.data, "text": masked}
        each.redacted_at = at
        each.save(update_fields=["data", "redacted_at"])
    stored = ChatEvent.objects.filter(session=event.session_id, seq=event.seq)
    stored.update(text=masked, is_changed=True, redacted_at=at)
