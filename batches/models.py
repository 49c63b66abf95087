"""The rows that are the truth: channels, messages, batches, their history, and what was refused."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from batches import credentials
from batches.choices import BatchStatus, Command, EventKind, Outcome, SenderKind, StalePolicy
from batches.keyword_rows import Keyword, ShippedKeyword
from batches.metrics.rows import Tally
from batches.preference_rows import SenderPreference
from batches.querysets import BatchQuerySet
from batches.report_mail import ReportMail
from classification.append_only import AppendOnly
from replies import languages
from replies.quiet import QuietHours, QuietPolicy
from replies.senders import provider_choices
from replies.senders.base import Account
from replies.voice import Voice

__all__ = [
    "Batch",
    "BatchEvent",
    "Channel",
    "ChannelToken",
    "Keyword",
    "Lease",
    "Message",
    "RejectedDelivery",
    "ReportMail",
    "SenderPreference",
    "ShippedKeyword",
    "Takeover",
    "Tally",
]

LABEL_LENGTH = 64  # characters
SETTLED = Q(status__in=[BatchStatus.COMPLETED, BatchStatus.FAILED])


class Channel(models.Model):
    """Where messages come in and replies go out: one gateway or provider account."""

    slug = models.SlugField(unique=True)
    region = models.CharField(
        max_length=2,
        blank=True,
        help_text="Country (ISO 3166) of numbers without one. Empty: DEFAULT_REGION.",
    )
    window_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Seconds from a batch's first message. Empty: CONSOLIDATION_WINDOW."
    )
    question = models.CharField(
        max_length=500,
        blank=True,
        help_text="What people are answering to: a model is told, for some answers mean nothing without it.",
    )
    auto_reply_enabled = models.BooleanField(
        null=True, blank=True, help_text="Unknown: as SMS_AUTO_REPLY_ENABLED says."
    )
    stale_policy = models.CharField(
        max_length=6,
        choices=StalePolicy,
        blank=True,
        help_text="What becomes of conversations processed long after their window. Empty: STALE_POLICY.",
    )
    keep_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Days for which texts are kept; 0: for ever. Empty: MESSAGE_KEEP_DAYS.",
    )
    purged_until = models.DateTimeField(
        null=True, editable=False, help_text="Of what began before it, no text is left."
    )
    provider = models.CharField(
        max_length=32,
        blank=True,
        choices=provider_choices,
        help_text="Who sends the replies. Empty: as SMS_SENDER says.",
    )
    credentials = models.TextField(
        blank=True, editable=False, help_text="The provider's key, encrypted; see credentials.py."
    )
    provider_confirms_stop = models.BooleanField(
        db_default=False,
        default=False,
        help_text="The provider answers STOP, START and HELP itself: we record them and send nothing.",
    )
    own_numbers = models.TextField(
        blank=True,
        db_default="",
        default="",
        help_text="Numbers of this channel, one a line: what comes from them to any channel is not answered.",
    )
    answer_short_codes = models.BooleanField(
        db_default=False,
        default=False,
        help_text="Short codes are answered as well, emergency numbers never.",
    )
    quiet_policy = models.CharField(
        "in quiet hours",
        max_length=6,
        choices=QuietPolicy,
        blank=True,
        db_default="",
        default="",
        help_text="What becomes of automatic replies within the quiet hours. Empty: QUIET_POLICY.",
    )
    quiet_from = models.TimeField(null=True, blank=True, help_text="Empty: QUIET_FROM.")
    quiet_until = models.TimeField(
        null=True, blank=True, help_text="May be on the next day. Empty: QUIET_UNTIL."
    )
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        default="",
        help_text="Whose clocks say what is quiet (Asia/Manila). Empty: PROVIDER_TIME_ZONE.",
    )
    sender_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Messages of one sender; above it, batches are flagged. Empty: INGEST_SENDER_PER_MINUTE.",
    )
    channel_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Messages of all senders; above it, batches are flagged. Empty: INGEST_CHANNEL_PER_MINUTE.",
    )
    name = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        default="",
        help_text="What replies call it, where a template says {channel}. Empty: the slug.",
    )
    language = models.CharField(
        max_length=languages.LONGEST,
        blank=True,
        db_default="",
        default="",
        help_text=f"Of replies to senders whose language nobody knows. {languages.HELP}",
    )
    gsm_safe = models.BooleanField(
        "make replies GSM-safe",
        db_default=False,
        default=False,
        help_text="Replaces quotes, dashes, accents and the like that make a whole reply travel in UCS-2. "
        "A template may say otherwise.",
    )
    max_segments = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="SMS that one reply may take. Empty: SMS_MAX_SEGMENTS."
    )
    segment_price = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Money for one segment. Empty: SMS_SEGMENT_PRICE.",
    )
    currency = models.CharField(
        max_length=3, blank=True, db_default="", default="", help_text="Like PHP. Empty: SMS_CURRENCY."
    )
    segment_credits = models.DecimalField(
        max_digits=9,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="Credits that the provider's account loses for one segment. Empty: it has none.",
    )

    class Meta:
        permissions = [("change_credentials", "Can set channels' provider and credentials")]

    def __str__(self) -> str:
        return self.slug

    @property
    def window(self) -> int:
        """The consolidation window in seconds."""
        return settings.CONSOLIDATION_WINDOW if self.window_seconds is None else self.window_seconds

    @property
    def number_region(self) -> str:
        return self.region or settings.DEFAULT_REGION

    @property
    def replies_enabled(self) -> bool:
        return settings.SMS_AUTO_REPLY_ENABLED if self.auto_reply_enabled is None else self.auto_reply_enabled

    @property
    def policy_when_stale(self) -> StalePolicy:
        return StalePolicy(self.stale_policy or settings.STALE_POLICY)

    @property
    def quiet_hours(self) -> QuietHours:
        return QuietHours(
            self.quiet_policy or settings.QUIET_POLICY,
            self.quiet_from or settings.QUIET_FROM,
            self.quiet_until or settings.QUIET_UNTIL,
            self.time_zone or settings.PROVIDER_TIME_ZONE,
        )

    @property
    def days_kept(self) -> int:
        """Days for which texts are kept; 0: for ever."""
        return settings.MESSAGE_KEEP_DAYS if self.keep_days is None else self.keep_days

    @property
    def account(self) -> Account:
        """Who sends this channel's replies, and with which key.

        Raises credentials.CredentialsUnreadable when no key of CREDENTIALS_KEYS decrypts it.
        """
        key = credentials.decrypt(self.credentials) if self.credentials else ""
        return Account(self.provider, key)

    @property
    def voice(self) -> Voice:
        """How its replies are written, and what they cost."""
        return Voice(
            name=self.name or self.slug,
            language=self.language,
            gsm_safe=self.gsm_safe,
            credits=self.segment_credits,
            own_limit=self.max_segments,
            own_price=self.segment_price,
            own_currency=self.currency,
        )

    @property
    def sender_limit(self) -> int:
        """Messages a minute of one sender before its batch is flagged."""
        own = self.sender_per_minute
        return settings.INGEST_SENDER_PER_MINUTE if own is None else own

    @property
    def message_limit(self) -> int:
        """Messages a minute of all senders before their batches are flagged."""
        own = self.channel_per_minute
        return settings.INGEST_CHANNEL_PER_MINUTE if own is None else own


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
    carry_overs = models.PositiveSmallIntegerField(
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
            models.CheckConstraint(
                condition=(SETTLED & ~Q(outcome=Outcome.NONE)) | (~SETTLED & Q(outcome=Outcome.NONE)),
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


class RejectedDelivery(models.Model):
    """What the webhook refused, so that nobody has to guess. Bounded in number and age by the settings."""

    at = models.DateTimeField(auto_now_add=True)
    channel = models.ForeignKey(Channel, null=True, on_delete=models.SET_NULL)
    http_status = models.PositiveSmallIntegerField()
    errors = models.JSONField(default=list)
    content_type = models.CharField(max_length=255, blank=True)
    remote_address = models.GenericIPAddressField(null=True)
    size = models.PositiveIntegerField(help_text="Characters of the refused part, before it was cut.")
    body = models.TextField(blank=True, help_text="The refused part, cut to a bounded length.")

    class Meta:
        verbose_name_plural = "rejected deliveries"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Refused with {self.http_status} at {self.at:%Y-%m-%d %H:%M:%S}"


class Lease(models.Model):
    """A role that one process at a time holds (sweep leader, sweep standby). `holder` is empty when nobody does."""

    name = models.CharField(max_length=32, unique=True)
    holder = models.UUIDField(null=True)
    until = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
