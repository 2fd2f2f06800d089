"""Hold, as on the phone: the resident is asked to wait and reads it, and the clocks stand still meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.actions.answering import SPANS, owes_answer
from chat.actions.messages import record
from chat.actions.offers import withdraw
from chat.actions.requeue import RULE as ANSWERS
from chat.actions.waiting import CHOICES, start_choices
from chat.models import ChatSession, Kind, Side, Transfer
from chat.permissions import access_as_agent
from chat.states import Status, check_transition
from contactcenter.lib.errors import WrongState
from contactcenter.lib.events import emit
from policies.models import RuleVersion
from policies.versions import in_force, rules_in_force
from policies.why import why

HOLD, NOTICE = "EM-HOLD", "EM-IDLE-2"
CLOCKS = ["idle_deadline", "idle_notice_at", "idle_version", "alive_at"]
CLOCKS += ["answer_deadline", "answer_version"]
HOLD_FIELDS = ["status", "held_at", "hold_time", "choice_deadline", "choice_version", "last_seq", *CLOCKS]


@transaction.atomic
def place_on_hold(session_id: UUID, *, agent_id: int, at: datetime) -> ChatSession:
    """Ask the resident of a running chat to hold; the seat stays, the clocks stand still. Again changes nothing.

    The next choice of who waits comes as DF-HOLD says. Raises `NotFound`, `ended`, `WrongState`.
    Source: EM-HOLD, DF-HOLD.
    """
    session = access_as_agent(session_id, agent_id)
    if session.status == Status.ON_HOLD:
        return session
    check_transition(session.status, Status.ON_HOLD)
    version = _permission(at=at)
    was_asked = session.idle_notice_at is not None
    stop_clocks(session)
    session.status = Status.ON_HOLD
    session.held_at = at
    start_choices(session, at=at)
    with translation.override(session.language_id):
        text = _("Please hold on for a moment. This chat stays open, and you do not lose your place.")
        data = why(version, _("Whoever helps you may ask you to hold, as on the phone."), since=at.isoformat())
    if was_asked:
        data["withdrawn"] = True  # nobody ends the chat while they wait for us
    _say(session, Kind.HELD, agent_id, text=text, rule=version.rule, data=data, at=at)
    return session


def _permission(*, at: datetime) -> RuleVersion:
    """Return the rule by which people are asked to hold. Raises `WrongState` where the city has none."""
    held = rules_in_force([HOLD, CHOICES], at=at)
    version = held.get(HOLD) or held.get(CHOICES)
    if version is None:
        raise WrongState(
            _("This city has not adopted a rule on holding (EM-HOLD). Tell the resident when you will be back.")
        )
    return version


@transaction.atomic
def resume(session_id: UUID, *, agent_id: int, at: datetime) -> ChatSession:
    """Go on with a chat that is on hold; both sides' clocks begin anew. Of a running chat: changes nothing.

    Raises `NotFound`, `ended`. Source: EM-HOLD.
    """
    session = access_as_agent(session_id, agent_id)
    if session.status == Status.ACTIVE:
        return session
    check_transition(session.status, Status.ACTIVE)
    if Transfer.objects.open().filter(session=session, reason=Transfer.Reason.CHOICE).exists():
        withdraw(session, at=at)  # whoever chose another person waits for nobody any more
    end_hold(session, at=at)
    begin_clocks_anew(session, at=at)
    with translation.override(session.language_id):
        text = _("Thank you for holding. We go on.")
    _say(session, Kind.RESUMED, agent_id, text=text, at=at)
    return session


def end_hold(session: ChatSession, *, at: datetime) -> None:
    """Make a locked session that is on hold a running one, and count the stay; the caller saves `HOLD_FIELDS`."""
    assert session.held_at is not None
    session.status = Status.ACTIVE
    session.hold_time += at - session.held_at
    session.held_at = None
    session.choice_deadline = session.choice_version = None


def stop_clocks(session: ChatSession) -> None:
    """Let the clocks of a silent resident and of an owed answer stand still; the caller saves `CLOCKS`.

    Source: EM-HOLD, EM-FWD.
    """
    stop_silence_clock(session)
    session.answer_deadline = None


def stop_silence_clock(session: ChatSession) -> None:
    session.idle_deadline = session.idle_notice_at = None


def begin_clocks_anew(session: ChatSession, *, at: datetime) -> None:
    """Give whoever is to speak next the whole of their time, from now on; the caller saves `CLOCKS`.

    A resident who was kept waiting by us is asked no sooner than one who was
    not, and an agent owes the answer that she owed before. What had been done
    about a late answer is not undone. Source: EM-HOLD, EM-FWD.
    """
    if owes_answer(session):
        go_on_answering(session, at=at)
    else:
        begin_silence_clock(session, at=at)


def go_on_answering(session: ChatSession, *, at: datetime) -> None:
    """Give the agent of a running chat the time of the present step to answer. Source: EM-COM-D."""
    version = in_force(ANSWERS, at=at)
    session.answer_version = version
    if version is None or session.answer_step >= len(SPANS):
        session.answer_deadline = None
    else:
        session.answer_deadline = at + timedelta(seconds=version.number_of(SPANS[session.answer_step]))


def begin_silence_clock(session: ChatSession, *, at: datetime) -> None:
    """Let the clock of a resident who is to speak next begin, unless the chat is kept open. Source: EM-IDLE-2."""
    if session.agent_wrote_at is None or session.kept_open_at is not None:
        return
    version = in_force(NOTICE, at=at)
    session.alive_at = at
    session.idle_version = version
    session.idle_deadline = at + timedelta(seconds=version.number_of("seconds")) if version else None


def _say(session: ChatSession, kind: Kind, agent_id: int, *, at: datetime, **told: object) -> None:
    agent = Agent.objects.select_related("user").get(pk=agent_id)
    record(session, kind, side=Side.AGENT, at=at, agent=agent, name=agent.display_name, **told)  # type: ignore[arg-type]
    session.save(update_fields=HOLD_FIELDS)
    emit("agent", agent_id=agent_id)
    emit("session", sessions=[str(session.pk)])
