"""Whether what must go has gone, and what must not be there is not: each check looks at what was stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy

from chat.conformance import Changes
from chat.emergencies import EMERGENCY, PAY
from chat.models import PERSON_REASONS, ChatEvent, ChatSession, Evaluation, PurgeRun, Reading, RetentionMark, StaffEvent
from chat.retention import RULE, Retention
from policies.conformance import Finding, Period, keep
from policies.models import RuleVersion
from policies.screening import MASK, screen
from policies.versions import in_force

KEEPS_NO_COPIES, ASKS_LITTLE, MARKS, SILENT_END = "EM-RET-B", "EM-PII-B", "EM-RET-Ba-i", "EM-IDLE-4"
PATIENCE = timedelta(hours=1)  # in which a purge that is due may still come
MADE_UP = (PurgeRun.Cause.CATCH_UP, PurgeRun.Cause.RESTORE)  # come late, and stand for the run that was missed
MANY_DIGITS = r"\d(\D{0,3}\d){12}"  # what might be a card; the screening decides


def register() -> None:
    """Tell the register what the chat keeps of retention, payments and emergencies."""
    keep(
        RULE,
        how=gettext_lazy("A daily purge deletes in one statement every ended chat that nothing keeps, and counts it."),
        check=check_purges,
    )
    keep(
        KEEPS_NO_COPIES,
        how=gettext_lazy("Nobody copies, prints or exports a transcript; who opens one that has ended is noted."),
        check=check_readings,
    )
    keep(
        MARKS,
        how=gettext_lazy("A mark needs a reason and opens an evaluation; it ends by a decision, or not at all."),
        check=check_marks,
        lacks=gettext_lazy("Marks from a review, and the decision on a ban, come with step 5."),
        is_transient=True,
    )
    keep(
        ASKS_LITTLE,
        how=gettext_lazy("The form before a chat asks for what the city set, and nothing else is stored."),
        check=check_asked,
        lacks=gettext_lazy("Facts that are put on a case on purpose come with step 6."),
        is_transient=True,
    )
    keep(
        PAY,
        how=gettext_lazy("Every text is screened before it is stored; payment data is masked, and the resident told."),
        check=check_payment_data,
        is_transient=True,
    )
    keep(
        EMERGENCY,
        how=gettext_lazy("Whoever writes a listed word reads at once whom to call; the agent sees a flag."),
        check=check_emergencies,
        is_transient=True,
    )


# Purge --------------------------------------------------------------------------------
def check_purges(period: Period) -> Finding:
    """Each purge that was due has run and left nothing, and no transcript is older than it allows. Source: EM-RET-A."""
    noted = list(PurgeRun.objects.filter(started_at__lt=period.end).order_by("started_at"))
    runs = [run for run in noted if not run.refusal and run.finished_at is not None]
    dues = list(_dues(period, since=noted[0].started_at)) if noted else []
    missed = [
        due.isoformat()
        for due, following in dues
        if due + PATIENCE <= period.end and not any(_serves(run, due, following) for run in runs)
    ]
    wrong = [str(run) for run in runs if run.leftover and run.started_at >= period.start]
    old: list[str] = []
    if runs and runs[-1].cutoff is not None:
        left = ChatSession.objects.transient().ended_before(runs[-1].cutoff).filter(wrapped_up_at__isnull=False)
        old = [str(pk) for pk in left.values_list("pk", flat=True)]
    refusal = Retention(in_force(RULE, at=period.end)).refusal
    considered = sum(due + PATIENCE <= period.end for due, _following in dues) + len(old)
    return Finding(max(considered, len(wrong) + len(missed) + len(old)), (*missed, *wrong, *old), departure=refusal)


def _serves(run: PurgeRun, due: datetime, following: datetime) -> bool:
    """Say whether a run is the one that was due: in its hour, or later because its time was missed."""
    if due <= run.started_at <= due + PATIENCE:
        return True
    return due < run.started_at < following and run.cause in MADE_UP


def _dues(period: Period, *, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Return the moments of a period at which a purge was due, each with the one that follows.

    From the first run on, also one that was refused: before it the program was not there.
    """
    at = max(period.start, since)
    changes = Changes([RULE], period)
    while True:
        held = Retention(changes.at(at).get(RULE))
        if held.version is None:
            return
        due = held.next_time(at=at)
        if due >= period.end:
            return
        yield due, held.next_time(at=due)
        at = due


# Transcripts and marks ------------------------------------------------------------------
def _readings(period: Period) -> tuple[int, list[str]]:
    """Return how many transcripts were opened, and those that somebody opened who was not entitled to."""
    read = Reading.objects.filter(at__gte=period.start, at__lt=period.end)
    foreign = read.filter(was_entitled=False)
    return read.count(), [str(pk) for pk in foreign.values_list("session_id", flat=True).distinct()]


def check_readings(period: Period) -> Finding:
    """Ended chats were opened by those on them and by supervisors only. Source: EM-RET-B."""
    count, foreign = _readings(period)
    return Finding(count, tuple(foreign))


def check_marks(period: Period) -> Finding:
    """What is kept bears a mark for a permitted reason, and no chat from before its evaluation. Source: EM-RET-Ba-i."""
    marks = RetentionMark.objects.filter(at__gte=period.start, at__lt=period.end)
    by_person = Q(reason__in=PERSON_REASONS, by__isnull=False)
    later = Q(reason=RetentionMark.Reason.EVALUATION, session__requested_at__gte=F("evaluation__opened_at"))
    wrong = {str(pk) for pk in marks.exclude(by_person | later).values_list("session_id", flat=True)}
    holding = RetentionMark.objects.holding().filter(session=OuterRef("pk"))
    unmarked = ChatSession.objects.filter(~Exists(holding), retained=True, keep_until__isnull=True)
    unkept = ChatSession.objects.filter(Exists(holding), retained=False)
    wrong |= {str(pk) for pk in (unmarked | unkept | _passed_over()).values_list("pk", flat=True)}
    return Finding(max(marks.count(), len(wrong)), tuple(sorted(wrong)))


def _passed_over() -> QuerySet[ChatSession]:
    """Return chats that began while their customer's evaluation was open, and that it does not hold.

    Of open evaluations only: who the customer was is forgotten with the decision.
    """
    about = Evaluation.objects.open().exclude(returning_key="").filter(returning_key=OuterRef("returning_key"))
    marks = RetentionMark.objects.filter(session=OuterRef(OuterRef("pk")), evaluation=OuterRef("pk"))
    unheld = about.filter(~Exists(marks), opened_at__lt=OuterRef("requested_at"))
    return ChatSession.objects.filter(Exists(unheld))


def check_asked(period: Period) -> Finding:
    """Chats hold no contact that the city did not ask for then, and nobody else read them. Source: EM-PII-B."""
    begun = ChatSession.objects.filter(requested_at__gte=period.start, requested_at__lt=period.end)
    changes = Changes([ASKS_LITTLE], period)
    count, broken = _readings(period)
    rows = begun.exclude(customer_email="", customer_phone="")
    for pk, at, email, phone in rows.values_list("pk", "requested_at", "customer_email", "customer_phone"):
        asks_email, asks_phone = _asked(changes.at(at).get(ASKS_LITTLE))
        if (email and not asks_email) or (phone and not asks_phone):
            broken.append(str(pk))
    return Finding(begun.count() + count, tuple(broken))


def _asked(version: RuleVersion | None) -> tuple[bool, bool]:
    if version is None:
        return True, True
    return bool(version.value_of("ask_email")), bool(version.value_of("ask_phone"))


# Screening --------------------------------------------------------------------------------
def check_payment_data(period: Period) -> Finding:
    """No stored text holds payment data; considered are those in which some was masked. Source: EM-PAY."""
    during = Q(at__gte=period.start, at__lt=period.end)
    masked, broken = 0, set()
    for model in (ChatEvent, StaffEvent):
        texts = model._default_manager.filter(during)
        masked += texts.filter(text__contains=MASK).count()
        suspects = texts.filter(text__regex=MANY_DIGITS).values_list("session_id", "text")
        broken |= {str(session_id) for session_id, text in suspects if screen(text).payment}
    begun = ChatSession.objects.filter(requested_at__gte=period.start, requested_at__lt=period.end)
    masked += begun.filter(customer_name__contains=MASK).count()
    names = begun.filter(customer_name__regex=MANY_DIGITS).values_list("pk", "customer_name")
    broken |= {str(pk) for pk, name in names if screen(name).payment}
    return Finding(masked + len(broken), tuple(sorted(broken)))


def check_emergencies(period: Period) -> Finding:
    """Who spoke of an emergency was told whom to call, and not let go for silence. Source: EM-911."""
    flagged = ChatSession.objects.filter(emergency_at__gte=period.start, emergency_at__lt=period.end)
    said = ChatEvent.objects.annotate(kind_said=KT("data__kind")).filter(rule=EMERGENCY)
    told = said.filter(session=OuterRef("pk"), kind_said=OuterRef("emergency"))
    let_go = ChatEvent.objects.filter(session=OuterRef("pk"), rule=SILENT_END, kind="ended")
    wrong = flagged.filter(~Exists(told) | Exists(let_go))
    return Finding(flagged.count(), tuple(str(pk) for pk in wrong.values_list("pk", flat=True)))
