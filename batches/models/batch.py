"""What one sender wrote within one window: its state, its lease, its outcome."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from batches.choices import SETTLED, BatchStatus, Command, Outcome, SenderKind
from batches.models.channel import Channel
from batches.querysets import BatchQuerySet

IS_SETTLED = Q(status__in=SETTLED)


class Batch(models.Model):
    """What one sender wrote within one window. Times are UTC, by the database's clock."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, db_index=False)
    sender = models.CharField(max_length=255)
    sender_kind = models.CharField(max_length=12, choices=SenderKind)
    status = models.CharField(max_length=10, choices=BatchStatus, db_default=BatchStatus.OPEN)
    message_count = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    label = models.CharField(max_length=32, blank=True, db_default="")
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True, db_default="")
    reason = models.TextField(blank=True, db_default="")
    command = models.CharField(
        max_length=5,
        choices=Command,
        blank=True,
        db_default="",
        help_text="What its sender asks of the service itself; that closed it before its window was over.",
    )
    flags = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Words of Flag, with commas."
    )
    # The lease: who works on the batch, until when, and how often somebody began.
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    # Closed because its reply has to wait; `lease_until` says until when.
    postponed = models.BooleanField(db_default=False)
    # Its texts, and all copies of them, are no more: see retention/.
    purged_at = models.DateTimeField(null=True)

    successor = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="predecessors",
        db_index=False,
        help_text="The later batch that answers this one's texts with its own.",
    )
    carry_overs = models.SmallIntegerField(
        db_default=0, help_text="How many earlier batches' texts are answered with it."
    )
    window_ends_at = models.DateTimeField(
        null=True, help_text="Where the adaptive window moved closes_at: what it was when the batch opened."
    )

    # Not stored, as it was when somebody claimed the batch: its window was over long ago; an earlier batch of its
    # sender is not settled; the last one before it that was answered lately.
    is_stale = False
    has_unsettled_before = False
    answered_before: int | None = None

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batches"
        ordering = ["-id"]
        permissions = [
            ("reprocess_batch", "Can process batches again"),
            ("resend_batch", "Can send replies again that may have left"),
            ("export_batch", "Can export batches"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "sender"],
                condition=Q(status=BatchStatus.OPEN),
                name="one_open_batch_per_sender",
            ),
            models.CheckConstraint(condition=Q(status__in=BatchStatus.values), name="batch_status_known"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="batch_outcome_known"),
            models.CheckConstraint(
                condition=Q(command__in=["", *Command.values]), name="batch_command_known"
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opened_at")), name="batch_closes_after_opening"
            ),
            models.CheckConstraint(condition=Q(carry_overs__gte=0), name="batch_carry_overs_counted"),
            models.CheckConstraint(
                condition=(IS_SETTLED & ~Q(outcome=Outcome.NONE)) | (~IS_SETTLED & Q(outcome=Outcome.NONE)),
                name="batch_outcome_when_settled",
            ),
        ]
        indexes = [
            # the sweep's two work-lists: only open work is in them, however long the history grows
            models.Index(fields=["closes_at"], condition=Q(status=BatchStatus.OPEN), name="batch_open_due"),
            models.Index(
                fields=["lease_until"],
                condition=Q(status__in=[BatchStatus.CLOSED, BatchStatus.PROCESSING]),
                name="batch_unsettled_lease",
            ),
            models.Index(fields=["sender"], name="batch_sender"),
            models.Index(
                fields=["successor"], condition=Q(successor__isnull=False), name="batch_carried_over"
            ),
            models.Index(fields=["opened_at"], name="batch_opened_at"),
            models.Index(fields=["-id"], condition=~Q(flags=""), name="batch_flagged"),
        ]

    def __str__(self) -> str:
        return f"Batch {self.pk}"

    @property
    def flag_list(self) -> list[str]:
        return self.flags.split(",") if self.flags else []

    @property
    def is_overdue(self) -> bool:
        """Open although its window is over. For people: transitions ask the database's clock instead."""
        return self.status == BatchStatus.OPEN and self.closes_at <= timezone.now()

    @property
    def is_abandoned(self) -> bool:
        """Queued or begun, and its lease has run out. For people, like is_overdue."""
        unsettled = self.status in (BatchStatus.CLOSED, BatchStatus.PROCESSING)
        return unsettled and self.lease_until is not None and self.lease_until < timezone.now()
