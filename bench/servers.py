"""The servers of a run: PostgreSQL and Valkey of its own, and one uvicorn process for each thing that is measured."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from contactcenter.lib.embedded import Postgres, Valkey, die_with_parent, free_port

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
UVICORN = (
    "--host=127.0.0.1",
    "--ws-max-size=131072",
    "--ws-per-message-deflate=false",
    "--ws-ping-interval=20",
    "--timeout-graceful-shutdown=3",
    "--log-level=warning",
    "--no-server-header",
    "--no-proxy-headers",
    "--no-access-log",
)
NO_LIMITS = {
    "LIMIT_SOCKETS_PER_ADDRESS": "0",
    "LIMIT_CHATS_PER_ADDRESS_HOUR": "0",
    "LIMIT_MESSAGES_WARN": "0",
    "LIMIT_MESSAGES_CLOSE": "0",
    "LIMIT_LOOKUPS": "0",
}


@dataclass(frozen=True, slots=True)
class Stores:
    """A database and a Valkey that are there for this run alone."""

    database_url: str
    redis_url: str
    database_pid: int


@dataclass(frozen=True, slots=True)
class Server:
    """A uvicorn process, which may still be starting."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_until_it_listens(self) -> None:
        """Raises `RuntimeError` when it does not start."""
        end = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"The server on port {self.port} did not start.")


@contextmanager
def stores() -> Iterator[Stores]:
    """Start PostgreSQL, with fsync on, and Valkey in a folder that goes away with them."""
    data = ROOT / ".data"
    data.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=data) as folder, ExitStack() as stack:
        postgres = Postgres(Path(folder) / "db")
        valkey = Valkey(Path(folder) / "valkey")
        database_url = postgres.start()
        stack.callback(postgres.stop)
        redis_url = valkey.start()
        stack.callback(valkey.stop)
        assert postgres.process is not None  # it has started
        yield Stores(database_url, redis_url, postgres.process.pid)


@contextmanager
def server(application: str, env: Mapping[str, str]) -> Iterator[Server]:
    """Serve an ASGI application from one process until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", application, f"--port={port}", *UVICORN]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **env, "PORT": str(port)}, preexec_fn=die_with_parent(signal.SIGTERM)
    )
    try:
        yield Server(process, port)
    finally:
        _stop(process)


def manage(*arguments: str, env: Mapping[str, str]) -> None:
    """Run a management command of the settings that `env` names."""
    subprocess.run([sys.executable, "-m", "django", *arguments], cwd=ROOT, env={**os.environ, **env}, check=True)


def stock_env(stores: Stores) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "bench.stock.settings",
        "DATABASE_URL": stores.database_url,
        "REDIS_URL": stores.redis_url,
    }


def product_env(stores: Stores) -> dict[str, str]:
    """Return the product's environment: the demo's, without limits, with one origin for all of its processes."""
    return {
        "DJANGO_SETTINGS_MODULE": "contactcenter.settings",
        "DATABASE_URL": stores.database_url,
        "REDIS_URL": stores.redis_url,
        "DEMO": "1",
        "DEMO_PASSWORD": "only for a benchmark",
        "ALLOWED_ORIGINS": ORIGIN,
        **NO_LIMITS,
    }


ORIGIN = "http://bench.localhost"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
