"""Logs without a word of a person: ids, types and places in the code, one JSON object a line.

What an exception says, what a call was given and what PostgreSQL tells about a
row may hold what somebody wrote, so none of it is ever formatted. See
docs/decisions/0011-logs-without-words.md.
"""

from __future__ import annotations

import ast
import logging
import logging.config
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from pythonjsonlogger.json import JsonFormatter

from contactcenter.lib.request_id import META_KEY, request_id

ROOT: Final = Path(__file__).resolve().parents[2]
OURS: Final = frozenset({"chat", "agents", "policies", "contactcenter"})
WITHHELD: Final = "(text withheld)"
DEEPEST: Final = 40  # frames of a stack; the innermost are kept
MOST_CAUSES: Final = 5
SENTENCES: Final = (ImproperlyConfigured,)  # ours, about settings, for who starts the process

# What asyncio says first before it tells futures, callbacks and their arguments.
ASYNCIO: Final = (
    "Task exception was never retrieved",
    "Future exception was never retrieved",
    "Task was destroyed but it is pending!",
    "Exception in callback",
    "Unhandled exception in event loop",
    "unhandled exception during asyncio.run() shutdown",
    "an error occurred during closing of asynchronous generator",
)
logger = logging.getLogger(__name__)


# What a record may say ------------------------------------------------------
def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what is logged of a record."""
    facts: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).astimezone().isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": message_of(record),
        "request_id": request_id.get() or _request_id_of(record),
        "process": f"{program()} {os.getpid()}",
    }
    if record.exc_info and record.exc_info[0] is not None:
        facts["exception"] = exception_facts(*record.exc_info)
    return facts


def _request_id_of(record: logging.LogRecord) -> str | None:
    request = getattr(record, "request", None)
    return request.META.get(META_KEY) if isinstance(request, HttpRequest) else None


def message_of(record: logging.LogRecord) -> str:
    """Return our own messages with their ids; of others' only what stands in their programs."""
    if record.name.partition(".")[0] in OURS:
        return _own_message(record)
    if hasattr(record, "status_code") and record.name.startswith("django."):
        return f"answered {record.status_code}: {_route(record)}"
    if record.name == "celery.app.trace" and isinstance(record.args, Mapping):
        return f"task {record.args.get('name')}: {record.args.get('description', 'received')}"
    first = _first_line(record.msg)
    if record.name == "asyncio":
        return next((known for known in ASYNCIO if first.startswith(known)), WITHHELD)
    return first if first and first in _literals(record.pathname) else f"{WITHHELD} {_place(record)}"


def _own_message(record: logging.LogRecord) -> str:
    """Format an own message; an exception among its arguments shows its type alone."""
    if not isinstance(record.args, tuple):
        return str(record.msg)
    shown = tuple(type(arg).__name__ if isinstance(arg, BaseException) else arg for arg in record.args)
    return str(record.msg) % shown if shown else str(record.msg)


def _route(record: logging.LogRecord) -> str:
    """Return the pattern of the request's address, never the address: that is the client's."""
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    return f"/{match.route}" if match is not None else "no route"


def _first_line(text: object) -> str:
    return str(text).strip().partition("\n")[0].strip()


@lru_cache(maxsize=64)
def _literals(path: str) -> frozenset[str]:
    """Return the texts that a program bears, whole: a single word of somebody's may well be a part of one."""
    try:
        nodes = ast.walk(ast.parse(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, SyntaxError):
        return frozenset()  # compiled
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    return frozenset(_first_line(text) for text in texts if isinstance(text, str))


def _place(record: logging.LogRecord) -> str:
    return f"{_short(record.pathname)}:{record.lineno}:{record.funcName}"


def _short(path: str) -> str:
    """Return a file's path below our root or below the packages."""
    for root in (f"{ROOT}{os.sep}", *(f"{folder}{os.sep}" for folder in sys.path if folder.endswith("-packages"))):
        if path.startswith(root):
            return path[len(root) :]
    return path


@lru_cache(maxsize=1)
def program() -> str:
    """Return what this process is: uvicorn, gunicorn, celery worker, manage migrate."""
    path = Path(sys.argv[0] or "python")
    name = path.parent.name if path.stem == "__main__" else path.stem
    commands = {"celery": {"worker", "beat"}, "manage": set(sys.argv[1:2])}.get(name, set())
    return " ".join([name, *(word for word in sys.argv[1:] if word in commands)][:2])


# What an exception may say --------------------------------------------------
def exception_facts(
    kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
) -> dict[str, Any]:
    """Return the type of an exception, its stack and the types and stacks of its causes: no message, no argument."""
    facts = {"type": _type_name(kind or BaseException), "stack": _stack(tb)}
    causes = [{"type": _type_name(type(each)), "stack": _stack(each.__traceback__)} for each in chain_of(error)][1:]
    return {**facts, "because": causes} if causes else facts


def _type_name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _stack(tb: TracebackType | None) -> list[str]:
    """Return `file:line:function` of each frame."""
    return [f"{file}:{line}:{function}" for file, line, function in frames_of(tb)]


def frames_of(tb: TracebackType | None) -> list[tuple[str, int, str]]:
    """Return file, line and function of each frame, the innermost last. Workers hand in look-alikes of tracebacks."""
    frames = []
    while tb is not None:
        code = tb.tb_frame.f_code
        frames.append((_short(code.co_filename), tb.tb_lineno, code.co_name))
        tb = tb.tb_next
    return frames[-DEEPEST:]


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and then its causes, each before its own."""
    for _count in range(MOST_CAUSES + 1):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


# How it is written ----------------------------------------------------------
class JsonLines(JsonFormatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return self.serialize_log_record(facts_of(record))


class PlainLines(logging.Formatter):
    """The same facts for eyes."""

    def format(self, record: logging.LogRecord) -> str:
        facts = facts_of(record)
        line = f"{facts['time']} {facts['level']} {facts['process']} {facts['logger']} {facts['message']}"
        lines = [line + (f" [{facts['request_id']}]" if facts["request_id"] else "")]
        exception = facts.get("exception")
        for each in [exception, *exception.get("because", [])] if exception else []:
            lines += [f"  {each['type']}", *(f"    {frame}" for frame in each["stack"])]
        return "\n".join(lines)


class StderrHandler(logging.StreamHandler[Any]):
    """Writes to stderr; a record that cannot be written is not told either, as the library would do in full."""

    def handleError(self, record: logging.LogRecord) -> None:
        try:
            place = f"{type(sys.exc_info()[1]).__name__} in a log line of {_place(record)}"
            self.stream.write(f'{{"level": "ERROR", "logger": "{__name__}", "message": "{place}"}}\n')
        except (OSError, ValueError):
            pass  # stderr is closed: there is nobody to tell


# What would go past the loggers ---------------------------------------------
def set_up(configuration: dict[str, Any]) -> None:
    """Configure logging, and turn what Python itself would print in full into log lines. Safe to call again."""
    logging.config.dictConfig(configuration)
    logging.captureWarnings(True)  # so that nobody else does
    warnings.showwarning = log_warning
    sys.excepthook = log_uncaught
    threading.excepthook = log_uncaught_in_thread
    sys.unraisablehook = log_unraisable


def log_uncaught(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logger.critical("the process ends by an exception", exc_info=(kind, error, tb))
    if issubclass(kind, SENTENCES):
        sys.stderr.write("".join(traceback.format_exception_only(kind, error)))


def log_uncaught_in_thread(facts: threading.ExceptHookArgs) -> None:
    if facts.exc_type is SystemExit:
        return
    error = facts.exc_value or facts.exc_type()
    logger.error("a thread ended by an exception", exc_info=(facts.exc_type, error, facts.exc_traceback))


def log_unraisable(facts: sys.UnraisableHookArgs) -> None:
    error = facts.exc_value or facts.exc_type()
    logger.error("an exception that nobody could catch", exc_info=(facts.exc_type, error, facts.exc_traceback))


def log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    logger.warning("%s at %s:%d", category.__name__, _short(filename), lineno)
