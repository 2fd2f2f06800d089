"""How old a back-up may get (EM-RET-A)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max

from contactcenter.operations.models import BackupRun
from policies.versions import in_force

RULE, DEFAULT_DAYS = "EM-RET-A", 30


def max_age_days(*, at: datetime) -> int:
    """Return how many days a back-up that is made now may be kept. Source: EM-RET-A."""
    version = in_force(RULE, at=at)
    return int(version.values.get("backup_days", DEFAULT_DAYS)) if version else DEFAULT_DAYS


def greatest_age(*, at: datetime) -> timedelta:
    """Return how old any back-up that may still be restored can get: a lower row does not change those that exist."""
    kept = BackupRun.objects.filter(keep_until__gt=at).aggregate(days=Max("max_age_days"))["days"]
    return timedelta(days=max(max_age_days(at=at), kept or 0))
