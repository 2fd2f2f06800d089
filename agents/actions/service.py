"""Back-up mode turned on and off, drills noted, notices of incidents posted and ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from agents.models import (
    MAX_NOTICE,
    BackupPlan,
    BackupTurn,
    Department,
    Drill,
    Incident,
    IncidentText,
    Language,
    User,
)
from contactcenter.lib.errors import Invalid, NotFound, WrongState
from contactcenter.lib.events import emit
from contactcenter.lib.frames import check_text
from policies.models import RuleVersion
from policies.versions import in_force

RULE = "SJ-BACK"
MAX_WHY, MAX_RESULT = 300, 2000


# Back-up mode ---------------------------------------------------------------
@transaction.atomic
def turn_backup(plan_id: int, *, is_on: bool, why: str, by: User, at: datetime) -> BackupTurn:
    """Turn the back-up mode of a channel on or off; what runs goes on. Raises `Invalid`, `WrongState`.

    Source: SJ-BACK.
    """
    version = _version(at=at)
    plan = _locked(plan_id)
    why = _checked(why, MAX_WHY, field="why", empty=_("Write why. Colleagues read it, now and in a year."))
    last = plan.turns.first()
    if (last is not None and last.is_on) == is_on:
        raise WrongState(_("The back-up mode is on already.") if is_on else _("The back-up mode is off already."))
    turn = BackupTurn.objects.create(plan=plan, is_on=is_on, at=at, by=by, why=why, version=version)
    emit("backup")
    emit("queue")
    return turn


@transaction.atomic
def note_drill(
    plan_id: int,
    *,
    held_on: date,
    participants: Collection[User],
    result: str,
    by: User | None,
    today: date,
    at: datetime,
) -> Drill:
    """Note that the back-up was tried out; it is due again as SJ-BACK says. Raises `Invalid`, `WrongState`.

    `today` is the city's date. Source: SJ-BACK.
    """
    version = _version(at=at)
    plan = _locked(plan_id)
    if held_on > today:
        raise Invalid(_("That day is still to come. Note a drill once it was held."), field="held_on")
    if not participants:
        raise Invalid(_("Name who took part."), field="participants")
    result = _checked(
        result, MAX_RESULT, field="result", empty=_("Write what came of it: what worked, and what is to be mended.")
    )
    drill = Drill.objects.create(
        plan=plan,
        held_on=held_on,
        result=result,
        next_due_on=held_on + timedelta(days=version.number_of("drill_days")),
        version=version,
        noted_by=by,
        noted_at=at,
    )
    drill.participants.set(participants)
    return drill


def _version(*, at: datetime) -> RuleVersion:
    version = in_force(RULE, at=at)
    if version is None:
        raise WrongState(_("The city has not adopted SJ-BACK. An administrator adopts it under Rules in force."))
    return version


def _locked(plan_id: int) -> BackupPlan:
    plan = BackupPlan.objects.select_for_update(no_key=True).filter(pk=plan_id).first()
    if plan is None:
        raise NotFound(_("There is no such back-up plan."))
    return plan


def _checked(text: str, longest: int, *, field: str, empty: str) -> str:
    text = text.strip()
    check_text(text, field)
    if not text:
        raise Invalid(empty, field=field)
    if len(text) > longest:
        raise Invalid(_("This is too long. Shorten it to %(count)d characters.") % {"count": longest}, field=field)
    return text


# Incidents ------------------------------------------------------------------
@transaction.atomic
def post_incident(
    *,
    department: Department | None,
    texts: Mapping[str, str],
    starts_at: datetime | None,
    ends_at: datetime,
    by: User,
    at: datetime,
) -> Incident:
    """Say something to all residents, or a department's, until its end; None starts now. Raises `Invalid`.

    `texts` is by language; empty ones are left out.
    """
    begin = max(starts_at or at, at)
    if ends_at <= begin:
        raise Invalid(_("The end must come after the start, and after now. Choose a later one."), field="ends_at")
    told = {code: text for code, text in texts.items() if text.strip()}
    if not told:
        field = f"text_{next(iter(texts), 'en')}"
        raise Invalid(_("Write what residents are to read, at least in one language."), field=field)
    unknown = told.keys() - set(Language.objects.values_list("code", flat=True))
    if unknown:
        raise Invalid(_("The city does not serve in this language."), field=f"text_{min(unknown)}")
    incident = Incident.objects.create(
        department=department, starts_at=begin, ends_at=ends_at, posted_by=by, posted_at=at
    )
    for code, text in told.items():
        checked = _checked(text, MAX_NOTICE, field=f"text_{code}", empty="")
        IncidentText.objects.create(incident=incident, language_id=code, text=checked)
    emit("queue")
    return incident


@transaction.atomic
def end_incident(incident_id: int, *, by: User, at: datetime) -> Incident:
    """Let nobody read a notice any more. Raises `NotFound`, `WrongState`."""
    incident = Incident.objects.locked().filter(pk=incident_id).first()
    if incident is None:
        raise NotFound(_("There is no such notice."))
    if incident.ended_at is not None or incident.ends_at <= at:
        raise WrongState(_("This notice is over already."))
    incident.ended_at, incident.ended_by = at, by
    incident.save(update_fields=["ended_at", "ended_by"])
    emit("queue")
    return incident
