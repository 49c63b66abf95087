"""The SMS as they came."""

from django.db import models

from batches.choices import SenderKind
from batches.models.batch import Batch
from batches.models.channel import Channel


class Message(models.Model):
    """One SMS as it came. `received_at` (ours, UTC) orders a batch; `sent_at` is what the provider says."""

    # Neither index nor constraint of its own: the unique constraint below begins with it, and the batch vouches for it.
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="messages")
    provider_message_id = models.CharField("GUID", max_length=255)
    sender = models.CharField(max_length=255)
    sender_raw = models.CharField(max_length=255)
    sender_kind = models.CharField(max_length=12, choices=SenderKind)
    text = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    sent_at_raw = models.CharField(max_length=255, blank=True)
    received_at = models.DateTimeField()
    repeats = models.PositiveIntegerField(
        db_default=0, help_text="How often the same GUID came again and was ignored."
    )
    payload = models.TextField(help_text="The message as the provider sent it (JSON).")

    class Meta:
        ordering = ["received_at", "id"]
        permissions = [("export_message", "Can export messages")]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "provider_message_id"], name="message_once_per_channel"
            ),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"
