"""What an operator can do about a stuck batch; the command and the admin both come here.

Safe beside a running cluster: every step is a transition that one of several who try wins, and the work itself is
only queued. A reply that may have left stays as it is unless the operator says otherwise for this very batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from batches import history, state
from batches.choices import BatchStatus, EventKind, Outcome
from batches.closing import close_due
from batches.models import Batch
from batches.querysets import BatchQuerySet
from batches.queue import enqueue
from batches.terms import terms_of
from classification.labels import Label
from replies import services as replies

CLOSED, REQUEUED, RESENT, SKIPPED = "closed", "requeued", "resent", "skipped"


@dataclass(frozen=True)
class Result:
    """What was done about one batch, and why not more. `status` is how the batch was found."""

    batch_id: int
    status: str
    action: str
    detail: str


def reprocess(
    batch_ids: Sequence[int],
    *,
    actor: str,
    which: BatchQuerySet | None = None,
    resend_unknown: bool = False,
    dry_run: bool = False,
) -> list[Result]:
    """Close, queue again or send again, whatever each batch needs; `dry_run` only says what that would be.

    A reply that the provider refused is sent again; one that is unknown only with `resend_unknown`, for its sender
    may get a second text. Ids that do not exist are reported as skipped, and so is what is not, or no longer, `which`.
    """
    rows = Batch.objects.all() if which is None else which
    found = rows.select_related("channel").in_bulk(batch_ids)
    others = Batch.objects.in_bulk(set(batch_ids) - set(found))
    return [
        _one(found[batch_id], actor, resend_unknown, dry_run)
        if batch_id in found
        else _left_out(batch_id, others.get(batch_id))
        for batch_id in batch_ids
    ]


def _left_out(batch_id: int, batch: Batch | None) -> Result:
    if batch is None:
        return Result(batch_id, "", SKIPPED, "there is no such batch")
    return Result(batch_id, batch.status, SKIPPED, "its status or age is not what was asked for")


def needs(batch: Batch, *, resend_unknown: bool = False) -> tuple[str, str]:
    """The action that this batch's state allows, and what it means for people."""
    if batch.purged_at:
        return SKIPPED, "its texts were purged"
    return _needs(batch, resend_unknown)


def _needs(batch: Batch, resend_unknown: bool) -> tuple[str, str]:
    if batch.status == BatchStatus.OPEN:
        return (CLOSED, "its window is over") if batch.is_overdue else (SKIPPED, "its window is not over yet")
    if batch.status == BatchStatus.CLOSED:
        return REQUEUED, "it waits for a worker"
    if batch.status == BatchStatus.PROCESSING:
        return (REQUEUED, "its worker is gone") if batch.is_abandoned else (SKIPPED, "a worker is at it")
    if batch.status == BatchStatus.FAILED:
        return REQUEUED, f"it failed: {batch.reason}"
    if batch.outcome == Outcome.REFUSED:
        return RESENT, f"the provider refused the reply: {batch.reason}"
    if batch.outcome == Outcome.HELD:
        return RESENT, "its reply was held for a person"
    if batch.outcome == Outcome.SUPERSEDED:
        return SKIPPED, f"its texts are answered with batch {batch.successor_id}: process that one"
    if batch.outcome == Outcome.UNKNOWN and resend_unknown:
        return RESENT, "the reply may have been sent; it is sent again because you said so"
    if batch.outcome == Outcome.UNKNOWN:
        return SKIPPED, "the reply may have been sent; it is sent again only when you say so for this batch"
    return SKIPPED, f"settled: {batch.get_outcome_display()}"


def _one(batch: Batch, actor: str, resend_unknown: bool, dry_run: bool) -> Result:
    action, detail = needs(batch, resend_unknown=resend_unknown)
    if action == RESENT and (problem := _why_not_resent(batch)):
        action, detail = SKIPPED, problem
    if action != SKIPPED and not dry_run and not _act(batch, action, actor):
        action, detail = SKIPPED, "somebody else was faster"
    return Result(batch.id, batch.status, action, detail)


def _act(batch: Batch, action: str, actor: str) -> bool:
    if action == CLOSED:
        return close_due(actor, Q(id=batch.id)) == 1
    with transaction.atomic():
        done = (action != RESENT or _resend(batch, actor)) and _queue(batch, actor)
        transaction.set_rollback(
            not done
        )  # both or neither: a reply to be sent again needs its batch in the queue
    return done


def _why_not_resent(batch: Batch) -> str:
    return replies.why_not_resent(batch.replies.latest("id"), terms_of(batch.channel))


def _resend(batch: Batch, actor: str) -> bool:
    return replies.resend(
        batch.replies.latest("id").id,
        terms=terms_of(batch.channel),
        record=lambda kind, data: history.note([batch.id], kind, actor, data),
    )


def _queue(batch: Batch, actor: str) -> bool:
    """Back to the queue, as it was found; a verdict that nobody gave is asked for again."""
    source = BatchStatus(batch.status)
    rows = Batch.objects.abandoned() if source == BatchStatus.PROCESSING else Batch.objects.all()
    queued = state.queue_all(
        rows.filter(id=batch.id, purged_at=None),
        source,
        event=EventKind.REQUEUED,
        actor=actor,
        limit=1,
        **_UNSETTLED,
    )
    enqueue([one.id for one in queued])
    return bool(queued)


_UNSETTLED: dict[str, Any] = {
    "outcome": Outcome.NONE,
    "reason": "",
    "completed_at": None,
    "attempts": 0,
    # in the database, because the row may have moved on since it was read
    "label": Case(When(label=Label.UNDECIDED, then=Value("")), default=F("label")),
}
