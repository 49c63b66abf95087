"""Following what was posted in the database, until every batch is settled or its time is over."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Max
from django.utils import timezone

from batches.choices import SETTLED
from batches.models import Batch, Message
from replies.models import ReplyStatus

POLL = 0.2  # seconds
CHUNK = 500  # ids in one query
T = TypeVar("T")


@dataclass(frozen=True)
class Followed:
    """What became of one batch. `seconds` is from its first message to the end, None while it has none."""

    batch: int
    sender: str
    messages: int
    status: str
    label: str
    engine: str
    outcome: str
    reason: str
    reply: str
    reply_status: str
    seconds: float | None

    @property
    def settled(self) -> bool:
        return self.seconds is not None


def batches_of(channel: str, guids: Sequence[str]) -> tuple[list[int], list[str]]:
    """The batches that hold these messages of a channel, oldest first, and the GUIDs of which there is no message.

    `channel` is its slug.
    """
    found: dict[str, int] = {}
    for part in _chunks(sorted(set(guids))):
        rows = Message.objects.filter(channel__slug=channel, provider_message_id__in=part)
        found |= dict(rows.values_list("provider_message_id", "batch_id"))
    return sorted(set(found.values())), [guid for guid in guids if guid not in found]


def wait(batch_ids: Sequence[int], seconds: float, progress: Callable[[int], None]) -> None:
    """Return when all are settled, or `seconds` after the last window's end. `progress` gets how many are."""
    deadline = time.monotonic() + _until_last_window_ends(batch_ids) + seconds
    while True:
        settled = sum(
            Batch.objects.filter(status__in=SETTLED, id__in=part).count() for part in _chunks(batch_ids)
        )
        progress(settled)
        if settled == len(batch_ids) or time.monotonic() >= deadline:
            return
        time.sleep(POLL)


def _until_last_window_ends(batch_ids: Sequence[int]) -> float:
    """Seconds; 0 when it is over."""
    ends = [
        Batch.objects.filter(id__in=part).aggregate(end=Max("closes_at"))["end"]
        for part in _chunks(batch_ids)
    ]
    now = timezone.now()
    return max(0.0, (max(ends, default=now) - now).total_seconds())


def outcomes(batch_ids: Sequence[int]) -> list[Followed]:
    """How the batches stand, in the order given."""
    return [_followed(batch) for part in _chunks(batch_ids) for batch in _in_full(part)]


def _in_full(batch_ids: Sequence[int]) -> Iterator[Batch]:
    rows = Batch.objects.filter(id__in=batch_ids).order_by("id")
    return iter(rows.prefetch_related("messages", "classifications", "replies"))


def _followed(batch: Batch) -> Followed:
    messages = list(batch.messages.all())
    # Both are ordered newest first.
    verdict = next(iter(batch.classifications.all()), None)
    reply = next(iter(batch.replies.all()), None)
    end = batch.completed_at
    return Followed(
        batch=batch.id,
        sender=batch.sender,
        messages=len(messages),
        status=batch.status,
        label=batch.label,
        engine=verdict.engine if verdict else "",
        outcome=batch.outcome,
        reason=batch.reason,
        reply=reply.body if reply and reply.status != ReplyStatus.SUPPRESSED else "",
        reply_status=reply.status if reply else "",
        seconds=(end - messages[0].received_at).total_seconds() if end else None,
    )


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
