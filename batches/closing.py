"""When a window is over: the batch is closed and queued, in one transaction."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from batches.choices import BatchStatus, Command, EventKind
from batches.clock import Now
from batches.models import Batch
from batches.querysets import BatchQuerySet
from batches.queue import backlog, enqueue
from batches.state import DISPATCH_GRACE, queue_all

log = logging.getLogger(__name__)

SWEEP = "sweep"  # who did it, where nobody else says so
CHUNK = 50  # batches in one transaction: short enough that no webhook waits long for a row
# How long after it was queued a batch may be queued again while others wait: as tasks are missing, and at all.
LATE, VERY_LATE = 2 * DISPATCH_GRACE, timedelta(hours=1)
# How many times a batch's lease no lease can be: machines are given another BATCH_LEASE_SECONDS one after the other.
IMPOSSIBLE = 5


def close_due(actor: str = SWEEP, which: Q | None = None) -> int:
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


def close_for(command: Command, batch_ids: Sequence[int], actor: str) -> None:
    """Close open batches for what they command, and queue them, in the caller's transaction."""
    _close(batch_ids, actor, command=command)


def close_now(batch_ids: Sequence[int], actor: str) -> None:
    """Close those of these batches that are still open, without waiting for their windows, and queue them."""
    with transaction.atomic():
        closed = _close(batch_ids, actor)
        transaction.on_commit(lambda: _log_closed(closed))


def _close(batch_ids: Sequence[int], actor: str, **changes: Any) -> list[Batch]:
    closed = queue_all(
        Batch.objects.filter(id__in=batch_ids),
        BatchStatus.OPEN,
        event=EventKind.CLOSED,
        actor=actor,
        limit=len(batch_ids),
        closed_at=Now(),
        **changes,
    )
    enqueue([batch.id for batch in closed])
    return closed


def _log_closed(batches: list[Batch]) -> None:
    for batch in batches:
        log.info(
            "CONSOLIDATION TIMEOUT | From: %(sender)s | Processing %(count)s buffered message(s)",
            {"sender": batch.sender, "count": batch.message_count, "batch": batch.id},
        )


def reap() -> int:
    """Queue again what nobody picked up or finished in time, up to CHUNK of each kind; say how many they were."""
    if not Batch.objects.abandoned().exists():  # a plain read: on SQLite, writers need not wait for it
        return 0
    work_lists = _work_lists()
    with transaction.atomic():
        reaped = [batch.id for work in work_lists for batch in _requeue(*work)]
        enqueue(reaped)
    if reaped:
        log.warning("Queued %(count)s batch(es) again: their worker is gone or late", {"count": len(reaped)})
    return len(reaped)


def end_impossible_leases() -> int:
    """End the leases that no clock of now has given, so that reap() meets their batches; say how many they were.

    They are from before the clock was set back, and would hold their batches until that time comes again. Whoever does
    work on one loses it, as to any reaper. One that was postponed may wait as long as it must.
    """
    given_today = Now() + timedelta(seconds=IMPOSSIBLE * settings.BATCH_LEASE_SECONDS)
    held = Batch.objects.filter(status__in=[BatchStatus.CLOSED, BatchStatus.PROCESSING], postponed=False)
    ended = held.filter(lease_until__gt=given_today).update(lease_until=Now())
    if ended:
        log.warning("The clock was set back: %(count)s batch(es) were held until later", {"count": ended})
    return ended


def _work_lists() -> list[tuple[BatchQuerySet, BatchStatus, int]]:
    """What may have been lost, and how much of it at most. One that was postponed is in no queue.

    Nothing while the broker is away: it would be lost again, each time with an event that tells nobody anything.
    """
    lost = Batch.objects.abandoned()
    expected = Batch.objects.filter(status=BatchStatus.CLOSED, postponed=False).count()
    waiting = backlog()  # after the batches: what is queued in between is not missing
    if waiting is None:
        return []
    return [
        (lost, BatchStatus.PROCESSING, CHUNK),
        (lost.filter(postponed=True), BatchStatus.CLOSED, CHUNK),
        _without_task(lost.filter(postponed=False), expected, waiting),
    ]


def _without_task(
    closed: BatchQuerySet, expected: int, waiting: int
) -> tuple[BatchQuerySet, BatchStatus, int]:
    """While tasks wait, a batch has most likely just not had its turn: only as many are missing as there are too few.

    Each is a second task where it was not lost but in somebody's hands, and then stands for what is there at any
    time. A task too many hides a lost one: hence the longest wait.
    """
    if not waiting:
        return closed, BatchStatus.CLOSED, CHUNK
    missing = expected - waiting
    wait, limit = (LATE, min(CHUNK, missing)) if missing > 0 else (VERY_LATE, CHUNK)
    return closed.filter(lease_until__lt=Now() - wait + DISPATCH_GRACE), BatchStatus.CLOSED, limit


def _requeue(rows: BatchQuerySet, source: BatchStatus, limit: int) -> list[Batch]:
    return queue_all(rows, source, event=EventKind.REQUEUED, actor=SWEEP, limit=limit)
