"""Who sees figures, and who may change what they measure."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from agents.models import User


def may_see_figures(user: User | AnonymousUser) -> bool:
    """Say whether this person reads figures, ids and names: any role of the staff will do."""
    return isinstance(user, User) and user.is_active and bool(user.roles)


def may_adopt(user: User | AnonymousUser) -> bool:
    """Say whether this person may write down what the city adopts."""
    return isinstance(user, User) and user.is_superuser
