"""When may a reply be tried again by itself, and how long after?

Only where it cannot become a second SMS: the provider refused it for now or was never reached, or it looks at the
idempotency key. Everything else waits for a person.
"""

import random

from replies.models import Reply
from replies.senders.base import Sender, SendKind, SendResult

FIRST_WAIT = 15  # seconds, doubled with every attempt
LONGEST_WAIT = 600  # seconds: how late a reply may be once the provider is back
LONGEST_ASKED = 3600  # seconds: what a provider's Retry-After may ask for
JITTER = 0.25  # of the wait, either way, so that what failed together does not come back together


def wait_before_retry(sender: Sender, reply: Reply, result: SendResult) -> float | None:
    """Seconds until the next attempt; None when there is to be none."""
    again = result.retryable or (result.kind == SendKind.UNKNOWN and sender.idempotent)
    if not again or sender.name != reply.provider:
        return None
    if result.retry_after is not None:
        return min(max(result.retry_after, 1), LONGEST_ASKED) * (1 + random.random() * JITTER)  # noqa: S311  # nosec B311
    doubled = min(reply.attempt_count - 1, 10)
    wait = float(min(FIRST_WAIT << doubled, LONGEST_WAIT))
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret  # nosec B311
