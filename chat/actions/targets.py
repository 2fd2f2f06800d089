"""To whom a chat is passed on: read from what was asked for, guarded, and who of a group is asked next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from agents.assignment import RULE as ASSIGNED
from agents.assignment import unassigned
from agents.certification import missing_kinds
from agents.hours import date_in
from agents.models import Agent, Department, Language, Presence, Role, RoleGrant
from agents.permissions import may_agent_work
from chat.actions.seats import CHAT
from chat.matching import candidates as online_candidates
from chat.matching_rules import Candidate
from chat.models import ChatSession, Ending, Offer, Seat, Transfer
from chat.opening import closed, opening_of
from contactcenter.lib.errors import DomainError, Invalid
from policies.versions import in_force

LANGUAGES, AWAY = "EM-LANG", "EM-COM-D"


@dataclass(frozen=True)
class Target:
    """To whom a chat is passed on: exactly one of these."""

    agent: Agent | None = None
    department: Department | None = None
    language: Language | None = None
    supervisor: bool = False

    def asked(self) -> dict[str, Any]:
        """Return it as the frame `transfer` bears it."""
        if self.agent is not None:
            return {"agent": self.agent.pk}
        if self.department is not None:
            return {"department": self.department.code}
        return {"language": self.language.code} if self.language is not None else {"supervisor": True}

    def columns(self) -> dict[str, Any]:
        """Return it as `Transfer` keeps it."""
        return {
            "to_agent": self.agent,
            "to_department": self.department,
            "to_language": self.language,
            "to_supervisor": self.supervisor,
        }


def target_of(transfer: Transfer) -> Target:
    return Target(transfer.to_agent, transfer.to_department, transfer.to_language, transfer.to_supervisor)


def read_target(to: Any) -> Target:
    """Return whom `to` names; a person's row is locked. Raises `Invalid` with the field `to`."""
    if not isinstance(to, dict) or len(to) != 1:
        raise _invalid(_("Say to whom: a colleague, a department, a language, or a supervisor."))
    [(kind, value)] = to.items()
    if kind == "agent" and isinstance(value, int) and not isinstance(value, bool):
        agent = Agent.objects.locked().select_related("user").filter(pk=value).first()
        if agent is not None:
            return Target(agent=agent)
        raise _invalid(_("There is no such colleague."))
    if kind == "department" and isinstance(value, str):
        department = Department.objects.filter(code=value, is_active=True).first()
        if department is not None:
            return Target(department=department)
        raise _invalid(_("There is no such department."))
    if kind == "language" and isinstance(value, str):
        language = Language.objects.filter(code=value, is_active=True).first()
        if language is not None:
            return Target(language=language)
        raise _invalid(_("The city does not serve in that language."))
    if kind == "supervisor" and value is True:
        return Target(supervisor=True)
    raise _invalid(_("Say to whom: a colleague, a department, a language, or a supervisor."))


def _invalid(detail: str) -> Invalid:
    return Invalid(detail, field="to")


def guard_target(target: Target, session: ChatSession, *, at: datetime) -> None:
    """Refuse what cannot arrive, and say why.

    Raises `Invalid`, `not_online`, `not_certified`, `no_seat`, `closed`. Source: EM-FWD, EM-LANG.
    """
    if target.agent is not None:
        _guard_person(target.agent, session, at=at)
        return
    if target.department is not None:
        opening = opening_of(target.department, at=at)
        if not opening.may_be_accepted:
            facts = {"department": target.department.name}
            raise closed(opening, _("%(department)s is closed now. Pass a message on instead.") % facts)
    if target.language is not None and in_force(LANGUAGES, at=at) is None:
        raise _invalid(_("This city has not adopted a rule on other languages (EM-LANG). Choose a colleague instead."))
    if not qualified(target, session, at=at):
        raise _nobody(target)
    if not candidates(target, session, at=at):
        raise DomainError(
            "no_seat",
            _("Everybody there has as many chats as allowed. Try again in a moment, or pass a message on."),
        )


def _guard_person(agent: Agent, session: ChatSession, *, at: datetime) -> None:
    facts = {"name": agent.display_name}
    if agent.pk == session.agent_id:
        raise _invalid(_("This chat is yours already. Choose somebody else."))
    if agent.presence != Presence.ONLINE:
        raise DomainError("not_online", _("%(name)s is not online. Choose somebody else.") % facts)
    if not may_agent_work(agent, at=at):
        raise DomainError("not_online", _("%(name)s may not work in chats now. Choose somebody else.") % facts)
    on = date_in(session.department_id, channel=CHAT, at=at)
    if unassigned([agent.pk], channel=CHAT, on=on, at=at):
        sentence = _("%(name)s is not assigned to the chat today. Choose somebody else.") % facts
        raise DomainError("not_certified", sentence, rule=ASSIGNED)
    missing = missing_kinds(agent, channel=CHAT, language=session.language_id, on=on)
    if missing:
        facts["kind"] = missing[0].name
        raise DomainError(
            "not_certified",
            _("%(name)s has no certificate “%(kind)s”, without which this chat is not given. Choose somebody else.")
            % facts,
            rule=missing[0].rule,
        )
    if not has_free_seat(agent):
        raise DomainError("no_seat", _("%(name)s has as many chats as allowed. Choose somebody else.") % facts)


def _nobody(target: Target) -> DomainError:
    if target.language is not None:
        facts = {"language": target.language.name}
        sentence = _("Nobody who speaks %(language)s is online. Offer the resident a call back instead.") % facts
        return DomainError("not_online", sentence, instead="callback")
    if target.department is not None:
        facts = {"department": target.department.name}
        sentence = _("Nobody of %(department)s is online. Name its contact and pass a message on.") % facts
        return DomainError("not_online", sentence, instead="refer")
    return DomainError("not_online", _("No supervisor is online. Write an internal note, and go on yourself."))


def has_free_seat(agent: Agent) -> bool:
    """Say whether the agent could take one more chat: seats held and open offers are fewer than her seats."""
    held = Seat.objects.filter(agent=agent).count()
    return held + Offer.objects.open().filter(agent=agent).count() < agent.seats


# Groups -------------------------------------------------------------------------
def qualified(target: Target, session: ChatSession, *, at: datetime) -> list[Candidate]:
    """Return who of a group is online and may take the chat, whatever they hold, in the order in which they are asked.

    First those of the chat's own department, of these who has been free the longest. Source: EM-COM-D, EM-COM-Da.
    """
    language = target.language.code if target.language is not None else session.language_id
    there = target.department.pk if target.department is not None else session.department_id  # where it is then
    on = date_in(there, channel=CHAT, at=at)
    able = [agent for agent in online_candidates(in_force(AWAY, at=at), on=on, at=at) if agent.could_take(language)]
    supervisors = _supervisors([agent.id for agent in able]) if target.supervisor else frozenset()
    group = [agent for agent in able if agent.id != session.agent_id and _belongs(agent, target, supervisors)]
    return sorted(group, key=lambda agent: (session.department_id not in agent.departments, agent.idle_since, agent.id))


def _belongs(agent: Candidate, target: Target, supervisors: frozenset[int]) -> bool:
    if target.department is not None:
        return target.department.pk in agent.departments
    if target.language is not None:
        return target.language.code in agent.languages
    return agent.id in supervisors


def _supervisors(agent_ids: list[int]) -> frozenset[int]:
    rows = RoleGrant.objects.filter(user__agent__in=agent_ids, role=Role.SUPERVISOR)
    return frozenset(rows.values_list("user__agent", flat=True))


def candidates(target: Target, session: ChatSession, *, at: datetime) -> list[Candidate]:
    """Return who of a group could take the chat at once, in the order in which they are asked."""
    return [agent for agent in qualified(target, session, at=at) if agent.free > 0]


def next_of(transfer: Transfer, session: ChatSession, *, at: datetime) -> int | None:
    """Return the id of who is to be asked next: nobody who declined, and first those who have not been asked."""
    asked = list(transfer.offers.values_list("agent_id", "ending"))
    declined = {agent_id for agent_id, ending in asked if ending == Ending.DECLINED}
    times = [agent_id for agent_id, _ending in asked]
    able = [agent for agent in candidates(target_of(transfer), session, at=at) if agent.id not in declined]
    best = min(able, key=lambda agent: times.count(agent.id), default=None)
    return best.id if best is not None else None
