"""Log lines say what happened and where, and never what somebody wrote."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from contactcenter.lib import logs
from contactcenter.lib.embedded import die_with_parent
from contactcenter.lib.request_id import request_id
from contactcenter.urls import urlpatterns as product_urls
from tests.factories import UserFactory
from tests.faults.noisy import NEEDLE, Unforgiving, app, fail
from tests.faults.web import Web
from tests.patience import SOON


class Written:
    """What was logged while a test ran."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logs.StderrHandler(self.stream)
        self.handler.setFormatter(logs.JsonLines())

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def written() -> Iterator[Written]:
    """The product's own handler and formatter, on a stream that the test reads."""
    kept = Written()
    root = logging.getLogger()
    root.addHandler(kept.handler)
    yield kept
    root.removeHandler(kept.handler)


def view_that_fails(request: HttpRequest, words: str) -> HttpResponse:
    fail(words)
    return HttpResponse()


urlpatterns = [path("fails/<str:words>/", view_that_fails), *product_urls]


# The line --------------------------------------------------------------------
def test_a_line_bears_time_level_logger_message_request_and_process(written: Written) -> None:
    before = request_id.set("0123456789abcdef")
    logging.getLogger("chat.relay").warning("a batch of %d messages failed: %s", 3, "DataError")
    request_id.reset(before)
    (line,) = written.lines
    assert line.pop("time")[-6] in "+-"
    assert line.pop("process").endswith(f" {os.getpid()}")
    assert line == {
        "level": "WARNING",
        "logger": "chat.relay",
        "message": "a batch of 3 messages failed: DataError",
        "request_id": "0123456789abcdef",
    }


def test_the_plain_format_says_the_same_and_no_more() -> None:
    record = logging.LogRecord("chat.relay", logging.ERROR, __file__, 7, "a socket failed", None, raised())
    text = logs.PlainLines().format(record)
    assert "ERROR" in text
    assert "chat.relay a socket failed" in text
    assert "  ValueError\n    tests/lib/test_logs.py:" in text
    assert NEEDLE not in text


def test_a_level_and_a_format_are_read() -> None:
    command = [sys.executable, "-c", "import logging, django; django.setup(); logging.getLogger('chat').info('here')"]
    environment = {**os.environ, "LOG_LEVEL": "INFO", "LOG_FORMAT": "plain"}
    done = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert "INFO" in done.stderr
    assert not done.stderr.startswith("{")
    environment["LOG_LEVEL"] = "WARNING"
    assert subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True).stderr == b""


# The needle, in this process --------------------------------------------------
def raised() -> Any:
    try:
        fail(NEEDLE)
    except ValueError:
        return sys.exc_info()


def test_an_exception_is_its_type_and_its_stack(written: Written) -> None:
    try:
        fail(NEEDLE)
    except ValueError:
        logging.getLogger("chat").exception("a socket failed")
    (line,) = written.lines
    assert line["exception"]["type"] == "ValueError"
    assert line["exception"]["stack"][-1].startswith("tests/faults/noisy.py:")
    assert line["exception"]["stack"][-1].endswith(":fail")
    assert NEEDLE not in written.text


def test_a_cause_is_told_like_the_exception(written: Written) -> None:
    try:
        try:
            fail(NEEDLE)
        except ValueError as error:
            raise RuntimeError(NEEDLE) from error
    except RuntimeError:
        logging.getLogger("chat").exception("a socket failed")
    (line,) = written.lines
    assert line["exception"]["type"] == "RuntimeError"
    assert [cause["type"] for cause in line["exception"]["because"]] == ["ValueError"]
    assert NEEDLE not in written.text


@pytest.mark.django_db
def test_what_postgresql_tells_about_a_row_is_not_logged(written: Written) -> None:
    UserFactory(username=NEEDLE)
    with pytest.raises(IntegrityError, match=NEEDLE) as caught, transaction.atomic():
        UserFactory(username=NEEDLE)
    logging.getLogger("chat").error("not stored: %s", caught.value, exc_info=caught.value)
    logging.getLogger("django.db.backends").error("failed: %s", caught.value, exc_info=caught.value)
    ours, theirs = written.lines
    assert ours["message"] == "not stored: IntegrityError"
    assert [cause["type"] for cause in ours["exception"]["because"]] == ["psycopg2.errors.UniqueViolation"]
    assert "username" not in written.text
    assert NEEDLE not in written.text


def test_of_others_only_what_stands_in_their_programs_is_logged(written: Written) -> None:
    others = logging.getLogger("somebody.else")
    others.error("delivery to %s failed", NEEDLE)
    others.error(f"delivery to {NEEDLE} failed")
    others.error("undelivered:\n%s", NEEDLE)
    others.error({"words": NEEDLE})
    others.error("done", extra={"words": NEEDLE})
    others.error("undelivered:"[2:10])  # stands in this file, but is no text of it
    assert [line["message"].partition(" tests/")[0] for line in written.lines] == [
        "delivery to %s failed",
        "(text withheld)",
        "undelivered:",
        "(text withheld)",
        "done",
        "(text withheld)",
    ]
    assert NEEDLE not in written.text


def test_a_page_that_fails_is_logged_by_its_route(settings: Settings, written: Written) -> None:
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    answer = client.get(f"/fails/{NEEDLE}/", {"q": NEEDLE})
    assert answer.status_code == 500
    assert Client().get(f"/no-such-page/{NEEDLE}").status_code == 404
    assert Client(headers={"host": NEEDLE}).get("/").status_code == 400
    failed, absent, foreign = (line for line in written.lines if line["message"].startswith("answered"))
    assert failed["message"] == "answered 500: /fails/<str:words>/"
    assert failed["request_id"] == answer["X-Request-ID"]
    assert absent["message"] == "answered 404: no route"
    assert absent["request_id"]
    assert foreign["exception"]["type"] == "django.core.exceptions.DisallowedHost"
    assert NEEDLE not in written.text
    assert "Zebrafinch" not in written.text


def test_a_task_whose_exception_nobody_fetched_is_told_without_its_words(written: Written) -> None:
    async def fail_alone(words: str) -> None:
        fail(words)

    async def work() -> None:
        task = asyncio.create_task(fail_alone(NEEDLE), name=NEEDLE)
        await asyncio.wait([task])
        del task
        gc.collect()
        asyncio.get_running_loop().call_soon(fail, NEEDLE)
        await asyncio.sleep(0)

    asyncio.run(work())
    assert [line["message"] for line in written.lines] == [
        "Task exception was never retrieved",
        "Exception in callback",
    ]
    assert NEEDLE not in written.text


def test_what_python_would_print_becomes_a_line(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(threading, "excepthook", logs.log_uncaught_in_thread)
    monkeypatch.setattr(sys, "unraisablehook", logs.log_unraisable)
    thread = threading.Thread(target=fail, args=(NEEDLE,), name=NEEDLE)
    thread.start()
    thread.join()
    Unforgiving(NEEDLE)
    gc.collect()
    logs.log_uncaught(*raised())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", logs.log_warning)
        warnings.warn(NEEDLE, UserWarning, stacklevel=1)
    assert [
        (line["message"].partition(" at ")[0], line.get("exception", {}).get("type")) for line in written.lines
    ] == [
        ("a thread ended by an exception", "ValueError"),
        ("an exception that nobody could catch", "RuntimeError"),
        ("the process ends by an exception", "ValueError"),
        ("UserWarning", None),
    ]
    assert NEEDLE not in written.text + capsys.readouterr().err


def test_a_wrong_setting_is_still_told_in_its_sentence(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    error = ImproperlyConfigured("SECRET_KEY is not set.")
    logs.log_uncaught(type(error), error, None)
    assert "SECRET_KEY is not set." in capsys.readouterr().err


def test_a_line_that_cannot_be_made_is_not_told_in_full(written: Written) -> None:
    record = logging.LogRecord("chat", logging.ERROR, __file__, 7, "a batch of %d messages failed", (NEEDLE,), None)
    written.handler.handle(record)
    (line,) = written.lines
    assert line["message"].startswith("TypeError in a log line of tests/lib/test_logs.py:7:")
    assert NEEDLE not in written.text


# The needle, in real processes ------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_web_process_tells_no_words(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("wb") as stderr:
        web = Web(LOG_LEVEL="INFO").start(application="tests.faults.noisy:application", log_level="info", stderr=stderr)
        for address in ("fails", "cries", f"no-such-page/{NEEDLE.replace(' ', '-')}"):
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(f"http://127.0.0.1:{web.port}/{address}", timeout=SOON)
        web.stop()
    text = (tmp_path / "stderr").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    told = {line["message"].partition(" at ")[0] for line in lines}
    assert told >= {
        "Exception in ASGI application",
        "Task exception was never retrieved",
        "Exception in callback",
        "a thread ended by an exception",
        "an exception that nobody could catch",
        "UserWarning",
        "answered 404: no route",
    }
    assert all(line["process"].startswith("uvicorn ") for line in lines)
    assert "Zebrafinch" not in text


@pytest.mark.django_db(transaction=True)
def test_a_worker_tells_no_words() -> None:
    command = [sys.executable, "-m", "celery", "--app", "tests.faults.noisy", "--quiet", "worker", "--loglevel", "INFO"]
    command += ["--pool", "threads", "--concurrency", "1", "--queues", "noisy", "--without-gossip", "--without-mingle"]
    worker = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env={**os.environ, "REDIS_URL": settings.REDIS_URL},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    app.send_task("noisy.fail", args=[NEEDLE], queue="noisy")
    watchdog = threading.Timer(SOON, worker.kill)
    watchdog.start()
    assert worker.stdout is not None
    lines = []
    for line in worker.stdout:
        lines.append(line)
        if "task noisy.fail" in line:
            break
    worker.terminate()
    lines += worker.stdout.readlines()
    worker.wait(SOON)
    watchdog.cancel()
    failed = json.loads(next(line for line in lines if "task noisy.fail" in line))
    assert failed["message"] == "task noisy.fail: raised unexpected"
    assert failed["exception"]["type"] == "ValueError"
    assert failed["request_id"]
    assert failed["process"].startswith("celery worker ")
    assert "Zebrafinch" not in "".join(lines)


def test_a_command_that_fails_tells_no_words() -> None:
    command = [sys.executable, "-m", "tests.faults.noisy", NEEDLE]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert json.loads(done.stderr)["message"] == "the process ends by an exception"
    assert "Zebrafinch" not in done.stderr + done.stdout
