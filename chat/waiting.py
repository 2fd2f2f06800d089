"""What whoever waits is told by itself, and what becomes of who is no longer there. Sweeps call it.

Each time counts from when the step before was really taken: what an outage of ours held up comes once, late.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from chat.actions.choices import WAITS, Option
from chat.actions.messages import record
from chat.actions.seen import note_away
from chat.actions.sessions import end
from chat.actions.stays import AWAY, BUSY, LANGUAGE, WhoIsThere, is_language_missing, is_nobody_there, is_seat_free
from chat.actions.waiting import CHOICES
from chat.matching_rules import Candidate
from chat.models import ChatSession, Kind, Offer, Side, Wording, city_fields
from chat.projection import iso
from chat.rules import fill
from chat.states import Outcome, Status
from chat.wordings import wording
from contactcenter.lib.events import emit
from contactcenter.lib.serial import is_mine
from policies.kinds import say_seconds
from policies.models import RuleVersion
from policies.versions import in_force, rules_in_force
from policies.why import why

PRESENCE = "SJ-ACD"
AT_ONCE = 200  # sessions that one transaction takes


def _claimed(due: QuerySet[ChatSession]) -> list[ChatSession]:
    """Return sessions, locked; those that somebody else has locked come next time."""
    locked = due.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=("self",))
    rows = locked.select_related("department", "choice_version__document").prefetch_related("department__names")
    return list(rows[:AT_ONCE])


# All are busy -------------------------------------------------------------------
def tell_all_busy(*, at: datetime) -> int:
    """Tell who waits that all are busy, once a stay, and how else the department is reached. Source: EM-COM-Daii."""
    return sum(iter(lambda: _tell_some(at), 0))


@transaction.atomic
def _tell_some(at: datetime) -> int:
    if not is_mine("chat.busy"):
        return 0
    sessions = _claimed(ChatSession.objects.queued().filter(busy_deadline__lte=at))
    if not sessions:
        return 0
    held = rules_in_force([BUSY, LANGUAGE, CHOICES, AWAY], at=at)
    present = WhoIsThere(held.get(AWAY), at=at)
    for session in sessions:
        _tell(session, held, present, at=at)
    emit("session", sessions=[str(session.pk) for session in sessions])
    return len(sessions)


def _tell(session: ChatSession, held: dict[str, RuleVersion], present: WhoIsThere, *, at: datetime) -> None:
    """Say what is the matter: nobody free or there, or nobody who speaks the language. Source: EM-COM-Daii, EM-LANG."""
    session.busy_deadline, session.busy_told_at = None, at
    session.save(update_fields=["busy_deadline", "busy_told_at"])
    if not held.keys() & {BUSY, LANGUAGE}:
        return
    there = present.for_chat(session)
    lacks_language = LANGUAGE in held and is_language_missing(session, there)
    causes = [rule for rule, holds in ((BUSY, BUSY in held), (LANGUAGE, lacks_language)) if holds]
    if not causes:
        return
    department = session.department
    with translation.override(session.language_id):
        text = _language_text(session) if lacks_language else _text_for(session, there)
        sentence = _("Nobody is free for this department and language, or nobody has answered in time.")
        data = why(held[causes[0]], sentence, email=department.email, phone=department.phone)
    data |= _choices_of(session, held.get(CHOICES), also=causes[1:])
    _say(session, text, rule=causes[0], data=data, at=at)


def _text_for(session: ChatSession, there: Collection[Candidate]) -> str:
    """Say it as it is: nobody is at the desk, somebody could take the chat and has not yet, or all are busy."""
    if is_nobody_there(there):
        return _nobody_text(session)
    # An offer to somebody keeps a seat of hers, perhaps the last.
    could_be_taken = is_seat_free(session, there) or Offer.objects.open().filter(session=session).exists()
    return _unanswered_text(session) if could_be_taken else _busy_text(session)


def _language_text(session: ChatSession) -> str:
    """Say that nobody speaks the language, whoever is busy or free: of the others it would be no answer."""
    missing = _("Nobody who answers in this language (%(language)s) is here.") % {"language": session.language.name}
    stays = _("You keep your place, and we answer as soon as we can.")
    return fill(f"{missing} {stays}{_other_ways(session)}", city_fields(session.department, session.language_id))


def _busy_text(session: ChatSession) -> str:
    default = _("Everybody is busy with other residents. We answer as soon as we can.")
    return wording(Wording.Kind.ALL_BUSY, session, default=default + _other_ways(session))


def _unanswered_text(session: ChatSession) -> str:
    default = _("Nobody has answered yet. You keep your place, and we answer as soon as we can.")
    return wording(Wording.Kind.UNANSWERED, session, default=default + _other_ways(session))


def _nobody_text(session: ChatSession) -> str:
    default = _(
        "Nobody is here to answer at the moment. You keep your place, and we answer as soon as somebody is back."
    )
    return wording(Wording.Kind.NOBODY_THERE, session, default=default + _other_ways(session))


def _other_ways(session: ChatSession) -> str:
    ways = ""
    if session.department.email:
        ways += " " + _("You can also write to {email}.")
    if session.department.phone:
        ways += " " + _("You can also call {phone}.")
    return ways


def _choices_of(session: ChatSession, version: RuleVersion | None, *, also: list[str]) -> dict[str, Any]:
    """Return what a notice says of the choices that there are: none where DF-HOLD is not adopted."""
    facts: dict[str, Any] = {"choices": [option.value for option in Option] if version else []}
    facts["next_at"] = iso(session.choice_deadline)
    return {**facts, "also": also} if also else facts


def _say(session: ChatSession, text: str, *, rule: str, data: dict[str, Any], at: datetime) -> None:
    record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=text, rule=rule, data=data)
    session.save(update_fields=["last_seq"])


# Choices --------------------------------------------------------------------------
def offer_choices(*, at: datetime) -> int:
    """Ask who has waited for the city's time, in the queue or on hold, what they would rather do; and again.

    Source: DF-HOLD.
    """
    return sum(iter(lambda: _offer_some(at), 0))


@transaction.atomic
def _offer_some(at: datetime) -> int:
    if not is_mine("chat.choices"):
        return 0
    sessions = _claimed(ChatSession.objects.filter(status__in=WAITS, choice_deadline__lte=at))
    for session in sessions:
        _offer(session, at=at)
    emit("session", sessions=[str(session.pk) for session in sessions])
    return len(sessions)


def _offer(session: ChatSession, *, at: datetime) -> None:
    version, due_at = session.choice_version, session.choice_deadline
    assert version is not None  # a deadline always has its version
    assert due_at is not None
    span = timedelta(seconds=version.number_of("seconds"))
    session.choice_deadline = at + span
    session.save(update_fields=["choice_deadline"])
    with translation.override(session.language_id):
        default = _("This takes longer than it should. You can wait, ask for another person, or be called back.")
        text = wording(Wording.Kind.CHOICES, session, default=default)
        sentence = _("Nobody waits for more than %(time)s without a choice.") % {
            "time": say_seconds(int(span.total_seconds()))
        }
        data = why(version, sentence, seconds=version.number_of("seconds"), due_at=due_at.isoformat())
    data |= _choices_of(session, version, also=[])
    _say(session, text, rule=CHOICES, data=data, at=at)


# Who is no longer there -------------------------------------------------------------
def let_the_vanished_go(*, at: datetime) -> int:
    """End chats whose resident waits no longer: nothing was heard of their browser for the city's time.

    Source: SJ-ACD.
    """
    version = in_force(PRESENCE, at=at)
    return sum(iter(lambda: _let_some_go(version, at), 0)) if version else 0


@transaction.atomic
def _let_some_go(version: RuleVersion, at: datetime) -> int:
    if not is_mine("chat.vanished"):
        return 0
    span = timedelta(seconds=version.number_of("abandoned_seconds"))
    sessions = _claimed(ChatSession.objects.queued().filter(unseen_since__lte=at - span))
    for session in sessions:
        _let_go(session, version, at=at)
    return len(sessions)


def _let_go(session: ChatSession, version: RuleVersion, *, at: datetime) -> None:
    unseen_since = session.unseen_since
    assert unseen_since is not None
    with translation.override(session.language_id):
        text = _("You were not connected any more, so your place in the queue was given up. You can start a new chat.")
        sentence = _("Nothing was heard of this browser for %(time)s.") % {
            "time": say_seconds(int((at - unseen_since).total_seconds()))
        }
        seconds = version.number_of("abandoned_seconds")
        data = why(version, sentence, seconds=seconds, unseen_since=unseen_since.isoformat())
    end(session, Outcome.ABANDONED, side=Side.SYSTEM, at=at, text=text, rule=PRESENCE, data=data)


@transaction.atomic
def note_the_away(*, at: datetime) -> int:
    """Let the desk know whose resident is not there at the moment. It ends nothing. Source: SJ-ACD."""
    version = in_force(PRESENCE, at=at)
    if version is None or not is_mine("chat.away_residents"):
        return 0
    span = timedelta(seconds=version.number_of("away_seconds"))
    running = ChatSession.objects.filter(status__in=[Status.ACTIVE, Status.ON_HOLD], away_at__isnull=True)
    sessions = _claimed(running.filter(unseen_since__lte=at - span))
    note_away(sessions, at=at)
    return len(sessions)
