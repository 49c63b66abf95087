"""Keeping what was refused, bounded in number here and in age by the sweep."""

import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import Error
from django.http import HttpRequest

from batches.addresses import remote_address
from batches.deadline import within
from batches.detour import detour
from batches.inbound.base import storable
from batches.models import Channel, RejectedDelivery
from classification.outage import disconnect

log = logging.getLogger(__name__)

KEPT_CHARACTERS = 16_384
KEPT_ERRORS = 100
SECONDS = 2.5


def keep(
    request: HttpRequest,
    channel: Channel,
    status: int,
    errors: Sequence[dict[str, Any]],
    body: str,
    size: int | None = None,
) -> None:
    """Keep one refused delivery (or the refused part of one) and forget the oldest beyond REJECTED_KEEP_ROWS.

    `size` is in bytes, where `body` is but the beginning; None: it is all there was.

    The answer does not hang on it: where the database cannot take it, the log alone tells of the refusal.
    """
    if detour.away:
        return
    try:
        with within(SECONDS):
            _keep(request, channel, status, errors, body, len(body) if size is None else size)
    except Error as error:
        log.error("A refused delivery could not be kept: %(kind)s", {"kind": type(error).__name__})
        disconnect()


def _keep(
    request: HttpRequest,
    channel: Channel,
    status: int,
    errors: Sequence[dict[str, Any]],
    body: str,
    size: int,
) -> None:
    row = RejectedDelivery.objects.create(
        channel=channel if channel.pk else None,
        http_status=status,
        errors=list(errors[:KEPT_ERRORS]),
        content_type=storable(request.META.get("CONTENT_TYPE", ""))[:255],
        remote_address=remote_address(request),
        size=size,
        body=storable(body[:KEPT_CHARACTERS]),
    )
    RejectedDelivery.objects.filter(id__lte=row.id - settings.REJECTED_KEEP_ROWS).delete()
