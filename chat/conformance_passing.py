"""Whether holding and passing on kept the rules: each check looks at what was stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy

from chat import rules
from chat.models import ChatEvent, ChatSession, Ending, Kind, StaffEvent, StaffKind, Transfer, TransferQuerySet
from policies.conformance import Finding, Period, keep

HOLD, FORWARD, REASONS, ONCE = "EM-HOLD", "EM-FWD", "EM-DIS-B", "DF-XFER"
REFER, ORDER = "EM-COM-B", "EM-REF"


def register() -> None:
    """Tell the register what the chat keeps of holding and passing on."""
    keep(
        HOLD,
        how=gettext_lazy("Both sides read hold and resume; on hold no clock of a silent resident runs."),
        check=check_holds,
        is_transient=True,
    )
    keep(
        FORWARD,
        how=gettext_lazy("A transfer is offered, accepted or declined, or times out; seat and history move with it."),
        check=check_transfers,
        is_transient=True,
    )
    keep(
        REASONS,
        how=gettext_lazy("No transfer without a reason of the list, and each is logged with it."),
        check=check_reasons,
        is_transient=True,
    )
    keep(
        ONCE,
        how=gettext_lazy("Accepted transfers are counted; a second one says why, and the receiver's time begins then."),
        check=check_second_transfers,
        lacks=gettext_lazy("That no promised date moves shows once cases have dates, with step 6."),
        is_transient=True,
    )
    keep(
        REFER,
        how=gettext_lazy("The desk shows what reaches a department or an outside body; nobody can measure honesty."),
    )
    keep(
        ORDER,
        how=gettext_lazy("Who refers somebody reads the ways in their order: a transfer first, where one can be made."),
    )


_HOLDS = """
SELECT h.session_id, bool_or(EXISTS (
  SELECT 1 FROM chat_chatevent e
  WHERE e.session_id = h.session_id AND e.seq > h.seq AND e.rule IN ('EM-IDLE-2', 'EM-IDLE-4')
    AND NOT EXISTS (
      SELECT 1 FROM chat_chatevent r
      WHERE r.session_id = h.session_id AND r.seq > h.seq AND r.seq < e.seq
        AND r.kind IN ('resumed', 'transferred', 'requeued')
    )
))
FROM chat_chatevent h WHERE h.kind = 'held' AND h.at >= %(start)s AND h.at < %(end)s
GROUP BY h.session_id ORDER BY h.session_id
"""


def check_holds(period: Period) -> Finding:
    """Nobody who held was asked whether they are still there, or let go meanwhile. Source: EM-HOLD."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDS, {"start": period.start, "end": period.end})
        rows = cursor.fetchall()
    return Finding(len(rows), tuple(str(session) for session, is_broken in rows if is_broken))


def _asked(period: Period) -> TransferQuerySet:
    return Transfer.objects.filter(asked_at__gte=period.start, asked_at__lt=period.end)


def _finding(considered: Iterable[Any], broken: Iterable[Any]) -> Finding:
    return Finding(len(set(considered)), tuple(sorted({str(each) for each in broken})))


def check_transfers(period: Period) -> Finding:
    """No transfer stayed open, or was accepted, beyond its time; who accepted joined, after the other left.

    Source: EM-FWD.
    """
    asked = _asked(period)
    open_too_long = Q(ended_at__isnull=True, deadline__lte=period.end - rules.SWEEP_LAG)
    after_its_time = Q(ending=Ending.ACCEPTED, ended_at__gt=F("deadline"))
    here = ChatEvent.objects.filter(session=OuterRef("session"), at=OuterRef("ended_at"))
    left = here.filter(kind=Kind.LEFT, agent=OuterRef("from_agent"))
    joined = here.filter(kind=Kind.JOINED, agent=OuterRef("accepted_by"))
    untold = Q(ending=Ending.ACCEPTED) & ~(Exists(left) & Exists(joined))
    broken = asked.filter(open_too_long | after_its_time | untold)
    return _finding(asked.values_list("session", flat=True), broken.values_list("session", flat=True))


def check_reasons(period: Period) -> Finding:
    """Every transfer that an agent asked for is logged with its reason, which is one of the list. Source: EM-DIS-B."""
    asked = _asked(period).exclude(reason=Transfer.Reason.CHOICE)
    logged = StaffEvent.objects.annotate(said=KT("data__reason")).filter(
        session=OuterRef("session"), kind=StaffKind.TRANSFER, at=OuterRef("asked_at"), said=OuterRef("reason")
    )
    broken = asked.filter(~Exists(logged) | ~Q(reason__in=Transfer.Reason.values))
    return _finding(asked.values_list("session", flat=True), broken.values_list("session", flat=True))


def check_second_transfers(period: Period) -> Finding:
    """A chat that agents passed on twice bears the reason for it, and its transfers are counted. Source: DF-XFER."""
    accepted = _asked(period).filter(ending=Ending.ACCEPTED)
    earlier = Transfer.objects.filter(session=OuterRef("session"), ending=Ending.ACCEPTED, pk__lt=OuterRef("pk"))
    unexplained = accepted.filter(Exists(earlier), again="").exclude(reason=Transfer.Reason.CHOICE)
    sessions = ChatSession.objects.filter(passed__in=accepted).distinct()
    counted = ChatSession.objects.filter(pk__in=sessions.values("pk")).annotate(
        accepted=Count("passed", filter=Q(passed__ending=Ending.ACCEPTED))
    )
    miscounted = counted.exclude(transfers=F("accepted")).values_list("pk", flat=True)
    broken = {*unexplained.values_list("session", flat=True), *miscounted}
    return _finding(accepted.values_list("session", flat=True), broken)
