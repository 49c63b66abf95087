"""What keeps the tables that only serve the machinery from growing."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session

from batches.clock import Now
from batches.models import RejectedDelivery


def prune() -> None:
    """Forget what has served: old refused deliveries, failed log-ins that no longer count, log-ins that are over."""
    _rejected()
    AccessAttempt.objects.filter(attempt_time__lt=Now() - settings.AXES_COOLOFF_TIME).delete()
    Session.objects.filter(expire_date__lt=Now()).delete()


def _rejected() -> None:
    """Refused deliveries that are older than REJECTED_KEEP_DAYS."""
    RejectedDelivery.objects.filter(at__lt=Now() - timedelta(days=settings.REJECTED_KEEP_DAYS)).delete()
