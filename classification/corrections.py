"""What people say of verdicts, written beside them: the machine's own is never changed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from classification.memory import text_key
from classification.models import Classification, Correction, Split
from classification.rulesets.live import live

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class CannotCorrect(Exception):
    """It was not stored; the message says why, for people."""


def correct(classification: Classification, reviewer: "User", label: str, texts: Sequence[str]) -> Correction:
    """Store what `reviewer` says the conversation means, in the caller's transaction; the same label confirms it.

    `texts` are what the verdict is about.

    Raises CannotCorrect for a label that is no live category, when the texts were purged, and when the reviewer has
    judged this verdict before.
    """
    if not live().document.category(label):
        raise CannotCorrect(f"There is no category {label!r} in the live rule set.")
    if classification.batch.purged_at:
        raise CannotCorrect("The conversation's texts were purged: there is nothing to judge any more.")
    try:
        with transaction.atomic():  # a savepoint: losing the race must not break the caller's transaction
            return Correction.objects.create(
                classification=classification,
                reviewer=reviewer,
                text="\n".join(texts),
                question=classification.question,
                text_key=text_key(texts, classification.question),
                predicted=classification.label,
                corrected=label,
                split=split_of(classification.batch.sender),
            )
    except IntegrityError:
        raise _already(classification, reviewer) from None


def split_of(sender: str) -> Split:
    """The half that `sender` belongs to: where earlier corrections are, else by a keyed hash.

    The rows come first because the hash changes with DJANGO_SECRET_KEY, and nobody may ever be on both sides.
    """
    earlier = Correction.objects.filter(classification__batch__sender=sender).order_by("id")
    if half := earlier.values_list("split", flat=True).first():
        return Split(half)
    return [Split.TRAIN, Split.EVAL][
        salted_hmac("classification.split", sender, algorithm="sha256").digest()[0] % 2
    ]


def _already(classification: Classification, reviewer: "User") -> CannotCorrect:
    label = Correction.objects.get(classification=classification, reviewer=reviewer).corrected
    return CannotCorrect(f"You have judged this verdict before: {label}.")
