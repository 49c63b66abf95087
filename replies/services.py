"""Make a reply, send it once, and write down what came of it. The only code that changes a Reply."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from replies.content import reply_text
from replies.models import AttemptOutcome, Reply, ReplyAttempt, ReplyStatus
from replies.policy import may_reply
from replies.senders import get_sender
from replies.senders.base import Sender, SendKind, SendResult, unknown

log = logging.getLogger(__name__)

# Writes one event (kind, data) into the caller's history, in the transaction of the change it tells.
Recorder = Callable[[str, Mapping[str, Any]], None]
# Adds to the transaction that settles a reply.
Then = Callable[[Reply], None]

STATUS = {
    SendKind.ACCEPTED: ReplyStatus.SENT,
    SendKind.REFUSED: ReplyStatus.REFUSED,
    SendKind.UNKNOWN: ReplyStatus.UNKNOWN,
}
SUPPRESSED = Q(status=ReplyStatus.SUPPRESSED)
RESENDABLE = [ReplyStatus.REFUSED, ReplyStatus.UNKNOWN]
AFRESH: dict[str, Any] = {
    "status": ReplyStatus.PENDING,
    "reason": "",
    "error": "",
    "provider_message_id": "",
    "settled_at": None,
}
LIMITS = {"provider_message_id": 255, "reason": 64, "error": 1000, "response": 1000}  # characters

INTERRUPTED = unknown("interrupted", "The process that was sending ended before it could write the outcome.")


def _nothing(_reply: Reply) -> None:
    """What `then` is where the caller has nothing to add."""


def prepare(
    *,
    batch_id: int,
    to: str,
    label: str,
    sender_kind: str,
    enabled: bool,
    record: Recorder,
    send_now: bool = False,
) -> Reply:
    """The batch's reply: pending, or suppressed with the reason. Call it inside a transaction.

    A batch has one live reply for ever: when there is one already, that one is returned unchanged. Repeating a
    suppression for the same reason adds nothing either.

    With `send_now` the new reply is in its caller's hands at once (sending, with its first attempt), for `deliver` to
    send as soon as the transaction is committed. Then a second live reply raises IntegrityError.
    """
    decision = may_reply(label=label, sender_kind=sender_kind, enabled=enabled)
    reply = Reply(batch_id=batch_id, to=to, body=reply_text(label), provider=settings.SMS_SENDER)
    if not decision.allowed:
        reply.status, reply.reason, reply.error = (
            ReplyStatus.SUPPRESSED,
            decision.reason,
            decision.explanation,
        )
        return _insert_suppressed(reply, record)
    if send_now:
        return _insert_sending(reply, record)
    reply.status = ReplyStatus.PENDING
    return _insert_live(reply, record)


def _lease() -> timedelta:
    """Half a batch's lease: when the batch is taken over, its interrupted send must be recognisable as such."""
    return timedelta(seconds=settings.BATCH_LEASE_SECONDS / 2)


def _insert_live(reply: Reply, record: Recorder) -> Reply:
    try:
        with transaction.atomic():  # a savepoint: losing the race must not break the caller's transaction
            reply.save(force_insert=True)
    except IntegrityError:
        live = Reply.objects.filter(~SUPPRESSED, batch_id=reply.batch_id).first()
        if live is None:
            raise
        return live
    record("reply_created", {"reply_id": reply.pk, "provider": reply.provider})
    return reply


def _insert_sending(reply: Reply, record: Recorder) -> Reply:
    reply.status, reply.attempt_count, reply.sending_until = ReplyStatus.SENDING, 1, Now() + _lease()
    reply.save(force_insert=True)
    record("reply_created", {"reply_id": reply.pk, "provider": reply.provider})
    _note_attempt(reply, record)
    return reply


def _insert_suppressed(reply: Reply, record: Recorder) -> Reply:
    earlier = Reply.objects.filter(~SUPPRESSED | Q(reason=reply.reason), batch_id=reply.batch_id)
    if existing := sorted(earlier, key=lambda row: row.status == ReplyStatus.SUPPRESSED):
        return existing[0]  # a live one comes first
    reply.save(force_insert=True)
    record("reply_suppressed", {"reply_id": reply.pk, "reason": reply.reason, "explanation": reply.error})
    return reply


def send_once(reply_id: int, *, record: Recorder, then: Then = _nothing) -> Reply:
    """Send a pending reply, and return the reply as it is afterwards. Not inside a transaction.

    Of several callers one sends; the others get the row as it stands ("sending" while the first one's lease lasts,
    which is half of BATCH_LEASE_SECONDS). A send whose lease has run out becomes unknown, and is not repeated.
    Settled replies are returned untouched. `then` is called with the settled reply, in the transaction that settles it.

    Raises Reply.DoesNotExist, ImproperlyConfigured (no such sender), RuntimeError (called in a transaction).
    """
    claimed, reply = _begin(reply_id, get_sender().name, record)
    if claimed:
        return deliver(reply, record=record, then=then)
    if reply.status == ReplyStatus.SENDING:
        _expire(reply, record, then)
    return reply


def deliver(reply: Reply, *, record: Recorder, then: Then = _nothing) -> Reply:
    """Make the call for a reply that is in our hands (see `prepare`), and settle it. Not inside a transaction."""
    _settle(reply, _storable(_ask(get_sender(), reply)), record, then)
    return reply


def _begin(reply_id: int, provider: str, record: Recorder) -> tuple[bool, Reply]:
    """Claim the reply and write the attempt, committed before the call. Says whether the claim was won."""
    with transaction.atomic(durable=True):
        claimed = Reply.objects.filter(pk=reply_id, status=ReplyStatus.PENDING).update(
            status=ReplyStatus.SENDING,
            provider=provider,
            attempt_count=F("attempt_count") + 1,
            sending_until=Now() + _lease(),
        )
        reply = Reply.objects.get(pk=reply_id)
        if claimed:
            _note_attempt(reply, record)
    return bool(claimed), reply


def _note_attempt(reply: Reply, record: Recorder) -> None:
    ReplyAttempt.objects.create(reply=reply, number=reply.attempt_count)
    record("reply_sending", _attempt_data(reply))


def _ask(sender: Sender, reply: Reply) -> SendResult:
    """The outside call. A fault in a sender is no answer."""
    try:
        return sender.send(reply.to, reply.body, reference=f"reply-{reply.pk}")
    except Exception as error:
        log.exception(
            "REPLY SENDER FAILED | Provider: %(provider)s | Reply: %(reply_id)s | Attempt: %(attempt)s",
            _attempt_data(reply),
        )
        return unknown("sender_fault", f"The sender broke off with {type(error).__name__}.")


def _storable(result: SendResult) -> SendResult:
    """The result within the columns' lengths, without what no database holds (NUL, lone surrogates)."""
    texts = {
        name: str(getattr(result, name)).replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:limit]
        for name, limit in LIMITS.items()
    }
    return replace(result, **texts)  # type: ignore[arg-type]  # every name in LIMITS is a text


def _settle(reply: Reply, result: SendResult, record: Recorder, then: Then) -> None:
    """Write the call's outcome. It still counts when the call was given up as interrupted meanwhile."""
    if _finish(reply, result, record, then, status__in=[ReplyStatus.SENDING, ReplyStatus.UNKNOWN]):
        return
    # An operator has put the reply back already: the outcome belongs to the attempt alone.
    _close_attempt(reply, result)
    log.warning("REPLY ANSWERED TOO LATE | Reply: %(reply_id)s | Attempt: %(attempt)s", _attempt_data(reply))
    reply.refresh_from_db()


def _expire(reply: Reply, record: Recorder, then: Then) -> None:
    """sending → unknown once the sender's lease has run out; else nothing."""
    if not _finish(reply, INTERRUPTED, record, then, status=ReplyStatus.SENDING, sending_until__lte=Now()):
        reply.refresh_from_db()


def _finish(reply: Reply, result: SendResult, record: Recorder, then: Then, **condition: Any) -> bool:
    """Settle the reply, its attempt and the event if this is still its last attempt and `condition` holds."""
    changes = {
        "status": STATUS[result.kind],
        "reason": result.reason,
        "error": result.error,
        "provider_message_id": result.provider_message_id,
        "sending_until": None,
    }
    with transaction.atomic(durable=True):
        mine = Reply.objects.filter(pk=reply.pk, attempt_count=reply.attempt_count, **condition)
        if not mine.update(**changes, settled_at=Now()):
            return False
        _close_attempt(reply, result)
        record(f"reply_{changes['status']}", _attempt_data(reply) | _result_data(result))
        for name, value in changes.items():
            setattr(reply, name, value)
        del reply.settled_at  # the database's clock set it: loaded when somebody asks
        then(reply)
    return True


def _close_attempt(reply: Reply, result: SendResult) -> None:
    ReplyAttempt.objects.filter(reply=reply, number=reply.attempt_count).update(
        outcome=AttemptOutcome(result.kind),
        finished_at=Now(),
        http_status=result.http_status,
        provider_message_id=result.provider_message_id,
        error=result.error,
        response=result.response,
    )


def resend(reply_id: int, *, record: Recorder) -> bool:
    """Put a refused or unknown reply back to pending; an operator's choice, for a second text may go out.

    Says whether it did; False when the reply is in any other state or somebody else was faster.
    """
    with transaction.atomic():
        before = Reply.objects.filter(pk=reply_id, status__in=RESENDABLE).values("status", "reason").first()
        if before is None or not Reply.objects.filter(pk=reply_id, status=before["status"]).update(**AFRESH):
            return False
        record("reply_requeued", {"reply_id": reply_id, "was": before["status"], "reason": before["reason"]})
    return True


def _attempt_data(reply: Reply) -> dict[str, Any]:
    return {"reply_id": reply.pk, "attempt": reply.attempt_count, "provider": reply.provider}


def _result_data(result: SendResult) -> dict[str, Any]:
    """What an event tells of a result: everything but the provider's own words, which are in the attempt."""
    data = asdict(result)
    return {
        name: data[name] for name in data if name not in ("kind", "response") and data[name] not in ("", None)
    }
