"""What the webhook refused."""

from django.db import models

from batches.models.channel import Channel


class RejectedDelivery(models.Model):
    """What the webhook refused, so that nobody has to guess. Bounded in number and age by the settings."""

    at = models.DateTimeField(auto_now_add=True)
    channel = models.ForeignKey(Channel, null=True, on_delete=models.SET_NULL)
    http_status = models.PositiveSmallIntegerField()
    errors = models.JSONField(default=list)
    content_type = models.CharField(max_length=255, blank=True)
    remote_address = models.GenericIPAddressField(null=True)
    size = models.PositiveIntegerField(
        help_text="Before it was cut: characters, or bytes where it was not read to its end."
    )
    body = models.TextField(blank=True, help_text="The refused part, cut to a bounded length.")

    class Meta:
        verbose_name_plural = "rejected deliveries"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Refused with {self.http_status} at {self.at:%Y-%m-%d %H:%M:%S}"
