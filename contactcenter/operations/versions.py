"""What runs here, in which version."""

from __future__ import annotations

import platform
import tomllib
from functools import lru_cache
from importlib.metadata import version

from django.db import connection

from contactcenter.operations.stores import ROOT

PACKAGES = ("Django", "celery", "channels", "uvicorn")


def versions() -> list[tuple[str, str]]:
    """Return name and version of the product and of what carries it."""
    return [
        ("Townline", own_version()),
        ("Python", platform.python_version()),
        ("PostgreSQL", _postgres()),
        *((name, version(name)) for name in PACKAGES),
    ]


@lru_cache(maxsize=1)
def own_version() -> str:
    """Return the version that `pyproject.toml` bears."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])
