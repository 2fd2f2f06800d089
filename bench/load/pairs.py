"""Pairs of a customer and an agent: how they come to talk, and how each message is followed to its ack and delivery."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.load.http import post
from bench.load.plan import SENTENCES, Plan
from bench.load.socket import ClientSocket, open_socket

AT_ONCE = 8  # pairs that are opened side by side


class Failed(Exception):
    """The server answered something that makes the measurement worthless."""


@dataclass(slots=True)
class Side:
    """One end of a pair: `head` is the frame up to the message's id."""

    socket: ClientSocket
    head: str


@dataclass(slots=True)
class Pair:
    customer: Side
    staff: Side
    session: str = ""


@dataclass(slots=True)
class _Flight:
    side: Side
    sent: float
    acked: bool = False
    delivered: bool = False


@dataclass
class Traffic:
    """Every message under way, and the times of those that arrived."""

    seed: int
    landed: Callable[[Side], None] = lambda side: None
    acks: list[float] = field(default_factory=list)
    deliveries: list[float] = field(default_factory=list)
    finished: int = 0
    failure: str = ""
    flights: dict[str, _Flight] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._tails = [json.dumps(text)[1:] for text in SENTENCES]

    def say(self, side: Side) -> None:
        uid = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        self.flights[uid] = _Flight(side, time.perf_counter())
        text = self._tails[self.random.randrange(len(self._tails))]
        side.socket.send(f'{side.head}"id":"{uid}","text":"{text}}}'.encode())

    def hear(self, frame: dict[str, Any]) -> None:
        """Take an `ack`, an `event` or an `error`; everything else is not counted."""
        kind = frame["type"]
        if kind == "error":
            self.failure = self.failure or json.dumps(frame)
        elif kind == "ack" or (kind == "event" and frame.get("kind", "message") == "message"):
            self._note(frame["id"], kind)

    def _note(self, uid: str, kind: str) -> None:
        flight = self.flights.get(uid)
        if flight is None:
            return
        took = time.perf_counter() - flight.sent
        if kind == "ack":
            flight.acked = True
            self.acks.append(took)
        else:
            flight.delivered = True
            self.deliveries.append(took)
        if flight.acked and flight.delivered:
            del self.flights[uid]
            self.finished += 1
            self.landed(flight.side)

    def forget_times(self) -> None:
        self.acks.clear()
        self.deliveries.clear()
        self.finished = 0


class Stock:
    """The baselines: a socket per side at `/ws/<session>/<side>`."""

    def __init__(self, plan: Plan, traffic: Traffic) -> None:
        self.plan, self.traffic = plan, traffic
        self.sockets: list[ClientSocket] = []

    async def open_pair(self, number: int) -> Pair:
        session = str(uuid.UUID(int=self.traffic.random.getrandbits(128), version=4))
        customer = await self._side(self.plan.customer_port, session, "customer")
        staff = await self._side(self.plan.staff_port, session, "agent")
        return Pair(customer, staff, session)

    async def _side(self, port: int, session: str, side: str) -> Side:
        socket = await open_socket(port, f"/ws/{session}/{side}", lambda text: self.traffic.hear(json.loads(text)))
        self.sockets.append(socket)
        return Side(socket, '{"type":"message",')

    async def close_pair(self, pair: Pair) -> None:
        """Closing the sockets is all."""


class Product:
    """The product: a session asked for over HTTP, a customer's socket, and the agent's desk to which it is offered."""

    def __init__(self, plan: Plan, traffic: Traffic) -> None:
        self.plan, self.traffic = plan, traffic
        self.sockets: list[ClientSocket] = []
        self._desks: dict[int, asyncio.Task[ClientSocket]] = {}
        self._answers: dict[tuple[int, str], asyncio.Future[dict[str, Any]]] = {}
        self._offered: dict[str, asyncio.Future[ClientSocket]] = {}

    async def open_pair(self, number: int) -> Pair:
        await self._desk(number // self.plan.pairs_per_agent)
        body = {"name": f"Resident {number}", "question": SENTENCES[0], "language": "en", "department": "load"}
        opened = await post(self.plan.customer_port, "/api/v1/chat/sessions", body)
        session = opened["session"]
        customer = await self._open(self.plan.customer_port, "/ws/chat/", {})
        await self._ask(
            customer,
            {"type": "hello", "session": session, "token": opened["token"], "last_seq": 0},
            answer="welcome",
        )
        desk = await asyncio.wait_for(self._offer_of(session), 60)  # whoever is free: routing decides
        await self._ask(desk, {"type": "accept", "session": session, "ref": session}, answer=session)
        staff = Side(desk, f'{{"type":"message","session":"{session}",')
        return Pair(Side(customer, '{"type":"message",'), staff, session)

    async def close_pair(self, pair: Pair) -> None:
        end = {"type": "end", "session": pair.session, "outcome": "resolved", "ref": pair.session}
        await self._ask(pair.staff.socket, end, answer=pair.session)

    async def _desk(self, agent: int) -> ClientSocket:
        """Return the desk of an agent, opened when the first pair needs it."""
        if agent not in self._desks:
            self._desks[agent] = asyncio.create_task(self._open_desk(self.plan.cookies[agent]))
        return await self._desks[agent]

    async def _open_desk(self, cookie: str) -> ClientSocket:
        desk = await self._open(self.plan.staff_port, "/ws/desk/", {"Cookie": cookie, "Origin": self.plan.origin})
        await self._ask(desk, {"type": "hello", "cursors": {}}, answer="welcome")
        await self._ask(desk, {"type": "presence", "state": "online"})
        return desk

    async def _open(self, port: int, path: str, headers: dict[str, str]) -> ClientSocket:
        socket = await open_socket(port, path, lambda text: self._hear(socket, json.loads(text)), headers=headers)
        self.sockets.append(socket)
        return socket

    async def _ask(self, socket: ClientSocket, frame: dict[str, Any], *, answer: str = "ok") -> None:
        """Send a frame and wait for its answer: `welcome`, or the `ok` that bears the frame's ref."""
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[(id(socket), answer)] = waiting
        socket.send(json.dumps(frame).encode())
        answered = await asyncio.wait_for(waiting, 60)
        if answered["type"] == "error":
            raise Failed(json.dumps(answered))

    def _offer_of(self, session: str) -> asyncio.Future[ClientSocket]:
        return self._offered.setdefault(session, asyncio.get_running_loop().create_future())

    def _hear(self, socket: ClientSocket, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "offer" and not self._offer_of(frame["session"]).done():
            self._offer_of(frame["session"]).set_result(socket)
        if kind in ("ok", "welcome", "error"):
            key = frame.get("ref") or kind
            waiting = self._answers.pop((id(socket), key), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(frame)
                return
        self.traffic.hear(frame)


async def open_pairs(side: Stock | Product, first: int, count: int) -> list[Pair]:
    """Open `count` pairs, several side by side."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Pair:
        async with gate:
            return await side.open_pair(number)

    return list(await asyncio.gather(*(one(number) for number in range(first, first + count))))


async def close_pairs(side: Stock | Product, pairs: list[Pair]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(pair: Pair) -> None:
        async with gate:
            await side.close_pair(pair)

    await asyncio.gather(*(one(pair) for pair in pairs))
    for socket in side.sockets:
        socket.close()
