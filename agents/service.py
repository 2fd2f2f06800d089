"""How service stands when something is wrong: the back-up mode, drills that are due, incidents. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import OuterRef, Subquery

from agents.models import BackupPlan, BackupTurn, Department, Drill, Incident, in_language


@dataclass(frozen=True)
class Backup:
    """The way round a channel that is out of order: phone, form, and a text in each language.

    `turn` is the row that turned it on: what is told once is told once of each.
    """

    turn: int
    since: datetime
    phone: str
    page: str
    texts: Mapping[str, str]

    def as_frame(self, language: str) -> dict[str, str]:
        """Return what residents and their programs read."""
        return {"phone": self.phone, "page": self.page, "text": self.text_in(language)}

    def text_in(self, language: str) -> str:
        """Return what is said in a language, else in English; empty where nothing is."""
        return in_language(dict(self.texts), language)


def backup_of(channel: str) -> Backup | None:
    """Return the way round a channel while its back-up mode is on; else None. Source: SJ-BACK."""
    turn = BackupTurn.objects.filter(plan__channel=channel).select_related("plan").first()
    if turn is None or not turn.is_on:
        return None
    texts = dict(turn.plan.texts.values_list("language", "text"))
    return Backup(turn.pk, turn.at, turn.plan.phone, turn.plan.page, texts)


@dataclass(frozen=True)
class PlanStanding:
    """A back-up plan with how it stands: its last turn and drill, and when the next one is due."""

    plan: BackupPlan
    turn: BackupTurn | None
    drill: Drill | None
    is_overdue: bool

    @property
    def is_on(self) -> bool:
        return self.turn is not None and self.turn.is_on


def plans_standing(*, on: date) -> list[PlanStanding]:
    """Return every plan as it stands on a local date; one that was never tried out is overdue. Source: SJ-BACK."""
    turns = BackupTurn.objects.filter(plan=OuterRef("pk"))
    drills = Drill.objects.filter(plan=OuterRef("pk"))
    plans = list(
        BackupPlan.objects.prefetch_related("texts", "people__person").annotate(
            last_turn=Subquery(turns.values("pk")[:1]), last_drill=Subquery(drills.values("pk")[:1])
        )
    )
    turn_of = BackupTurn.objects.select_related("by").in_bulk([plan.last_turn for plan in plans])
    drill_of = Drill.objects.in_bulk([plan.last_drill for plan in plans])
    return [_standing(plan, turn_of.get(plan.last_turn), drill_of.get(plan.last_drill), on=on) for plan in plans]


def _standing(plan: BackupPlan, turn: BackupTurn | None, drill: Drill | None, *, on: date) -> PlanStanding:
    return PlanStanding(plan, turn, drill, is_overdue=drill is None or drill.next_due_on < on)


def incidents_of(department: Department | None, *, at: datetime) -> list[Incident]:
    """Return the notices that residents of a department read now; of all departments without one."""
    running = Incident.objects.running(at=at)
    meant = running if department is None else running.of_department(department.pk)
    return list(meant.select_related("department").prefetch_related("texts", "department__names"))


def say_incidents(department: Department, language: str, *, at: datetime) -> str | None:
    """Return what they say in a language, each in a line of its own; None when nothing is the matter."""
    return "\n".join(each.text_in(language) for each in incidents_of(department, at=at)) or None
