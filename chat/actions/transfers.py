"""Passing a chat on: asked for, accepted, declined, or over. Until it is accepted the first agent keeps it.

Who takes a chat over locks first her own row, then the session's, as everywhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import Agent, Presence
from chat.actions.answering import owes_answer
from chat.actions.hold import HOLD_FIELDS, begin_silence_clock, stop_silence_clock
from chat.actions.messages import record
from chat.actions.offers import close_offer, hold_out, withdraw
from chat.actions.staff_notes import tell_staff
from chat.actions.targets import Target, guard_target, next_of, read_target, target_of
from chat.models import ChatSession, Ending, Kind, Offer, Side, StaffKind, Transfer
from chat.permissions import access_as_agent, no_such_chat
from chat.states import Status, check_transition
from contactcenter.lib.errors import DomainError, Invalid, WrongState
from contactcenter.lib.events import emit
from contactcenter.lib.serial import is_mine
from policies.staff_texts import staff_text
from policies.versions import in_force, number_in_force, rules_in_force

FORWARD, REASONS, ONCE, OFFERS = "EM-FWD", "EM-DIS-B", "DF-XFER", "SJ-ACD"
LONGEST_SUMMARY, LONGEST_WHY = 2000, 300
OF_AGENTS = [reason for reason in Transfer.Reason.values if reason != Transfer.Reason.CHOICE]


def ask_transfer(
    session_id: UUID, *, agent_id: int, to: Any, reason: str, summary: str, again: str = "", at: datetime
) -> Transfer:
    """Ask that somebody else goes on with a chat; until one accepts, its agent keeps it, and the seat.

    `to` names a colleague, a department, a language or a supervisor, as the
    frame does. A second transfer of a chat says with `again` why.
    Raises `NotFound`, `Invalid`, `edit`, `ended`, `WrongState`, `not_online`,
    `not_certified`, `no_seat`, `closed`, `offered_elsewhere`.
    Source: EM-FWD, EM-DIS-B, EM-LANG, DF-XFER.
    """
    transfer = _ask(session_id, agent_id=agent_id, to=to, reason=reason, summary=summary, again=again, at=at)
    if transfer.to_agent_id is None:
        offer_next(transfer.pk, at=at)
    return transfer


@transaction.atomic
def _ask(session_id: UUID, *, agent_id: int, to: Any, reason: str, summary: str, again: str, at: datetime) -> Transfer:
    target = read_target(to)
    session = access_as_agent(session_id, agent_id)
    if session.is_ended:
        check_transition(session.status, Status.ACTIVE)
    held = rules_in_force([FORWARD, REASONS, ONCE], at=at)
    version = held.get(FORWARD)
    if version is None:
        raise WrongState(_("This city has not adopted a rule on passing chats on (EM-FWD)."))
    _guard_open(session)
    reason = _reason_of(reason, target, is_needed=REASONS in held)
    summary = _text(
        summary, "summary", LONGEST_SUMMARY, _("Sum up what was said, so that nobody has to ask again."), at=at
    )
    again = _why_again(session, again, is_needed=ONCE in held, at=at)
    guard_target(target, session, at=at)
    withdraw(session, at=at)
    transfer = Transfer.objects.create(
        session=session,
        from_agent_id=agent_id,
        **target.columns(),
        reason=reason,
        summary=summary,
        again=again,
        version=version,
        asked_at=at,
        deadline=at + timedelta(seconds=version.number_of("seconds")),
    )
    if target.agent is not None:
        _hold_out(transfer, session, target.agent, at=at)
    _begin(transfer, session, at=at)
    return transfer


def _guard_open(session: ChatSession) -> None:
    """Refuse a second one at a time; what the resident chose on hold makes room for what the agent asks."""
    if Transfer.objects.open().filter(session=session).exclude(reason=Transfer.Reason.CHOICE).exists():
        raise WrongState(_("This chat is being passed on already. Wait until that is answered, or its time is up."))


def _reason_of(reason: str, target: Target, *, is_needed: bool) -> str:
    """Return a reason of the list; never what somebody wrote freely. Source: EM-DIS-B."""
    if reason in OF_AGENTS:
        return reason
    if reason or is_needed:
        raise Invalid(_("Choose a reason from the list (EM-DIS-B)."), field="reason")
    if target.language is not None:
        return str(Transfer.Reason.LANGUAGE)
    if target.department is not None:
        return str(Transfer.Reason.DEPARTMENT)
    return str(Transfer.Reason.SUPERVISOR if target.supervisor else Transfer.Reason.EXPERTISE)


def _why_again(session: ChatSession, again: str, *, is_needed: bool, at: datetime) -> str:
    """Return why a chat is passed on once more. Source: DF-XFER."""
    if is_needed and session.transfers and not again.strip():
        raise Invalid(_("This chat was passed on before. Say why it has to be once more (DF-XFER)."), field="again")
    return _text(again, "again", LONGEST_SUMMARY, "", at=at) if again.strip() else ""


def _text(text: str, field: str, longest: int, if_blank: str, *, at: datetime) -> str:
    if not text.strip():
        raise Invalid(if_blank, field=field)
    if len(text) > longest:
        facts = {"length": len(text), "max": longest}
        sentence = _("The text has %(length)d characters; at most %(max)d fit.") % facts
        raise DomainError("too_long", sentence, field=field)
    return staff_text(text, field=field, at=at)


def _hold_out(transfer: Transfer, session: ChatSession, agent: Agent, *, at: datetime) -> None:
    """Offer a locked session to an agent who is locked; as long as the whole transfer, or as any offer lasts."""
    spans = timedelta(seconds=number_in_force(OFFERS, "offer_seconds", at=at))
    ends = [] if transfer.deadline is None else [transfer.deadline]
    if transfer.to_agent_id is None:
        ends.append(at + spans)
    session.language = transfer.to_language or session.language  # not stored before it is accepted
    hold_out(
        session,
        agent,
        kind=Offer.Kind.TRANSFER,
        why=_why_asked(transfer),
        transfer=transfer,
        version=transfer.version,
        expires_at=min(ends),
        at=at,
    )


def _why_asked(transfer: Transfer) -> str:
    if transfer.reason == Transfer.Reason.CHOICE:
        return str(Offer.Why.ANOTHER)
    if transfer.to_language_id is not None:
        return str(Offer.Why.LANGUAGE)
    if transfer.to_department_id is not None:
        return str(Offer.Why.DEPARTMENT)
    return str(Offer.Why.SUPERVISOR if transfer.to_supervisor else Offer.Why.ASKED_FOR)


def _begin(transfer: Transfer, session: ChatSession, *, at: datetime) -> None:
    """Tell staff, and let the clock of a silent resident stand still; the question to one no longer holds."""
    data = {"to": target_of(transfer).asked(), "reason": transfer.reason}
    tell_staff(
        session,
        StaffKind.TRANSFER,
        at=at,
        agent=transfer.from_agent,
        text=transfer.summary,
        rule=FORWARD if transfer.version else "",
        data=data,
    )
    was_asked = session.idle_notice_at is not None
    stop_silence_clock(session)
    if was_asked:
        with translation.override(session.language_id):
            text = _("We are looking for somebody else to help you. This chat stays open.")
        record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=text, data={"withdrawn": True})
    session.save(update_fields=HOLD_FIELDS)
    _tell(session)


@transaction.atomic
def pass_to_queue(session: ChatSession, *, at: datetime) -> Transfer:
    """Look for another person for a locked session that is on hold, as its resident chose; without a deadline.

    The agent keeps it until somebody of its department accepts. While it is
    being passed on already, that transfer stands. Source: DF-HOLD, EM-FWD.
    """
    running = Transfer.objects.open().filter(session=session).first()
    if running is not None:
        return running
    assert session.agent_id is not None
    transfer = Transfer.objects.create(
        session=session,
        from_agent_id=session.agent_id,
        to_department=session.department,
        reason=Transfer.Reason.CHOICE,
        version=in_force(FORWARD, at=at),
        asked_at=at,
    )
    _begin(transfer, session, at=at)
    return transfer


@transaction.atomic
def decline_transfer(session_id: UUID, *, agent_id: int, why: str, at: datetime) -> None:
    """Refuse a chat that a colleague would pass on; she reads why. Twice changes nothing.

    A group's next candidate is asked by the sweep. Raises `NotFound`, `Invalid`, `edit`, `taken`, `ended`,
    `WrongState`. Source: EM-FWD, EM-COM-C.
    """
    session = ChatSession.objects.locked().filter(pk=session_id).first()
    offer = offer_to(session, agent_id)
    if offer.ending == Ending.DECLINED:
        return
    if offer.ending == Ending.ACCEPTED and offer.session.agent_id == agent_id and not offer.session.is_ended:
        raise WrongState(_("You have accepted this chat. Pass it on, if you cannot go on with it."))
    guard_standing(offer, at=at)
    why = _text(why, "why", LONGEST_WHY, _("Say in a few words why, so that your colleague knows."), at=at)
    close_offer(offer, Ending.DECLINED, at=at, why=why)
    transfer = offer.transfer
    assert transfer is not None
    agent = Agent.objects.select_related("user").get(pk=agent_id)
    assert session is not None  # it has an offer
    if transfer.to_agent_id is None:
        tell_refusal(session, why, agent=agent, at=at)
    else:
        end_unaccepted(transfer, session, Ending.DECLINED, why=why, by=agent, at=at)


def offer_to(session: ChatSession | None, agent_id: int) -> Offer:
    """Return the last offer of a transfer of this session to this agent. Raises `NotFound`."""
    offers = Offer.objects.filter(session=session, agent=agent_id, kind=Offer.Kind.TRANSFER)
    offer = offers.select_related("transfer", "session").order_by("-pk").first() if session is not None else None
    if offer is None:
        raise no_such_chat()
    return offer


def guard_standing(offer: Offer, *, at: datetime) -> None:
    """Refuse what is no longer on offer, and say what became of it. Raises `taken`, `ended`, `WrongState`."""
    if offer.ended_at is None and offer.expires_at > at:
        return
    transfer = offer.transfer
    assert transfer is not None
    if offer.session.is_ended:
        raise DomainError("ended", _("This chat has ended."))
    if transfer.ending == Ending.ACCEPTED:
        raise DomainError("taken", _("A colleague has just taken this chat."))
    if offer.session.status == Status.QUEUED:
        raise WrongState(_("This chat went back to the queue. Accept it there."))
    raise WrongState(_("This offer is over; the chat is no longer passed on to you."))


def end_unaccepted(
    transfer: Transfer, session: ChatSession, ending: Ending, *, why: str, at: datetime, by: Agent | None = None
) -> None:
    """End a transfer that nobody accepts: the first agent keeps the locked session, and reads why. Source: EM-FWD."""
    transfer.ended_at, transfer.ending, transfer.declined_why = at, ending, why
    transfer.save(update_fields=["ended_at", "ending", "declined_why"])
    if session.status == Status.ACTIVE and not owes_answer(session):
        begin_silence_clock(session, at=at)
        session.save(update_fields=HOLD_FIELDS)
    tell_refusal(session, why, agent=by, at=at)


def tell_refusal(session: ChatSession, why: str, *, agent: Agent | None, at: datetime) -> None:
    tell_staff(session, StaffKind.DECLINED, at=at, agent=agent, text=why, rule=FORWARD)
    _tell(session)


def _tell(session: ChatSession) -> None:
    if session.agent_id is not None:
        emit("agent", agent_id=session.agent_id)
    emit("session", sessions=[str(session.pk)])


# By itself ------------------------------------------------------------------------
def expire_transfers(*, at: datetime) -> int:
    """End transfers whose time is up, and ask a group's next candidate; answer how many acts there were.

    Safe to run twice, late, or on ten machines. Source: EM-FWD.
    """
    acts = _end_overdue(at=at)
    asked = Offer.objects.open().filter(session=OuterRef("session"))
    waiting = Transfer.objects.open().filter(~Exists(asked), to_agent__isnull=True)
    for transfer_id in waiting.order_by("asked_at", "pk").values_list("pk", flat=True):
        acts += offer_next(transfer_id, at=at)
    return acts


@transaction.atomic
def _end_overdue(*, at: datetime) -> int:
    """Close what was held out for too long, or to who is gone; what is past its deadline as a whole is over."""
    if not is_mine("chat.transfers"):
        return 0
    due = Q(pk__in=Transfer.objects.open().filter(deadline__lte=at).values("session"))
    offered = Offer.objects.open().filter(kind=Offer.Kind.TRANSFER)
    answered_by_nobody = Q(expires_at__lte=at) | ~Q(agent__presence=Presence.ONLINE)
    due |= Q(pk__in=offered.filter(answered_by_nobody).values("session"))
    rows = ChatSession.objects.filter(due).order_by("pk")
    sessions = list(rows.select_for_update(no_key=True, skip_locked=True, of=("self",)))
    for session in sessions:
        _end_overdue_of(session, at=at)
    return len(sessions)


def _end_overdue_of(session: ChatSession, *, at: datetime) -> None:
    transfer = Transfer.objects.open().select_related("to_agent__user").filter(session=session).first()
    offers = Offer.objects.open().filter(session=session, kind=Offer.Kind.TRANSFER)
    offer = offers.select_related("agent__user").first()
    is_over = transfer is not None and transfer.deadline is not None and transfer.deadline <= at
    if offer is not None and (is_over or offer.expires_at <= at):
        close_offer(offer, Ending.EXPIRED, at=at)
    if transfer is not None and is_over:
        why = _("Nobody accepted in time. The chat stays with you.")
        end_unaccepted(transfer, session, Ending.EXPIRED, why=why, at=at)
    elif transfer is not None and offer is not None and offer.ended_at is None:
        _take_back(transfer, session, offer, at=at)


def _take_back(transfer: Transfer, session: ChatSession, offer: Offer, *, at: datetime) -> None:
    """Take an offer back from who went away since, unless she is there again by now; a group's next is asked."""
    if offer.agent.presence == Presence.ONLINE:
        return
    close_offer(offer, Ending.WITHDRAWN, at=at)
    if transfer.to_agent_id is not None:
        why = _("%(name)s is no longer online. The chat stays with you.") % {"name": offer.agent.display_name}
        end_unaccepted(transfer, session, Ending.EXPIRED, why=why, at=at)


@transaction.atomic
def offer_next(transfer_id: int, *, at: datetime) -> bool:
    """Hold a chat that is being passed on out to the next of its group; answer whether there was one.

    Source: EM-FWD, EM-LANG.
    """
    if not is_mine(f"chat.transfer {transfer_id}"):  # somebody else looks for the next one just now
        return False
    transfer = Transfer.objects.open().select_related("session", "version").filter(pk=transfer_id).first()
    found = next_of(transfer, transfer.session, at=at) if transfer is not None else None
    if transfer is None or found is None:
        return False
    agent = Agent.objects.locked().select_related("user").get(pk=found)
    session = ChatSession.objects.locked().filter(pk=transfer.session_id).first()
    is_open = Transfer.objects.open().filter(pk=transfer_id).exists()
    is_in_time = transfer.deadline is None or transfer.deadline > at
    if session is None or not is_open or not is_in_time or agent.presence != Presence.ONLINE:
        return False
    try:
        _hold_out(transfer, session, agent, at=at)
    except DomainError:  # she took another chat in the meantime, or this is on offer again: next time
        return False
    return True
