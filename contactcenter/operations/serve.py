"""`./run`: the whole product on one machine, from one command, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType
from typing import Any

from contactcenter.lib.embedded import die_with_parent
from contactcenter.operations.stores import ROOT, Stores, Trouble, data_folder, plain_trouble

READY_WITHIN = 60.0  # seconds
STOP_WITHIN = 10.0
DEMO_PEOPLE = (
    "admin, supervisor1, supervisor2, agent1 … agent6 (agent2 also Spanish, agent3 also French), trainee1, "
    "director1, clerk1, carecentre1, treasury1, cao1"
)


class Stopped(Exception):
    """A signal asked us to stop."""


def main() -> int:
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, _stop)
    host, port = os.environ.get("HOST", "127.0.0.1"), _port()
    _check_port(host, port)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
    stores, children = Stores(), dict[str, subprocess.Popen[bytes]]()
    try:
        with plain_trouble():
            stores.start()
        _prepare(stores)
        children.update(_start(host, port))
        _wait_until_ready(children, host, port)
        _welcome(host, port)
        _watch(children)
        return 1
    except Stopped:
        print("\nStopping …", flush=True)
        return 0
    finally:
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)
        _end(children)
        stores.stop()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


def _port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Trouble(f"PORT={text} is no port. Set it to a number from 1 to 65535.")
    return int(text)


def _check_port(host: str, port: int) -> None:
    """Fail early on a taken port: else a stranger's server would answer our questions."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError:
        raise Trouble(
            f"Port {port} of {host} is taken. Stop what uses it, or choose another: PORT=8001 ./run"
        ) from None


def _prepare(stores: Stores) -> None:
    """Bring the database to this version, and the demo city into it."""
    _manage("migrate", "--verbosity", "0")
    if stores.is_embedded and os.environ.get("DEMO") == "1":
        _manage("load_preset", "demo")


def _manage(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Trouble(f"manage.py {arguments[0]} failed: {last}")


def _start(host: str, port: int) -> dict[str, subprocess.Popen[bytes]]:
    web = ["uvicorn", "contactcenter.asgi:application", "--host", host, "--port", str(port), "--log-level", "warning"]
    web += ["--ws-max-size", "131072", "--ws-per-message-deflate", "false", "--ws-ping-interval", "20"]
    web += ["--timeout-graceful-shutdown", "3", "--no-server-header", "--no-proxy-headers"]
    celery = ["celery", "--app", "contactcenter.celery", "--quiet"]
    worker = [*celery, "worker", "--loglevel", "WARNING", "--pool", "threads", "--concurrency", "4"]
    worker += ["--queues", "townline,sweeps", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(data_folder() / "beat-schedule")]
    commands = {"web": web, "worker": worker, "beat": beat}
    return {name: _child(command) for name, command in commands.items()}


def _child(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, preexec_fn=die_with_parent(signal.SIGTERM))


def _wait_until_ready(children: dict[str, subprocess.Popen[bytes]], host: str, port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN
    answer: dict[str, Any] = {}
    while time.monotonic() < deadline:
        if ended := [name for name, child in children.items() if child.poll() is not None]:
            raise Trouble(f"The {ended[0]} process ended while starting. Its last lines above say why.")
        answer = _readiness(host, port)
        if answer.get("status") == "ok":
            return
        time.sleep(0.1)
    raise Trouble(f"Not ready after {READY_WITHIN:.0f} seconds: {json.dumps(answer.get('checks', answer))}")


def _readiness(host: str, port: int) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://{_reachable(host)}:{port}/readyz", timeout=5) as response:
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        answer = json.load(error)
    except (OSError, ValueError):
        answer = {}
    return answer


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104


def _welcome(host: str, port: int) -> None:
    site = f"http://{'localhost' if host == '127.0.0.1' else _reachable(host)}:{port}"
    lines = ["", f"Townline is ready at {site}/", f"  residents   {site}/  {site}/chat/", f"  staff       {site}/desk/"]
    lines += [f"  admin       {site}/admin/"]
    if os.environ.get("DEMO") == "1":
        lines += [f"  mails       {site}/mail/", "", f"Demo log-ins: {DEMO_PEOPLE}"]
        lines += [f"Password of all: {os.environ['DEMO_PASSWORD']}"]
    print("\n".join([*lines, "", "Ctrl-C stops everything."]), flush=True)


def _watch(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Return when a child has ended by itself."""
    while True:
        for name, child in children.items():
            if child.poll() is not None:
                print(f"The {name} process ended with code {child.returncode}; stopping the others.", file=sys.stderr)
                return
        time.sleep(0.3)


def _end(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    for child in children.values():
        try:
            child.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Trouble as trouble:
        sys.exit(str(trouble))
    except Stopped:
        sys.exit(0)
