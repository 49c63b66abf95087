"""The statements that every SMS costs: one for the batches, one for the messages, one for the events.

They are written out because Django's ORM has no upsert that adds to a counter behind a condition, and they take their
rows as one JSON parameter, so that the same text serves one message and five hundred: nothing is assembled, and
PostgreSQL keeps the plan. The two databases differ in how they read JSON and the clock, and in nothing else.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from batches.choices import EventKind
from batches.clock import SQLITE_NOW
from batches.inbound.base import InboundSms
from batches.models import Channel
from batches.phones import Sender

# The statement's time, and the same so many seconds later.
_NOW = {"postgresql": "statement_timestamp()", "sqlite": SQLITE_NOW}
_LATER = {
    "postgresql": "statement_timestamp() + make_interval(secs => r.seconds)",
    "sqlite": SQLITE_NOW.replace("'now'", "'now', r.seconds || ' seconds'"),
}

_JOIN = """
INSERT INTO batches_batch (channel_id, sender, sender_kind, status, message_count, opened_at, closes_at)
SELECT r.channel_id, r.sender, r.sender_kind, 'open', r.added, {now}, {later} FROM {rows} WHERE true
ON CONFLICT (channel_id, sender) WHERE status = 'open'
DO UPDATE SET message_count = batches_batch.message_count + excluded.message_count
WHERE batches_batch.closes_at > excluded.opened_at
RETURNING sender, id, message_count, {now}
"""
_JOIN_COLUMNS = {
    "channel_id": "bigint",
    "sender": "text",
    "sender_kind": "text",
    "added": "integer",
    "seconds": "integer",
}

_MESSAGES = """
INSERT INTO batches_message (channel_id, batch_id, provider_message_id, sender, sender_raw, sender_kind, text,
                             sent_at, sent_at_raw, received_at, payload)
SELECT r.channel_id, r.batch_id, r.guid, r.sender, r.sender_raw, r.sender_kind, r.text,
       r.sent_at, r.sent_at_raw, r.received_at, r.payload FROM {rows} WHERE true
ON CONFLICT (channel_id, provider_message_id) DO NOTHING
"""
_MESSAGE_COLUMNS = {
    "channel_id": "bigint",
    "batch_id": "bigint",
    "guid": "text",
    "sender": "text",
    "sender_raw": "text",
    "sender_kind": "text",
    "text": "text",
    "sent_at": "timestamptz",
    "sent_at_raw": "text",
    "received_at": "timestamptz",
    "payload": "text",
}

_EVENTS = """
INSERT INTO batches_batchevent (batch_id, at, kind, actor, data)
SELECT r.batch_id, r.at, r.kind, r.actor, r.data FROM {rows}
"""
_EVENT_COLUMNS = {"batch_id": "bigint", "at": "timestamptz", "kind": "text", "actor": "text", "data": "jsonb"}


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
    added = Counter(arrival.sender.address for arrival in arrivals)
    kinds = {arrival.sender.address: arrival.sender.kind for arrival in arrivals}
    rows = [(channel.id, sender, kinds[sender], added[sender], channel.window) for sender in sorted(added)]
    with connection.cursor() as cursor:
        cursor.execute(*_statement(_JOIN, _JOIN_COLUMNS, rows))
        return {
            sender: Joined(batch_id, count, added[sender], at)
            for sender, batch_id, count, at in cursor.fetchall()
        }


def insert_messages(channel: Channel, arrivals: Sequence[Arrival], joined: Mapping[str, Joined]) -> int:
    """Store the messages; says how many were new."""
    rows = [_message_row(channel, arrival, joined[arrival.sender.address]) for arrival in arrivals]
    return _insert(_MESSAGES, _MESSAGE_COLUMNS, rows)


def insert_events(arrivals: Iterable[Arrival], joined: Mapping[str, Joined], actor: str) -> None:
    """Write what happened to each batch: which messages opened it or were added to it."""
    guids = defaultdict(list)
    for arrival in arrivals:
        guids[arrival.sender.address].append(arrival.sms.provider_message_id)
    rows = []
    for sender, batch in joined.items():
        kind = EventKind.OPENED if batch.count == batch.added else EventKind.MESSAGE_ADDED
        data = {"messages": guids[sender], "count": batch.count}
        rows.append((batch.batch_id, str(batch.at), kind, actor, data))
    _insert(_EVENTS, _EVENT_COLUMNS, rows)


def _insert(text: str, columns: Mapping[str, str], rows: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(*_statement(text, columns, rows))
        return int(cursor.rowcount)


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
        sms.sent_at and str(connection.ops.adapt_datetimefield_value(sms.sent_at)),
        sms.sent_at_raw,
        str(batch.at),
        sms.payload,
    )


def _statement(text: str, columns: Mapping[str, str], rows: Sequence[Any]) -> tuple[str, list[str]]:
    return _sql(connection.vendor, text, *columns.items()), [json.dumps(rows, ensure_ascii=False)]


@cache
def _sql(vendor: str, text: str, *columns: tuple[str, str]) -> str:
    """The statement with its rows read from one parameter, a JSON list of lists, as `r`."""
    if vendor == "postgresql":
        read = ", ".join(f"(value->>{place})::{kind} AS {name}" for place, (name, kind) in enumerate(columns))
        rows = f"(SELECT {read} FROM json_array_elements(%s::json)) AS r"  # noqa: S608 - fixed names only
    else:
        read = ", ".join(
            f"json_extract(value, '$[{place}]') AS {name}" for place, (name, _) in enumerate(columns)
        )
        rows = f"(SELECT {read} FROM json_each(%s)) AS r"  # noqa: S608
    return text.format(rows=rows, now=_NOW[vendor], later=_LATER[vendor])
