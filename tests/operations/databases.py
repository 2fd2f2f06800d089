"""Databases of a test's own, on the server of the tests: a restore needs an empty one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection


def _administer(statement: str) -> None:
    own = connection.settings_dict
    reached: dict[str, Any] = {
        "host": own["HOST"],
        "port": own["PORT"],
        "user": own["USER"],
        "password": own["PASSWORD"],
    }
    with closing(psycopg2.connect(dbname="postgres", **reached)) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute(statement)


@contextmanager
def own_database(*, is_migrated: bool = False) -> Iterator[str]:
    """Let this process work in a new database, without any table unless it is to be migrated; yield its name."""
    name, before = f"townline_test_{uuid.uuid4().hex[:12]}", connection.settings_dict["NAME"]
    _administer(f'CREATE DATABASE "{name}" TEMPLATE template0')
    try:
        with working_in(name):
            if is_migrated:
                call_command("migrate", verbosity=0)
            yield name
    finally:
        assert connection.settings_dict["NAME"] == before
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def working_in(name: str) -> Iterator[None]:
    """Let this process work in a database."""
    before = connection.settings_dict["NAME"]
    _switch(name)
    try:
        yield
    finally:
        _switch(before)


def _switch(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()


def environment_of_commands(**more: str) -> dict[str, str]:
    """Return the environment in which `manage.py` works in the database in which this process works now."""
    own = connection.settings_dict
    url = f"postgresql://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}"
    return {**os.environ, "DATABASE_URL": url, "TESTING": "1", **more}
