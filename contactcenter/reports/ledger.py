"""The ledger: every document with its clauses, and how each clause stands, in the order in which it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise

from policies.catalogue import ORDER, Acts, LeftOut, Rule, Source, sources
from policies.conformance import Keeper, Verdict
from policies.models import Document, RuleVersion
from policies.reviews import due_on

CHIPS = {  # how a verdict looks beside its words: kind and icon of the chip
    Verdict.KEPT: ("ok", "kept"),
    Verdict.BROKEN: ("bad", "broken"),
    Verdict.IN_PART: ("warn", "soon"),
    Verdict.NOT_MEASURED: ("off", "unknown"),
    Verdict.NOT_ENFORCED: ("off", "clock"),
    Verdict.NOT_ADOPTED: ("plain", "minus"),
}
TALLY_WIDTH = 1000


@dataclass(frozen=True)
class Clause:
    """A rule as the page shows it; `more` is for staff alone."""

    rule: Rule
    verdict: Verdict
    reason: str | Promise
    clause: str
    keeper: Keeper | None
    more: Any = None

    @property
    def acts(self) -> str:
        return str(Acts(self.rule.acts).label)

    @property
    def chip(self) -> str:
        return CHIPS[self.verdict][0]

    @property
    def icon(self) -> str:
        return CHIPS[self.verdict][1]

    @property
    def acts_now(self) -> bool:
        """Say whether something in the program keeps the rule here."""
        return self.is_in_force and self.verdict != Verdict.NOT_ENFORCED

    @property
    def is_in_force(self) -> bool:
        return self.verdict != Verdict.NOT_ADOPTED


@dataclass(frozen=True)
class Section:
    """A document with its clauses: the row of this city, or what the catalogue knows of it."""

    about: Document | Source
    clauses: list[Clause]
    left_out: Sequence[LeftOut] = ()
    review_on: date | None = None
    is_overdue: bool = False


@dataclass(frozen=True)
class Ledger:
    """What the city adopted, what holds without a document of this city, and what was not adopted."""

    adopted: list[Section]
    own: list[Clause]
    elsewhere: list[Section]

    @property
    def is_empty(self) -> bool:
        return not (self.adopted or self.own or self.elsewhere)


def clause_of(rule: Rule, version: RuleVersion | None) -> str:
    """Return the clause that asks for a rule: as this city adopted it, else as the catalogue knows it.

    Empty for a rule in force that no clause asks for: the program's own row.
    """
    return rule.clause if version is None else version.clause


def arrange(
    clauses: Iterable[Clause], documents: Iterable[Document], *, years: int | None, on: date, whole: bool = True
) -> Ledger:
    """Put clauses under their documents. `years` lie between reviews; `on` is today.

    Unless `whole`, documents without any of the clauses are left away.
    """
    by_code: dict[str, list[Clause]] = {}
    for clause in clauses:
        by_code.setdefault(clause.rule.document, []).append(clause)
    rows = {document.code: document for document in documents}
    known = {source.code: source for source in sources()}
    adopted = [
        _section(rows[code], known.get(code), by_code.get(code, []), years=years, on=on)
        for code in sorted(rows, key=_place)
    ]
    strangers = [source for code, source in known.items() if code not in rows]
    own = [clause for source in strangers for clause in by_code.get(source.code, []) if clause.is_in_force]
    elsewhere = [
        Section(source, [each for each in by_code.get(source.code, []) if not each.is_in_force], source.left_out)
        for source in strangers
    ]
    return Ledger(
        [section for section in adopted if whole or section.clauses],
        own,
        [section for section in elsewhere if section.clauses],
    )


def _section(
    document: Document, source: Source | None, clauses: list[Clause], *, years: int | None, on: date
) -> Section:
    due = due_on(document, years)
    left_out = source.left_out if source else ()
    return Section(document, clauses, left_out, due, is_overdue=due is not None and due < on)


def _place(code: str) -> tuple[int, str]:
    return (ORDER.index(code) if code in ORDER else len(ORDER), code)


@dataclass(frozen=True)
class Count:
    """How many clauses have a verdict, and its part of the bar."""

    verdict: Verdict
    count: int
    begins: int
    width: int

    @property
    def chip(self) -> str:
        return CHIPS[self.verdict][0]

    @property
    def icon(self) -> str:
        return CHIPS[self.verdict][1]


def tally(clauses: Sequence[Clause]) -> list[Count]:
    """Count the verdicts, each with its place in a bar of `TALLY_WIDTH`."""
    counted = Counter(clause.verdict for clause in clauses)
    counts, passed = [], 0
    for verdict in Verdict:
        begins = passed * TALLY_WIDTH // max(1, len(clauses))
        passed += counted[verdict]
        ends = passed * TALLY_WIDTH // max(1, len(clauses))
        counts.append(Count(verdict, counted[verdict], begins, max(0, ends - begins - 3)))
    return counts
