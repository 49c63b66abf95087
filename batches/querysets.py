"""Named work-lists: which batches somebody has to look at. Reads only; the database's clock decides."""

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from batches.choices import BatchStatus
from batches.clock import Now

if TYPE_CHECKING:
    from batches.models import Batch  # noqa: F401 (named in the annotation below)


class BatchQuerySet(models.QuerySet["Batch"]):
    """Work-lists of batches."""

    def due(self) -> Self:
        """Open, and their window is over; by its end."""
        return self.filter(status=BatchStatus.OPEN, closes_at__lte=Now()).order_by("closes_at")

    def abandoned(self) -> Self:
        """Queued or begun, but nobody has picked it up or finished it in time; the longest late first."""
        late = self.filter(status__in=[BatchStatus.CLOSED, BatchStatus.PROCESSING], lease_until__lt=Now())
        return late.order_by("lease_until")

    def stuck(self, older_than: timedelta) -> Self:
        """Overdue, abandoned or failed for longer than `older_than`: what an operator may want to push."""
        before = Now() - older_than
        return self.filter(
            Q(status=BatchStatus.OPEN, closes_at__lt=before)
            | Q(
                status__in=[BatchStatus.CLOSED, BatchStatus.PROCESSING],
                closed_at__lt=before,
                lease_until__lt=Now(),
            )
            | Q(status=BatchStatus.FAILED, completed_at__lt=before)
        )
