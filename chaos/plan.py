"""What one run does: which set-up, how much traffic, how many faults."""

from dataclasses import dataclass, replace
from typing import Literal

from bench.database import Kind
from chaos.outside import ProviderName

Broker = Literal["orm", "redis"]
WINDOW = 3  # seconds that a batch collects
SETTLED_WITHIN = 60  # seconds after the last fault


@dataclass(frozen=True)
class Plan:
    """One set-up and its size; `seconds` is how long faults and traffic go on."""

    database: Kind
    broker: Broker
    provider: ProviderName
    batches: int
    seconds: float
    kills: int
    restarts: int
    clock_steps: int  # of the second node
    seed: int

    @property
    def nodes(self) -> int:
        """SQLite is for one machine."""
        return 2 if self.database == "postgres" else 1

    @property
    def name(self) -> str:
        """The set-up in words."""
        database = {"postgres": "PostgreSQL", "sqlite": "SQLite"}[self.database]
        broker = {"orm": "ORM broker", "redis": "Redis broker"}[self.broker]
        nodes = "2 nodes" if self.nodes == 2 else "1 node"
        return f"{database}, {broker}, {nodes}, {self.provider}"


FULL = Plan("postgres", "orm", "smsmobileapi", 3000, 480.0, 210, 2, 12, 0)
QUICK = replace(FULL, batches=150, seconds=25.0, kills=20, restarts=1, clock_steps=4)
# Both kinds of provider: SMSMobileAPI knows no idempotency key, SMS Gate does.
SETUPS: tuple[tuple[Kind, Broker, ProviderName], ...] = (
    ("postgres", "orm", "smsmobileapi"),
    ("postgres", "redis", "smsgate"),
    ("sqlite", "orm", "smsmobileapi"),
)
