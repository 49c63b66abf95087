"""A person takes a conversation over, and until a set time the machine sends no automatic reply to that sender.

Batches are classified and recorded as always. Answers to STOP, START and HELP go, and so does a reply that a person
wants sent.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from batches import history
from batches.choices import EventKind
from batches.clock import Now
from batches.models import Batch, Takeover
from replies.case import Decision

TAKEN_OVER = Decision(False, "taken_over", "A person has taken the conversation over and answers it himself.")
LONGEST = timedelta(days=30)


def in_force(channel_id: int, sender: str) -> QuerySet[Takeover]:
    """The takeovers of a sender that still hold, the newest first."""
    return Takeover.objects.filter(
        channel=channel_id, sender=sender, ended_at=None, until__gt=Now()
    ).order_by("-id")


def take_over(batches: Iterable[Batch], until: datetime, *, note: str, actor: str) -> int:
    """Silence the machine for the senders of `batches`, each on its batch's channel; says for how many.

    What was taken over before is taken over anew, with the new time and note.
    """
    senders: dict[tuple[int, str], list[int]] = {}
    for batch in batches:
        senders.setdefault((batch.channel_id, batch.sender), []).append(batch.pk)
    with transaction.atomic():
        for (channel_id, sender), ids in senders.items():
            in_force(channel_id, sender).update(ended_at=Now(), ended_by=actor)
            Takeover.objects.create(channel_id=channel_id, sender=sender, until=until, note=note, actor=actor)
            history.note(ids, EventKind.TAKEN_OVER, actor, {"until": until.isoformat(), "note": note})
    return len(senders)


def give_back(batches: Iterable[Batch], *, actor: str) -> int:
    """Let the machine answer the senders of `batches` again; says how many had been taken over."""
    ended = set[tuple[int, str]]()
    with transaction.atomic():
        for batch in batches:
            sender = (batch.channel_id, batch.sender)
            if in_force(*sender).update(ended_at=Now(), ended_by=actor):
                ended.add(sender)
            if sender in ended:
                history.note([batch.pk], EventKind.GIVEN_BACK, actor)
    return len(ended)
