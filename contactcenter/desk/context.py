"""What the bar of the staff's pages may use."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from agents.models import User
from agents.permissions import may_approve_certificates, may_supervise, may_work_the_desk


class Room(NamedTuple):
    """A place of the bar; `counts` is the address that says how much waits there, if something can."""

    name: str
    address: str
    label: str
    counts: str = ""


def rooms(request: HttpRequest) -> dict[str, SimpleLazyObject]:
    """Return `rooms`: where this person may go, asked only by pages that show the bar."""
    return {"rooms": SimpleLazyObject(lambda: rooms_of(request))}


def rooms_of(request: HttpRequest) -> list[Room]:
    user = request.user
    if not isinstance(user, User):
        return []
    found = [Room("policies", reverse("reports:policies"), _("Policies"))]
    if may_supervise(user):
        found.insert(0, Room("supervise", reverse("desk:supervise"), _("Supervision"), reverse("desk:decisions")))
    if may_work_the_desk(user):
        found.insert(0, Room("tasks", reverse("desk:tasks"), _("Tasks")))
        found.insert(0, Room("scripts", reverse("knowledge:scripts"), _("Scripts")))
        found.insert(0, Room("desk", reverse("desk:desk"), _("Desk")))
    if not may_supervise(user) and may_approve_certificates(user):
        found.insert(0, Room("certificates", reverse("desk:certificates"), _("Certificates")))
    if user.is_superuser and not may_supervise(user):
        found.append(Room("supervise", reverse("desk:retention"), _("Retention")))
    if user.is_superuser:
        found.append(Room("health", reverse("operations:health"), _("Health")))
        found.append(Room("admin", reverse("admin:index"), _("Administration")))
    return found
