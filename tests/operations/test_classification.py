"""Every text that is stored has a class, and every word of a resident has an end (decision 11)."""

from __future__ import annotations

import inspect
from fnmatch import fnmatch
from pathlib import Path

import pytest
import redis
from django.apps import apps
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import connection
from django.test import RequestFactory
from django.utils.module_loading import import_string

from contactcenter.celery import app
from contactcenter.lib.embedded import Valkey
from contactcenter.operations.classification import PLACES, TABLES, Class, InBackup, Table, table_called
from contactcenter.operations.classification.page import page
from contactcenter.operations.classification.places import CELERY_KEYS
from contactcenter.operations.classification.tables import NEVER
from contactcenter.operations.copies.tables import functions_there, tables_there
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
# What can hold no word of anybody. Whatever is of another type needs a class.
NO_TEXT = {
    "int2", "int4", "int8", "_int8", "float8", "numeric", "bool", "date", "time", "timestamptz", "interval", "uuid",
}  # fmt: skip
WITH_END = [table for table in TABLES if table.columns.get(Class.PERSONAL)]


def names(table: Table) -> str:
    return table.name


def texts_of_the_database() -> dict[str, set[str]]:
    """Return the columns of each table that could hold a word."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, udt_name FROM information_schema.columns "
            "JOIN information_schema.tables USING (table_schema, table_name) "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        rows = cursor.fetchall()
    found: dict[str, set[str]] = {table: set() for table, _column, _kind in rows}
    for table, column, kind in rows:
        if kind not in NO_TEXT:
            found[table].add(column)
    return found


@pytest.mark.rule("EM-RET-A")
def test_every_text_of_the_database_is_classified_and_no_other() -> None:
    assert {table.name: set(table.class_of) for table in TABLES} == texts_of_the_database()


def test_each_column_has_one_class_and_each_table_one_entry() -> None:
    assert len({table.name for table in TABLES}) == len(TABLES)
    for table in TABLES:
        columns = [column for group in table.columns.values() for column in group]
        assert len(columns) == len(set(columns)), table.name


@pytest.mark.rule("EM-RET-A")
@pytest.mark.parametrize("table", WITH_END, ids=names)
def test_what_holds_words_of_residents_is_emptied_by_something_that_exists(table: Table) -> None:
    assert table.goes.empties
    for name in table.goes.functions:
        assert callable(import_string(name))


@pytest.mark.parametrize("table", [each for each in TABLES if each.goes.functions], ids=names)
def test_what_empties_a_table_is_an_action_that_is_told_the_time_or_ends_one_thing(table: Table) -> None:
    for name in table.goes.functions:
        assert "at" in inspect.signature(import_string(name)).parameters or name == "chat.actions.close_connection"


def links_between_tables() -> dict[tuple[str, str], str]:
    """Return what the database does with a row when the row that it refers to is deleted, by child and parent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text, confdeltype::text "
            "FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
        )
        return {(child, parent): action for child, parent, action in cursor.fetchall()}


@pytest.mark.rule("EM-RET-A")
@pytest.mark.parametrize("table", [each for each in TABLES if each.goes.with_row_of], ids=names)
def test_what_goes_with_another_row_goes_by_the_database_itself(table: Table) -> None:
    assert links_between_tables()[table.name, table.goes.with_row_of] == "c"


def test_no_back_up_refers_to_rows_that_it_leaves_out() -> None:
    """Or a restore would break on it: a table that is there whole leads only to tables that are there whole."""
    scope = {table.name: table.in_backup for table in TABLES}
    for child, parent in links_between_tables():
        if scope[child] is InBackup.ALL:
            assert scope[parent] is InBackup.ALL, (child, parent)
        elif scope[child] is InBackup.MARKED:
            assert scope[parent] is not InBackup.NONE, (child, parent)


def test_a_restore_may_fill_tables_in_any_order() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'f' AND NOT condeferrable")
        assert cursor.fetchall() == []


def test_every_function_in_the_database_is_known_as_ours_by_its_name() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        assert {name for (name,) in cursor.fetchall()} == set(functions_there(cursor))
        assert tables_there(cursor) == {table.name for table in TABLES}


def test_every_migration_can_run_within_the_one_transaction_of_a_restore() -> None:
    from django.db.migrations.loader import MigrationLoader

    migrations = MigrationLoader(None).disk_migrations
    assert migrations
    assert [key for key, migration in migrations.items() if not migration.atomic] == []


@pytest.mark.rule("EM-RET-A")
def test_words_of_residents_are_in_back_ups_only_where_their_chat_is_marked() -> None:
    assert {table.name: table.in_backup for table in WITH_END if table.in_backup is InBackup.ALL} == {}
    for table in TABLES:
        assert bool(table.marked) is (table.in_backup is InBackup.MARKED), table.name


def test_no_history_table_holds_a_word_of_a_resident() -> None:
    for table in WITH_END:
        assert "historical" not in table.name
    histories = [model for model in apps.get_models() if hasattr(model, "history_type")]
    assert histories
    assert [model for model in histories if table_called(model._meta.db_table) is None] == []


def test_nothing_writes_what_is_said_to_be_never_written() -> None:
    UserFactory(username="rosa")
    authenticate(RequestFactory().post("/accounts/login/"), username="rosa", password="wrong")
    with connection.cursor() as cursor:
        for table in (each for each in TABLES if each.goes is NEVER):
            cursor.execute(f"SELECT count(*) FROM {table.name}")
            assert cursor.fetchone() == (0,), table.name


def test_valkey_holds_no_key_that_is_not_listed(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path / "valkey")
    try:
        with app.connection_for_write(valkey.start()) as broker:
            app.send_task("contactcenter.operations.tasks.heartbeat", queue="sweeps", connection=broker)
            app.send_task("contactcenter.notices.tasks.send_due_mail", queue="townline", connection=broker)
        with redis.from_url(valkey.url) as client:
            keys = {key.decode() for key in client.scan_iter()}
    finally:
        valkey.stop()
    assert {"townline", "sweeps"} <= keys
    assert [key for key in keys if not any(fnmatch(key, pattern) for pattern in CELERY_KEYS)] == []


def test_the_other_places_are_said_in_full() -> None:
    assert len({place.name for place in PLACES}) == len(PLACES)
    for place in PLACES:
        assert place.holds
        assert place.goes
        assert place.in_backup


def test_the_page_for_the_privacy_officer_is_made_from_this() -> None:
    written = Path(settings.BASE_DIR, "docs", "data.md").read_text(encoding="utf-8")
    assert written == page(), "Make it again: python -m contactcenter.operations.classification.page > docs/data.md"
