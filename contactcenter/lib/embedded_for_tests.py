"""pytest's plugin: real servers before Django's settings are read; xdist's workers share the database server alone."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from contactcenter.lib.embedded import FAST_AND_FORGETFUL, Postgres, Valkey

os.environ["TESTING"] = "1"
for name in ("DEMO", "DEMO_PASSWORD", "DEBUG", "SECRET_KEY"):
    os.environ.pop(name, None)

OWN_VALKEY = "TESTS_OWN_VALKEY"  # xdist's workers inherit it where no server was named from outside
_started: list[Postgres | Valkey] = []
_folder: Path | None = None


def _start_valkey(folder: Path) -> None:
    valkey = Valkey(folder / "valkey")
    os.environ["REDIS_URL"] = valkey.start()
    _started.append(valkey)


if "PYTEST_XDIST_WORKER" not in os.environ:
    _folder = Path(tempfile.mkdtemp(prefix="townline-tests-"))
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(_folder / "postgres", options=FAST_AND_FORGETFUL)
        os.environ["DATABASE_URL"] = postgres.start()
        _started.append(postgres)
    if "REDIS_URL" not in os.environ:
        _start_valkey(_folder)
        os.environ[OWN_VALKEY] = "1"
elif OWN_VALKEY in os.environ:  # a worker's tasks and wake-ups are its own, as its database is
    _folder = Path(tempfile.mkdtemp(prefix="townline-tests-"))
    _start_valkey(_folder)


def pytest_unconfigure() -> None:
    """Stop what was started here and leave nothing behind."""
    while _started:
        _started.pop().stop()
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
