"""What the rows say, whoever has written them, and what must be true of it at any time."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import F
from django_q.models import OrmQ

from batches.choices import BatchStatus, Command, EventKind, Outcome
from batches.models import Batch, BatchEvent, Channel, Keyword, Lease, Message, ShippedKeyword
from batches.state import MOVES
from batches.superseding import MOST
from classification.append_only import AppendOnly
from classification.models import Activation, Category, Ceiling, LexiconEntry, Price, Rule, RuleSet
from replies.models import Reply, ReplyKind, ReplyStatus

APPS = ("batches", "replies", "classification")
# What a migration has written, and no conversation changes.
KEPT = {
    *(Channel, Lease, Keyword, ShippedKeyword),
    *(Activation, Category, Ceiling, LexiconEntry, Price, Rule, RuleSet),
}
OPEN, CLOSED, PROCESSING = BatchStatus.OPEN, BatchStatus.CLOSED, BatchStatus.PROCESSING

# Where an event leaves its batch; None: where it was.
BATCH_STORY: dict[EventKind, BatchStatus | None] = {
    EventKind.OPENED: OPEN,
    EventKind.MESSAGE_ADDED: None,
    EventKind.COMMAND: None,
    EventKind.CLOSED: CLOSED,
    EventKind.CLAIMED: PROCESSING,
    EventKind.REQUEUED: CLOSED,
    EventKind.COMPLETED: BatchStatus.COMPLETED,
    EventKind.FAILED: BatchStatus.FAILED,
    EventKind.CLASSIFIED: None,
    EventKind.REPLY_POSTPONED: CLOSED,
    EventKind.OUTCOME_CORRECTED: None,
    EventKind.CONFIRMED: None,
    EventKind.CORRECTED: None,
    EventKind.REOPENED: CLOSED,
    EventKind.CARRIED_OVER: None,
    EventKind.CHANGED_MIND: None,
    EventKind.WINDOW_CHANGED: None,
}
# The same for its live reply: from where, to where.
REPLY_STORY: dict[EventKind, tuple[set[ReplyStatus | None], ReplyStatus]] = {
    EventKind.REPLY_CREATED: ({None}, ReplyStatus.PENDING),
    EventKind.REPLY_SENDING: ({ReplyStatus.PENDING, ReplyStatus.REFUSED}, ReplyStatus.SENDING),
    EventKind.REPLY_SENT: ({ReplyStatus.SENDING, ReplyStatus.UNKNOWN}, ReplyStatus.SENT),
    # "Refused for now" leaves the row pending, until it is tried again or is too old.
    EventKind.REPLY_REFUSED: (
        {ReplyStatus.SENDING, ReplyStatus.UNKNOWN, ReplyStatus.PENDING, ReplyStatus.REFUSED},
        ReplyStatus.REFUSED,
    ),
    # Also one that waits to be sent again and is not, for it is too old or its receiver has opted out.
    EventKind.REPLY_UNKNOWN: (
        {ReplyStatus.SENDING, ReplyStatus.UNKNOWN, ReplyStatus.PENDING, ReplyStatus.REFUSED},
        ReplyStatus.UNKNOWN,
    ),
    EventKind.REPLY_REQUEUED: ({ReplyStatus.REFUSED, ReplyStatus.UNKNOWN}, ReplyStatus.PENDING),
    # "Refused for now" again.
    EventKind.REPLY_WITHDRAWN: ({ReplyStatus.PENDING, ReplyStatus.REFUSED}, ReplyStatus.SUPPRESSED),
}
STANDS_APART = {
    EventKind.REPLY_SUPPRESSED,
    EventKind.FLAGGED,
}  # makes a reply that is not live; moves nothing


def _models() -> list[type[models.Model]]:
    return [model for app in APPS for model in apps.get_app_config(app).get_models() if model not in KEPT]


def empty() -> None:
    """An empty database, but for what every installation begins with."""
    tables = [model._meta.db_table for model in (*_models(), OrmQ)]
    flush = connection.ops.sql_flush(no_style(), tables, reset_sequences=False, allow_cascade=False)
    connection.ops.execute_sql_flush(flush)


def pass_time(seconds: int) -> None:
    """So much time has passed: every time in every row lies that much further back."""
    for model in _models():
        if issubclass(model, AppendOnly):
            continue
        times = [field.name for field in model._meta.fields if isinstance(field, models.DateTimeField)]
        if times:
            model._default_manager.update(**{name: F(name) - timedelta(seconds=seconds) for name in times})


def tasks() -> list[OrmQ]:
    """What waits in the queue, oldest first."""
    return list(OrmQ.objects.order_by("id"))


@dataclass(frozen=True)
class Rows:
    """What all checks look at, read once for all of them: they follow each step of each life."""

    messages: list[Message]
    batches: dict[int, Batch]
    events: list[BatchEvent]  # in the order in which they were written
    replies: dict[int, Reply]

    def told(self, kinds: Collection[str]) -> list[BatchEvent]:
        """The events of these kinds."""
        return [event for event in self.events if event.kind in kinds]


def read() -> Rows:
    """The rows as they are now."""
    return Rows(
        list(Message.objects.order_by("id")),
        {batch.id: batch for batch in Batch.objects.order_by("id")},
        list(BatchEvent.objects.order_by("id")),
        {reply.id: reply for reply in Reply.objects.order_by("id")},
    )


def check_messages(rows: Rows) -> None:
    """Each message is in one batch, its sender's, within the window; and the counts are right."""
    members: dict[int, list[str]] = defaultdict(list)
    for message in rows.messages:
        batch = rows.batches[message.batch_id]
        members[batch.id].append(message.provider_message_id)
        assert message.sender == batch.sender
        assert batch.opened_at <= message.received_at < batch.closes_at
    told: dict[int, list[str]] = defaultdict(list)
    for event in rows.told({EventKind.OPENED, EventKind.MESSAGE_ADDED}):
        told[event.batch_id] += event.data["messages"]
    assert {batch_id: sorted(guids) for batch_id, guids in members.items()} == {
        batch_id: sorted(guids) for batch_id, guids in told.items()
    }
    counts = {batch.id: batch.message_count for batch in rows.batches.values()}
    assert counts == {batch_id: len(guids) for batch_id, guids in members.items()}


def check_batches(rows: Rows) -> None:
    """The events tell how each batch came to its status, by legal moves only."""
    stories = defaultdict(list)
    for event in rows.events:
        stories[event.batch_id].append(EventKind(event.kind))
    for batch in rows.batches.values():
        status: Any = None
        for kind in stories[batch.id]:
            assert kind in {*BATCH_STORY, *REPLY_STORY, *STANDS_APART}, f"teach rows.py the event {kind}"
            after = BATCH_STORY.get(kind)
            assert after is None or (status is None and after == OPEN) or (status, after) in MOVES, (
                kind,
                stories,
            )
            status = after or status
        assert batch.status == status, stories[batch.id]
    busy = Counter(batch.sender for batch in rows.batches.values() if batch.status == OPEN)
    assert not [sender for sender, batches in busy.items() if batches > 1]


def check_replies(rows: Rows) -> None:
    """No batch has two live replies, and the events tell how each came to its status."""
    stories: dict[int, Any] = {}
    for event in rows.told(REPLY_STORY):
        before, after = REPLY_STORY[EventKind(event.kind)]
        assert stories.get(event.data["reply_id"]) in before, (event.kind, stories)
        stories[event.data["reply_id"]] = after
    live = [reply for reply in rows.replies.values() if reply.status != ReplyStatus.SUPPRESSED]
    ended = {reply_id for reply_id, status in stories.items() if status == ReplyStatus.SUPPRESSED}
    assert {reply.id for reply in live} == set(stories) - ended
    for reply in live:
        waits = reply.status == ReplyStatus.PENDING and stories[reply.id] == ReplyStatus.REFUSED
        assert waits or reply.status == stories[reply.id], stories
    assert max(Counter(reply.batch_id for reply in live).values(), default=0) <= 1


def check_moved_on(rows: Rows) -> None:
    """Whatever was superseded is answered by one later batch, and no reply was begun past a batch nobody had begun."""
    batches = rows.batches
    carried = Counter[int]()
    for batch in batches.values():
        assert (batch.outcome == Outcome.SUPERSEDED) == (batch.successor_id is not None), batch
        if batch.successor_id:
            successor = batches[batch.successor_id]
            assert batch.id < successor.id
            assert (batch.channel_id, batch.sender) == (successor.channel_id, successor.sender)
            carried[successor.id] += batch.carry_overs + 1
    assert carried == Counter(
        {batch.id: batch.carry_overs for batch in batches.values() if batch.carry_overs}
    )
    assert max(carried.values(), default=0) <= MOST
    first: dict[tuple[int, str], int] = {}
    for event in rows.events:
        first.setdefault((event.batch_id, event.kind), event.id)
    for batch_id in {reply.batch_id for reply in rows.replies.values() if reply.kind == ReplyKind.AUTOMATIC}:
        begun = first.get((batch_id, EventKind.REPLY_SENDING))
        for later in batches.values():
            if begun and _could_answer(batches[batch_id], later):
                opened = first[later.id, EventKind.OPENED]
                ends = (EventKind.CLAIMED, EventKind.COMPLETED)  # or never claimed: a later one took it along
                taken = min(first.get((later.id, kind), begun + 1) for kind in ends)
                assert not opened < begun < taken, f"{later} was there when the reply to {batch_id} was begun"


def _could_answer(batch: Batch, later: Batch) -> bool:
    same = (batch.channel_id, batch.sender) == (later.channel_id, later.sender)
    room = batch.carry_overs + later.carry_overs < MOST
    return later.id > batch.id and same and room and not later.command


def check_consent(rows: Rows) -> None:
    """No ordinary reply is begun for a number that has opted out."""
    out = set[str]()
    for event in rows.told({EventKind.COMMAND, EventKind.REPLY_SENDING}):
        sender, command = rows.batches[event.batch_id].sender, event.data.get("command")
        if command == Command.STOP.label:
            out.add(sender)
        elif command == Command.START.label:
            out.discard(sender)
        elif command is None and rows.replies[event.data["reply_id"]].kind == ReplyKind.AUTOMATIC:
            assert sender not in out, f"{sender} has opted out, and is sent a reply"
