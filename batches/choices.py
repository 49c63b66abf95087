"""The words that the rows of this application use."""

from django.db import models


class BatchStatus(models.TextChoices):
    """Where a batch is on its way; the legal moves are in state.py."""

    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"
    PROCESSING = "processing", "Processing"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"


SETTLED = [BatchStatus.COMPLETED, BatchStatus.FAILED]


class Outcome(models.TextChoices):
    """How a settled batch ended."""

    NONE = "", "–"
    REPLIED = "replied", "Replied"
    DISABLED = "disabled", "Auto-reply off"
    SUPPRESSED = "suppressed", "Reply suppressed"
    SUPERSEDED = "superseded", "Answered with a later batch"
    REFUSED = "refused", "Refused by the provider"
    UNKNOWN = "unknown", "Unknown whether sent"
    HELD = "held", "Held for a person"
    UNDECIDED = "undecided", "No engine could decide"
    ERROR = "error", "Processing failed"


class SenderKind(models.TextChoices):
    """What a sender's address is."""

    NUMBER = "number", "Number"
    SHORT_CODE = "short_code", "Short code"
    ALPHANUMERIC = "alphanumeric", "Alphanumeric"
    UNKNOWN = "unknown", "Unknown"


class StalePolicy(models.TextChoices):
    """What becomes of a conversation that is only processed long after its window, after an outage for example."""

    ANSWER = "answer", "Answer all the same"
    HOLD = "hold", "Hold the reply for a person"
    SKIP = "skip", "Do not reply"


class Command(models.TextChoices):
    """What a message that is nothing but a keyword asks of the service itself."""

    STOP = "stop", "Opt out"
    START = "start", "Opt in"
    HELP = "help", "Help"


class Flag(models.TextChoices):
    """What is odd about a batch. A flag changes nothing by itself."""

    SENDER_RATE = "sender_rate", "Sender writes too fast"
    CHANNEL_RATE = "channel_rate", "Channel gets too much"
    CHANGED_MIND = "changed_mind", "Changed their mind"


class EventKind(models.TextChoices):
    """The steps of a batch's history. Those of its reply are written by the same hand, in the pipeline."""

    OPENED = "opened", "Opened"
    MESSAGE_ADDED = "message_added", "Message added"
    FLAGGED = "flagged", "Flagged"
    COMMAND = "command", "Command taken"
    CLOSED = "closed", "Closed"
    CLAIMED = "claimed", "Claimed for processing"
    CLASSIFIED = "classified", "Classified"
    REPLY_CREATED = "reply_created", "Reply written"
    REPLY_SUPPRESSED = "reply_suppressed", "Reply suppressed"
    REPLY_WITHDRAWN = "reply_withdrawn", "Reply withdrawn before it was sent"
    REPLY_SENDING = "reply_sending", "Reply handed to the provider"
    REPLY_SENT = "reply_sent", "Reply sent"
    REPLY_REFUSED = "reply_refused", "Reply refused"
    REPLY_UNKNOWN = "reply_unknown", "Unknown whether the reply was sent"
    REPLY_POSTPONED = "reply_postponed", "Reply postponed"
    REPLY_REQUEUED = "reply_requeued", "Reply to be sent again"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    REQUEUED = "requeued", "Queued again"
    OUTCOME_CORRECTED = "outcome_corrected", "Outcome corrected"
    CONFIRMED = "confirmed", "Label confirmed by a person"
    CORRECTED = "corrected", "Label corrected by a person"
    REOPENED = "reopened", "Reopened for a correcting reply"
    CARRIED_OVER = "carried_over", "Earlier batch carried over"
    CHANGED_MIND = "changed_mind", "Change of mind"
    TAKEN_OVER = "taken_over", "Taken over by a person"
    GIVEN_BACK = "given_back", "Given back to the machine"
    WINDOW_CHANGED = "window_changed", "Window changed"
    WINDOW_SHADOW = "window_shadow", "Adaptive window, tried only"
