"""Calls to a provider, as rows and events tell of them."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings

from classification import rows
from replies.models import AttemptOutcome, Reply, ReplyAttempt
from replies.senders.base import SendResult

# Writes one event (kind, data) into the caller's history, in the transaction of the change it tells.
Recorder = Callable[[str, Mapping[str, Any]], None]

# How many times its lease no call can have: machines are given another BATCH_LEASE_SECONDS one after the other.
IMPOSSIBLE = 5


def lease() -> timedelta:
    """Half a batch's lease: when the batch is taken over, its interrupted send must be recognisable as such."""
    return timedelta(seconds=settings.BATCH_LEASE_SECONDS / 2)


def lease_is_over() -> rows.Sql:
    """Behind `sending_until`: it has run out, or lies so far ahead that the clock was set back since it was given."""
    return rows.Sql(f"NOT BETWEEN {rows.now()} AND {rows.now(IMPOSSIBLE * lease().total_seconds())}")


def note_attempt(reply: Reply, record: Recorder) -> None:
    """Write the attempt that is about to be made."""
    rows.insert(ReplyAttempt, {"reply_id": reply.pk, "number": reply.attempt_count})
    record("reply_sending", attempt_data(reply))


def attempt_data(reply: Reply) -> dict[str, Any]:
    """What an event tells of the current attempt."""
    return {"reply_id": reply.pk, "attempt": reply.attempt_count, "provider": reply.provider}


def closed_attempt(reply: Reply, result: SendResult) -> rows.Update:
    """The change that writes down how it ended."""
    outcome = {
        "outcome": AttemptOutcome(result.kind),
        "finished_at": rows.now(),
        "http_status": result.http_status,
        "provider_message_id": result.provider_message_id,
        "error": result.error,
        "response": result.response,
    }
    return rows.Update(ReplyAttempt, {"reply_id": reply.pk, "number": reply.attempt_count}, outcome)
