"""The purge: what is transient goes, in one statement, and a row says what went (EM-RET-A)."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, Min, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from agents.models import User
from chat.actions.wrap_up import end_wrap_ups
from chat.models import (
    ChatEvent,
    ChatSession,
    ChatSessionQuerySet,
    Evaluation,
    PurgeRun,
    RetentionMark,
    StaffEvent,
)
from chat.retention import CAUGHT_UP_AFTER, Retention, last_run, retention_in_force
from contactcenter.lib.errors import WrongState
from contactcenter.lib.failpoints import failpoint
from contactcenter.lib.serial import is_mine
from policies.conformance import Period, tally

logger = logging.getLogger(__name__)

_DELETE = """
WITH gone AS (
    DELETE FROM chat_chatsession
    WHERE ended_at < %(cutoff)s AND wrapped_up_at IS NOT NULL AND NOT retained
    RETURNING id
)
INSERT INTO chat_ledgerentry (kind, subject, at) SELECT 'purged_session', id::text, %(at)s FROM gone
"""


@dataclass(frozen=True)
class Outlook:
    """What a purge would find at one moment: counts of chats that ended before its cut-off."""

    cutoff: datetime
    counted: int
    deleted: int
    kept: int
    wrapping_up: int


def look_ahead(*, at: datetime) -> Outlook:
    """Say what a purge would do now, and do nothing. Raises `WrongState` when it would refuse. Source: EM-RET-A."""
    retention = _retention(at=at)
    cutoff = at - retention.grace
    ended = ChatSession.objects.ended_before(cutoff)
    over = _over(ended, at=at).count()
    kept = ended.filter(retained=True).count() - over
    wrapping_up = ended.transient().filter(wrapped_up_at__isnull=True, wrap_up_deadline__gt=at).count()
    counted = ended.count()
    return Outlook(cutoff, counted, counted - kept - wrapping_up, kept, wrapping_up)


def _retention(*, at: datetime) -> Retention:
    retention = retention_in_force(at=at)
    if retention.refusal:
        raise WrongState(_("Nothing was purged. %(why)s") % {"why": retention.refusal})
    return retention


def purge_if_due(*, at: datetime) -> PurgeRun | None:
    """Purge if that is due and has not been done since, also when the time was missed; None when nothing was due.

    Without a legal basis a row says, once a day, why nothing was purged.
    """
    retention = retention_in_force(at=at)
    due = retention.last_time(at=at)
    if _is_done(since=due, refused=bool(retention.refusal)):
        return None
    with transaction.atomic():
        if not is_mine("chat.daily_purge") or _is_done(since=due, refused=bool(retention.refusal)):
            return None
        if retention.refusal:
            return _note_refusal(retention, at=at)
        is_late = at - due > CAUGHT_UP_AFTER
        return purge(at=at, cause=PurgeRun.Cause.CATCH_UP if is_late else PurgeRun.Cause.DAILY)


def _is_done(*, since: datetime, refused: bool) -> bool:
    """Say whether the purge of a day was run, or, while it must refuse, that was noted.

    What somebody ran by hand does not stand for it.
    """
    runs = PurgeRun.objects.filter(started_at__gte=since).exclude(cause=PurgeRun.Cause.BY_HAND)
    return runs.exists() if refused else runs.filter(refusal="").exists()


def _note_refusal(retention: Retention, *, at: datetime) -> PurgeRun:
    logger.error("the purge refuses to run: EM-RET-A or its legal basis is missing")
    return PurgeRun.objects.create(
        cause=PurgeRun.Cause.DAILY,
        version=retention.version,
        started_at=at,
        finished_at=at,
        refusal=retention.refusal[:300],
    )


def purge(*, at: datetime, cause: str, by: User | None = None) -> PurgeRun:
    """Delete every chat that ended before the grace began and that nothing keeps; answer what was done.

    Raises `WrongState` without a legal basis, or while another run is under way. Source: EM-RET-A.
    """
    retention = _retention(at=at)
    end_wrap_ups(at=at)
    with transaction.atomic():
        if not is_mine("chat.purge"):
            raise WrongState(_("Another purge is running. Look again in a moment."))
        cutoff = at - retention.grace
        _release_what_is_over(at=at)
        _tally_before(cutoff, at=at)
        ended = ChatSession.objects.ended_before(cutoff)
        run = PurgeRun(cause=cause, by=by, version=retention.version, started_at=at, cutoff=cutoff)
        run.counted = ended.count()
        run.deleted = _delete(cutoff, at=at)
        failpoint("purge.before_commit")
        run.evaluations_deleted = _delete_decided_evaluations()
        run.kept = ended.filter(retained=True).count()
        run.wrapping_up = ended.transient().filter(wrapped_up_at__isnull=True).count()
        run.leftover = leftovers(cutoff)
        run.oldest_left_at = ChatSession.objects.transient().aggregate(oldest=Min("ended_at"))["oldest"]
        run.finished_at = at
        run.save()
    return run


def _release_what_is_over(*, at: datetime) -> None:
    """Let chats go whose date has come, by the clock of the database, too, whose lock asks it."""
    over = _over(ChatSession.objects.all(), at=at).filter(keep_until__lte=Now())
    over.update(retained=False, keep_until=None)


def _over(sessions: ChatSessionQuerySet, *, at: datetime) -> ChatSessionQuerySet:
    """Return those that were kept until a date that has come, and that no open evaluation holds on."""
    undecided = RetentionMark.objects.undecided().filter(session=OuterRef("pk"))
    return sessions.filter(~Exists(undecided), retained=True, keep_until__lte=at)


def _delete(cutoff: datetime, *, at: datetime) -> int:
    """One statement: a mark that comes at the same moment either stops its row from going, or finds it gone."""
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, {"cutoff": cutoff, "at": at})
        return int(cursor.rowcount)


def _delete_decided_evaluations() -> int:
    """An evaluation that was decided goes with the last chat that it held. Source: EM-RET-Ba-i."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM chat_evaluation e WHERE closed_at IS NOT NULL "
            "AND NOT EXISTS (SELECT FROM chat_retentionmark m WHERE m.evaluation_id = e.id)"
        )
        return int(cursor.rowcount)


def leftovers(cutoff: datetime) -> int:
    """Count what bears words of chats that should have gone: sessions, and what hangs on none. Source: EM-RET-A."""
    late = ChatSession.objects.ended_before(cutoff).transient().filter(wrapped_up_at__isnull=False).count()
    orphans = sum(_without_session(model) for model in (ChatEvent, StaffEvent, RetentionMark))
    return late + orphans + Evaluation.objects.without_marks().count()


def _without_session(model: type[ChatEvent | StaffEvent | RetentionMark]) -> int:
    """Count rows whose session is gone: none, unless somebody took the constraint away."""
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {table} t WHERE NOT EXISTS "
            "(SELECT FROM chat_chatsession s WHERE s.id = t.session_id)"
        )
        return int(cursor.fetchone()[0])


def _tally_before(cutoff: datetime, *, at: datetime) -> None:
    """Write down how the rules were kept in chats that are about to go; failing at that stops no purge."""
    last = last_run()
    first = ChatSession.objects.aggregate(first=Min("requested_at"))["first"]
    start = last.cutoff if last and last.cutoff else first
    if start is None or start >= cutoff:
        return
    try:
        with transaction.atomic():
            tally(Period(start, cutoff), at=at)
    except Exception as error:
        logger.error("what was kept could not be counted before the purge: %s", type(error).__name__)


def purge_from_ledger(session_ids: Collection[UUID], *, at: datetime) -> int:
    """After a restore, delete chats that had been purged after the back-up was made; answer how many were there."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM chat_chatsession WHERE id = ANY(%s::uuid[]) AND NOT retained",
            [[str(each) for each in session_ids]],
        )
        deleted = int(cursor.rowcount)
        _delete_decided_evaluations()
    return deleted
