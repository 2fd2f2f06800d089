"""Ports for servers that a test starts."""

from __future__ import annotations

import itertools
import os
import socket

# Below those that the kernel draws by itself, so that it gives none away between its choice and its use.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_ports = itertools.count(20_000 + 5_000 * (_WORKER % 2) + os.getpid() % 4_000)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, and that was not returned before."""
    return next(port for port in _ports if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
