"""What is run in every round, and on which servers."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace

from bench.load.plan import Outcome, Plan
from bench.servers import ORIGIN, ROOT, Server, Stores, manage, product_env, server, stock_env, stores
from bench.staff import log_in

LOAD_SECONDS = 300.0  # a run that takes longer is given up
AGENTS, SEATS = 100, 5
TARGETS = {
    "limit": "bench.stock.bare:relay",
    "reference": "bench.stock.asgi:relay",
    "durable": "bench.stock.asgi:durable",
    "product": "contactcenter.asgi:application",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One measured thing: a target, on one process or with the two sides on two, and what the load does to it."""

    target: str
    work: str = "saturate"
    processes: int = 1

    @property
    def name(self) -> str:
        extra = {"saturate": "", "pace": ", paced", "idle": ", idle"}[self.work]
        return f"{self.target}{extra}" + (", two processes" if self.processes == 2 else "")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done: small in tests, as the goals say in `./run bench`."""

    pairs: int = 64
    seconds: float = 4.0
    warm_seconds: float = 1.0
    paced_pairs: int = 500
    paced_rate: float = 200.0
    paced_seconds: float = 10.0
    idle_pairs: int = 500
    idle_warm_pairs: int = 100
    agents: int = AGENTS
    seats: int = SEATS


@dataclass
class House:
    """Everything that runs: stores, a server or two for each target, and staff who are logged in."""

    stores: Stores
    size: Size
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    servers: dict[str, list[Server]] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)

    def env(self, target: str) -> dict[str, str]:
        return product_env(self.stores) if target == "product" else stock_env(self.stores)

    def fill(self, targets: set[str]) -> None:
        """Make the tables of these targets, and the product's agents."""
        if targets - {"product"}:
            manage("migrate", "--run-syncdb", "-v0", env=stock_env(self.stores))
        if "product" in targets:
            env = product_env(self.stores)
            manage("migrate", "-v0", env=env)
            sizes = [f"--agents={self.size.agents}", f"--seats={self.size.seats}", f"--password={self.password}"]
            manage("load_preset", "demo", "-v0", env=env)  # with the rules and words of a city in the way
            manage("bench_fixture", *sizes, env=env)

    def log_everybody_in(self) -> None:
        port = self.servers["product"][0].port
        for number in range(1, self.size.agents + 1):
            self.cookies.append(log_in(port, ORIGIN, f"load{number}", self.password))


@contextmanager
def house(runs: Sequence[Run], size: Size) -> Iterator[House]:
    """Start what these runs need and end it afterwards."""
    with stores() as kept, ExitStack() as stack:
        built = House(kept, size)
        built.fill({run.target for run in runs})
        for target in TARGETS:
            wanted = max((run.processes for run in runs if run.target == target), default=0)
            env = built.env(target)
            built.servers[target] = [stack.enter_context(server(TARGETS[target], env)) for _ in range(wanted)]
        for started in (each for servers in built.servers.values() for each in servers):
            started.wait_until_it_listens()
        if built.servers["product"]:
            built.log_everybody_in()
        yield built


def measure(run: Run, built: House, seed: int) -> Outcome:
    """Do one run. Idle sockets get a fresh server: memory that an earlier run left would hide theirs."""
    if run.work != "idle":
        return _load(_plan(run, built, built.servers[run.target][: run.processes], seed))
    with server(TARGETS[run.target], built.env(run.target)) as fresh:
        fresh.wait_until_it_listens()
        return _load(_plan(run, built, [fresh], seed))


def _plan(run: Run, built: House, servers: Sequence[Server], seed: int) -> Plan:
    size = built.size
    plan = Plan(
        shape="product" if run.target == "product" else "stock",
        work=run.work,
        customer_port=servers[0].port,
        staff_port=servers[-1].port,
        server_pids=[each.pid for each in servers],
        database_pid=built.stores.database_pid,
        cookies=built.cookies,
        origin=ORIGIN,
        pairs=size.pairs,
        warm_seconds=size.warm_seconds,
        seconds=size.seconds,
        seed=seed,
    )
    if run.work == "pace":
        plan = replace(plan, pairs=size.paced_pairs, rate=size.paced_rate, seconds=size.paced_seconds)
    elif run.work == "idle":
        plan = replace(plan, pairs=size.idle_pairs, warm_pairs=size.idle_warm_pairs)
    return replace(plan, pairs_per_agent=-(-plan.pairs // size.agents))


def _load(plan: Plan) -> Outcome:
    """Run the load in a process of its own. Raises `RuntimeError` with what it says when it fails."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        timeout=LOAD_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    return Outcome(**json.loads(done.stdout))
