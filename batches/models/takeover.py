"""Conversations that people have taken over."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from batches.models.channel import Channel


class Takeover(models.Model):
    """A person answers a sender himself: until then the machine is silent there. Written by takeovers.py alone."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, db_index=False)
    sender = models.CharField(max_length=255)
    actor = models.CharField("by", max_length=64)
    note = models.CharField(max_length=500, blank=True)
    began_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(help_text="UTC; from then on the machine answers again.")
    ended_at = models.DateTimeField(null=True, help_text="Given back before that.")
    ended_by = models.CharField(max_length=64, blank=True, db_default="")

    class Meta:
        verbose_name = "conversation taken over"
        verbose_name_plural = "conversations taken over"
        ordering = ["-id"]
        permissions = [("take_over", "Can take conversations over and give them back")]
        indexes = [
            models.Index(fields=["sender"], condition=Q(ended_at__isnull=True), name="takeover_in_force")
        ]

    def __str__(self) -> str:
        return f"Takeover {self.pk}"

    @property
    def is_in_force(self) -> bool:
        """For people: whether a reply may be sent, the database's clock decides."""
        return self.ended_at is None and self.until > timezone.now()
