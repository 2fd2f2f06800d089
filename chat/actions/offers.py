"""Offers: a session is held out to one agent, until somebody decides. Whoever writes one has locked its session."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from agents.hours import date_in
from agents.models import Agent
from chat.actions.seats import CHAT, guard_assigned, guard_certified, guard_free_seat
from chat.models import ChatSession, Ending, Offer, Transfer
from contactcenter.lib.errors import DomainError
from contactcenter.lib.events import emit
from policies.models import RuleVersion


def hold_out(
    session: ChatSession,
    agent: Agent,
    *,
    kind: str,
    why: str,
    expires_at: datetime,
    at: datetime,
    transfer: Transfer | None = None,
    version: RuleVersion | None = None,
) -> Offer:
    """Offer a session to an agent, which reserves it and one of her seats; the caller has locked her, then it.

    Raises `no_seat`, `not_certified`, and `offered_elsewhere` while an offer of it is open. Source: SJ-ACD, EM-COM-Da.
    """
    if open_offer(session) is not None:
        raise offered_elsewhere()
    guard_free_seat(agent, session)
    on = date_in(session.department_id, channel=CHAT, at=at)
    guard_assigned(agent, on=on, at=at)
    guard_certified(agent, session, on=on)
    offer = Offer.objects.create(
        session=session,
        agent=agent,
        kind=kind,
        why=why,
        transfer=transfer,
        version=version,
        offered_at=at,
        expires_at=expires_at,
    )
    emit("agent", agent_id=agent.pk)
    emit("queue")  # where it waits, every desk reads whether it is on offer
    return offer


def close_offer(offer: Offer, ending: Ending, *, at: datetime, why: str = "") -> None:
    """End an open offer, whose session is locked, and tell its agent; the seat is free again unless she took it."""
    offer.ended_at = at
    offer.ending = ending
    offer.declined_why = why
    offer.save(update_fields=["ended_at", "ending", "declined_why"])
    emit("agent", agent_id=offer.agent_id)
    emit("queue")


def withdraw(session: ChatSession, *, at: datetime) -> None:
    """Take back what of a locked session is on offer, and a transfer of it, because it is decided otherwise."""
    offer = open_offer(session)
    if offer is not None:
        close_offer(offer, Ending.WITHDRAWN, at=at)
    Transfer.objects.open().filter(session=session).update(ended_at=at, ending=Ending.WITHDRAWN)


def open_offer(session: ChatSession) -> Offer | None:
    """Return the offer of a session that is open, of which there is at most one."""
    return Offer.objects.open().filter(session=session).first()


def settle_offer(session: ChatSession, agent: Agent, *, at: datetime) -> datetime:
    """Close the offer of a session that this agent takes; answer since when it was shown to her.

    One that has run out holds nobody up, whether the sweep has seen it or not.
    Without an offer it is shown to her now. Raises `offered_elsewhere`. Source: SJ-ACD.
    """
    offer = open_offer(session)
    if offer is None:
        return at
    if offer.agent_id == agent.pk:
        close_offer(offer, Ending.ACCEPTED, at=at)
        return offer.offered_at
    if offer.expires_at > at:
        raise offered_elsewhere()
    close_offer(offer, Ending.EXPIRED, at=at)
    return at


def offered_elsewhere() -> DomainError:
    return DomainError(
        "offered_elsewhere",
        _("This chat is being offered to a colleague. If it is not taken, you can accept it in a moment."),
    )
