"""What happens to a closed batch: classify once, reply once, settle. The one file that names both neighbours.

Every step is committed before the next begins, so whoever takes the batch over finds how far it came: a label means
that it is classified, a live reply means that one was written, and the reply's own status whether it may have left.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from batches import keywords, state
from batches.choices import Command, EventKind, Outcome
from batches.models import Batch, Message
from batches.sounding import sounds_like_stop
from batches.terms import terms_of
from classification import rows
from classification import services as classification
from classification.labels import Label, Meaning, Said
from classification.models import ReviewReason
from classification.rulesets.live import live
from replies import services as replies
from replies.addressee import ANYBODY, Addressee
from replies.models import Reply, ReplyKind, ReplyStatus
from replies.policy import DISABLED, FOR_A_PERSON
from replies.senders.base import Account

log = logging.getLogger(__name__)

# Written out for the reason that classification.rows gives.
BATCH = (
    "SELECT b.*, b.closes_at < {long_ago} AS is_stale,"
    " p.name AS sender_name, p.language AS sender_language, p.no_auto_replies, p.is_vip"
    " FROM batches_batch b LEFT JOIN batches_senderpreference p ON p.number = b.sender WHERE b.id = %s"
)
MESSAGES = (
    "SELECT id, provider_message_id, sender_raw, text, received_at FROM batches_message WHERE batch_id = %s"
    " ORDER BY received_at, id"
)
OUTCOMES = {
    ReplyStatus.SENT: Outcome.REPLIED,
    ReplyStatus.DELIVERED: Outcome.REPLIED,
    ReplyStatus.UNDELIVERED: Outcome.REPLIED,
    ReplyStatus.REFUSED: Outcome.REFUSED,
    ReplyStatus.UNKNOWN: Outcome.UNKNOWN,
    ReplyStatus.SUPPRESSED: Outcome.SUPPRESSED,
}
SUPPRESSED_FOR = {DISABLED.name: Outcome.DISABLED, **dict.fromkeys(FOR_A_PERSON, Outcome.HELD)}
SAID = {Command.STOP: Said.OPT_OUT, Command.START: Said.OPT_IN, Command.HELP: Said.HELP}


class LeaseLost(Exception):
    """Somebody else has taken the batch over; whatever we were about to write is theirs to write."""


@dataclass(frozen=True)
class Work:
    """A batch in our hands."""

    batch: Batch
    messages: list[Message]
    token: UUID
    actor: str
    addressee: Addressee = ANYBODY

    @property
    def fields(self) -> dict[str, Any]:
        """What every log line of the batch tells. `sender` is as the phone wrote it."""
        return {"sender": self.messages[0].sender_raw, "count": len(self.messages), "batch": self.batch.id}

    @property
    def texts(self) -> list[str]:
        """What there is to understand: all that was written, or all but the commands where there is one to answer."""
        texts = [message.text for message in self.messages]
        if not self.batch.command:
            return texts
        words, channel_id = keywords.live(), self.batch.channel_id
        return [text for text in texts if not words.command(channel_id, text)]

    @property
    def record(self) -> Callable[[str, Mapping[str, Any]], None]:
        """How the reply's steps get into the batch's history."""
        return lambda kind, data: state.note([self.batch.id], kind, self.actor, data)


def process(batch_id: int, actor: str) -> None:
    """Take a closed batch through to its end; does nothing when it is not ours to take.

    What goes wrong on the way is logged and leaves the batch to the sweep, which queues it again when the lease has
    run out; after BATCH_MAX_ATTEMPTS it fails, visibly.
    """
    token = uuid4()
    if not state.claim(batch_id, token, timedelta(seconds=settings.BATCH_LEASE_SECONDS), actor):
        return
    batch: Any = Batch.objects.raw(BATCH.format(long_ago=rows.now(-settings.STALE_AFTER)), [batch_id])[0]
    messages = list(Message.objects.raw(MESSAGES, [batch_id]))
    batch.is_stale = batch.is_stale or _waited_in_the_spool(batch, messages[0])
    work = Work(batch, messages, token, actor, _addressee(batch))
    if batch.attempts > settings.BATCH_MAX_ATTEMPTS and not batch.label:
        _give_up(work, "every worker that began it was killed or ran out of time")
        return
    try:
        _run(work)
    except LeaseLost:
        log.warning("Batch %(batch)s was taken over while it was being processed", {"batch": batch_id})
    except Exception as error:
        log.exception(
            "PROCESSING FAILED | From: %(sender)s | Error: %(error)s", work.fields | {"error": repr(error)}
        )
        if batch.attempts >= settings.BATCH_MAX_ATTEMPTS:
            _give_up(work, repr(error))


def _addressee(row: Any) -> Addressee:
    """What the batch's row brought along of its sender's preferences."""
    known = (row.sender_name or "", row.sender_language or "")
    return Addressee(*known, no_auto_replies=bool(row.no_auto_replies), is_vip=bool(row.is_vip))


def _waited_in_the_spool(batch: Batch, first: Message) -> bool:
    """Whether its first text came in so long before it could be stored that the conversation was old by then."""
    return (batch.opened_at - first.received_at).total_seconds() > settings.STALE_AFTER


def _give_up(work: Work, problem: str) -> None:
    reason = f"gave up after {work.batch.attempts} attempts: {problem}"
    state.fail(work.batch.id, work.token, outcome=Outcome.ERROR, reason=reason, actor=work.actor)
    log.error("PROCESSING FAILED | From: %(sender)s | Error: %(error)s", work.fields | {"error": reason})


def _run(work: Work) -> None:
    if work.batch.attempts == 1 and not work.batch.label:
        _log_received(work)
    reply = _resume(work) if work.batch.label else _begin(work)
    if reply.status == ReplyStatus.SENDING:
        return  # another process is at it, and its lease decides
    _log_reply(work, reply)
    if reply.status == ReplyStatus.PENDING:
        return  # its turn comes later
    _log_settled(work)


def _begin(work: Work) -> Reply:
    """The first time: ask for the verdict, write it down with the reply, make the call and write what came of it."""
    account = work.batch.channel.account  # before anything is asked: it may not be readable
    texts = work.texts
    decision = _classify(work, texts) if texts else None
    with transaction.atomic():
        reply = _write_verdict(work, decision, account)
        if reply.status == ReplyStatus.SUPPRESSED or reply.retry_in:
            _end(work, reply)
    if decision:
        _log_classified(work, decision)
    if not reply.in_hand:
        return reply
    return replies.deliver(reply, record=work.record, then=partial(_end, work), account=account)


def _resume(work: Work) -> Reply:
    """A later time: the verdict is there, and the reply that was written with it tells what is left to do."""
    reply = work.batch.replies.latest("id")
    if reply.status in (ReplyStatus.PENDING, ReplyStatus.SENDING):
        return replies.send_once(
            reply.id,
            record=work.record,
            then=partial(_end, work),
            account=work.batch.channel.account,
            terms=terms_of(work.batch.channel),
            addressee=work.addressee,
        )
    with transaction.atomic():
        # A late answer may be changing it just now.
        reply = Reply.objects.select_for_update().get(id=reply.id)
        _end(work, reply)
    return reply


def _classify(work: Work, texts: list[str]) -> classification.Decision:
    """The verdict; a person is to look where it sounds like an opt-out, and at what a VIP writes."""
    batch = work.batch
    decision = classification.classify(texts, question=batch.channel.question, sender=batch.sender)
    heard = keywords.live().of(batch.channel_id)
    if not batch.command and sounds_like_stop(texts, heard):
        return replace(decision, review=ReviewReason.OPT_OUT)
    vip = work.addressee.is_vip and not decision.review
    return replace(decision, review=ReviewReason.VIP) if vip else decision


def _write_verdict(work: Work, decision: classification.Decision | None, account: Account) -> Reply:
    """Label, verdict and reply, in the caller's transaction; the reply is in our hands, unless it is suppressed.

    There is no verdict (None) where nothing but a command was written.
    """
    batch, events = work.batch, list[tuple[str, Mapping[str, Any]]]()
    label = decision.label if decision else SAID[Command(batch.command)]
    if not state.set_label(batch.id, work.token, label):
        raise LeaseLost
    batch.label = label
    if decision:
        verdict_id = classification.record(batch.id, decision)
        verdict = {"label": decision.label, "engine": decision.engine, "classification": verdict_id}
        events.append((EventKind.CLASSIFIED, verdict))
    reply = _write_reply(work, decision, account, lambda kind, data: events.append((kind, data)))
    state.note_all(batch.id, work.actor, events)
    return reply


def _write_reply(
    work: Work, decision: classification.Decision | None, account: Account, record: replies.Recorder
) -> Reply:
    """The answer to what the batch commands, else to what it says."""
    batch = work.batch
    common: dict[str, Any] = {
        "batch_id": batch.id,
        "channel_id": batch.channel_id,
        "to": batch.sender,
        "sender_kind": batch.sender_kind,
        "terms": terms_of(batch.channel),
        "when_stale": batch.channel.policy_when_stale if batch.is_stale else "",
        "record": record,
        "account": account,
    }
    if batch.command or decision is None:
        return replies.prepare_answer(ReplyKind(batch.command), **common)
    return replies.prepare(
        label=decision.label,
        texts=work.texts,
        also=[matter.label for matter in decision.matters[1:]],
        sounds_like_opt_out=decision.review == ReviewReason.OPT_OUT,
        addressee=work.addressee,
        send_now=True,
        **common,
    )


def _end(work: Work, reply: Reply) -> None:
    """Settle the batch as its reply ended, or put it aside until the reply's turn; in the caller's transaction.

    A batch that was taken from us meanwhile is left to its new owner, unless it was settled as unknown and we know.
    """
    batch = work.batch
    if reply.status == ReplyStatus.PENDING:
        data = {"wait_seconds": round(reply.retry_in or 0, 1), "reason": reply.reason}
        state.postpone(batch.id, work.token, reply.retry_in or 0, data=data, actor=work.actor)
        return
    undecided = batch.label == Label.UNDECIDED and not batch.command  # a command's answer needs no verdict
    batch.outcome = Outcome.UNDECIDED if undecided else _outcome(reply)
    batch.reason = reply.error
    move = state.fail if undecided else state.complete
    ending: dict[str, Any] = {"outcome": batch.outcome, "reason": batch.reason, "actor": work.actor}
    if not move(batch.id, work.token, **ending) and not state.correct(batch.id, **ending):
        log.warning("Batch %(batch)s was taken over while its reply was under way", {"batch": batch.id})


def _outcome(reply: Reply) -> Outcome:
    outcome = OUTCOMES[ReplyStatus(reply.status)]
    return SUPPRESSED_FOR.get(reply.reason, outcome) if outcome == Outcome.SUPPRESSED else outcome


def _verdict(label: str) -> str:
    """The contract's word: whatever does not count as agreement prints as NOT AGREE."""
    return "AGREE" if live().counts_as(label) == Meaning.AGREE else "NOT AGREE"


def _log_received(work: Work) -> None:
    log.info("BATCH RECEIVED | From: %(sender)s | Count: %(count)s", work.fields)
    for number, message in enumerate(work.messages, start=1):
        log.info(
            '  └─ Message %(number_in_batch)s/%(count)s | GUID: %(guid)s | Text: "%(text)s"',
            work.fields
            | {"number_in_batch": number, "guid": message.provider_message_id, "text": message.text},
        )


def _log_classified(work: Work, decision: classification.Decision) -> None:
    if decision.label == Label.UNDECIDED:
        return  # an outage is not an answer; settling logs the failure
    result = _verdict(decision.label)
    log.info(
        "CONSOLIDATED CLASSIFICATION %(mark)s %(result)s | From: %(sender)s | Method: %(method)s | Messages: %(count)s",
        work.fields
        | {
            "mark": "✓" if result == "AGREE" else "✗",
            "result": result,
            "label": str(decision.label),
            "method": classification.method_name(decision.engine),
        },
    )


def _log_reply(work: Work, reply: Reply) -> None:
    fields = work.fields | {"to": reply.to, "body": reply.body, "error": reply.error, "status": reply.status}
    if reply.status == ReplyStatus.SENT:
        log.info('AUTO-REPLY SENT (batch) | To: %(to)s | Messages: %(count)s | "%(body)s"', fields)
    elif reply.status in (ReplyStatus.REFUSED, ReplyStatus.UNKNOWN):
        log.error("AUTO-REPLY FAILED (batch) | To: %(to)s | Error: %(error)s", fields)
    elif reply.status == ReplyStatus.PENDING:
        wait = {"seconds": round(reply.retry_in or 0)}
        log.warning(
            "AUTO-REPLY POSTPONED (batch) | To: %(to)s | Next try in: %(seconds)ss | Error: %(error)s",
            fields | wait,
        )


def _log_settled(work: Work) -> None:
    if work.batch.outcome == Outcome.UNDECIDED:
        log.error(
            "PROCESSING FAILED | From: %(sender)s | Error: %(error)s",
            work.fields | {"error": work.batch.reason},
        )
        return
    log.info(
        "BATCH PROCESSING COMPLETE | From: %(sender)s | Result: %(result)s | Messages: %(count)s",
        work.fields | {"result": _verdict(work.batch.label), "outcome": work.batch.outcome},
    )
