"""A batch's story for people: messages, events, verdicts, replies and calls as one list in order of time.

Most rows have an event that was written in the same transaction. Each such pair becomes one entry: the event says
who did it and when, the row says what. A row without an event (or an event without a row) stands alone, for then
something went wrong that is worth seeing: a call whose outcome came after somebody had given it up, for example.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.urls import reverse

from batches import texts
from batches.choices import EventKind, Outcome
from batches.models import Batch, BatchEvent, Message
from batches.split_parts import goes_on
from batches.templatetags.times import moment, span
from classification import naming
from classification.models import Classification
from replies import costs
from replies.models import AttemptOutcome, Reply, ReplyAttempt, ReplyKind, ReplyStatus
from replies.segments import in_words
from replies.template_rows import told

MAX_MESSAGES = 500  # shown on one page; the list of messages has them all

Key = tuple[Any, ...]
Facts = tuple[tuple[str, Any], ...]

# Material Symbols' names, and unfold's names of colours ("": plain).
LOOKS: dict[str, tuple[str, str]] = {
    EventKind.OPENED: ("play_circle", ""),
    EventKind.MESSAGE_ADDED: ("sms", "info"),
    EventKind.FLAGGED: ("flag", "warning"),
    EventKind.COMMAND: ("record_voice_over", "warning"),
    EventKind.CLOSED: ("timer", ""),
    EventKind.CLAIMED: ("engineering", ""),
    EventKind.CLASSIFIED: ("psychology", "primary"),
    EventKind.REPLY_CREATED: ("edit_note", "primary"),
    EventKind.REPLY_SUPPRESSED: ("speaker_notes_off", ""),
    EventKind.REPLY_WITHDRAWN: ("undo", "warning"),
    EventKind.REPLY_SENDING: ("outgoing_mail", ""),
    EventKind.REPLY_SENT: ("mark_email_read", "success"),
    EventKind.REPLY_REFUSED: ("unsubscribe", "danger"),
    EventKind.REPLY_UNKNOWN: ("help", "warning"),
    EventKind.REPLY_POSTPONED: ("schedule_send", "warning"),
    EventKind.REPLY_REQUEUED: ("forward_to_inbox", "warning"),
    EventKind.COMPLETED: ("check_circle", ""),
    EventKind.FAILED: ("error", "danger"),
    EventKind.REQUEUED: ("replay", "warning"),
    EventKind.OUTCOME_CORRECTED: ("published_with_changes", "warning"),
    EventKind.CONFIRMED: ("thumb_up", "success"),
    EventKind.CORRECTED: ("rate_review", "warning"),
    EventKind.REOPENED: ("forward_to_inbox", "warning"),
    EventKind.CARRIED_OVER: ("move_group", "info"),
    EventKind.CHANGED_MIND: ("swap_horiz", "warning"),
    EventKind.TAKEN_OVER: ("person_raised_hand", "warning"),
    EventKind.GIVEN_BACK: ("smart_toy", ""),
    EventKind.WINDOW_CHANGED: ("width", "info"),
    EventKind.WINDOW_SHADOW: ("width", ""),
}
ATTEMPT_ENDS = {
    AttemptOutcome.ACCEPTED: EventKind.REPLY_SENT,
    AttemptOutcome.REFUSED: EventKind.REPLY_REFUSED,
    AttemptOutcome.UNKNOWN: EventKind.REPLY_UNKNOWN,
}
REFERENCES = ("classification", "reply_id", "attempt")
# Other batches that an event names, and times in it.
BATCHES = ("from_batch", "answered_batch")
TIMES = ("until", "would_end_at")
TOLD_ELSEWHERE = {*REFERENCES, *BATCHES, "messages", "count"}


@dataclass(frozen=True)
class Entry:
    """One line of the story. `text` is what somebody wrote, `code` is JSON for those who want to know why.

    `other` is a batch that it is about, too.
    """

    key: Key
    at: datetime
    kind: str
    actor: str = ""
    text: str | None = None
    facts: Facts = ()
    code: str = ""
    link: str = ""
    other: int | None = None
    after: timedelta = timedelta()

    @property
    def title(self) -> str:
        return EventKind(self.kind).label

    @property
    def icon(self) -> str:
        return LOOKS[self.kind][0]

    @property
    def tone(self) -> str:
        return LOOKS[self.kind][1]


def timeline(batch: Batch) -> list[Entry]:
    """All that happened to `batch`, the oldest first; of its messages the first MAX_MESSAGES.

    Five queries, and three for each batch that was carried over.
    """
    events = list(batch.events.all())
    rows = {entry.key: entry for entry in _rows(batch)}
    steps = [event for event in events if event.kind != EventKind.MESSAGE_ADDED]
    told = [_told(event, batch, rows.pop(_event_key(event), None)) for event in steps]
    # Stable: what happened at once keeps this order, so a batch is opened before its first message.
    entries = sorted([*told, *rows.values(), *_messages(batch, events)], key=lambda entry: entry.at)
    return [replace(entry, after=entry.at - batch.opened_at) for entry in entries]


def _messages(batch: Batch, events: Iterable[BatchEvent]) -> Iterator[Entry]:
    """One entry for each message: its row, with who took it in; of one that is stored no more, its GUID."""
    messages = list(batch.messages.all()[:MAX_MESSAGES])
    rows = {row.provider_message_id: row for row in messages}
    parts = {one.pk for one, following in pairwise(messages) if goes_on(one, following)}
    for event in events:
        for guid in event.data.get("messages", []):
            if message := rows.pop(guid, None):
                entry = _message(message, batch, event.actor, waited=event.at - message.received_at)
                yield _as_part(entry) if message.pk in parts else entry
            elif batch.message_count <= MAX_MESSAGES:
                key, facts = (event.kind, guid), (("GUID", guid), ("Text", "no longer stored"))
                yield Entry(key, event.at, EventKind.MESSAGE_ADDED, event.actor, facts=facts)
    for message in rows.values():
        yield _message(message, batch)


def _as_part(entry: Entry) -> Entry:
    """The entry of a message that is read together with the next one."""
    return replace(
        entry, facts=(*entry.facts, ("Read as", "one text with the next message, a long SMS in parts"))
    )


def _rows(batch: Batch) -> Iterator[Entry]:
    for classification in batch.classifications.all():
        yield _classification(classification)
    for reply in batch.replies.order_by("id").select_related("template_version").prefetch_related("attempts"):
        yield _reply(reply)
        for attempt in reply.attempts.all():
            yield from _attempt(attempt)


def _key(kind: str, **references: Any) -> Key:
    return (str(kind), *(references.get(name) for name in REFERENCES))


def _event_key(event: BatchEvent) -> Key:
    return _key(event.kind, **{name: event.data.get(name) for name in REFERENCES})


def _told(event: BatchEvent, batch: Batch, row: Entry | None) -> Entry:
    """The event with what its row knows; the event's own data where the row does not say it."""
    if row:
        return replace(row, at=event.at, actor=event.actor)
    return Entry(
        _event_key(event),
        event.at,
        event.kind,
        event.actor,
        text=_carried_text(event),
        facts=_event_facts(event.data),
        other=_other_batch(event, batch),
    )


def _other_batch(event: BatchEvent, batch: Batch) -> int | None:
    """The batch that the event is about, too."""
    if event.data.get("outcome") == Outcome.SUPERSEDED:
        return batch.successor_id
    return next((event.data[name] for name in BATCHES if name in event.data), None)


def _carried_text(event: BatchEvent) -> str | None:
    """What the batch that was carried over says, the oldest text first."""
    if event.kind != EventKind.CARRIED_OVER:
        return None
    earlier = Batch.objects.filter(id=event.data["from_batch"]).first()
    return "\n".join(message.text for message in texts.whole(earlier)) if earlier else None


def _event_facts(data: Mapping[str, Any]) -> Facts:
    shown = {name: value for name, value in data.items() if name not in TOLD_ELSEWHERE}
    if "outcome" in shown:
        shown["outcome"] = dict(Outcome.choices).get(shown["outcome"], shown["outcome"])
    for name in TIMES:
        if name in shown:
            shown[name] = f"{moment(datetime.fromisoformat(shown[name]))} UTC"
    return _facts((name.replace("_", " ").capitalize(), value) for name, value in shown.items())


def _message(message: Message, batch: Batch, actor: str = "", waited: timedelta = timedelta()) -> Entry:
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
        facts=_facts(facts),
        link=reverse("admin:batches_message_change", args=[message.pk]),
    )


def _classification(row: Classification) -> Entry:
    tokens = f"{row.input_tokens or 0} in, {row.output_tokens or 0} out"
    facts = [
        ("Label", naming.name_of(row.label)),
        ("Matters", "; ".join(naming.told(row.matters)) if len(row.matters) > 1 else ""),
        ("Engine", row.engine or "none could decide"),
        ("Model", row.model),
        ("Confidence", "" if row.confidence is None else f"{row.confidence:.2f}"),
        ("Latency", f"{row.latency_ms} ms" if row.engine else ""),
        ("Tokens", "" if row.input_tokens is None and row.output_tokens is None else tokens),
        ("Fallback reason", row.fallback_reason),
        ("Error", row.error if row.error != row.fallback_reason else ""),
    ]
    why = {"trace": row.trace, "attempts": row.attempts}
    return Entry(
        _key(EventKind.CLASSIFIED, classification=row.pk),
        row.created_at,
        EventKind.CLASSIFIED,
        facts=_facts(facts),
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
        _key(kind, reply_id=reply.pk),
        reply.created_at,
        kind,
        text=reply.body,
        facts=_facts([("To", reply.to), ("Segments", in_words(reply.segments, reply.body)), *facts]),
        link=reverse("admin:replies_reply_change", args=[reply.pk]),
    )


def _attempt(attempt: ReplyAttempt) -> Iterator[Entry]:
    """The call's beginning and, when there was one, its end."""
    which = {"reply_id": attempt.reply_id, "attempt": attempt.number}
    number = ("Attempt", attempt.number)
    begun = EventKind.REPLY_SENDING
    yield Entry(_key(begun, **which), attempt.started_at, begun, facts=(number,))
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
        yield Entry(_key(end, **which), attempt.finished_at, end, facts=_facts(facts))


def _facts(facts: Iterable[tuple[str, Any]]) -> Facts:
    """Those that say something."""
    return tuple((name, value) for name, value in facts if value not in ("", None))
