"""Blanking texts that are older than they are to be kept. Safe beside a running service, and resumable at any point.

Each pass takes some settled batches in order of time, in one short transaction, and marks them; what somebody else
holds is left for the next run. `Channel.purged_until` remembers up to where nothing is left, so that no run reads old
history again.
"""

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from batches.choices import SETTLED
from batches.models import Batch, Channel, RejectedDelivery
from batches.periods import MOST_DAYS
from batches.querysets import BatchQuerySet
from batches.retention.rows import blank, lock_settled, next_by_time
from batches.spool import SpoolUnavailable, here

log = logging.getLogger(__name__)

CHUNK = 200  # batches in one transaction
PAUSE = 0.01  # seconds between two, in which others get their turn (SQLite has one writer)
SCHEDULED_SECONDS = 20  # of one scheduled run; the next one goes on


def cutoff(channel: Channel | None, now: datetime) -> datetime | None:
    """What began before it is purged on the channel (UTC); None where everything is kept.

    A channel's row may hold more days than its page takes: they count as MOST_DAYS.
    """
    days: int = channel.days_kept if channel else settings.MESSAGE_KEEP_DAYS
    return now - timedelta(days=min(days, MOST_DAYS)) if days else None


def due(channel: Channel, before: datetime) -> BatchQuerySet:
    """The settled batches whose texts are to go."""
    rows = Batch.objects.filter(channel=channel, opened_at__lt=before, purged_at=None, status__in=SETTLED)
    return rows.filter(opened_at__gte=channel.purged_until) if channel.purged_until else rows


def purge(channel: Channel, before: datetime, *, until: float | None = None) -> Iterator[int]:
    """Purge what is due, and give after each transaction how many batches it were; stop at `until` (monotonic)."""
    last: tuple[datetime, int] | None = None
    while until is None or time.monotonic() < until:
        some = next_by_time(due(channel, before), last, CHUNK)
        if not some:
            break
        last = some[-1]
        yield _purge([batch_id for _, batch_id in some])
        time.sleep(PAUSE)
    _remember(channel, before)


def purge_beside(channel: Channel | None, before: datetime, *, dry_run: bool = False) -> dict[str, int]:
    """Empty what was refused, and forget what this machine's spool has set aside; `channel` None: what has none."""
    refused = RejectedDelivery.objects.filter(channel=channel, at__lt=before).exclude(body="", errors=[])
    rejected = refused.count() if dry_run else refused.update(body="", errors=[])
    try:
        spooled = here().forget_failed(channel.slug, before, dry_run=dry_run) if channel else 0
    except SpoolUnavailable as error:
        log.warning("The spool cannot be purged: %(error)s", {"error": str(error)})
        spooled = 0
    return {"rejected": rejected, "spooled": spooled}


def purge_all() -> int:
    """What the schedule does: some of what is due on every channel, for SCHEDULED_SECONDS at most; gives how many."""
    now, until, purged = timezone.now(), time.monotonic() + SCHEDULED_SECONDS, 0
    for channel in (*Channel.objects.order_by("id"), None):
        if before := cutoff(channel, now):
            purged += sum(purge(channel, before, until=until)) if channel else 0
            purge_beside(channel, before)
    if purged:
        log.info("PURGED | Batches: %(count)s", {"count": purged})
    return purged


def _purge(ids: list[int]) -> int:
    with transaction.atomic():
        locked = lock_settled(ids)
        if locked:
            blank(locked)
    return len(locked)


def _remember(channel: Channel, before: datetime) -> None:
    """Up to where nothing is left: what is not settled yet, or was held, stays in front of it."""
    with transaction.atomic():  # an archive that is put back this instant sets it back
        until = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk).purged_until
        rows = Batch.objects.filter(channel=channel, opened_at__lt=before, purged_at=None)
        if until:
            rows = rows.filter(opened_at__gte=until)
        left = rows.order_by("opened_at").values_list("opened_at", flat=True).first()
        Channel.objects.filter(pk=channel.pk).update(purged_until=left or before)
