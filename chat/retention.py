"""How long chats stay: the city's row on retention, and what follows from it at one moment. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from chat.models import PurgeRun
from policies.calendar import instant
from policies.models import RuleVersion
from policies.versions import in_force

RULE = "EM-RET-A"
DAY = timedelta(days=1)
CAUGHT_UP_AFTER = timedelta(hours=1)  # a run that comes later than that after its time was missed


@dataclass(frozen=True)
class Retention:
    """The row on retention that holds, or None where the city has adopted none."""

    version: RuleVersion | None

    @property
    def refusal(self) -> str:
        """Why nothing may be purged, and so no chat may begin; empty when all is well."""
        if self.version is None:
            return _("Chats have no retention rule: adopt EM-RET-A in the administration, with its legal basis.")
        if not str(self.version.value_of("legal_basis")).strip():
            return _("EM-RET-A has no legal basis: write in the administration what the purge rests on.")
        return ""

    @property
    def grace(self) -> timedelta:
        """How long ago a chat must have ended before a purge takes it."""
        assert self.version is not None
        return timedelta(minutes=self.version.number_of("grace_minutes"))

    @property
    def run_on(self) -> timedelta:
        """How long after closing time a chat may still run."""
        assert self.version is not None
        return timedelta(minutes=self.version.number_of("run_on_minutes"))

    def last_time(self, *, at: datetime) -> datetime:
        """Return the last moment, by the city's clock, at which a purge was due; `at` itself counts.

        Without a rule: midnight, at which the refusal is noted.
        """
        zone = ZoneInfo(timezone.get_default_timezone_name())
        wall = time.fromisoformat(str(self.version.value_of("purge_at"))) if self.version else time()
        today = at.astimezone(zone).date()
        due = instant(datetime.combine(today, wall), zone)
        return due if due <= at else instant(datetime.combine(today - DAY, wall), zone)

    def next_time(self, *, at: datetime) -> datetime:
        """Return the next moment at which a purge will be due."""
        return self.last_time(at=self.last_time(at=at) + DAY + timedelta(hours=3))  # also when the clocks change


def retention_in_force(*, at: datetime) -> Retention:
    """Return what holds of retention at an instant. Source: EM-RET-A."""
    return Retention(in_force(RULE, at=at))


def last_run() -> PurgeRun | None:
    """Return the purge that ran last."""
    return PurgeRun.objects.filter(refusal="").order_by("-started_at", "-pk").first()
