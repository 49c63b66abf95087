"""What an operator may have sent once more."""

from django.conf import settings
from django.db import transaction

from classification import rows
from replies.attempts import Recorder
from replies.case import Case, Terms
from replies.models import Reply, ReplyStatus
from replies.policy import FOR_A_PERSON, decide_again
from replies.standing import look


def resend(reply_id: int, *, terms: Terms, record: Recorder) -> bool:
    """Put a refused, unknown or held reply back to pending; an operator's choice, for a second text may go out.

    `terms` are its channel's. Says whether it did; False when the reply is in any other state, it may not be sent now,
    or somebody else was faster.
    """
    with transaction.atomic():
        before = Reply.objects.filter(pk=reply_id).first()
        if before is None or not _resendable(before) or why_not_resent(before, terms):
            return False
        afresh = {"status": ReplyStatus.PENDING, "reason": "", "error": "", "provider_message_id": ""}
        expires = rows.now(settings.REPLY_EXPIRES_AFTER)
        found = {"id": reply_id, "status": before.status}
        if not rows.update(Reply, found, **afresh, settled_at=None, send_at=None, expires_at=expires):
            return False
        record("reply_requeued", {"reply_id": reply_id, "was": before.status, "reason": before.reason})
    return True


def why_not_resent(reply: Reply, terms: Terms) -> str:
    """Why its receiver may not be sent it now on its channel's terms, for people; empty when it may, or has to wait."""
    channel_id, kind = reply.batch.channel_id, reply.batch.sender_kind
    standing = look(reply.to, channel_id)
    case = Case(reply.to, channel_id, kind, reply.kind, terms=terms, standing=standing)
    decision = decide_again(case)
    return "" if decision.wait else decision.explanation


def _resendable(reply: Reply) -> bool:
    held = reply.status == ReplyStatus.SUPPRESSED and reply.reason in FOR_A_PERSON
    return held or reply.status in (ReplyStatus.REFUSED, ReplyStatus.UNKNOWN)
