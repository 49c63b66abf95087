"""What the events tell: who did it and when, and what no row says."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from batches import texts
from batches.choices import EventKind, Outcome
from batches.models import Batch, BatchEvent
from batches.templatetags.times import moment
from batches.timeline.entry import REFERENCES, Entry, Facts, Key, key_of, telling

# Other batches that an event names, and times in it.
BATCHES = ("from_batch", "answered_batch")
TIMES = ("until", "would_end_at")
TOLD_ELSEWHERE = {*REFERENCES, *BATCHES, "messages", "count"}


def key_of_event(event: BatchEvent) -> Key:
    """That of the row it was written with."""
    return key_of(event.kind, **{name: event.data.get(name) for name in REFERENCES})


def entry_of(event: BatchEvent, batch: Batch, row: Entry | None) -> Entry:
    """The event with what its row knows; the event's own data where the row does not say it."""
    if row:
        return replace(row, at=event.at, actor=event.actor)
    return Entry(
        key_of_event(event),
        event.at,
        event.kind,
        event.actor,
        text=_carried_text(event),
        facts=_event_facts(event.data),
        other=_other_batch(event, batch),
    )


def _other_batch(event: BatchEvent, batch: Batch) -> int | None:
    """The batch that the event is about, too."""
    if event.data.get("outcome") == Outcome.SUPERSEDED:
        return batch.successor_id
    return next((event.data[name] for name in BATCHES if name in event.data), None)


def _carried_text(event: BatchEvent) -> str | None:
    """What the batch that was carried over says, the oldest text first."""
    if event.kind != EventKind.CARRIED_OVER:
        return None
    earlier = Batch.objects.filter(id=event.data["from_batch"]).first()
    return "\n".join(message.text for message in texts.whole(earlier)) if earlier else None


def _event_facts(data: Mapping[str, Any]) -> Facts:
    shown = {name: value for name, value in data.items() if name not in TOLD_ELSEWHERE}
    if "outcome" in shown:
        shown["outcome"] = dict(Outcome.choices).get(shown["outcome"], shown["outcome"])
    for name in TIMES:
        if name in shown:
            shown[name] = f"{moment(datetime.fromisoformat(shown[name]))} UTC"
    return telling((name.replace("_", " ").capitalize(), value) for name, value in shown.items())
