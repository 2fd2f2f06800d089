"""What every test may use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from django.core.cache import cache
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck, settings

from chat.relay import Relay, current_relay, stop_current_relay
from tests.factories import UserFactory, log_in
from tests.wire import Wires

# What the clock says of an example is a fact about the machine, which may be busy, and not about the code.
settings.register_profile("any machine", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def plain_language() -> Iterator[None]:
    """A page that was asked for in another language leaves it to the next test otherwise."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def flush_by_replica() -> Iterator[None]:
    """Let the emptying of the database between tests pass the triggers that refuse TRUNCATE to everybody."""
    flush = DatabaseOperations.execute_sql_flush

    def flush_as_replica(self: DatabaseOperations, statements: list[str]) -> None:
        replica = "SET LOCAL session_replication_role = replica"
        flush(self, [replica, *statements])  # in one transaction, with whose end it is over

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
