"""Whether the rules that this room itself keeps were kept: business hours and reviews."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext

from policies.calendar import Calendar, Definition, compile_calendar
from policies.calendars import compiled
from policies.conformance import Finding, Period, keep
from policies.models import CalendarVersion
from policies.reviews import RULE as REVIEW
from policies.reviews import reviews, undated_documents

BUSINESS_HOURS = "DF-BH"
_SECOND = timedelta(seconds=1)


def register() -> None:
    """Tell the register what this room keeps."""
    keep(
        BUSINESS_HOURS,
        how=gettext_lazy(
            "Every time limit in business time is reckoned with the city's calendars, holidays included; "
            "their hours are compiled once and never altered."
        ),
        check=check_calendars,
    )
    keep(
        REVIEW,
        how=gettext_lazy("Documents and rows bear a date of review; what is overdue is listed on this page."),
        check=check_reviews,
    )


def check_calendars(_period: Period) -> Finding:
    """Each calendar's hours, as they are reckoned with, are what its definition says. Source: DF-BH."""
    rows = CalendarVersion.objects.order_by("calendar_id", "-number").distinct("calendar_id")
    latest = list(rows.values_list("pk", "calendar__code"))
    return Finding(len(latest), tuple(sorted(code for pk, code in latest if not is_sound(pk))))


@lru_cache(maxsize=256)
def is_sound(version_id: int) -> bool:
    """Say whether a version's intervals are what its definition compiles to, and none lies on a closed date.

    A version is never changed, so that one look a process is enough.
    """
    try:
        kept = compiled(version_id)
    except ValueError:  # an interval without its other end
        return False
    again = compile_calendar(kept.definition)
    return (kept.opens, kept.closes) == (again.opens, again.closes) and not _open_dates(kept) & _closed_dates(
        kept.definition
    )


def _open_dates(calendar: Calendar) -> set[date]:
    firsts = {calendar.moment(opened).date() for opened in calendar.opens}
    return firsts | {(calendar.moment(closed) - _SECOND).date() for closed in calendar.closes}


def _closed_dates(definition: Definition) -> set[date]:
    """Return holidays and closures, except those with hours of their own."""
    open_by_themselves = {on for on, day in definition.days.items() if day.hours}
    return (set(definition.holidays) | set(definition.days)) - open_by_themselves


def check_reviews(period: Period) -> Finding:
    """No document or row is past its date of review at the end of the period. Source: DF-REVIEW."""
    on = timezone.localtime(period.end).date()
    known = reviews(at=period.end)
    late = sorted(review.code for review in known if review.is_overdue(on=on))
    return Finding(len(known), tuple(late), note=_undated(undated_documents(at=period.end)))


def _undated(count: int) -> str:
    if not count:
        return ""
    sentence = ngettext(
        "%(count)d document has no date from which a review could be counted.",
        "%(count)d documents have no date from which a review could be counted.",
        count,
    )
    return sentence % {"count": count}
