"""Storing what came in: each message once, in exactly one batch, in one short transaction."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q

from batches import ingest_sql as sql
from batches.closing import close_due
from batches.inbound.base import InboundSms
from batches.ingest_sql import Arrival, Joined
from batches.models import Channel, Message
from batches.phones import normalise

log = logging.getLogger(__name__)

ACTOR = "web"


@dataclass(frozen=True)
class Ingested:
    """What became of a delivery's messages."""

    stored: int
    duplicates: int


class _Duplicates(Exception):
    """Some of the messages are stored already: the transaction is undone, and tried without them."""


def ingest(channel: Channel, messages: Sequence[InboundSms]) -> Ingested:
    """Store `messages` and link each to its sender's open batch; a repeated GUID is counted and ignored.

    All or nothing: when it returns, everything is committed; when it raises, nothing is stored.
    """
    arrivals: dict[str, Arrival] = {}
    for sms in messages:
        _log_received(sms)
        arrival = Arrival(sms, normalise(sms.sender_raw, channel.number_region))
        arrivals.setdefault(sms.provider_message_id, arrival)
    new = _store_new(channel, arrivals)
    _ignore_repeats(channel, messages, new)
    return Ingested(stored=len(new), duplicates=len(messages) - len(new))


def _store_new(channel: Channel, arrivals: Mapping[str, Arrival]) -> Mapping[str, Arrival]:
    """Store those whose GUID is new and give them back. Most deliveries repeat nothing, so nothing is asked first."""
    while arrivals:
        try:
            joined = _store(channel, list(arrivals.values()))
        except _Duplicates:
            known = Message.objects.filter(channel=channel, provider_message_id__in=arrivals)
            stored = set(known.values_list("provider_message_id", flat=True))
            arrivals = {guid: arrival for guid, arrival in arrivals.items() if guid not in stored}
        else:
            _log_joined(channel, joined, arrivals.values())
            break
    return arrivals


@transaction.atomic
def _store(channel: Channel, arrivals: Sequence[Arrival]) -> dict[str, Joined]:
    joined = sql.join_batches(channel, arrivals)
    if expired := [arrival for arrival in arrivals if arrival.sender.address not in joined]:
        over = Q(channel=channel, sender__in={arrival.sender.address for arrival in expired})
        while close_due(ACTOR, over):
            pass
        joined |= sql.join_batches(channel, expired)
    if sql.insert_messages(channel, arrivals, joined) < len(arrivals):
        raise _Duplicates
    sql.insert_events(arrivals, joined, ACTOR)
    return joined


def _ignore_repeats(channel: Channel, messages: Sequence[InboundSms], new: Mapping[str, Arrival]) -> None:
    repeats: Counter[str] = Counter()
    for sms in messages:
        repeats[sms.provider_message_id] += 1
        if repeats[sms.provider_message_id] > 1 or sms.provider_message_id not in new:
            _log_duplicate(channel, sms)
    repeats.subtract(list(new))
    for times in set(repeats.values()) - {0}:
        guids = [guid for guid, count in repeats.items() if count == times]
        rows = Message.objects.filter(channel=channel, provider_message_id__in=guids)
        rows.update(repeats=F("repeats") + times)


def _log_received(sms: InboundSms) -> None:
    log.info(
        'SMS RECEIVED | From: %(sender)s | GUID: %(guid)s | Text: "%(text)s"',
        {"sender": sms.sender_raw, "guid": sms.provider_message_id, "text": sms.text},
    )


def _log_duplicate(channel: Channel, sms: InboundSms) -> None:
    sender = normalise(sms.sender_raw, channel.number_region)
    log.info(
        "DUPLICATE IGNORED | GUID: %(guid)s | From: %(sender)s",
        {"guid": sms.provider_message_id, "sender": sender.address},
    )


def _log_joined(channel: Channel, joined: Mapping[str, Joined], arrivals: Iterable[Arrival]) -> None:
    for arrival, batch, position in sql.numbered(arrivals, joined):
        fields = {"sender": arrival.sender.address, "count": position, "batch": batch.batch_id}
        if position == 1:
            log.info(
                "CONSOLIDATION STARTED | From: %(sender)s | Message 1 buffered, waiting %(window)ss for more...",
                fields | {"window": channel.window},
            )
        else:
            log.info(
                "CONSOLIDATION UPDATE | From: %(sender)s | Message %(count)s buffered, total messages: %(count)s",
                fields,
            )
