"""A text that comes soon after a reply: does it take back what was answered, or does it add nothing?"""

from collections.abc import Sequence

from django.conf import settings

from batches.models import Batch
from classification.decision import Decision as Verdict
from classification.labels import Label
from classification.rulesets.live import live
from replies.case import Decision

UNCHANGED = Decision(
    False, "unchanged", "It says again what was answered before, and follow-ups like it are only recorded."
)
ANSWER = "answer"  # of FOLLOW_UP_UNCHANGED


def answered_label(batch: Batch) -> str:
    """What the conversation meant that was answered lately; empty when this one follows none. No query then."""
    if batch.answered_before is None:
        return ""
    return Batch.objects.values_list("label", flat=True).get(id=batch.answered_before)


def is_change_of_mind(before: str, label: str) -> bool:
    """Whether who was answered as `before` now says something else; to say nothing in particular is none."""
    vague = {"", str(Label.UNDECIDED), live().rules.lexicon.default}
    return label != before and not {before, label} & vague


def only_repeats(before: str, verdict: Verdict, texts: Sequence[str]) -> bool:
    """Whether it says the same once more, or nothing but a courtesy; a question is always something new."""
    if not before or any("?" in text for text in texts):
        return False
    alone = {matter.label for matter in verdict.matters} <= {verdict.label}
    return alone and (verdict.label == before or _is_courtesy(verdict, texts))


def unanswered(before: str, verdict: Verdict, texts: Sequence[str]) -> Decision | None:
    """UNCHANGED where such a follow-up is only recorded."""
    recorded = settings.FOLLOW_UP_UNCHANGED != ANSWER and only_repeats(before, verdict, texts)
    return UNCHANGED if recorded else None


def _is_courtesy(verdict: Verdict, texts: Sequence[str]) -> bool:
    """Whether the rules know every word of it and none of them is an answer: "Thank you po"."""
    rules = live().rules
    if verdict.label != rules.lexicon.default:
        return False
    read = rules.read(texts)
    return read.sure and read.label == rules.lexicon.default and "scores" not in read.trace
