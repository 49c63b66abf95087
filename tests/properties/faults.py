"""Programs with one fault each, to see that the properties would notice it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from batches.choices import BatchStatus, EventKind
from batches.inbound.base import InboundSms
from batches.ingest import Ingested, ingest
from batches.models import Batch, BatchEvent, Channel, Message
from batches.pipeline import process
from replies import standing
from replies.case import ALLOWED
from replies.models import Reply, ReplyStatus


def _forgets_one(channel: Channel, messages: list[InboundSms]) -> Ingested:
    guids = {sms.provider_message_id for sms in messages}
    known = Message.objects.filter(provider_message_id__in=guids).count()
    ingest(channel, [sms for sms in messages if sms.provider_message_id != min(guids)])
    return Ingested(len(guids) - known, len(messages) - len(guids) + known)


def _counts_twice(channel: Channel, messages: list[InboundSms]) -> Ingested:
    result = ingest(channel, messages)
    Batch.objects.filter(messages__provider_message_id=messages[0].provider_message_id).update(
        message_count=99
    )
    return result


def _moves_in_silence(batch_id: int, actor: str) -> None:
    process(batch_id, actor)
    Batch.objects.filter(id=batch_id, status=BatchStatus.COMPLETED).update(status=BatchStatus.FAILED)


def _sends_blindly(batch_id: int, actor: str) -> None:
    """A worker that takes an interrupted call for one that was refused, and writes it down so."""
    left = {"batch_id": batch_id, "batch__status": BatchStatus.CLOSED}  # and in nobody's hands
    for reply in Reply.objects.filter(status=ReplyStatus.SENDING, **left):
        data = {"reply_id": reply.id, "was": "refused"}
        told = [
            BatchEvent(batch_id=batch_id, at=reply.created_at, kind=kind, actor=actor, data=data)
            for kind in (EventKind.REPLY_REFUSED, EventKind.REPLY_REQUEUED)
        ]
        with transaction.atomic():  # nobody else may find it half done: that would be another fault
            Reply.objects.filter(id=reply.id).update(status=ReplyStatus.PENDING)
            BatchEvent.objects.bulk_create(told)
    process(batch_id, actor)


def _forgets_consent(batch_id: int, actor: str) -> None:
    """A worker that looks at nobody's consent."""
    real = standing._standing
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "_standing", lambda found: replace(real(found), opted_out=False))
        process(batch_id, actor)


def _looks_at_nothing_later(batch_id: int, actor: str) -> None:
    """A worker that does not look whether the sender has written on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("batches.superseding.give_way", lambda *_: ALLOWED)
        process(batch_id, actor)


# What is broken: the function in its place, and the check that must find it.
FAULTS: dict[str, tuple[str, Callable[..., Any], str]] = {
    "a message is acknowledged and not stored": ("ingest", _forgets_one, "acknowledged_messages_are_stored"),
    "a count is wrong": ("ingest", _counts_twice, "check_messages"),
    "a batch moves without an event": ("process", _moves_in_silence, "check_batches"),
    "consent is not asked": ("process", _forgets_consent, "check_consent"),
    "nobody sees that the sender wrote on": ("process", _looks_at_nothing_later, "check_moved_on"),
    "an interrupted send is repeated": ("process", _sends_blindly, "nobody_hears_twice"),
    "nobody looks for what was dropped": ("reap", lambda: 0, "_settle"),
}
