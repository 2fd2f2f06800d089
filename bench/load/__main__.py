"""Run one plan: `python -m bench.load` reads it from standard input and prints what it measured."""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from dataclasses import asdict

import uvloop

from bench.load.pairs import Failed, Pair, Product, Side, Stock, Traffic, close_pairs, open_pairs
from bench.load.plan import Outcome, Plan
from bench.load.processes import cpu_of, cpu_of_family, memory_of
from bench.measures import percentile

DRAIN_SECONDS = 20.0
SETTLE_SECONDS = 1.5


async def run(plan: Plan) -> Outcome:
    traffic = Traffic(plan.seed)
    side: Stock | Product = Product(plan, traffic) if plan.shape == "product" else Stock(plan, traffic)
    began = time.perf_counter()
    if plan.work == "idle":
        return await _idle(plan, side)
    pairs = await open_pairs(side, 0, plan.pairs)
    set_up = time.perf_counter() - began
    work = _saturate if plan.work == "saturate" else _pace
    outcome = await work(plan, traffic, pairs)
    await close_pairs(side, pairs)
    return Outcome(**{**asdict(outcome), "set_up_seconds": set_up})


async def _saturate(plan: Plan, traffic: Traffic, pairs: list[Pair]) -> Outcome:
    """Closed loop: every side has one message under way, and sends the next when it was acked and delivered."""
    traffic.landed = traffic.say
    for pair in pairs:
        traffic.say(pair.customer)
        traffic.say(pair.staff)
    outcome = await _watch(plan, traffic)
    traffic.landed = lambda side: None
    await _drain(traffic)
    return outcome


async def _pace(plan: Plan, traffic: Traffic, pairs: list[Pair]) -> Outcome:
    """Open loop: `rate` messages a second at moments and from sides that the seed decides."""
    speaking = asyncio.create_task(_speak(plan, traffic, pairs))
    outcome = await _watch(plan, traffic)
    await speaking
    await _drain(traffic)
    return outcome


async def _speak(plan: Plan, traffic: Traffic, pairs: list[Pair]) -> None:
    schedule = random.Random(plan.seed)
    start, due = time.perf_counter(), 0.0
    while due < plan.warm_seconds + plan.seconds:
        pair = schedule.choice(pairs)
        side: Side = schedule.choice((pair.customer, pair.staff))
        await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
        traffic.say(side)
        due += schedule.expovariate(plan.rate)


async def _watch(plan: Plan, traffic: Traffic) -> Outcome:
    """Let the traffic warm up, then measure it for the plan's time."""
    await asyncio.sleep(plan.warm_seconds)
    traffic.forget_times()
    server, database = cpu_of(plan.server_pids), cpu_of_family(plan.database_pid)
    client, began = time.process_time(), time.perf_counter()
    await asyncio.sleep(plan.seconds)
    seconds, finished = time.perf_counter() - began, traffic.finished
    outcome = Outcome(
        messages=finished,
        seconds=seconds,
        server_cpu=cpu_of(plan.server_pids) - server,
        database_cpu=cpu_of_family(plan.database_pid) - database,
        client_cpu=time.process_time() - client,
        delivery_p50=percentile(traffic.deliveries, 50),
        delivery_p95=percentile(traffic.deliveries, 95),
        ack_p95=percentile(traffic.acks, 95),
    )
    if traffic.failure:
        raise Failed(traffic.failure)
    return outcome


async def _drain(traffic: Traffic) -> None:
    """Wait until every message has arrived. Raises `Failed` when one never does."""
    end = time.perf_counter() + DRAIN_SECONDS
    while traffic.flights and time.perf_counter() < end:
        await asyncio.sleep(0.05)
    if traffic.flights:
        raise Failed(f"{len(traffic.flights)} messages were neither acked nor delivered")


async def _idle(plan: Plan, side: Stock | Product) -> Outcome:
    """Return what a socket that says nothing adds to the server's memory, beyond the first `warm_pairs`."""
    first = await open_pairs(side, 0, plan.warm_pairs)
    await asyncio.sleep(SETTLE_SECONDS)
    before, sockets = memory_of(plan.server_pids), len(side.sockets)
    rest = await open_pairs(side, plan.warm_pairs, plan.pairs - plan.warm_pairs)
    await asyncio.sleep(SETTLE_SECONDS)
    added = len(side.sockets) - sockets
    grown = memory_of(plan.server_pids) - before
    lost = [socket.close_code for socket in side.sockets if socket.close_code is not None]
    if lost:
        raise Failed(f"{len(lost)} sockets were closed, the first with {lost[0]}")
    await close_pairs(side, first + rest)
    return Outcome(sockets=added, bytes_per_socket=grown / added)


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    plan = Plan(**json.load(sys.stdin))
    try:
        outcome = uvloop.run(run(plan))
    except (Failed, ConnectionError, TimeoutError) as error:
        sys.exit(f"{plan.shape} {plan.work}: {type(error).__name__} {error}")
    json.dump(asdict(outcome), sys.stdout)


if __name__ == "__main__":
    main()
