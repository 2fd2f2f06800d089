"""Whether waiting chats were offered as the city says, and agents answered: looked up in what was stored."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from agents.models import Presence, PresenceInterval
from chat import rules
from chat.models import ChatSession, Offer, StaffEvent, StaffKind, Transfer
from chat.states import Status
from policies.conformance import Finding, Period, keep

ACD, DESK, ASSIGNED, LANGUAGE, WAIT = "SJ-ACD", "EM-COM-D", "EM-COM-Da", "EM-LANG", "DF-WAIT"


_ASSIGNED = """
WITH accepted AS (
  SELECT id, agent_id, (accepted_at AT TIME ZONE %(zone)s)::date AS accepted_on
  FROM chat_chatsession WHERE accepted_at >= %(start)s AND accepted_at < %(end)s AND agent_id IS NOT NULL
)
SELECT s.id, EXISTS (
  SELECT 1 FROM agents_channelassignment a
  WHERE a.agent_id = s.agent_id AND a.channel = 'chat' AND a.from_on <= s.accepted_on
    AND (a.through_on IS NULL OR a.through_on >= s.accepted_on)
)
FROM accepted s ORDER BY s.id
"""


def register() -> None:
    """Tell the register what the routing keeps."""
    keep(
        ACD,
        how=gettext_lazy("A sweep offers each waiting chat to who has been free the longest, and counts every wait."),
        check=check_offers,
        is_transient=True,
    )
    keep(
        DESK,
        how=gettext_lazy(
            "Nothing is offered to who is away; a silent agent is reminded, the supervisor told, the chat requeued."
        ),
        check=check_answers,
        is_transient=True,
    )
    keep(
        ASSIGNED,
        how=gettext_lazy("A chat is offered to, and accepted by, only who is online and assigned to the channel."),
        check=check_assigned,
        lacks=gettext_lazy("Contacts in person and by phone come with the intake of those channels."),
        is_transient=True,
    )
    keep(
        LANGUAGE,
        how=gettext_lazy("A chat in another language is offered to agents of that language first."),
        check=check_languages,
        is_transient=True,
    )
    keep(
        WAIT,
        how=gettext_lazy("Who waits reads position and expected wait, each time that they change."),
        lacks=gettext_lazy("Visits to the counter come with step 5."),
        is_transient=True,
    )


def _offers(period: Period) -> Q:
    return Q(offered_at__gte=period.start, offered_at__lt=period.end, kind=Offer.Kind.QUEUE)


def _ids(sessions: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(each) for each in sessions)


def check_offers(period: Period) -> Finding:
    """Offers went to agents who were online then, and ended once their time was over. Source: SJ-ACD."""
    online = PresenceInterval.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=OuterRef("offered_at")),
        agent=OuterRef("agent"),
        state=Presence.ONLINE,
        started_at__lte=OuterRef("offered_at"),
    )
    offers = Offer.objects.filter(_offers(period)).annotate(was_online=Exists(online))
    overdue = Q(ended_at__isnull=True, expires_at__lt=period.end - rules.SWEEP_LAG)
    late = Q(ended_at__gt=F("expires_at") + rules.SWEEP_LAG)  # whatever ended it then
    broken = offers.filter(Q(was_online=False) | overdue | late).order_by("session").values_list("session", flat=True)
    return Finding(offers.count(), _ids(broken.distinct()))


def check_answers(period: Period) -> Finding:
    """Where an agent owed an answer for too long, the next step was taken in time. Source: EM-COM-D."""
    pressed = StaffEvent.objects.filter(kind=StaffKind.ANSWER_DUE, at__gte=period.start, at__lt=period.end)
    owing = ChatSession.objects.filter(status=Status.ACTIVE, answer_deadline__isnull=False)
    overdue = owing.filter(answer_deadline__lt=period.end - rules.SWEEP_LAG)
    passed_on = Transfer.objects.open().filter(session=OuterRef("pk"))  # meanwhile the clock stands still
    overdue = overdue.filter(~Exists(passed_on)).order_by("pk")
    considered = set(pressed.values_list("session_id", flat=True)) | set(owing.values_list("pk", flat=True))
    return Finding(len(considered), _ids(overdue.values_list("pk", flat=True)))


def check_assigned(period: Period) -> Finding:
    """Chats were accepted only by agents who were assigned to the chat on that day. Source: EM-COM-Da.

    An assignment that was changed since counts as it stands now.
    """
    zone = str(timezone.get_current_timezone())
    with connection.cursor() as cursor:
        cursor.execute(_ASSIGNED, {"zone": zone, "start": period.start, "end": period.end})
        rows = cursor.fetchall()
    return Finding(len(rows), _ids(pk for pk, is_assigned in rows if not is_assigned))


def check_languages(period: Period) -> Finding:
    """No chat in another language was offered to somebody without it while somebody with it was not asked.

    Asked counts who declined or let it run out before. Whether that person had a
    seat free then is not kept: an agent with the language who held no chat at
    all then had one. Source: EM-LANG.
    """
    offers = Offer.objects.filter(_offers(period)).exclude(session__language=settings.LANGUAGE_CODE)
    broken = []
    for offer in offers.exclude(why=Offer.Why.LANGUAGE).select_related("session", "agent").order_by("pk"):
        if offer.agent.languages.filter(pk=offer.session.language_id).exists() or not _was_passed_by(offer):
            continue
        broken.append(offer.session_id)
    return Finding(offers.count(), _ids(sorted(set(broken))))


def _was_passed_by(offer: Offer) -> bool:
    """Say whether somebody with the language, of the same department, was online and free of chats, and not asked."""
    at = offer.offered_at
    online = PresenceInterval.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=at),
        state=Presence.ONLINE,
        started_at__lt=at,
        agent__departments=offer.session.department_id,
        agent__languages=offer.session.language_id,
        agent__away_at__isnull=True,
    )
    asked = Offer.objects.filter(session=offer.session_id, offered_at__lte=at).values("agent")
    busy = ChatSession.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at), accepted_at__lte=at)
    busy_agents = busy.filter(agent__isnull=False).values("agent")
    reserved = Offer.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at), offered_at__lte=at).values("agent")
    return online.exclude(agent__in=asked).exclude(agent__in=busy_agents).exclude(agent__in=reserved).exists()
