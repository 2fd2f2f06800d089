"""Whether a chat may begin or be accepted now: the calendar, and the rules on opening hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agents.actions.service import RULE as BACK_UP
from agents.hours import calendar_of
from agents.models import Department
from agents.service import Backup, backup_of
from chat.retention import RULE as RETENTION
from chat.retention import Retention
from contactcenter.lib.errors import DomainError
from policies.calendar import Calendar
from policies.hours import say_clock, say_moment_to_residents
from policies.models import RuleVersion
from policies.versions import rules_in_force
from policies.why import source_of

HOURS, LAST_CHAT = "EM-HRS", "EM-HRS-30"
OPEN, CLOSING_SOON, CLOSED, BACKUP = "open", "closing_soon", "closed", "backup"


@dataclass(frozen=True)
class Opening:
    """How the chat of a department stands at one moment.

    `state` is that of the contract. `may_be_accepted`: who waits may still be
    taken, which holds until closing time and through a break. `versions` are
    the rules that hold; `closing` and `next_opening` bear the zone's offset.
    """

    state: str
    may_be_accepted: bool
    next_opening: datetime | None
    closing: datetime | None
    calendar: Calendar | None
    versions: dict[str, RuleVersion]
    is_round_the_clock: bool = False
    refusal: str = ""  # why no chat may begin at any hour: what becomes of it is not written down
    backup: Backup | None = None  # the way round, while the chat is out of order

    @property
    def why(self) -> str:
        """Where that rule comes from, in a sentence; empty while none keeps a chat from beginning."""
        if self.refusal:
            return self.refusal
        return source_of(self.versions[self.rule]) if self.rule else ""

    @property
    def rule(self) -> str:
        """The rule that keeps a chat from beginning; empty while none does."""
        if self.refusal:
            return RETENTION
        return {OPEN: "", CLOSING_SOON: LAST_CHAT, CLOSED: HOURS, BACKUP: BACK_UP}[self.state]


def opening_of(department: Department, *, at: datetime) -> Opening:
    """Return how the chat of a department stands.

    Without a rule on retention none begins, and none while the back-up mode
    is on; what runs or waits goes on as the hours have it.
    Source: EM-HRS, EM-HRS-30, EM-RET-A, SJ-BACK.
    """
    calendar = calendar_of(department.pk, channel="chat")
    versions = rules_in_force([HOURS, LAST_CHAT, RETENTION, BACK_UP], at=at)
    opening = stands(calendar, versions, at=at)
    refusal = Retention(versions.get(RETENTION)).refusal
    if refusal:
        return replace(opening, state=CLOSED, next_opening=None, refusal=refusal)
    backup = backup_under(versions)
    return replace(opening, state=BACKUP, backup=backup) if backup else opening


def backup_under(versions: Mapping[str, RuleVersion]) -> Backup | None:
    """Return the way round the chat while its back-up mode is on, under these rules; else None. Source: SJ-BACK."""
    return backup_of("chat") if BACK_UP in versions else None


def stands(calendar: Calendar | None, versions: dict[str, RuleVersion], *, at: datetime) -> Opening:
    """Return how a chat stands under these hours and rules.

    Without EM-HRS, or with its switch on, it is open at any hour; with it and without a calendar it never is.
    """
    hours, last = versions.get(HOURS), versions.get(LAST_CHAT)
    if hours is None or hours.values["always_open"]:
        return Opening(OPEN, True, None, None, calendar, versions, is_round_the_clock=True)
    if calendar is None:
        return Opening(CLOSED, False, None, None, None, versions)
    closing = calendar.closing(at)
    if not calendar.is_open(at):
        return Opening(CLOSED, calendar.is_break(at), calendar.next_opening(at), closing, calendar, versions)
    margin = timedelta(minutes=last.number_of("minutes_before_closing") if last else 0)
    if closing is not None and at > closing - margin:
        return Opening(CLOSING_SOON, True, calendar.next_opening(closing), closing, calendar, versions)
    return Opening(OPEN, True, None, closing, calendar, versions)


def guard_request(opening: Opening) -> None:
    """Raise `closed`, with the next opening, the way round and the rule, unless a chat may begin.

    Source: EM-HRS, EM-HRS-30, SJ-BACK.
    """
    if opening.state != OPEN:
        raise closed(opening, why_no_chat_begins(opening))


def guard_accept(opening: Opening) -> None:
    """Raise `closed` once the office has closed for the day. Source: EM-HRS."""
    if not opening.may_be_accepted:
        raise closed(
            replace(opening, state=CLOSED, backup=None),
            _("The office has closed. Chats are accepted in opening hours only (EM-HRS)."),
        )


def why_no_chat_begins(opening: Opening) -> str:
    """Say to a resident why no chat begins now, and when one does."""
    if opening.refusal:
        return _("The chat cannot be offered now. Please call us or write to us.")
    if opening.backup is not None:
        return _why_backup(opening.backup)
    if opening.state == CLOSING_SOON and opening.closing is not None:
        closing = say_clock(opening.closing)
        sentence = _("We close at %(time)s and no longer begin a new chat today.") % {"time": closing}
    else:
        sentence = _("The chat is closed now.")
    if opening.next_opening is not None:
        sentence += " " + _("It opens again on %(moment)s.") % {"moment": say_moment_to_residents(opening.next_opening)}
    return sentence


def _why_backup(backup: Backup) -> str:
    return f"{_('The chat is out of order now.')} {say_way_round(backup)}"


def say_way_round(backup: Backup) -> str:
    """Say to a resident whom to call, or which form to use, while the chat is out of order."""
    if backup.phone and backup.page:
        way = _("Please call %(phone)s, or use the form: %(page)s")
    else:
        way = _("Please call %(phone)s.") if backup.phone else _("Please use the form: %(page)s")
    return way % {"phone": backup.phone, "page": backup.page}


def closed(opening: Opening, detail: str) -> DomainError:
    opens = None if opening.backup else opening.next_opening
    rule = opening.rule or HOURS
    more: dict[str, Any] = {"rule": rule, "why": opening.why or source_of(opening.versions[HOURS])}
    if opening.backup is not None:
        more["backup"] = opening.backup.as_frame(get_language() or "en")
    return DomainError("closed", detail, next_opening=opens.isoformat() if opens else None, **more)
