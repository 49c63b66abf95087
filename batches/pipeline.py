"""What happens to a closed batch: classify once, reply once, settle. The one file that names both neighbours.

Every step is committed before the next begins, so whoever takes the batch over finds how far it came: a label means
that it is classified, a live reply means that one was written, and the reply's own status whether it may have left.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from batches import state
from batches.choices import EventKind, Outcome
from batches.models import Batch, Message
from classification import services as classification
from classification.labels import Label
from replies import services as replies
from replies.models import Reply, ReplyStatus

log = logging.getLogger(__name__)

OUTCOMES = {
    ReplyStatus.SENT: Outcome.REPLIED,
    ReplyStatus.DELIVERED: Outcome.REPLIED,
    ReplyStatus.UNDELIVERED: Outcome.REPLIED,
    ReplyStatus.REFUSED: Outcome.REFUSED,
    ReplyStatus.UNKNOWN: Outcome.UNKNOWN,
    ReplyStatus.SUPPRESSED: Outcome.SUPPRESSED,
}


class LeaseLost(Exception):
    """Somebody else has taken the batch over; whatever we were about to write is theirs to write."""


@dataclass(frozen=True)
class Work:
    """A batch in our hands."""

    batch: Batch
    messages: list[Message]
    token: UUID
    actor: str

    @property
    def fields(self) -> dict[str, Any]:
        """What every log line of the batch tells. `sender` is as the phone wrote it."""
        return {"sender": self.messages[0].sender_raw, "count": len(self.messages), "batch": self.batch.id}

    @property
    def record(self) -> Callable[[str, Mapping[str, Any]], None]:
        """How the reply's steps get into the batch's history."""
        return lambda kind, data: state.note([self.batch.id], kind, self.actor, data)


def process(batch_id: int, actor: str) -> None:
    """Take a closed batch through to its end; does nothing when it is not ours to take.

    What goes wrong on the way is logged and leaves the batch to the sweep, which queues it again when the lease has
    run out; after BATCH_MAX_ATTEMPTS it fails, visibly.
    """
    token = uuid4()
    if not state.claim(batch_id, token, timedelta(seconds=settings.BATCH_LEASE_SECONDS), actor):
        return
    batch = Batch.objects.select_related("channel").get(id=batch_id)
    work = Work(batch, list(batch.messages.all()), token, actor)
    try:
        _run(work)
    except LeaseLost:
        log.warning("Batch %(batch)s was taken over while it was being processed", {"batch": batch_id})
    except Exception as error:
        log.exception(
            "PROCESSING FAILED | From: %(sender)s | Error: %(error)s", work.fields | {"error": repr(error)}
        )
        if batch.attempts >= settings.BATCH_MAX_ATTEMPTS:
            _fail(work, Outcome.ERROR, f"gave up after {batch.attempts} attempts: {error!r}")


def _run(work: Work) -> None:
    if work.batch.attempts == 1:
        _log_received(work)
    reply = _resume(work) or _classify(work)
    if reply.status in (ReplyStatus.PENDING, ReplyStatus.SENDING):
        reply = replies.send_once(reply.id, record=work.record)
        _log_reply(work, reply)
    if reply.status != ReplyStatus.SENDING:  # else another process is at it, and its lease decides
        _settle(work, reply)


def _resume(work: Work) -> Reply | None:
    """The reply that an earlier attempt wrote with the verdict; None while there is no verdict."""
    return work.batch.replies.latest("id") if work.batch.label else None


def _classify(work: Work) -> Reply:
    """One verdict, outside any transaction; then verdict, label and reply in one."""
    decision = classification.classify([message.text for message in work.messages])
    with transaction.atomic():
        if not state.set_label(work.batch.id, work.token, decision.label):
            raise LeaseLost
        row = classification.record(work.batch.id, decision)
        work.record(
            EventKind.CLASSIFIED,
            {"label": decision.label, "engine": decision.engine, "classification": row.id},
        )
        reply = replies.prepare(
            batch_id=work.batch.id,
            to=work.batch.sender,
            label=decision.label,
            sender_kind=work.batch.sender_kind,
            enabled=work.batch.channel.replies_enabled,
            record=work.record,
        )
    work.batch.label = decision.label
    _log_classified(work, decision)
    return reply


def _settle(work: Work, reply: Reply) -> None:
    if work.batch.label == Label.UNDECIDED:
        _fail(work, Outcome.UNDECIDED, "no engine could decide; the classification says why")
        return
    disabled = reply.reason == "auto_reply_disabled"
    outcome = Outcome.DISABLED if disabled else OUTCOMES[ReplyStatus(reply.status)]
    _finish(work, state.complete, outcome, reply.error)
    log.info(
        "BATCH PROCESSING COMPLETE | From: %(sender)s | Result: %(result)s | Messages: %(count)s",
        work.fields | {"result": _verdict(work.batch.label), "outcome": str(outcome)},
    )


def _fail(work: Work, outcome: Outcome, reason: str) -> None:
    _finish(work, state.fail, outcome, reason)
    log.error("PROCESSING FAILED | From: %(sender)s | Error: %(error)s", work.fields | {"error": reason})


def _finish(work: Work, move: Callable[..., bool], outcome: Outcome, reason: str) -> None:
    if not move(work.batch.id, work.token, outcome=outcome, reason=reason, actor=work.actor):
        raise LeaseLost


def _verdict(label: str) -> str:
    """The contract's word: whatever is not agreement prints as NOT AGREE."""
    return "AGREE" if label == Label.AGREE else "NOT AGREE"


def _log_received(work: Work) -> None:
    log.info("BATCH RECEIVED | From: %(sender)s | Count: %(count)s", work.fields)
    for number, message in enumerate(work.messages, start=1):
        log.info(
            '  └─ Message %(number_in_batch)s/%(count)s | GUID: %(guid)s | Text: "%(text)s"',
            work.fields
            | {"number_in_batch": number, "guid": message.provider_message_id, "text": message.text},
        )


def _log_classified(work: Work, decision: classification.Decision) -> None:
    if decision.label == Label.UNDECIDED:
        return  # an outage is not an answer; settling logs the failure
    mark = "✓" if decision.label == Label.AGREE else "✗"
    log.info(
        "CONSOLIDATED CLASSIFICATION %(mark)s %(result)s | From: %(sender)s | Method: %(method)s | Messages: %(count)s",
        work.fields
        | {
            "mark": mark,
            "result": _verdict(decision.label),
            "label": str(decision.label),
            "method": classification.method_name(decision.engine),
        },
    )


def _log_reply(work: Work, reply: Reply) -> None:
    fields = work.fields | {"to": reply.to, "body": reply.body, "error": reply.error, "status": reply.status}
    if reply.status == ReplyStatus.SENT:
        log.info('AUTO-REPLY SENT (batch) | To: %(to)s | Messages: %(count)s | "%(body)s"', fields)
    elif reply.status in (ReplyStatus.REFUSED, ReplyStatus.UNKNOWN):
        log.error("AUTO-REPLY FAILED (batch) | To: %(to)s | Error: %(error)s", fields)
