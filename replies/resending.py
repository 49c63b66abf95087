"""What an operator may have sent once more."""

from django.conf import settings
from django.db import transaction

from classification import rows
from replies.attempts import Recorder
from replies.case import Case
from replies.models import Reply, ReplyStatus
from replies.policy import FOR_A_PERSON, decide_again
from replies.standing import look


def resend(reply_id: int, *, record: Recorder) -> bool:
    """Put a refused, unknown or held reply back to pending; an operator's choice, for a second text may go out.

    Says whether it did; False when the reply is in any other state, its receiver has opted out, or somebody else was
    faster.
    """
    with transaction.atomic():
        before = Reply.objects.filter(pk=reply_id).first()
        if before is None or not _resendable(before) or why_not_resent(before):
            return False
        afresh = {"status": ReplyStatus.PENDING, "reason": "", "error": "", "provider_message_id": ""}
        expires = rows.now(settings.REPLY_EXPIRES_AFTER)
        found = {"id": reply_id, "status": before.status}
        if not rows.update(Reply, found, **afresh, settled_at=None, send_at=None, expires_at=expires):
            return False
        record("reply_requeued", {"reply_id": reply_id, "was": before.status, "reason": before.reason})
    return True


def why_not_resent(reply: Reply) -> str:
    """Why its receiver may not be sent it now, for people; empty when it may."""
    channel_id = reply.batch.channel_id
    standing = look(reply.to, channel_id)
    kind = reply.batch.sender_kind
    return decide_again(Case(reply.to, channel_id, kind, reply.kind, standing=standing)).explanation


def _resendable(reply: Reply) -> bool:
    held = reply.status == ReplyStatus.SUPPRESSED and reply.reason in FOR_A_PERSON
    return held or reply.status in (ReplyStatus.REFUSED, ReplyStatus.UNKNOWN)
