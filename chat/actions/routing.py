"""Routing: each waiting chat is offered to one agent; an offer is declined, runs out, or is taken back.

Nobody waits for anybody here: an agent or a session that is busy is left to
the next pass, a second later at most. Source: SJ-ACD.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agents.models import Agent, Presence
from agents.permissions import may_agent_work
from chat.actions.offers import close_offer, hold_out
from chat.matching import away_span, online_agents, plan_offers
from chat.matching_rules import Match
from chat.models import ChatSession, Ending, Offer
from chat.permissions import no_such_chat
from contactcenter.lib.errors import DomainError, Invalid, WrongState
from contactcenter.lib.events import emit
from contactcenter.lib.serial import is_mine
from policies.models import RuleVersion
from policies.staff_texts import staff_text
from policies.versions import in_force, rules_in_force

RULE, AWAY = "SJ-ACD", "EM-COM-D"
LONGEST_WHY = 300


@transaction.atomic
def route(*, at: datetime) -> int:
    """Offer what waits to whom it is to be offered, and write down why the rest is not; answer how many offers.

    One pass at a time, whichever process runs it. Without the rule nothing is
    offered, and chats are accepted from the queue alone.
    Source: SJ-ACD, EM-LANG, EM-COM-D, EM-COM-Da.
    """
    if not ChatSession.objects.queued().exists():
        return 0
    held = rules_in_force([RULE, AWAY], at=at)
    if RULE not in held or not is_mine("chat.route"):
        return 0
    _take_back(at=at)
    found = plan_offers(held.get(AWAY), at=at)
    matches = [each for each in found.values() if isinstance(each, Match)]
    made = [_offer(each, held[RULE], at=at) for each in matches]
    _note_unmatched({pk: each for pk, each in found.items() if isinstance(each, str)}, at=at)
    if None in made:  # somebody was busy for a moment: whoever set this pass going looks again
        emit("queue")
    return sum(each is True for each in made)


def _take_back(*, at: datetime) -> None:
    """Take back what is on offer from the queue to somebody who is no longer online; it was not their choice."""
    offers = Offer.objects.open().filter(kind=Offer.Kind.QUEUE).exclude(agent__presence=Presence.ONLINE)
    for offer in _with_sessions_locked(offers):
        close_offer(offer, Ending.WITHDRAWN, at=at)


def _with_sessions_locked(offers: QuerySet[Offer]) -> list[Offer]:
    """Return those of the offers that are still open once their sessions are locked; who is busy comes next time."""
    wanted = list(offers.values_list("session_id", flat=True))
    if not wanted:
        return []
    sessions = ChatSession.objects.filter(pk__in=wanted).order_by("pk")
    locked = list(sessions.select_for_update(no_key=True, skip_locked=True, of=("self",)).values_list("pk", flat=True))
    return list(offers.filter(session__in=locked).order_by("pk"))


def _offer(match: Match, version: RuleVersion, *, at: datetime) -> bool | None:
    """Hold one chat out to one agent; None where one of them is busy, or has changed since it was looked at."""
    agents = Agent.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related("user")
    agent = agents.filter(pk=match.agent_id, presence=Presence.ONLINE).first()
    if agent is None:
        return None
    if not may_agent_work(agent, at=at):
        return False
    sessions = ChatSession.objects.queued().select_for_update(no_key=True, skip_locked=True, of=("self",))
    session = sessions.filter(pk=match.session_id).first()
    if session is None:
        return None
    try:
        hold_out(
            session,
            agent,
            kind=Offer.Kind.QUEUE,
            why=match.why,
            expires_at=at + timedelta(seconds=version.number_of("offer_seconds")),
            at=at,
            version=version,
        )
    except DomainError:
        return False
    if session.unmatched:
        session.unmatched, session.unmatched_at = "", None
        session.save(update_fields=["unmatched", "unmatched_at"])
        emit("queue")
    return True


def _note_unmatched(found: Mapping[UUID, str], *, at: datetime) -> None:
    """Write down why chats are offered to nobody, where that has changed."""
    known = ChatSession.objects.queued().filter(pk__in=found).values_list("pk", "unmatched")
    changed = {pk: found[pk] for pk, code in known if found[pk] != code}
    if not changed:
        return
    locked = ChatSession.objects.queued().filter(pk__in=changed).order_by("pk")
    sessions = list(locked.select_for_update(no_key=True, skip_locked=True, of=("self",)))
    for session in sessions:
        session.unmatched, session.unmatched_at = changed[session.pk], at
    ChatSession.objects.bulk_update(sessions, ["unmatched", "unmatched_at"])
    emit("queue")


@transaction.atomic
def expire_offers(*, at: datetime) -> int:
    """End the offers from the queue that nobody answered in time; answer how many. Source: SJ-ACD."""
    due = _with_sessions_locked(Offer.objects.due(at=at).filter(kind=Offer.Kind.QUEUE))
    for offer in due:
        close_offer(offer, Ending.EXPIRED, at=at)
    return len(due)


@transaction.atomic
def prolong_offers(*, at: datetime) -> None:
    """After an outage of ours: what was on offer meanwhile could not be answered, and lasts its whole time anew."""
    offers = Offer.objects.open().filter(kind=Offer.Kind.QUEUE, version__isnull=False)
    for offer in _with_sessions_locked(offers.select_related("version")):
        assert offer.version is not None
        offer.expires_at = max(offer.expires_at, at + timedelta(seconds=offer.version.number_of("offer_seconds")))
        offer.save(update_fields=["expires_at"])
        emit("agent", agent_id=offer.agent_id)


@transaction.atomic
def note_who_is_away(*, at: datetime) -> int:
    """Note who is online and has been away from the desk for too long, and who is back; answer how many changed.

    They stay online and keep their chats; nothing new is offered to them, and
    they and their colleagues read it. Source: EM-COM-D.
    """
    if not is_mine("chat.away_agents"):
        return 0
    span = away_span(in_force(AWAY, at=at))
    online = online_agents(at=at) if span is not None else []
    away = {agent.id for agent in online if span is not None and agent.active_at <= at - span}
    noted = set(Agent.objects.filter(away_at__isnull=False).values_list("pk", flat=True))
    Agent.objects.filter(pk__in=away - noted).update(away_at=at)
    Agent.objects.filter(pk__in=noted - away).update(away_at=None)
    for agent_id in away ^ noted:
        emit("agent", agent_id=agent_id)
    return len(away ^ noted)


@transaction.atomic
def decline(session_id: UUID, *, agent_id: int, why: str, at: datetime) -> None:
    """Pass on a chat that is offered to an agent; it is offered to the next. Twice changes nothing.

    She may still accept it while it waits. Raises `Invalid`, `edit`, `NotFound`, `WrongState`.
    Source: SJ-ACD, EM-COM-C.
    """
    why = why.strip()
    if len(why) > LONGEST_WHY:
        raise Invalid(_("Say why in at most %(max)d characters.") % {"max": LONGEST_WHY}, field="why")
    why = staff_text(why, field="why", at=at)
    session = ChatSession.objects.locked().filter(pk=session_id).first()
    offers = Offer.objects.filter(session=session_id, agent=agent_id, kind=Offer.Kind.QUEUE)
    offer = offers.order_by("-pk").first()
    if session is None or offer is None:
        raise no_such_chat()
    if offer.ended_at is None:
        close_offer(offer, Ending.DECLINED, at=at, why=why)
    elif offer.ending != Ending.DECLINED:
        raise WrongState(_("This chat is not offered to you any more, so there is nothing to decline."))
