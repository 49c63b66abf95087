"""Write the reply to a batch: what is said, and whether it may be said at all."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.db.models import Q

from classification import rows
from replies import content, costs, pacing
from replies.addressee import ANYBODY, Addressee
from replies.case import ALLOWED, COMMANDS, Case, Decision, Terms
from replies.commanded import answers_something
from replies.content import Content
from replies.gate import admit, at_hand
from replies.models import Reply, ReplyAttempt, ReplyKind, ReplyStatus
from replies.occasion import Occasion
from replies.policy import decide
from replies.segments import count as size
from replies.senders import ENVIRONMENT, get_sender
from replies.senders.base import Account

# Writes one event (kind, data) into the caller's history, in the transaction of the change it tells.
Recorder = Callable[[str, Mapping[str, Any]], None]
# What the conversation itself has against an automatic reply now; asked in the transaction that would begin to send it.
Veto = Callable[[], Decision]
# What the database filled in is loaded when somebody asks for it.
LOADED_LATER = ("created_at", "expires_at", "send_at", "sending_until", "settled_at", "provider_message_id")
ANY_TERMS = Terms()
SUPPRESSED = Q(status=ReplyStatus.SUPPRESSED)


def no_veto() -> Decision:
    """What a veto is where the caller has none."""
    return ALLOWED


def unless(veto: Veto, decision: Decision) -> Decision:
    """The veto's refusal of a reply that would leave otherwise, now or later; else the decision itself."""
    if not (decision.allowed or decision.wait):
        return decision
    objection = veto()
    return decision if objection.allowed else objection


def prepare(
    *,
    batch_id: int,
    channel_id: int,
    to: str,
    label: str,
    sender_kind: str,
    record: Recorder,
    also: Sequence[str] = (),
    texts: Sequence[str] = (),
    terms: Terms = ANY_TERMS,
    account: Account = ENVIRONMENT,
    addressee: Addressee = ANYBODY,
    language: str = "",
    count: int = 1,
    when_stale: str = "",
    sounds_like_opt_out: bool = False,
    veto: Veto = no_veto,
    send_now: bool = False,
) -> Reply:
    """The batch's reply: pending, or suppressed with the reason. Call it inside a transaction.

    A batch has one live reply for ever: when there is one already, that one is returned unchanged. Repeating a
    suppression for the same reason adds nothing either. `when_stale` is empty for a conversation of now; `also` holds
    the labels of what else the conversation is about, `texts` what was written, `language` the one it seems to be
    written in and `count` the number of messages; `addressee` is what is known of the sender. `veto` is asked last,
    where everything else allows a reply or lets it wait.

    With `send_now` the new reply is in its caller's hands at once (`in_hand`: sending, with its first attempt), for
    `deliver` to send as soon as the transaction is committed; where its turn comes later it stays pending, and
    `retry_in` tells when. Then a second live reply raises IntegrityError.
    """
    occasion = Occasion(addressee, terms.voice, language, count)
    said = content.reply(label, occasion, channel_id=channel_id, turn=batch_id, also=also)
    reply = _new(batch_id, ReplyKind.AUTOMATIC, to, said, occasion, account)
    case = Case(
        to,
        channel_id,
        sender_kind,
        label=label,
        segments=reply.segments,
        texts=texts,
        terms=terms,
        addressee=addressee,
        when_stale=when_stale,
        sounds_like_opt_out=sounds_like_opt_out,
    )
    return _write(reply, case, record, veto, send_now=send_now)


def prepare_answer(
    kind: ReplyKind,
    *,
    batch_id: int,
    channel_id: int,
    to: str,
    sender_kind: str,
    record: Recorder,
    terms: Terms = ANY_TERMS,
    account: Account = ENVIRONMENT,
    addressee: Addressee = ANYBODY,
    language: str = "",
    count: int = 1,
    when_stale: str = "",
) -> Reply:
    """The answer to a command, which is its batch's one reply; as `prepare` with `send_now`."""
    occasion = Occasion(addressee, terms.voice, language, count)
    said = content.answer(kind, occasion, channel_id=channel_id, turn=batch_id)
    reply = _new(batch_id, kind, to, said, occasion, account)
    case = Case(
        to, channel_id, sender_kind, kind, segments=reply.segments, terms=terms, when_stale=when_stale
    )
    return _write(reply, case, record, no_veto, send_now=True)


def prepare_correction(
    *,
    batch_id: int,
    channel_id: int,
    to: str,
    label: str,
    record: Recorder,
    occasion: Occasion,
    account: Account = ENVIRONMENT,
) -> Reply:
    """The reply that follows a person's correction to `label`: pending, in the caller's transaction.

    Ask correcting.py before, in the same transaction. Raises IntegrityError when the batch has one already.
    """
    said = content.reply(label, occasion, channel_id=channel_id, turn=batch_id)
    reply = _new(batch_id, ReplyKind.CORRECTION, to, said, occasion, account)
    reply.status, reply.attempt_count = ReplyStatus.PENDING, 0
    _insert(reply)
    record("reply_created", _data(reply))
    return reply


def lease() -> timedelta:
    """Half a batch's lease: when the batch is taken over, its interrupted send must be recognisable as such."""
    return timedelta(seconds=settings.BATCH_LEASE_SECONDS / 2)


def expires_after(wait: float) -> float:
    """Seconds for which a reply that has to wait may still be sent: the wait is no fault of the provider's."""
    return float(settings.REPLY_EXPIRES_AFTER + wait)


def note_attempt(reply: Reply, record: Recorder) -> None:
    """Write the attempt that is about to be made."""
    rows.insert(ReplyAttempt, {"reply_id": reply.pk, "number": reply.attempt_count})
    record("reply_sending", attempt_data(reply))


def attempt_data(reply: Reply) -> dict[str, Any]:
    """What an event tells of the current attempt."""
    return {"reply_id": reply.pk, "attempt": reply.attempt_count, "provider": reply.provider}


def _new(
    batch_id: int, kind: ReplyKind, to: str, said: Content, occasion: Occasion, account: Account
) -> Reply:
    segments = size(said.body).segments
    return Reply(
        batch_id=batch_id,
        kind=kind,
        to=to,
        body=said.body,
        segments=segments,
        template_version_id=said.version_id,
        made_gsm_safe=said.made_gsm_safe,
        **costs.of(segments, occasion.voice),
        provider=get_sender(account).name,
        idempotency_key=uuid4(),
        reason="",
        error="",
    )


def _write(reply: Reply, case: Case, record: Recorder, veto: Veto, *, send_now: bool) -> Reply:
    """Write it as the policy says, and as the provider's turns allow."""

    def judge(now: Case) -> Decision:
        decision = decide(now)
        is_command = decision.allowed and now.kind in COMMANDS
        return answers_something(now, reply.batch_id) if is_command else unless(veto, decision)

    if not send_now:
        decision = judge(at_hand(case))
        return _insert_pending(reply, record) if decision.allowed else _put_down(reply, decision, record)
    decision = admit(case, reply.body, judge, turn=lambda: pacing.wait_for_turn(reply.provider))
    return _insert_in_hand(reply, record) if decision.allowed else _put_down(reply, decision, record)


def _put_down(reply: Reply, decision: Decision, record: Recorder) -> Reply:
    return (_insert_waiting if decision.wait else _suppress)(reply, decision, record)


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


def _insert_in_hand(reply: Reply, record: Recorder) -> Reply:
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


def _insert_pending(reply: Reply, record: Recorder) -> Reply:
    reply.status, reply.attempt_count = ReplyStatus.PENDING, 0
    try:
        with transaction.atomic():  # a savepoint: losing the race must not break the caller's transaction
            _insert(reply)
    except IntegrityError:
        live = Reply.objects.filter(~SUPPRESSED, batch_id=reply.batch_id, kind=reply.kind).first()
        if live is None:
            raise
        return live
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


def _data(reply: Reply) -> dict[str, Any]:
    return {"reply_id": reply.pk, "provider": reply.provider}
