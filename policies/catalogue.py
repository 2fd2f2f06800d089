"""The rule catalogue: what each document asks for, and how each rule acts. It comes with the program."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.lib.errors import Invalid

FOLDER = Path(__file__).resolve().parent / "documents"
ORDER = ("EM", "SJ", "PK", "DF", "PH")


class Acts(TextChoices):
    ENFORCE = "enforce", gettext_lazy("Enforced")
    PROMPT = "prompt", gettext_lazy("Prompted")
    REPORT = "report", gettext_lazy("Reported")


@dataclass(frozen=True)
class Rule:
    """One rule: the clause that it comes from, what that asks for, and what the program does about it.

    `step` is the stage of the program in which it is first enforced.
    """

    id: str
    clause: str
    title: str
    demands: str
    does: str
    acts: str
    step: int

    @property
    def document(self) -> str:
        """The code of the document that the rule comes from."""
        return self.id.partition("-")[0]


@dataclass(frozen=True)
class LeftOut:
    """A part of a document that the program leaves to people on purpose."""

    clause: str
    what: str
    why: str


@dataclass(frozen=True)
class Source:
    """A document as the catalogue knows it; its dates start the row that an admin keeps."""

    code: str
    title: str
    body: str
    citation: str
    rules: tuple[Rule, ...]
    left_out: tuple[LeftOut, ...]
    adopted_on: date | None = None
    effective_on: date | None = None
    reviewed_on: date | None = None

    def row(self) -> dict[str, Any]:
        """Return the fields with which the document's row begins."""
        return {
            "title": self.title,
            "body": self.body,
            "citation": self.citation,
            "adopted_on": self.adopted_on,
            "effective_on": self.effective_on,
            "reviewed_on": self.reviewed_on,
        }


@cache
def sources() -> tuple[Source, ...]:
    """Return the five documents with their rules, in the order in which they are shown."""
    return tuple(_read(FOLDER / f"{code.lower()}.toml") for code in ORDER)


def _read(path: Path) -> Source:
    kept = tomllib.loads(path.read_text(encoding="utf-8"))
    return Source(
        **kept["document"],
        rules=tuple(Rule(**rule) for rule in kept["rules"]),
        left_out=tuple(LeftOut(**part) for part in kept.get("left_out", [])),
    )


@cache
def rules() -> dict[str, Rule]:
    """Return every rule by its id, in the order of the documents."""
    return {rule.id: rule for source in sources() for rule in source.rules}


def rule_named(rule_id: str) -> Rule:
    """Return a rule. Raises `Invalid`."""
    rule = rules().get(rule_id)
    if rule is None:
        raise Invalid(_("There is no rule %(rule)s in the catalogue.") % {"rule": rule_id}, field="rule")
    return rule
