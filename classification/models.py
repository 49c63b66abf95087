"""The record of every verdict."""

from django.db import models
from django.db.models import Q

from classification.append_only import AppendOnly
from classification.labels import Label


class Classification(AppendOnly):
    """One verdict on one batch, with how it came about. Never changed: a later verdict is a row of its own."""

    batch = models.ForeignKey("batches.Batch", on_delete=models.PROTECT, related_name="classifications")
    created_at = models.DateTimeField(auto_now_add=True)
    label = models.CharField(max_length=16, choices=Label)
    engine = models.CharField(
        max_length=16, blank=True, help_text="The engine that decided; empty: none could."
    )
    model = models.CharField(max_length=128, blank=True, help_text="The model that the engine says it used.")
    confidence = models.FloatField(null=True, help_text="0 to 1, where the engine gives one.")
    latency_ms = models.PositiveIntegerField(help_text="Milliseconds that the deciding engine took.")
    input_tokens = models.PositiveIntegerField(null=True, help_text="Billed, failed attempts included.")
    output_tokens = models.PositiveIntegerField(null=True, help_text="Billed, failed attempts included.")
    error = models.TextField(blank=True, help_text="What the engines that failed said.")
    fallback_reason = models.TextField(
        blank=True, help_text="Why an engine further up the list did not decide."
    )
    trace = models.JSONField(default=dict, help_text="Why the engine decided so.")
    attempts = models.JSONField(default=list, help_text="Every engine that was tried, in order.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(label__in=Label.values), name="classification_label_known"),
        ]
        indexes = [models.Index(fields=["created_at"], name="classification_created_at")]

    def __str__(self) -> str:
        return f"{self.get_label_display()} ({self.engine or 'no engine'})"
