"""`./run`: what it says when it cannot start, and what it leaves behind when it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from contactcenter.lib.embedded import Postgres
from contactcenter.operations.stores import ROOT, Trouble, plain_trouble
from tests.patience import SOON
from tests.ports import free_port

SERVE = [sys.executable, "-m", "contactcenter.operations.serve"]


def environment(**more: str) -> dict[str, str]:
    """Return what a new user's shell has, without anything of the test's own servers."""
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**bare, "PORT": str(free_port()), **more}


def refusal(command: list[str], env: dict[str, str], cwd: Path = ROOT) -> str:
    """Run a command that cannot start; return its one sentence."""
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=SOON)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refusal(SERVE, environment(PORT=str(port))) == (
            f"Port {port} of 127.0.0.1 is taken. Stop what uses it, or choose another: PORT=8001 ./run"
        )


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    assert refusal(SERVE, environment(PORT=port)) == f"PORT={port} is no port. Set it to a number from 1 to 65535."


def test_an_unreachable_database_is_named_without_its_password(tmp_path: Path) -> None:
    port = free_port()
    env = environment(DATABASE_URL=f"postgresql://me:secret@127.0.0.1:{port}/city", DATA_DIR=str(tmp_path))
    assert refusal(SERVE, env) == (
        f"The database of DATABASE_URL (postgresql://127.0.0.1:{port}/city) does not answer. "
        "Start it or correct the address."
    )


def test_an_unreachable_redis_is_named_without_its_password(tmp_path: Path) -> None:
    port = free_port()
    env = environment(
        DATABASE_URL=os.environ["DATABASE_URL"],
        REDIS_URL=f"redis://:secret@127.0.0.1:{port}/0",
        DATA_DIR=str(tmp_path),
    )
    assert refusal(SERVE, env) == (
        f"The Redis of REDIS_URL (redis://127.0.0.1:{port}/0) does not answer. Start it or correct the address."
    )


@pytest.mark.skipif(not Path("/sys").is_dir(), reason="no /sys here: there is no folder that nobody may write to")
def test_a_folder_that_cannot_be_written_to_is_named() -> None:
    assert refusal(SERVE, environment(DATA_DIR="/sys/townline")) == (
        "/sys/townline cannot be written to. Make it writable, or set DATA_DIR to another folder."
    )


def test_a_full_disk_is_named() -> None:
    with (
        pytest.raises(Trouble, match=r"The disk that holds .* is full\. Free some space and run this again\."),
        plain_trouble(),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_an_unknown_command_tells_the_known_ones() -> None:
    assert refusal([str(ROOT / "run"), "dance"], environment()) == (
        "There is no ./run dance. Usage: ./run | ./run test | ./run bench | ./run manage COMMAND …"
    )


def test_without_a_fitting_python_the_sentence_says_which(tmp_path: Path) -> None:
    for name in ("dirname", "sh"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    assert refusal(["/bin/sh", str(ROOT / "run")], {"PATH": str(tmp_path)}) == (
        "Townline needs Python 3.11 to 3.14, and found none. "
        "Install one (on Debian: apt-get install python3 python3-venv) and run this again."
    )


def test_without_the_venv_module_the_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "venv.py").write_text("raise ImportError\n")
    project = tmp_path / "project"
    (project / "contactcenter" / "operations").mkdir(parents=True)
    bootstrap = project / "contactcenter" / "operations" / "bootstrap.py"
    shutil.copy(ROOT / "contactcenter" / "operations" / "bootstrap.py", bootstrap)
    (project / "requirements.lock").write_text("")
    nowhere = {"PATH": str(tmp_path), "PYTHONPATH": str(tmp_path)}  # without apt-get, so that root cannot mend it
    assert refusal([sys.executable, str(bootstrap)], nowhere, cwd=project) == (
        "Python's venv module is missing. Install it (on Debian, as root: apt-get install -y python3-venv) "
        "and run this again."
    )


# A whole life ----------------------------------------------------------------
@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run") / "data"


@pytest.fixture
def running(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A `./run` that is ready, with its address."""
    env = environment(DATA_DIR=str(data_dir), DEMO_PASSWORD="a password for tests")
    process = subprocess.Popen(
        SERVE, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        read_until(process, "Ctrl-C stops everything.")
        yield process, f"http://127.0.0.1:{env['PORT']}"
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def read_until(process: subprocess.Popen[str], line: str) -> None:
    """Read what the process says up to this line; a process that never says it is killed."""
    assert process.stdout is not None
    watchdog = threading.Timer(SOON, process.kill)
    watchdog.start()
    said = []
    try:
        for text in process.stdout:
            said.append(text)
            if text.strip() == line:
                return
    finally:
        watchdog.cancel()
    raise AssertionError("".join(said))


def children_of(pid: int) -> list[int]:
    """Return all processes below `pid`."""
    below: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread or process that has just ended
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for child in map(int, (task / "children").read_text().split()):
                    below += [child, *children_of(child)]
    return below


def wait_until_gone(pids: list[int]) -> list[int]:
    """Return which of these processes are still there when time is up."""
    deadline = time.monotonic() + SOON
    while (left := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < deadline:
        select.select([], [], [], 0.05)
    return left


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


linux = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are counted in /proc: Linux only")


@linux
def test_it_serves_and_ctrl_c_stops_everything_it_started(running: tuple[subprocess.Popen[str], str]) -> None:
    process, address = running
    with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:
        assert b'"status": "ok"' in answer.read()
    children = children_of(process.pid)
    assert len(children) >= 5  # PostgreSQL, Valkey, web, worker, beat
    process.send_signal(signal.SIGINT)
    assert process.wait(SOON) == 0
    assert wait_until_gone(children) == []


@linux
def test_a_second_run_goes_on_with_the_data_and_nothing_outlives_a_kill(
    running: tuple[subprocess.Popen[str], str], data_dir: Path
) -> None:
    process, _address = running
    assert (data_dir / "postgres" / "data" / "PG_VERSION").exists() or os.geteuid() == 0
    assert refusal(SERVE, environment(DATA_DIR=str(data_dir))) == (
        f"Another ./run is using {data_dir}. Stop it first, or set DATA_DIR to another folder."
    )
    children = children_of(process.pid)
    process.kill()
    process.wait()
    assert wait_until_gone(children) == []


@linux
def test_a_run_right_after_a_kill_waits_for_the_database_before_it(data_dir: Path) -> None:
    for _ in range(2):
        postgres = Postgres(data_dir.with_name("killed") / "postgres")
        postgres.start()
        assert postgres.process is not None
        postgres.process.send_signal(signal.SIGINT)  # what the kernel sends it when its parent is killed
    postgres.process.wait(SOON)
