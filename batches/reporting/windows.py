"""What the adaptive window would have saved, and what it would have cost: read before anybody turns it on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from rich.table import Table

from batches.choices import EventKind
from batches.models import Batch, BatchEvent, Channel
from batches.templatetags.times import moment


@dataclass
class Windows:
    """Batches opened in a period, by what the adaptive window would have done with each; times in seconds.

    `cut_short` would have ended before everything was written: `left_out` messages would have opened further batches,
    at least one for each of these, with a reply of its own. `joined` would have waited long enough for a text that
    opened a batch of its own. `moved` were really moved, where it is on.
    """

    since: datetime
    until: datetime
    channel: str = ""
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
            "from": self.since.isoformat(),
            "to": self.until.isoformat(),
            "channel": self.channel or None,
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


def windows(since: datetime, until: datetime, channel: Channel | None = None) -> Windows:
    """The figures of the batches opened in a period, of all channels or of one. Reads only."""
    opened = Batch.objects.filter(opened_at__gte=since, opened_at__lt=until)
    opened = opened.filter(channel=channel) if channel else opened
    found = Windows(since, until, channel.slug if channel else "")
    found.moved = opened.filter(window_ends_at__isnull=False).count()
    events = BatchEvent.objects.filter(batch__in=opened.values("id"), kind=EventKind.WINDOW_SHADOW)
    seen = set[int]()
    for event in events.order_by("id").select_related("batch").iterator():
        if event.batch_id not in seen:  # a batch that was classified anew tells the same again
            seen.add(event.batch_id)
            _count(found, event)
    return found


def table(found: Windows) -> Table:
    """The same for people."""
    title = f"The adaptive window, {moment(found.since)[:-7]} to {moment(found.until)[:-7]} UTC"
    rows = Table(title=title, show_header=False)
    rows.add_column()
    rows.add_column(justify="right")
    for name, value in _rows(found):
        rows.add_row(name, value)
    return rows


def _rows(found: Windows) -> Sequence[tuple[str, str]]:
    share = f" ({found.ended_early / found.batches:.0%})" if found.batches else ""
    return [
        ("Batches that were looked at", f"{found.batches:,}"),
        ("Would have ended early", f"{found.ended_early:,}{share}"),
        ("… and been answered sooner by (median)", f"{found.saved_median:g} s"),
        ("… but a text came after that: as many further replies", f"{found.cut_short:,}"),
        ("Would have waited for the rest of a long SMS", f"{found.extended:,}"),
        ("… which came: as many replies and verdicts saved", f"{found.joined:,}"),
        ("Windows that were really moved", f"{found.moved:,}"),
    ]


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
    later = Batch.objects.filter(channel=batch.channel_id, sender=batch.sender, id__gt=batch.id)
    return later.filter(opened_at__lt=until).exists()
