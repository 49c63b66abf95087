"""A new reply's row, in each of the states in which it may begin."""

from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from classification import rows
from replies.attempts import Recorder, lease, note_attempt
from replies.case import Decision
from replies.models import Reply, ReplyStatus
from replies.unsent import expires_after

# What the database filled in is loaded when somebody asks for it.
LOADED_LATER = ("created_at", "expires_at", "send_at", "sending_until", "settled_at", "provider_message_id")
SUPPRESSED = Q(status=ReplyStatus.SUPPRESSED)


def put_down(reply: Reply, decision: Decision, record: Recorder) -> Reply:
    """What may not leave now: it waits, or is suppressed."""
    return (_insert_waiting if decision.wait else _suppress)(reply, decision, record)


def insert_in_hand(reply: Reply, record: Recorder) -> Reply:
    """Sending, with its first attempt."""
    reply.status, reply.attempt_count, reply.in_hand = ReplyStatus.SENDING, 1, True
    _insert(reply, sending_until=rows.now(lease().total_seconds()))
    record("reply_created", _data(reply))
    note_attempt(reply, record)
    return reply


def _insert_waiting(reply: Reply, decision: Decision, record: Recorder) -> Reply:
    """Pending, and not to be looked at before its time; without a reason it is its turn at the provider that comes."""
    reply.status, reply.attempt_count, reply.retry_in = ReplyStatus.PENDING, 0, decision.wait
    reply.reason, reply.error = decision.reason, decision.explanation
    waits = {
        "reason": reply.reason,
        "error": reply.error,
        "expires_at": rows.now(expires_after(decision.wait)),
    }
    _insert(reply, send_at=None if decision.reason else rows.now(decision.wait), **waits)
    record("reply_created", _data(reply))
    return reply


def insert_pending(reply: Reply, record: Recorder) -> Reply:
    """Pending. Raises IntegrityError where the batch has a live reply of its kind."""
    reply.status, reply.attempt_count = ReplyStatus.PENDING, 0
    _insert(reply)
    record("reply_created", _data(reply))
    return reply


def _suppress(reply: Reply, decision: Decision, record: Recorder) -> Reply:
    earlier = Reply.objects.filter(~SUPPRESSED | Q(reason=decision.reason), batch_id=reply.batch_id)
    if existing := sorted(earlier, key=lambda row: row.status == ReplyStatus.SUPPRESSED):
        return existing[0]  # a live one comes first
    reply.status, reply.attempt_count = ReplyStatus.SUPPRESSED, 0
    reply.reason, reply.error = decision.reason, decision.explanation
    _insert(reply, reason=reply.reason, error=reply.error)
    record("reply_suppressed", {"reply_id": reply.pk, "reason": reply.reason, "explanation": reply.error})
    return reply


def _insert(reply: Reply, **more: Any) -> None:
    """One statement, for this is on every batch's way."""
    row = {
        "batch_id": reply.batch_id,
        "kind": reply.kind,
        "to": reply.to,
        "body": reply.body,
        "segments": reply.segments,
        "template_version": reply.template_version_id,
        "made_gsm_safe": reply.made_gsm_safe,
        "price": reply.price,
        "currency": reply.currency,
        "credits": reply.credits,
        "provider": reply.provider,
        "status": reply.status,
        "attempt_count": reply.attempt_count,
        "idempotency_key": reply.idempotency_key,
        "expires_at": rows.now(settings.REPLY_EXPIRES_AFTER),
    }
    reply.pk = rows.insert(Reply, row | more)[0]
    reply._state.adding, reply._state.db = False, DEFAULT_DB_ALIAS
    for name in LOADED_LATER:
        vars(reply).pop(name, None)


def _data(reply: Reply) -> dict[str, Any]:
    return {"reply_id": reply.pk, "provider": reply.provider}
