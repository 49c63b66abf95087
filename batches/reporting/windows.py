"""What the adaptive window would have saved, and what it would have cost: read before anybody turns it on."""

from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from batches.choices import EventKind
from batches.models import Batch, BatchEvent
from batches.querysets import BatchQuerySet


@dataclass
class Windows:
    """Batches by what the adaptive window would have done with each (ADAPTIVE_WINDOW=shadow); times in seconds.

    `cut_short` would have ended before everything was written: `left_out` messages would have opened further batches,
    at least one for each of these, with a reply of its own. `joined` would have waited long enough for a text that
    opened a batch of its own. `moved` were really moved, where it is on.
    """

    batches: int = 0
    ended_early: int = 0
    cut_short: int = 0
    left_out: int = 0
    extended: int = 0
    joined: int = 0
    moved: int = 0
    saved: list[float] = field(default_factory=list)

    @property
    def saved_median(self) -> float:
        """Of the batches that would have ended early with everything in them: how much sooner the reply comes."""
        return round(median(self.saved), 1) if self.saved else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "batches": self.batches,
            "ended_early": self.ended_early,
            "saved_seconds_median": self.saved_median,
            "saved_seconds_total": round(sum(self.saved), 1),
            "cut_short": self.cut_short,
            "messages_left_out": self.left_out,
            "extended": self.extended,
            "joined": self.joined,
            "moved": self.moved,
        }


def windows(opened: BatchQuerySet) -> Windows | None:
    """The figures of these batches; None where the adaptive window has neither moved nor tried anything. Reads only."""
    found = Windows(moved=opened.filter(window_ends_at__isnull=False).count())
    tried = BatchEvent.objects.using(opened.db).filter(kind=EventKind.WINDOW_SHADOW)
    events = tried.filter(batch__in=opened.order_by().values("id"))
    seen = set[int]()
    for event in events.order_by("id").select_related("batch").iterator():
        if event.batch_id not in seen:  # a batch that was classified anew tells the same again
            seen.add(event.batch_id)
            _count(found, event)
    return found if found.batches or found.moved else None


def _count(found: Windows, event: BatchEvent) -> None:
    told = event.data
    found.batches += 1
    if told["saved_seconds"] > 0:
        found.ended_early += 1
        found.left_out += told["left_out"]
        if told["left_out"]:
            found.cut_short += 1
        else:
            found.saved.append(told["saved_seconds"])
    elif told["saved_seconds"] < 0:
        found.extended += 1
        found.joined += _went_on(event.batch, datetime.fromisoformat(told["would_end_at"]))


def _went_on(batch: Batch, until: datetime) -> bool:
    """Whether the sender's next batch began before that time."""
    rows = Batch.objects.using(batch._state.db)
    later = rows.filter(channel=batch.channel_id, sender=batch.sender, id__gt=batch.id)
    return later.filter(opened_at__lt=until).exists()
