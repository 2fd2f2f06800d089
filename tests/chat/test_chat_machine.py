"""The chat as a state machine: whatever is asked of it in whatever order, a plain model knows what must come of it.

Real actions on a real PostgreSQL against a model of dictionaries: who has which
chat, to whom it opens and is offered, when an answer is due, how many seats
there are. The cap is never exceeded by anything that is taken, each chat has
one owner, an ended one stays as it was, and seats and numbers equal a recount.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from agents.actions import restrict_seats, set_presence
from agents.models import Agent, Department, Presence
from chat.actions import (
    Choice,
    Draft,
    Option,
    accept,
    accept_transfer,
    append,
    ask_transfer,
    choose,
    decline,
    decline_transfer,
    end_as_agent,
    end_as_customer,
    expire_offers,
    expire_transfers,
    place_on_hold,
    recompute,
    resume,
    route,
)
from chat.actions.answering import press_silent_agents
from chat.actions.requeue import requeue_all_of
from chat.models import ChatEvent, ChatSession, Offer, Seat, Side, StaffEvent, Transfer
from contactcenter.lib.errors import DomainError
from tests.chat.conftest import NOON, City, online_agent
from tests.chat.test_ladder import finished
from tests.factories import CertificateFactory, CertificateKindFactory, LanguageFactory, QueuedSessionFactory
from tests.policies.factories import adopt

TRANSFER, ANSWER, OVERFLOW = timedelta(seconds=60), timedelta(seconds=20), timedelta(seconds=150)
AGENTS = st.integers(0, 3)
CHATS = st.integers(0, 6)  # how long ago it was asked for; of few chats much comes about
OF_ROADS = (2, 3)  # and who supervises all
SPEAK_SPANISH = (1, 2)
RUNGS = [{"chats": count, "seats": count + 1} for count in range(3)]
DESCENT = {
    "below_satisfaction": 80,
    "first_response_seconds": 60,
    "window": 1,
    "min_ratings": 1,
    "chats_between": 0,
}
LUCK = st.integers(0, 3)  # 3: anybody tries it, else whom it concerns


@dataclass
class Asked:
    """An offer, as the model knows it."""

    agent: int
    kind: str
    expires_at: datetime
    ending: str = ""


@dataclass
class Passed:
    """A transfer that is open, or how it ended."""

    deadline: datetime | None
    is_choice: bool = False
    is_person: bool = False
    to_roads: bool = False
    to_spanish: bool = False
    ending: str = ""


@dataclass
class Chat:
    """A chat, as the model knows it."""

    digest: str
    queued_at: datetime
    customer_wrote_at: datetime
    agent_wrote_at: datetime | None = None
    status: str = "queued"
    owner: int | None = None
    offer: Asked | None = None
    passed: Passed | None = None
    transfers: int = 0
    is_of_roads: bool = False  # else of the general services, where everybody is, and which help roads out
    is_spanish: bool = False
    is_for_all: bool = False
    answer_due: datetime | None = None
    answer_step: int = 0
    stood_until: datetime | None = None  # the last end of a transfer: until then no answer was due
    asked: dict[int, tuple[Asked, Passed]] = field(default_factory=dict)  # the last transfer offered to each agent
    queue_offers: dict[int, Asked] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        return self.status in ("active", "on_hold")

    @property
    def is_passed_on(self) -> bool:
        return self.passed is not None and not self.passed.ending

    @property
    def owes_answer(self) -> bool:
        return self.agent_wrote_at is None or self.agent_wrote_at < self.customer_wrote_at

    def opens_to(self, agent: int, *, at: datetime) -> bool:
        """Say whether an agent sees it in the queue: by its department, as one who helps out by then, or as all do."""
        is_helped = self.queued_at + OVERFLOW <= at
        return not self.is_of_roads or agent in OF_ROADS or is_helped or self.is_for_all

    def takes(self, agent: int) -> bool:
        """Say whether an agent has what its language asks for."""
        return not self.is_spanish or agent in SPEAK_SPANISH


class ChatMachine(RuleBasedStateMachine):
    city: ClassVar[City]
    agents: ClassVar[list[Agent]]
    counted: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.at = NOON
        everybody = range(len(self.agents))
        self.finished = dict.fromkeys(everybody, 0)
        self.rungs = dict.fromkeys(everybody, 0)
        self.limits: dict[int, int | None] = dict.fromkeys(everybody)
        self.online = dict.fromkeys(everybody, True)
        self.known: dict[UUID, Chat] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    # What the model knows -------------------------------------------------------
    def held(self, agent: int) -> int:
        return sum(chat.owner == agent for chat in self.known.values() if chat.runs)

    def offered(self, agent: int, *, but: UUID | None = None) -> int:
        offers = [chat.offer for pk, chat in self.known.items() if pk != but]
        return sum(offer is not None and offer.agent == agent for offer in offers)

    def is_full(self, agent: int, *, but: UUID | None = None) -> bool:
        return self.held(agent) + self.offered(agent, but=but) >= self.seats_of(agent)

    def seats_of(self, agent: int) -> int:
        return min(RUNGS[self.rungs[agent]]["seats"], self.limits[agent] or len(RUNGS))

    def close_offer(self, chat: Chat, ending: str) -> None:
        if chat.offer is not None:
            chat.offer.ending, chat.offer = ending, None

    def end_transfer(self, chat: Chat, ending: str) -> None:
        if chat.is_passed_on and chat.passed is not None:
            chat.passed.ending, chat.stood_until = ending, self.at

    def withdraw(self, chat: Chat) -> None:
        self.close_offer(chat, "withdrawn")
        self.end_transfer(chat, "withdrawn")

    def take(self, chat: Chat, agent: int, *, is_due: bool) -> None:
        chat.status, chat.owner, chat.answer_step = "active", agent, 0
        chat.answer_due = self.at + ANSWER if is_due else None

    def put_back(self, chat: Chat) -> None:
        self.withdraw(chat)
        chat.status, chat.owner, chat.answer_due, chat.answer_step = "queued", None, None, 0

    def do(self, name: str, expected: str, act: Callable[[], object]) -> None:
        """Do it for real; what comes of it is what the model said."""
        try:
            with transaction.atomic():
                act()
            came = "ok"
        except DomainError as refusal:
            came = refusal.code
        self.counted[f"{name} {came}"] += 1
        assert came == expected, f"{name}: {came} instead of {expected}"

    def id_of(self, agent: int) -> int:
        return self.agents[agent].pk

    def pick(self, ago: int) -> tuple[UUID, Chat]:
        return list(self.known.items())[-1 - ago % len(self.known)]

    def pick_offered(self, kind: str, ago: int, luck: int) -> tuple[UUID, Chat]:
        """Return a chat that is on offer, if there is one and luck does not say otherwise."""
        offered = [(pk, chat) for pk, chat in self.known.items() if chat.offer and chat.offer.kind == kind]
        return offered[ago % len(offered)] if offered and luck < 3 else self.pick(ago)

    def pick_running(self, ago: int, luck: int) -> tuple[UUID, Chat]:
        running = [(pk, chat) for pk, chat in self.known.items() if chat.runs and not chat.is_passed_on]
        return running[ago % len(running)] if running and luck < 3 else self.pick(ago)

    def pick_waiting(self, ago: int, luck: int) -> tuple[UUID, Chat]:
        waiting = [(pk, chat) for pk, chat in self.known.items() if chat.status in ("queued", "on_hold")]
        return waiting[ago % len(waiting)] if waiting and luck < 3 else self.pick(ago)

    # What residents do ------------------------------------------------------------
    @initialize()
    def first(self) -> None:
        for agent in range(4):
            self.finish(agent, is_good=True)
        for agent in (0, 1, 2, 2, 3, 3, None):  # who takes it; the last one waits, and nobody of roads is free
            self.ask(is_of_roads=agent is None, is_spanish=agent == 2)
            pk, chat = self.pick(0)
            if agent is not None:
                accept(pk, agent_id=self.id_of(agent), at=self.at)
                self.take(chat, agent, is_due=True)

    @rule(is_of_roads=LUCK.map(lambda luck: luck == 1), is_spanish=LUCK.map(lambda luck: luck == 1))
    def ask(self, is_of_roads: bool = False, is_spanish: bool = False) -> None:
        pk = UUID(
            int=len(self.known) + 1, version=4
        )  # ids break ties of the queue: by chance, nothing could be repeated
        session = QueuedSessionFactory(
            id=pk,
            department=self.city.roads if is_of_roads else self.city.general,
            language_id="es" if is_spanish else "en",
            requested_at=self.at,
            customer_wrote_at=self.at,
        )
        self.known[pk] = Chat(session.token_digest, self.at, self.at, is_of_roads=is_of_roads, is_spanish=is_spanish)

    @rule(ago=CHATS)
    def say(self, ago: int) -> None:
        pk, chat = self.pick(ago)
        draft = Draft(pk, uuid.uuid4(), Side.CUSTOMER, "And?", self.at, token_digest=chat.digest)
        [result] = append([draft])
        assert (result.error.code if result.error else "ok") == ("ended" if chat.status == "ended" else "ok")
        if chat.status == "ended":
            return
        chat.customer_wrote_at = self.at
        if chat.status == "active" and chat.answer_due is None and not chat.answer_step:
            chat.answer_due = self.at + ANSWER

    @rule(ago=CHATS, luck=LUCK)
    def answer(self, ago: int, luck: int) -> None:
        pk, chat = self.pick_running(ago, 0)
        if not chat.runs or chat.owner is None or luck != 1:
            return  # most agents let others wait
        [result] = append([Draft(pk, uuid.uuid4(), Side.AGENT, "Yes.", self.at, agent_id=self.id_of(chat.owner))])
        assert result.error is None
        chat.agent_wrote_at, chat.answer_due, chat.answer_step = self.at, None, 0

    @rule(ago=CHATS, by_agent=st.booleans(), luck=LUCK)
    def end(self, ago: int, by_agent: bool, luck: int) -> None:
        pk, chat = self.pick_running(ago, 0) if by_agent else self.pick(ago)
        if luck != 1:
            return  # most chats go on
        if by_agent and chat.owner is not None:
            owner = self.id_of(chat.owner)
            self.do("end", "ok", lambda: end_as_agent(pk, agent_id=owner, outcome="resolved", at=self.at))
        else:
            self.do("leave", "ok", lambda: end_as_customer(pk, token_digest=chat.digest, at=self.at))
        if chat.status != "ended":
            self.withdraw(chat)
            chat.status = "ended"

    @rule(ago=CHATS, luck=LUCK)
    def choose_another(self, ago: int, luck: int) -> None:
        pk, chat = self.pick_waiting(ago, luck)
        expected = {"active": "wrong_state", "ended": "ended"}.get(chat.status, "ok")
        act = partial(choose, pk, Choice(Option.ANOTHER), token_digest=chat.digest, at=self.at)
        self.do(f"choose {chat.status}", expected, act)
        if chat.status == "on_hold" and not chat.is_passed_on:
            chat.passed, chat.customer_wrote_at = Passed(None, is_choice=True), self.at
        if chat.status == "queued" and not chat.is_for_all:
            chat.is_for_all, chat.customer_wrote_at = True, self.at

    # What agents do -----------------------------------------------------------------
    @rule(ago=CHATS, agent=AGENTS, luck=LUCK)
    def accept(self, ago: int, agent: int, luck: int) -> None:
        pk, chat = self.pick_offered("queue", ago, luck) if luck < 2 else self.pick_waiting(ago, luck)
        agent = chat.offer.agent if luck < 2 and chat.offer is not None else agent
        expected = self._of_accept(pk, chat, agent)
        self.do("accept", expected, lambda: accept(pk, agent_id=self.id_of(agent), at=self.at))
        if expected == "ok" and chat.status == "queued":
            self.close_offer(chat, "accepted" if chat.offer and chat.offer.agent == agent else "expired")
            self.take(chat, agent, is_due=chat.owes_answer)

    def _of_accept(self, pk: UUID, chat: Chat, agent: int) -> str:
        was_asked = agent in chat.asked or agent in chat.queue_offers or agent == chat.owner
        if not chat.opens_to(agent, at=self.at) and not was_asked:
            return "not_found"
        if chat.status == "ended":
            return "ended"
        if chat.runs:
            return "ok" if chat.owner == agent else "taken"
        if not self.online[agent]:
            return "not_online"
        if chat.offer is not None and chat.offer.agent != agent and chat.offer.expires_at > self.at:
            return "offered_elsewhere"
        if self.is_full(agent, but=pk):
            return "no_seat"
        return "ok" if chat.takes(agent) else "not_certified"

    @precondition(lambda self: any(chat.queue_offers for chat in self.known.values()))
    @rule(ago=CHATS, agent=AGENTS, luck=LUCK)
    def decline(self, ago: int, agent: int, luck: int) -> None:
        pk, chat = self.pick_offered("queue", ago, luck)
        agent = chat.offer.agent if luck < 3 and chat.offer is not None else agent
        last = chat.queue_offers.get(agent)
        expected = "not_found" if last is None else "ok" if last.ending in ("", "declined") else "wrong_state"
        self.do("decline", expected, lambda: decline(pk, agent_id=self.id_of(agent), why="", at=self.at))
        if last is not None and not last.ending:
            self.close_offer(chat, "declined")

    @rule(ago=CHATS, agent=AGENTS, is_hold=st.booleans(), luck=LUCK)
    def hold_or_resume(self, ago: int, agent: int, is_hold: bool, luck: int) -> None:
        pk, chat = self.pick_running(ago, luck)
        agent = chat.owner if luck < 3 and chat.owner is not None else agent
        act = place_on_hold if is_hold else resume
        expected = "not_found" if chat.owner != agent else "ended" if chat.status == "ended" else "ok"
        self.do(act.__name__, expected, lambda: act(pk, agent_id=self.id_of(agent), at=self.at))
        if expected != "ok":
            return
        if is_hold == (chat.status == "on_hold"):
            return
        if not is_hold and chat.is_passed_on and chat.passed and chat.passed.is_choice:
            self.withdraw(chat)
        chat.status = "on_hold" if is_hold else "active"
        chat.answer_due = self.at + ANSWER if not is_hold and chat.owes_answer else None

    # Passing on ---------------------------------------------------------------------
    @rule(ago=CHATS, by_owner=st.integers(0, 9), to=AGENTS)
    def pass_on_to(self, ago: int, by_owner: int, to: int) -> None:
        pk, chat = self.pick_running(ago, by_owner // 3)
        asker = chat.owner if by_owner < 9 and chat.owner is not None else (to + 1) % len(self.agents)
        expected = self._of_pass_on(pk, chat, asker, to)
        given = {"reason": "expertise", "summary": "A shed.", "again": "Once more."}
        self.do(
            "transfer",
            expected,
            lambda: ask_transfer(pk, agent_id=self.id_of(asker), to={"agent": self.id_of(to)}, at=self.at, **given),
        )
        if expected == "ok":
            self.withdraw(chat)
            chat.passed = Passed(self.at + TRANSFER, is_person=True)
            chat.offer = Asked(to, "transfer", self.at + TRANSFER)
            chat.asked[to] = (chat.offer, chat.passed)

    def _of_pass_on(self, pk: UUID, chat: Chat, asker: int, to: int) -> str:
        if chat.owner != asker:
            return "not_found"
        if chat.status == "ended":
            return "ended"
        if chat.is_passed_on and chat.passed is not None and not chat.passed.is_choice:
            return "wrong_state"
        if to == chat.owner:
            return "invalid"
        if not self.online[to]:
            return "not_online"
        if not chat.takes(to):
            return "not_certified"
        return "no_seat" if self.is_full(to) else "ok"

    @rule(ago=CHATS, to=st.sampled_from([{"supervisor": True}, {"department": "roads"}, {"language": "es"}]))
    def pass_on_to_a_group(self, ago: int, to: dict[str, Any]) -> None:
        pk, chat = self.pick_running(ago, 0)
        if not chat.runs or chat.owner is None or (chat.is_passed_on and chat.passed and not chat.passed.is_choice):
            return
        group = {"supervisor": [3], "department": [2], "language": SPEAK_SPANISH}[next(iter(to))]
        online = [agent for agent in group if self.online[agent] and agent != chat.owner and chat.takes(agent)]
        free = [agent for agent in online if not self.is_full(agent)]
        expected = "not_online" if not online else "ok" if free else "no_seat"
        given = {"reason": "department", "summary": "A shed.", "again": "Once more."}
        owner = self.id_of(chat.owner)
        self.do("group", expected, lambda: ask_transfer(pk, agent_id=owner, to=to, at=self.at, **given))
        if expected == "ok":
            self.withdraw(chat)
            chat.passed = Passed(self.at + TRANSFER, to_roads="department" in to, to_spanish="language" in to)
            self.learn_offers()

    @precondition(lambda self: any(chat.asked for chat in self.known.values()))
    @rule(ago=CHATS, agent=AGENTS, luck=LUCK)
    def accept_transfer(self, ago: int, agent: int, luck: int) -> None:
        pk, chat = self.pick_offered("transfer", ago, luck)
        agent = chat.offer.agent if luck < 3 and chat.offer is not None else agent
        expected = self._of_transfer(chat, agent)
        if expected == "ok" and chat.owner != agent:
            expected = "not_online" if not self.online[agent] else "no_seat" if self.is_full(agent, but=pk) else "ok"
        self.do("accept_transfer", expected, lambda: accept_transfer(pk, agent_id=self.id_of(agent), at=self.at))
        if expected == "ok" and chat.owner != agent and chat.passed is not None:
            self.end_transfer(chat, "accepted")
            chat.is_of_roads = chat.is_of_roads or chat.passed.to_roads
            chat.is_spanish = chat.is_spanish or chat.passed.to_spanish
            self.close_offer(chat, "accepted")
            self.take(chat, agent, is_due=True)
            chat.transfers += 1

    def _of_transfer(self, chat: Chat, agent: int) -> str:
        if chat.owner == agent:
            return "ended" if chat.status == "ended" else "ok"
        if agent not in chat.asked:
            return "not_found"
        return self._of_standing(chat, *chat.asked[agent])

    def _of_standing(self, chat: Chat, offer: Asked, passed: Passed) -> str:
        if not offer.ending and offer.expires_at > self.at:
            return "ok"
        if chat.status == "ended":
            return "ended"
        return "taken" if passed.ending == "accepted" else "wrong_state"

    @precondition(lambda self: any(chat.asked for chat in self.known.values()))
    @rule(ago=CHATS, agent=AGENTS, luck=LUCK)
    def decline_transfer(self, ago: int, agent: int, luck: int) -> None:
        pk, chat = self.pick_offered("transfer", ago, luck)
        agent = chat.offer.agent if luck < 3 and chat.offer is not None else agent
        offer, passed = chat.asked.get(agent, (None, None))
        if offer is None or passed is None:
            expected = "not_found"
        elif offer.ending == "declined":
            expected = "ok"
        elif offer.ending == "accepted" and chat.owner == agent and chat.status != "ended":
            expected = "wrong_state"
        else:
            expected = self._of_standing(chat, offer, passed)
        self.do(
            "decline_transfer",
            expected,
            lambda: decline_transfer(pk, agent_id=self.id_of(agent), why="No.", at=self.at),
        )
        if expected == "ok" and offer is not None and not offer.ending and passed is not None:
            self.close_offer(chat, "declined")
            if passed.is_person:
                self.end_transfer(chat, "declined")

    # What happens by itself, and what supervisors do -----------------------------------
    @rule(seconds=st.integers(1, 40))
    def time_goes_by(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)

    @rule(seconds=st.integers(0, 40))
    def sweep(self, seconds: int) -> None:
        self.time_goes_by(seconds)
        for chat in self.known.values():
            deadline = chat.passed.deadline if chat.passed is not None and chat.is_passed_on else None
            if deadline is not None and deadline <= self.at:
                self.end_transfer(chat, "expired")
                self.close_offer(chat, "expired")
            if chat.offer is not None and chat.offer.expires_at <= self.at:
                self.close_offer(chat, "expired")
            if chat.offer is not None and not self.online[chat.offer.agent]:
                if chat.offer.kind == "transfer" and chat.passed is not None and chat.passed.is_person:
                    self.end_transfer(chat, "expired")
                self.close_offer(chat, "withdrawn")  # it is taken back
            self.press(chat)
        for act in (expire_offers, expire_transfers, press_silent_agents, route):
            act(at=self.at)
        self.learn_offers()

    def press(self, chat: Chat) -> None:
        """Whose agent has owed an answer for too long: reminded, the supervisor told, back to the queue."""
        if chat.status != "active" or chat.is_passed_on or chat.answer_due is None or chat.answer_due > self.at:
            return
        if chat.stood_until is not None and chat.stood_until + ANSWER > self.at:
            chat.answer_due = chat.stood_until + ANSWER
        elif chat.answer_step < 2:
            chat.answer_due, chat.answer_step = self.at + ANSWER, chat.answer_step + 1
        else:
            self.put_back(chat)
            self.counted["silent"] += 1

    def learn_offers(self) -> None:
        """Take over which offers were made, each of which had to be allowed."""
        agents = {agent.pk: number for number, agent in enumerate(self.agents)}
        for offer in Offer.objects.open().order_by("pk"):
            chat = self.known[offer.session_id]
            agent = agents[offer.agent_id]
            if chat.offer is not None:
                assert (chat.offer.agent, chat.offer.kind) == (agent, offer.kind), "two offers of one chat"
                continue
            assert self.online[agent], "offered to somebody who is not there"
            assert not self.is_full(agent), "offered above the cap"
            assert chat.owner != agent or not chat.runs, "offered to who has it"
            assert chat.is_passed_on if offer.kind == "transfer" else chat.status == "queued"
            assert offer.kind == "transfer" or chat.opens_to(agent, at=self.at), "offered to who does not see it"
            assert chat.takes(agent), "offered without the certificate"
            chat.offer = Asked(agent, offer.kind, offer.expires_at)
            if chat.passed is not None and offer.kind == "transfer":
                chat.asked[agent] = (chat.offer, chat.passed)
            if offer.kind == "queue":
                chat.queue_offers[agent] = chat.offer
            self.counted[f"offer {offer.kind}"] += 1
            self.counted[f"offer {offer.why}"] += 1

    @rule(agent=AGENTS, luck=LUCK)
    def lose(self, agent: int, luck: int) -> None:
        """An agent's connection is lost for good: her chats go back to the queue."""
        if luck != 1:
            return
        count = requeue_all_of(Agent.objects.locked().get(pk=self.id_of(agent)), at=self.at)
        lost = [chat for chat in self.known.values() if chat.runs and chat.owner == agent]
        assert count == len(lost)
        for chat in lost:
            self.put_back(chat)
            self.counted["requeue"] += 1

    @rule(agent=AGENTS, is_good=st.booleans())
    def finish(self, agent: int, is_good: bool) -> None:
        """A chat of before is rated: a bad one takes the agent a rung down, a good one to where all chats lead."""
        self.finished[agent] += 1
        self.rated(agent, is_good=is_good)
        before, rung = self.rungs[agent], max(0, self.rungs[agent] - 1)
        self.rungs[agent] = max(before, min(self.finished[agent], len(RUNGS) - 1)) if is_good else rung
        self.counted["step down"] += self.rungs[agent] < before
        self.counted["step up"] += self.rungs[agent] > before
        if self.held(agent) > self.seats_of(agent):
            self.counted["above the cap after a step"] += 1

    def rated(self, agent: int, *, is_good: bool) -> None:
        ended_at = NOON - timedelta(days=1) + self.finished[agent] * timedelta(seconds=1)
        finished(self.agents[agent], 1, rating=5 if is_good else 1, ended_at=ended_at, city=self.city)
        recompute(self.id_of(agent), at=self.at)

    @rule(agent=AGENTS, to=st.sampled_from([None, None, 1, 2, 3]))
    def limit(self, agent: int, to: int | None) -> None:
        """A supervisor limits how many chats somebody holds, or lifts that, as a rule where there is a limit."""
        limited = [each for each, limit in self.limits.items() if limit]
        agent = limited[0] if to is None and limited and agent < 3 else agent
        expected = "invalid" if to is None and self.limits[agent] is None else "ok"
        by = self.city.supervisor.user
        act = partial(restrict_seats, self.id_of(agent), to=to, why="She asked for it.", by=by, at=self.at)
        self.do("limit" if to else "lift", expected, act)
        self.limits[agent] = to

    @rule(agent=AGENTS, state=st.sampled_from([Presence.ONLINE, Presence.ONLINE, Presence.BREAK]))
    def presence(self, agent: int, state: Presence) -> None:
        set_presence(self.id_of(agent), state, at=self.at)
        self.online[agent] = state == Presence.ONLINE

    # What must hold after each step ------------------------------------------------------
    @invariant()
    def every_chat_is_as_the_model_says(self) -> None:
        numbers = {agent.pk: number for number, agent in enumerate(self.agents)}
        said, noted = self._counts(ChatEvent, "seq"), self._counts(StaffEvent, "n")
        for session in ChatSession.objects.select_related("department"):
            chat = self.known[session.pk]
            assert (session.status, session.transfers) == (chat.status, chat.transfers)
            assert (session.department.code == "roads", session.language_id == "es", session.is_for_all) == (
                chat.is_of_roads,
                chat.is_spanish,
                chat.is_for_all,
            )
            if chat.status != "ended":
                assert (session.answer_deadline, session.answer_step) == (chat.answer_due, chat.answer_step)
            if chat.runs:
                assert session.agent_id is not None
                assert numbers[session.agent_id] == chat.owner
            assert (session.last_seq, session.last_staff_n) == (said[session.pk], noted[session.pk])

    def _counts(self, model: Any, name: str) -> Counter[UUID]:
        """Return how many rows each chat has, which must be numbered one after the other."""
        counts: Counter[UUID] = Counter()
        for pk, number in model.objects.order_by(name).values_list("session", name):
            counts[pk] += 1
            assert number == counts[pk], "a hole in the numbers"
        return counts

    @invariant()
    def seats_equal_a_recount(self) -> None:
        owners = {pk: self.id_of(chat.owner) for pk, chat in self.known.items() if chat.runs and chat.owner is not None}
        assert dict(Seat.objects.values_list("session", "agent")) == owners

    @invariant()
    def the_ladder_gives_as_many_seats_as_the_model(self) -> None:
        seats = {self.id_of(agent): self.seats_of(agent) for agent in self.rungs}
        assert dict(Agent.objects.filter(pk__in=seats).values_list("pk", "seats")) == seats

    @invariant()
    def what_is_open_is_what_the_model_says(self) -> None:
        offers = {pk: self.id_of(chat.offer.agent) for pk, chat in self.known.items() if chat.offer is not None}
        assert dict(Offer.objects.open().values_list("session", "agent")) == offers
        passed = {pk for pk, chat in self.known.items() if chat.is_passed_on}
        assert set(Transfer.objects.open().values_list("session", flat=True)) == passed
        assert all(self.known[pk].runs for pk in passed)


@pytest.mark.rule("EM-FWD")
@pytest.mark.rule("EM-COM-D")
@pytest.mark.rule("DF-HOLD")
@pytest.mark.rule("PH-BIL")
@pytest.mark.rule("EM-CAP")
@pytest.mark.rule("EM-CAP-down")
def test_whatever_is_asked_in_whatever_order_the_model_knows_what_comes_of_it(city: City) -> None:
    adopt("EM-FWD", seconds=60)
    adopt("EM-DIS-B")
    adopt("DF-XFER")
    adopt("EM-HOLD")
    adopt("DF-HOLD", seconds=120, callback_minutes=120, message_days=1)
    adopt("EM-LANG")
    adopt("EM-COM-D", away_seconds=300, answer_seconds=20, supervisor_seconds=20, requeue_seconds=20)
    adopt("SJ-ACD", offer_seconds=30, abandoned_seconds=120, away_seconds=30)
    ChatMachine.city = city
    ruth = online_agent("Ruth", city.general)
    roads = online_agent("Rita", city.general, city.roads)
    Agent.objects.filter(pk=city.rudi.pk).update(presence=Presence.BREAK)
    Department.objects.filter(pk=city.roads.pk).update(overflow=city.general, overflow_after_seconds=OVERFLOW.seconds)
    ChatMachine.agents = [city.rosa, ruth, roads, city.supervisor]
    spanish = LanguageFactory(code="es", name="Spanish")
    kind = CertificateKindFactory(rule="PH-BIL", language=spanish, name="Spanish")
    for number in SPEAK_SPANISH:
        ChatMachine.agents[number].languages.add(spanish)
        CertificateFactory(agent=ChatMachine.agents[number], kind=kind)
    adopt("EM-CAP", rungs=RUNGS, maximum=len(RUNGS), trainee_seats=1)
    adopt("EM-CAP-down", **DESCENT)
    ChatMachine.counted.clear()
    run_state_machine_as_test(
        ChatMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # It proves little unless most of it really came about.
    wanted = ("accept ok", "place_on_hold ok", "resume ok", "end ok", "transfer ok", "transfer no_seat", "requeue")
    wanted += ("accept_transfer ok", "decline_transfer ok", "group ok", "offer queue", "offer transfer")
    wanted += ("step up", "step down", "above the cap after a step", "limit ok", "lift ok", "lift invalid")
    wanted += ("choose queued ok", "choose on_hold ok", "choose active wrong_state", "silent", "accept not_certified")
    wanted += ("transfer not_certified", "offer language", "offer overflow", "offer another", "accept not_found")
    missing = [each for each in wanted if not ChatMachine.counted[each]]
    assert missing == [], dict(ChatMachine.counted)
