"""What a preset's files say, read and checked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import holidays

from policies.calendar import FIRST_DAY, LAST_DAY, Definition, Schedule
from policies.catalogue import rule_named
from policies.hours import read_hours

FOLDER = Path(__file__).resolve().parent
SHARED = "shared"  # the folder of what every preset brings; no city's name
MAIL_DOMAIN = "maplebrook.example"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Person:
    username: str
    name: tuple[str, str]
    roles: list[str]
    departments: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    earlier: dict[str, int] = field(default_factory=dict)  # what they did before: a row of `EarlierRecord`

    @property
    def email(self) -> str:
        return f"{self.username}@{MAIL_DOMAIN}"


@dataclass(frozen=True)
class CalendarFile:
    """A preset's calendar: its name for people, its hours, and the clause that gives them (empty: none does)."""

    name: str
    definition: Definition
    document: str
    clause: str


@dataclass(frozen=True)
class RuleRow:
    """A rule as the city adopted it; a default is the program's own row, where the documents are silent."""

    rule: str
    values: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    is_default: bool = False


@dataclass(frozen=True)
class Policy:
    """The documents that a city adopted whole, from when, those reviewed then, and the rules that bear values."""

    documents: list[str]
    effective_on: date
    reason: str
    rules: list[RuleRow]
    reviewed: list[str]


@dataclass(frozen=True)
class Word:
    """An emergency word or the name of a service; or a profane word, or a name that is none."""

    language: str
    kind: str
    phrase: str


@dataclass(frozen=True)
class Preset:
    """A city as its files describe it; rows are dictionaries of model fields."""

    name: str
    calendar: CalendarFile
    policy: Policy
    languages: list[dict[str, Any]]
    departments: list[dict[str, Any]]
    outside_bodies: list[dict[str, Any]]
    topics: list[dict[str, Any]]
    wordings: list[dict[str, Any]]
    certificates: list[dict[str, Any]]
    people: list[Person]
    words: list[Word]
    profanity: list[Word]
    link_domains: list[str]
    knowledge: dict[str, Any]  # scripts, sequences and nodes, as the file has them
    backups: list[dict[str, Any]]


def preset_names() -> list[str]:
    """Return the names of the presets that can be loaded."""
    return sorted(path.parent.name for path in FOLDER.glob("*/calendar.toml"))


def read_preset(name: str) -> Preset:
    """Read a preset by a name of `preset_names()`."""
    city, people, policy = _read(name, "city"), _read(name, "people"), _read(name, "policy")
    return Preset(
        name=name,
        calendar=_calendar_file(name),
        policy=Policy(
            documents=policy["documents"],
            effective_on=policy["effective_on"],
            reason=policy["reason"],
            rules=_rule_rows(policy.get("rules", []), policy["documents"]),
            reviewed=policy.get("reviewed", []),
        ),
        languages=city.get("languages", []),
        departments=city.get("departments", []),
        outside_bodies=city.get("outside_bodies", []),
        topics=city.get("topics", []),
        wordings=city.get("wordings", []),
        certificates=_read(name, "certificates").get("kinds", []),
        people=[Person(**{**person, "name": tuple(person["name"])}) for person in people.get("people", [])],
        words=_words("words"),
        profanity=_words("profanity"),
        link_domains=city.get("link_domains", []),
        knowledge=_read(name, "knowledge"),
        backups=_read(name, "backups").get("plans", []),
    )


def _words(file: str) -> list[Word]:
    return [
        Word(language, kind, phrase)
        for language, kinds in _read(SHARED, file).items()
        for kind, phrases in kinds.items()
        for phrase in phrases
    ]


def _rule_rows(own: list[dict[str, Any]], documents: list[str]) -> list[RuleRow]:
    """Return a city's rows, and the program's own ones for the rules of which neither rows nor documents speak."""
    named = {row["rule"] for row in own}
    shared = [RuleRow(**row, is_default=True) for row in _read(SHARED, "policy")["rules"]]
    silent = [row for row in shared if row.rule not in named and rule_named(row.rule).document not in documents]
    return [*(RuleRow(**row) for row in own), *silent]


def read_calendar(name: str) -> Definition:
    """Return the calendar that a preset ships, with the public holidays of its place."""
    return _calendar_file(name).definition


def _calendar_file(name: str) -> CalendarFile:
    kept = _read(name, "calendar")
    week = tuple(read_hours(kept["week"].get(day, ""), field=day) for day in WEEK)
    definition = Definition(
        zone=kept["zone"],
        schedules=(Schedule(FIRST_DAY, week),),
        holidays=public_holidays(kept["country"], kept["subdivision"]),
        days={},
    )
    return CalendarFile(kept["name"], definition, kept.get("document", ""), kept.get("clause", ""))


def public_holidays(country: str, subdivision: str) -> dict[date, str]:
    """Return the observed public holidays of a place for every covered year, by date."""
    years = range(FIRST_DAY.year, LAST_DAY.year + 1)
    listed = holidays.country_holidays(
        country, subdiv=subdivision, years=years, categories=("public",), observed=True, language=f"en_{country}"
    )
    return {on: name for on, name in sorted(listed.items()) if FIRST_DAY <= on <= LAST_DAY}


def _read(name: str, file: str) -> dict[str, Any]:
    path = FOLDER / name / f"{file}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
