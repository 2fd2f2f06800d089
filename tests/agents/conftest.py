"""Moments, and what the admin and the log-in pages are asked with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from agents.models import User
from tests.factories import UserFactory

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.fixture
def person(db: None) -> User:
    user: User = UserFactory(username="rosa")
    return user


def at_once(number: int, act: Callable[[int], Any]) -> list[Any]:
    """Let `number` threads act at the same moment; return what each returned or raised."""
    barrier = Barrier(number)
    results: list[Any] = [None] * number

    def run(index: int) -> None:
        try:
            barrier.wait()
            results[index] = act(index)
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
