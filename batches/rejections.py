"""Keeping what was refused, bounded in number here and in age by the sweep."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from batches.inbound.base import storable
from batches.models import Channel, RejectedDelivery

KEPT_CHARACTERS = 16_384


def keep(
    request: HttpRequest, channel: Channel, status: int, errors: Sequence[dict[str, Any]], body: str
) -> None:
    """Keep one refused delivery (or the refused part of one) and forget the oldest beyond REJECTED_KEEP_ROWS."""
    row = RejectedDelivery.objects.create(
        channel=channel,
        http_status=status,
        errors=list(errors),
        content_type=storable(request.META.get("CONTENT_TYPE", ""))[:255],
        remote_address=request.META.get("REMOTE_ADDR") or None,
        size=len(body),
        body=storable(body[:KEPT_CHARACTERS]),
    )
    RejectedDelivery.objects.filter(id__lte=row.id - settings.REJECTED_KEEP_ROWS).delete()
