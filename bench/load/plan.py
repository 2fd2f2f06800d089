"""What the harness asks of the load process, and what it answers: JSON on standard input and output."""

from __future__ import annotations

from dataclasses import dataclass, field

# What is said: an ordinary sentence each, so that screening has something ordinary to do.
SENTENCES = (
    "The street light at Elm and Third has been out since Tuesday evening.",
    "Thank you for waiting, I am looking at the request of your street now.",
    "Could you tell me whether the green bin is collected this Friday?",
    "Yes, it is collected every second Friday; yours is due on the 27th.",
    "Ma rue a été oubliée par la charrue hier soir, près de l'école.",
    "I have written it down and the crew will look at it before noon.",
    "Is there a form for a parking permit that I can fill in from my phone?",
    "You will find it under Parking; I can stay here while you fill it in.",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One measured run. Ports: the customers' server and the staff's, the same for one process."""

    shape: str  # "stock" (the baselines' protocol) or "product"
    work: str  # "saturate", "pace" or "idle"
    customer_port: int
    staff_port: int
    server_pids: list[int]
    database_pid: int = 0
    pairs: int = 64
    pairs_per_agent: int = 1
    cookies: list[str] = field(default_factory=list)
    origin: str = ""
    warm_seconds: float = 1.0
    seconds: float = 4.0
    rate: float = 0.0  # messages a second over all pairs, when paced
    warm_pairs: int = 0  # pairs opened before the memory is read for the first time, when idle
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run measured. Times in seconds, memory in bytes; CPU of all server processes together."""

    messages: int = 0
    seconds: float = 0.0
    server_cpu: float = 0.0
    database_cpu: float = 0.0
    client_cpu: float = 0.0
    delivery_p50: float = 0.0
    delivery_p95: float = 0.0
    ack_p95: float = 0.0
    sockets: int = 0
    bytes_per_socket: float = 0.0
    set_up_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Return messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_per_message(self) -> float:
        """Return seconds of server CPU a message."""
        return self.server_cpu / self.messages
