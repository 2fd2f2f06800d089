"""Whether a channel, and a language on it, opens to an agent: asked here, in one place. Source: PH-CERT, PH-BIL.

Every `on` is a local date of the city.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agents import rules
from agents.models import Agent, Certificate, CertificateKind, Role, RoleGrant

# True within `NOT EXISTS (…)` where nothing is missing, and so usable as one more condition of an
# `INSERT … SELECT`: the same question as `missing_kinds`, in the statement that gives the contact.
# Parameters: %(agent_id)s, %(channel)s, %(language)s (a code, or NULL), %(level)s (`rules.level_of`),
# %(on)s (the local date). Lock the agent's row in an earlier statement: `withdraw_certificate` does
# too, so that a withdrawal is either seen here or comes after the contact was given.
MISSING_SQL = """
SELECT 1 FROM agents_certificatekind AS asked_kind
WHERE asked_kind.adopted_on <= %(on)s::date
  AND asked_kind.channel IN ('', %(channel)s)
  AND asked_kind.level IN ('', %(level)s)
  AND (asked_kind.language_id IS NULL OR asked_kind.language_id = %(language)s)
  AND NOT EXISTS (
    SELECT 1 FROM agents_certificate AS held
    WHERE held.kind_id = asked_kind.id AND held.agent_id = %(agent_id)s
      AND held.approved_at IS NOT NULL AND held.withdrawn_at IS NULL
      AND held.valid_from <= %(on)s::date
      AND (held.valid_through IS NULL OR held.valid_through >= %(on)s::date)
  )
"""


def missing_kinds(agent: Agent, *, channel: str, language: str | None, on: date) -> list[CertificateKind]:
    """Return the adopted kinds without which this channel does not open to the agent, in code order.

    `language` is a code; with None only the kinds without a language are asked for.
    """
    asked = CertificateKind.objects.asked_of(
        level=rules.level_of(agent.user.roles), channel=channel, language=language, on=on
    )
    held = Certificate.objects.counting(on=on).filter(agent=agent, kind=OuterRef("pk"))
    return list(asked.exclude(Exists(held)).order_by("code"))


def why_missing(kind: CertificateKind, agent: Agent, *, on: date) -> str:
    """Return one sentence for the agent: what became of the certificate, and whom to ask."""
    certificate = _most_telling(Certificate.objects.filter(kind=kind, agent=agent), on=on)
    state = certificate.state(on=on) if certificate is not None else None
    facts = {
        "name": kind.name,
        "date": _say_date_of(certificate, state),
        "role": Role(kind.approver_role).label,
        "whom": _whom_to_ask(kind.approver_role),
        "rule": kind.rule,
    }
    match state:
        case Certificate.State.BEGINS:
            text = _("Your certificate “%(name)s” begins on %(date)s. Ask %(whom)s if you need it sooner (%(rule)s).")
        case Certificate.State.WAITING:
            text = _(
                "Your certificate “%(name)s” waits for approval by the role %(role)s. "
                "Ask %(whom)s to approve it (%(rule)s)."
            )
        case Certificate.State.ENDED:
            text = _("Your certificate “%(name)s” ended on %(date)s. Ask %(whom)s to renew it (%(rule)s).")
        case Certificate.State.WITHDRAWN:
            text = _("Your certificate “%(name)s” was withdrawn on %(date)s. Ask %(whom)s for a new one (%(rule)s).")
        case _never:
            text = _("You have no certificate “%(name)s” yet. Ask %(whom)s for it (%(rule)s).")
    return text % facts


def certified_languages(agents: QuerySet[Agent] | Iterable[int], *, channel: str, on: date) -> set[str]:
    """Return the codes of the offered languages in which at least one of the agents may serve on this channel.

    An agent's own language counts with a counting certificate of each kind
    that is adopted for it, or for every language, on that channel and level.
    Source: PH-BIL.
    """
    ids = set(agents.values_list("pk", flat=True) if isinstance(agents, QuerySet) else agents)
    spoken = Agent.languages.through.objects.filter(agent__in=ids, language__is_active=True)
    lacks = lacking(ids, channel=channel, on=on)
    return {
        language
        for agent, language in spoken.values_list("agent_id", "language_id")
        if not any(kind.language_id in (None, language) for kind in lacks.get(agent, ()))
    }


def closed_to(agent_ids: Collection[int], *, channel: str, on: date) -> dict[int, CertificateKind]:
    """Return, for each agent to whom this channel does not open in any language, the first kind that is missing.

    Three statements, however many agents there are; one while no kind is adopted. Source: PH-CERT.
    """
    found = {}
    for agent_id, kinds in lacking(agent_ids, channel=channel, on=on).items():
        whole = [kind for kind in kinds if kind.language_id is None]
        if whole:
            found[agent_id] = whole[0]
    return found


def lacking(agent_ids: Collection[int], *, channel: str, on: date) -> dict[int, list[CertificateKind]]:
    """Return what each agent lacks on a channel, kinds of all languages alike, in code order."""
    kinds = list(CertificateKind.objects.adopted(on=on).filter(channel__in=["", channel]).order_by("code"))
    if not kinds:
        return {}
    counting = Certificate.objects.counting(on=on).filter(agent__in=agent_ids, kind__in=kinds)
    held = set(counting.values_list("agent_id", "kind_id"))
    levels = _levels(agent_ids)
    return {
        agent: [kind for kind in kinds if kind.level in ("", levels[agent]) and (agent, kind.pk) not in held]
        for agent in agent_ids
    }


def _levels(agent_ids: Iterable[int]) -> dict[int, rules.Level]:
    roles: dict[int, set[str]] = defaultdict(set)
    for agent_id, role in RoleGrant.objects.filter(user__agent__in=agent_ids).values_list("user__agent", "role"):
        roles[agent_id].add(role)
    return {agent_id: rules.level_of(roles[agent_id]) for agent_id in agent_ids}


def _most_telling(certificates: QuerySet[Certificate], *, on: date) -> Certificate | None:
    """Return the certificate that says best what to do: one to come, else one that waits, else the latest."""
    newest_first = list(certificates.order_by("-valid_from", "-pk"))
    for state in (Certificate.State.BEGINS, Certificate.State.WAITING):
        for certificate in reversed(newest_first):
            if certificate.state(on=on) == state:
                return certificate
    return newest_first[0] if newest_first else None


def _say_date_of(certificate: Certificate | None, state: str | None) -> str:
    if certificate is None:
        return ""
    said: date | None = certificate.valid_from
    if state == Certificate.State.ENDED:
        said = certificate.valid_through
    elif state == Certificate.State.WITHDRAWN and certificate.withdrawn_at is not None:
        said = timezone.localtime(certificate.withdrawn_at).date()
    return date_format(said, "j F Y") if said is not None else ""


def _whom_to_ask(role: str) -> str:
    people = {
        Role.AGENT: _("an agent"),
        Role.TRAINEE: _("a trainee"),
        Role.SUPERVISOR: _("your supervisor"),
        Role.DIRECTOR: _("your director"),
        Role.CLERK: _("the clerk"),
        Role.CARE_CENTRE: _("the care centre"),
        Role.TREASURY: _("the treasury"),
        Role.CAO: _("the chief administrative officer"),
        Role.ADMIN: _("an administrator"),
    }
    return people[Role(role)]
