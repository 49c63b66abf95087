"""What is there at the end: the database's rows beside what clients, provider and killer saw."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg

from bench.database import Database, moment
from chaos.clients import Told
from chaos.killer import Kill, Outage
from chaos.outside import Call

UNSETTLED = "SELECT COUNT(*) FROM batches_batch WHERE completed_at IS NULL"
STORED = "SELECT COUNT(*) FROM batches_message"
MESSAGES = "SELECT provider_message_id, sender, text, batch_id FROM batches_message"
BATCHES = "SELECT id, sender, status, outcome, message_count, reason FROM batches_batch ORDER BY id"
# The last attempt of every reply of which nobody knows whether it left.
UNKNOWN = """
SELECT r.batch_id, r."to", r.reason, a.started_at
FROM replies_reply r JOIN replies_replyattempt a ON a.reply_id = r.id AND a.number = r.attempt_count
WHERE r.status = 'unknown'"""


@dataclass(frozen=True)
class Message:
    """A stored message."""

    guid: str
    sender: str
    text: str
    batch: int


@dataclass(frozen=True)
class Batch:
    """A batch as it ended."""

    id: int
    sender: str
    status: str
    outcome: str
    message_count: int
    reason: str


@dataclass(frozen=True)
class Unknown:
    """A reply of which nobody knows whether it left; `started` is in seconds since the epoch."""

    batch: int
    to: str
    reason: str
    started: float


@dataclass
class Evidence:
    """Everything that the verdict looks at."""

    told: Told
    calls: Sequence[Call]
    messages: Sequence[Message] = ()
    batches: Sequence[Batch] = ()
    unknown: Sequence[Unknown] = ()
    kills: Sequence[Kill] = ()
    outages: Sequence[Outage] = ()
    clock_steps: int = 0
    settled_after: float | None = None  # seconds after the last fault; None: not in time
    leftovers: Sequence[str] = field(default_factory=list)
    errors: Sequence[str] = field(default_factory=list)


def read(database: Database, evidence: Evidence) -> None:
    """Add the database's side."""
    evidence.messages = [Message(*row) for row in database.rows(MESSAGES)]
    evidence.batches = [Batch(*row) for row in database.rows(BATCHES)]
    evidence.unknown = [
        Unknown(batch, to, reason, moment(started).timestamp())
        for batch, to, reason, started in database.rows(UNKNOWN)
    ]


def wait_until_settled(database: Database, told: Told, seconds: float, tick: Callable[[int], None]) -> bool:
    """Whether every batch is settled and all that was acknowledged is stored, within `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := _left(database, told)) != 0:
        if time.monotonic() > deadline:
            return False
        tick(max(left, 0))
        time.sleep(0.25)
    return True


def settled(database: Database) -> int:
    """How many batches are settled now; 0 while the database cannot be asked."""
    try:
        number: int = database.rows("SELECT COUNT(*) FROM batches_batch WHERE completed_at IS NOT NULL")[0][0]
    except psycopg.Error:
        return 0
    return number


def guids(database: Database) -> Counter[str]:
    """How often each message is stored."""
    return Counter(guid for (guid,) in database.rows("SELECT provider_message_id FROM batches_message"))


def outcomes(database: Database) -> dict[str, int]:
    """How many batches ended how."""
    return dict(database.rows("SELECT outcome, COUNT(*) FROM batches_batch GROUP BY 1"))


def _left(database: Database, told: Told) -> int:
    """Batches that are not settled, and acknowledged messages that are not stored."""
    unsettled: int = database.rows(UNSETTLED)[0][0]
    stored: int = database.rows(STORED)[0][0]
    return unsettled + max(0, len(told.acknowledged) - stored)
