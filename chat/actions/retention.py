"""Marks: why a chat is kept, and the one way in which that ends."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.actions.staff_notes import tell_staff
from chat.models import (
    PERSON_REASONS,
    ChatSession,
    Evaluation,
    EvaluationDecision,
    LedgerEntry,
    RetentionMark,
    StaffKind,
)
from chat.permissions import access_to_evaluation, access_to_mark
from contactcenter.lib.errors import Invalid, WrongState
from contactcenter.lib.events import emit
from contactcenter.lib.serial import one_at_a_time
from policies.staff_texts import staff_text
from policies.versions import in_force

RULE, DUE = "EM-RET-Ba-i", "EM-EVAL"
LONGEST_NOTE = 2000


@transaction.atomic
def mark(session_id: UUID, *, agent_id: int, reason: str, note: str = "", at: datetime) -> RetentionMark:
    """Keep a chat because of how its resident behaved, and look at whether to ban them.

    Later chats of the same browser are kept while that evaluation is open,
    earlier ones never. Marking twice for the same reason changes nothing. Raises `NotFound`,
    `Invalid`, `WrongState` when the chat was purged. Source: EM-RET-Ba-i.
    """
    _check_reason(reason, note)
    known = ChatSession.objects.filter(pk=session_id).values_list("returning_key", flat=True).first()
    _serialise_customer(known, session_id)
    agent = Agent.objects.select_related("user").get(pk=agent_id)
    session = access_to_mark(session_id, agent)
    evaluation = _evaluation_of(session, agent, at=at)
    note = staff_text(note, field="note", at=at)
    mark, is_new = RetentionMark.objects.get_or_create(
        session=session, evaluation=evaluation, reason=reason, defaults={"note": note, "by": agent, "at": at}
    )
    if is_new:
        _keep(session)
    if is_new or note != mark.note:  # a further note on the same is not lost
        data = {"reason": mark.reason, "evaluation": evaluation.pk, "name": agent.display_name}
        tell_staff(session, StaffKind.MARKED, at=at, agent=agent, text=note, rule=RULE, data=data)
    return mark


def _check_reason(reason: str, note: str) -> None:
    if reason not in PERSON_REASONS:
        raise Invalid(
            _("Choose why this chat is kept: harassment, or other improper conduct of the resident."), field="reason"
        )
    if len(note) > LONGEST_NOTE:
        raise Invalid(_("A note may have %(max)d characters.") % {"max": LONGEST_NOTE}, field="note")


def _evaluation_of(session: ChatSession, agent: Agent, *, at: datetime) -> Evaluation:
    """Return the open evaluation of a session's customer, a new one if there is none."""
    own = Evaluation.objects.open().locked().filter(marks__session=session).first()
    evaluation = own or Evaluation.objects.of_customer(session.returning_key).locked().first()
    if evaluation is not None:
        return evaluation
    version = in_force(DUE, at=at)
    return Evaluation.objects.create(
        returning_key=session.returning_key,
        opened_at=at,
        opened_by=agent,
        due_at=at + timedelta(days=version.number_of("days")) if version else None,
        due_version=version,
    )


def mark_while_evaluated(session: ChatSession, *, at: datetime) -> None:
    """Keep a chat that just began, if its customer is being evaluated. Source: EM-RET-Ba-i.

    The caller holds `one_at_a_time` for the customer, so that no evaluation opens or closes meanwhile.
    """
    evaluation = Evaluation.objects.of_customer(session.returning_key).locked().first()
    if evaluation is None:
        return
    RetentionMark.objects.create(session=session, evaluation=evaluation, reason=RetentionMark.Reason.EVALUATION, at=at)
    _keep(session)
    data = {"reason": RetentionMark.Reason.EVALUATION, "evaluation": evaluation.pk}
    tell_staff(session, StaffKind.MARKED, at=at, rule=RULE, data=data)


def _keep(session: ChatSession) -> None:
    session.retained = True
    session.save(update_fields=["retained"])


@transaction.atomic
def close_evaluation(evaluation_id: int, *, by_id: int, reason: str, at: datetime) -> EvaluationDecision:
    """End an evaluation without a ban: its marks end, and the chats go with the next purge.

    Raises `NotFound`, `Invalid` without a reason, `WrongState` when it is closed. Source: EM-RET-Ba-i.
    """
    if not reason.strip():
        raise Invalid(_("Write why there is no ban; whoever looks at it later reads that."), field="reason")
    if len(reason) > LONGEST_NOTE:
        raise Invalid(_("A reason may have %(max)d characters.") % {"max": LONGEST_NOTE}, field="reason")
    agent = Agent.objects.select_related("user").get(pk=by_id)
    evaluation = access_to_evaluation(evaluation_id, agent)
    if evaluation.closed_at is not None:
        raise WrongState(_("This evaluation is closed. Its marks have ended."))
    ending = EvaluationDecision.Ending.NO_BAN
    return _close(evaluation, ending, by=agent, reason=staff_text(reason, field="reason", at=at), at=at)


def _close(
    evaluation: Evaluation, ending: EvaluationDecision.Ending, *, by: Agent | None, reason: str, at: datetime
) -> EvaluationDecision:
    """Write the decision, then let everything go that only this evaluation holds."""
    ids = sorted(evaluation.marks.values_list("session_id", flat=True))
    _serialise_customer(evaluation.returning_key, ids[0] if ids else None)
    sessions = list(ChatSession.objects.filter(marks__evaluation=evaluation).order_by("pk").locked())
    evaluation = Evaluation.objects.locked().get(pk=evaluation.pk)
    if evaluation.closed_at is not None:
        raise WrongState(_("A colleague has just closed this evaluation."))
    decision = EvaluationDecision.objects.create(evaluation=evaluation, ending=ending, by=by, at=at, reason=reason)
    evaluation.closed_at, evaluation.returning_key = at, ""
    evaluation.save(update_fields=["closed_at", "returning_key"])
    _lift(decision, at=at)
    for session in sessions:
        _let_go(session, decision, at=at)
    return decision


def _lift(decision: EvaluationDecision, *, at: datetime) -> None:
    marks = RetentionMark.objects.filter(evaluation_id=decision.evaluation_id).holding()
    entries = [
        LedgerEntry(kind=LedgerEntry.Kind.LIFTED_MARK, subject=str(pk), at=at)
        for pk in marks.order_by("pk").values_list("pk", flat=True)
    ]
    marks.update(lifted_at=at, decision=decision)
    LedgerEntry.objects.bulk_create(entries)


def _let_go(session: ChatSession, decision: EvaluationDecision, *, at: datetime) -> None:
    """Let a session be transient again, unless another evaluation holds it, too, or a date that the purge heeds."""
    if session.keep_until is not None or session.marks.holding().exists():
        return
    session.retained = False
    session.save(update_fields=["retained"])
    tell_staff(session, StaffKind.EVALUATION_CLOSED, at=at, agent=decision.by, rule=RULE)
    emit("session", sessions=[str(session.pk)])


def customer_key(returning_key: str | None, session_id: UUID | None) -> str:
    """Return by what actions about one customer wait for each other."""
    return f"customer:{returning_key or session_id}"


def _serialise_customer(returning_key: str | None, session_id: UUID | None) -> None:
    one_at_a_time(customer_key(returning_key, session_id))


# From the ledger ------------------------------------------------------------------
@transaction.atomic
def lift_from_ledger(mark_ids: Collection[int], *, at: datetime) -> int:
    """After a restore, let marks end that had ended after the back-up was made; answer how many did."""
    marks = RetentionMark.objects.filter(pk__in=mark_ids).holding()
    lifted = marks.count()
    for evaluation in Evaluation.objects.open().filter(marks__in=marks).distinct().order_by("pk"):
        reason = _("The marks had ended when the back-up was restored, as its ledger says.")
        _close(evaluation, EvaluationDecision.Ending.FROM_LEDGER, by=None, reason=reason, at=at)
    return lifted
