"""What became of everything that was posted during a run: the clients' side, the rows and the provider's books."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.database import Database
from chaos.outside import Call
from deploy.rehearsal.clients import Told


@dataclass(frozen=True)
class Verdict:
    """One run. All but `requests`, `batches` and `slowest` (seconds) must be 0."""

    requests: int
    refused: int  # no 2xx
    lost: int  # acknowledged and not stored
    repeated: int  # stored more than once
    doubled: int  # SMS to a sender beyond one for each of its batches
    unanswered: int  # batches without a reply that was sent
    batches: int
    slowest: float

    @property
    def clean(self) -> bool:
        return (
            not any((self.refused, self.lost, self.repeated, self.doubled, self.unanswered))
            and self.requests > 0
        )


def judge(told: Sequence[Told], database: Database, calls: Sequence[Call]) -> Verdict:
    """`told` is what the run's own clients saw; rows and calls of earlier runs' senders are left out."""
    senders = {one.message.number for one in told}
    stored = Counter(guid for guid, sender in database.rows(STORED) if sender in senders)
    batches = [(sender, outcome) for sender, outcome in database.rows(BATCHES) if sender in senders]
    sent = Counter(call.to for call in calls if call.accepted and call.to in senders)
    due = Counter(sender for sender, _ in batches)
    return Verdict(
        requests=len(told),
        refused=sum(not one.acknowledged for one in told),
        lost=sum(one.acknowledged and one.message.guid not in stored for one in told),
        repeated=sum(count - 1 for count in stored.values()),
        doubled=sum(max(0, count - due[sender]) for sender, count in sent.items()),
        unanswered=sum(outcome != "replied" for _, outcome in batches),
        batches=len(batches),
        slowest=max((one.seconds for one in told), default=0.0),
    )


STORED = "SELECT provider_message_id, sender FROM batches_message"
BATCHES = "SELECT sender, outcome FROM batches_batch"
