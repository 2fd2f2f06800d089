"""The two stores of a single-machine installation: embedded below `.data/`, or the ones that the environment names."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import psycopg2
import redis

from contactcenter.lib.embedded import NotStarted, Postgres, Valkey

ROOT = Path(__file__).resolve().parents[2]


class Trouble(Exception):
    """Something that stops us; the text says what to do."""


def data_folder() -> Path:
    """Return the folder of the embedded servers; `DATA_DIR` moves it."""
    return Path(os.environ.get("DATA_DIR") or ROOT / ".data").resolve()


@contextlib.contextmanager
def plain_trouble() -> Iterator[None]:
    """Turn what goes wrong with disks and servers into one sentence."""
    try:
        yield
    except NotStarted as error:
        raise Trouble(str(error)) from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise Trouble(f"The disk that holds {data_folder()} is full. Free some space and run this again.") from None
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise Trouble(
                f"{data_folder()} cannot be written to. Make it writable, or set DATA_DIR to another folder."
            ) from None
        raise


class Stores:
    """Starts what is not given, and says so in the environment of this process and of its children."""

    def __init__(self) -> None:
        self.folder = data_folder()
        self.is_embedded = not os.environ.get("DATABASE_URL")
        self._started: list[Postgres | Valkey] = []
        self._lock: IO[str] | None = None

    def start(self) -> None:
        """Start the servers, fill the environment. Raises `Trouble`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._claim()
        if self.is_embedded:
            postgres = Postgres(self.folder / "postgres")
            os.environ["DATABASE_URL"] = postgres.start()
            self._started.append(postgres)
            self._be_the_demo()
        else:
            _check_database(os.environ["DATABASE_URL"])
        if not os.environ.get("REDIS_URL"):
            valkey = Valkey(self.folder / "valkey", is_kept=True)
            os.environ["REDIS_URL"] = valkey.start()
            self._started.append(valkey)
        else:
            _check_redis(os.environ["REDIS_URL"])
        self._note()

    def stop(self) -> None:
        (self.folder / "running.json").unlink(missing_ok=True)
        while self._started:
            self._started.pop().stop()
        if self._lock is not None:
            self._lock.close()

    def _claim(self) -> None:
        """Be the only one on this folder."""
        self._lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(
                f"Another ./run is using {self.folder}. Stop it first, or set DATA_DIR to another folder."
            ) from None

    def _be_the_demo(self) -> None:
        os.environ.setdefault("DEMO", "1")
        os.environ.setdefault("SECRET_KEY", self._kept("secret-key", 48))
        os.environ.setdefault("DEMO_PASSWORD", self._kept("demo-password", 9))
        os.environ.setdefault("OPS_ALLOW", "127.0.0.1")

    def _kept(self, name: str, size: int) -> str:
        """Return a random text that stays the same from run to run."""
        kept = self.folder / name
        if not kept.exists():
            kept.touch(0o600)
            kept.write_text(secrets.token_urlsafe(size))
        return kept.read_text().strip()

    def _note(self) -> None:
        """Write down for `./run manage` how to reach the running servers."""
        names = ("DATABASE_URL", "REDIS_URL", "DEMO", "SECRET_KEY", "DEMO_PASSWORD", "OPS_ALLOW")
        note = self.folder / "running.json"
        note.touch(0o600)
        note.write_text(json.dumps({name: os.environ[name] for name in names if name in os.environ}))


def join_running_stores() -> bool:
    """Take over the addresses of a `./run` that is running on this folder; False when none is."""
    note = data_folder() / "running.json"
    try:
        addresses = json.loads(note.read_text())
        psycopg2.connect(addresses["DATABASE_URL"], connect_timeout=3).close()
    except (OSError, ValueError, KeyError, psycopg2.OperationalError):
        return False
    for name, value in addresses.items():
        os.environ.setdefault(name, value)
    return True


def _check_database(url: str) -> None:
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except (psycopg2.Error, ValueError):
        raise Trouble(
            f"The database of DATABASE_URL ({_without_password(url)}) does not answer. Start it or correct the address."
        ) from None


def _check_redis(url: str) -> None:
    try:
        client = redis.from_url(url, socket_connect_timeout=5)
        client.ping()
        client.close()
    except (redis.exceptions.RedisError, ValueError):
        raise Trouble(
            f"The Redis of REDIS_URL ({_without_password(url)}) does not answer. Start it or correct the address."
        ) from None


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    with contextlib.suppress(ValueError):
        return f"{parts.scheme}://{parts.hostname or ''}:{parts.port or ''}{parts.path}"
    return parts.scheme
