"""Scripts, sequences and menus that a preset's city has written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from agents.models import Department
from contactcenter.knowledge.models import Menu, Node, Script, Sequence, Step
from contactcenter.presets.files import Preset

REVIEWED_FOR = timedelta(days=365)
Rows = list[dict[str, Any]]


@dataclass
class _Loading:
    """What one run knows: the day, whether to set back, and the scripts by id and language."""

    on: date
    reset: bool
    departments: dict[str, Department] = field(default_factory=dict)
    scripts: dict[tuple[str, str], Script] = field(default_factory=dict)


def load_knowledge(preset: Preset, *, reset: bool, on: date) -> None:
    """Make what was never there: what an admin renamed or deleted is in the history and stays away.

    With `reset` every row of the file is as the file has it; an admin's own rows and agents' own scripts stay.
    Everything made is to be reviewed a year after `on`, the local date.
    """
    kept = preset.knowledge
    loading = _Loading(on, reset, {each.code: each for each in Department.objects.all()})
    for row in kept.get("scripts", []):
        for language, text in row["texts"].items():
            for name, about in _names(row, language):
                _put_script(row, name, language, text, about, loading)
    for row in kept.get("sequences", []):
        for language, name in row["names"].items():
            _put_sequence(row, language, name, loading)
    languages = dict.fromkeys(language for row in kept.get("nodes", []) for language in row["labels"])
    for language in languages:
        _put_menu(kept["nodes"], language, loading)


def _names(row: dict[str, Any], language: str) -> Iterator[tuple[str, str | None]]:
    name = row["names"][language]
    yield from ((f"{name} {code}", code) for code in row["about"]) if "about" in row else ((name, None),)


def _put_script(row: dict[str, Any], name: str, language: str, text: str, about: str | None, loading: _Loading) -> None:
    department = loading.departments.get(row.get("department", ""))
    key = {"owner": None, "name": name, "language_id": language, "department": department}
    values = {
        "text": text,
        "about": loading.departments[about] if about else None,
        "review_on": loading.on + REVIEWED_FOR,
        "is_active": True,
    }
    script = Script.objects.filter(**key).first()
    was_there = Script.history.filter(owner=None, name=name, language_id=language).exists()
    if script is None and (loading.reset or not was_there):
        script = Script.objects.create(**key, **values)
    elif script is not None and loading.reset:
        _set(script, values)
    if script is not None:
        loading.scripts[row["id"], language] = script


def _set(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def _put_sequence(row: dict[str, Any], language: str, name: str, loading: _Loading) -> None:
    values = {
        "name": name,
        "rule": row.get("rule", ""),
        "outcome": row.get("outcome", ""),
        "review_on": loading.on + REVIEWED_FOR,
        "is_active": True,
    }
    key = {"key": row["key"], "language_id": language}
    sequence = Sequence.objects.filter(**key).first()
    was_there = Sequence.history.filter(**key).exists()
    steps = [loading.scripts.get((step, language)) for step in row["steps"]]
    if was_there and not loading.reset:
        return
    if sequence is None:
        sequence = Sequence.objects.create(**key, **values)
    else:
        _set(sequence, values)
        sequence.steps.all().delete()
    for number, script in enumerate(filter(None, steps), start=1):
        Step.objects.create(sequence=sequence, position=number, script=script)


def _put_menu(rows: Rows, language: str, loading: _Loading) -> None:
    key: dict[str, Any] = {"department": None, "language_id": language}
    if Menu.history.filter(**key).exists() and not loading.reset:
        return
    values = {"is_shown": True, "review_on": loading.on + REVIEWED_FOR}
    menu, _is_new = Menu.objects.update_or_create(defaults=values, **key)
    menu.nodes.all().delete()
    made: dict[str, Node] = {}
    for number, row in enumerate(rows, start=1):
        made[row["code"]] = Node.objects.create(
            menu=menu,
            code=row["code"],
            parent=made[row["under"]] if "under" in row else None,
            position=number,
            label=row["labels"][language],
            kind=row["kind"],
            text=row.get("texts", {}).get(language, ""),
            page=row.get("page", ""),
            department=loading.departments.get(row.get("department", "")),
            topic=row.get("topic", ""),
        )
