"""What a verdict is allowed to become, and whom it is shown to.

An agreement has consequences: it is confirmed. So where there is reason to doubt one, the conversation gets the
default category, a safe answer to anything, and a person looks at it.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from classification.decision import Hearing
from classification.engines.base import Matter, Verdict
from classification.injection import first_marked
from classification.labels import Meaning
from classification.models import ReviewReason
from classification.rulesets.live import Live

OPPOSED = {Meaning.AGREE, Meaning.DISAGREE}


@dataclass(frozen=True)
class Judgement:
    """What the conversation is given, and why a person should look at it (empty: no need)."""

    label: str
    matters: tuple[Matter, ...]
    review: str


def judged(hearing: Hearing, verdict: Verdict, texts: Sequence[str], live: Live) -> Judgement:
    """What becomes of the `verdict` of the engine that decides.

    The sample is drawn from all verdicts, doubtful ones too: else it would tell nothing of how often they are right.
    """
    found = _doubted(hearing, verdict, texts, live)
    return replace(found, review=sampled() or found.review)


def _doubted(hearing: Hearing, verdict: Verdict, texts: Sequence[str], live: Live) -> Judgement:
    marked = first_marked(texts)
    if marked is not None:
        stands = _meaning(verdict, live) != Meaning.AGREE or _agreed(texts[:marked], live)
        return _alone(verdict.label if stands else _safe(live), ReviewReason.INJECTION)
    if _opposed(hearing, live):
        if hearing.by_model:
            return _alone(_safe(live), ReviewReason.DISAGREEMENT)
        return Judgement(verdict.label, verdict.matters, ReviewReason.DISAGREEMENT)
    review = ReviewReason.NONE if verdict.sure else ReviewReason.NOT_SURE
    return Judgement(verdict.label, verdict.matters, review)


def sampled() -> str:
    """Now and then a verdict is shown to a person whatever it is: what those show is true of all."""
    chosen = random.random() < settings.CLASSIFICATION_REVIEW_SAMPLE  # noqa: S311  # nosec B311 (no secret)
    return ReviewReason.SAMPLE if chosen else ReviewReason.NONE


def _alone(label: str, review: ReviewReason) -> Judgement:
    """This label and no other matter: what else the engine said is not believed."""
    return Judgement(label, (Matter(label, ""),), review)


def _safe(live: Live) -> str:
    return live.document.default.slug


def _agreed(before: Sequence[str], live: Live) -> bool:
    """Whether the rules find an agreement in the texts before those that are written for the model."""
    read = live.rules.read(before) if before else None
    return bool(read and read.sure and _meaning(read, live) == Meaning.AGREE)


def _opposed(hearing: Hearing, live: Live) -> bool:
    """Whether model and rules say the opposite, and the rules are sure."""
    verdicts = [turn.verdict for turn in (hearing.deciding, hearing.other) if turn and turn.verdict]
    return {_meaning(verdict, live) for verdict in verdicts} == OPPOSED and all(v.sure for v in verdicts)


def _meaning(verdict: Verdict, live: Live) -> Meaning:
    category = live.document.category(verdict.label)
    return category.counts_as if category else Meaning.NEUTRAL
