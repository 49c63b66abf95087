"""How much there may be of something, and how much there has been."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q


class Meter(models.TextChoices):
    """What is counted. Money for model calls is in US dollars; for replies see ceilings.counts_currency."""

    REPLIES = "replies", "Replies"
    SEGMENTS = "segments", "Segments of replies"
    MONEY = "money", "Money for replies"
    MODEL_CALLS = "model_calls", "Model calls"
    MODEL_MONEY = "model_money", "Money for model calls, US$"


class Period(models.TextChoices):
    """For how long: the minutes, days and months of UTC."""

    MINUTE = "minute", "Minute"
    DAY = "day", "Day"
    MONTH = "month", "Month"


class Ceiling(models.Model):
    """The most of something within a period: of all channels together, of each channel, or of one.

    A channel's own row comes before the one for each channel, also to lift it (`most` empty).
    """

    channel = models.ForeignKey(
        "batches.Channel",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Empty: each channel, or all of them together.",
    )
    together = models.BooleanField(
        "all together", default=False, help_text="All channels share it; else each has as much for itself."
    )
    meter = models.CharField(max_length=12, choices=Meter)
    period = models.CharField(max_length=6, choices=Period)
    most = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="0: nothing at all. Empty: no limit.",
    )

    class Meta:
        ordering = ["-together", "channel", "meter", "period"]
        constraints = [
            models.CheckConstraint(condition=Q(meter__in=Meter.values), name="ceiling_meter_known"),
            models.CheckConstraint(condition=Q(period__in=Period.values), name="ceiling_period_known"),
            models.CheckConstraint(
                condition=Q(channel=None) | Q(together=False), name="ceiling_of_one_channel_or_all"
            ),
            models.UniqueConstraint(
                fields=["channel", "meter", "period"],
                condition=~Q(channel=None),
                name="ceiling_once_for_a_channel",
                violation_error_message="This channel has such a ceiling already.",
            ),
            models.UniqueConstraint(
                fields=["together", "meter", "period"],
                condition=Q(channel=None),
                name="ceiling_once_for_all",
                violation_error_message="There is such a ceiling for all channels already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_meter_display()} in a {self.get_period_display().lower()}"


class Usage(models.Model):
    """How much there has been of something since its period began; after `until` it counts as nothing.

    Only classification/usage.py writes it.
    """

    scope = models.CharField(max_length=300, help_text="Whose: everybody's, a channel's, a sender's.")
    what = models.CharField(max_length=64)
    used = models.DecimalField(max_digits=18, decimal_places=6)
    most = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "what"], name="usage_once")]
        indexes = [models.Index(fields=["until"], name="usage_until")]

    def __str__(self) -> str:
        return f"{self.scope}: {self.what}"
