"""Rules of scripts and menus over plain values: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

FIELDS = ("customer", "agent", "department", "phone", "email", "page", "city")  # what a script may hold in braces
OF_DEPARTMENT = ("phone", "email", "page")  # those that a department may lack
MAX_SCRIPT = 2000  # characters, so that names and addresses still fit into a message
MAX_DEPTH = 4  # labels from the top of a menu to its last one
_FIELD = re.compile(r"\{([^{}]*)\}")
_HTTPS = re.compile(r"https://[^\s/?#@\\]+\.[^\s/?#@\\]+([/?#][^\s\\]*)?")
_PATH = re.compile(r"/(?![/\\])[^\s\\]*")


# Scripts --------------------------------------------------------------------
def fields_in(text: str) -> list[str]:
    """Return the names in braces, in the order in which they stand."""
    return _FIELD.findall(text)


def faulty_fields(text: str) -> list[str]:
    """Return what stands in braces and is no field, braces included, and braces without their other half.

    Source: EM-SCR.
    """
    unknown = [f"{{{name}}}" for name in fields_in(text) if name not in FIELDS]
    rest = _FIELD.sub("", text)
    return [*dict.fromkeys(unknown), *(brace for brace in "{}" if brace in rest)]


# Menu -----------------------------------------------------------------------
class Ill(StrEnum):
    """What may be wrong with a row of a menu."""

    CODE_TWICE = "code_twice"
    NO_SUCH_TOPIC = "no_such_topic"
    UNDER_NO_TOPIC = "under_no_topic"
    LOOP = "loop"
    TOO_DEEP = "too_deep"
    NO_WAY_ON = "no_way_on"
    NO_TEXT = "no_text"
    NO_PAGE = "no_page"


@dataclass(frozen=True)
class Row:
    """A row of a menu as it is typed; `under` is the code of the topic above it, empty at the top."""

    code: str
    under: str
    kind: str  # topic, answer, form, person
    text: str = ""
    page: str = ""


@dataclass(frozen=True)
class Fault:
    """What is wrong, in which row (its number, from 0) and at which of its fields."""

    row: int
    field: str
    ill: Ill


def faults_of(rows: Sequence[Row]) -> list[Fault]:
    """Return everything for which a menu must not be shown. Source: SJ-IVR."""
    first = {row.code: number for number, row in reversed(list(enumerate(rows)))}
    found = [Fault(number, "code", Ill.CODE_TWICE) for number, row in enumerate(rows) if first[row.code] != number]
    for number, row in enumerate(rows):
        ill = _ill_place(row, rows, first)
        if ill is not None:
            found.append(Fault(number, "under", ill))
        found += [Fault(number, field, lack) for field, lack in _lacks(row, rows)]
    return found


def _ill_place(row: Row, rows: Sequence[Row], first: Mapping[str, int]) -> Ill | None:
    above, seen = row, {row.code}
    depth = 1
    while above.under:
        if above.under not in first:
            return Ill.NO_SUCH_TOPIC if above is row else None  # the row above says so itself
        above = rows[first[above.under]]
        depth += 1
        if above.code in seen:
            return Ill.LOOP if above.code == row.code else None  # what hangs below a loop is right again with it
        seen.add(above.code)
        if depth == 2 and above.kind != "topic":
            return Ill.UNDER_NO_TOPIC
    return Ill.TOO_DEEP if depth > MAX_DEPTH else None


def _lacks(row: Row, rows: Sequence[Row]) -> list[tuple[str, Ill]]:
    if row.kind == "answer" and not row.text.strip():
        return [("text", Ill.NO_TEXT)]
    if row.kind == "form" and not row.page.strip():
        return [("page", Ill.NO_PAGE)]
    if row.kind == "topic" and not any(each.under == row.code for each in rows):
        return [("kind", Ill.NO_WAY_ON)]
    return []


def is_web_page(page: str) -> bool:
    """Say whether this is a page elsewhere, over https and without a name or password in it."""
    return _HTTPS.fullmatch(page) is not None


def is_own_path(page: str) -> bool:
    """Say whether this has the form of a path on our own site; `//host` has not."""
    return _PATH.fullmatch(page) is not None
