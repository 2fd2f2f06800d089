"""Sentry, for cities that run one, held to the silence of the logs: types and places in the code, nothing else.

Imported only where `SENTRY_DSN` is set. None of its integrations look into
requests, tasks or log lines; what reaches it is what our own log handlers see.
"""

from __future__ import annotations

import logging
from typing import Any, cast

from django.core.exceptions import ImproperlyConfigured

from contactcenter.lib.logs import chain_of, frames_of, program
from contactcenter.lib.request_id import request_id

try:
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.types import Event, Hint
    from sentry_sdk.utils import BadDsn
except ImportError:
    raise ImproperlyConfigured(
        "SENTRY_DSN is set, but the package sentry-sdk is missing. Install the extra `sentry`, or unset SENTRY_DSN."
    ) from None

# What an event may hold, of whoever made it.
KEPT = frozenset({"event_id", "timestamp", "platform", "level", "release"})
KEPT_TAGS = frozenset({"request_id", "process", "logger"})
KEPT_OF_FRAMES = frozenset({"filename", "function", "lineno", "module", "in_app"})


def start(dsn: str, **more: Any) -> None:
    """Begin to report to this address. Raises `ImproperlyConfigured` when it is none."""
    try:
        sentry_sdk.init(
            dsn=dsn,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[AtexitIntegration(callback=_wait_silently)],
            send_default_pii=False,
            max_request_body_size="never",
            include_local_variables=False,
            include_source_context=False,
            max_breadcrumbs=0,
            before_breadcrumb=_nothing,
            before_send=only_types_and_frames,
            before_send_transaction=_nothing,
            auto_session_tracking=False,
            send_client_reports=False,
            propagate_traces=False,
            enable_logs=False,
            enable_metrics=False,
            server_name="",
            **more,
        )
    except BadDsn:
        raise ImproperlyConfigured("SENTRY_DSN is no address of a Sentry project. Correct or unset it.") from None


def only_types_and_frames(event: Event, _hint: Hint) -> Event | None:
    """Return a new event with the little that cannot be a person's word; without an exception there is nothing left."""
    values = [_only_type_and_frames(value) for value in (event.get("exception") or {}).get("values", [])]
    if not values:
        return None
    kept: dict[str, Any] = {name: value for name, value in event.items() if name in KEPT}
    tags = {name: value for name, value in dict(event.get("tags") or {}).items() if name in KEPT_TAGS}
    return cast("Event", {**kept, "tags": tags, "exception": {"values": values}})


def _only_type_and_frames(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames", [])
    kept = [{name: frame[name] for name in KEPT_OF_FRAMES & frame.keys()} for frame in frames]
    return {"type": value.get("type"), "module": value.get("module"), "stacktrace": {"frames": kept}}


def _nothing(_thing: Any, _hint: Any) -> None:
    return None


def _wait_silently(_pending: int, _timeout: float) -> None:
    """The package would print a line at the end."""


class SentryHandler(logging.Handler):
    """Reports every logged exception, by what `contactcenter.lib.logs` would say of it."""

    def emit(self, record: logging.LogRecord) -> None:
        if not record.exc_info or record.exc_info[1] is None or record.name.startswith("sentry_sdk"):
            return
        values = [_value_of(error) for error in chain_of(record.exc_info[1])]
        tags = {"request_id": request_id.get(), "process": program(), "logger": record.name}
        sentry_sdk.capture_event({"level": "error", "tags": tags, "exception": {"values": values[::-1]}})

    def handleError(self, record: logging.LogRecord) -> None:
        """What cannot be reported is in the log all the same."""


def _value_of(error: BaseException) -> dict[str, Any]:
    frames = [
        {"filename": file, "lineno": line, "function": function}
        for file, line, function in frames_of(error.__traceback__)
    ]
    kind = type(error)
    return {"type": kind.__qualname__, "module": kind.__module__, "stacktrace": {"frames": frames}}
