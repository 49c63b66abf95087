"""Storing what came in: each message once, in exactly one batch, in one short transaction."""

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from django.db import Error, IntegrityError, connection, transaction
from django.db.models import F, Q

from batches import deadline, keywords, limits
from batches import ingest_sql as sql
from batches.closing import close_due, close_now
from batches.commands import obey
from batches.group_commit import GroupCommit
from batches.inbound.base import InboundSms
from batches.ingest_sql import Arrival, Joined
from batches.models import Channel, Message
from batches.phones import normalise
from classification.outage import connection_lost

log = logging.getLogger(__name__)

ACTOR = "web"
GROUP_SIZE = 500  # messages in one transaction, unless one delivery alone has more

ATTEMPTS = 5  # of one write, while others store the same GUIDs or windows run out under it
RECONNECT_SECONDS = 1.0  # a connection that fails later than that did not die while it was idle

Arrivals = Mapping[str, Arrival]  # by GUID


@dataclass(frozen=True)
class Ingested:
    """What became of a delivery's messages; `spooled` ones are stored as soon as the database is back."""

    stored: int
    duplicates: int
    spooled: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stored message went: its batch, and its number in it from 1."""

    batch: Joined
    number: int


@dataclass(frozen=True)
class Delivery:
    """One request's messages; of those that share a GUID, the first."""

    channel: Channel
    arrivals: Arrivals

    def __len__(self) -> int:
        return len(self.arrivals)


def ingest(channel: Channel, messages: Sequence[InboundSms]) -> Ingested:
    """Store `messages` and link each to its sender's open batch; a repeated GUID is counted and ignored.

    All or nothing: when it returns, everything is committed; when it raises, nothing is stored.
    """
    arrivals: dict[str, Arrival] = {}
    commands = keywords.live()
    for sms in messages:
        _log_received(sms)
        sender = normalise(sms.sender_raw, channel.number_region)
        arrival = Arrival(sms, sender, sms.command or commands.command(channel.id, sms.text))
        arrivals.setdefault(sms.provider_message_id, arrival)
    places = _writer(channel.id).submit(Delivery(channel, arrivals)) if arrivals else {}
    _log_joined(arrivals, places)
    limits.watch(channel, _added(arrivals, places), ACTOR)
    _close_at_once({place.batch.batch_id for place in places.values() if place.batch.at_once})
    if len(places) < len(messages):
        try:
            _ignore_repeats(channel, messages, places)
        except Error:  # the messages are stored and that must be the answer: only their count is lost
            log.exception("The repeats of a delivery could not be counted")
    return Ingested(stored=len(places), duplicates=len(messages) - len(places))


@cache
def _writer(_channel_id: int) -> GroupCommit[Delivery, dict[str, Place]]:
    """A channel's own, so that what it writes together is one transaction: all of it is stored, or nothing."""
    return GroupCommit(_store_group, GROUP_SIZE)


def _store_group(deliveries: Sequence[Delivery]) -> list[dict[str, Place]]:
    """Store what several requests brought to one channel; gives each the places of its own new messages.

    A GUID that two of them bring is the first one's.
    """
    merged: dict[str, Arrival] = {}
    for delivery in deliveries:
        for guid, arrival in delivery.arrivals.items():
            merged.setdefault(guid, arrival)
    placed = _store_new(deliveries[0].channel, merged)
    return [{guid: placed.pop(guid) for guid in one.arrivals if guid in placed} for one in deliveries]


def _store_new(channel: Channel, arrivals: Arrivals) -> dict[str, Place]:
    """Store those whose GUID is new.

    Most deliveries repeat nothing and meet no batch that is over its time, so nothing is asked first: the database
    refuses the others, and then what it refused is seen to. Raises IntegrityError when that does not help.
    """
    began = time.monotonic()
    for attempt in range(ATTEMPTS):
        try:
            return _places(arrivals, _store(channel, list(arrivals.values()))) if arrivals else {}
        except IntegrityError as error:
            problem: Exception = error
            _close_expired(channel, arrivals)
            arrivals = _without_stored(channel, arrivals)
        except Error as error:
            late = deadline.is_over() or time.monotonic() - began > RECONNECT_SECONDS
            if connection.in_atomic_block or attempt or late or not connection_lost(error):
                raise
            problem = error
            connection.close()  # it may have died while it was idle, when the server was restarted: try a new one
    raise problem


def _store(channel: Channel, arrivals: Sequence[Arrival]) -> dict[str, Joined]:
    """Store new messages; what some of them command is done in the same transaction."""
    if not any(arrival.command for arrival in arrivals):
        return sql.store(channel, arrivals, ACTOR)
    with transaction.atomic():
        joined = sql.store(channel, arrivals, ACTOR)
        obey(channel, arrivals, joined, ACTOR)
    return joined


def _places(arrivals: Arrivals, joined: Mapping[str, Joined]) -> dict[str, Place]:
    numbers = {sender: batch.count - batch.added for sender, batch in joined.items()}
    places = {}
    for guid, arrival in arrivals.items():
        sender = arrival.sender.address
        numbers[sender] += 1
        places[guid] = Place(joined[sender], numbers[sender])
    return places


def _close_expired(channel: Channel, arrivals: Arrivals) -> None:
    """The senders' windows that are over are closed here, whether or not the sweep has run."""
    senders = {arrival.sender.address for arrival in arrivals.values()}
    while close_due(ACTOR, Q(channel=channel, sender__in=senders)):
        pass


def _without_stored(channel: Channel, arrivals: Arrivals) -> dict[str, Arrival]:
    stored = Message.objects.filter(channel=channel, provider_message_id__in=arrivals)
    known = set(stored.values_list("provider_message_id", flat=True))
    return {guid: arrival for guid, arrival in arrivals.items() if guid not in known}


def _added(arrivals: Arrivals, places: Mapping[str, Place]) -> dict[str, Joined]:
    """Each sender's batch after this delivery, and how many of its messages the delivery brought."""
    added: dict[str, Joined] = {}
    for guid, place in places.items():
        sender = arrivals[guid].sender.address
        before = added[sender].added if sender in added else 0
        added[sender] = replace(place.batch, count=place.number, added=before + 1)
    return added


def _close_at_once(batch_ids: set[int]) -> None:
    """Close the batches of senders without a window. What is stored is the answer: else the sweep does it."""
    try:
        if batch_ids:
            close_now(sorted(batch_ids), ACTOR)
    except Error:
        log.exception("Batches without a window could not be closed at once")


def _ignore_repeats(channel: Channel, messages: Sequence[InboundSms], places: Mapping[str, Place]) -> None:
    """Count what came again on the message that it repeats."""
    repeats: Counter[str] = Counter()
    seen: set[str] = set()
    for sms in messages:
        guid = sms.provider_message_id
        if guid in seen or guid not in places:
            repeats[guid] += 1
            _log_duplicate(channel, sms)
        seen.add(guid)
    for times in set(repeats.values()):
        guids = [guid for guid, count in repeats.items() if count == times]
        rows = Message.objects.filter(channel=channel, provider_message_id__in=guids)
        rows.update(repeats=F("repeats") + times)


def _log_received(sms: InboundSms) -> None:
    log.info(
        'SMS RECEIVED | From: %(sender)s | GUID: %(guid)s | Text: "%(text)s"',
        {"sender": sms.sender_raw, "guid": sms.provider_message_id, "text": sms.text},
    )


def _log_joined(arrivals: Arrivals, places: Mapping[str, Place]) -> None:
    for guid, place in places.items():
        fields = {
            "sender": arrivals[guid].sender.address,
            "count": place.number,
            "batch": place.batch.batch_id,
        }
        if place.number == 1:
            log.info(
                "CONSOLIDATION STARTED | From: %(sender)s | Message 1 buffered, waiting %(window)ss for more...",
                fields | {"window": 0 if place.batch.at_once else f"{place.batch.window:g}"},
            )
        else:
            log.info(
                "CONSOLIDATION UPDATE | From: %(sender)s | Message %(count)s buffered, total messages: %(count)s",
                fields,
            )


def _log_duplicate(channel: Channel, sms: InboundSms) -> None:
    sender = normalise(sms.sender_raw, channel.number_region)
    log.info(
        "DUPLICATE IGNORED | GUID: %(guid)s | From: %(sender)s",
        {"guid": sms.provider_message_id, "sender": sender.address},
    )
