"""The secrets with which providers post to a channel."""

from django.db import models
from django.utils import timezone

from batches.models.channel import Channel

LABEL_LENGTH = 64  # characters


class ChannelToken(models.Model):
    """A secret that lets its holder post to a channel. Only its hash is here; several may be valid at once."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=LABEL_LENGTH, blank=True, help_text="Who holds it.")
    prefix = models.CharField("begins with", max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, help_text="To the minute.")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @property
    def state(self) -> str:
        """valid, expired or revoked."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "valid"
