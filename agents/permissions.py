"""Who of the staff may do what, asked here by pages, API and sockets alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import rules
from agents.models import Agent, Certificate, CertificateKind, LogIn, OneTimeLink, Role, User
from contactcenter.lib.errors import NotFound
from contactcenter.lib.hashing import digest


def access_login(session_key: str | None, *, at: datetime) -> LogIn | None:
    """Return the log-in of this session with its user, or None when it opens nothing (any more)."""
    if not session_key:
        return None
    log_in = LogIn.objects.live(at=at).filter(session_key=session_key).select_related("user").first()
    if log_in is None or not is_factor_enough(log_in):
        return None
    return log_in


def live_logins(session_keys: Iterable[str], *, at: datetime) -> set[str]:
    """Return those keys whose log-in is alive; one statement."""
    asked = LogIn.objects.live(at=at).filter(session_key__in=set(session_keys))
    return set(asked.values_list("session_key", flat=True))


def is_factor_enough(log_in: LogIn) -> bool:
    """Say whether the log-in was made with as many factors as the person's roles ask for."""
    return log_in.second_factor or not must_give_second_factor(log_in.user)


def must_give_second_factor(user: User) -> bool:
    """Say whether the person's roles ask for a second factor; in the demo none does."""
    return not settings.DEMO and rules.needs_second_factor(user.roles)


def may_work_the_desk(user: User | AnonymousUser, *, at: datetime | None = None) -> bool:
    """Say whether this person takes chats now: an active agent, trainee or supervisor who is not suspended.

    Without `at` the question is asked now, as a page or a socket asks it.
    """
    if not isinstance(user, User):
        return False
    agent = Agent.objects.filter(user=user).select_related("user").first()
    return agent is not None and may_agent_work(agent, at=at or timezone.now())


def may_supervise(user: User | AnonymousUser) -> bool:
    """Say whether this person watches over the others' work."""
    return isinstance(user, User) and user.is_active and user.has_role(Role.SUPERVISOR)


def may_agent_work(agent: Agent, *, at: datetime) -> bool:
    """Say the same of an agent whose row, person and roles are at hand."""
    is_free = agent.user.is_active and not rules.is_suspended(agent.suspended_until, at=at)
    return is_free and rules.works_the_desk(agent.user.roles)


def access_link(secret: str, *, at: datetime, lock: bool = False) -> OneTimeLink:
    """Return the one-time link that `secret` opens. Unknown, used and expired look the same. Raises `NotFound`."""
    links = OneTimeLink.objects.select_for_update(no_key=True, of=("self",)) if lock else OneTimeLink.objects
    link = links.filter(digest=digest(secret), used_at__isnull=True, expires_at__gt=at, user__is_active=True).first()
    if link is None:
        raise NotFound(_("This link does not work any more. It was used, has expired, or a newer one was sent."))
    return link


def certificates_to_approve(user: User | AnonymousUser) -> QuerySet[Certificate]:
    """Return the certificates that wait for this person: of a kind for one of their roles, and not their own."""
    if not (isinstance(user, User) and user.is_active):
        return Certificate.objects.none()
    waiting = Certificate.objects.waiting().filter(kind__approver_role__in=user.roles)
    return waiting.exclude(agent__user=user).select_related("agent__user", "kind").order_by("noted_at", "pk")


def may_approve_certificates(user: User | AnonymousUser) -> bool:
    """Say whether some kind of certificate is approved by a role of this person."""
    if not (isinstance(user, User) and user.is_active):
        return False
    return CertificateKind.objects.filter(approver_role__in=user.roles).exists()


def access_certificate_to_approve(pk: int, user: User | AnonymousUser) -> Certificate:
    """Return a certificate that waits for this person; all others look the same as none. Raises `NotFound`."""
    certificate = certificates_to_approve(user).filter(pk=pk).first()
    if certificate is None:
        raise NotFound(_("No such certificate waits for your approval."))
    return certificate
