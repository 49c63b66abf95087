"""The statements that every SMS costs: one for the batches, one for the messages, one for the events.

They are written out because Django's ORM has no upsert that adds to a counter behind a condition. Each takes its rows
as one JSON parameter, so that the same text serves one message and five hundred. PostgreSQL takes the three as parts
of one (WITH), which is one round trip and no plan to go wrong; SQLite, which cannot, one after the other. What must
not be, the database refuses: a GUID that is stored already (unique), and a message for a batch that is over its time
(its count would be null).
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection, transaction

from batches.choices import Command, EventKind
from batches.clock import sqlite_now, utc_text
from batches.inbound.base import InboundSms
from batches.models import Channel
from batches.phones import Sender

# The time of the whole, and the end of the window: the sender's own before the channel's. A window of no time has the
# shortest that a batch can have, so that it is one nevertheless.
_NOW = {"postgresql": "statement_timestamp()", "sqlite": "r.now"}
_AT_ONCE = 0.001  # seconds
_LATER = {
    "postgresql": "statement_timestamp() + make_interval(secs => "
    f"GREATEST(COALESCE(p.window_seconds, r.seconds), {_AT_ONCE}))",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f000', r.now, "
    f"max(coalesce(p.window_seconds, r.seconds), {_AT_ONCE}) || ' seconds')",
}
# How long the window is that a batch has got, in seconds.
_WINDOW = {
    "postgresql": "EXTRACT(epoch FROM closes_at - opened_at)::float",
    "sqlite": "round((julianday(closes_at) - julianday(opened_at)) * 86400, 3)",
}
# When a message came: now, unless it says another time; never later than now, whatever the clock of its spool says.
_RECEIVED = {
    "postgresql": "LEAST(r.received_at AT TIME ZONE 'UTC', statement_timestamp())",  # passes over a null
    "sqlite": "min(coalesce(r.received_at, r.now), r.now)",
}
# Each row with the batch that it belongs to, now that every sender has an open one.
_WITH_BATCH = {
    "postgresql": "JOIN joined b ON b.sender = r.sender",
    "sqlite": "JOIN batches_batch b ON b.channel_id = r.channel_id AND b.sender = r.sender AND b.status = 'open'",
}

_JOIN = """
INSERT INTO batches_batch (channel_id, sender, sender_kind, status, message_count, opened_at, closes_at)
SELECT r.channel_id, r.sender, r.sender_kind, 'open', r.added, {now}, {later}
FROM {rows} LEFT JOIN batches_senderpreference p ON p.number = r.sender WHERE true
ON CONFLICT (channel_id, sender) WHERE status = 'open'
DO UPDATE SET message_count = CASE WHEN batches_batch.closes_at > excluded.opened_at
                                   THEN batches_batch.message_count + excluded.message_count END
RETURNING sender, id, message_count, {window}
"""
_EVENTS = f"""
INSERT INTO batches_batchevent (batch_id, at, kind, actor, data)
SELECT b.id, {{now}}, CASE b.message_count WHEN r.added THEN '{EventKind.OPENED}' ELSE '{EventKind.MESSAGE_ADDED}' END,
       r.actor, r.data FROM {{rows}} {{with_batch}}
"""  # noqa: S608 - fixed names only  # nosec B608
_BATCH_COLUMNS = {
    "channel_id": "bigint",
    "sender": "text",
    "sender_kind": "text",
    "added": "integer",
    "seconds": "integer",
    "now": "text",
    "actor": "text",
    "data": "jsonb",
}
_MESSAGES = """
INSERT INTO batches_message (channel_id, batch_id, provider_message_id, sender, sender_raw, sender_kind, text,
                             sent_at, sent_at_raw, received_at, payload)
SELECT r.channel_id, b.id, r.guid, r.sender, r.sender_raw, r.sender_kind, r.text,
       r.sent_at, r.sent_at_raw, {received}, r.payload FROM {rows} {with_batch} ORDER BY r.place
"""
_MESSAGE_COLUMNS = {
    "channel_id": "bigint",
    "guid": "text",
    "sender": "text",
    "sender_raw": "text",
    "sender_kind": "text",
    "text": "text",
    "sent_at": "timestamptz",
    "sent_at_raw": "text",
    "payload": "text",
    "received_at": "timestamp",
    "now": "text",
    "place": "integer",
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message, who sent it, and what it commands: nothing but a keyword, or taken for one by its provider."""

    sms: InboundSms
    sender: Sender
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """An open batch after messages joined it: `added` of its `count`. `window` is in seconds."""

    batch_id: int
    count: int
    added: int
    window: float

    @property
    def at_once(self) -> bool:
        """Whether its sender has no window: it is over as soon as it is open."""
        return self.window <= _AT_ONCE


def store(channel: Channel, arrivals: Sequence[Arrival], actor: str) -> dict[str, Joined]:
    """Store the messages, link each to its sender's open batch, and write the events, all or nothing.

    Gives the batches by their senders' addresses. Batches are taken in one order by everybody, so that two deliveries
    with the same senders cannot lock each other out. Raises IntegrityError when a GUID is stored already or a sender's
    open batch is over its time.
    """
    now = sqlite_now()
    by_sender: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        by_sender[arrival.sender.address].append(arrival)
    batches = json.dumps(
        [_batch_row(channel, by_sender[sender], now, actor) for sender in sorted(by_sender)],
        ensure_ascii=False,
    )
    messages = json.dumps(
        [_message_row(channel, arrival, now, place) for place, arrival in enumerate(arrivals)],
        ensure_ascii=False,
    )
    with _all_or_nothing():
        rows = _execute(
            (_JOIN, _BATCH_COLUMNS, batches),
            (_MESSAGES, _MESSAGE_COLUMNS, messages),
            (_EVENTS, _BATCH_COLUMNS, batches),
        )
    return {
        sender: Joined(batch_id, count, len(by_sender[sender]), window)
        for sender, batch_id, count, window in rows
    }


def _all_or_nothing() -> AbstractContextManager[Any]:
    """A transaction. PostgreSQL's single statement is one by itself, which spares two round trips."""
    alone = connection.vendor == "postgresql" and not connection.in_atomic_block
    return nullcontext() if alone else transaction.atomic()


def _execute(*statements: tuple[str, Mapping[str, str], str]) -> list[tuple[Any, ...]]:
    """Run the statements, each with its columns and its parameter; gives the first one's rows."""
    texts = [_sql(connection.vendor, text, *columns.items()) for text, columns, _ in statements]
    parameters = [parameter for _, _, parameter in statements]
    # No question first whether the connection lives: this is the question, and ingest tries again on a new one.
    connection.health_check_done = True  # type: ignore[attr-defined]  # unknown to the stubs
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            join, store, note = texts
            cursor.execute(
                f"WITH joined AS ({join}), stored AS ({store}), noted AS ({note}) TABLE joined", parameters
            )
            return list(cursor.fetchall())
        rows = cursor.execute(texts[0], parameters[:1]).fetchall()
        for text, parameter in zip(texts[1:], parameters[1:], strict=True):
            cursor.execute(text, [parameter])
        return list(rows)


def _batch_row(channel: Channel, arrivals: Sequence[Arrival], now: str, actor: str) -> tuple[Any, ...]:
    sender = arrivals[0].sender
    data = {"messages": [arrival.sms.provider_message_id for arrival in arrivals]}
    return (channel.id, sender.address, sender.kind, len(arrivals), channel.window, now, actor, data)


def _message_row(channel: Channel, arrival: Arrival, now: str, place: int) -> tuple[Any, ...]:
    sms, sender = arrival.sms, arrival.sender
    return (
        channel.id,
        sms.provider_message_id,
        sender.address,
        sms.sender_raw,
        sender.kind,
        sms.text,
        sms.sent_at and str(connection.ops.adapt_datetimefield_value(sms.sent_at)),
        sms.sent_at_raw,
        sms.payload,
        sms.received_at and utc_text(sms.received_at),
        now,
        place,
    )


@cache
def _sql(vendor: str, text: str, *columns: tuple[str, str]) -> str:
    """The statement with its rows read from one parameter, a JSON list of lists, as `r`."""
    if vendor == "postgresql":
        read = ", ".join(f"(value->>{place})::{kind} AS {name}" for place, (name, kind) in enumerate(columns))
        rows = f"(SELECT {read} FROM json_array_elements(%s::json)) AS r"  # noqa: S608  # nosec B608
    else:
        read = ", ".join(
            f"json_extract(value, '$[{place}]') AS {name}" for place, (name, _) in enumerate(columns)
        )
        rows = f"(SELECT {read} FROM json_each(%s)) AS r"  # noqa: S608  # nosec B608
    return text.format(
        rows=rows,
        now=_NOW[vendor],
        later=_LATER[vendor],
        window=_WINDOW[vendor],
        received=_RECEIVED[vendor],
        with_batch=_WITH_BATCH[vendor],
    )
