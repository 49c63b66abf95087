"""Where messages come in and replies go out, and the settings that are a channel's own."""

from django.conf import settings
from django.db import models

from batches import credentials
from batches.choices import StalePolicy
from replies import languages
from replies.quiet import QuietHours, QuietPolicy
from replies.senders import provider_choices
from replies.senders.base import Account
from replies.voice import Voice


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
