"""The history of batches, written once and never changed."""

from django.db import models
from django.db.models import Q

from batches.choices import EventKind
from batches.models.batch import Batch
from classification.append_only import AppendOnly


class BatchEvent(AppendOnly):
    """One step in a batch's history, written in the transaction that made the step."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=EventKind)
    actor = models.CharField(max_length=64)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="event_kind_known")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.actor})"
