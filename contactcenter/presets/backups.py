"""The back-up plans that a preset brings, with the people who see to them and the last drill."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from agents.actions import note_drill
from agents.models import BackupPerson, BackupPlan, BackupText, User


def load_backups(rows: Iterable[dict[str, Any]], *, reset: bool, today: date, at: datetime) -> None:
    """Make the plans that are missing, or with `reset` set them back; turns and drills that were noted stay."""
    for row in rows:
        known = BackupPlan.objects.filter(channel=row["channel"]).first()
        if known is not None and not reset:
            continue
        plan = known or BackupPlan(channel=row["channel"])
        plan.phone, plan.page = row["phone"], row["page"]
        plan.save()
        for language, text in row["texts"].items():
            BackupText.objects.update_or_create(plan=plan, language_id=language, defaults={"text": text})
        for username, role in row.get("people", {}).items():
            person = User.objects.get(username=username)
            BackupPerson.objects.update_or_create(plan=plan, person=person, defaults={"role": role})
        if known is None and "drill" in row:
            _note(plan, row["drill"], today=today, at=at)


def _note(plan: BackupPlan, drill: dict[str, Any], *, today: date, at: datetime) -> None:
    people = list(User.objects.filter(username__in=drill["participants"]))
    held_on = today - timedelta(days=drill["days_ago"])
    note_drill(plan.pk, held_on=held_on, participants=people, result=drill["result"], by=None, today=today, at=at)
