"""What was said to a sender, and every call that tried to say it. Changed through services.py alone."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from classification.append_only import AppendOnly
from replies.template_rows import Template

__all__ = [
    "AttemptOutcome",
    "Consent",
    "ConsentSource",
    "ConsentState",
    "Pace",
    "Reply",
    "ReplyAttempt",
    "ReplyKind",
    "ReplyStatus",
    "Template",
]


class ReplyStatus(models.TextChoices):
    """Where a reply is on its way.

    UNKNOWN: it may or may not have reached the provider, and is never sent again blindly.
    """

    PENDING = "pending", "Pending"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    REFUSED = "refused", "Refused"
    UNKNOWN = "unknown", "Unknown whether sent"
    SUPPRESSED = "suppressed", "Suppressed"
    DELIVERED = "delivered", "Delivered"
    UNDELIVERED = "undelivered", "Undelivered"


class ReplyKind(models.TextChoices):
    """Who wanted the reply. A batch has at most one of each kind that may have left."""

    AUTOMATIC = "automatic", "Automatic"
    CORRECTION = "correction", "Correction by a person"
    # Answers to a command; the values are those of the commands.
    STOP = "stop", "Opt-out confirmed"
    START = "start", "Opt-in confirmed"
    HELP = "help", "Help"


class AttemptOutcome(models.TextChoices):
    """What came of one call. IN_FLIGHT: no answer yet, or the process died before it could write one."""

    IN_FLIGHT = "in_flight", "In flight"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    UNKNOWN = "unknown", "Unknown"


class Reply(models.Model):
    """The answer to one batch; `to` and `body` are fixed when the row is made.

    Times are UTC, by the database's clock.
    """

    batch = models.ForeignKey("batches.Batch", on_delete=models.PROTECT, related_name="replies")
    kind = models.CharField(max_length=10, choices=ReplyKind, db_default=ReplyKind.AUTOMATIC)
    to = models.CharField(max_length=255)
    body = models.TextField()
    segments = models.PositiveSmallIntegerField(help_text="How many SMS the body takes; each is billed.")
    provider = models.CharField(max_length=32)
    status = models.CharField(max_length=12, choices=ReplyStatus)
    reason = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Short code: why suppressed, refused or unknown."
    )
    error = models.TextField(blank=True, db_default="", help_text="The same for people.")
    provider_message_id = models.CharField(max_length=255, blank=True, db_default="")
    idempotency_key = models.UUIDField(
        default=uuid4, help_text="The same for every attempt, so that a provider that looks at it sends once."
    )
    attempt_count = models.PositiveSmallIntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(
        null=True, help_text="What could not be sent until then is sent no more."
    )
    send_at = models.DateTimeField(
        null=True, help_text="Its turn, where SMS_SENDS_PER_MINUTE is set; empty: none has been given yet."
    )
    sending_until = models.DateTimeField(null=True, help_text="The lease of the process that is sending.")
    settled_at = models.DateTimeField(null=True)
    template_version = models.ForeignKey(
        "HistoricalTemplate",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The template that it was made of, as it was then.",
    )
    made_gsm_safe = models.BooleanField(
        db_default=False, default=False, help_text="Characters were replaced, as template or channel say."
    )
    price = models.DecimalField(
        max_digits=14, decimal_places=6, null=True, help_text="What its segments cost, by the price of then."
    )
    currency = models.CharField(max_length=3, blank=True, db_default="", default="")
    credits = models.DecimalField(
        max_digits=12, decimal_places=3, null=True, help_text="The same in credits of the provider's account."
    )

    # Not stored, for whoever works on the reply. `in_hand`: it is ours to deliver; `retry_in`: seconds to wait.
    in_hand = False
    retry_in: float | None = None

    class Meta:
        verbose_name_plural = "replies"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ReplyStatus.values), name="reply_status_known"),
            models.CheckConstraint(condition=Q(kind__in=ReplyKind.values), name="reply_kind_known"),
            models.UniqueConstraint(
                fields=["batch", "kind"],
                condition=~Q(status=ReplyStatus.SUPPRESSED),
                name="one_live_reply_per_batch",
            ),
        ]

    def __str__(self) -> str:
        return f"Reply {self.pk} ({self.status})"


class ReplyAttempt(models.Model):
    """One call to a provider, written before the call and completed after it. Times as in Reply."""

    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField(help_text="Counts from 1.")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=10,
        choices=AttemptOutcome,
        default=AttemptOutcome.IN_FLIGHT,
        db_default=AttemptOutcome.IN_FLIGHT,
    )
    http_status = models.PositiveSmallIntegerField(null=True)
    provider_message_id = models.CharField(max_length=255, blank=True, db_default="")
    error = models.TextField(blank=True, db_default="")
    response = models.TextField(
        blank=True, db_default="", help_text="The answer's beginning, without secrets."
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=AttemptOutcome.values), name="reply_attempt_outcome_known"
            ),
            models.UniqueConstraint(fields=["reply", "number"], name="reply_attempt_number_once"),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number} ({self.outcome})"


class Pace(models.Model):
    """When a provider may be given the next SMS; used where SMS_SENDS_PER_MINUTE is set."""

    provider = models.CharField(max_length=32, unique=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.provider


class ConsentState(models.TextChoices):
    """Whether somebody may be sent automatic replies. Whoever has never said anything may."""

    OPTED_OUT = "opted_out", "Opted out"
    OPTED_IN = "opted_in", "Opted in"


class ConsentSource(models.TextChoices):
    """Who has told us."""

    KEYWORD = "keyword", "Their own message"
    ADMIN = "admin", "An operator"
    IMPORT = "import", "An imported list"
    PROVIDER = "provider", "The provider"


class Consent(AppendOnly):
    """One thing that was said about automatic replies to a number. The newest row that covers a channel holds there.

    Written by consent.py alone.
    """

    number = models.CharField(max_length=255, help_text="As in the batches: E.164 for phone numbers.")
    channel = models.ForeignKey(
        "batches.Channel",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: every channel.",
    )
    state = models.CharField(max_length=10, choices=ConsentState)
    changed = models.BooleanField(help_text="Whether it was another state before.")
    source = models.CharField(max_length=10, choices=ConsentSource)
    words = models.TextField(help_text="What the person wrote, or why an operator did it.")
    message = models.ForeignKey("batches.Message", null=True, on_delete=models.SET_NULL, related_name="+")
    actor = models.CharField(max_length=64)
    said_at = models.DateTimeField(help_text="Before it was written down, where the message had to wait.")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "consent"
        verbose_name_plural = "consent"
        ordering = ["-id"]
        permissions = [
            ("record_consent", "Can opt numbers out and in"),
            ("export_consent", "Can export a number's consent history"),
        ]
        indexes = [models.Index(fields=["number", "-id"], name="consent_newest_of_number")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ConsentState.values), name="consent_state_known"),
            models.CheckConstraint(condition=Q(source__in=ConsentSource.values), name="consent_source_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} ({self.get_source_display().lower()})"


class Switch(AppendOnly):
    """One throw of the switch that stops replies, of one channel or of all. The newest row of each holds.

    Written by switches.py alone.
    """

    channel = models.ForeignKey(
        "batches.Channel",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: every channel.",
    )
    stopped = models.BooleanField()
    reason = models.CharField(max_length=500)
    actor = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "stop"
        ordering = ["-id"]
        permissions = [("throw_switch", "Can stop all replies and let them go on")]
        indexes = [models.Index(fields=["channel", "-id"], name="switch_newest_of_channel")]

    def __str__(self) -> str:
        return f"{'Stopped' if self.stopped else 'On'} ({self.channel or 'every channel'})"


class Mute(models.Model):
    """A sender who seems to be a machine: no automatic replies until then. One row for each, the last time it was."""

    channel = models.ForeignKey("batches.Channel", on_delete=models.CASCADE, related_name="+")
    number = models.CharField(max_length=255)
    reason = models.CharField(max_length=64, help_text="The rule's name.")
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        verbose_name = "muted sender"
        ordering = ["-since"]
        permissions = [("lift_mute", "Can let muted senders be answered again")]
        constraints = [models.UniqueConstraint(fields=["channel", "number"], name="mute_once")]

    def __str__(self) -> str:
        return self.number
