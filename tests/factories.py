"""One factory per model; each makes the plain valid thing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import factory
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from agents.models import (
    Agent,
    BackupPlan,
    Certificate,
    CertificateKind,
    Department,
    DepartmentName,
    Evidence,
    Language,
    LogIn,
    LogInTry,
    Membership,
    Requirement,
    Role,
    RoleGrant,
    User,
)
from chat.models import (
    ChatEvent,
    ChatSession,
    Evaluation,
    EvaluationDecision,
    Kind,
    RetentionMark,
    Seat,
    Side,
    StaffEvent,
    StaffKind,
    Wording,
)
from chat.rules import lowest_free
from chat.states import Outcome, Status
from contactcenter.cases.models import Contact, Customer, Task, TaskKind, Topic
from contactcenter.knowledge.models import Menu, Node, Script, Sequence, Step
from contactcenter.lib.hashing import digest
from contactcenter.notices.models import Mail

PASSWORD = "a long enough password"
_HASHED = make_password(PASSWORD)  # hashing takes longer than most tests


class LanguageFactory(factory.django.DjangoModelFactory[Language]):
    class Meta:
        model = Language
        django_get_or_create = ("code",)

    code = "en"
    name = "English"


class DepartmentFactory(factory.django.DjangoModelFactory[Department]):
    class Meta:
        model = Department

    code = factory.Sequence(lambda n: f"department-{n}")
    name = factory.Sequence(lambda n: f"Department {n}")


class DepartmentNameFactory(factory.django.DjangoModelFactory[DepartmentName]):
    """What residents call a department, in Spanish."""

    class Meta:
        model = DepartmentName

    department = factory.SubFactory(DepartmentFactory)
    language = factory.SubFactory(LanguageFactory, code="es", name="Español")
    name = "Servicios generales"


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A person who may log in with `PASSWORD`; `roles=[…]` grants roles, none by default."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    first_name = "Rosa"
    email = factory.LazyAttribute(lambda user: f"{user.username}@maplebrook.example")
    password = _HASHED

    @factory.post_generation
    def roles(obj: User, create: bool, extracted: Iterable[str] | None, **kwargs: Any) -> None:
        for role in extracted or ():
            RoleGrant.objects.create(user=obj, role=role)


class RoleGrantFactory(factory.django.DjangoModelFactory[RoleGrant]):
    class Meta:
        model = RoleGrant

    user = factory.SubFactory(UserFactory)
    role = Role.AGENT


class AgentFactory(factory.django.DjangoModelFactory[Agent]):
    """An agent who is offline and in no department; `user__roles` names other roles than agent.

    Other `seats` than three are fixed, so that no ladder changes them.
    """

    class Meta:
        model = Agent

    user = factory.SubFactory(UserFactory, roles=[Role.AGENT])
    seats = 3
    fixed_seats = factory.LazyAttribute(lambda agent: None if agent.seats == 3 else agent.seats)


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    agent = factory.SubFactory(AgentFactory)
    department = factory.SubFactory(DepartmentFactory)


class LogInFactory(factory.django.DjangoModelFactory[LogIn]):
    """A log-in that has just happened, with a session behind it that a browser's cookie can name.

    Made with a second factor, so that it serves for every role.
    """

    class Meta:
        model = LogIn

    user = factory.SubFactory(UserFactory, roles=[Role.AGENT])
    at = factory.LazyFunction(timezone.now)
    seen_at = factory.SelfAttribute("at")
    second_factor = True
    session_key = factory.LazyAttribute(lambda log_in: _session_of(log_in.user))


class LogInTryFactory(factory.django.DjangoModelFactory[LogInTry]):
    """A failed try of another user name from another address."""

    class Meta:
        model = LogInTry

    username_key = factory.LazyFunction(lambda: uuid.uuid4().hex)
    address_key = factory.LazyFunction(lambda: uuid.uuid4().hex)
    at = factory.LazyFunction(timezone.now)


class MailFactory(factory.django.DjangoModelFactory[Mail]):
    """A mail that is due."""

    class Meta:
        model = Mail

    to = "rosa@maplebrook.example"
    subject = "A notice"
    body = "Hello Rosa."
    message_id = factory.LazyFunction(lambda: f"<{uuid.uuid4()}@maplebrook.example>")
    created_at = factory.LazyFunction(timezone.now)
    next_attempt_at = factory.SelfAttribute("created_at")


@contextmanager
def as_owner() -> Iterator[None]:
    """Take the database's second locks off for a moment, as only who owns the tables can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def log_in(client: Client, user: User, *, at: datetime | None = None) -> LogIn:
    """Log a person in without the log-in page; `at` is when that was."""
    entry: LogIn = LogInFactory(user=user, at=at or timezone.now())
    client.cookies["townline_staff"] = entry.session_key
    return entry


def _session_of(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


class QueuedSessionFactory(factory.django.DjangoModelFactory[ChatSession]):
    """A chat that waits, as if it had been asked for just now; its question is not among its events."""

    department = factory.SubFactory(DepartmentFactory)
    language = factory.LazyFunction(lambda: Language.objects.get_or_create(code="en", defaults={"name": "English"})[0])
    customer_name = "Dana"
    token_digest = factory.Sequence(lambda number: digest(f"token {number}"))
    requested_at = factory.LazyFunction(timezone.now)
    queued_at = factory.SelfAttribute("requested_at")

    class Meta:
        model = ChatSession
        skip_postgeneration_save = True


class ActiveSessionFactory(QueuedSessionFactory):
    """A chat that an agent has accepted, with its seat."""

    agent = factory.SubFactory(AgentFactory)
    status = Status.ACTIVE
    accepted_at = factory.SelfAttribute("requested_at")

    @factory.post_generation
    def seat(session: ChatSession, create: bool, extracted: Any, **more: Any) -> None:
        held = Seat.objects.filter(agent=session.agent).values_list("number", flat=True)
        Seat.objects.create(
            agent=session.agent, session=session, number=lowest_free(held), taken_at=session.requested_at
        )


class EndedSessionFactory(QueuedSessionFactory):
    """A chat that its agent ended two hours after it was asked for, and rounded off; `wrapped_up_at=None` is not."""

    agent = factory.SubFactory(AgentFactory)
    status = Status.ENDED
    outcome = Outcome.RESOLVED
    accepted_at = factory.SelfAttribute("requested_at")
    ended_at = factory.LazyAttribute(lambda session: session.requested_at + timedelta(hours=2))
    wrapped_up_at = factory.SelfAttribute("ended_at")


class EventFactory(factory.django.DjangoModelFactory[ChatEvent]):
    """What a resident wrote; `session` counts along."""

    session = factory.SubFactory(ActiveSessionFactory)
    seq = factory.LazyAttribute(lambda event: event.session.events.count() + 1)
    uid = factory.LazyFunction(uuid.uuid4)
    kind = Kind.MESSAGE
    side = Side.CUSTOMER
    name = "Dana"
    text = "I live at 12 Elm Street."
    at = factory.SelfAttribute("session.requested_at")

    class Meta:
        model = ChatEvent


class StaffEventFactory(factory.django.DjangoModelFactory[StaffEvent]):
    session = factory.SubFactory(ActiveSessionFactory)
    n = factory.LazyAttribute(lambda event: event.session.staff_events.count() + 1)
    kind = StaffKind.MARKED
    text = "He shouted."
    at = factory.SelfAttribute("session.requested_at")

    class Meta:
        model = StaffEvent


class EvaluationFactory(factory.django.DjangoModelFactory[Evaluation]):
    """One that is open, about nobody who could be known again."""

    opened_at = factory.LazyFunction(timezone.now)
    opened_by = factory.SubFactory(AgentFactory)

    class Meta:
        model = Evaluation


class DecisionFactory(factory.django.DjangoModelFactory[EvaluationDecision]):
    evaluation = factory.SubFactory(EvaluationFactory)
    ending = EvaluationDecision.Ending.NO_BAN
    at = factory.LazyFunction(timezone.now)
    reason = "Looked at."

    class Meta:
        model = EvaluationDecision


class MarkFactory(factory.django.DjangoModelFactory[RetentionMark]):
    """A mark that holds; its session says so, too."""

    session = factory.SubFactory(EndedSessionFactory, retained=True)
    evaluation = factory.SubFactory(EvaluationFactory)
    reason = RetentionMark.Reason.HARASSMENT
    at = factory.LazyFunction(timezone.now)

    class Meta:
        model = RetentionMark


class WordingFactory(factory.django.DjangoModelFactory[Wording]):
    kind = Wording.Kind.GREETING
    language = factory.LazyFunction(lambda: Language.objects.get_or_create(code="en", defaults={"name": "English"})[0])
    text = "Hello, I am {agent}."

    class Meta:
        model = Wording


class CertificateKindFactory(factory.django.DjangoModelFactory[CertificateKind]):
    """A kind for the chat that was adopted long ago, has no end of its own and is approved by supervisors."""

    code = factory.Sequence(lambda number: f"kind-{number}")
    name = "Chat"
    rule = CertificateKind.Rule.TRAINING
    channel = "chat"
    approver_role = Role.SUPERVISOR
    adopted_on = date(2026, 1, 1)

    class Meta:
        model = CertificateKind


class RequirementFactory(factory.django.DjangoModelFactory[Requirement]):
    kind = factory.SubFactory(CertificateKindFactory)
    text = "Grade 12"

    class Meta:
        model = Requirement


class CertificateFactory(factory.django.DjangoModelFactory[Certificate]):
    """A certificate without an end that a supervisor has approved; `approved_by=None, approved_at=None` waits."""

    agent = factory.SubFactory(AgentFactory)
    kind = factory.SubFactory(CertificateKindFactory)
    valid_from = date(2026, 1, 1)
    approved_by = factory.SubFactory(UserFactory, roles=[Role.SUPERVISOR])
    approved_at = factory.SelfAttribute("noted_at")
    noted_at = factory.LazyFunction(timezone.now)

    class Meta:
        model = Certificate


class EvidenceFactory(factory.django.DjangoModelFactory[Evidence]):
    certificate = factory.SubFactory(CertificateFactory, approved_by=None, approved_at=None)
    requirement = factory.SubFactory(RequirementFactory, kind=factory.SelfAttribute("..certificate.kind"))
    text = "The diploma of 2019."
    noted_at = factory.LazyFunction(timezone.now)

    class Meta:
        model = Evidence


class CustomerFactory(factory.django.DjangoModelFactory[Customer]):
    class Meta:
        model = Customer

    name = "Dana"
    phone = "416-555-0123"
    language = factory.LazyFunction(lambda: Language.objects.get_or_create(code="en", defaults={"name": "English"})[0])
    created_at = factory.LazyFunction(timezone.now)


class ContactFactory(factory.django.DjangoModelFactory[Contact]):
    """A resident chatted."""

    class Meta:
        model = Contact

    customer = factory.SubFactory(CustomerFactory)
    channel = "chat"
    direction = Contact.Direction.IN
    department = factory.SubFactory(DepartmentFactory)
    purpose = TaskKind.CALL_BACK
    at = factory.LazyFunction(timezone.now)


class TaskFactory(factory.django.DjangoModelFactory[Task]):
    """A call back that nobody has taken, due two hours after it was asked for."""

    class Meta:
        model = Task

    kind = TaskKind.CALL_BACK
    department = factory.SubFactory(DepartmentFactory)
    language = factory.LazyFunction(lambda: Language.objects.get_or_create(code="en", defaults={"name": "English"})[0])
    customer = factory.SubFactory(CustomerFactory)
    contact = factory.SubFactory(
        ContactFactory,
        customer=factory.SelfAttribute("..customer"),
        department=factory.SelfAttribute("..department"),
        at=factory.SelfAttribute("..created_at"),
    )
    text = "About my bin."
    created_at = factory.LazyFunction(timezone.now)
    due_at = factory.LazyAttribute(lambda task: task.created_at + timedelta(hours=2))


class TopicFactory(factory.django.DjangoModelFactory[Topic]):
    class Meta:
        model = Topic

    code = factory.Sequence(lambda number: f"topic-{number}")
    name = "Bins"


def _english() -> Language:
    return Language.objects.get_or_create(code="en", defaults={"name": "English"})[0]


class ScriptFactory(factory.django.DjangoModelFactory[Script]):
    """A shared one for all departments, in English."""

    name = factory.Sequence(lambda number: f"script {number}")
    text = "Hello {customer}, I am {agent}."
    language = factory.LazyFunction(_english)

    class Meta:
        model = Script


class SequenceFactory(factory.django.DjangoModelFactory[Sequence]):
    """One without a step; `StepFactory` makes those."""

    key = "o"
    name = "Off topic"
    language = factory.LazyFunction(_english)

    class Meta:
        model = Sequence


class StepFactory(factory.django.DjangoModelFactory[Step]):
    sequence = factory.SubFactory(SequenceFactory)
    position = factory.LazyAttribute(lambda step: step.sequence.steps.count() + 1)
    script = factory.SubFactory(ScriptFactory)

    class Meta:
        model = Step


class MenuFactory(factory.django.DjangoModelFactory[Menu]):
    """One for all departments, shown, in English, without a row."""

    language = factory.LazyFunction(_english)
    review_on = date(2027, 1, 1)

    class Meta:
        model = Menu


class NodeFactory(factory.django.DjangoModelFactory[Node]):
    """An answer at the top."""

    menu = factory.SubFactory(MenuFactory)
    code = factory.Sequence(lambda number: f"row-{number}")
    position = factory.LazyAttribute(lambda node: node.menu.nodes.count() + 1)
    label = factory.LazyAttribute(lambda node: node.code.capitalize())
    kind = Node.Kind.ANSWER
    text = "On Tuesdays."

    class Meta:
        model = Node


class BackupPlanFactory(factory.django.DjangoModelFactory[BackupPlan]):
    """The way round the chat, with a phone, a form and an English text."""

    class Meta:
        model = BackupPlan
        skip_postgeneration_save = True

    channel = "chat"
    phone = "555-0100"
    page = "https://www.maplebrook.example/contact/"

    @factory.post_generation
    def texts(obj: BackupPlan, create: bool, extracted: dict[str, str] | None, **kwargs: Any) -> None:
        for code, text in (extracted or {"en": "The chat is broken. Please call us."}).items():
            obj.texts.create(language=LanguageFactory(code=code), text=text)
