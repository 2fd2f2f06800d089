"""What a preset's city adopted: its documents, its calendar, its rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from contactcenter.presets.files import CalendarFile, Policy, Preset, RuleRow
from policies.actions import Adoption, adopt_rules, write_calendar
from policies.calendar import Definition, instant
from policies.calendars import from_json, latest_version
from policies.catalogue import rule_named, rules, sources
from policies.models import BusinessCalendar, Document, RuleVersion
from policies.values import whole
from policies.versions import planned, rules_in_force


def load_policy(preset: Preset, *, reset: bool, at: datetime) -> None:
    """Write down what the city adopted as far as it is not there; with `reset` set everything back to it."""
    _load_documents(preset.policy, reset=reset)
    _load_calendar(preset.name, preset.calendar, reset=reset, at=at)
    _load_rules(preset, reset=reset, at=at)


def _load_documents(policy: Policy, *, reset: bool) -> None:
    for source in sources():
        if source.code not in policy.documents:
            continue
        row = source.row()
        if source.code in policy.reviewed:
            row["reviewed_on"] = policy.effective_on
        if reset:
            Document.objects.update_or_create(code=source.code, defaults=row)
        else:
            Document.objects.get_or_create(code=source.code, defaults=row)


# Calendar -------------------------------------------------------------------
def _load_calendar(code: str, file: CalendarFile, *, reset: bool, at: datetime) -> None:
    """Make the city's calendar, or with `reset` give it back the hours of the file; the days passed say so, too."""
    others = BusinessCalendar.objects.filter(is_default=True).exclude(code=code)
    if reset:
        others.update(is_default=False)
    calendar, _is_new = BusinessCalendar.objects.get_or_create(
        code=code, defaults={"name": file.name, "is_default": not others.exists()}
    )
    if reset and not calendar.is_default:
        calendar.is_default = True
        calendar.save(update_fields=["is_default"])
    last = latest_version(calendar)
    if last is None or (reset and from_json(last.definition) != _plain(file.definition)):
        document = Document.objects.filter(code=file.document).first()
        write_calendar(
            calendar,
            file.definition,
            reason=f"As the preset {code} ships it.",
            by=None,
            at=at,
            document=document,
            clause=file.clause if document else "",
        )


def _plain(definition: Definition) -> Definition:
    """Return the definition with plain dictionaries, so that it compares with a kept one."""
    return Definition(definition.zone, definition.schedules, dict(definition.holidays), dict(definition.days))


# Rules ----------------------------------------------------------------------
def _load_rules(preset: Preset, *, reset: bool, at: datetime) -> None:
    midnight = _local_midnight(preset.policy.effective_on, preset.calendar.definition.zone)
    known = set(RuleVersion.objects.values_list("rule", flat=True))
    rows = list(_rows(preset.policy))
    adoptions = [_adoption(row, preset.policy, since=midnight) for row in rows if row.rule not in known]
    there = [row for row in rows if row.rule in known]
    adoptions += _set_back(there, preset.policy, at=at) if reset else _filled_in(there, at=at)
    adopt_rules(adoptions, by=None, at=at)


def _rows(policy: Policy) -> Iterator[RuleRow]:
    """Every rule of the documents that the city adopted, and the program's own rows; with values where it has any."""
    valued = {row.rule: row for row in policy.rules}
    for rule in rules().values():
        if rule.id in valued:
            yield valued[rule.id]
        elif rule.document in policy.documents:
            yield RuleRow(rule.id)


def _adoption(row: RuleRow, policy: Policy, *, since: datetime) -> Adoption:
    """A default row bears no clause: the document that it comes from is another city's."""
    rule = rule_named(row.rule)
    return Adoption(
        rule=rule.id,
        values=row.values,
        effective_from=since,
        reason=row.reason or (DEFAULT_REASON if row.is_default else policy.reason),
        document=None if row.is_default else Document.objects.get(code=rule.document),
        clause="" if row.is_default else rule.clause,
    )


DEFAULT_REASON = "The program's own row: the city's documents say nothing about it."


FILLED_IN_REASON = "A newer program knows more values of this rule; they are as the preset gives them."


def _filled_in(rows: list[RuleRow], *, at: datetime) -> list[Adoption]:
    """Return what gives the versions of an older program, planned ones too, the values that they do not have yet."""
    held, plans = rules_in_force(at=at), planned(at=at)
    adoptions = []
    for row in rows:
        since = {at: held[row.rule]} if row.rule in held else {}
        since |= {plan.effective_from: plan for plan in plans if plan.rule == row.rule}
        adoptions += [
            _with_more(version, row.values, since=moment)
            for moment, version in since.items()
            if version.is_adopted and row.values.keys() - version.values.keys()
        ]
    return adoptions


def _with_more(version: RuleVersion, values: dict[str, Any], *, since: datetime) -> Adoption:
    return Adoption(
        rule=version.rule,
        values={**values, **version.values},
        effective_from=since,
        reason=FILLED_IN_REASON,
        document=version.document,
        clause=version.clause,
        review_on=version.review_on,
    )


def _set_back(rows: list[RuleRow], policy: Policy, *, at: datetime) -> list[Adoption]:
    """Return what takes the rules back to the preset from now on, over what was planned, too."""
    held, plans = rules_in_force(at=at), planned(at=at)
    adoptions = []
    for row in rows:
        wanted = _adoption(row, policy, since=at)
        if not _says(held.get(row.rule), wanted):
            adoptions.append(wanted)
        moments = {plan.effective_from for plan in plans if plan.rule == row.rule and not _says(plan, wanted)}
        adoptions += [_adoption(row, policy, since=moment) for moment in sorted(moments)]
    return adoptions


def _says(version: RuleVersion | None, wanted: Adoption) -> bool:
    if version is None or not version.is_adopted:
        return False
    if whole(version.rule, version.values) != whole(wanted.rule, wanted.values):
        return False
    return (version.document, version.clause) == (wanted.document, wanted.clause)


def _local_midnight(on: date, zone: str) -> datetime:
    return instant(datetime.combine(on, time()), ZoneInfo(zone))
