"""How many chats each may hold now: the rung, what limits it, and every step that changes it.

Each action locks the agent's row first. Whoever holds the lock of a chat
finishes that transaction before: `accept` locks in the order agent, chat.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from agents import rules
from agents.ladder import (
    WITHOUT_LADDER,
    Binding,
    Descent,
    Record,
    Rung,
    least,
    next_rung,
    placed_anew,
    read_ladder,
)
from agents.models import MAX_SEATS, Agent, EarlierRecord, LadderStanding, LadderStep, User
from contactcenter.lib.errors import Invalid
from contactcenter.lib.events import emit
from policies.models import RuleVersion
from policies.staff_texts import staff_text
from policies.versions import rules_in_force

CAP, DOWN = "EM-CAP", "EM-CAP-down"
MAX_WHY = 300


# What changes it ------------------------------------------------------------
@transaction.atomic
def note_record(agent_id: int, *, here: Record, window: Record, at: datetime) -> Agent:
    """Take the figures of an agent's chats, and settle what follows. Source: EM-CAP, EM-CAP-down."""
    agent = _locked(agent_id)
    standing = _standing_of(agent)
    standing.here, standing.window = here, window
    return _settle(agent, standing, at=at)


@transaction.atomic
def settle_seats(agent_id: int, *, at: datetime, by: User | None = None, why: str = "", is_anew: bool = False) -> Agent:
    """Settle how many chats an agent may hold now; with `is_anew` the rung, too, is found anew. Source: EM-CAP."""
    agent = _locked(agent_id)
    return _settle(agent, _standing_of(agent), at=at, by=by, why=why, is_anew=is_anew)


@transaction.atomic
def restrict_seats(agent_id: int, *, to: int | None, why: str, by: User, at: datetime) -> Agent:
    """Let somebody hold no more than so many chats at once, or with None as many as without. Raises `Invalid`.

    Chats that run stay. Source: EM-CAP.
    """
    why = why.strip()
    if not why:
        raise Invalid(_("Write why. The agent reads it."), field="why")
    if len(why) > MAX_WHY:
        raise Invalid(
            _("The reason is too long. Shorten it to %(count)d characters.") % {"count": MAX_WHY}, field="why"
        )
    why = staff_text(why, field="why", at=at)
    if to is not None and not 1 <= to <= MAX_SEATS:
        raise Invalid(
            _("Write a number from 1 to %(most)d. Who is to hold no chat is suspended.") % {"most": MAX_SEATS},
            field="to",
        )
    agent = _locked(agent_id)
    if to is None and agent.restricted_to is None:
        raise Invalid(_("%(name)s is not limited. Nothing was changed.") % {"name": agent.display_name}, field="to")
    is_lifted = to is None
    agent.restricted_to, agent.restricted_why = to, "" if is_lifted else why
    agent.restricted_at, agent.restricted_by = (None, None) if is_lifted else (at, by)
    agent._history_user = by  # type: ignore[attr-defined]
    agent.save(update_fields=["restricted_to", "restricted_why", "restricted_at", "restricted_by"])
    return _settle(agent, _standing_of(agent), at=at, by=by, why=why)


@transaction.atomic
def fix_seats(agent_id: int, *, seats: int | None, by: User | None, at: datetime) -> Agent:
    """Let somebody hold so many chats whatever the ladder says; with None as it says. Raises `Invalid`."""
    if seats is not None and not 1 <= seats <= MAX_SEATS:
        raise Invalid(_("Write a number from 1 to %(most)d.") % {"most": MAX_SEATS}, field="fixed_seats")
    agent = _locked(agent_id)
    agent.fixed_seats = seats
    agent._history_user = by  # type: ignore[attr-defined]
    agent.save(update_fields=["fixed_seats"])
    return _settle(agent, _standing_of(agent), at=at, by=by)


@transaction.atomic
def note_earlier(agent_id: int, *, figures: Record, by: User | None, at: datetime) -> Agent:
    """Write down what somebody did before this program, and find their rung anew. Source: EM-CAP."""
    agent = _locked(agent_id)
    row = EarlierRecord.objects.filter(agent=agent).first() or EarlierRecord(agent=agent)
    row.chats, row.rated, row.satisfied = figures.chats, figures.rated, figures.satisfied
    mean = figures.first_response
    row.first_response_seconds = None if mean is None else int(mean.total_seconds())
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    return settle_seats(agent_id, at=at, by=by, is_anew=True)


# Who is to be settled -------------------------------------------------------
def unsettled(*, at: datetime) -> QuerySet[Agent]:
    """Return the agents who were settled by other versions of EM-CAP and EM-CAP-down than hold at this instant."""
    cap, down = _ladder_rules(at=at)
    if cap is None:
        return Agent.objects.filter(standing__version__isnull=False)
    return Agent.objects.filter(Q(standing__isnull=True) | _differs("version", cap) | _differs("descent", down))


def _ladder_rules(*, at: datetime) -> tuple[RuleVersion | None, RuleVersion | None]:
    """Return the versions by which seats are settled; without a ladder nobody steps down from one."""
    held = rules_in_force([CAP, DOWN], at=at)
    cap = held.get(CAP)
    return cap, held.get(DOWN) if cap else None


def _differs(field: str, version: RuleVersion | None) -> Q:
    is_empty = Q(**{f"standing__{field}__isnull": True})
    return is_empty | ~Q(**{f"standing__{field}": version}) if version else ~is_empty


def is_unsettled(agent: Agent, *, at: datetime) -> bool:
    """Say whether that holds of this agent."""
    held = LadderStanding.objects.filter(agent=agent).values_list("version", "descent").first()
    return (held or (None, None)) != tuple(version and version.pk for version in _ladder_rules(at=at))


# Settling -------------------------------------------------------------------
def _locked(agent_id: int) -> Agent:
    return Agent.objects.locked().select_related("user").get(pk=agent_id)


def _standing_of(agent: Agent) -> LadderStanding:
    standing = LadderStanding.objects.select_related("version").filter(agent=agent).first()
    standing = standing or LadderStanding(binding=Binding.NO_LADDER)
    standing.agent = agent
    return standing


@dataclass(frozen=True)
class _Move:
    """Why the rung is what it is now; without a kind it is where it was."""

    kind: str = ""
    version: RuleVersion | None = None


def _settle(
    agent: Agent,
    standing: LadderStanding,
    *,
    at: datetime,
    by: User | None = None,
    why: str = "",
    is_anew: bool = False,
) -> Agent:
    cap, down = _ladder_rules(at=at)
    if cap is None and standing.pk is None and agent.fixed_seats is None and agent.restricted_to is None:
        return agent  # the city has no ladder, and nobody ever limited this agent
    move = _climb(standing, cap, down, is_anew=is_anew) if cap else _Move()
    standing.version, standing.descent = cap, down
    before, was_bound_by = agent.seats, standing.binding
    agent.seats, binding = least(_limits(agent, standing, cap))
    is_new = standing.pk is None
    standing.binding = binding
    standing.save()
    if agent.seats != before or move.kind or (binding != was_bound_by and not is_new):
        _append(agent, standing, move, seats_before=before, at=at, by=by, why=why)
    # An update, not a save: the number is no configuration, and its history are the steps.
    Agent.objects.filter(pk=agent.pk).update(seats=agent.seats)
    emit("agent", agent_id=agent.pk)
    if agent.seats != before:
        emit("queue")
    return agent


def _climb(standing: LadderStanding, cap: RuleVersion, down: RuleVersion | None, *, is_anew: bool) -> _Move:
    """Put the agent on the rung that is theirs now, and say why it is another one."""
    descent = _descent(down)
    ladder, whole, old = read_ladder(cap.value_of("rungs")), standing.whole, standing.version
    standing.is_below = descent is not None and descent.is_below(standing.window)
    if is_anew or old is None or old.value_of("rungs") != cap.value_of("rungs"):
        seats_held = _rung_of(standing).seats if old is not None else None
        standing.rung = placed_anew(ladder, whole=whole, is_below=standing.is_below, seats_held=seats_held)
        is_moved = seats_held is None or ladder[standing.rung].seats != seats_held
        return _Move(LadderStep.Kind.PLACED, cap) if is_moved else _Move()
    before = standing.rung
    standing.rung = next_rung(
        ladder,
        before,
        whole=whole,
        window=standing.window,
        descent=descent,
        chats_since_step_down=None if standing.down_at_chats is None else whole.chats - standing.down_at_chats,
    )
    if standing.rung < before:
        standing.down_at_chats = whole.chats
        return _Move(LadderStep.Kind.DOWN, down)
    return _Move(LadderStep.Kind.UP, cap) if standing.rung > before else _Move()


def _rung_of(standing: LadderStanding) -> Rung:
    assert standing.version is not None
    ladder = read_ladder(standing.version.value_of("rungs"))
    return ladder[min(standing.rung, len(ladder) - 1)]


def _descent(version: RuleVersion | None) -> Descent | None:
    if version is None:
        return None
    return Descent(
        below_satisfaction=version.number_of("below_satisfaction"),
        first_response=timedelta(seconds=version.number_of("first_response_seconds")),
        min_ratings=version.number_of("min_ratings"),
        chats_between=chats_between(version),
    )


def chats_between(version: RuleVersion) -> int:
    """Return how many finished chats lie between two steps down under a version of EM-CAP-down: at least one.

    With none, a limit or a row that is changed would take somebody down twice for the same chats.
    """
    return max(1, version.number_of("chats_between"))


def _limits(agent: Agent, standing: LadderStanding, cap: RuleVersion | None) -> dict[Binding, int | None]:
    """Return all that limits an agent; of equal limits the one that is named first is told."""
    limits: dict[Binding, int | None] = {Binding.RESTRICTION: agent.restricted_to}
    if agent.fixed_seats is not None:
        return {**limits, Binding.FIXED: agent.fixed_seats}
    if cap is None:
        return {**limits, Binding.NO_LADDER: WITHOUT_LADDER}
    is_trainee = rules.level_of(agent.user.roles) == "trainee"
    return {
        **limits,
        Binding.TRAINEE: cap.number_of("trainee_seats") if is_trainee else None,
        Binding.RUNG: _rung_of(standing).seats,
        Binding.MAXIMUM: cap.number_of("maximum"),
    }


# Steps ----------------------------------------------------------------------
def _append(
    agent: Agent,
    standing: LadderStanding,
    move: _Move,
    *,
    seats_before: int,
    at: datetime,
    by: User | None,
    why: str,
) -> None:
    version = move.version or standing.version
    LadderStep.objects.create(
        agent=agent,
        at=at,
        kind=move.kind or LadderStep.Kind.LIMIT,
        seats_before=seats_before,
        seats_after=agent.seats,
        binding=standing.binding,
        rule=version.rule if version else "",
        version=version,
        figures={
            "all": _figures(standing.whole),
            "last": _figures(standing.window),
            "rung": _rung_of(standing).seats if standing.version else None,
        },
        why=why,
        by=by,
    )


def _figures(record: Record) -> dict[str, Any]:
    mean = record.first_response
    return {
        "chats": record.chats,
        "rated": record.rated,
        "satisfied": record.satisfied,
        "first_response_seconds": None if mean is None else round(mean.total_seconds(), 3),
    }
