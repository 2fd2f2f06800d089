"""Whether nobody held more chats than allowed, and whether steps down came as they should: from what was stored."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agents.actions.ladder import CAP, DOWN, chats_between
from agents.models import Agent, LadderStanding, LadderStep
from chat import rules
from policies.conformance import Finding, Period, keep
from policies.models import RuleVersion
from policies.versions import in_force


def register() -> None:
    """Tell the register what the ladder keeps."""
    keep(
        CAP,
        how=gettext_lazy(
            "Rung, maximum and limits settle one number for each agent; the statement that takes a seat counts under "
            "the agent's lock, and the database counts again."
        ),
        check=check_cap,
        is_transient=True,
    )
    keep(
        DOWN,
        how=gettext_lazy(
            "After each finished or rated chat the last ones are looked at; a step down is written down with its "
            "figures, and ends no chat."
        ),
        check=check_steps_down,
    )


# For each chat that was accepted: how many its agent then held, and the most that had been allowed a moment before.
# Chats that were passed on are left out: of them only the last agent is known.
_HELD = """
SELECT s.id, 1 + (
    SELECT count(*) FROM chat_chatsession o
    WHERE o.agent_id = s.agent_id AND o.id <> s.id AND o.transfers = 0
    AND (o.accepted_at, o.id) < (s.accepted_at, s.id) AND (o.ended_at IS NULL OR o.ended_at > s.accepted_at)
) AS held, greatest(
    (SELECT max(t.seats_after) FROM agents_ladderstep t
     WHERE t.agent_id = s.agent_id AND t.at > s.accepted_at - %(lag)s AND t.at <= s.accepted_at),
    (SELECT t.seats_after FROM agents_ladderstep t WHERE t.agent_id = s.agent_id AND t.at <= s.accepted_at - %(lag)s
     ORDER BY t.at DESC, t.id DESC LIMIT 1)
) AS allowed
FROM chat_chatsession s
WHERE s.accepted_at >= %(start)s AND s.accepted_at < %(end)s AND s.agent_id IS NOT NULL AND s.transfers = 0
"""


def check_cap(period: Period) -> Finding:
    """Nobody held more chats than were settled for them; a fixed number is a departure. Source: EM-CAP."""
    facts: dict[str, Any] = {"start": period.start, "end": period.end, "lag": rules.SWEEP_LAG}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, held > allowed FROM ({_HELD}) AS taken WHERE allowed IS NOT NULL", facts)
        rows = cursor.fetchall()
    return Finding(len(rows), tuple(str(pk) for pk, is_over in rows if is_over), departure=_fixed())


def _fixed() -> str:
    count = Agent.objects.filter(fixed_seats__isnull=False, user__is_active=True).count()
    if not count:
        return ""
    sentence = ngettext(
        "%(count)d person holds a number of chats that an administrator has fixed apart from the ladder.",
        "%(count)d people hold a number of chats that an administrator has fixed apart from the ladder.",
        count,
    )
    return sentence % {"count": count}


def check_steps_down(period: Period) -> Finding:
    """Each step down was due by its figures, by one rung; and nobody who is below was left. Source: EM-CAP-down."""
    steps = LadderStep.objects.filter(kind=LadderStep.Kind.DOWN, at__gte=period.start, at__lt=period.end)
    rows = list(steps.select_related("version"))
    wrong = [f"step {step.pk}" for step in rows if step.version is None or not _was_due(step.figures, step.version)]
    left = _left_above(in_force(DOWN, at=period.end))
    note = _("A step down ended no chat.") if rows else ""
    return Finding(len(rows) + len(left), (*wrong, *left), note=note)


def _was_due(figures: dict[str, Any], version: RuleVersion) -> bool:
    last = figures["last"]
    seconds = last["first_response_seconds"]
    is_unsatisfied = 100 * last["satisfied"] < version.number_of("below_satisfaction") * last["rated"]
    is_slow = seconds is not None and seconds >= version.number_of("first_response_seconds")
    return last["rated"] >= version.number_of("min_ratings") and (is_unsatisfied or is_slow)


def _left_above(version: RuleVersion | None) -> tuple[str, ...]:
    """Return the agents who are below, on a rung from which the next step down would have been due."""
    if version is None:
        return ()
    below = LadderStanding.objects.filter(is_below=True, rung__gt=0, version__isnull=False)
    between = chats_between(version)
    due = [
        row
        for row in below.select_related("agent__earlier")
        if row.down_at_chats is None or row.whole.chats - row.down_at_chats >= between
    ]
    return tuple(f"agent {row.agent_id}" for row in due)
