"""What staff read besides: figures and ids, the version in force and who wrote it, plans, opening hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from agents.models import User
from contactcenter.reports.ledger import Clause, clause_of
from policies.calendar import Definition
from policies.calendars import from_json
from policies.conformance import Judgement, Period, judge_all
from policies.hours import say_date, say_day, say_moment, say_week
from policies.models import CalendarVersion, RuleVersion
from policies.values import say
from policies.versions import planned

SHOWN_IDS = 10
DAYS_AHEAD = 30  # exceptions of a calendar are listed so far


@dataclass(frozen=True)
class VersionInWords:
    """A version of a rule: its number, what it says, since when, by whom and why."""

    number: int
    says: str
    since: str
    by: str
    reason: str


@dataclass(frozen=True)
class Standing:
    """How a rule stands: its judgement, the version in force, and what is planned."""

    judgement: Judgement
    version: VersionInWords | None
    planned: list[VersionInWords]

    @property
    def shown_ids(self) -> Sequence[str]:
        return self.judgement.finding.broken[:SHOWN_IDS] if self.judgement.finding else ()

    @property
    def unshown_ids(self) -> int:
        return max(0, len(self.judgement.finding.broken) - SHOWN_IDS) if self.judgement.finding else 0


# Rules ----------------------------------------------------------------------
def staff_clauses(*, days: int, at: datetime) -> list[Clause]:
    """Return every rule with its figures of the last days."""
    judgements = judge_all(Period.last_days(days, at=at), at=at)
    plans = planned(at=at)
    names = _names([each.version for each in judgements if each.version] + plans)
    return [
        Clause(
            each.rule,
            each.verdict,
            each.reason,
            clause_of(each.rule, each.version),
            each.keeper,
            Standing(
                each,
                _in_words(each.version, names) if each.version else None,
                [_in_words(plan, names) for plan in plans if plan.rule == each.rule.id],
            ),
        )
        for each in judgements
    ]


def _names(versions: Sequence[RuleVersion]) -> dict[int, str]:
    writers = User.objects.in_bulk({version.by_id for version in versions if version.by_id is not None})
    return {key: str(user) for key, user in writers.items()}


def _in_words(version: RuleVersion, names: dict[int, str]) -> VersionInWords:
    return VersionInWords(
        version.number,
        say(version.rule, version.values) if version.is_adopted else _("The rule no longer holds."),
        say_moment(timezone.localtime(version.effective_from)),
        names[version.by_id] if version.by_id is not None else _("the city's preset"),
        version.reason,
    )


# Calendars ------------------------------------------------------------------
@dataclass(frozen=True)
class CalendarInWords:
    """A calendar: its usual week now, the weeks that are planned, the days that differ soon."""

    name: str
    zone: str
    is_default: bool
    week: str
    planned: list[str]
    days: list[str]


def calendars_in_words(*, at: datetime) -> list[CalendarInWords]:
    """Return the hours of every calendar; one statement."""
    rows = CalendarVersion.objects.order_by("calendar_id", "-number").distinct("calendar_id")
    versions = rows.select_related("calendar").defer("opens", "closes")
    return [_calendar_in_words(version, at=at) for version in sorted(versions, key=_default_first)]


def _default_first(version: CalendarVersion) -> tuple[bool, str]:
    return (not version.calendar.is_default, version.calendar.name)


def _calendar_in_words(version: CalendarVersion, *, at: datetime) -> CalendarInWords:
    definition = from_json(version.definition)
    today = at.astimezone(ZoneInfo(definition.zone)).date()
    later = [schedule for schedule in definition.schedules if schedule.starts_on > today]
    return CalendarInWords(
        version.calendar.name,
        definition.zone,
        version.calendar.is_default,
        say_week(definition.week_on(today)),
        [
            _("From %(date)s: %(week)s.") % {"date": say_date(each.starts_on), "week": say_week(each.week)}
            for each in later
        ],
        _days_in_words(definition, at=at),
    )


def _days_in_words(definition: Definition, *, at: datetime) -> list[str]:
    today = at.astimezone(ZoneInfo(definition.zone)).date()
    said = []
    for on in (today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)):
        day = definition.days.get(on)
        why = day.why if day else definition.holidays.get(on)
        if why is not None:
            facts = {"date": say_date(on), "hours": say_day(definition.hours_on(on)), "why": why}
            said.append(_("%(date)s: %(hours)s (%(why)s).") % facts)
    return said
