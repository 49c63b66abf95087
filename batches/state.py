"""The only writer of Batch.status: which moves there are, and how one is won."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from batches import history
from batches.choices import BatchStatus, EventKind, Outcome
from batches.clock import Now
from batches.models import Batch, BatchEvent
from batches.querysets import BatchQuerySet
from batches.standing import Standing, standing_columns
from classification import rows

MOVES = {
    (BatchStatus.OPEN, BatchStatus.CLOSED),
    (BatchStatus.CLOSED, BatchStatus.CLOSED),  # nobody picked it up: queued again
    (BatchStatus.CLOSED, BatchStatus.PROCESSING),
    (BatchStatus.PROCESSING, BatchStatus.CLOSED),  # whoever worked on it is gone, or its reply has to wait
    (BatchStatus.PROCESSING, BatchStatus.COMPLETED),
    (BatchStatus.CLOSED, BatchStatus.COMPLETED),  # a later batch of its sender answers it, too
    (BatchStatus.PROCESSING, BatchStatus.FAILED),
    (BatchStatus.FAILED, BatchStatus.CLOSED),  # an operator's reprocess
    (
        BatchStatus.COMPLETED,
        BatchStatus.CLOSED,
    ),  # the same, where a reply did not leave; or another one follows
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
    held: UUID | None = None,
    data: Mapping[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """Move one batch and write the event, in one transaction; say whether we were the one who moved it.

    With `held` it must be claimed by that token. Raises IllegalMove.
    """
    _check(source, target)
    where = {"id": batch_id, "status": source} | ({"claim": held} if held else {})
    moved = rows.Update(Batch, where, {"status": target, **fields})
    return rows.write(moved, rows.Insert(BatchEvent, history.event(batch_id, event, actor, data)))


def queue_all(
    which: BatchQuerySet, source: BatchStatus, *, event: EventKind, actor: str, limit: int, **fields: Any
) -> list[Batch]:
    """Move the first `limit` of `which` from `source` to CLOSED and give them back. Needs a transaction around it.

    Rows that somebody else holds are left out: whoever holds them acts, or the next pass meets them.
    """
    _check(source, BatchStatus.CLOSED)
    locked = which.filter(status=source).select_for_update(skip_locked=True, of=("self",))
    batches = list(locked[:limit])
    ids = [batch.id for batch in batches]
    if ids:
        Batch.objects.filter(id__in=ids).update(
            status=BatchStatus.CLOSED,
            claim=None,
            lease_until=Now() + DISPATCH_GRACE,
            postponed=False,
            **fields,
        )
        history.note(ids, event, actor)
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
        lease_until=rows.now(lease.total_seconds()),
        attempts=rows.Sql("attempts + 1"),
    )


def complete(batch_id: int, token: UUID, *, outcome: Outcome, reason: str, actor: str) -> bool:
    """Settle a batch that we hold; False when it has been taken from us."""
    return _settle(batch_id, BatchStatus.COMPLETED, outcome, reason, actor, held=token)


def fail(batch_id: int, token: UUID, *, outcome: Outcome, reason: str, actor: str) -> bool:
    """Settle a batch that cannot be processed; an operator can have it tried again."""
    return _settle(batch_id, BatchStatus.FAILED, outcome, reason, actor, held=token)


def supersede(batch_id: int, source: BatchStatus, reason: str, actor: str) -> bool:
    """Settle a batch that its successor answers, whoever holds it; False when it is not in `source` any more."""
    return _settle(batch_id, BatchStatus.COMPLETED, Outcome.SUPERSEDED, reason, actor, source=source)


def carry_over(batch: Batch, successor_id: int, actor: str) -> bool:
    """Link a batch to the one that answers it, in the caller's transaction; False when it had been linked before."""
    unlinked = {"id": batch.id, "successor": rows.Sql("IS NULL")}
    if not rows.update(Batch, unlinked, successor=successor_id):
        return False
    more = rows.Sql(f"carry_overs + {batch.carry_overs + 1:d}")
    rows.update(Batch, {"id": successor_id}, carry_overs=more)
    data = {"from_batch": batch.id, "count": batch.message_count}
    history.note([successor_id], EventKind.CARRIED_OVER, actor, data)
    return True


def _settle(
    batch_id: int,
    target: BatchStatus,
    outcome: Outcome,
    reason: str,
    actor: str,
    *,
    source: BatchStatus = BatchStatus.PROCESSING,
    held: UUID | None = None,
) -> bool:
    return advance(
        batch_id,
        source,
        target,
        event=EventKind.FAILED if target == BatchStatus.FAILED else EventKind.COMPLETED,
        actor=actor,
        held=held,
        data={"outcome": outcome, "reason": reason},
        outcome=outcome,
        reason=reason,
        completed_at=rows.now(),
        claim=None,
        lease_until=None,
        postponed=False,
    )


def move_window(batch: Batch, to: datetime, *, planned: datetime, why: str, actor: str) -> bool:
    """Let an open batch's window end at another time; False when it is over, or a message has joined meanwhile."""
    where = {
        "id": batch.id,
        "status": BatchStatus.OPEN,
        "message_count": batch.message_count,
        "closes_at": rows.Sql(f"> {rows.now()}"),
    }
    moved = rows.Update(Batch, where, {"closes_at": to, "window_ends_at": planned})
    data = {"against_plan_seconds": round((to - planned).total_seconds(), 3), "why": why}
    return rows.write(
        moved, rows.Insert(BatchEvent, history.event(batch.id, EventKind.WINDOW_CHANGED, actor, data))
    )


def postpone(
    batch_id: int, token: UUID, wait: float, *, data: Mapping[str, Any] | None = None, actor: str
) -> bool:
    """Put a batch that we hold aside for `wait` seconds; False when it has been taken from us.

    Then the reaper queues it again. The attempts begin anew: this one did all that it could.
    """
    return advance(
        batch_id,
        BatchStatus.PROCESSING,
        BatchStatus.CLOSED,
        event=EventKind.REPLY_POSTPONED,
        actor=actor,
        held=token,
        data=data,
        claim=None,
        lease_until=rows.now(wait),
        postponed=True,
        attempts=0,
    )


def reopen(batch_id: int, actor: str) -> bool:
    """Put a settled batch back to the queue's end, for a reply that was written after it; False when it moved on.

    The caller writes that reply and queues the batch in the same transaction.
    """
    return advance(
        batch_id,
        BatchStatus.COMPLETED,
        BatchStatus.CLOSED,
        event=EventKind.REOPENED,
        actor=actor,
        outcome=Outcome.NONE,
        reason="",
        completed_at=None,
        lease_until=rows.now(DISPATCH_GRACE.total_seconds()),
        attempts=0,
    )


def correct(batch_id: int, outcome: Outcome, reason: str, actor: str) -> bool:
    """Write what became known after all of a batch that was settled as unknown; False when it is none."""
    settled = {"id": batch_id, "status": BatchStatus.COMPLETED, "outcome": Outcome.UNKNOWN}
    known = {"outcome": outcome, "reason": reason}
    event = history.event(batch_id, EventKind.OUTCOME_CORRECTED, actor, known)
    return rows.write(rows.Update(Batch, settled, known), rows.Insert(BatchEvent, event))


def set_label(batch_id: int, token: UUID, label: str) -> Standing | None:
    """Write the verdict on a batch that we still hold; None when it has been taken from us.

    Gives how the conversation stands, so that this costs no question of its own.
    """
    held = {"id": batch_id, "status": BatchStatus.PROCESSING, "claim": token}
    found = rows.update_returning(Batch, held, standing_columns(), label=label)
    return Standing(*found[0]) if found else None


def _check(source: BatchStatus, target: BatchStatus) -> None:
    if (source, target) not in MOVES:
        raise IllegalMove(f"a batch cannot go from {source} to {target}")
