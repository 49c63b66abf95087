"""What came of a call, as it is written down: the attempt, the reply, and what follows from it."""

from dataclasses import asdict, replace
from typing import Any

from django.db import transaction

from classification import rows
from replies import consent
from replies.attempts import Recorder, attempt_data, closed_attempt
from replies.models import ConsentSource, ConsentState, Reply, ReplyStatus
from replies.senders.base import SendKind, SendResult
from replies.unsent import Then, may_have_left, take_over

STATUS = {
    SendKind.ACCEPTED: ReplyStatus.SENT,
    SendKind.REFUSED: ReplyStatus.REFUSED,
    SendKind.UNKNOWN: ReplyStatus.UNKNOWN,
}
LIMITS = {"provider_message_id": 255, "reason": 64, "error": 1000, "response": 1000}  # characters


def storable(result: SendResult) -> SendResult:
    """The result within the columns' lengths, without what no database holds (NUL, lone surrogates)."""
    texts = {
        name: str(getattr(result, name)).replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:limit]
        for name, limit in LIMITS.items()
    }
    return replace(result, **texts)  # type: ignore[arg-type]  # every name in LIMITS is a text


def open_to(result: SendResult) -> list[str]:
    """The states in which an answer still counts, also when the call was given up as interrupted meanwhile."""
    late = [ReplyStatus.PENDING] if result.kind == SendKind.ACCEPTED else []
    return [ReplyStatus.SENDING, ReplyStatus.UNKNOWN, *late]


def finish(
    reply: Reply, result: SendResult, wait: float | None, record: Recorder, then: Then, **condition: Any
) -> bool:
    """Write the attempt's outcome and settle the reply, or postpone it by `wait` seconds; False when it is not ours.

    That is so when it has had another attempt since, or `condition` does not hold.
    """
    settled = _settled_as(reply, result) if wait is None else STATUS[result.kind]
    changes = {
        "status": settled if wait is None else ReplyStatus.PENDING,
        "reason": result.reason,
        "error": result.error,
        "provider_message_id": result.provider_message_id,
        "sending_until": None,
        "send_at": None,
    }
    mine = {"id": reply.pk, "attempt_count": reply.attempt_count, **condition}
    settling = {**changes, "settled_at": rows.now() if wait is None else None}
    with transaction.atomic(durable=True):
        if not rows.write(rows.Update(Reply, mine, settling), closed_attempt(reply, result)):
            return False
        record(f"reply_{settled}", attempt_data(reply) | _result_data(result))
        if result.opted_out:
            _note_opt_out(reply, result)
        take_over(reply, changes)
        reply.retry_in = wait
        then(reply)
    return True


def _settled_as(reply: Reply, result: SendResult) -> ReplyStatus:
    """As the provider said, but a refusal says nothing of an earlier attempt that may have gone through."""
    if result.kind == SendKind.REFUSED and reply.attempt_count > 1 and may_have_left(reply):
        return ReplyStatus.UNKNOWN
    return STATUS[result.kind]


def _note_opt_out(reply: Reply, result: SendResult) -> None:
    """The provider knows of an opt-out that we may not: it counts like one that we were told."""
    channel_id = reply.batch.channel_id
    consent.decide(
        reply.to,
        consent.scope(channel_id),
        ConsentState.OPTED_OUT,
        source=ConsentSource.PROVIDER,
        words=result.error or result.reason,
        actor=reply.provider,
    )


def _result_data(result: SendResult) -> dict[str, Any]:
    """What an event tells of a result: everything but the provider's own words, which are in the attempt."""
    data = asdict(result)
    return {
        name: data[name]
        for name in data
        if name not in ("kind", "response", "opted_out") and data[name] not in ("", None)
    }
