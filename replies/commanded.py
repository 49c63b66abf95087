"""May a command be answered? Beside the policy's rules, it depends on what the command has changed.

The answer to a command is no automatic reply in the sense of consent: it goes to those who are opted out, too.
"""

from datetime import timedelta

from classification.clock import Now
from replies import consent
from replies.case import ALLOWED, Case, Decision
from replies.models import Reply, ReplyKind, ReplyStatus

HELP_EVERY = timedelta(hours=24)

NOTHING_NEW = Decision(False, "nothing_new", "The number had opted out already, and was told so then.")
HELP_GIVEN = Decision(False, "help_given", "The number was sent the help text within the last 24 hours.")


def answers_something(case: Case, batch_id: int) -> Decision:
    """Whether there is something to tell, in the transaction that writes the answer."""
    if case.kind == ReplyKind.HELP:
        consent.lock([case.to])  # of two who ask at the same time, one is told
        return HELP_GIVEN if _was_helped(case.to, case.channel_id) else ALLOWED
    return ALLOWED if consent.changed_by(batch_id) else NOTHING_NEW


def _was_helped(number: str, channel_id: int) -> bool:
    given = Reply.objects.filter(
        kind=ReplyKind.HELP,
        batch__channel=channel_id,
        batch__sender=number,
        created_at__gt=Now() - HELP_EVERY,
    )
    return given.exclude(status__in=[ReplyStatus.SUPPRESSED, ReplyStatus.REFUSED]).exists()
