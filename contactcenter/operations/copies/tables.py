"""Tables as text: out of the database, and into it, in PostgreSQL's own COPY format."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection

from contactcenter.operations.classification import TABLES, InBackup, Table
from contactcenter.operations.copies.folders import open_new

# Whatever a server or role has set: the same value gives the same text.
PLAIN = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "client_encoding": "UTF8",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
BUFFER = 1 << 20
COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position
"""
KEY = """
SELECT a.attname, a.attcollation <> 0
FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)
"""
SEQUENCES = """
SELECT t.relname, a.attname, s.oid::regclass::text
FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_class t ON t.oid = d.refobjid AND t.relnamespace = 'public'::regnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Extract:
    """What a back-up takes of a table."""

    table: str
    columns: tuple[str, ...]
    where: str = ""


@dataclass
class Tally:
    """Takes what COPY gives: writes it where one may be written, counts rows and bytes, hashes."""

    file: BinaryIO | None = None
    rows: int = 0
    size: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self.rows += data.count(b"\n")  # COPY writes a line break of a text as \n: each real one ends a row
        self.size += len(data)
        if self.file is not None:
            self.file.write(data)

    @property
    def sha256(self) -> str:
        digest: str = self._hash.hexdigest()
        return digest


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def write_plainly(cursor: Any) -> None:
    """Let this transaction write values as text in one way, whatever the server has set."""
    for name, value in PLAIN.items():
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def tables_there(cursor: Any) -> set[str]:
    """Return the names of the tables that are in the database, those of extensions left out."""
    cursor.execute(
        "SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
        "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
    )
    return {name for (name,) in cursor.fetchall()}


def functions_there(cursor: Any) -> list[str]:
    """Return the functions that our migrations made, as PostgreSQL writes them."""
    rooms = "|".join(sorted({table.name.partition("_")[0] for table in TABLES}))
    cursor.execute(
        "SELECT oid::regprocedure::text FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND proname ~ %s "
        "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1",
        [f"^({rooms})_"],
    )
    return [function for (function,) in cursor.fetchall()]


def extracts(cursor: Any, tables: Iterable[Table] = TABLES) -> list[Extract]:
    """Return what a back-up takes, in the order in which a restore puts it back."""
    taken = [table for table in tables if table.in_backup is not InBackup.NONE]
    return [Extract(table.name, columns_of(cursor, table.name), table.marked) for table in taken]


def columns_of(cursor: Any, table: str) -> tuple[str, ...]:
    cursor.execute(COLUMNS, [table])
    return tuple(name for (name,) in cursor.fetchall())


def copy_out(cursor: Any, extract: Extract, tally: Tally) -> None:
    """Give a table's rows to a tally, by the primary key, in an order that no server's locale changes."""
    columns = ", ".join(map(quoted, extract.columns))
    where = f"WHERE {extract.where} " if extract.where else ""
    query = f"SELECT {columns} FROM {quoted(extract.table)} {where}ORDER BY {_order(cursor, extract.table)}"
    with connection.wrap_database_errors:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT", tally)


def _order(cursor: Any, table: str) -> str:
    cursor.execute(KEY, [quoted(table)])
    return ", ".join(
        f"{quoted(name)}{' COLLATE ' + quoted('C') if is_text else ''}" for name, is_text in cursor.fetchall()
    )


def copy_to_file(cursor: Any, extract: Extract, path: Path) -> Tally:
    """Write a table's rows to a new file that is on the disk when this returns."""
    with open(open_new(path), "wb", buffering=BUFFER) as file:
        tally = Tally(file)
        copy_out(cursor, extract, tally)
        file.flush()
        os.fsync(file.fileno())
    return tally


def copy_in(cursor: Any, extract: Extract, path: Path) -> None:
    """Put the rows of a file into a table; triggers see them as any other insert."""
    columns = ", ".join(map(quoted, extract.columns))
    with path.open("rb", buffering=BUFFER) as file, connection.wrap_database_errors:
        cursor.copy_expert(f"COPY {quoted(extract.table)} ({columns}) FROM STDIN", file)


def tally_of_file(path: Path) -> Tally:
    """Count and hash a file."""
    tally = Tally()
    with path.open("rb") as file:
        while data := file.read(BUFFER):
            tally.write(data)
    return tally


def sequences(cursor: Any) -> dict[str, int]:
    """Return the last number that each column with numbers of its own gave out, by "table.column"."""
    cursor.execute(SEQUENCES, [])
    found = cursor.fetchall()
    return {f"{table}.{column}": _last_of(cursor, sequence) for table, column, sequence in found}


def _last_of(cursor: Any, sequence: str) -> int:
    cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")
    last: int = cursor.fetchone()[0]
    return last


def set_sequences(cursor: Any, last: dict[str, int]) -> None:
    """Let numbers go on behind those that were given out, so that none is used twice."""
    cursor.execute(SEQUENCES, [])
    for table, column, sequence in cursor.fetchall():
        cursor.execute(f"SELECT coalesce(max({quoted(column)}), 0) FROM {quoted(table)}")
        number = max(cursor.fetchone()[0], last.get(f"{table}.{column}", 0), _last_of(cursor, sequence))
        if number > 0:
            cursor.execute("SELECT setval(%s::regclass, %s)", [sequence, number])
