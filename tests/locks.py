"""A lock that a test holds, and how it knows that somebody waits for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest
from django.db import connection

PATIENCE = 60  # seconds; only a failing test waits that long
WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"


@contextmanager
def held_table(table: str) -> Iterator[Any]:
    """Hold a table in a transaction of its own, so that nobody reads it; yield that transaction's cursor."""
    own = connection.settings_dict
    reached = {"host": own["HOST"], "port": own["PORT"], "user": own["USER"], "password": own["PASSWORD"]}
    with closing(psycopg2.connect(dbname=own["NAME"], **reached)) as other, other.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield cursor


def wait_until_blocked(cursor: Any) -> None:
    """Return once somebody waits for what the cursor's transaction holds."""
    patience = time.monotonic() + PATIENCE
    while time.monotonic() < patience:
        cursor.execute(WAITS)
        if cursor.fetchone()[0]:
            return
    pytest.fail("nobody waits for the lock")
