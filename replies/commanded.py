"""May a command be answered, and may a reply that waits still be sent?

The answer to a command is no automatic reply in the sense of consent: it goes to those who are opted out, too.
"""

from datetime import timedelta

from django.db.models.functions import Now

from replies import consent
from replies.models import Reply, ReplyKind, ReplyStatus
from replies.policy import ALLOWED, DISABLED, NOT_A_NUMBER, OPTED_OUT, STALE, Decision, too_long

COMMANDS = {ReplyKind.STOP, ReplyKind.START, ReplyKind.HELP}
HELP_EVERY = timedelta(hours=24)

PROVIDER_CONFIRMS = Decision(False, "provider_confirms", "The provider answers this word itself.")
NOTHING_NEW = Decision(False, "nothing_new", "The number had opted out already, and was told so then.")
SUPERSEDED = Decision(False, "superseded", "The number has said the opposite since.")
HELP_GIVEN = Decision(False, "help_given", "The number was sent the help text within the last 24 hours.")


def may_answer(
    kind: ReplyKind,
    *,
    batch_id: int,
    number: str,
    channel_id: int,
    sender_kind: str,
    segments: int,
    enabled: bool,
    provider_confirms: bool,
    when_stale: str,
) -> Decision:
    """Whether a command is answered, in the transaction that writes the answer. An old one is not, unless all are."""
    if not enabled:
        return DISABLED
    if sender_kind != "number":
        return NOT_A_NUMBER
    if provider_confirms:
        return PROVIDER_CONFIRMS
    if problem := too_long(segments):
        return Decision(False, "too_long", problem)
    if when_stale not in ("", "answer"):
        return STALE
    if kind == ReplyKind.HELP:
        consent.lock([number])  # of two who ask at the same time, one is told
        return HELP_GIVEN if _was_helped(number, channel_id) else ALLOWED
    return still_allowed(kind, number, channel_id) if consent.changed_by(batch_id) else NOTHING_NEW


def still_allowed(kind: ReplyKind | str, number: str, channel_id: int) -> Decision:
    """Whether a reply that may have waited goes with what the number has said since."""
    if kind == ReplyKind.HELP:
        return ALLOWED
    is_out = consent.is_opted_out(number, channel_id)
    if kind in COMMANDS:
        return ALLOWED if is_out == (kind == ReplyKind.STOP) else SUPERSEDED
    return OPTED_OUT if is_out else ALLOWED


def _was_helped(number: str, channel_id: int) -> bool:
    given = Reply.objects.filter(
        kind=ReplyKind.HELP,
        batch__channel=channel_id,
        batch__sender=number,
        created_at__gt=Now() - HELP_EVERY,
    )
    return given.exclude(status__in=[ReplyStatus.SUPPRESSED, ReplyStatus.REFUSED]).exists()
