"""Taking a delivery: into the database, or into the spool while the database is away."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from batches import drain
from batches.deadline import within
from batches.detour import detour
from batches.group_commit import GroupCommit
from batches.inbound.base import InboundSms
from batches.ingest import Ingested, ingest
from batches.models import Channel
from batches.spool import here
from classification.outage import disconnect, is_outage

log = logging.getLogger(__name__)

SECONDS = 2.5  # for the database to store a delivery, before it goes into the spool
GROUP_SIZE = 500  # messages in one write to the spool


@dataclass(frozen=True)
class _Spooled:
    """One delivery on its way into the spool."""

    slug: str
    messages: Sequence[InboundSms]

    def __len__(self) -> int:
        return len(self.messages)


def take(channel: Channel, messages: Sequence[InboundSms]) -> Ingested:
    """Store `messages`, or spool all of them; on return they are on a disk.

    Behind what waits in the spool already everything is spooled, so that a sender's messages keep their order. Raises
    SpoolUnavailable when the spool cannot take them either, and what ingest() raises for other reasons.
    """
    received_at = datetime.now(UTC)
    if not messages:
        return Ingested(0, 0)
    if detour.over() and channel.pk is not None:
        try:
            with within(SECONDS):
                return ingest(channel, messages)
        except Exception as error:
            if not is_outage(error):
                raise
            _note(error)
    return _spool(channel, [replace(sms, received_at=received_at) for sms in messages])


def _note(error: Exception) -> None:
    detour.begin(away=True)
    log.error(
        "DATABASE AWAY | Deliveries go into the spool | Error: %(error)s",
        {"error": str(error).partition("\n")[0]},
    )
    disconnect()


def _spool(channel: Channel, messages: Sequence[InboundSms]) -> Ingested:
    with detour.entered():
        _writer.submit(_Spooled(channel.slug, messages))
    drain.start()
    for sms in messages:
        log.warning(
            "SMS SPOOLED | From: %(sender)s | GUID: %(guid)s",
            {"sender": sms.sender_raw, "guid": sms.provider_message_id},
        )
    return Ingested(0, 0, spooled=len(messages))


def _write(deliveries: Sequence[_Spooled]) -> list[None]:
    here().append([(one.slug, sms) for one in deliveries for sms in one.messages])
    return [None] * len(deliveries)


_writer: GroupCommit[_Spooled, None] = GroupCommit(_write, GROUP_SIZE)
