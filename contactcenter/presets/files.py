"""What a preset's files say, read and checked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
MAIL_DOMAIN = "maplebrook.example"


@dataclass(frozen=True)
class Person:
    username: str
    name: tuple[str, str]
    roles: list[str]
    departments: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)

    @property
    def email(self) -> str:
        return f"{self.username}@{MAIL_DOMAIN}"


@dataclass(frozen=True)
class Preset:
    """A city as its files describe it; rows are dictionaries of model fields."""

    name: str
    languages: list[dict[str, Any]]
    departments: list[dict[str, Any]]
    wordings: list[dict[str, Any]]
    people: list[Person]


def preset_names() -> list[str]:
    """Return the names of the presets that can be loaded."""
    return sorted(path.parent.name for path in FOLDER.glob("*/city.toml"))


def read_preset(name: str) -> Preset:
    """Read a preset by a name of `preset_names()`."""
    city = tomllib.loads((FOLDER / name / "city.toml").read_text(encoding="utf-8"))
    people_file = FOLDER / name / "people.toml"
    people = tomllib.loads(people_file.read_text(encoding="utf-8"))["people"] if people_file.exists() else []
    return Preset(
        name=name,
        languages=city.get("languages", []),
        departments=city.get("departments", []),
        wordings=city.get("wordings", []),
        people=[Person(**{**person, "name": tuple(person["name"])}) for person in people],
    )
