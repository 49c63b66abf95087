"""The lines about a batch that operators search their logs for: their words are fixed."""

import logging
from collections.abc import Sequence

from batches.choices import Outcome
from batches.models import Batch, Message
from batches.work import Work
from classification import services as classification
from classification.labels import Label, Meaning
from classification.rulesets.live import live
from replies.models import Reply, ReplyStatus

_log = logging.getLogger(__name__)


def _verdict(label: str) -> str:
    """The contract's word: whatever does not count as agreement prints as NOT AGREE."""
    return "AGREE" if live().counts_as(label) == Meaning.AGREE else "NOT AGREE"


def received(batch_id: int, messages: Sequence[Message]) -> None:
    """A batch's own messages, each once, whatever is carried over: so the counts add up to what came in."""
    fields = {"sender": messages[0].sender_raw, "count": len(messages), "batch": batch_id}
    _log.info("BATCH RECEIVED | From: %(sender)s | Count: %(count)s", fields)
    for number, message in enumerate(messages, start=1):
        _log.info(
            '  └─ Message %(number_in_batch)s/%(count)s | GUID: %(guid)s | Text: "%(text)s"',
            fields | {"number_in_batch": number, "guid": message.provider_message_id, "text": message.text},
        )


def gathered(work: Work, earlier: Batch) -> None:
    """An earlier batch that nobody had begun, and that is answered with this one."""
    own = [message for message in work.carried if message.batch_id == earlier.pk]
    received(earlier.pk, own)
    superseded(own[0].sender_raw, earlier.pk, work.batch.id, len(own))


def carried_over(work: Work) -> None:
    """How many earlier messages are classified and answered with the batch's own."""
    if work.carried:
        _log.info(
            "BATCH CARRIES EARLIER TEXTS | From: %(sender)s | Batch: %(batch)s | Messages: %(carried)s",
            work.fields | {"carried": len(work.carried)},
        )


def classified(work: Work, decision: classification.Decision) -> None:
    """The verdict on all texts, those carried over included."""
    if decision.label == Label.UNDECIDED:
        return  # an outage is not an answer; settling logs the failure
    result = _verdict(decision.label)
    _log.info(
        "CONSOLIDATED CLASSIFICATION %(mark)s %(result)s | From: %(sender)s | Method: %(method)s | Messages: %(count)s",
        work.fields
        | {
            "mark": "✓" if result == "AGREE" else "✗",
            "result": result,
            "label": str(decision.label),
            "method": classification.method_name(decision.engine),
        },
    )


def replied(work: Work, reply: Reply) -> None:
    """What became of the reply, or that its turn comes later."""
    fields = work.fields | {"to": reply.to, "body": reply.body, "error": reply.error, "status": reply.status}
    if reply.status == ReplyStatus.SENT:
        _log.info('AUTO-REPLY SENT (batch) | To: %(to)s | Messages: %(count)s | "%(body)s"', fields)
    elif reply.status in (ReplyStatus.REFUSED, ReplyStatus.UNKNOWN):
        _log.error("AUTO-REPLY FAILED (batch) | To: %(to)s | Error: %(error)s", fields)
    elif reply.status == ReplyStatus.PENDING:
        wait = {"seconds": round(reply.retry_in or 0)}
        _log.warning(
            "AUTO-REPLY POSTPONED (batch) | To: %(to)s | Next try in: %(seconds)ss | Error: %(error)s",
            fields | wait,
        )


def settled(work: Work) -> None:
    """How the batch ended. One that a later one answers is not called complete: that one will be."""
    if work.batch.outcome == Outcome.UNDECIDED:
        _log.error(
            "PROCESSING FAILED | From: %(sender)s | Error: %(error)s",
            work.fields | {"error": work.batch.reason},
        )
        return
    if work.batch.outcome == Outcome.SUPERSEDED:
        superseded(work.messages[0].sender_raw, work.batch.id, work.batch.successor_id, len(work.messages))
        return
    _log.info(
        "BATCH PROCESSING COMPLETE | From: %(sender)s | Result: %(result)s | Messages: %(count)s",
        work.fields | {"result": _verdict(work.batch.label), "outcome": work.batch.outcome},
    )


def superseded(sender: str, batch_id: int, successor_id: int | None, count: int) -> None:
    """A batch whose texts a later one answers."""
    _log.info(
        "BATCH SUPERSEDED | From: %(sender)s | Batch: %(batch)s | Answered with: %(successor)s | Messages: %(count)s",
        {"sender": sender, "batch": batch_id, "successor": successor_id, "count": count},
    )
