"""Why somebody may hold so many chats, in sentences. Reads only, and only what is stored with the agent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from agents.ladder import WITHOUT_LADDER, Binding, Record, Rung, read_ladder
from agents.models import Agent, LadderStanding, LadderStep
from policies.kinds import say_seconds


def why_so_many(agent: Agent, *, held: int) -> str:
    """Say why an agent may hold so many chats at once, and what the next seat asks for. Source: EM-CAP.

    Such as: 2 of 3 chats: 341 chats, 86 % satisfied, first response 0:41; the third seat comes at 500.
    Nothing is counted: `standing`, its version and `earlier` are best selected with the agent.
    """
    standing: LadderStanding | None = getattr(agent, "standing", None)
    if standing is None or standing.binding == Binding.NO_LADDER:
        return _("%(held)d of %(allowed)d chats") % {"held": held, "allowed": agent.seats}
    if standing.binding == Binding.FIXED:
        return _("%(count)d chats, a number that an administrator has fixed apart from the ladder") % {
            "count": agent.seats
        }
    facts = {"seats": agent.seats, "most": _most(standing), "reason": _reason(agent, standing)}
    return _("%(seats)d of %(most)d chats: %(reason)s") % facts


def _most(standing: LadderStanding) -> int:
    return standing.version.number_of("maximum") if standing.version else WITHOUT_LADDER


def _reason(agent: Agent, standing: LadderStanding) -> str:
    if standing.binding == Binding.RESTRICTION:
        return _("limited by a supervisor: %(why)s") % {"why": agent.restricted_why}
    if standing.binding == Binding.TRAINEE:
        return _("a trainee holds no more")
    record = standing.whole
    said = say_record(record)
    if standing.binding == Binding.MAXIMUM:
        return _("%(record)s; nobody holds more") % {"record": said}
    coming = _next_seat(standing, record)
    return f"{said}; {coming}" if coming else said


def say_record(record: Record) -> str:
    """Return figures in words: 341 chats, 86 % satisfied, first response 0:41."""
    parts = [_("%(count)d chats") % {"count": record.chats}]
    percent = record.percent
    parts.append(_("not rated yet") if percent is None else _("%(percent)d %% satisfied") % {"percent": percent})
    if record.first_response is not None:
        parts.append(_("first response %(time)s") % {"time": say_mean(record.first_response)})
    return ", ".join(parts)


def say_mean(mean: timedelta) -> str:
    return say_seconds(int(mean.total_seconds()))


def _next_seat(standing: LadderStanding, record: Record) -> str:
    """Say what the next rung still asks for; empty on the highest, and where nobody may hold more."""
    assert standing.version is not None  # it is a rung that binds
    ladder = read_ladder(standing.version.value_of("rungs"))
    above = ladder[standing.rung + 1] if standing.rung + 1 < len(ladder) else None
    if above is None or above.seats > standing.version.number_of("maximum"):
        return ""
    seat = _seat(above.seats)
    if standing.is_below:
        facts = {"seat": seat, "count": standing.window_chats, "record": say_record(standing.window)}
        return _("%(seat)s comes when the last chats are better (%(record)s)") % facts
    return _lacking(seat, above, record)


def _lacking(seat: str, above: Rung, record: Record) -> str:
    if not record.has_enough_chats(above):
        return _("%(seat)s comes at %(count)d") % {"seat": seat, "count": above.chats}
    if above.satisfaction is not None and not record.is_satisfying(above):
        asked = _("more than %(percent)d %%") if above.satisfaction.operator == ">" else _("%(percent)d %%")
        percent = asked % {"percent": above.satisfaction.percent}
        return _("%(seat)s asks for %(percent)s satisfied") % {"seat": seat, "percent": percent}
    if above.first_response is not None and not record.is_quick(above):
        facts = {"seat": seat, "time": say_mean(above.first_response)}
        return _("%(seat)s asks for a first response below %(time)s") % facts
    return ""


def _seat(number: int) -> str:
    named = {2: _("the second seat"), 3: _("the third seat"), 4: _("the fourth seat"), 5: _("the fifth seat")}
    return named.get(number) or _("seat number %(number)d") % {"number": number}


# Steps ----------------------------------------------------------------------
def say_step(step: LadderStep) -> str:
    """Return a step in a sentence, with its figures."""
    facts = {
        "before": step.seats_before,
        "after": step.seats_after,
        "all": say_record(_record(step.figures["all"])),
        "last": say_record(_record(step.figures["last"])),
    }
    if step.kind == LadderStep.Kind.DOWN:
        return _("A step down. The last chats: %(last)s.") % facts
    if step.kind == LadderStep.Kind.UP:
        return _("A step up. All chats: %(all)s.") % facts
    if step.kind == LadderStep.Kind.PLACED:
        return _("Placed on the ladder as it then was. All chats: %(all)s.") % facts
    return _say_limit(step.binding) or _("Another limit no longer holds. All chats: %(all)s.") % facts


def _say_limit(binding: str) -> str:
    """Say what limits somebody other than the ladder; empty when it is the ladder."""
    said = {
        Binding.RESTRICTION.value: _("Limited by a supervisor."),
        Binding.TRAINEE.value: _("The most that a trainee holds."),
        Binding.MAXIMUM.value: _("The most that anybody holds."),
        Binding.FIXED.value: _("A number that an administrator has fixed apart from the ladder."),
        Binding.NO_LADDER.value: _("The city has no ladder."),
    }
    return said.get(binding, "")


def _record(figures: Mapping[str, Any]) -> Record:
    seconds = figures["first_response_seconds"]
    mean = None if seconds is None else timedelta(seconds=seconds)
    return Record(figures["chats"], figures["rated"], figures["satisfied"], mean)
