"""Replies that end without a call: too old, or their receiver or their conversation has something against them now."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from classification import rows
from replies.attempts import Recorder
from replies.case import Decision
from replies.models import AttemptOutcome, Reply, ReplyKind, ReplyStatus

# Adds to the transaction that settles a reply, or postpones it (then it is pending and `retry_in` is set).
Then = Callable[[Reply], None]


def nothing(_reply: Reply) -> None:
    """What `then` is where the caller has nothing to add."""


def expires_after(wait: float) -> float:
    """Seconds for which a reply that has to wait may still be sent: the wait is no fault of the provider's."""
    return float(settings.REPLY_EXPIRES_AFTER + wait)


def refuse_expired(reply: Reply, record: Recorder, then: Then) -> bool:
    """pending → refused (or unknown, when an attempt may have gone through) once it is too old to be sent."""
    changes = {
        "status": ReplyStatus.UNKNOWN if may_have_left(reply) else ReplyStatus.REFUSED,
        "reason": "expired",
        "error": f"Not sent within {settings.REPLY_EXPIRES_AFTER / 60:g} minutes. {reply.error}".strip(),
    }
    expired = {"expires_at": rows.Sql(f"<= {rows.now()}")}
    return _settle(reply, f"reply_{changes['status']}", changes, record, then, **expired)


def put_aside(reply: Reply, decision: Decision, record: Recorder, then: Then) -> None:
    """What may not leave now: it waits, or is withdrawn (pending → suppressed, or unknown, as above)."""
    if not decision.wait:
        left = may_have_left(reply)
        event = "reply_unknown" if left else "reply_withdrawn"
        _settle(reply, event, _changes(decision, left=left), record, then)
        return
    if decision.reason:
        told = {"reason": decision.reason, "error": decision.explanation}
        later = rows.now(expires_after(decision.wait))
        pending = {"id": reply.pk, "status": ReplyStatus.PENDING}
        rows.update(Reply, pending, **told, send_at=None, expires_at=later)
        take_over(reply, told)
    reply.retry_in = decision.wait
    then(reply)


def withdraw_waiting(batch_id: int, decision: Decision, *, record: Recorder) -> bool:
    """pending → suppressed for a batch's automatic reply, in the caller's transaction.

    False when none waits, when somebody is just sending it, and when an attempt may have gone through.
    """
    waiting = Reply.objects.filter(batch_id=batch_id, kind=ReplyKind.AUTOMATIC, status=ReplyStatus.PENDING)
    reply = waiting.select_for_update(skip_locked=True, of=("self",)).first()
    if reply is None or may_have_left(reply):
        return False
    return _settle(reply, "reply_withdrawn", _changes(decision, left=False), record, nothing)


def may_have_left(reply: Reply) -> bool:
    """Whether nobody knows what came of one of its attempts. No query for one that was never tried."""
    tried = reply.attempt_count > 0
    return tried and reply.attempts.filter(outcome=AttemptOutcome.UNKNOWN).exists()


def take_over(reply: Reply, changes: Mapping[str, Any]) -> None:
    """What was written, on the object; the database's clock set the time, which is loaded when somebody asks."""
    for name, value in changes.items():
        setattr(reply, name, value)
    vars(reply).pop("settled_at", None)


def _changes(decision: Decision, *, left: bool) -> dict[str, Any]:
    return {
        "status": ReplyStatus.UNKNOWN if left else ReplyStatus.SUPPRESSED,
        "reason": decision.reason,
        "error": decision.explanation,
    }


def _settle(
    reply: Reply, event: str, changes: Mapping[str, Any], record: Recorder, then: Then, **condition: Any
) -> bool:
    """End a pending reply without a call; False when it is not pending, or `condition` does not hold."""
    pending = {"id": reply.pk, "status": ReplyStatus.PENDING, **condition}
    if not rows.update(Reply, pending, **changes, settled_at=rows.now()):
        return False
    record(event, {"reply_id": reply.pk, "reason": changes["reason"], "error": changes["error"]})
    take_over(reply, changes)
    then(reply)
    return True
