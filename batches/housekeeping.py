"""What keeps the tables that only serve the machinery from growing."""

from datetime import timedelta

from django.conf import settings

from batches.clock import Now
from batches.models import RejectedDelivery


def prune() -> None:
    """Forget refused deliveries that are older than REJECTED_KEEP_DAYS."""
    RejectedDelivery.objects.filter(at__lt=Now() - timedelta(days=settings.REJECTED_KEEP_DAYS)).delete()
