"""A closed batch in a worker's hands, and how it gets there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings

from batches import history, texts
from batches.choices import BatchStatus, Outcome
from batches.models import Batch, Channel, Message
from classification import rows
from replies.addressee import ANYBODY, Addressee

# Written out for the reason that classification.rows gives. What few conversations need is asked with what all need.
_UNSETTLED = f"'{BatchStatus.CLOSED}', '{BatchStatus.PROCESSING}'"
_ANSWERED = f"'{Outcome.REPLIED}', '{Outcome.UNKNOWN}'"
_BATCH = f"""
SELECT {{columns}}, closes_at < {{long_ago}} AS is_stale,
    EXISTS (SELECT 1 FROM batches_batch before WHERE before.sender = batches_batch.sender
        AND before.channel_id = batches_batch.channel_id AND before.id < batches_batch.id
        AND before.status IN ({_UNSETTLED})) AS has_unsettled_before,
    (SELECT max(before.id) FROM batches_batch before WHERE before.sender = batches_batch.sender
        AND before.channel_id = batches_batch.channel_id AND before.id < batches_batch.id
        AND before.outcome IN ({_ANSWERED}) AND before.command = ''
        AND before.completed_at > {{lately}}) AS answered_before,
    known.name AS sender_name, known.language AS sender_language, known.no_auto_replies, known.is_vip
FROM batches_batch LEFT JOIN batches_senderpreference known ON known.number = batches_batch.sender
WHERE batches_batch.id = %s
"""  # noqa: S608 - fixed names only  # nosec B608
_CHANNEL = "SELECT {columns} FROM batches_channel WHERE id = %s"
_MESSAGES = (
    "SELECT id, provider_message_id, sender_raw, text, received_at FROM batches_message WHERE batch_id = %s"
    " ORDER BY received_at, id"
)


class LeaseLost(Exception):
    """Somebody else has taken the batch over; whatever we were about to write is theirs to write."""


@dataclass(frozen=True)
class Work:
    """A batch in our hands. `carried` are the messages of earlier batches that are answered with it."""

    batch: Batch
    messages: list[Message]
    token: UUID
    actor: str
    addressee: Addressee = ANYBODY
    carried: list[Message] = field(default_factory=list)

    @property
    def fields(self) -> dict[str, Any]:
        """What every log line of the batch tells. `sender` is as the phone wrote it."""
        count = len(self.carried) + len(self.messages)
        return {"sender": self.messages[0].sender_raw, "count": count, "batch": self.batch.id}

    @property
    def texts(self) -> list[str]:
        """What there is to understand."""
        return texts.to_understand(self.batch, [*self.carried, *self.messages])

    @property
    def record(self) -> Callable[[str, Mapping[str, Any]], None]:
        """How the reply's steps get into the batch's history."""
        return lambda kind, data: history.note([self.batch.id], kind, self.actor, data)


def load(batch_id: int, token: UUID, actor: str) -> Work:
    """What the claimed batch holds."""
    long_ago = rows.now(-settings.STALE_AFTER)
    statement = _BATCH.format(columns=rows.columns(Batch), long_ago=long_ago, lately=_lately())
    batch: Any = Batch.objects.raw(statement, [batch_id])[0]
    whose = _CHANNEL.format(columns=rows.columns(Channel))
    batch.channel = Channel.objects.raw(whose, [batch.channel_id])[0]
    messages = list(Message.objects.raw(_MESSAGES, [batch_id]))
    batch.is_stale = batch.is_stale or _waited_in_the_spool(batch, messages[0])
    return Work(batch, messages, token, actor, _addressee(batch), texts.carried(batch))


def _addressee(row: Any) -> Addressee:
    """What the batch's row brought along of its sender's preferences."""
    known = (row.sender_name or "", row.sender_language or "")
    return Addressee(*known, no_auto_replies=bool(row.no_auto_replies), is_vip=bool(row.is_vip))


def _lately() -> rows.Sql:
    """Since when an answer must have left for the batch to be a follow-up to it."""
    return rows.shifted("batches_batch.opened_at", -settings.FOLLOW_UP_WITHIN)


def _waited_in_the_spool(batch: Batch, first: Message) -> bool:
    """Whether its first text came in so long before it could be stored that the conversation was old by then."""
    return (batch.opened_at - first.received_at).total_seconds() > settings.STALE_AFTER
