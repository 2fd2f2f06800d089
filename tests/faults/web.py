"""Web processes that die on command, and a line that is cut on command."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from typing import IO

from django.conf import settings
from django.db import connection

from contactcenter.lib.embedded import die_with_parent
from tests.patience import SOON
from tests.ports import free_port


class Web:
    """A uvicorn on the test's database."""

    def __init__(self, redis_url: str = "", **environment: str) -> None:
        self.port = free_port()
        self.redis_url = redis_url or settings.REDIS_URL
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        *,
        failpoints: str = "",
        application: str = "contactcenter.asgi:application",
        log_level: str = "error",
        stderr: IO[bytes] | None = None,
    ) -> Web:
        own = connection.settings_dict
        environment = os.environ | {
            "DATABASE_URL": f"postgresql://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}",
            "REDIS_URL": self.redis_url,
            "TESTING": "1",
            "FAILPOINTS": failpoints,
            **self.environment,
        }
        command = ["uvicorn", application, "--port", str(self.port), "--log-level", log_level]
        command += ["--ws-max-size", "131072", "--ws-per-message-deflate", "false"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=environment,
            stderr=stderr,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        self._wait()
        return self

    def _wait(self) -> None:
        deadline, pause = time.monotonic() + SOON, threading.Event()
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, "the web process has ended"  # whoever answers there is another
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5):
                    return
            except OSError:
                pause.wait(0.05)
        raise AssertionError("the web process does not answer")

    def wait_until_killed(self) -> int:
        """Return the signal that ended it."""
        assert self.process is not None
        return -self.process.wait(SOON)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(SOON)


class Line:
    """A TCP proxy that cuts its connection after a number of bytes in one direction."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._left: dict[str, int | None] = {"to server": None, "to client": None}
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, count: int, direction: str) -> None:
        """Let `count` more bytes through in this direction, then cut both."""
        self._left[direction] = count

    def close(self) -> None:
        self._listener.close()
        self._cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            self._open = [client, server]
            for source, sink, direction in ((client, server, "to server"), (server, client, "to client")):
                threading.Thread(target=self._forward, args=(source, sink, direction), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        try:
            while data := source.recv(65536):
                left = self._left[direction]
                if left is not None and len(data) > left:
                    sink.sendall(data[:left])
                    self._left[direction] = None
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            self._shut(end)

    def _cut(self) -> None:
        for end in self._open:
            self._shut(end)

    @staticmethod
    def _shut(end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
