"""The file `ledger.jsonl`: a line for each thing that is gone for good, by its id alone; only ever appended to.

A line names the one before it and bears a keyed hash of itself, so that a
restore notices a line that is missing, changed, or of another installation.
The first line says since when the file knows everything.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from contactcenter.lib.errors import WrongState
from contactcenter.lib.hashing import keyed_hash
from contactcenter.operations.copies.folders import OWNER_ONLY, PARTIAL, open_new, sync_folder

FILE = "ledger.jsonl"
START = "start"
PURPOSE = "line of a ledger"
TAIL = 4096  # bytes, more than any line has
PRUNED_AFTER = timedelta(days=1)  # a file is rewritten once a day at most


class DamagedLedger(Exception):
    """A line is not as we wrote it, or another installation wrote it."""


@dataclass(frozen=True)
class Line:
    """One line. `n` is the entry's number in the database, `after` that of the line before."""

    n: int
    after: int
    kind: str
    id: str
    at: datetime

    def text(self) -> bytes:
        body = self._body()
        return json.dumps({**body, "mac": _mac(body)}, separators=(",", ":")).encode() + b"\n"

    def _body(self) -> dict[str, str | int]:
        return {"n": self.n, "after": self.after, "kind": self.kind, "id": self.id, "at": self.at.isoformat()}


@dataclass(frozen=True)
class Ledger:
    """A whole ledger: what is gone, and since when it knows everything."""

    since: datetime
    entries: tuple[Line, ...]
    last_n: int
    written_at: datetime

    def ids(self, kind: str) -> list[str]:
        return [line.id for line in self.entries if line.kind == kind]


def _mac(body: dict[str, str | int]) -> str:
    return keyed_hash(PURPOSE, json.dumps(body, sort_keys=True))[:32]


def parsed(text: bytes) -> Line:
    """Return a line. Raises `DamagedLedger`."""
    try:
        body = json.loads(text)
        mac = body.pop("mac")
        line = Line(body["n"], body["after"], body["kind"], body["id"], datetime.fromisoformat(body["at"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DamagedLedger from None
    if not hmac.compare_digest(str(mac).encode(), _mac(body).encode()):
        raise DamagedLedger
    return line


def read_ledger(folder: Path) -> Ledger:
    """Return the ledger of a folder of back-ups. Raises `WrongState` when there is none, or it is damaged.

    A last line that was torn by a crash is left out.
    """
    path = folder / FILE
    if not path.is_file():
        raise WrongState(
            _("There is no %(file)s beside the back-up. Without it, chats and marks would come back that have gone "
              "since. Put it there, or give --without-ledger, which is written down. Nothing was touched.")
            % {"file": FILE}
        )  # fmt: skip
    lines: list[Line] = []
    try:
        with path.open("rb") as file:
            lines.extend(_whole_lines(file))
    except DamagedLedger:
        raise damaged(len(lines) + 1) from None
    if not lines or lines[0].kind != START:
        raise damaged(1)
    written_at = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    return Ledger(lines[0].at, tuple(lines[1:]), lines[-1].n, written_at)


def damaged(number: int) -> WrongState:
    return WrongState(
        _("Line %(number)d of %(file)s is damaged, or another installation wrote it. Take a copy of the ledger from "
          "beside another back-up, or give --without-ledger, which is written down. Nothing was touched.")
        % {"number": number, "file": FILE}
    )  # fmt: skip


def _whole_lines(file: BinaryIO) -> Iterator[Line]:
    before: Line | None = None
    for text in file:
        if not text.endswith(b"\n"):
            return
        line = parsed(text)
        if before is not None and (line.after != before.n or line.n <= before.n):
            raise DamagedLedger
        yield line
        before = line


# Writing ----------------------------------------------------------------------
@contextmanager
def opened(folder: Path, *, since: datetime) -> Iterator[BinaryIO]:
    """Open the ledger of a folder for this process alone; make it if it is not there. Raises `OSError`.

    `since` is from when on a new one knows everything.
    """
    path = folder / FILE
    file = _lock(path)
    try:
        _cut_torn_line(file)
        if file.seek(0, os.SEEK_END) == 0:
            append(file, [Line(0, 0, START, "", since)])
            sync_folder(folder)
        yield file
        os.utime(file.fileno())  # also when there was no news: so one sees how far it reaches
    finally:
        file.close()


def _lock(path: Path) -> BinaryIO:
    """Open and lock; again if the file was replaced while we waited."""
    while True:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY), "r+b")
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            if os.fstat(file.fileno()).st_ino == path.stat().st_ino:
                return file
        except FileNotFoundError:
            pass
        file.close()


def _cut_torn_line(file: BinaryIO) -> None:
    """After a crash the last line may be half a line: it is cut off, and written again from the database."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - TAIL))
    tail = file.read()
    if tail and not tail.endswith(b"\n"):
        file.truncate(end - len(tail) + tail.rfind(b"\n") + 1)


def last_n(file: BinaryIO) -> int:
    """Return the number of the last line. Raises `DamagedLedger`."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - TAIL))
    return parsed(file.read().splitlines()[-1]).n


def append(file: BinaryIO, lines: Iterable[Line]) -> None:
    """Write lines at the end; they are on the disk when this returns."""
    file.seek(0, os.SEEK_END)
    for line in lines:
        file.write(line.text())
    file.flush()
    os.fsync(file.fileno())


def prune(file: BinaryIO, folder: Path, *, before: datetime) -> None:
    """Leave out the oldest lines, from before an instant, once they are a day older than that."""
    file.seek(0)
    file.readline()
    second = file.readline()
    if not second or parsed(second).at >= before - PRUNED_AFTER:
        return
    partial = folder / (FILE + PARTIAL)
    partial.unlink(missing_ok=True)
    with os.fdopen(open_new(partial), "wb") as new:
        _copy_since(file, new, before)
        new.flush()
        os.fsync(new.fileno())
    partial.rename(folder / FILE)
    sync_folder(folder)


def _copy_since(old: BinaryIO, new: BinaryIO, before: datetime) -> None:
    old.seek(0)
    old.readline()
    dropped, kept = 0, b""
    for text in old:
        line = parsed(text)
        if line.at >= before:
            kept = text
            break
        dropped = line.n
    new.write(Line(dropped, dropped, START, "", before).text())
    new.write(kept)
    new.writelines(old)
