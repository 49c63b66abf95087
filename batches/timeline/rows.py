"""What the rows tell: messages, verdicts, replies and calls."""

import json
from collections.abc import Iterator
from datetime import timedelta

from django.urls import reverse

from batches.choices import EventKind
from batches.models import Batch, Message
from batches.templatetags.times import moment, span
from batches.timeline.entry import Entry, key_of, telling
from classification import explaining, naming
from classification.models import Classification
from replies import costs
from replies.models import AttemptOutcome, Reply, ReplyAttempt, ReplyKind, ReplyStatus
from replies.segments import in_words
from replies.template_rows import told

ATTEMPT_ENDS = {
    AttemptOutcome.ACCEPTED: EventKind.REPLY_SENT,
    AttemptOutcome.REFUSED: EventKind.REPLY_REFUSED,
    AttemptOutcome.UNKNOWN: EventKind.REPLY_UNKNOWN,
}


def row_entries(batch: Batch) -> Iterator[Entry]:
    """Of everything but the messages."""
    for classification in batch.classifications.all():
        yield _classification(classification)
    for reply in batch.replies.order_by("id").select_related("template_version").prefetch_related("attempts"):
        yield _reply(reply)
        for attempt in reply.attempts.all():
            yield from _attempt(attempt)


def message_entry(message: Message, batch: Batch, actor: str = "", waited: timedelta = timedelta()) -> Entry:
    """A message as it came; `waited` is how long it lay in the spool."""
    facts = [
        ("GUID", message.provider_message_id),
        ("Sender as written", message.sender_raw if message.sender_raw != batch.sender else ""),
        (
            "Sent, says the provider",
            f"{moment(message.sent_at)} UTC" if message.sent_at else message.sent_at_raw,
        ),
        ("Waited for the database", span(waited) if waited else ""),
        ("Repeats ignored", message.repeats or ""),
    ]
    return Entry(
        (EventKind.MESSAGE_ADDED, message.pk),
        message.received_at,
        EventKind.MESSAGE_ADDED,
        actor,
        text=message.text,
        facts=telling(facts),
        link=reverse("admin:batches_message_change", args=[message.pk]),
    )


def _classification(row: Classification) -> Entry:
    tokens = f"{row.input_tokens or 0} in, {row.output_tokens or 0} out"
    facts = [
        ("Label", naming.name_of(row.label)),
        ("Review", row.get_review_display() if row.review else ""),
        ("Marker", explaining.marker(row)),
        ("Matters", "; ".join(naming.told(row.matters)) if len(row.matters) > 1 else ""),
        ("Engine", row.engine or "none could decide"),
        (f"{row.engine.capitalize()} said", naming.name_of(explaining.overruled(row))),
        (f"{row.other_engine.capitalize()} said", naming.name_of(row.other_label)),
        ("Model", row.model),
        ("Confidence", "" if row.confidence is None else f"{row.confidence:.2f}"),
        ("Latency", f"{row.latency_ms} ms" if row.engine else ""),
        ("Tokens", "" if row.input_tokens is None and row.output_tokens is None else tokens),
        ("Cost", explaining.cost(row)),
        ("Question", row.question),
        ("Fallback reason", row.fallback_reason),
        ("Error", row.error if row.error != row.fallback_reason else ""),
    ]
    why = {"trace": row.trace, "attempts": row.attempts}
    return Entry(
        key_of(EventKind.CLASSIFIED, classification=row.pk),
        row.created_at,
        EventKind.CLASSIFIED,
        facts=telling(facts),
        code=json.dumps(why, ensure_ascii=False, indent=2),
    )


def _reply(reply: Reply) -> Entry:
    suppressed = reply.status == ReplyStatus.SUPPRESSED
    kind = EventKind.REPLY_SUPPRESSED if suppressed else EventKind.REPLY_CREATED
    facts = [("Why", reply.error), ("Reason", reply.reason)] if suppressed else [("Provider", reply.provider)]
    if reply.template_version:
        facts.append(("Template", told(reply.template_version)))
    if reply.made_gsm_safe:
        facts.append(("Made GSM-safe", "characters were replaced"))
    facts.append(("Cost", costs.in_words(costs.billed(reply))))
    if reply.kind != ReplyKind.AUTOMATIC:
        facts.append(("Kind", reply.get_kind_display()))
    return Entry(
        key_of(kind, reply_id=reply.pk),
        reply.created_at,
        kind,
        text=reply.body,
        facts=telling([("To", reply.to), ("Segments", in_words(reply.segments, reply.body)), *facts]),
        link=reverse("admin:replies_reply_change", args=[reply.pk]),
    )


def _attempt(attempt: ReplyAttempt) -> Iterator[Entry]:
    """The call's beginning and, when there was one, its end."""
    which = {"reply_id": attempt.reply_id, "attempt": attempt.number}
    number = ("Attempt", attempt.number)
    begun = EventKind.REPLY_SENDING
    yield Entry(key_of(begun, **which), attempt.started_at, begun, facts=(number,))
    end = ATTEMPT_ENDS.get(AttemptOutcome(attempt.outcome))
    if end and attempt.finished_at:
        facts = [
            number,
            ("Took", span(attempt.finished_at - attempt.started_at)),
            ("HTTP status", attempt.http_status),
            ("Provider's id", attempt.provider_message_id),
            ("Error", attempt.error),
            ("Provider's answer", attempt.response),
        ]
        yield Entry(key_of(end, **which), attempt.finished_at, end, facts=telling(facts))
