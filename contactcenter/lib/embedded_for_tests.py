"""pytest's plugin: real servers before Django's settings are read; xdist's workers inherit their addresses."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from contactcenter.lib.embedded import FAST_AND_FORGETFUL, Postgres, Valkey

os.environ["TESTING"] = "1"
for name in ("DEMO", "DEMO_PASSWORD", "DEBUG", "SECRET_KEY"):
    os.environ.pop(name, None)

_started: list[Postgres | Valkey] = []
_folder: Path | None = None
if "PYTEST_XDIST_WORKER" not in os.environ:
    _folder = Path(tempfile.mkdtemp(prefix="townline-tests-"))
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(_folder / "postgres", options=FAST_AND_FORGETFUL)
        os.environ["DATABASE_URL"] = postgres.start()
        _started.append(postgres)
    if "REDIS_URL" not in os.environ:
        valkey = Valkey(_folder / "valkey")
        os.environ["REDIS_URL"] = valkey.start()
        _started.append(valkey)


def pytest_unconfigure() -> None:
    """Stop what was started here and leave nothing behind."""
    while _started:
        _started.pop().stop()
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
