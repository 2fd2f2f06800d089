"""What a change will mean, in sentences, for the administrator who is about to confirm it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from policies.calendar import Definition
from policies.hours import clock_change_notes, say_changes, say_date, say_day, say_moment, say_week
from policies.models import RuleVersion
from policies.values import say, whole


@dataclass(frozen=True)
class Preview:
    """What holds now and what comes, in the order of time, and what else to know."""

    changes: list[str]
    notes: list[str]


def say_version(version: RuleVersion | None) -> str:
    """Return what holds with this version of a rule, in a sentence."""
    if version is None:
        return _("The rule is not adopted here.")
    if not version.is_adopted:
        return _("The rule is no longer adopted.")
    return say(version.rule, version.values)


def say_city_moment(at: datetime) -> str:
    """Return an instant in words, on the city's clock."""
    return say_moment(timezone.localtime(at))


# Rules ----------------------------------------------------------------------
def version_at(rule: str, *, at: datetime) -> RuleVersion | None:
    """Return the version that decides at an instant, also one that says that the rule is no longer adopted."""
    return RuleVersion.objects.filter(rule=rule).latest_of_each(at=at).select_related("document").first()


def plans(rule: str, *, at: datetime) -> list[RuleVersion]:
    """Return the versions that will come into force after `at`, the next one first."""
    rows = RuleVersion.objects.filter(rule=rule, effective_from__gt=at).order_by("effective_from", "pk")
    return list({row.effective_from: row for row in rows}.values())  # of two for one moment the newer one comes


def say_plans(rule: str, *, at: datetime) -> list[str]:
    return [_planned(row) for row in plans(rule, at=at)]


def preview_rule(before: RuleVersion | None, new: RuleVersion, *, at: datetime) -> Preview:
    """Say what a version means that was just written: `before` held until now."""
    changes = [_("Now: %(says)s") % {"says": say_version(before)}]
    if new.effective_from <= at:
        changes.append(_("As soon as you confirm: %(says)s") % {"says": say_version(new)})
    rows = plans(new.rule, at=at)
    changes += [_from(row) if row == new else _planned(row) for row in rows]
    if rows and rows[0] == new:
        changes[1] = f"{changes[1]} {_('Nothing changes before.')}"
    return Preview(changes, [*_same_as(before, new), *_instead(new), *_kept_with(new)])


def _from(version: RuleVersion) -> str:
    facts = {"moment": say_city_moment(version.effective_from), "says": say_version(version)}
    return _("From %(moment)s: %(says)s") % facts


def _planned(version: RuleVersion) -> str:
    facts = {
        "moment": say_city_moment(version.effective_from),
        "says": say_version(version),
        "number": version.number,
    }
    return _("From %(moment)s, as version %(number)d already plans: %(says)s") % facts


def _same_as(before: RuleVersion | None, new: RuleVersion) -> list[str]:
    if before is None or before.is_adopted != new.is_adopted:
        return []
    if new.is_adopted and whole(new.rule, before.values) != whole(new.rule, new.values):
        return []
    return [_("That is what holds now. Only what is written about it becomes different.")]


def _instead(new: RuleVersion) -> list[str]:
    others = RuleVersion.objects.filter(rule=new.rule, effective_from=new.effective_from, number__lt=new.number)
    return [
        _("Version %(number)d was planned for the same moment. It will not come into force.") % {"number": row.number}
        for row in others.order_by("number")
    ]


def _kept_with(new: RuleVersion) -> list[str]:
    notes = []
    if new.document is not None:
        facts = {"title": new.document.title, "clause": new.clause or _("no clause")}
        notes.append(_("Source: %(title)s, %(clause)s.") % facts)
    elif new.clause:
        notes.append(_("Source: %(clause)s.") % {"clause": new.clause})
    if new.review_on is not None:
        notes.append(_("To be reviewed on %(date)s.") % {"date": say_date(new.review_on)})
    return [*notes, _("Reason: %(reason)s") % {"reason": new.reason}]


# Calendars ------------------------------------------------------------------
def preview_week(old: Definition | None, new: Definition, *, since: date, today: date) -> Preview:
    """Say what another usual week means: `since` is the day on which it begins."""
    changes = say_changes(old, new)
    if old is None:
        notes = [_("This calendar knows no holidays yet. Enter each of them as a day of its own.")]
    else:
        changes = [say_week_now(old, today), *changes, *say_planned_weeks(old, after=today, but=since)]
        notes = [_("Holidays, and days with hours of their own, stay as they are.")]
    return Preview(changes, [*clock_change_notes(new, since=max(since, today)), *notes])


def preview_day(old: Definition, new: Definition, on: date) -> Preview:
    """Say what a date's own hours mean."""
    own = {on: new.days[on]} if on in new.days else {}
    notes = clock_change_notes(replace(new, schedules=(), days=own), since=on) if own else []
    return Preview([_("Now: %(day)s") % {"day": say_one_day(old, on)}, *say_changes(old, new)], notes)


def say_week_now(definition: Definition, today: date) -> str:
    return _("Now: %(week)s.") % {"week": say_week(definition.week_on(today))}


def say_planned_weeks(definition: Definition, *, after: date, but: date | None = None) -> list[str]:
    """Say which other usual weeks will begin after a day."""
    return [
        _("From %(date)s, as already planned: %(week)s.")
        % {"date": say_date(schedule.starts_on), "week": say_week(schedule.week)}
        for schedule in definition.schedules
        if schedule.starts_on > after and schedule.starts_on != but
    ]


def say_own_days(definition: Definition, *, since: date) -> list[str]:
    """Say which dates from a day on have hours of their own."""
    return [say_one_day(definition, on) for on in sorted(definition.days) if on >= since]


def say_one_day(definition: Definition, on: date) -> str:
    """Return a date with its hours and why they are not the usual ones: `Monday 25 May 2026: closed (Victoria Day).`"""
    own = definition.days.get(on)
    why = own.why if own else definition.holidays.get(on, "")
    facts = {"date": say_date(on), "hours": say_day(definition.hours_on(on)), "why": why}
    return (_("%(date)s: %(hours)s (%(why)s).") if why else _("%(date)s: %(hours)s.")) % facts
