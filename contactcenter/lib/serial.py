"""Requests that are about the same thing wait for each other."""

from __future__ import annotations

from django.db import connection


def one_at_a_time(key: str) -> None:
    """Let transactions with the same key wait for each other until they end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def is_mine(name: str) -> bool:
    """Say whether this transaction runs what only one may run; while one does, the others leave it to that one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])
