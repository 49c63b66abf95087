"""All entries in order of time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from batches.choices import EventKind
from batches.models import Batch, BatchEvent
from batches.split_parts import goes_on
from batches.timeline.entry import Entry
from batches.timeline.events import entry_of, key_of_event
from batches.timeline.rows import message_entry, row_entries

MAX_MESSAGES = 500  # shown on one page; the list of messages has them all


def timeline(batch: Batch) -> list[Entry]:
    """All that happened to `batch`, the oldest first; of its messages the first MAX_MESSAGES.

    Five queries, and three for each batch that was carried over.
    """
    events = list(batch.events.all())
    rows = {entry.key: entry for entry in row_entries(batch)}
    steps = [event for event in events if event.kind != EventKind.MESSAGE_ADDED]
    told = [entry_of(event, batch, rows.pop(key_of_event(event), None)) for event in steps]
    # Stable: what happened at once keeps this order, so a batch is opened before its first message.
    entries = sorted([*told, *rows.values(), *_messages(batch, events)], key=lambda entry: entry.at)
    return [replace(entry, after=entry.at - batch.opened_at) for entry in entries]


def _messages(batch: Batch, events: Iterable[BatchEvent]) -> Iterator[Entry]:
    """One entry for each message: its row, with who took it in; of one that is stored no more, its GUID."""
    messages = list(batch.messages.all()[:MAX_MESSAGES])
    rows = {row.provider_message_id: row for row in messages}
    parts = {one.pk for one, following in pairwise(messages) if goes_on(one, following)}
    for event in events:
        for guid in event.data.get("messages", []):
            if message := rows.pop(guid, None):
                entry = message_entry(message, batch, event.actor, waited=event.at - message.received_at)
                yield _as_part(entry) if message.pk in parts else entry
            elif batch.message_count <= MAX_MESSAGES:
                key, facts = (event.kind, guid), (("GUID", guid), ("Text", "no longer stored"))
                yield Entry(key, event.at, EventKind.MESSAGE_ADDED, event.actor, facts=facts)
    for message in rows.values():
        yield message_entry(message, batch)


def _as_part(entry: Entry) -> Entry:
    """The entry of a message that is read together with the next one."""
    return replace(
        entry, facts=(*entry.facts, ("Read as", "one text with the next message, a long SMS in parts"))
    )
