"""The clock, open to look at: any deadline, with its steps."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from contactcenter.lib.api import open_to_sites
from contactcenter.lib.errors import Invalid
from contactcenter.lib.frames import check_text
from policies.calendar import UNITS, Due, due_at
from policies.calendars import calendar_named
from policies.steps import steps_of

_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2})?(\.\d{1,9})?([Zz]|[+ -]\d{2}:\d{2})",  # a bare + arrives as a blank
    re.ASCII,
)
MOST_DIGITS = 12


@open_to_sites("GET")
async def clock(request: HttpRequest) -> HttpResponse:
    """Answer when something is due. Raises `Invalid`, `out_of_range`."""
    due, steps = await sync_to_async(reckon)(request.GET)
    return JsonResponse({"due_at": due.at.isoformat(), "steps": steps})


def reckon(asked: Any) -> tuple[Due, list[str]]:
    """Return the deadline that `calendar`, `start`, `unit` and `amount` ask for, and its steps."""
    name = asked.get("calendar", "")
    check_text(name, "calendar")
    calendar = calendar_named(name)
    start = moment_of(asked.get("start", ""))
    unit = asked.get("unit", "")
    if unit not in UNITS:
        raise Invalid(_("Choose a unit: %(units)s.") % {"units": ", ".join(UNITS)}, field="unit")
    due = due_at(calendar, start, unit, amount_of(asked.get("amount"), unit))
    return due, steps_of(due)


def moment_of(text: str) -> datetime:
    """Return an instant written as RFC 3339, with `Z` or an offset; seconds may be left out. Raises `Invalid`."""
    match = _MOMENT.fullmatch(text)
    if match is not None:
        day, clock_time, seconds, fraction, offset = match.groups()
        offset = "+00:00" if offset in "Zz" else offset.replace(" ", "+")
        try:
            return datetime.fromisoformat(f"{day}T{clock_time}{seconds or ':00'}{(fraction or '')[:7]}{offset}")
        except ValueError:
            pass
    raise Invalid(
        _("start must be a date and time with its offset, such as 2026-03-02T10:00-05:00 or 2026-03-02T15:00Z."),
        field="start",
    )


def amount_of(text: str | None, unit: str) -> int:
    """Return an amount written in digits; what is beyond measure stays so. Raises `Invalid`."""
    if text is None and unit == "same_business_day":
        return 0
    if text is None or not (text.isascii() and text.isdigit()):
        raise Invalid(_("amount must be a whole number, 0 or more, in digits only."), field="amount")
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) <= MOST_DIGITS else 10**MOST_DIGITS
