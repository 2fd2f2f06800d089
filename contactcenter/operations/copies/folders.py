"""Folders and files of back-ups: their names, their modes, and that they are really on the disk."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from contactcenter.lib.errors import Invalid, WrongState

PARTIAL = ".partial"
STAMP = "townline-%Y%m%dT%H%M%S.%fZ"
NAME = re.compile(r"townline-\d{8}T\d{6}\.\d{6}Z")
OWNER_ONLY, OWNER_ONLY_FOLDER = 0o600, 0o700
FORSAKEN = timedelta(days=1)  # a partial that is older belongs to a process that died
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MOMENT = timedelta(microseconds=1)


def checked_folder(path: Path) -> Path:
    """Return the folder that back-ups go into, if it is fit for that. Raises `Invalid`."""
    folder = path.resolve()
    if not folder.is_dir():
        raise Invalid(
            _("There is no folder %(folder)s. Make it, or mount the disk that it is on.") % {"folder": folder},
            field="folder",
        )
    for own in _program_folders():
        if folder.is_relative_to(own):
            raise Invalid(
                _("%(folder)s belongs to the program, and what lies there may be served or published. Choose another.")
                % {"folder": folder},
                field="folder",
            )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Invalid(
            _("%(folder)s cannot be written to. Give it to the user that runs this, or choose another.")
            % {"folder": folder},
            field="folder",
        )
    return folder


def _program_folders() -> list[Path]:
    given = [settings.BASE_DIR, settings.STATIC_ROOT, settings.MEDIA_ROOT, *settings.STATICFILES_DIRS]
    return [Path(each).resolve() for each in given if each]


@contextmanager
def plain_disk_trouble(folder: Path) -> Iterator[None]:
    """Turn what a disk refuses into one sentence. Raises `WrongState`."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            sentence = _("The disk of %(folder)s is full. Free some space, or choose another folder, and try again.")
            raise WrongState(sentence % {"folder": folder}) from None
        sentence = _("%(folder)s cannot be used: %(why)s. Mend that and try again.")
        raise WrongState(sentence % {"folder": folder, "why": os.strerror(error.errno or 0).lower()}) from None


def begin_partial(folder: Path, *, at: datetime) -> Path:
    """Make the folder of a back-up that is under way; its name is not taken, also when two begin at one moment."""
    while True:
        final = folder / at.astimezone(UTC).strftime(STAMP)
        partial = final.with_name(final.name + PARTIAL)
        try:
            partial.mkdir(mode=OWNER_ONLY_FOLDER)
        except FileExistsError:
            at += MOMENT
            continue
        if not final.exists():
            return partial
        partial.rmdir()
        at += MOMENT


def final_name(partial: Path) -> str:
    return partial.name.removesuffix(PARTIAL)


def finish_partial(partial: Path) -> Path:
    """Give a whole back-up its name; from here on a restore would take it."""
    final = partial.with_name(final_name(partial))
    partial.rename(final)
    sync_folder(final.parent)
    return final


def copies_in(folder: Path) -> list[Path]:
    """Return the back-ups of a folder, the newest first; those that are under way are none yet."""
    return sorted((each for each in folder.iterdir() if NAME.fullmatch(each.name) and each.is_dir()), reverse=True)


def made_at(copy: Path) -> datetime:
    """Return when a back-up was begun, as its name says."""
    return datetime.strptime(copy.name, STAMP).replace(tzinfo=UTC)


def remove_copy(copy: Path) -> None:
    """Delete a back-up; half deleted, it does not look whole."""
    going = copy.with_name(copy.name + PARTIAL)
    copy.rename(going)
    shutil.rmtree(going)


def remove_forsaken(folder: Path, *, at: datetime) -> None:
    """Delete what a back-up left that died half-way."""
    for partial in folder.glob(f"townline-*{PARTIAL}"):
        name = final_name(partial)
        if NAME.fullmatch(name) and made_at(partial.with_name(name)) < at - FORSAKEN:
            shutil.rmtree(partial, ignore_errors=True)


def open_new(path: Path) -> int:
    """Make a file that only its owner may read; return its descriptor."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)


def write_new(path: Path, text: str) -> None:
    """Write a file of which everything is on the disk when this returns."""
    with open(open_new(path), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring the names of a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
