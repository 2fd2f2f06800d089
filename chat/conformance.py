"""Whether the chat kept the rules: each check looks at what was stored, not at the code that should have acted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache, partial
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.hours import calendar_of
from chat import rules
from chat.models import ChatEvent, ChatSession, Kind
from chat.opening import CLOSING_SOON, HOURS, LAST_CHAT, OPEN, Opening, stands
from chat.states import Status
from policies.calendar import Calendar
from policies.calendars import compiled
from policies.conformance import Finding, Period, keep
from policies.models import RuleVersion
from policies.versions import in_force, rules_in_force

NOTICE, END = "EM-IDLE-2", "EM-IDLE-4"


def register() -> None:
    """Tell the register what the chat keeps."""
    keep(
        "EM-DEF",
        how=gettext_lazy("A session begins with the request and ends once, with an outcome."),
        check=check_sessions_end_once,
        is_transient=True,
    )
    keep(
        "SJ-GREET",
        how=gettext_lazy("Accepting a chat sends the greeting, with the agent's name and department."),
        check=check_greetings,
        is_transient=True,
    )
    keep(
        HOURS,
        how=gettext_lazy("A request outside of the opening hours is refused, and so is accepting one after closing."),
        check=check_hours,
        is_transient=True,
    )
    keep(
        LAST_CHAT,
        how=gettext_lazy("No chat begins in the last minutes before closing; who still waits then is told."),
        check=check_last_chat,
        is_transient=True,
    )
    keep(
        "PH-CERT",
        how=gettext_lazy("The statement that takes a seat asks for the certificates that count on that date."),
        check=check_certified,
        is_transient=True,
    )
    keep(
        "PH-BIL",
        how=gettext_lazy("A chat in a language with an adopted certificate is given only to who holds it."),
        check=check_bilingual,
        is_transient=True,
    )
    keep(
        NOTICE,
        how=gettext_lazy("A sweep asks the silent resident each second, at the deadline that the agent's message set."),
        check=check_notices,
        is_transient=True,
    )
    keep(
        END,
        how=gettext_lazy("A sweep ends the chat once the time after the notice is up, unless the agent keeps it open."),
        check=check_silent_ends,
        is_transient=True,
    )


def _begun(period: Period) -> Q:
    return Q(requested_at__gte=period.start, requested_at__lt=period.end)


def _ids(sessions: Iterable[UUID]) -> tuple[str, ...]:
    return tuple(str(each) for each in sessions)


def check_sessions_end_once(period: Period) -> Finding:
    """Every session that ended has one last event that says so, and its question as event 1. Source: EM-DEF."""
    ended = ChatSession.objects.filter(ended_at__gte=period.start, ended_at__lt=period.end)
    counted = ended.annotate(
        ends=Count("events", filter=Q(events__kind=Kind.ENDED)),
        questions=Count("events", filter=Q(events__seq=1, events__kind=Kind.MESSAGE)),
    )
    return Finding(ended.count(), _ids(counted.exclude(ends=1, questions=1).values_list("pk", flat=True)))


def check_greetings(period: Period) -> Finding:
    """Every accepted chat was greeted by name at once. Source: SJ-GREET."""
    accepted = ChatSession.objects.filter(accepted_at__gte=period.start, accepted_at__lt=period.end)
    greeted = ChatEvent.objects.filter(session=OuterRef("pk"), rule="SJ-GREET")
    return Finding(accepted.count(), _ids(accepted.exclude(Exists(greeted)).values_list("pk", flat=True)))


# Hours ------------------------------------------------------------------------
def check_hours(period: Period) -> Finding:
    """Chats began, and were accepted, in opening hours only. Source: EM-HRS."""
    changes = Changes([HOURS], period)
    now_of = lru_cache(maxsize=None)(partial(calendar_of, channel="chat"))
    rows = ChatSession.objects.filter(_begun(period)).values_list(
        "pk", "requested_at", "accepted_at", "department_id", "calendar_version_id"
    )
    considered, broken = 0, []
    for pk, requested_at, accepted_at, department_id, version_id in rows:
        if HOURS not in changes.at(requested_at):
            continue
        considered += 1
        begun_by = compiled(version_id) if version_id is not None else now_of(department_id)
        late = accepted_at is not None and _is_after_closing(now_of(department_id), accepted_at)
        if begun_by is None or not begun_by.is_open(requested_at) or late:
            broken.append(pk)
    return Finding(considered, _ids(broken), departure=_switch_is_on(at=period.end))


def _switch_is_on(*, at: datetime) -> str:
    version = in_force(HOURS, at=at)
    if version is None or not version.values["always_open"]:
        return ""
    return _("The switch that keeps the chat open at any hour is on: %(reason)s") % {"reason": version.reason}


def _is_after_closing(calendar: Calendar | None, at: datetime) -> bool:
    return calendar is not None and not calendar.is_open(at) and not calendar.is_break(at)


def check_last_chat(period: Period) -> Finding:
    """No chat began in the last minutes, and nobody was left in the queue after closing. Source: EM-HRS-30."""
    rows = ChatSession.objects.filter(_begun(period)).select_related("department")
    changes = Changes([HOURS, LAST_CHAT], period)
    now_of = lru_cache(maxsize=None)(partial(calendar_of, channel="chat"))
    considered, broken = 0, []
    for session in rows:
        considered += 1
        version_id = session.calendar_version_id
        calendar = compiled(version_id) if version_id is not None else now_of(session.department_id)
        asked = stands(calendar, changes.at(session.requested_at), at=session.requested_at)
        if asked.state == CLOSING_SOON or _was_left_waiting(session, asked, period.end):
            broken.append(session.pk)
    return Finding(considered, _ids(broken))


def _was_left_waiting(session: ChatSession, asked: Opening, at: datetime) -> bool:
    """Say whether a chat still waits although its day's closing time is past."""
    if session.status != Status.QUEUED or asked.closing is None or asked.state != OPEN:
        return False
    return at > asked.closing + rules.SWEEP_LAG


class Changes:
    """Which versions held at each moment of a period, without asking the database for each."""

    def __init__(self, names: list[str], period: Period) -> None:
        rows = RuleVersion.objects.filter(rule__in=names, effective_from__gt=period.start)
        moments = sorted(set(rows.filter(effective_from__lt=period.end).values_list("effective_from", flat=True)))
        self.moments = [period.start, *moments]
        self.held = lru_cache(maxsize=None)(lambda moment: rules_in_force(names, at=moment))

    def at(self, at: datetime) -> dict[str, RuleVersion]:
        begun = [moment for moment in self.moments if moment <= at]
        return self.held(begun[-1] if begun else self.moments[0])


# Certificates -------------------------------------------------------------------
_CERTIFIED = """
WITH accepted AS (
  SELECT id, agent_id, language_id, accepted_at, (accepted_at AT TIME ZONE %(zone)s)::date AS accepted_on
  FROM chat_chatsession WHERE accepted_at >= %(start)s AND accepted_at < %(end)s AND agent_id IS NOT NULL
)
SELECT s.id, bool_and(EXISTS (
  SELECT 1 FROM agents_certificate c
  WHERE c.kind_id = k.id AND c.agent_id = s.agent_id
    AND c.approved_at <= s.accepted_at AND (c.withdrawn_at IS NULL OR c.withdrawn_at >= s.accepted_at)
    AND c.valid_from <= s.accepted_on AND (c.valid_through IS NULL OR c.valid_through >= s.accepted_on)
))
FROM accepted s
JOIN agents_agent a ON a.id = s.agent_id
JOIN agents_certificatekind k ON k.rule = %(rule)s AND k.adopted_on < s.accepted_on
  AND k.channel IN ('', 'chat') AND (k.language_id IS NULL OR k.language_id = s.language_id)
  AND k.level IN ('', CASE WHEN EXISTS (
    SELECT 1 FROM agents_rolegrant g WHERE g.user_id = a.user_id AND g.role IN ('agent', 'supervisor')
  ) THEN 'full' ELSE 'trainee' END)
GROUP BY s.id ORDER BY s.id
"""


def check_certified(period: Period) -> Finding:
    """Chats were accepted only by agents with the certificates that the city asks for. Source: PH-CERT."""
    return _check_certificates("PH-CERT", period)


def check_bilingual(period: Period) -> Finding:
    """Chats in a certified language were accepted only by agents who hold that certificate. Source: PH-BIL."""
    return _check_certificates("PH-BIL", period)


def _check_certificates(rule: str, period: Period) -> Finding:
    """Look at each accepted chat; the day on which a kind was adopted is left out, since nobody kept the hour."""
    zone = str(timezone.get_current_timezone())
    with connection.cursor() as cursor:
        cursor.execute(_CERTIFIED, {"rule": rule, "zone": zone, "start": period.start, "end": period.end})
        rows = cursor.fetchall()
    return Finding(len(rows), _ids(pk for pk, is_certified in rows if not is_certified))


# Silence ------------------------------------------------------------------------
_SILENCES = """
SELECT s.id, greatest(s.agent_wrote_at, s.alive_at) AS silent_from,
       least(coalesce(s.ended_at, %(end)s), CASE WHEN paused.kind = 'held' THEN paused.at END, passed.asked_at)
       AS until,
       (SELECT min(e.at) FROM chat_chatevent e WHERE e.session_id = s.id AND e.rule = 'EM-IDLE-2'
        AND e.at >= greatest(s.agent_wrote_at, s.alive_at)) AS asked_at,
       s.kept_open_at
FROM chat_chatsession s
LEFT JOIN LATERAL (
  SELECT e.kind, e.at FROM chat_chatevent e WHERE e.session_id = s.id AND e.kind IN ('held', 'resumed', 'joined')
  ORDER BY e.seq DESC LIMIT 1
) AS paused ON true
LEFT JOIN LATERAL (
  SELECT t.asked_at FROM chat_transfer t
  WHERE t.session_id = s.id AND (t.ended_at IS NULL OR t.ending = 'withdrawn' AND t.ended_at >= s.ended_at)
  ORDER BY t.id DESC LIMIT 1
) AS passed ON true
WHERE s.agent_wrote_at IS NOT NULL AND s.agent_wrote_at >= s.customer_wrote_at AND s.requeued_at IS NULL
  AND s.agent_wrote_at >= coalesce(
    (SELECT max(e.at) FROM chat_chatevent e WHERE e.session_id = s.id AND e.kind = 'joined'), s.agent_wrote_at
  )
  AND coalesce(s.ended_at, %(end)s) >= %(start)s AND s.agent_wrote_at < %(end)s
  AND s.status IN ('active', 'ended')
"""


Silence = tuple[UUID, datetime, datetime, datetime | None, datetime | None]


def _silences(period: Period) -> list[Silence]:
    """Return the silences with which chats ended or that go on: from, until, asked at, kept open at.

    One ends with a hold or a transfer offer that goes on; where a receiver has not written yet there is none.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SILENCES, {"start": period.start, "end": period.end})
        rows: list[Silence] = cursor.fetchall()
    return rows


def check_notices(period: Period) -> Finding:
    """Nobody was silent for longer than the notice asks for without being asked, and nobody was asked sooner.

    Silences that the resident ended themselves are not kept; what is measured
    are those that go on, those with which a chat ended, and every notice sent.
    Source: EM-IDLE-2.
    """
    considered, broken = _notices_on_time(period)
    changes = Changes([NOTICE], period)
    for pk, silent_from, until, asked_at, kept_at in _silences(period):
        version = changes.at(silent_from).get(NOTICE) if silent_from >= period.start else None
        if version is None or asked_at is not None or kept_at is not None:
            continue
        if until > silent_from + timedelta(seconds=version.number_of("seconds")) + rules.SWEEP_LAG:
            considered.add(pk)
            broken.add(pk)
    return Finding(len(considered), _ids(sorted(broken)))


def _notices_on_time(period: Period) -> tuple[set[UUID], set[UUID]]:
    """Return the sessions with a notice, and those in which one came too soon."""
    sent = ChatEvent.objects.filter(rule=NOTICE, at__gte=period.start, at__lt=period.end)
    considered, broken = set(), set()
    for session_id, at, data in sent.values_list("session_id", "at", "data"):
        considered.add(session_id)
        due = datetime.fromisoformat(data["silent_since"]) + timedelta(seconds=data["seconds"])
        if at < due:
            broken.add(session_id)
    return considered, broken


def check_silent_ends(period: Period) -> Finding:
    """Who was asked and stayed silent was let go in time, and nobody without being asked. Source: EM-IDLE-4."""
    considered, broken = set(), set()
    ends = ChatEvent.objects.filter(rule=END, kind=Kind.ENDED, at__gte=period.start, at__lt=period.end)
    asked = ChatEvent.objects.filter(session=OuterRef("session"), rule=NOTICE, at__lt=OuterRef("at"))
    ends = ends.annotate(was_asked=Exists(asked))
    for session_id, at, data, was_asked in ends.values_list("session_id", "at", "data", "was_asked"):
        considered.add(session_id)
        if not was_asked or at < datetime.fromisoformat(data["due_at"]):
            broken.add(session_id)
    overdue = ChatSession.objects.filter(status=Status.ACTIVE, idle_notice_at__isnull=False)
    for pk, due_at in overdue.values_list("pk", "idle_deadline"):
        if due_at is not None and due_at + rules.SWEEP_LAG < period.end:
            considered.add(pk)
            broken.add(pk)
    return Finding(len(considered), _ids(sorted(broken)))
