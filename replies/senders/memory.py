"""Keeps replies in this process. For tests."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from classification.findings import Finding, warning
from replies.senders.base import SendResult, accepted


@dataclass(frozen=True)
class Sms:
    """What was handed over: `to` is E.164, `reference` the reply's idempotency key."""

    to: str
    body: str
    reference: str


outbox: list[Sms] = []
# What the next calls give, in order: a result, or a function that returns or raises. When empty: accepted.
next_results: deque[SendResult | Callable[[], SendResult]] = deque()
_ids = count(1)


def reset() -> None:
    """Forget what was sent and what is scripted."""
    outbox.clear()
    next_results.clear()


class MemorySender:
    """Puts each text into `outbox`, and answers with what `next_results` says."""

    name = "memory"
    idempotent = False

    def send(self, to: str, body: str, *, reference: str, key: str = "") -> SendResult:  # noqa: ARG002 (no account)
        outbox.append(Sms(to, body, reference))
        scripted = next_results.popleft() if next_results else accepted(f"memory-{next(_ids)}")
        return scripted if isinstance(scripted, SendResult) else scripted()

    def examine(self, *, key: str = "") -> Finding:  # noqa: ARG002
        return warning("replies stay in the process and reach nobody", "It is for tests: set SMS_SENDER.")
