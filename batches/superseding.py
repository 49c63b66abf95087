"""The conversation moved on: a reply that has not left gives way to the batch in which its sender wrote on.

The later batch is the earlier one's successor: it is classified with the earlier texts before its own, and one reply
answers all. There are two ways to it, for either worker may come first:

- The earlier batch's worker, in the transaction that would begin to send, finds a later batch that nobody has begun,
  holds it so that nobody begins it meanwhile, and gives way (`give_way`).
- The later batch's worker, before it classifies, gathers what nobody has answered yet: earlier batches without a
  verdict, and those whose reply waits (`gather`).

So no batch gets further texts once it is being classified, and a text that comes after an earlier reply was put on its
way opens a batch that is answered on its own. A reply that may have left is never withdrawn.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from batches import history, state, texts
from batches.choices import BatchStatus, SenderKind
from batches.models import Batch
from batches.standing import UNBEGUN, Standing
from batches.work import LeaseLost, Work
from replies import services as replies
from replies.case import ALLOWED, Decision

MOST = 2  # earlier batches that one may carry; then its reply goes, however much more is written
MOVED_ON = Decision(
    False, "moved_on", "Its sender wrote on before it left: one reply answers both batches together."
)


def give_way(batch: Batch, standing: Standing) -> Decision:
    """MOVED_ON when a later batch will answer this one, which `batch.successor_id` then names.

    Call it in the transaction that would begin to send: until that ends, nobody begins the successor.
    """
    if standing.newer is None or not settings.SUPERSEDE_UNSENT or batch.carry_overs >= MOST:
        return ALLOWED
    unbegun = Batch.objects.filter(id=standing.newer, status__in=UNBEGUN, label="", command="")
    held = unbegun.select_for_update(of=("self",)).values_list("carry_overs", flat=True).first()
    if held is None or held + batch.carry_overs + 1 > MOST:
        return ALLOWED
    batch.successor_id = standing.newer
    return MOVED_ON


def gather(work: Work) -> tuple[Work, list[Batch]]:
    """The work with what is carried over to it from earlier batches, and those of them that nobody had begun.

    Raises LeaseLost.
    """
    batch, gathered = work.batch, list[Batch]()
    if not (batch.has_unsettled_before and _answers_others(work)):
        return work, []
    with transaction.atomic():
        mine = Batch.objects.select_for_update(of=("self",)).filter(
            id=batch.id, status=BatchStatus.PROCESSING, claim=work.token
        )
        if mine.first() is None:
            raise LeaseLost
        for earlier in _unanswered_before(batch):
            if batch.carry_overs + earlier.carry_overs + 1 <= MOST and _take(earlier, work):
                batch.carry_overs += earlier.carry_overs + 1
                gathered.append(earlier)
    return replace(work, carried=texts.carried(batch)), [one for one in gathered if not one.attempts]


def _answers_others(work: Work) -> bool:
    """Whether its reply can answer more than itself: it gets one, and that is no command's."""
    batch = work.batch
    wanted = settings.SUPERSEDE_UNSENT and batch.channel.replies_enabled
    kinds = {SenderKind.NUMBER, *([SenderKind.SHORT_CODE] if batch.channel.answer_short_codes else [])}
    answered = batch.sender_kind in kinds and not work.addressee.no_auto_replies
    return bool(wanted and answered and not batch.command)


def _unanswered_before(batch: Batch) -> list[Batch]:
    """The latest first. Whatever somebody is just writing to is his, and left out."""
    waiting = Q(label="", status__in=[BatchStatus.CLOSED, BatchStatus.PROCESSING]) | (
        ~Q(label="") & Q(status=BatchStatus.CLOSED)
    )
    earlier = Batch.objects.filter(
        waiting, sender=batch.sender, channel=batch.channel_id, id__lt=batch.id, command=""
    )
    return list(earlier.select_for_update(skip_locked=True, of=("self",)).order_by("-id")[: MOST + 1])


def _take(earlier: Batch, work: Work) -> bool:
    def record(kind: str, data: Mapping[str, Any]) -> None:
        history.note([earlier.id], kind, work.actor, data)

    if earlier.label and not replies.withdraw_waiting(earlier.id, MOVED_ON, record=record):
        return False
    state.carry_over(earlier, work.batch.id, work.actor)
    source = BatchStatus(earlier.status)
    return state.supersede(earlier.id, source, MOVED_ON.explanation, work.actor)
