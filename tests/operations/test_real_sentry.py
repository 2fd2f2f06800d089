"""What really leaves the processes of a city that runs a Sentry: types and places, from web and worker alike."""

from __future__ import annotations

import contextlib
import http.server
import json
import queue
import threading
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest

from tests.faults.noisy import NEEDLE, app
from tests.faults.web import Web
from tests.faults.worker import noisy_worker
from tests.patience import SOON


def events_in(envelope: bytes) -> list[dict[str, Any]]:
    """Return the events of an envelope: a line of its own, then pairs of lines."""
    items = envelope.splitlines()[1:]
    return [json.loads(body) for head, body in zip(items[::2], items[1::2], strict=True) if b'"event"' in head]


class Sentry:
    """A server that takes what the library really sends."""

    def __init__(self) -> None:
        self.envelopes: queue.Queue[bytes] = queue.Queue()
        envelopes = self.envelopes

        class Taker(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                unpack = {"br": brotli.decompress, "gzip": lambda data: zlib.decompress(data, 31)}
                envelopes.put(unpack[self.headers["Content-Encoding"]](body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *_args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
        self.dsn = f"http://key@127.0.0.1:{self.server.server_port}/1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self, count: int) -> list[dict[str, Any]]:
        """Wait for this many events. Nothing of what came holds the needle."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            envelope = self.envelopes.get(timeout=SOON)
            assert b"Zebrafinch" not in envelope
            found += events_in(envelope)
        return found


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    running = Sentry()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.mark.django_db(transaction=True)
def test_a_web_process_reports_what_fails_in_it(sentry: Sentry, tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("wb") as stderr:
        web = Web(SENTRY_DSN=sentry.dsn).start(application="tests.faults.noisy:application", stderr=stderr)
        for address in ("fails", "cries"):
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(f"http://127.0.0.1:{web.port}/{address}", timeout=SOON)
        events = sentry.events(5)
        web.stop()
    assert {event["tags"]["logger"] for event in events} == {"uvicorn.error", "asyncio", "contactcenter.lib.logs"}
    assert {event["exception"]["values"][-1]["type"] for event in events} == {"ValueError", "RuntimeError"}
    assert all(event["tags"]["process"] == "uvicorn" for event in events)


@pytest.mark.django_db(transaction=True)
def test_a_worker_reports_what_fails_in_it(sentry: Sentry, tmp_path: Path) -> None:
    with noisy_worker(tmp_path / "said", SENTRY_DSN=sentry.dsn):
        app.send_task("noisy.fail", args=[NEEDLE], queue="noisy")
        (event,) = sentry.events(1)
    assert event["tags"]["logger"] == "celery.app.trace"
    assert event["exception"]["values"][-1]["type"] == "ValueError"
    assert event["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "fail"
    assert event["tags"]["request_id"]
