"""Roles that one process at a time holds."""

from django.db import models


class Lease(models.Model):
    """A role that one process at a time holds (sweep leader, sweep standby). `holder` is empty when nobody does."""

    name = models.CharField(max_length=32, unique=True)
    holder = models.UUIDField(null=True)
    until = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
