"""Between tests the database is emptied, whoever reads meanwhile."""

from __future__ import annotations

import contextlib
import re
from threading import Thread

import pytest
from django.core.management import call_command
from django.core.management.color import no_style
from django.core.management.sql import sql_flush
from django.db import connection
from psycopg2.errors import DeadlockDetected

from agents.models import Department
from tests.factories import DepartmentFactory
from tests.locks import held_table, wait_until_blocked


@pytest.mark.django_db(transaction=True)
def test_it_is_emptied_although_a_server_reads_what_is_to_be_emptied() -> None:
    """Each waits for the other, until PostgreSQL breaks one of them off; then it is tried again."""
    DepartmentFactory()
    first, *_others, last = re.findall(r'"(\w+)"', sql_flush(no_style(), connection)[0])
    with held_table(last) as cursor:
        emptying = Thread(target=_empty)
        emptying.start()
        wait_until_blocked(cursor)
        with contextlib.suppress(DeadlockDetected):  # it may as well be this one that is broken off
            cursor.execute(f"SELECT count(*) FROM {first}")
        cursor.connection.rollback()
        emptying.join()
    assert not Department.objects.exists()


def _empty() -> None:
    try:
        call_command("flush", verbosity=0, interactive=False)
    finally:
        connection.close()
