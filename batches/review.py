"""A person judges a verdict: the correction, its place in the batch's history and, if wanted, a correcting reply.

All of it is one transaction. The correcting reply then goes the usual way: the batch waits for a worker again, which
finds a pending reply, sends it once and settles the batch anew.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from batches import history, state, texts
from batches.choices import BatchStatus, EventKind, Outcome
from batches.clock import Now
from batches.credentials import CredentialsUnreadable
from batches.models import Batch, SenderPreference
from batches.queue import enqueue
from batches.terms import conversation_of
from classification.corrections import correct
from classification.models import Classification, Correction
from classification.rulesets.live import live
from replies import correcting
from replies import services as replies
from replies.addressee import ANYBODY, Addressee
from replies.occasion import Occasion

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# After this, an answer to what somebody wrote would only puzzle him.
CORRECTABLE_FOR = timedelta(hours=24)
GONE_ON = "The conversation has gone on meanwhile; nothing was sent."


@dataclass(frozen=True)
class Reviewed:
    """What was stored. `queued`: a correcting reply will be sent; `unsent` says why one that was wanted will not."""

    correction: Correction
    queued: bool = False
    unsent: str = ""


def review(classification: Classification, reviewer: "User", label: str, *, send: bool = False) -> Reviewed:
    """Store the judgement and, with `send`, have the person answered anew where that is allowed.

    Raises CannotCorrect; then nothing was stored.
    """
    actor = history.admin(reviewer.get_username())
    with transaction.atomic():
        batch = classification.batch
        understood = texts.to_understand(batch, texts.whole(batch))
        correction = correct(classification, reviewer, label, understood)
        same = correction.corrected == correction.predicted
        kind = EventKind.CONFIRMED if same else EventKind.CORRECTED
        history.note([classification.batch_id], kind, actor, _data(correction))
        if not send or same:
            return Reviewed(correction)
        problem = _send(classification.batch_id, label, actor)
    return Reviewed(correction, queued=not problem, unsent=problem)


def why_not_answered(batch: Batch, label: str) -> str:
    """Why no correcting reply may follow a correction to `label`, for people; empty when it may."""
    return reasons_not_to_answer(batch, [label])[label]


def reasons_not_to_answer(batch: Batch, labels: Collection[str]) -> dict[str, str]:
    """The same for each of `labels`. However many they are, the batch and what hangs on it is read once."""
    if problem := _why_not_answerable(batch):
        return dict.fromkeys(labels, problem)
    try:
        conversation = _conversation(batch)
    except CredentialsUnreadable:
        return dict.fromkeys(labels, "The key of the channel's provider cannot be read.")
    return correcting.reasons_not_to_correct(conversation, labels)


def _why_not_answerable(batch: Batch) -> str:
    """What stands against a correcting reply whatever it says."""
    if batch.purged_at:
        return "The conversation's texts were purged."
    if batch.status != BatchStatus.COMPLETED:
        return "The conversation is not settled."
    if batch.outcome == Outcome.SUPERSEDED:
        return f"The conversation went on: batch {batch.successor_id} answers it."
    if not Batch.objects.filter(id=batch.id, opened_at__gt=Now() - CORRECTABLE_FOR).exists():
        return "The conversation is older than a day."
    return ""


def occasion(batch: Batch) -> Occasion:
    """What a correcting reply to the batch is written for: as its first one was."""
    messages = texts.whole(batch)
    language = live().rules.language(texts.to_understand(batch, messages))
    row = SenderPreference.objects.filter(number=batch.sender).first()
    addressee = Addressee(row.name, row.language) if row else ANYBODY
    return Occasion(addressee, batch.channel.voice, language, len(messages))


def _conversation(batch: Batch) -> replies.Conversation:
    """The batch for a correcting reply. Raises CredentialsUnreadable."""
    return conversation_of(batch, batch.channel.account, occasion(batch))


def _data(correction: Correction) -> dict[str, Any]:
    return {
        "said": correction.predicted,
        "means": correction.corrected,
        "verdict": correction.classification_id,
    }


def _send(batch_id: int, label: str, actor: str) -> str:
    """Write the reply and queue the batch, in the caller's transaction; gives why not, when not.

    Replies are locked before their batch, as by everybody who settles one.
    """
    with transaction.atomic():
        correcting.lock(batch_id)
        batch = Batch.objects.select_related("channel").get(id=batch_id)
        if problem := why_not_answered(batch, label):
            return problem
        if not state.reopen(batch_id, actor):
            return GONE_ON
        replies.prepare_correction(
            _conversation(batch),
            label,
            record=lambda kind, data: history.note([batch_id], kind, actor, data),
        )
        enqueue([batch_id])
    return ""
