"""What a verdict is allowed to become, and whom it is shown to.

An agreement has consequences: it is confirmed. So where there is reason to doubt one, the conversation gets the
default category, a safe answer to anything, and a person looks at it.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings

from classification.asking import ask
from classification.decision import Hearing
from classification.engines.base import Context, Matter, Verdict
from classification.injection import first_marked
from classification.labels import Meaning
from classification.models import ReviewReason
from classification.rulesets.live import Live

OPPOSED = {Meaning.AGREE, Meaning.DISAGREE}
# The rules' confidence that only plain words reach, with hardly anything against them. A bare "ok" (0.68), a guess or
# a question (0.57) and words that they do not know (0.3) stay below, however alone they stand.
FIRM = 0.8


@dataclass(frozen=True)
class Judgement:
    """What the conversation is given, and why a person should look at it (empty: no need).

    `trace` is what is told of a doubt: its reason, and the words that raised it.
    """

    label: str
    matters: tuple[Matter, ...]
    review: str
    trace: Mapping[str, Any] = field(default_factory=dict)


def judged(hearing: Hearing, verdict: Verdict, texts: Sequence[str], context: Context) -> Judgement:
    """What becomes of the `verdict` of the engine that decides.

    The sample is drawn from all verdicts, doubtful ones too: else it would tell nothing of how often they are right.
    """
    found = _doubted(hearing, verdict, texts, context)
    return replace(found, review=sampled() or found.review)


def _doubted(hearing: Hearing, verdict: Verdict, texts: Sequence[str], context: Context) -> Judgement:
    marked, live = first_marked(texts), context.live
    if marked is not None:
        stands = _meaning(verdict.label, live) != Meaning.AGREE or _agreed(texts[: marked.at], context)
        marker = {"marker": {"text": marked.at + 1, "words": marked.words}}
        return _alone(verdict.label if stands else _safe(live), ReviewReason.INJECTION, marker)
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


def _alone(label: str, review: ReviewReason, trace: Mapping[str, Any] | None = None) -> Judgement:
    """This label and no other matter: what else the engine said is not believed.

    The trace keeps the reason: that of the review may be another one (the random sample, an opt-out).
    """
    return Judgement(label, (Matter(label, ""),), review, {"doubt": str(review), **(trace or {})})


def _safe(live: Live) -> str:
    return live.document.default.slug


def _agreed(before: Sequence[str], context: Context) -> bool:
    """Whether the rules find an agreement in the texts before those that are written for the model."""
    read = ask("rules", before, context).verdict if before else None
    return bool(read and read.sure and _meaning(read.label, context.live) == Meaning.AGREE)


def _opposed(hearing: Hearing, live: Live) -> bool:
    """Whether model and rules contradict each other about an agreement, and the rules are sure."""
    heard = {turn.attempt.engine: turn.verdict for turn in (hearing.deciding, hearing.other) if turn}
    model, rules = heard.get("openai"), heard.get("rules")
    if not model or not rules or not rules.sure:
        return False
    meant = _meaning(model.label, live)
    opposite = {meant, _meaning(rules.label, live)} == OPPOSED
    return opposite or (meant == Meaning.AGREE and _is_else(rules, live))


def _is_else(read: Verdict, live: Live) -> bool:
    """Whether plain words say something else than an agreement, and none is beside it as a further matter.

    Rules that only know nothing of an agreement are no opinion: that is what the model is asked for.
    """
    labels = (read.label, *(matter.label for matter in read.matters))
    return is_firm(read) and all(_meaning(label, live) != Meaning.AGREE for label in labels)


def is_firm(verdict: Verdict) -> bool:
    """Whether the rules are sure, from plain words that hardly anything speaks against (see FIRM)."""
    return verdict.sure and (verdict.confidence or 0) >= FIRM


def _meaning(label: str, live: Live) -> Meaning:
    category = live.document.category(label)
    return category.counts_as if category else Meaning.NEUTRAL
