"""To whom a waiting chat is offered: rules over plain values, no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

Rank = tuple[int, bool, bool, int, bool, datetime, int, int]


@dataclass(slots=True)
class Candidate:
    """An agent who is present: what opens to her, how many seats are free, since when she has had no new chat.

    `lacks` holds the languages of the certificates that she lacks; None stands for one that every chat asks for.
    """

    id: int
    departments: frozenset[int]
    primary: int | None
    languages: frozenset[str]
    lacks: frozenset[str | None]
    is_assigned: bool
    is_away: bool
    free: int
    idle_since: datetime
    is_online: bool = True
    offered: int = 0  # in this pass

    def could_take(self, language: str) -> bool:
        """Say whether a chat in this language may be given to her at all, whatever she holds."""
        return self.is_assigned and not self.is_away and self.lacks.isdisjoint({None, language})

    def is_free_for(self, language: str) -> bool:
        """Say whether a chat in this language could be offered to her now: what "free" means everywhere."""
        return self.is_online and self.free > 0 and self.could_take(language)

    def speaks(self, language: str, *, is_asked_for: bool) -> bool:
        """Say whether she may answer in a language; one that is asked for must be among hers, too. Source: EM-LANG.

        The city's own is not asked for: whoever takes chats answers in it.
        """
        return language not in self.lacks and (not is_asked_for or language in self.languages)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A chat that waits and is on offer to nobody.

    `reach` are the departments to whose agents it is offered, its own first.
    `asks_for_language`: it is in another language than the city's own. `on`: the local date of its department.
    `passed_by` declined it, `lost_by` had it and were lost; `misses`: how often each let its offer run out.
    """

    id: UUID
    reach: tuple[int, ...]
    language: str
    asks_for_language: bool
    is_for_all: bool
    is_open: bool
    on: date
    passed_by: frozenset[int] = frozenset()
    misses: Mapping[int, int] = field(default_factory=dict)
    lost_by: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    session_id: UUID
    agent_id: int
    why: str  # of `Offer.Why`


def reach_of(department: int, waited: timedelta, helpers: Mapping[int, tuple[int, int]]) -> tuple[int, ...]:
    """Return the departments to whose agents a chat is offered after this time: its own, then those that help out.

    `helpers` maps a department to the one that helps it out and after how many
    seconds; a helper's own helper comes in when its time, too, has passed.
    Source: SJ-ACD.
    """
    reach, left = [department], waited
    while reach[-1] in helpers:
        helper, seconds = helpers[reach[-1]]
        left -= timedelta(seconds=seconds)
        if left < timedelta() or helper in reach:
            break
        reach.append(helper)
    return tuple(reach)


def match(waiting: Iterable[Waiting], candidates: Iterable[Candidate], *, at: datetime) -> dict[UUID, Match | str]:
    """Return, for each chat in the order of the queue, to whom it is offered, or why to nobody (of `Unmatched`).

    Whoever is offered one has a seat less for the next, and is the last to be
    idle. Source: SJ-ACD, EM-LANG, EM-COM-D, EM-COM-Da.
    """
    agents = list(candidates)
    found: dict[UUID, Match | str] = {}
    nobody: dict[object, str] = {}  # for chats that differ in nothing: in one pass no seat becomes free
    for chat in waiting:
        alike = (chat.reach, chat.language, chat.is_for_all, chat.is_open, chat.passed_by)
        if alike in nobody:
            found[chat.id] = nobody[alike]
            continue
        able = _able(chat, agents)
        if isinstance(able, str):
            found[chat.id] = nobody[alike] = able
            continue
        chosen = min(able, key=lambda agent: _rank(agent, chat))
        chosen.free -= 1
        chosen.idle_since, chosen.offered = at, chosen.offered + 1
        found[chat.id] = Match(chat.id, chosen.id, _why(chosen, chat))
    return found


def _able(chat: Waiting, agents: list[Candidate]) -> list[Candidate] | str:
    """Return who may be offered a chat, or what ruled out the last of them."""
    if not chat.is_open:
        return "office_closed"
    left = [agent for agent in agents if chat.is_for_all or not agent.departments.isdisjoint(chat.reach)]
    if not left:
        return "no_one_online"
    demands = (
        ("not_assigned", lambda agent: agent.is_assigned),
        ("not_certified", lambda agent: None not in agent.lacks),
        ("no_language", lambda agent: chat.language not in agent.lacks),
        ("away", lambda agent: not agent.is_away),
        ("all_declined", lambda agent: agent.id not in chat.passed_by),
        ("no_seat", lambda agent: agent.free > 0),
    )
    for code, is_met in demands:
        left = [agent for agent in left if is_met(agent)]
        if not left:
            return code
    return left


def _rank(agent: Candidate, chat: Waiting) -> Rank:
    """Who has missed it least often comes first, then who did not lose it; then language, department, longest idle, id.

    Of the department those come first whose own it is. So everybody who can take it is asked once before anybody is
    asked again.
    """
    return (
        chat.misses.get(agent.id, 0),
        agent.id in chat.lost_by,
        not agent.speaks(chat.language, is_asked_for=chat.asks_for_language),
        _distance(agent, chat),
        agent.primary != chat.reach[0],
        agent.idle_since,
        agent.offered,
        agent.id,
    )


def _distance(agent: Candidate, chat: Waiting) -> int:
    near = (number for number, department in enumerate(chat.reach) if department in agent.departments)
    return next(near, len(chat.reach))


def _why(agent: Candidate, chat: Waiting) -> str:
    if chat.asks_for_language and chat.language in agent.languages:
        return "language"
    distance = _distance(agent, chat)
    if distance:
        return "another" if distance == len(chat.reach) else "overflow"
    return "department" if agent.primary == chat.reach[0] else "longest_idle"
