"""Sessions: asked for, accepted, ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from agents.hours import local_date
from agents.models import Agent, Department, Language, Presence
from chat import rules
from chat.actions.answering import ANSWER_FIELDS, begin_answer_clock
from chat.actions.messages import record
from chat.actions.offers import settle_offer, withdraw
from chat.actions.retention import customer_key, mark_while_evaluated
from chat.actions.screened import PAY_TOPICS, consequences, joined, raise_flags
from chat.actions.seats import guard_assigned, take_seat
from chat.actions.stays import STAY_FIELDS, begin_stay
from chat.actions.wrap_up import begin_wrap_up
from chat.emergencies import emergency_words, where_to_pay
from chat.models import ChatSession, Kind, Seat, Side, Wording
from chat.opening import guard_accept, guard_request, opening_of
from chat.permissions import access_as_agent, access_by_digest, access_to_accept
from chat.states import AGENT_OUTCOMES, Outcome, Status, check_transition
from contactcenter.lib.errors import DomainError, Invalid, TooFast
from contactcenter.lib.events import emit
from contactcenter.lib.hashing import digest, new_secret
from contactcenter.lib.serial import one_at_a_time
from contactcenter.lib.text import normal_text
from policies.screening import Screened, screen
from policies.versions import in_force
from policies.why import why
from policies.words import profanity_list

HOUR = timedelta(hours=1)
END_FIELDS = ["status", "outcome", "ended_at", "wrap_up_deadline", "wrapped_up_at"]
END_FIELDS += ["idle_deadline", "idle_notice_at", "last_seq", "held_at", "hold_time", "unmatched", "unmatched_at"]
END_FIELDS += ["choice_deadline", "busy_deadline", "answer_deadline"]
GREET = "SJ-GREET"


@dataclass(frozen=True, slots=True)
class Request:
    """What a resident filled in before the chat, checked; the keys are keyed hashes, or empty."""

    name: str
    question: str
    department: Department
    language: Language
    topic: str = ""
    email: str = ""
    phone: str = ""
    request_key: str = ""
    returning_key: str = ""
    address_key: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session with its new token, the only time that the token is known."""

    session: ChatSession
    token: str
    is_new: bool


@transaction.atomic
def request_chat(request: Request, *, at: datetime) -> Opened:
    """Put a resident into the queue, with the question as event 1.

    The same `request_key` again is answered as `repeat_request` says. Raises
    `closed` outside of the hours in which a chat may begin, and `TooFast` when
    the address has asked for its share of chats in this hour. Every text is
    screened. Source: EM-DEF, EM-HRS, EM-HRS-30, EM-PAY, EM-911, EM-RET-Ba-i, DF-HOLD, EM-COM-Daii, SJ-ACD.
    """
    if request.request_key:
        one_at_a_time(request.request_key)
        repeated = repeat_request(request.request_key, returning_key=request.returning_key, at=at)
        if repeated is not None:
            return repeated
    if request.returning_key:
        one_at_a_time(customer_key(request.returning_key, None))
    opening = opening_of(request.department, at=at)
    guard_request(opening)
    _guard_address(request.address_key, at=at)
    token = new_secret()
    name, topic = screen(request.name), screen(request.topic, emergency_words(), profanity_list())
    session = ChatSession.objects.create(
        department=request.department,
        language=request.language,
        topic=topic.text,
        customer_name=name.text,
        customer_email=request.email,
        customer_phone=request.phone,
        token_digest=digest(token),
        request_key=request.request_key,
        returning_key=request.returning_key,
        address_key=request.address_key,
        calendar_version_id=opening.calendar.version if opening.calendar else None,
        requested_at=at,
        queued_at=at,
        customer_wrote_at=at,
        unseen_since=at,
    )
    begin_stay(session, at=at)
    _keep_question(session, request.question, [name, topic], at=at)
    mark_while_evaluated(session, at=at)
    emit("queue")
    return Opened(session=session, token=token, is_new=True)


def _keep_question(session: ChatSession, question: str, others: Sequence[Screened], *, at: datetime) -> None:
    """Store the question as event 1, screened, and what follows from it and from the `others`, name and topic.

    Source: EM-PAY, EM-911.
    """
    screened = joined(screen(normal_text(question), emergency_words(), profanity_list()), *others)
    name = session.customer_name
    first = record(session, Kind.MESSAGE, side=Side.CUSTOMER, at=at, name=name, text=screened.text)
    found = consequences(session, screened, side=Side.CUSTOMER, seq=first.seq, said_before=(), at=at)
    if session.topic.casefold() in PAY_TOPICS and not screened.payment:
        told = where_to_pay(session.department, session.language_id, at=at)
        found.said += [told] if told else []
    for said in found.said:
        record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=said.text, rule=said.rule, data=said.data)
    session.save(update_fields=["last_seq", *STAY_FIELDS])
    raise_flags(found.flags)


@transaction.atomic
def repeat_request(request_key: str, *, returning_key: str, at: datetime) -> Opened | None:
    """Open the session of the last 10 minutes with this key anew, while it runs; None when there is none.

    The older token stops working, and with it its sockets; the secret of who comes back is the newest answer's.
    """
    recent = ChatSession.objects.filter(requested_at__gt=at - rules.REQUEST_REPEATABLE, ended_at__isnull=True)
    session = recent.locked().filter(request_key=request_key).order_by("-requested_at").first()
    if session is None:
        return None
    token = new_secret()
    session.token_digest = digest(token)
    session.returning_key = returning_key
    session.save(update_fields=["token_digest", "returning_key"])
    emit("token", session=str(session.pk))
    return Opened(session=session, token=token, is_new=False)


@transaction.atomic
def accept(session_id: UUID, *, agent_id: int, at: datetime) -> ChatSession:
    """Give a waiting session to an agent: take a seat, tell the customer who is there, greet.

    Accepting what one already holds changes nothing, and who declined may
    still accept. Raises `NotFound`, `taken`, `ended`, `not_online`, `closed`,
    `offered_elsewhere`, `not_certified`, `no_seat`.
    Source: EM-DEF, EM-HRS, EM-CAP, EM-COM-Da, PH-CERT, SJ-ACD, SJ-GREET.
    """
    agent = Agent.objects.locked().select_related("user").get(pk=agent_id)
    session = access_to_accept(session_id, agent, at=at)
    if session.agent_id == agent_id and not session.is_ended:
        return session
    if session.status not in (Status.QUEUED, Status.ENDED):
        raise DomainError("taken", _("A colleague has just taken this chat."))
    check_transition(session.status, Status.ACTIVE)
    if agent.presence != Presence.ONLINE:
        raise DomainError("not_online", _("Set yourself to online to accept chats."))
    opening = opening_of(session.department, at=at)
    guard_accept(opening)
    shown_at = settle_offer(session, agent, at=at)
    on = local_date(at, calendar=opening.calendar)
    guard_assigned(agent, on=on, at=at)
    take_seat(agent, session, on=on, at=at)
    if session.first_answer_at is None:  # else the first answer was that of an earlier agent
        session.offered_at = shown_at
    session.status = Status.ACTIVE
    session.agent = agent
    session.accepted_at = at
    stop_waiting(session)
    begin_answer_clock(session, at=at)
    greet(session, agent, at=at)
    session.save(update_fields=ACCEPT_FIELDS)
    _tell(session, agent_id)
    emit("queue")
    return session


@transaction.atomic
def end_as_agent(session_id: UUID, *, agent_id: int, outcome: str, at: datetime) -> ChatSession:
    """End a chat as its agent, with an outcome; the seat is free at once. Ending an ended one changes nothing.

    Raises `NotFound`, `Invalid`.
    """
    session = access_as_agent(session_id, agent_id)
    if outcome not in AGENT_OUTCOMES:
        raise Invalid(_("Choose an outcome from the list."), field="outcome")
    if not session.is_ended:
        agent = Agent.objects.select_related("user").get(pk=agent_id)
        end(session, Outcome(outcome), side=Side.AGENT, at=at, agent=agent, name=agent.display_name)
    return session


@transaction.atomic
def end_as_customer(session_id: UUID, *, token_digest: str, at: datetime) -> ChatSession:
    """End a chat, or leave the queue, as the customer. Ending an ended one changes nothing. Raises `Unauthorized`."""
    session = ChatSession.objects.locked().filter(pk=session_id).first()
    access_by_digest(session_id, token_digest, at=at)
    assert session is not None  # it was opened by its token
    if not session.is_ended:
        end(session, Outcome.CUSTOMER_ENDED, side=Side.CUSTOMER, at=at, name=session.customer_name)
    return session


def end(session: ChatSession, outcome: Outcome, *, side: Side, at: datetime, **told: Any) -> None:
    """End a session whose row the caller has locked; `told` is what its last event says (see `record`)."""
    check_transition(session.status, Status.ENDED)
    was_queued = session.status == Status.QUEUED
    Seat.objects.filter(session=session).delete()
    withdraw(session, at=at)
    session.status = Status.ENDED
    session.outcome = outcome
    session.ended_at = at
    session.idle_deadline = session.idle_notice_at = None
    if session.held_at is not None:
        session.hold_time += at - session.held_at
        session.held_at = None
    stop_waiting(session)
    session.answer_deadline = None
    begin_wrap_up(session, at=at)
    told["data"] = {"outcome": outcome, **told.get("data", {})}
    record(session, Kind.ENDED, side=side, at=at, **told)
    session.save(update_fields=END_FIELDS)
    _tell(session, session.agent_id)
    if was_queued:
        emit("queue")


def stop_waiting(session: ChatSession) -> None:
    """Stop the clocks of a session that no longer waits in the queue or on hold; the caller saves it."""
    session.unmatched, session.unmatched_at = "", None
    session.choice_deadline = session.busy_deadline = None


WAITING_FIELDS = ["unmatched", "unmatched_at", "choice_deadline", "busy_deadline"]
ACCEPT_FIELDS = ["status", "agent", "accepted_at", "offered_at", "last_seq", *WAITING_FIELDS, *ANSWER_FIELDS]


def _tell(session: ChatSession, agent_id: int | None) -> None:
    emit("session", sessions=[str(session.pk)])
    if agent_id is not None:
        emit("agent", agent_id=agent_id)


def greet(session: ChatSession, agent: Agent, *, at: datetime) -> None:
    """Tell the customer who has joined, then greet as the city words it; the caller saves `last_seq`.

    Source: SJ-GREET.
    """
    facts = {
        "agent": agent.pk,
        "department": session.department.code,
        "language": session.language_id,
        "topic": session.topic or None,
    }
    record(session, Kind.JOINED, side=Side.SYSTEM, at=at, agent=agent, name=agent.display_name, data=facts)
    wording = Wording.objects.for_chat(
        Wording.Kind.GREETING, department_id=session.department_id, language=session.language_id
    )
    if wording is not None:
        text = wording.filled(agent=agent.display_name, department=session.department, language=session.language_id)
        version = in_force(GREET, at=at)
        with translation.override(session.language_id):
            data = why(version, _("Whoever accepts a chat is introduced at once.")) if version else {}
        record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=text, rule=GREET, data=data)


def _guard_address(address_key: str, *, at: datetime) -> None:
    limit = settings.LIMIT_CHATS_PER_ADDRESS_HOUR
    if not limit or not address_key:
        return
    one_at_a_time(address_key)
    recent = ChatSession.objects.filter(address_key=address_key, requested_at__gt=at - HOUR)
    times = list(recent.order_by("-requested_at").values_list("requested_at", flat=True)[:limit])
    if len(times) < limit:
        return
    wait = max(1, int((times[-1] + HOUR - at).total_seconds()) + 1)
    raise TooFast(
        _("Too many chats were started from your connection. Try again later, or call us."),
        retry_after=wait,
        code="too_many",
    )
