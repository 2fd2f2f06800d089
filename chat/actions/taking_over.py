"""Taking over a chat that a colleague passes on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from agents.hours import date_in
from agents.models import Agent, Presence
from chat.actions.answering import owes_answer
from chat.actions.hold import HOLD_FIELDS, end_hold, go_on_answering, stop_clocks
from chat.actions.messages import record
from chat.actions.offers import close_offer
from chat.actions.seats import CHAT, guard_assigned, move_seat
from chat.actions.sessions import greet
from chat.actions.targets import target_of
from chat.actions.transfers import FORWARD, ONCE, guard_standing, offer_to
from chat.models import ChatSession, Ending, Kind, Offer, Side, Transfer
from chat.states import Status, check_transition
from contactcenter.lib.errors import DomainError
from contactcenter.lib.events import emit
from policies.versions import rules_in_force
from policies.why import why

MOVED = ["agent", "department", "language", "transfers", "offered_at", "answer_step", "kept_open_at", *HOLD_FIELDS]


@transaction.atomic
def accept_transfer(session_id: UUID, *, agent_id: int, at: datetime) -> ChatSession:
    """Take over a chat that is passed on to this agent: seat, history and summary go along, in one transaction.

    It is then in the department, or the language, to which it was passed on.
    Accepting what one holds changes nothing. Raises `NotFound`, `taken`,
    `ended`, `WrongState`, `not_online`, `not_certified`, `no_seat`.
    Source: EM-FWD, EM-LANG, DF-XFER.
    """
    agent = Agent.objects.locked().select_related("user").get(pk=agent_id)
    sessions = ChatSession.objects.locked().select_related("department", "agent__user")
    session = sessions.filter(pk=session_id).first()
    if session is not None and session.agent_id == agent_id:
        check_transition(session.status, Status.ENDED)
        return session
    offer = offer_to(session, agent_id)
    assert session is not None  # it has an offer
    guard_standing(offer, at=at)
    transfer = offer.transfer
    assert transfer is not None
    if agent.presence != Presence.ONLINE:
        raise DomainError("not_online", _("Set yourself to online to accept chats."))
    _change_hands(session, transfer, offer, agent, at=at)
    return session


def _change_hands(session: ChatSession, transfer: Transfer, offer: Offer, agent: Agent, *, at: datetime) -> None:
    first = session.agent
    assert first is not None
    session.department = transfer.to_department or session.department
    session.language = transfer.to_language or session.language
    close_offer(offer, Ending.ACCEPTED, at=at)  # first: what is offered counts as a seat
    on = date_in(session.department_id, channel=CHAT, at=at)
    guard_assigned(agent, on=on, at=at)
    move_seat(session, agent, on=on, at=at)
    transfer.ended_at, transfer.ending, transfer.accepted_by = at, Ending.ACCEPTED, agent
    transfer.save(update_fields=["ended_at", "ending", "accepted_by"])
    session.agent = agent
    session.transfers += 1
    if session.first_answer_at is None:
        session.offered_at = offer.offered_at
    if session.status == Status.ON_HOLD:
        end_hold(session, at=at)
    _begin_clock_of_receiver(session, at=at)
    _tell_both_sides(session, transfer, first, agent, at=at)
    session.save(update_fields=MOVED)
    for each in (first, agent):
        emit("agent", agent_id=each.pk)
    emit("session", sessions=[str(session.pk)])


def _begin_clock_of_receiver(session: ChatSession, *, at: datetime) -> None:
    """Let the time to answer begin with the transfer; the resident is silent only once the receiver has written.

    What the first agent kept open is hers to keep open anew.
    Where DF-XFER is not adopted she owes only an answer that was owed before. Source: DF-XFER, EM-COM-D.
    """
    stop_clocks(session)
    session.kept_open_at = None
    session.answer_step = 0
    if ONCE in rules_in_force([ONCE], at=at) or owes_answer(session):
        go_on_answering(session, at=at)


def _tell_both_sides(session: ChatSession, transfer: Transfer, first: Agent, agent: Agent, *, at: datetime) -> None:
    version = transfer.version
    with translation.override(session.language_id):
        names = {"from": first.display_name, "to": agent.display_name}
        text = _("%(from)s passes this chat on to %(to)s, who can read everything that was said.") % names
        sentence = _("Somebody else can help you better; you need not say anything twice.")
        data = why(version, sentence) if version else {}
    data |= {"to": target_of(transfer).asked(), "reason": transfer.reason}
    record(
        session,
        Kind.TRANSFERRED,
        side=Side.SYSTEM,
        at=at,
        agent=first,
        name=first.display_name,
        text=text,
        rule=FORWARD if version else "",
        data=data,
    )
    left = {"agent": first.pk}
    record(session, Kind.LEFT, side=Side.SYSTEM, at=at, agent=first, name=first.display_name, data=left)
    greet(session, agent, at=at)
