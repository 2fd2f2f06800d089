"""Sentry gets types and places in the code, and not a word of a person."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from contactcenter.lib import sentry
from contactcenter.lib.request_id import request_id
from tests.faults.noisy import NEEDLE, fail

DSN = "http://key@127.0.0.1:9/1"


class Kept(Transport):
    """Sends nothing; the test reads what would have been sent."""

    sent: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope)


@pytest.fixture
def sent() -> Iterator[list[Envelope]]:
    Kept.sent = []
    sentry.start(DSN, transport=Kept)
    handler = sentry.SentryHandler(logging.ERROR)
    logging.getLogger().addHandler(handler)
    yield Kept.sent
    logging.getLogger().removeHandler(handler)
    sentry_sdk.get_global_scope().set_client(None)
    sentry_sdk.get_isolation_scope().clear()


def events(envelopes: list[Envelope]) -> list[Any]:
    return [json.loads(envelope.serialize().splitlines()[-1]) for envelope in envelopes]


def everything(envelopes: list[Envelope]) -> str:
    return "".join(envelope.serialize().decode() for envelope in envelopes)


def raise_everywhere() -> None:
    """Raise with the needle in message, arguments, locals and cause."""
    kept = {"words": NEEDLE}
    try:
        fail(NEEDLE)
    except ValueError as error:
        raise LookupError(NEEDLE, kept) from error


def test_a_logged_exception_is_reported_by_type_and_place(sent: list[Envelope]) -> None:
    before = request_id.set("0123456789abcdef")
    try:
        raise_everywhere()
    except LookupError as error:
        logging.getLogger("chat").exception("a socket failed: %s", error)
    request_id.reset(before)
    (event,) = events(sent)
    cause, raised = event["exception"]["values"]
    assert (cause["type"], raised["type"]) == ("ValueError", "LookupError")
    frame = raised["stacktrace"]["frames"][-1]
    assert (frame["filename"], frame["function"]) == ("tests/lib/test_sentry.py", "raise_everywhere")
    assert event["tags"]["request_id"] == "0123456789abcdef"
    assert raised.keys() <= {"type", "module", "stacktrace"}
    assert "Zebrafinch" not in everything(sent)


def test_whatever_else_reports_bears_no_words_either(sent: list[Envelope]) -> None:
    scope = sentry_sdk.get_isolation_scope()
    scope.set_user({"username": NEEDLE})
    scope.set_tag("words", NEEDLE)
    scope.set_extra("words", NEEDLE)
    scope.set_context("words", {"words": NEEDLE})
    sentry_sdk.add_breadcrumb(message=NEEDLE)
    try:
        raise_everywhere()
    except LookupError:
        sentry_sdk.capture_exception()
    sentry_sdk.capture_message(NEEDLE)
    sentry_sdk.capture_event({"request": {"url": NEEDLE, "data": NEEDLE}, "message": NEEDLE})
    with sentry_sdk.start_transaction(name=NEEDLE):
        pass
    (event,) = events(sent)
    assert [value["type"] for value in event["exception"]["values"]] == ["ValueError", "LookupError"]
    assert event.keys() <= {"event_id", "timestamp", "platform", "level", "release", "tags", "exception"}
    assert "Zebrafinch" not in everything(sent)


def test_log_lines_without_an_exception_are_not_reported(sent: list[Envelope]) -> None:
    logging.getLogger("chat").error("the purge refuses to run")
    assert sent == []


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(ImproperlyConfigured, match="SENTRY_DSN is no address of a Sentry project"):
        sentry.start("sentry.example.gov")


def start_with(path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Set Django up in a process of its own; modules below `path` come first."""
    code = (
        "import sys, logging, django; django.setup(); print('sentry_sdk' in sys.modules, logging.getLogger().handlers)"
    )
    environment = {**os.environ, "PYTHONPATH": str(path), **variables}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )


def test_without_an_address_it_is_not_loaded_and_with_one_it_listens(tmp_path: Path) -> None:
    assert start_with(tmp_path).stdout.startswith("False")
    told = start_with(tmp_path, SENTRY_DSN=DSN).stdout
    assert told.startswith("True")
    assert "SentryHandler (ERROR)" in told


def test_without_the_package_the_sentence_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "sentry_sdk.py").write_text("raise ImportError\n")
    done = start_with(tmp_path, SENTRY_DSN=DSN)
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].endswith("Install the extra `sentry`, or unset SENTRY_DSN.")
