"""What is said of each text that is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Class(StrEnum):
    """Whose a text is."""

    POLICY = "policy"  # what the city adopted or set, and what the program notes about itself: nobody is in it
    STAFF = "staff"  # people of the staff, and what they write about their own work
    PERSONAL = "personal"  # a word of or about a resident, or how to reach one


class InBackup(StrEnum):
    """Which rows of a table a back-up holds."""

    ALL = "all"
    MARKED = "marked only"  # those of chats that are marked for retention, and tasks that are open
    NONE = "none"


@dataclass(frozen=True)
class Way:
    """How a text goes, in words, and what does it.

    `functions` are dotted names of what deletes or empties it; `with_row_of` is
    the table with whose row it goes, by a constraint of the database itself.
    Without either it stays, and `says` why.
    """

    says: str
    functions: tuple[str, ...] = ()
    with_row_of: str = ""

    @property
    def empties(self) -> bool:
        return bool(self.functions or self.with_row_of)


@dataclass(frozen=True)
class Table:
    """A table of the database. `columns` are its texts; numbers, dates, switches and UUIDs need no class.

    `marked` is what a row must fulfil (SQL) to be in a back-up that holds the marked ones only.
    """

    name: str
    holds: str
    goes: Way
    columns: Mapping[Class, tuple[str, ...]] = field(default_factory=dict)
    in_backup: InBackup = InBackup.ALL
    marked: str = ""

    @property
    def class_of(self) -> dict[str, Class]:
        """The class of each column that holds text."""
        return {column: kind for kind, columns in self.columns.items() for column in columns}


@dataclass(frozen=True)
class Place:
    """Somewhere else than in a table where something could be stored."""

    name: str
    holds: str
    kind: Class
    goes: str
    in_backup: str
