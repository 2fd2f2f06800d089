"""Certificates: noted with their evidence, approved by the named role, withdrawn. Source: PH-CERT, PH-BIL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from agents import rules
from agents.actions.people import tell_about
from agents.certification import missing_kinds
from agents.models import Agent, Certificate, CertificateKind, Channel, Evidence, Requirement, Role, User
from contactcenter.lib.errors import Invalid, WrongState
from contactcenter.lib.events import emit


@transaction.atomic
def note_certificate(
    agent: Agent,
    kind: CertificateKind,
    *,
    valid_from: date,
    valid_through: date | None = None,
    evidence: Mapping[int, str] | None = None,
    by: User | None,
    at: datetime,
) -> Certificate:
    """Note a certificate, which counts once it is approved. Raises `Invalid`. Source: PH-CERT.

    `evidence` maps ids of the kind's requirements to what was seen. Without
    `valid_through` the kind's number of days gives the last one.
    """
    last = valid_through or rules.last_date(valid_from, kind.valid_days)
    if last is not None and last < valid_from:
        raise Invalid(
            _("A certificate cannot end before it starts. Choose a last day on or after the first one."),
            field="valid_through",
        )
    certificate = Certificate(
        agent=agent, kind=kind, valid_from=valid_from, valid_through=last, noted_by=by, noted_at=at
    )
    _save(certificate, by=by)
    for requirement_id, text in (evidence or {}).items():
        _note_evidence(certificate, requirement_id, text, by=by, at=at)
    return certificate


@transaction.atomic
def add_evidence(certificate_id: int, requirement_id: int, text: str, *, by: User | None, at: datetime) -> Evidence:
    """Note what was seen for one requirement, in place of what was noted before. Raises `Invalid`, `WrongState`.

    Once the certificate is approved its evidence is what the approver saw, and stays.
    """
    certificate = Certificate.objects.locked().select_related("kind").get(pk=certificate_id)
    _guard_not_withdrawn(certificate)
    if certificate.approved_at is not None:
        raise WrongState(_("This certificate is approved; its evidence stays as it was seen. Note a new certificate."))
    return _note_evidence(certificate, requirement_id, text, by=by, at=at)


@transaction.atomic
def approve_certificate(certificate_id: int, *, by: User, at: datetime) -> Certificate:
    """Let a certificate count. Approving it again changes nothing. Raises `WrongState`. Source: PH-CERT."""
    certificate = _locked_after_its_agent(certificate_id)
    _guard_approver(certificate, by)
    _guard_not_withdrawn(certificate)
    if certificate.approved_at is not None:
        return certificate
    _guard_evidence(certificate)
    certificate.approved_by, certificate.approved_at = by, at
    _save(certificate, by=by)
    tell_about(certificate.agent)
    return certificate


@transaction.atomic
def withdraw_certificate(certificate_id: int, *, why: str, by: User, at: datetime) -> Certificate:
    """Let a certificate count no more, from now on; chats that run stay. Raises `Invalid`.

    Withdrawing it again changes nothing. The caller has asked who may.
    """
    why = why.strip()
    if not why:
        raise Invalid(_("Write why the certificate is withdrawn."), field="why")
    certificate = _locked_after_its_agent(certificate_id)
    if certificate.withdrawn_at is not None:
        return certificate
    certificate.withdrawn_by, certificate.withdrawn_at, certificate.withdrawn_why = by, at, why
    _save(certificate, by=by)
    tell_about(certificate.agent)
    return certificate


@transaction.atomic
def certify(agent: Agent, *, kinds: Collection[str], on: date, at: datetime) -> None:
    """Note and approve what this agent lacks of these kinds to chat in each of their languages; for made-up people.

    Approved in the name of somebody who holds the role; without such a person the kind stays missing.
    """
    languages: list[str | None] = list(agent.languages.values_list("code", flat=True)) or [None]
    lacking = {
        kind.pk: kind
        for language in languages
        for kind in missing_kinds(agent, channel=Channel.CHAT, language=language, on=on)
    }
    for kind in lacking.values():
        holders = User.objects.filter(is_active=True, grants__role=kind.approver_role).exclude(pk=agent.user_id)
        approver = holders.order_by("username").first()
        if approver is not None and kind.code in kinds:
            _certify(agent, kind, approver, on=on, at=at)


def _certify(agent: Agent, kind: CertificateKind, approver: User, *, on: date, at: datetime) -> None:
    alternatives = dict(kind.requirements.values_list("pk", "alternative"))
    asked = [pk for pk, alternative in alternatives.items() if alternative == min(alternatives.values())]
    evidence = dict.fromkeys(asked, _("Seen when the person was hired."))
    certificate = note_certificate(agent, kind, valid_from=on, evidence=evidence, by=approver, at=at)
    approve_certificate(certificate.pk, by=approver, at=at)


def tell_about_kinds() -> None:
    """What is asked of agents was changed: every desk looks again."""
    emit("queue")


def _locked_after_its_agent(certificate_id: int) -> Certificate:
    """Lock the agent, then the certificate: whoever takes a seat locks the agent too, and so comes before or after."""
    agent = Agent.objects.locked().get(certificates=certificate_id)
    certificate = Certificate.objects.locked().select_related("kind").get(pk=certificate_id)
    certificate.agent = agent
    return certificate


def _guard_approver(certificate: Certificate, by: User) -> None:
    role = Role(certificate.kind.approver_role)
    names = {"name": certificate.kind.name, "role": role.label}
    if not (by.is_active and by.has_role(role)):
        raise WrongState(
            _("“%(name)s” is approved by people with the role %(role)s, which you do not hold. Ask one of them.")
            % names
        )
    if certificate.agent.user_id == by.pk:
        raise WrongState(_("Nobody approves their own certificate. Ask somebody else with the role %(role)s.") % names)


def _guard_not_withdrawn(certificate: Certificate) -> None:
    if certificate.withdrawn_at is not None:
        raise WrongState(_("This certificate was withdrawn. Note a new one."))


def _guard_evidence(certificate: Certificate) -> None:
    """Refuse while no alternative is complete, naming what the nearest one lacks."""
    requirements = {requirement.pk: requirement for requirement in certificate.kind.requirements.all()}
    alternatives = {pk: requirement.alternative for pk, requirement in requirements.items()}
    evidenced = set(certificate.evidence.values_list("requirement_id", flat=True))
    if rules.alternatives_met(alternatives, evidenced):
        return
    lacking = rules.lacking_of_nearest(alternatives, evidenced)
    raise WrongState(
        _("There is no evidence yet for: %(requirements)s. Note what was seen, then approve.")
        % {"requirements": "; ".join(requirements[pk].text for pk in lacking)}
    )


def _note_evidence(
    certificate: Certificate, requirement_id: int, text: str, *, by: User | None, at: datetime
) -> Evidence:
    text = text.strip()
    if not text:
        raise Invalid(_("Write what was seen."), field=f"evidence_{requirement_id}")
    if not Requirement.objects.filter(pk=requirement_id, kind=certificate.kind_id).exists():
        raise Invalid(
            _("This requirement does not belong to “%(name)s”. Write the evidence under that certificate's own.")
            % {"name": certificate.kind.name},
            field=f"evidence_{requirement_id}",
        )
    evidence, _is_new = Evidence.objects.update_or_create(
        certificate=certificate,
        requirement_id=requirement_id,
        defaults={"text": text, "noted_by": by, "noted_at": at},
    )
    return evidence


def _save(certificate: Certificate, *, by: User | None) -> None:
    certificate._history_user = by  # type: ignore[attr-defined]  # simple-history's own name for "who"
    certificate.save()
