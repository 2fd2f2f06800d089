"""People: invited, given roles, disabled, enabled."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from agents import rules
from agents.actions.ladder import settle_seats
from agents.actions.links import send_link, withdraw_links
from agents.actions.logins import end_logins
from agents.actions.presence import set_presence
from agents.models import Agent, OneTimeLink, Presence, Role, RoleGrant, User
from contactcenter.lib.errors import Invalid, WrongState
from contactcenter.lib.events import emit


@transaction.atomic
def invite(user: User, roles: Collection[str], *, by: User | None, at: datetime) -> User:
    """Add a new person without a password, and mail them a link by which they choose one. Raises `Invalid`."""
    if not user.email:
        raise Invalid(_("Write the work e-mail. The invitation is sent there."), field="email")
    user.set_unusable_password()
    user._history_user = by  # type: ignore[attr-defined]
    user.save()
    set_roles(user, roles, by=by, at=at)
    send_link(user, OneTimeLink.Purpose.INVITATION, at=at)
    return user


@transaction.atomic
def invite_again(user: User, *, at: datetime) -> None:
    """Mail a new invitation; the earlier link stops working. Raises `WrongState`, `Invalid`."""
    user = User.objects.locked().get(pk=user.pk)
    if not user.is_active or user.has_usable_password():
        raise WrongState(_("%(person)s has a password already, or may not log in.") % {"person": user})
    if not user.email:
        raise Invalid(_("%(person)s has no work e-mail.") % {"person": user}, field="email")
    send_link(user, OneTimeLink.Purpose.INVITATION, at=at)


@transaction.atomic
def set_roles(user: User, roles: Collection[str], *, by: User | None, at: datetime) -> None:
    """Let a person hold exactly these roles.

    Roles of the desk come with an agent's row. A role that asks for a second
    factor ends log-ins made without one. Raises `Invalid`.
    """
    wanted = set(roles)
    if not wanted <= set(Role.values):
        raise Invalid(_("Choose roles from the list."), field="roles")
    user = User.objects.locked().get(pk=user.pk)
    held = user.roles
    if Role.ADMIN in held - wanted:
        _guard_last_admin(user, field="roles")
    for role in sorted(wanted - held):
        grant = RoleGrant(user=user, role=role)
        grant._history_user = by  # type: ignore[attr-defined]
        grant.save()
    for grant in RoleGrant.objects.filter(user=user, role__in=held - wanted):
        grant._history_user = by  # type: ignore[attr-defined]
        grant.delete()
    _follow_roles(user, wanted, at=at)


@transaction.atomic
def disable(user: User, *, by: User | None, at: datetime) -> None:
    """Take the log-in away from a person, at once and on every page and socket. Raises `Invalid`."""
    user = User.objects.locked().get(pk=user.pk)
    if not user.is_active:
        return
    if by is not None and by.pk == user.pk:
        raise Invalid(_("You cannot disable yourself. Ask another administrator."), field="user")
    if user.has_role(Role.ADMIN):
        _guard_last_admin(user, field="user")
    user.is_active = False
    user._history_user = by  # type: ignore[attr-defined]
    user.save(update_fields=["is_active"])
    withdraw_links(user, at=at)
    end_logins(user, at=at)
    _leave_the_desk(user, at=at)


@transaction.atomic
def enable(user: User, *, by: User | None, at: datetime) -> None:
    """Let a disabled person log in again, with the password and roles that they had."""
    user = User.objects.locked().get(pk=user.pk)
    if user.is_active:
        return
    user.is_active = True
    user._history_user = by  # type: ignore[attr-defined]
    user.save(update_fields=["is_active"])


def tell_about(agent: Agent) -> None:
    """An agent's seats, departments or languages were changed: every desk looks again."""
    emit("agent", agent_id=agent.pk)
    emit("queue")


def _follow_roles(user: User, roles: set[str], *, at: datetime) -> None:
    if rules.works_the_desk(roles):
        agent, _is_new = Agent.objects.get_or_create(user=user)
        settle_seats(agent.pk, at=at)
        emit("agent", agent_id=agent.pk)
    else:
        _leave_the_desk(user, at=at)
    if rules.needs_second_factor(roles):
        end_logins(user, at=at, without_second_factor=True)


def _leave_the_desk(user: User, *, at: datetime) -> None:
    agent = Agent.objects.filter(user=user).first()
    if agent is not None:
        set_presence(agent.pk, Presence.OFFLINE, at=at)
        emit("agent", agent_id=agent.pk)


def _guard_last_admin(user: User, *, field: str) -> None:
    """Refuse when nobody else could administer. Raises `Invalid`."""
    others = User.objects.locked().holding(Role.ADMIN).order_by("pk")
    if not any(other.pk != user.pk for other in others):
        raise Invalid(_("This is the last administrator. Make somebody else one first."), field=field)
