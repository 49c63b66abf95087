"""The statements that every SMS costs: one for the batches, one for the messages, one for the events.

They are written out, and the same for one message as for five hundred, because Django's ORM has no upsert that adds
to a counter behind a condition. PostgreSQL and SQLite (3.35 or later) share the syntax; only the clock differs.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from batches.choices import EventKind
from batches.clock import SQLITE_NOW
from batches.inbound.base import InboundSms
from batches.models import Channel
from batches.phones import Sender

# The statement's time, and the same so many seconds later.
_CLOCK = {
    "postgresql": ("statement_timestamp()", "statement_timestamp() + interval '{seconds} seconds'"),
    "sqlite": (SQLITE_NOW, SQLITE_NOW.replace("'now'", "'now', '{seconds} seconds'")),
}

_JOIN = """
INSERT INTO batches_batch (channel_id, sender, sender_kind, status, message_count, opened_at, closes_at)
VALUES {rows}
ON CONFLICT (channel_id, sender) WHERE status = 'open'
DO UPDATE SET message_count = batches_batch.message_count + excluded.message_count
WHERE batches_batch.closes_at > excluded.opened_at
RETURNING sender, id, message_count, {now}
"""
_MESSAGES = """
INSERT INTO batches_message (channel_id, batch_id, provider_message_id, sender, sender_raw, sender_kind, text,
                             sent_at, sent_at_raw, received_at, payload)
VALUES {rows}
ON CONFLICT (channel_id, provider_message_id) DO NOTHING
RETURNING id
"""
_EVENTS = "INSERT INTO batches_batchevent (batch_id, at, kind, actor, data) VALUES {rows}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message and who sent it."""

    sms: InboundSms
    sender: Sender


@dataclass(frozen=True, slots=True)
class Joined:
    """An open batch after messages joined it: `added` of its `count`; `at` is when they did."""

    batch_id: int
    count: int
    added: int
    at: datetime | str


def join_batches(channel: Channel, arrivals: Sequence[Arrival]) -> dict[str, Joined]:
    """Count the messages into their senders' open batches, opening what is missing; by sender's address.

    A sender whose open batch is over its time is left out. Rows are taken in one order by everybody, so that two
    deliveries with the same senders cannot lock each other out.
    """
    now, later = _clock(channel.window)
    added = Counter(arrival.sender.address for arrival in arrivals)
    kinds = {arrival.sender.address: arrival.sender.kind for arrival in arrivals}
    values = [(channel.id, sender, kinds[sender], added[sender]) for sender in sorted(added)]
    row = f"(%s, %s, %s, 'open', %s, {now}, {later})"
    with connection.cursor() as cursor:
        cursor.execute(_JOIN.format(rows=_rows(row, values), now=now), _flat(values))
        return {
            sender: Joined(batch_id, count, added[sender], at)
            for sender, batch_id, count, at in cursor.fetchall()
        }


def insert_messages(channel: Channel, arrivals: Sequence[Arrival], joined: Mapping[str, Joined]) -> int:
    """Store the messages; says how many were new."""
    values = [_message_row(channel, arrival, joined[arrival.sender.address]) for arrival in arrivals]
    with connection.cursor() as cursor:
        cursor.execute(_MESSAGES.format(rows=_rows(_placeholders(11), values)), _flat(values))
        return len(cursor.fetchall())


def insert_events(arrivals: Sequence[Arrival], joined: Mapping[str, Joined], actor: str) -> None:
    """Write what happened to each batch."""
    values = []
    for arrival, batch, position in numbered(arrivals, joined):
        data = json.dumps({"guid": arrival.sms.provider_message_id, "message": position})
        if position == 1:
            values.append((batch.batch_id, batch.at, EventKind.OPENED, actor, "{}"))
        values.append((batch.batch_id, batch.at, EventKind.MESSAGE_ADDED, actor, data))
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS.format(rows=_rows(_placeholders(5), values)), _flat(values))


def numbered(
    arrivals: Iterable[Arrival], joined: Mapping[str, Joined]
) -> Iterator[tuple[Arrival, Joined, int]]:
    """Each message with its batch and its place in it, from 1."""
    places = {sender: batch.count - batch.added for sender, batch in joined.items()}
    for arrival in arrivals:
        sender = arrival.sender.address
        places[sender] += 1
        yield arrival, joined[sender], places[sender]


def _message_row(channel: Channel, arrival: Arrival, batch: Joined) -> tuple[Any, ...]:
    sms, sender = arrival.sms, arrival.sender
    return (
        channel.id,
        batch.batch_id,
        sms.provider_message_id,
        sender.address,
        sms.sender_raw,
        sender.kind,
        sms.text,
        connection.ops.adapt_datetimefield_value(sms.sent_at),
        sms.sent_at_raw,
        batch.at,
        sms.payload,
    )


def _clock(seconds: int) -> tuple[str, str]:
    now, later = _CLOCK[connection.vendor]
    return now, later.format(seconds=int(seconds))


def _placeholders(columns: int) -> str:
    return "(" + ", ".join(["%s"] * columns) + ")"


def _rows(row: str, values: Sequence[Any]) -> str:
    return ", ".join([row] * len(values))


def _flat(values: Sequence[tuple[Any, ...]]) -> list[Any]:
    return [value for row in values for value in row]
