"""The row in which the counters of metrics/ are kept."""

from django.db import models


class Tally(models.Model):
    """The batches' events added up, as far as they have been counted. One row; metrics/counting.py alone changes it.

    Events are only ever added, so what is counted once stays counted, whatever is blanked or deleted later.
    """

    counted_id = models.BigIntegerField(help_text="The last event that is in the figures.")
    # PostgreSQL commits in another order than it numbers: see metrics/counting.py.
    seen_id = models.BigIntegerField(help_text="The newest event at the last look.")
    seen_transaction = models.BigIntegerField(
        default=0, help_text="The next transaction's number at that look."
    )
    figures = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "tally"

    def __str__(self) -> str:
        return f"Events up to {self.counted_id}"
