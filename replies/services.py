"""Send a reply once, and write down what came of it."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import DurationField, ExpressionWrapper, F

from classification import rows
from classification.clock import Now
from replies import consent, pacing
from replies.addressee import ANYBODY, Addressee
from replies.case import Case, Decision, Terms
from replies.drafting import (
    ANY_TERMS,
    Recorder,
    Veto,
    attempt_data,
    lease,
    no_veto,
    note_attempt,
    prepare,
    prepare_answer,
    prepare_correction,
    unless,
)
from replies.gate import admit
from replies.models import (
    AttemptOutcome,
    ConsentSource,
    ConsentState,
    Reply,
    ReplyAttempt,
    ReplyKind,
    ReplyStatus,
)
from replies.policy import decide_again
from replies.resending import resend, why_not_resent
from replies.retries import wait_before_retry
from replies.senders import ENVIRONMENT, get_sender
from replies.senders.base import Account, Sender, SendKind, SendResult, unknown
from replies.unsent import (
    Then,
    may_have_left,
    nothing,
    put_aside,
    refuse_expired,
    take_over,
    withdraw_waiting,
)

__all__ = [
    "Recorder",
    "Then",
    "Veto",
    "deliver",
    "prepare",
    "prepare_answer",
    "prepare_correction",
    "resend",
    "send_once",
    "why_not_resent",
    "withdraw_waiting",
]

log = logging.getLogger(__name__)

STATUS = {
    SendKind.ACCEPTED: ReplyStatus.SENT,
    SendKind.REFUSED: ReplyStatus.REFUSED,
    SendKind.UNKNOWN: ReplyStatus.UNKNOWN,
}
LIMITS = {"provider_message_id": 255, "reason": 64, "error": 1000, "response": 1000}  # characters

WRITE_AGAIN = 0.5  # seconds between two tries to write an outcome

INTERRUPTED = unknown("interrupted", "The process that was sending ended before it could write the outcome.")


def send_once(
    reply_id: int,
    *,
    record: Recorder,
    then: Then = nothing,
    veto: Veto = no_veto,
    account: Account = ENVIRONMENT,
    terms: Terms = ANY_TERMS,
    addressee: Addressee = ANYBODY,
) -> Reply:
    """Send a pending reply, and return the reply as it is afterwards. Not inside a transaction.

    Of several callers one sends; the others get the row as it stands ("sending" while the first one's lease lasts,
    which is half of BATCH_LEASE_SECONDS). A send whose lease has run out becomes unknown and is not repeated, unless
    the provider looks at the idempotency key. A pending reply whose turn has not come tells so in `retry_in`; one that
    has expired is refused, and one that may no longer be sent, or against which `veto` has something, is withdrawn.
    Settled replies are returned untouched.

    Raises Reply.DoesNotExist, ImproperlyConfigured (no such sender), RuntimeError (called in a transaction).
    """
    sender = get_sender(account)
    reply = Reply.objects.select_related("batch").get(pk=reply_id)
    if reply.status == ReplyStatus.SENDING:
        reply = _give_up_if_interrupted(sender, reply, record, then)
    if reply.status == ReplyStatus.PENDING:
        case = _case(reply, terms, addressee)
        reply = _begin(reply, case, sender.name, record, then, veto)
    if not reply.in_hand:
        return reply
    return deliver(reply, record=record, then=then, account=account)


def deliver(reply: Reply, *, record: Recorder, then: Then = nothing, account: Account = ENVIRONMENT) -> Reply:
    """Make the call for a reply that is in our hands (see `prepare`), and settle it. Not inside a transaction."""
    sender = get_sender(account)
    result = _storable(_ask(sender, reply, account.key))
    reply.in_hand = False
    wait = wait_before_retry(sender, reply, result)
    finish = partial(_finish, reply, result, wait, record, then, status=_open_to(result))
    if not _until_written(finish):
        # An operator or the next attempt has gone on without us: the outcome belongs to this attempt alone.
        rows.write(_closed_attempt(reply, result))
        log.warning(
            "REPLY ANSWERED TOO LATE | Reply: %(reply_id)s | Attempt: %(attempt)s", attempt_data(reply)
        )
        reply.refresh_from_db()
    return reply


def _until_written(write: Callable[[], bool]) -> bool:
    """What `write` returns, tried again while the database is away: what the provider said is known to us alone."""
    end = time.monotonic() + lease().total_seconds()
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > end:
                raise
            log.warning("The outcome of a send cannot be written yet: the database is away")
            connection.close()
            time.sleep(WRITE_AGAIN)


def _open_to(result: SendResult) -> list[str]:
    """The states in which an answer still counts, also when the call was given up as interrupted meanwhile."""
    late = [ReplyStatus.PENDING] if result.kind == SendKind.ACCEPTED else []
    return [ReplyStatus.SENDING, ReplyStatus.UNKNOWN, *late]


def _begin(reply: Reply, case: Case, provider: str, record: Recorder, then: Then, veto: Veto) -> Reply:
    """Claim a pending reply and write the attempt, committed before the call; the reply says whether it was won."""
    claim = {
        "status": ReplyStatus.SENDING,
        "provider": provider,
        "attempt_count": rows.Sql("attempt_count + 1"),
        "sending_until": rows.now(lease().total_seconds()),
    }
    with transaction.atomic(durable=True):
        if refuse_expired(reply, record, then):
            return reply
        decision = _ask_again(reply, case, provider, veto)
        if not decision.allowed:
            put_aside(reply, decision, record, then)
            return reply
        claimed = rows.update(Reply, {"id": reply.pk, "status": ReplyStatus.PENDING}, **claim)
        reply.refresh_from_db()
        if claimed:
            reply.in_hand = True
            note_attempt(reply, record)
        else:
            transaction.set_rollback(True)  # somebody else sends it, and has counted it
    return reply


def _case(reply: Reply, terms: Terms, addressee: Addressee) -> Case:
    """What may have changed since the reply was written; the rest was judged then."""
    batch = reply.batch
    return Case(
        reply.to,
        batch.channel_id,
        batch.sender_kind,
        reply.kind,
        segments=reply.segments,
        terms=terms,
        addressee=addressee,
    )


def _ask_again(reply: Reply, case: Case, provider: str, veto: Veto) -> Decision:
    """Whether it may still be sent, and now; if so, it is counted, unless an earlier attempt was."""

    def judge(now: Case) -> Decision:
        decision = decide_again(now)
        asked = reply.kind == ReplyKind.AUTOMATIC and not may_have_left(reply)
        return unless(veto, decision) if asked else decision

    turn, counted = partial(_wait_for_turn, reply, provider), reply.attempt_count > 0
    return admit(case, reply.body, judge, turn=turn, counted=counted)


def _wait_for_turn(reply: Reply, provider: str) -> float:
    """Seconds until this reply may be given to the provider; it keeps the turn that it once got."""
    if not settings.SMS_SENDS_PER_MINUTE:
        return 0
    if reply.send_at is None:
        wait = pacing.wait_for_turn(provider)
        rows.update(Reply, {"id": reply.pk, "send_at": rows.Sql("IS NULL")}, send_at=rows.now(wait))
    left = ExpressionWrapper(F("send_at") - Now(), output_field=DurationField())
    turn = Reply.objects.filter(pk=reply.pk).annotate(left=left).values_list("left", flat=True).get()
    return max(0.0, float(turn.total_seconds()))


def _ask(sender: Sender, reply: Reply, key: str) -> SendResult:
    """The outside call. A fault in a sender is no answer."""
    try:
        return sender.send(reply.to, reply.body, reference=str(reply.idempotency_key), key=key)
    except Exception as error:
        log.exception(
            "REPLY SENDER FAILED | Provider: %(provider)s | Reply: %(reply_id)s | Attempt: %(attempt)s",
            attempt_data(reply),
        )
        return unknown("sender_fault", f"The sender broke off with {type(error).__name__}.")


def _storable(result: SendResult) -> SendResult:
    """The result within the columns' lengths, without what no database holds (NUL, lone surrogates)."""
    texts = {
        name: str(getattr(result, name)).replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:limit]
        for name, limit in LIMITS.items()
    }
    return replace(result, **texts)  # type: ignore[arg-type]  # every name in LIMITS is a text


def _give_up_if_interrupted(sender: Sender, reply: Reply, record: Recorder, then: Then) -> Reply:
    """Once the lease of a send has run out it is unknown, or tried again where the provider looks at the key."""
    over = rows.Sql(f"<= {rows.now()}")
    again = sender.idempotent and sender.name == reply.provider
    wait, then = (0.0, nothing) if again else (None, then)
    if not _finish(reply, INTERRUPTED, wait, record, then, status=ReplyStatus.SENDING, sending_until=over):
        reply.refresh_from_db()
    return reply


def _finish(
    reply: Reply, result: SendResult, wait: float | None, record: Recorder, then: Then, **condition: Any
) -> bool:
    """Write the attempt's outcome and settle the reply, or postpone it by `wait` seconds; False when it is not ours.

    That is so when it has had another attempt since, or `condition` does not hold.
    """
    settled = _settled_as(reply, result)
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
        if not rows.write(rows.Update(Reply, mine, settling), _closed_attempt(reply, result)):
            return False
        record(f"reply_{settled}", attempt_data(reply) | _result_data(result))
        if result.opted_out:
            _note_opt_out(reply, result)
        take_over(reply, changes)
        reply.retry_in = wait
        then(reply)
    return True


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


def _settled_as(reply: Reply, result: SendResult) -> ReplyStatus:
    """As the provider said, but a refusal says nothing of an earlier attempt that may have gone through."""
    if result.kind == SendKind.REFUSED and reply.attempt_count > 1 and may_have_left(reply):
        return ReplyStatus.UNKNOWN
    return STATUS[result.kind]


def _closed_attempt(reply: Reply, result: SendResult) -> rows.Update:
    outcome = {
        "outcome": AttemptOutcome(result.kind),
        "finished_at": rows.now(),
        "http_status": result.http_status,
        "provider_message_id": result.provider_message_id,
        "error": result.error,
        "response": result.response,
    }
    return rows.Update(ReplyAttempt, {"reply_id": reply.pk, "number": reply.attempt_count}, outcome)


def _result_data(result: SendResult) -> dict[str, Any]:
    """What an event tells of a result: everything but the provider's own words, which are in the attempt."""
    data = asdict(result)
    return {
        name: data[name]
        for name in data
        if name not in ("kind", "response", "opted_out") and data[name] not in ("", None)
    }
