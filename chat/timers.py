"""What happens by itself when its time has come. Sweeps call it; running it twice, late or on ten machines is safe."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import Department
from chat import rules
from chat.actions.answering import give_agents_time_again, press_silent_agents
from chat.actions.connections import prolong_grace
from chat.actions.ladder import settle_ladders
from chat.actions.messages import record
from chat.actions.routing import expire_offers, note_who_is_away, prolong_offers, route
from chat.actions.seen import excuse_all
from chat.actions.sessions import end
from chat.actions.transfers import expire_transfers
from chat.actions.wrap_up import end_wrap_ups
from chat.incidents import tell_of_backup, tell_the_queue
from chat.models import ChatSession, Kind, Pulse, Side, Transfer, Wording
from chat.opening import HOURS, Opening, opening_of
from chat.overtime import end_the_running
from chat.states import Outcome, Status
from chat.waiting import let_the_vanished_go, note_the_away, offer_choices, tell_all_busy
from chat.wordings import wording
from contactcenter.lib.events import emit
from contactcenter.lib.serial import is_mine
from policies.hours import say_moment_to_residents
from policies.kinds import say_seconds
from policies.models import RuleVersion
from policies.values import say_minutes_left
from policies.versions import rules_in_force
from policies.why import why

NOTICE, END = "EM-IDLE-2", "EM-IDLE-4"
WEB = "web"
AT_ONCE = 200  # sessions that one transaction takes


def act_on_due_timers(*, at: datetime) -> int:
    """Act on every chat timer that is due, once; answer how many acts there were.

    One kind that fails keeps none of the others from acting.
    """
    acts, failures = 0, []
    for act in (
        wait_for_agents,
        expire_offers,
        expire_transfers,
        ask_the_silent,
        end_the_silent,
        press_silent_agents,
        close_the_queue,
        let_the_vanished_go,
        tell_all_busy,
        offer_choices,
        note_the_away,
        end_the_running,
        end_wrap_ups,
        settle_ladders,
        tell_the_queue,
        tell_of_backup,
        note_who_is_away,
        route,
    ):
        try:
            acts += act(at=at)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
    return acts


@transaction.atomic
def wait_for_agents(*, at: datetime) -> int:
    """Let the clocks of chats whose agent is gone begin their time anew; answer how many were due.

    Without its agent a chat's clock does not run: nobody is asked, and nobody
    let go, while there is no one to answer. Source: EM-IDLE-2, EM-IDLE-4.
    """
    if not is_mine("chat.agents"):
        return 0
    due = ChatSession.objects.without_their_agent(at=at).filter(idle_deadline__lte=at).order_by("pk")
    locked = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
    sessions = list(locked.select_related("idle_version", "department")[:AT_ONCE])
    held = rules_in_force([NOTICE, END], at=at) if sessions else {}
    for session in sessions:
        _begin_anew(session, held, at=at)
    _tell(sessions)
    return len(sessions)


def _begin_anew(session: ChatSession, held: dict[str, RuleVersion], *, at: datetime) -> None:
    """Let a clock begin again from its first part; who had been asked reads that the question is withdrawn."""
    was_asked = session.idle_notice_at is not None
    session.idle_notice_at = None
    if was_asked:
        session.idle_version = held.get(NOTICE)
        with translation.override(session.language_id):
            text = _("The person who helps you is away for a moment. This chat stays open.")
        record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=text, data={"withdrawn": True})
    session.alive_at = at
    session.idle_deadline = at + _until_notice(session) if session.idle_version else None
    session.save(update_fields=["idle_notice_at", "idle_version", "alive_at", "idle_deadline", "last_seq"])


def _until_notice(session: ChatSession) -> timedelta:
    assert session.idle_version is not None  # a deadline always has its version
    return timedelta(seconds=session.idle_version.number_of("seconds"))


def ask_the_silent(*, at: datetime) -> int:
    """Ask residents who have been silent for too long whether they are still there. Source: EM-IDLE-2."""
    return sum(iter(lambda: _ask_some(at), 0))


@transaction.atomic
def _ask_some(at: datetime) -> int:
    sessions = _due(at, asked=False) if is_mine("chat.silence") else []
    if not sessions:
        return 0
    held = rules_in_force([NOTICE, END], at=at)
    for session in sessions:
        _ask(session, held, at=at)
    _tell(sessions)
    return len(sessions)


def _due(at: datetime, *, asked: bool) -> list[ChatSession]:
    """Return sessions whose clock has run out, locked; those that somebody else has locked come next time.

    While a chat is being passed on its clock stands still, whatever its agent writes meanwhile. Source: EM-FWD.
    """
    due = ChatSession.objects.filter(status=Status.ACTIVE, idle_deadline__lte=at, idle_notice_at__isnull=not asked)
    if asked:
        due = due.filter(emergency="")
    passed_on = Transfer.objects.open().filter(session=OuterRef("pk"))
    due = due.exclude(pk__in=ChatSession.objects.without_their_agent(at=at)).exclude(Exists(passed_on)).order_by("pk")
    locked = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
    rows = locked.select_related("department", "idle_version__document").prefetch_related("department__names")
    return list(rows[:AT_ONCE])


def _ask(session: ChatSession, held: dict[str, RuleVersion], *, at: datetime) -> None:
    """Send the notice; the end, if there is one, then runs from this moment.

    A chat in which an emergency was spoken of is asked and not ended. Source: EM-IDLE-2, EM-IDLE-4, EM-911.
    """
    version, end_version = session.idle_version, None if session.emergency else held.get(END)
    assert version is not None  # a deadline always has its version
    left = end_after_notice(held) if end_version else None
    session.idle_notice_at = at
    session.idle_deadline = at + left if left else None
    if end_version is not None:
        session.idle_version = end_version
    silent_since = silent_from(session)
    with translation.override(session.language_id):
        figures = {
            "seconds": version.number_of("seconds"),
            "silent_since": silent_since.isoformat(),
            "ends_at": session.idle_deadline.isoformat() if session.idle_deadline else None,
        }
        sentence = _("Nothing was heard for %(time)s.") % {
            "time": say_seconds(int((at - silent_since).total_seconds()))
        }
        text = _("Are you still there?") if left is None else _question(session, left)
        data = why(version, sentence, **figures)
    record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=text, rule=NOTICE, data=data)
    session.save(update_fields=["idle_notice_at", "idle_deadline", "idle_version", "last_seq"])


def _question(session: ChatSession, left: timedelta) -> str:
    default = _("Are you still there? If we hear nothing from you, this chat ends in {left} minutes.")
    minutes = say_minutes_left(int(left.total_seconds()))
    return wording(Wording.Kind.IDLE_NOTICE, session, default=default, left=minutes)


def end_after_notice(held: dict[str, RuleVersion]) -> timedelta | None:
    """Return how long after its notice a silent chat ends under these rules, or None when it does not."""
    notice, end_version = held.get(NOTICE), held.get(END)
    if notice is None or end_version is None:
        return None
    return timedelta(seconds=end_version.number_of("seconds") - notice.number_of("seconds"))


def silent_from(session: ChatSession) -> datetime:
    """Return since when the resident has been silent: the agent's last message, or a later sign of life."""
    assert session.agent_wrote_at is not None
    return max(session.agent_wrote_at, session.alive_at or session.agent_wrote_at)


def end_the_silent(*, at: datetime) -> int:
    """End chats whose resident was asked and has not answered in time. Source: EM-IDLE-4."""
    return sum(iter(lambda: _end_some(at), 0))


@transaction.atomic
def _end_some(at: datetime) -> int:
    sessions = _due(at, asked=True) if is_mine("chat.silence") else []
    for session in sessions:
        _end_silent(session, at=at)
    return len(sessions)


def _end_silent(session: ChatSession, *, at: datetime) -> None:
    version, asked_at, due_at = session.idle_version, session.idle_notice_at, session.idle_deadline
    assert version is not None
    assert asked_at is not None
    assert due_at is not None
    with translation.override(session.language_id):
        sentence = _("Nothing was heard for %(time)s after the question.") % {
            "time": say_seconds(int((at - asked_at).total_seconds()))
        }
        figures = {"seconds": version.number_of("seconds"), "asked_at": asked_at.isoformat()}
        text = wording(
            Wording.Kind.IDLE_END,
            session,
            default=_("This chat has ended because we did not hear from you. You can start a new one or call {phone}.")
            if session.department.phone
            else _("This chat has ended because we did not hear from you. You can start a new one."),
        )
        data = why(version, sentence, **figures, due_at=due_at.isoformat())
    end(session, Outcome.INACTIVE, side=Side.SYSTEM, at=at, text=text, rule=END, data=data)


def close_the_queue(*, at: datetime) -> int:
    """At closing time, end what still waits and say how else the city is reached. Source: EM-HRS.

    In a break they stay. Closing times move (a day can be closed early), so the
    calendar is asked, not a column of the session.
    """
    waiting = ChatSession.objects.queued().values_list("department_id", flat=True).distinct().order_by()
    ended = 0
    for department in Department.objects.filter(pk__in=list(waiting)):
        opening = opening_of(department, at=at)
        if not opening.may_be_accepted:
            ended += _close_queue_of(department, opening, at=at)
    return ended


@transaction.atomic
def _close_queue_of(department: Department, opening: Opening, *, at: datetime) -> int:
    if not is_mine("chat.closing"):
        return 0
    queued = ChatSession.objects.queued().filter(department=department).order_by("pk")
    locked = queued.select_for_update(no_key=True, skip_locked=True, of=("self",))
    sessions = list(locked.select_related("department").prefetch_related("department__names"))
    for session in sessions:
        _close(session, opening, at=at)
    return len(sessions)


def _close(session: ChatSession, opening: Opening, *, at: datetime) -> None:
    with translation.override(session.language_id):
        next_opening = say_moment_to_residents(opening.next_opening) if opening.next_opening else _("later")
        text = wording(
            Wording.Kind.CLOSING,
            session,
            default=_("We are closing now and could not answer you in time. We are sorry. We open again: {opening}."),
            opening=next_opening,
        )
        figures = {"next_opening": opening.next_opening.isoformat() if opening.next_opening else None}
        sentence = _("The office closed before somebody could take this chat.")
        data = why(opening.versions[HOURS], sentence, **figures)
    end(session, Outcome.CLOSED, side=Side.SYSTEM, at=at, text=text, rule=HOURS, data=data)


def _tell(sessions: Iterable[ChatSession]) -> None:
    emit("session", sessions=[str(session.pk) for session in sessions])


# Outages ----------------------------------------------------------------------
@transaction.atomic
def note_pulse(*, at: datetime) -> bool:
    """Note that residents can be heard; after a gap, say so and give those who were asked their time again.

    While no web process ran they could not answer: they get the whole time
    until the end anew, and nobody counts as gone. Source: EM-IDLE-4 and SJ-ACD, as their readings are settled.
    """
    pulse, is_new = Pulse.objects.select_for_update(no_key=True).get_or_create(name=WEB, defaults={"at": at})
    was_away = not is_new and at - pulse.at > rules.OUTAGE
    if was_away:
        _give_time_again(since=pulse.at, at=at)
        excuse_all(at=at)
        give_agents_time_again(at=at)
        prolong_offers(at=at)
        prolong_grace(at=at)
    if at > pulse.at:
        Pulse.objects.filter(pk=WEB).update(at=at)
    return was_away


def _give_time_again(*, since: datetime, at: datetime) -> None:
    """Give those who were asked before the gap their time until the end again, and tell both sides."""
    held = rules_in_force([NOTICE, END], at=at)
    left = end_after_notice(held)
    if left is None:
        return
    asked = ChatSession.objects.filter(status=Status.ACTIVE, idle_notice_at__isnull=False)
    asked = asked.filter(idle_deadline__gt=since, idle_deadline__lt=at + left).order_by("pk")
    sessions = list(asked.locked().select_related("department"))
    for session in sessions:
        session.idle_deadline = at + left
        with translation.override(session.language_id):
            text = _("We could not hear you for a while. The time until this chat ends begins anew.")
            sentence = _("The time in which the service was down is not counted as silence.")
            data = why(held[END], sentence, ends_at=session.idle_deadline.isoformat())
        record(session, Kind.NOTICE, side=Side.SYSTEM, at=at, text=text, rule=END, data=data)
        session.save(update_fields=["idle_deadline", "last_seq"])
    _tell(sessions)


def is_service_up(*, at: datetime) -> bool:
    """Say whether residents can be heard: some web process has shown itself lately, or none ever has."""
    pulse = Pulse.objects.filter(pk=WEB).first()
    return pulse is None or at - pulse.at <= rules.OUTAGE
