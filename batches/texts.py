"""What there is to understand of a batch: its sender's words, in order, as one conversation."""

from collections.abc import Sequence

from batches import keywords, split_parts
from batches.choices import Command
from batches.models import Batch, Message
from replies.models import Consent, ConsentSource


def whole(batch: Batch) -> list[Message]:
    """The messages that are answered with this batch: those carried over from earlier ones, then its own."""
    return [*carried(batch), *batch.messages.all()]


def carried(batch: Batch) -> list[Message]:
    """The messages of earlier batches that this one answers, too. No query where there are none."""
    if not batch.carry_overs:
        return []
    return list(Message.objects.filter(batch__in=predecessors(batch)).order_by("received_at", "id"))


def predecessors(batch: Batch) -> list[int]:
    """The batches whose texts were carried over to this one, theirs included, the oldest first."""
    found, nearest = list[int](), [batch.pk]
    while nearest and len(found) < batch.carry_overs:
        nearest = list(Batch.objects.filter(successor__in=nearest).values_list("id", flat=True))
        found += nearest
    return sorted(found)


def to_understand(batch: Batch, messages: Sequence[Message]) -> list[str]:
    """The texts of `messages`: all that was written, or all but the commands where there is one to answer."""
    if batch.command:
        words, channel_id, flagged = keywords.live(), batch.channel_id, _flagged(batch)
        messages = [
            message
            for message in messages
            if message.pk not in flagged and not words.command(channel_id, message.text)
        ]
    return split_parts.joined(messages)


def _flagged(batch: Batch) -> set[int]:
    """The batch's messages that may be commands without being keywords of ours: its provider took them for that."""
    if batch.command == Command.HELP:  # there is nothing else in it: see commands.py
        return set(batch.messages.values_list("id", flat=True))
    said = Consent.objects.filter(message__batch=batch, source=ConsentSource.PROVIDER)
    return set(said.order_by().values_list("message_id", flat=True))
