"""docs/data.md: what is stored. Made with `python -m contactcenter.operations.classification.page`."""

from __future__ import annotations

from collections.abc import Iterator

from contactcenter.operations.classification.kinds import Class, Place, Table
from contactcenter.operations.classification.places import PLACES
from contactcenter.operations.classification.tables import TABLES

HEAD = """\
# What is stored, and how it goes

For a city's privacy officer. Every text that the program stores is on this page; a test compares it with the database,
and fails on a column that is missing here, on one that is gone, and on a way of emptying that does not exist. Numbers,
dates, switches and random ids are not listed.

- **personal**: a word of or about a resident, or how to reach one. Each says what empties it.
- **staff**: people of the staff, and what they write about their own work.
- **policy**: what the city adopted or set, and what the program notes about itself.

*In back-ups* says what a back-up holds: all rows; *marked only* those of chats that are marked for retention, and tasks
that are still open; or none. How back-ups themselves go is said in [operations.md](operations.md).
"""
TITLES = {
    Class.PERSONAL: "Tables with words of or about residents",
    Class.STAFF: "Tables about the staff",
    Class.POLICY: "Tables of policy, settings and figures",
}


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *_tables(), *_places()])


def _tables() -> Iterator[str]:
    for kind, title in TITLES.items():
        yield f"## {title}\n"
        yield "| table | holds | texts | what empties it | in back-ups |"
        yield "| --- | --- | --- | --- | --- |"
        yield from (_table_row(table) for table in TABLES if gravest(table) is kind)
        yield ""


def gravest(table: Table) -> Class:
    """Return the class by which a table is listed: personal before staff before policy."""
    return next((kind for kind in TITLES if table.columns.get(kind)), Class.POLICY)


def _table_row(table: Table) -> str:
    texts = "; ".join(
        f"{kind}: {', '.join(f'`{column}`' for column in table.columns[kind])}"
        for kind in TITLES
        if table.columns.get(kind)
    )
    return f"| `{table.name}` | {table.holds} | {texts or 'none'} | {table.goes.says} | {table.in_backup} |"


def _places() -> Iterator[str]:
    yield "## Other places\n"
    yield "| place | holds | class | what empties it | in back-ups |"
    yield "| --- | --- | --- | --- | --- |"
    yield from (_place_row(place) for place in PLACES)
    yield ""


def _place_row(place: Place) -> str:
    return f"| {place.name} | {place.holds} | {place.kind} | {place.goes} | {place.in_backup} |"


if __name__ == "__main__":
    print(page(), end="")
