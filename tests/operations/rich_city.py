"""A city with a row in every table that a back-up takes, and words that must, and must not, be found again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django_otp.plugins.otp_totp.models import TOTPDevice

from agents.actions import post_incident, turn_backup
from agents.models import (
    Agent,
    BackupPlan,
    Department,
    DepartmentHours,
    Language,
    Membership,
    PresenceInterval,
    RecoveryCode,
    User,
)
from chat.actions import close_evaluation, end_as_agent, mark, purge
from chat.actions.messages import record
from chat.actions.readings import note_readings
from chat.actions.wrap_up import end_wrap_ups
from chat.models import (
    ChatSession,
    Connection,
    Ending,
    Kind,
    Offer,
    PurgeRun,
    Reading,
    RetentionMark,
    Side,
    StoppedText,
    Transfer,
)
from contactcenter.cases.actions import finish_task
from contactcenter.notices.models import DemoMail
from contactcenter.operations.models import RestoreRun
from policies.models import BusinessCalendar, Tally
from tests.factories import (
    ActiveSessionFactory,
    AgentFactory,
    EvidenceFactory,
    LogInFactory,
    LogInTryFactory,
    MailFactory,
    MembershipFactory,
    QueuedSessionFactory,
    TaskFactory,
)
from tests.policies.factories import keep_chats

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
# What residents wrote: in chats that are kept, and everywhere else. None may be part of another.
KEPT, TRANSIENT, ASKED_FOR = "kept-needle", "transient-needle", "task-needle"
ODD = 'a\\b\tc\nd "e" \\N \u202e é 🏛️ \\.'  # whatever COPY has to escape


@dataclass(frozen=True)
class Rich:
    """The chats of the city: one of each fate."""

    rosa: Agent
    supervisor: Agent
    kept: ChatSession  # ended and marked
    running: ChatSession  # marked, and still running
    lifted: ChatSession  # was marked, and waits for the purge
    ended: ChatSession
    waiting: ChatSession
    mark: RetentionMark


def build_city(*, at: datetime = NOON) -> Rich:
    """Fill the database; needs the settings of the demo."""
    call_command("load_preset", "demo", verbosity=0)
    keep_chats()
    general = Department.objects.get(is_default=True)
    rosa = AgentFactory(user__username="rosa", seats=9)
    supervisor = AgentFactory(user__username="sam", user__roles=["supervisor"])
    for agent in (rosa, supervisor):
        MembershipFactory(agent=agent, department=general)
    _staff_rows(rosa, at=at)
    _service_rows(supervisor, at=at)
    rich = Rich(
        rosa,
        supervisor,
        kept=_ended_chat(rosa, general, KEPT, at=at),
        running=_chat(rosa, general, KEPT, at=at),
        lifted=_ended_chat(rosa, general, TRANSIENT, at=at),
        ended=_ended_chat(rosa, general, TRANSIENT, at=at),
        waiting=_waiting(general, at=at),
        mark=None,
    )
    former = mark(rich.kept.pk, agent_id=rosa.pk, reason="harassment", at=at + HOUR)
    close_evaluation(former.evaluation_id, by_id=supervisor.pk, reason=f"{KEPT} {ODD}", at=at + HOUR)
    held = mark(rich.kept.pk, agent_id=rosa.pk, reason="harassment", note=f"{KEPT} {ODD}", at=at + HOUR)
    mark(rich.running.pk, agent_id=rosa.pk, reason="improper_conduct", at=at)
    over = mark(rich.lifted.pk, agent_id=rosa.pk, reason="harassment", note=TRANSIENT, at=at + HOUR)
    close_evaluation(over.evaluation_id, by_id=supervisor.pk, reason=TRANSIENT, at=at + HOUR)
    _what_hangs_on_a_chat(rich.kept, rosa, supervisor, at=at)
    _tasks(rosa, general, at=at)
    note_readings([rich.kept], reader=supervisor, place=Reading.Place.SUPERVISION, at=at + HOUR)
    _what_is_not_backed_up(rich, at=at)
    return Rich(**{**rich.__dict__, "mark": held})


def _staff_rows(rosa: Agent, *, at: datetime) -> None:
    EvidenceFactory(text=ODD)
    DepartmentHours.objects.create(
        department=rosa.memberships.get().department,
        channel="phone",
        calendar=BusinessCalendar.objects.get(is_default=True),
    )
    rosa.languages.add(Language.objects.get(code="fr"))
    RecoveryCode.objects.create(user=rosa.user, key="k" * 64, created_at=at)
    TOTPDevice.objects.create(user=rosa.user, name="phone")
    PresenceInterval.objects.create(agent=rosa, state="online", started_at=at)
    changed = ContentType.objects.get_for_model(Membership)
    LogEntry.objects.create(
        user=rosa.user, content_type=changed, object_id="1", object_repr="a row", action_flag=CHANGE, change_message=ODD
    )


def _service_rows(supervisor: Agent, *, at: datetime) -> None:
    plan = BackupPlan.objects.get(channel="chat")
    for is_on in (True, False):
        turn_backup(plan.pk, is_on=is_on, why=ODD, by=supervisor.user, at=at)
    post_incident(department=None, texts={"en": ODD}, starts_at=None, ends_at=at + HOUR, by=supervisor.user, at=at)


def _chat(agent: Agent, department: Department, words: str, *, at: datetime) -> ChatSession:
    session = ActiveSessionFactory(
        agent=agent,
        department=department,
        customer_name=f"name {words}",
        customer_email=f"{words}@resident.example",
        customer_phone=f"555 {words}",
        topic=f"topic {words}",
        requested_at=at,
    )
    for side, name in ((Side.CUSTOMER, words), (Side.AGENT, "Rosa")):
        text = f"{words} {ODD}" if side == Side.CUSTOMER else f"{words} as well"
        record(session, Kind.MESSAGE, side=side, at=at, name=name, text=text, data={"said": words})
    session.save()
    return session


def _ended_chat(agent: Agent, department: Department, words: str, *, at: datetime) -> ChatSession:
    session = _chat(agent, department, words, at=at)
    return end_as_agent(session.pk, agent_id=agent.pk, outcome="resolved", at=at + HOUR / 2)


def _waiting(department: Department, *, at: datetime) -> ChatSession:
    return QueuedSessionFactory(department=department, customer_name=TRANSIENT, topic=TRANSIENT, requested_at=at)


def _what_hangs_on_a_chat(session: ChatSession, rosa: Agent, supervisor: Agent, *, at: datetime) -> None:
    """It was passed on in vain, by an offer, and a text of it was stopped."""
    over = {"ended_at": at + HOUR, "ending": Ending.DECLINED, "declined_why": f"{KEPT} {ODD}"}
    asked = Transfer.objects.create(
        session=session,
        from_agent=rosa,
        to_agent=supervisor,
        reason=Transfer.Reason.SUPERVISOR,
        summary=f"{KEPT} {ODD}",
        again=KEPT,
        asked_at=at,
        **over,
    )
    Offer.objects.create(
        session=session,
        agent=supervisor,
        kind=Offer.Kind.TRANSFER,
        transfer=asked,
        why=Offer.Why.ASKED_FOR,
        offered_at=at,
        expires_at=at + HOUR,
        **over,
    )
    StoppedText.objects.create(
        session=session, agent=rosa, uid=uuid4(), text_key="k" * 64, text=f"{KEPT} {ODD}", asked_at=at
    )


def _tasks(rosa: Agent, general: Department, *, at: datetime) -> None:
    """An open one, which a back-up holds, and one that is done, which it leaves out."""
    for words in (ASKED_FOR, TRANSIENT):
        task = TaskFactory(
            department=general,
            text=f"{words} {ODD}",
            customer__name=f"name {words}",
            customer__email=f"{words}@caller.example",
            customer__phone=f"555 {words}",
            created_at=at,
        )
        if words == TRANSIENT:
            finish_task(task.pk, by=rosa, result="answered", note=words, at=at)


def _what_is_not_backed_up(rich: Rich, *, at: datetime) -> None:
    LogInFactory(user=rich.rosa.user, at=at)
    LogInTryFactory(at=at)
    MailFactory(to="dana@resident.example", subject=TRANSIENT, body=TRANSIENT, created_at=at)
    DemoMail.objects.create(message_id="<1@x>", to="dana@resident.example", subject=TRANSIENT, body=TRANSIENT)
    Connection.objects.create(
        instance="00000000-0000-4000-8000-000000000000",
        agent=rich.rosa,
        address_key=TRANSIENT,
        opened_at=at,
        seen_at=at,
    )
    Tally.objects.create(rule="EM-IDLE-2", start=at - HOUR, end=at, considered=1, broken=[ODD], made_at=at)
    RestoreRun.objects.create(at=at, name="an earlier one", made_at=at, with_ledger=True, rows=1)
    purge(at=at, cause=PurgeRun.Cause.BY_HAND)
    end_wrap_ups(at=at + HOUR)
    assert User.objects.filter(is_demo=True).exists()
