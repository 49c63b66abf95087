"""What happens to a closed batch: classify once, reply once, settle. The one file that names both neighbours.

Every step is committed before the next begins, so whoever takes the batch over finds how far it came: a label means
that it is classified, a live reply means that one was written, and the reply's own status whether it may have left.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from batches import adaptive, flagging, follow_ups, history, keywords, lifeline, log_lines, state, superseding
from batches.choices import Command, EventKind, Flag, Outcome
from batches.objections import objection
from batches.sounding import sounds_like_stop
from batches.standing import standing
from batches.terms import conversation_of, terms_of
from batches.work import LeaseLost, Work, load
from classification import naming
from classification import services as classification
from classification.labels import Label, Said
from classification.models import ReviewReason
from replies import services as replies
from replies.models import Reply, ReplyKind, ReplyStatus
from replies.occasion import Occasion
from replies.policy import DISABLED, FOR_A_PERSON
from replies.senders.base import Account

log = logging.getLogger(__name__)

OUTCOMES = {
    ReplyStatus.SENT: Outcome.REPLIED,
    ReplyStatus.DELIVERED: Outcome.REPLIED,
    ReplyStatus.UNDELIVERED: Outcome.REPLIED,
    ReplyStatus.REFUSED: Outcome.REFUSED,
    ReplyStatus.UNKNOWN: Outcome.UNKNOWN,
    ReplyStatus.SUPPRESSED: Outcome.SUPPRESSED,
}
SUPPRESSED_FOR = {
    DISABLED.name: Outcome.DISABLED,
    superseding.MOVED_ON.reason: Outcome.SUPERSEDED,
    **dict.fromkeys(FOR_A_PERSON, Outcome.HELD),
}
SAID = {Command.STOP: Said.OPT_OUT, Command.START: Said.OPT_IN, Command.HELP: Said.HELP}


def process(batch_id: int, actor: str) -> None:
    """Take a closed batch through to its end; does nothing when it is not ours to take.

    What goes wrong on the way is logged and leaves the batch to the sweep, which queues it again when the lease has
    run out; after BATCH_MAX_ATTEMPTS it fails, visibly.
    """
    token = uuid4()
    if not state.claim(batch_id, token, timedelta(seconds=settings.BATCH_LEASE_SECONDS), actor):
        return
    work = load(batch_id, token, actor)
    batch = work.batch
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


def _give_up(work: Work, problem: str) -> None:
    reason = f"gave up after {work.batch.attempts} attempts: {problem}"
    state.fail(work.batch.id, work.token, outcome=Outcome.ERROR, reason=reason, actor=work.actor)
    log.error("PROCESSING FAILED | From: %(sender)s | Error: %(error)s", work.fields | {"error": reason})


def _run(work: Work) -> None:
    if work.batch.label:
        reply = _resume(work)
    else:
        work = _with_earlier(work)
        reply = _begin(work)
    if reply.status == ReplyStatus.SENDING:
        return  # another process is at it, and its lease decides
    log_lines.replied(work, reply)
    if reply.status == ReplyStatus.PENDING:
        return  # its turn comes later
    log_lines.settled(work)


def _with_earlier(work: Work) -> Work:
    """The work with what its sender wrote before and nobody has answered yet."""
    if work.batch.attempts == 1:
        log_lines.received(work.batch.id, work.messages)
    work, gathered = superseding.gather(work)
    for earlier in gathered:
        log_lines.gathered(work, earlier)
    log_lines.carried_over(work)
    return work


def _begin(work: Work) -> Reply:
    """The first time: ask for the verdict, write it down with the reply, make the call and write what came of it."""
    account = work.batch.channel.account  # before anything is asked: it may not be readable
    texts = work.texts
    decision = _classify(work, texts) if texts else None
    lifeline.before_a_call()
    with transaction.atomic():
        reply = _write_verdict(work, decision, account)
        if reply.status == ReplyStatus.SUPPRESSED or reply.retry_in:
            _end(work, reply)
    if decision:
        log_lines.classified(work, decision)
    if not reply.in_hand:
        return reply
    return replies.deliver(reply, record=work.record, then=partial(_end, work), account=account)


def _resume(work: Work) -> Reply:
    """A later time: the verdict is there, and the reply that was written with it tells what is left to do."""
    reply = work.batch.replies.latest("id")
    if reply.status in (ReplyStatus.PENDING, ReplyStatus.SENDING):
        lifeline.before_a_call()
        return replies.send_once(
            reply.id,
            record=work.record,
            then=partial(_end, work),
            veto=lambda: objection(work, standing(work.batch.id)),
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
    question, whose = batch.channel.question, batch.channel_id
    decision = classification.classify(texts, question=question, sender=batch.sender, channel_id=whose)
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
    stands = state.set_label(batch.id, work.token, label)
    if stands is None:
        raise LeaseLost
    batch.label = label
    if decision:
        verdict_id = classification.record(batch.id, decision)
        verdict = {"label": decision.label, "engine": decision.engine, "classification": verdict_id}
        events.append((EventKind.CLASSIFIED, verdict))
        events.extend(_shadow(work))
    before = "" if batch.command else follow_ups.answered_label(batch)
    unchanged = follow_ups.unanswered(before, decision, work.texts) if decision else None
    veto = partial(objection, work, stands, unchanged)
    reply = _write_reply(work, decision, account, veto, lambda kind, data: events.append((kind, data)))
    history.note_all(batch.id, work.actor, events)
    if follow_ups.is_change_of_mind(before, label):
        _mark_change_of_mind(work, before)
    return reply


def _shadow(work: Work) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What the adaptive window would have done, where it is tried only."""
    if settings.ADAPTIVE_WINDOW == adaptive.SHADOW and not work.batch.command:
        yield EventKind.WINDOW_SHADOW, adaptive.would_be(work.messages, work.batch)


def _write_reply(
    work: Work,
    decision: classification.Decision | None,
    account: Account,
    veto: replies.Veto,
    record: replies.Recorder,
) -> Reply:
    """The answer to what the batch commands, else to what it says."""
    conversation = _conversation(work, account, decision.language if decision else "")
    if work.batch.command or decision is None:
        return replies.prepare_answer(ReplyKind(work.batch.command), conversation, record=record)
    return replies.prepare(
        conversation,
        decision.label,
        record=record,
        texts=work.texts,
        also=[matter.label for matter in decision.matters[1:]],
        sounds_like_opt_out=decision.review == ReviewReason.OPT_OUT,
        veto=veto,
    )


def _conversation(work: Work, account: Account, language: str) -> replies.Conversation:
    batch = work.batch
    about = Occasion(work.addressee, batch.channel.voice, language, work.fields["count"])
    stale = batch.channel.policy_when_stale if batch.is_stale else ""
    return conversation_of(batch, account, about, when_stale=stale)


def _mark_change_of_mind(work: Work, before: str) -> None:
    said = {"was": naming.name_of(before), "is": naming.name_of(work.batch.label)}
    told = said | {"answered_batch": work.batch.answered_before}
    flagging.flag([work.batch.id], Flag.CHANGED_MIND, work.actor, told, event=EventKind.CHANGED_MIND)


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
    if batch.outcome == Outcome.SUPERSEDED and batch.successor_id:
        state.carry_over(batch, batch.successor_id, work.actor)
    move = state.fail if undecided else state.complete
    ending: dict[str, Any] = {"outcome": batch.outcome, "reason": batch.reason, "actor": work.actor}
    if not move(batch.id, work.token, **ending) and not state.correct(batch.id, **ending):
        log.warning("Batch %(batch)s was taken over while its reply was under way", {"batch": batch.id})


def _outcome(reply: Reply) -> Outcome:
    outcome = OUTCOMES[ReplyStatus(reply.status)]
    return SUPPRESSED_FOR.get(reply.reason, outcome) if outcome == Outcome.SUPPRESSED else outcome
