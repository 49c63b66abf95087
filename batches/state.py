"""The only writer of Batch.status: which moves there are, and how one is won."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from batches.choices import BatchStatus, EventKind, Outcome
from batches.clock import Now
from batches.models import Batch, BatchEvent
from batches.querysets import BatchQuerySet

MOVES = {
    (BatchStatus.OPEN, BatchStatus.CLOSED),
    (BatchStatus.CLOSED, BatchStatus.CLOSED),  # nobody picked it up: queued again
    (BatchStatus.CLOSED, BatchStatus.PROCESSING),
    (BatchStatus.PROCESSING, BatchStatus.CLOSED),  # whoever worked on it is gone: queued again
    (BatchStatus.PROCESSING, BatchStatus.COMPLETED),
    (BatchStatus.PROCESSING, BatchStatus.FAILED),
    (BatchStatus.FAILED, BatchStatus.CLOSED),  # an operator's reprocess
    (BatchStatus.COMPLETED, BatchStatus.CLOSED),  # the same, where a reply was refused or may not have left
}
# How long a queued batch may wait (seconds) before the reaper queues it once more.
DISPATCH_GRACE = timedelta(seconds=20)


class IllegalMove(ValueError):
    """There is no such transition: a fault in the program, never a lost race."""


def advance(
    batch_id: int,
    source: BatchStatus,
    target: BatchStatus,
    *,
    event: EventKind,
    actor: str,
    where: Q | None = None,
    data: Mapping[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """Move one batch and write the event, in one transaction; say whether we were the one who moved it.

    `where` narrows the condition (a claim, a lease that has run out). Raises IllegalMove.
    """
    _check(source, target)
    with transaction.atomic(savepoint=False):
        won = Batch.objects.filter(where or Q(), id=batch_id, status=source).update(status=target, **fields)
        if won:
            note([batch_id], event, actor, data)
    return won == 1


def queue_all(
    rows: BatchQuerySet, source: BatchStatus, *, event: EventKind, actor: str, limit: int, **fields: Any
) -> list[Batch]:
    """Move up to `limit` of `rows` from `source` to CLOSED and give them back. Needs a transaction around it.

    Rows that somebody else holds are left out: whoever holds them acts, or the next pass meets them.
    """
    _check(source, BatchStatus.CLOSED)
    locked = rows.filter(status=source).select_for_update(skip_locked=True, of=("self",))
    batches = list(locked.order_by("closes_at")[:limit])
    ids = [batch.id for batch in batches]
    if ids:
        Batch.objects.filter(id__in=ids).update(
            status=BatchStatus.CLOSED, claim=None, lease_until=Now() + DISPATCH_GRACE, **fields
        )
        note(ids, event, actor)
    return batches


def claim(batch_id: int, token: UUID, lease: timedelta, actor: str) -> bool:
    """Take a closed batch for `lease`; of several who try, one gets it."""
    return advance(
        batch_id,
        BatchStatus.CLOSED,
        BatchStatus.PROCESSING,
        event=EventKind.CLAIMED,
        actor=actor,
        claim=token,
        lease_until=Now() + lease,
        attempts=F("attempts") + 1,
    )


def complete(batch_id: int, token: UUID, *, outcome: Outcome, reason: str, actor: str) -> bool:
    """Settle a batch that we hold; False when it has been taken from us."""
    return _settle(batch_id, token, BatchStatus.COMPLETED, EventKind.COMPLETED, outcome, reason, actor)


def fail(batch_id: int, token: UUID, *, outcome: Outcome, reason: str, actor: str) -> bool:
    """Settle a batch that cannot be processed; an operator can have it tried again."""
    return _settle(batch_id, token, BatchStatus.FAILED, EventKind.FAILED, outcome, reason, actor)


def _settle(
    batch_id: int,
    token: UUID,
    target: BatchStatus,
    event: EventKind,
    outcome: Outcome,
    reason: str,
    actor: str,
) -> bool:
    return advance(
        batch_id,
        BatchStatus.PROCESSING,
        target,
        event=event,
        actor=actor,
        where=Q(claim=token),
        data={"outcome": outcome, "reason": reason},
        outcome=outcome,
        reason=reason,
        completed_at=Now(),
        claim=None,
        lease_until=None,
    )


def set_label(batch_id: int, token: UUID, label: str) -> bool:
    """Write the verdict on a batch that we still hold; False when it has been taken from us."""
    held = Batch.objects.filter(id=batch_id, status=BatchStatus.PROCESSING, claim=token)
    return held.update(label=label) == 1


def note(
    batch_ids: Iterable[int], kind: EventKind | str, actor: str, data: Mapping[str, Any] | None = None
) -> None:
    """Write one event for each batch, in the caller's transaction. The database's clock dates it."""
    BatchEvent.objects.bulk_create(
        BatchEvent(batch_id=batch_id, at=Now(), kind=kind, actor=actor, data=dict(data or {}))
        for batch_id in batch_ids
    )


def note_all(batch_id: int, actor: str, entries: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write several events of one batch, in order, in the caller's transaction."""
    BatchEvent.objects.bulk_create(
        BatchEvent(batch_id=batch_id, at=Now(), kind=kind, actor=actor, data=dict(data))
        for kind, data in entries
    )


def _check(source: BatchStatus, target: BatchStatus) -> None:
    if (source, target) not in MOVES:
        raise IllegalMove(f"a batch cannot go from {source} to {target}")
