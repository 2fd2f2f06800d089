"""`bench_fixture`: agents for load tests, in a department of their own. Only in the demo."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from agents.actions import assign_to_chat, certify, fix_seats
from agents.models import (
    MAX_SEATS,
    Agent,
    CertificateKind,
    Department,
    DepartmentHours,
    Language,
    Membership,
    Role,
    RoleGrant,
    User,
)
from chat.retention import RULE as RETENTION
from policies.actions import adopt_rule, write_calendar
from policies.calendar import FIRST_DAY, MINUTES_A_DAY, Definition, Schedule
from policies.models import BusinessCalendar, RuleVersion
from policies.values import whole

MOST_AGENTS = 10_000


class Command(BaseCommand):
    help = "Make agents load1 … loadN in the department `load`, language en. Only with DEMO=1. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agents", type=int, required=True, metavar="N")
        parser.add_argument("--seats", type=int, required=True, metavar="S", help="chats that each may hold at once")
        parser.add_argument("--password", required=True, metavar="P", help="the password of all of them")

    def handle(self, *args: Any, agents: int, seats: int, password: str, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("bench_fixture makes people with a shared password. It works only with DEMO=1.")
        if not 1 <= agents <= MOST_AGENTS:
            raise CommandError(f"--agents must be 1 to {MOST_AGENTS}.")
        if not 1 <= seats <= MAX_SEATS:
            raise CommandError(f"--seats must be 1 to {MAX_SEATS}.")
        make_load_agents(agents, seats=seats, password=password, at=timezone.now())
        self.stdout.write(f"load1 to load{agents}, {seats} chats each, department load, language en.")


@transaction.atomic
def make_load_agents(count: int, *, seats: int, password: str, at: datetime) -> None:
    """Make `load1` … `load<count>`, or bring those who are there to these seats and this password."""
    department, _ = Department.objects.update_or_create(code="load", defaults={"name": "Load", "is_active": True})
    language, _ = Language.objects.update_or_create(
        code="en", defaults={"is_active": True}, create_defaults={"name": "English", "is_active": True}
    )
    _open_always(department, at=at)
    _keep_transient(at=at)
    kinds = list(CertificateKind.objects.values_list("code", flat=True))
    hashed = make_password(password)  # once: the same salt for all is what makes 300 of them quick
    for number in range(1, count + 1):
        user, _ = User.objects.update_or_create(
            username=f"load{number}",
            defaults={
                "first_name": "Load",
                "last_name": str(number),
                "is_active": True,
                "is_demo": True,
                "password": hashed,
            },
        )
        RoleGrant.objects.get_or_create(user=user, role=Role.AGENT)
        agent, _ = Agent.objects.update_or_create(user=user, defaults={"suspended_until": None})
        fix_seats(agent.pk, seats=seats, by=None, at=at)  # the ladder would begin with one
        Membership.objects.get_or_create(agent=agent, department=department, defaults={"is_primary": True})
        agent.languages.add(language)
        certify(agent, kinds=kinds, on=timezone.localdate(at), at=at)
        assign_to_chat(agent, on=timezone.localdate(at))


def _keep_transient(*, at: datetime) -> None:
    """Write down how long chats stay, where nobody has: without that none begins."""
    if not RuleVersion.objects.filter(rule=RETENTION).exists():
        values = whole(RETENTION, {"legal_basis": "Chats of load tests are transient."})
        reason = "Load tests need chats that begin."
        adopt_rule(RETENTION, values, effective_from=at, reason=reason, by=None, at=at)


def _open_always(department: Department, *, at: datetime) -> None:
    """Give the department a calendar of its own, which never closes."""
    calendar, _ = BusinessCalendar.objects.get_or_create(code="load", defaults={"name": "Load tests, always open"})
    if not calendar.versions.exists():
        always = Definition(settings.TIME_ZONE, (Schedule(FIRST_DAY, (((0, MINUTES_A_DAY),),) * 7),), {}, {})
        write_calendar(calendar, always, reason="Load tests run at any hour.", by=None, at=at)
    DepartmentHours.objects.update_or_create(department=department, channel="", defaults={"calendar": calendar})
