"""A city with chats of every fate, and a folder for its back-ups."""

from __future__ import annotations

import shutil
from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from contactcenter.operations.copies import make_backup
from contactcenter.operations.copies.backup import Made
from tests.factories import UserFactory
from tests.operations.databases import own_database
from tests.operations.rich_city import HOUR, NOON, Rich, build_city


@pytest.fixture
def rich(transactional_db: None, settings: Settings) -> Rich:
    settings.DEMO = True
    settings.DEMO_PASSWORD = "maple leaves in autumn"
    return build_city()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "copies"
    made.mkdir()
    return made


@pytest.fixture
def made(rich: Rich, folder: Path) -> Made:
    """A back-up of the city, two hours after its chats began."""
    return make_backup(folder, at=NOON + 2 * HOUR)


@pytest.fixture(scope="session")
def any_copy(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """A back-up of a city whose database is gone by now, for tests that do not look at the city."""
    folder = tmp_path_factory.mktemp("copies")
    demo = override_settings(DEMO=True, DEMO_PASSWORD="maple leaves in autumn")
    with django_db_blocker.unblock(), own_database(is_migrated=True), demo:
        build_city()
        return make_backup(folder, at=NOON + 2 * HOUR)


@pytest.fixture
def copied(transactional_db: None, any_copy: Made, folder: Path) -> Made:
    """That back-up with its ledger, in a folder of this test. The database of the tests is not empty."""
    UserFactory()
    shutil.copytree(any_copy.run.folder, folder, dirs_exist_ok=True)
    run = copy(any_copy.run)
    run.folder = str(folder)
    return replace(any_copy, run=run)
