"""Every change of what the city adopted: a new version, never an old one altered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from contactcenter.lib.errors import Invalid
from contactcenter.lib.serial import one_at_a_time
from policies.calendar import FIRST_DAY, LAST_DAY, Day, Definition, Hours, Schedule, Week, compile_calendar
from policies.calendars import as_json, changes_past, compiled, first_difference, from_json
from policies.catalogue import rule_named
from policies.hours import check_definition, check_hours, say_date, say_minutes
from policies.models import BusinessCalendar, CalendarVersion, Document, RuleVersion
from policies.values import check_values

CLOSED_EARLY = "closed_early"
MAX_REASON = 300  # characters


# Rules ----------------------------------------------------------------------
@dataclass(frozen=True)
class Adoption:
    """What is to hold for a rule from an instant on; with `is_adopted` false, that it no longer holds."""

    rule: str
    values: Mapping[str, Any]
    effective_from: datetime
    reason: str
    document: Document | None = None
    clause: str = ""
    review_on: date | None = None
    is_adopted: bool = True


def adopt_rule(
    rule: str,
    values: Mapping[str, Any],
    *,
    effective_from: datetime,
    reason: str,
    by: AbstractBaseUser | None,
    at: datetime,
    document: Document | None = None,
    clause: str = "",
    review_on: date | None = None,
    is_adopted: bool = True,
) -> RuleVersion:
    """Write down what holds for one rule; see `adopt_rules`."""
    adoption = Adoption(rule, values, effective_from, reason, document, clause, review_on, is_adopted)
    return adopt_rules([adoption], by=by, at=at)[0]


@transaction.atomic
def adopt_rules(adoptions: Sequence[Adoption], *, by: AbstractBaseUser | None, at: datetime) -> list[RuleVersion]:
    """Write down what holds for some rules, all or none.

    Raises `Invalid`: an instant that is past, values out of their limits, or
    values that contradict another rule's at some time. Source: decision 5.
    """
    one_at_a_time("policies.rules")
    versions = [_write_rule(adoption, by=by, at=at) for adoption in adoptions]
    for moment in sorted({adoption.effective_from for adoption in adoptions}):
        check_silence(since=moment)
    return versions


def _write_rule(adoption: Adoption, *, by: AbstractBaseUser | None, at: datetime) -> RuleVersion:
    rule_named(adoption.rule)
    if adoption.effective_from < at and by is not None:
        raise Invalid(_("The past cannot be changed. Choose today or a later day."), field="effective_from")
    reason = _checked_reason(adoption.reason)
    last = RuleVersion.objects.filter(rule=adoption.rule).order_by("-number").first()
    return RuleVersion.objects.create(
        rule=adoption.rule,
        number=last.number + 1 if last else 1,
        is_adopted=adoption.is_adopted,
        values=check_values(adoption.rule, adoption.values) if adoption.is_adopted else {},
        document=adoption.document,
        clause=adoption.clause,
        effective_from=adoption.effective_from,
        review_on=adoption.review_on,
        reason=reason,
        made_at=at,
        by_id=by.pk if by else None,
    )


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Write why, for whoever reads this in a year."), field="reason")
    if len(reason) > MAX_REASON:
        raise Invalid(
            _("The reason is too long. Shorten it to %(count)d characters.") % {"count": MAX_REASON}, field="reason"
        )
    return reason


def check_silence(*, since: datetime) -> None:
    """Raise `Invalid` when a silent chat would somewhen end before, or without, its notice.

    Looks at every instant from `since` on at which either rule changes. Source: EM-IDLE-2, EM-IDLE-4.
    """
    rows = RuleVersion.objects.filter(rule__in=["EM-IDLE-2", "EM-IDLE-4"])
    changes = {row.effective_from for row in rows if row.effective_from > since} | {since}
    for moment in sorted(changes):
        held = {row.rule: row for row in rows.latest_of_each(at=moment) if row.is_adopted}
        notice, end = held.get("EM-IDLE-2"), held.get("EM-IDLE-4")
        if end is not None and notice is None:
            raise Invalid(
                _("EM-IDLE-4 ends a chat only after the notice of EM-IDLE-2. Adopt that one first, or leave both."),
                field="seconds",
            )
        if end is not None and notice is not None and end.number_of("seconds") <= notice.number_of("seconds"):
            raise Invalid(
                _(
                    "A chat would end at %(end)d seconds of silence, but its notice comes at %(notice)d only. "
                    "The end (EM-IDLE-4) must come after the notice (EM-IDLE-2): change that one first."
                )
                % {"end": end.number_of("seconds"), "notice": notice.number_of("seconds")},
                field="seconds",
            )


# Calendars ------------------------------------------------------------------
def write_calendar(
    calendar: BusinessCalendar,
    definition: Definition,
    *,
    reason: str,
    by: AbstractBaseUser | None,
    at: datetime,
    document: Document | None = None,
    clause: str = "",
) -> CalendarVersion:
    """Write a calendar's next version. Raises `Invalid`, also when somebody would change a past day.

    Only a preset, which nobody in particular writes (`by` is None), may say what held in the past.
    """
    with transaction.atomic():
        one_at_a_time("policies.calendars")
        return _write_calendar(
            calendar, definition, reason=reason, by=by, at=at, document=document, clause=clause, last=_last(calendar)
        )


def _write_calendar(
    calendar: BusinessCalendar,
    definition: Definition,
    *,
    last: CalendarVersion | None,
    reason: str,
    by: AbstractBaseUser | None,
    at: datetime,
    document: Document | None = None,
    clause: str = "",
) -> CalendarVersion:
    check_definition(definition)
    reason = _checked_reason(reason)
    old = compiled(last.pk) if last else None
    new = compile_calendar(definition)
    differs_from = first_difference(old, new)
    if by is not None and old is not None and changes_past(old, new, at=at):
        raise Invalid(
            _(
                "This would change hours that are past: %(date)s is the first day with a difference. "
                "Choose a later day, or close today early."
            )
            % {"date": say_date(differs_from)},
            field="starts_on",
        )
    return CalendarVersion.objects.create(
        calendar=calendar,
        number=last.number + 1 if last else 1,
        definition=as_json(definition),
        opens=[opened // 1_000_000 for opened in new.opens],
        closes=[closed // 1_000_000 for closed in new.closes],
        effective_on=differs_from,
        document=document or (last.document if last else None),
        clause=clause or (last.clause if last else ""),
        reason=reason,
        made_at=at,
        by_id=by.pk if by else None,
    )


@transaction.atomic
def change_week(
    calendar: BusinessCalendar, week: Week, *, starts_on: date, reason: str, by: AbstractBaseUser | None, at: datetime
) -> CalendarVersion:
    """Let a calendar have other usual hours from a local date on. Raises `Invalid`. Source: DF-BH."""
    one_at_a_time("policies.calendars")
    last, definition = _definition(calendar)
    return _write_calendar(
        calendar, week_changed(definition, week, starts_on=starts_on), last=last, reason=reason, by=by, at=at
    )


def week_changed(definition: Definition, week: Week, *, starts_on: date) -> Definition:
    """Return the definition with another usual week from a date on; later plans stay."""
    _guard_covered(starts_on, field="starts_on")
    others = [schedule for schedule in definition.schedules if schedule.starts_on != starts_on]
    schedules = sorted([*others, Schedule(starts_on, week)], key=lambda schedule: schedule.starts_on)
    return replace(definition, schedules=tuple(schedules))


@transaction.atomic
def set_day(
    calendar: BusinessCalendar, on: date, day: Day | None, *, by: AbstractBaseUser | None, at: datetime
) -> CalendarVersion:
    """Give a date hours of its own (closure, half day, opening), or with None its usual ones. Raises `Invalid`.

    An opening that is to begin before now begins now.
    """
    one_at_a_time("policies.calendars")
    last, definition = _definition(calendar)
    changed = day_changed(definition, on, day)
    today, minute = _today(last, at=at)
    if day is not None and day.kind == "opening" and on == today:
        left = _from_now_on(definition.hours_on(on), day.hours, minute)
        changed = replace(changed, days={**changed.days, on: replace(changed.days[on], hours=left)})
    return _write_calendar(calendar, changed, last=last, reason=_day_reason(on, day), by=by, at=at)


def _from_now_on(before: Hours, after: Hours, minute: int) -> Hours:
    """Return the hours of a day that has begun: what is past as it was, what is left as it is to be."""
    past = [(start, min(end, minute)) for start, end in before if start < minute]
    left = [(max(start, minute), end) for start, end in after if end > minute]
    return _joined([*past, *left])


def day_changed(definition: Definition, on: date, day: Day | None) -> Definition:
    """Return the definition with a date's own hours changed. Raises `Invalid`."""
    _guard_covered(on, field="on")
    days = dict(definition.days)
    days.pop(on, None)
    if day is not None:
        if not day.why.strip():
            raise Invalid(_("Write why this day is different; staff and residents read it."), field="why")
        check_hours(day.hours, field="hours")
        if day.kind != "closure" and not day.hours:
            raise Invalid(_("Write the hours of that day, like 8:30-12:00, or choose a closure."), field="hours")
        if day.kind == "closure" and day.hours:
            raise Invalid(_("A closure has no hours. Leave them empty, or choose a half day."), field="hours")
        days[on] = replace(day, why=day.why.strip())
    return replace(definition, days=days)


def _day_reason(on: date, day: Day | None) -> str:
    return day.why if day else _("%(date)s is as usual again.") % {"date": say_date(on)}


@transaction.atomic
def close_early(
    calendar: BusinessCalendar, *, why: str, by: AbstractBaseUser | None, at: datetime, minutes: int | None = None
) -> CalendarVersion:
    """Close a calendar's day now, or at a time of today (`minutes` after midnight). Raises `Invalid`.

    Source: decision 6.
    """
    one_at_a_time("policies.calendars")
    last, definition = _definition(calendar)
    today, passed = _today(last, at=at)
    closing = passed if minutes is None else minutes
    hours = definition.hours_on(today)
    if closing < passed:
        raise Invalid(_("%(time)s is past. Choose a later time.") % {"time": say_minutes(closing)}, field="minutes")
    if not hours or hours[-1][1] <= closing:
        raise Invalid(_("It is closed by then anyway. Nothing was changed."), field="minutes")
    left = tuple((start, min(end, closing)) for start, end in hours if start < closing)
    if not why.strip():
        raise Invalid(_("Write why it closes early; staff and residents read it."), field="why")
    changed = replace(definition, days={**definition.days, today: Day(CLOSED_EARLY, left, why.strip())})
    return _write_calendar(calendar, changed, last=last, reason=why, by=by, at=at)


@transaction.atomic
def open_again(calendar: BusinessCalendar, *, by: AbstractBaseUser | None, at: datetime) -> CalendarVersion:
    """Take back what makes today differ, from now on; the hours that are past stay as they were. Raises `Invalid`."""
    one_at_a_time("policies.calendars")
    last, definition = _definition(calendar)
    today, minute = _today(last, at=at)
    if today not in definition.days:
        raise Invalid(_("Today is as usual. Nothing was changed."), field="calendar")
    usual = day_changed(definition, today, None)
    hours = _from_now_on(definition.hours_on(today), usual.hours_on(today), minute)
    if hours == definition.hours_on(today):
        raise Invalid(_("What is left of today is as usual. Nothing was changed."), field="calendar")
    if hours != usual.hours_on(today):
        usual = replace(definition, days={**definition.days, today: Day("opening", hours, _("Open again"))})
    return _write_calendar(calendar, usual, last=last, reason=_day_reason(today, None), by=by, at=at)


def _joined(intervals: Sequence[tuple[int, int]]) -> Hours:
    """Return ascending intervals with those that touch made one."""
    joined: list[tuple[int, int]] = []
    for start, end in intervals:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


@transaction.atomic
def open_for_emergency(
    calendar: BusinessCalendar, on: date, hours: Hours, *, why: str, by: AbstractBaseUser | None, at: datetime
) -> CalendarVersion:
    """Open a date, or open it longer, in an emergency. Raises `Invalid`. Source: PH-SHIFT."""
    return set_day(calendar, on, Day("opening", hours, why), by=by, at=at)


def _today(last: CalendarVersion, *, at: datetime) -> tuple[date, int]:
    """Return a calendar's local date, and how many of its minutes are past, a begun one included."""
    now = at.astimezone(compiled(last.pk).zone)
    return now.date(), now.hour * 60 + now.minute + (1 if now.second or now.microsecond else 0)


def _definition(calendar: BusinessCalendar) -> tuple[CalendarVersion, Definition]:
    last = _last(calendar)
    if last is None:
        raise Invalid(_("This calendar has no hours yet. Give it its usual week first."), field="calendar")
    return last, from_json(last.definition)


def _last(calendar: BusinessCalendar) -> CalendarVersion | None:
    return calendar.versions.order_by("-number").defer("opens", "closes").first()


def _guard_covered(on: date, *, field: str) -> None:
    if not FIRST_DAY <= on <= LAST_DAY:
        raise Invalid(
            _("Calendars cover %(first)d to %(last)d. Choose a day in those years.")
            % {"first": FIRST_DAY.year, "last": LAST_DAY.year},
            field=field,
        )
