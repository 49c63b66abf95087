"""The words that the rows of this application use."""

from django.db import models


class BatchStatus(models.TextChoices):
    """Where a batch is on its way; the legal moves are in state.py."""

    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"
    PROCESSING = "processing", "Processing"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"


class Outcome(models.TextChoices):
    """How a settled batch ended."""

    NONE = "", "–"
    REPLIED = "replied", "Replied"
    DISABLED = "disabled", "Auto-reply off"
    SUPPRESSED = "suppressed", "Reply suppressed"
    REFUSED = "refused", "Refused by the provider"
    UNKNOWN = "unknown", "Unknown whether sent"
    UNDECIDED = "undecided", "No engine could decide"
    ERROR = "error", "Processing failed"


class SenderKind(models.TextChoices):
    """What a sender's address is."""

    NUMBER = "number", "Number"
    SHORT_CODE = "short_code", "Short code"
    ALPHANUMERIC = "alphanumeric", "Alphanumeric"
    UNKNOWN = "unknown", "Unknown"


class EventKind(models.TextChoices):
    """The steps of a batch's history. Those of its reply are written by the same hand, in the pipeline."""

    OPENED = "opened", "Opened"
    MESSAGE_ADDED = "message_added", "Message added"
    CLOSED = "closed", "Closed"
    CLAIMED = "claimed", "Claimed for processing"
    CLASSIFIED = "classified", "Classified"
    REPLY_CREATED = "reply_created", "Reply written"
    REPLY_SUPPRESSED = "reply_suppressed", "Reply suppressed"
    REPLY_SENDING = "reply_sending", "Reply handed to the provider"
    REPLY_SENT = "reply_sent", "Reply sent"
    REPLY_REFUSED = "reply_refused", "Reply refused"
    REPLY_UNKNOWN = "reply_unknown", "Unknown whether the reply was sent"
    REPLY_REQUEUED = "reply_requeued", "Reply to be sent again"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    REQUEUED = "requeued", "Queued again"
