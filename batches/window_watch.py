"""Moves the windows of open batches as adaptive.py says. The sweep's leader has it look several times a second.

A window is moved by a conditional UPDATE: only while the batch is open, its window not over, and no further message has
joined it meanwhile. So a message that comes at the same moment is never shut out of a batch that it had joined, and no
window is opened again once it was over.
"""

import time

from django.conf import settings

from batches import adaptive, state
from batches.choices import BatchStatus
from batches.closing import SWEEP
from batches.models import Batch

LOOK_EVERY = 0.25  # seconds
MOST = 25  # batches in one look, so that no other window is closed late for it


class WindowWatch:
    """Remembers what it has looked at: a batch is looked at again when a message has joined it."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}  # messages by batch
        self._looked_at = 0.0

    def look(self) -> int:
        """Move the windows of batches that have changed; says how many were moved."""
        if settings.ADAPTIVE_WINDOW != adaptive.ON or time.monotonic() - self._looked_at < LOOK_EVERY:
            return 0
        self._looked_at = time.monotonic()
        rows = Batch.objects.filter(status=BatchStatus.OPEN).order_by("closes_at")
        counts = dict(rows.values_list("id", "message_count"))
        new = [batch_id for batch_id, count in counts.items() if self._seen.get(batch_id) != count][:MOST]
        self._seen = {batch_id: count for batch_id, count in self._seen.items() if batch_id in counts}
        self._seen |= {batch_id: counts[batch_id] for batch_id in new}
        found = Batch.objects.filter(id__in=new).prefetch_related("messages") if new else []
        return sum(_move(batch) for batch in found)


def _move(batch: Batch) -> bool:
    messages = list(batch.messages.all())
    if len(messages) != batch.message_count or len(messages) > adaptive.MOST_LOOKED_AT:
        return False
    end = adaptive.end_of(messages, batch)
    if end.at == batch.closes_at:
        return False
    why = end.why or "the answer is complete no more"
    return state.move_window(batch, end.at, planned=adaptive.planned(batch), why=why, actor=SWEEP)
