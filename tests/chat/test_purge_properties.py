"""Random lives of chats against a plain model: nothing outlives its time, and nothing kept goes before its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agents.models import Agent
from chat.actions import Request, accept, close_evaluation, end_as_agent, mark, purge, request_chat
from chat.models import ChatEvent, ChatRecord, ChatSession, Evaluation, LedgerEntry, PurgeRun, RetentionMark
from contactcenter.lib.errors import WrongState
from tests.chat.conftest import City, online_agent

# Long ago on every clock: the database's own asks whether a date to keep until has come.
BEGIN = datetime(2024, 1, 10, 12, tzinfo=UTC)
GRACE = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
KEYS = ("", "one browser", "another browser")


@dataclass
class Life:
    """What the model knows of a chat; `held_by` are its open evaluations."""

    pk: UUID
    key: str
    ended_at: datetime | None = None
    held_by: set[int] = field(default_factory=set)
    keep_until: datetime | None = None
    is_gone: bool = False

    @property
    def is_kept(self) -> bool:
        return bool(self.held_by) or self.keep_until is not None


class World:
    """The city and the model of it, which take each step together."""

    def __init__(self, city: City, agent: Agent) -> None:
        self.city = city
        self.agent = agent
        self.at = BEGIN
        self.lives: list[Life] = []
        self.open: dict[int, str] = {}  # evaluation → whom it is about

    def life(self, pick: int) -> Life | None:
        return self.lives[pick % len(self.lives)] if self.lives else None

    def ask(self, pick: int) -> None:
        key = KEYS[pick % len(KEYS)]
        request = Request(
            name="Dana",
            question="Hello?",
            department=self.city.general,
            language=self.city.english,
            returning_key=key,
        )
        session = request_chat(request, at=self.at).session
        accept(session.pk, agent_id=self.agent.pk, at=self.at)
        self.lives.append(
            Life(session.pk, key, held_by={each for each, who in self.open.items() if key and who == key})
        )

    def end(self, pick: int) -> None:
        life = self.life(pick)
        if life is not None and life.ended_at is None:
            end_as_agent(life.pk, agent_id=self.agent.pk, outcome="resolved", at=self.at)
            life.ended_at = self.at

    def mark(self, pick: int) -> None:
        life = self.life(pick)
        if life is None:
            return
        reason = ("harassment", "improper_conduct")[pick % 2]
        if life.is_gone:
            with pytest.raises(WrongState):
                mark(life.pk, agent_id=self.city.supervisor.pk, reason=reason, at=self.at)
            return
        made = mark(life.pk, agent_id=self.city.supervisor.pk, reason=reason, at=self.at)
        known = [each for each, who in self.open.items() if each in life.held_by or (life.key and who == life.key)]
        assert known in ([], [made.evaluation_id])
        self.open[made.evaluation_id] = life.key
        life.held_by.add(made.evaluation_id)

    def decide(self, pick: int) -> None:
        if not self.open:
            return
        evaluation = sorted(self.open)[pick % len(self.open)]
        close_evaluation(evaluation, by_id=self.city.supervisor.pk, reason="No ban.", at=self.at)
        del self.open[evaluation]
        for life in self.lives:
            life.held_by.discard(evaluation)

    def keep_until(self, pick: int) -> None:
        """Keep a chat until a date, as a ban will."""
        life = self.life(pick)
        if life is not None and not life.is_gone and not life.is_kept:
            life.keep_until = self.at + timedelta(hours=6 * pick + 1)
            ChatSession.objects.filter(pk=life.pk).update(retained=True, keep_until=life.keep_until)

    def wait(self, pick: int) -> None:
        self.at += (pick * 90 + 20) * MINUTE

    def purge(self, pick: int) -> None:
        due = [life for life in self.lives if not life.is_gone]
        for life in due:
            if life.keep_until is not None and life.keep_until <= self.at and not life.held_by:
                life.keep_until = None
        going = [life for life in due if life.ended_at and life.ended_at < self.at - GRACE and not life.is_kept]
        done = purge(at=self.at, cause=PurgeRun.Cause.BY_HAND)
        for life in going:
            life.is_gone = True
        assert (done.deleted, done.leftover, done.wrapping_up) == (len(going), 0, 0)

    def check(self) -> None:
        """Compare the city with the model, whole."""
        there = {life.pk: life.is_kept for life in self.lives if not life.is_gone}
        gone = {life.pk for life in self.lives if life.is_gone}
        assert dict(ChatSession.objects.values_list("pk", "retained")) == there
        assert set(ChatEvent.objects.values_list("session", flat=True)) == set(there)
        assert gone <= set(ChatRecord.objects.values_list("pk", flat=True))
        purged = LedgerEntry.objects.filter(kind="purged_session").values_list("subject", flat=True)
        assert sorted(purged) == sorted(map(str, gone))
        held = {(life.pk, each) for life in self.lives if not life.is_gone for each in life.held_by}
        assert set(RetentionMark.objects.holding().values_list("session", "evaluation")) == held
        assert set(Evaluation.objects.open().values_list("pk", flat=True)) == set(self.open)


STEPS = ["ask", "end", "mark", "decide", "keep_until", "wait", "purge"]
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), min_size=10, max_size=40)


@contextmanager
def undone() -> Iterator[None]:
    """Let each example begin with the same city."""
    with transaction.atomic():
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


@pytest.fixture
def agent(city: City) -> Agent:
    return online_agent("Eve", city.general, seats=100)


@pytest.mark.rule("EM-RET-A")
@pytest.mark.rule("EM-RET-Ba-i")
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # the first failure tells enough; making it smaller takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chosen=steps)
def test_nothing_outlives_its_time_and_nothing_kept_goes_before_it(
    city: City, agent: Agent, chosen: list[tuple[str, int]]
) -> None:
    with undone():
        world = World(city, agent)
        for step, pick in [("ask", 1), ("end", 0), *chosen, ("wait", 1), ("purge", 0)]:
            getattr(world, step)(pick)
            world.check()
        for _ in list(world.open):
            world.decide(0)
        world.at += timedelta(days=30)
        for life in world.lives:
            world.end(world.lives.index(life))
        world.at += timedelta(days=1)
        world.purge(0)
        world.check()
        assert not ChatSession.objects.exists()
        assert not Evaluation.objects.exists()
