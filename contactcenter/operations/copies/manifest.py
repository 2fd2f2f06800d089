"""What is in a back-up, signed: nobody restores a copy that is damaged, edited, or another city's by accident."""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from contactcenter.lib.errors import WrongState
from contactcenter.lib.hashing import keyed_hash

FILE = "manifest.json"
PRODUCT, FORMAT = "townline", 1
PURPOSE = "manifest of a back-up"


@dataclass(frozen=True)
class TableFile:
    """One table of a back-up, and what its file must come to."""

    table: str
    columns: tuple[str, ...]
    rows: int
    size: int
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.table}.copy"


@dataclass(frozen=True)
class Manifest:
    """A back-up's table of contents. `ledger_n` is the last entry of the ledger that it already reflects."""

    created_at: datetime
    time_zone: str
    max_age_days: int
    migrations: tuple[tuple[str, str], ...]
    tables: tuple[TableFile, ...]
    sequences: dict[str, int] = field(default_factory=dict)
    ledger_n: int = 0

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    @property
    def size(self) -> int:
        return sum(table.size for table in self.tables)

    @property
    def keep_until(self) -> datetime:
        return self.created_at + timedelta(days=self.max_age_days)


def key_name() -> str:
    """Return by what a SECRET_KEY is known, without telling it."""
    return keyed_hash("name of the key", PRODUCT)[:16]


def written(manifest: Manifest) -> str:
    """Return a manifest as its file bears it, signed."""
    body = {"product": PRODUCT, "format": FORMAT, "key": key_name(), **asdict(manifest)}
    body["created_at"] = manifest.created_at.isoformat()
    body = json.loads(json.dumps(body))
    return json.dumps({**body, "signature": _signature(body)}, indent=1) + "\n"


def read(folder: Path) -> Manifest:
    """Return the manifest of a back-up. Raises `WrongState` unless it is ours, whole and of a format we know."""
    body = _body(folder)
    if body.get("product") != PRODUCT:
        raise WrongState(_("%(name)s is no back-up of this program. Nothing was touched.") % {"name": folder.name})
    if body.get("format") != FORMAT:
        raise WrongState(
            _("%(name)s was made by another version of this program, in a format that this one does not read. "
              "Restore with that version. Nothing was touched.")
            % {"name": folder.name}
        )  # fmt: skip
    if body.get("key") != key_name():
        raise WrongState(
            _("%(name)s was made under another SECRET_KEY, so by another installation. Set SECRET_KEY to that of the "
              "installation which made it. Nothing was touched.")
            % {"name": folder.name}
        )  # fmt: skip
    signature = str(body.pop("signature", ""))
    if not hmac.compare_digest(signature.encode(), _signature(body).encode()):
        raise damaged(folder, FILE)
    return _manifest(body)


def damaged(folder: Path, file: str) -> WrongState:
    return WrongState(
        _("%(name)s is damaged: %(file)s is not as it was written. Take another back-up. Nothing was touched.")
        % {"name": folder.name, "file": file}
    )


def _body(folder: Path) -> dict[str, Any]:
    try:
        body = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise damaged(folder, FILE) from None
    if not isinstance(body, dict):
        raise damaged(folder, FILE)
    return body


def _signature(body: dict[str, Any]) -> str:
    return keyed_hash(PURPOSE, json.dumps(body, sort_keys=True, separators=(",", ":")))


def _manifest(body: dict[str, Any]) -> Manifest:
    """Return what a signed body says; whatever signed it wrote every member."""
    return Manifest(
        created_at=datetime.fromisoformat(body["created_at"]),
        time_zone=body["time_zone"],
        max_age_days=body["max_age_days"],
        migrations=tuple((app, name) for app, name in body["migrations"]),
        tables=tuple(TableFile(**{**table, "columns": tuple(table["columns"])}) for table in body["tables"]),
        sequences=body["sequences"],
        ledger_n=body["ledger_n"],
    )
