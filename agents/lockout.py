"""What django-axes asks of us: how a try to log in is judged, and from which address it comes."""

from __future__ import annotations

from typing import Any

from axes.handlers.base import AxesHandler
from django.http import HttpRequest
from django.utils import timezone

from agents.actions import begin_try
from contactcenter.lib.address import client_address


class StaffLogInHandler(AxesHandler):  # type: ignore[misc]  # axes has no types
    """Lets `authenticate` look at a password only after the try was counted.

    The log-in page has counted it already, to wait where the try is slowed
    down; any other way into `authenticate` is counted here.
    """

    def is_allowed(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        tried = getattr(request, "log_in_try", None)
        if tried is None:
            username = str((credentials or {}).get("username") or "")
            tried = begin_try(username, client_address(request), at=timezone.now())  # noqa: TID251  (an edge)
        return not tried.is_locked_out


def axes_client_address(request: HttpRequest) -> str | None:
    address = client_address(request)
    return str(address) if address is not None else None
