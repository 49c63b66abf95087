"""When a window is over: the batch is closed and queued, in one transaction."""

import logging

from django.db import transaction
from django.db.models import Q

from batches.choices import BatchStatus, EventKind
from batches.clock import Now
from batches.models import Batch
from batches.queue import enqueue
from batches.state import queue_all

log = logging.getLogger(__name__)

CHUNK = 50  # batches in one transaction: short enough that no webhook waits long for a row


def close_due(actor: str = "sweep", which: Q | None = None) -> int:
    """Close what is due, up to CHUNK batches, and queue it; says how many they were.

    `which` narrows it (one batch, one sender); inside a caller's transaction it becomes part of that.
    """
    with transaction.atomic():
        closed = queue_all(
            Batch.objects.due().filter(which or Q()),
            BatchStatus.OPEN,
            event=EventKind.CLOSED,
            actor=actor,
            limit=CHUNK,
            closed_at=Now(),
        )
        enqueue([batch.id for batch in closed])
        transaction.on_commit(lambda: _log_closed(closed))
    return len(closed)


def _log_closed(batches: list[Batch]) -> None:
    for batch in batches:
        log.info(
            "CONSOLIDATION TIMEOUT | From: %(sender)s | Processing %(count)s buffered message(s)",
            {"sender": batch.sender, "count": batch.message_count, "batch": batch.id},
        )


def reap(actor: str = "sweep") -> int:
    """Queue again what nobody picked up or finished in time, up to CHUNK of each kind; say how many they were."""
    if not Batch.objects.abandoned().exists():  # a plain read: on SQLite, writers need not wait for it
        return 0
    with transaction.atomic():
        abandoned = [
            batch.id
            for source in (BatchStatus.CLOSED, BatchStatus.PROCESSING)
            for batch in queue_all(
                Batch.objects.abandoned(), source, event=EventKind.REQUEUED, actor=actor, limit=CHUNK
            )
        ]
        enqueue(abandoned)
    if abandoned:
        log.warning(
            "Queued %(count)s batch(es) again: their worker is gone or late", {"count": len(abandoned)}
        )
    return len(abandoned)
