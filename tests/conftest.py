"""What every test may use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from django.core.cache import cache
from django.db import OperationalError
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck, settings
from psycopg2.errors import DeadlockDetected

from chat.relay import Relay, current_relay, stop_current_relay
from policies.words import forget_words
from tests.factories import UserFactory, log_in
from tests.wire import Wires

# What the clock says of an example is a fact about the machine, which may be busy, and not about the code.
settings.register_profile("any machine", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
FLUSH_TRIES = 5


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    forget_words()
    yield
    cache.clear()
    forget_words()


@pytest.fixture(autouse=True)
def plain_language() -> Iterator[None]:
    """A page that was asked for in another language leaves it to the next test otherwise."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def flush_by_replica() -> Iterator[None]:
    """Let the emptying of the database between tests pass the triggers that refuse TRUNCATE to everybody.

    A server of the test may read meanwhile, so that each waits for the other: then it is emptied once more.
    """
    flush = DatabaseOperations.execute_sql_flush

    def flush_as_replica(self: DatabaseOperations, statements: list[str]) -> None:
        replica = "SET LOCAL session_replication_role = replica"
        for tries_left in reversed(range(FLUSH_TRIES)):
            try:
                flush(self, [replica, *statements])  # in one transaction, with whose end it is over
            except OperationalError as error:
                if not tries_left or not isinstance(error.__cause__, DeadlockDetected):
                    raise
            else:
                return

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush_as_replica)
        yield


@pytest.fixture
def admin_client(db: None, client: Client) -> Client:
    """A browser in which the administrator "boss" is logged in."""
    log_in(client, UserFactory(username="boss", roles=["admin"]))
    return client


@pytest_asyncio.fixture
async def relay(transactional_db: None) -> AsyncIterator[Relay]:
    """The relay of this test's event loop; its cycle is called, never waited for."""
    yield current_relay()
    await stop_current_relay()


@pytest_asyncio.fixture
async def wires(relay: Relay) -> AsyncIterator[Wires]:
    """Opens sockets and sends requests as residents and agents; closes them in the end."""
    opened = Wires()
    yield opened
    await opened.close()
