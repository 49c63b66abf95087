"""What one text says: a score for each category, and how clear the best of them is."""

from collections.abc import Sequence
from dataclasses import dataclass

from classification.engines.rules.clauses import Clause
from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.matching import Hit
from classification.labels import Meaning

WEIGHTS = {
    Strength.PROTECTED: 3.0,
    Strength.EXPLICIT: 3.0,
    Strength.PHRASE: 2.0,
    Strength.ALONE: 2.0,
    Strength.ACKNOWLEDGE: 1.0,
    Strength.SOFT: 0.5,
}
BARE = (Strength.ACKNOWLEDGE, Strength.SOFT)
# A category's second and third word add to its first.
FURTHER, MAX_FURTHER = 0.25, 2
# What opens a text counts more, what follows "but" much more, what "wait" takes back much less.
OPENING, CONTRASTED, TAKEN_BACK = 1.2, 1.7, 0.2
# The lead that the best category needs, as a share of its score. Agreement is acted upon: it must be clearest.
NEEDED = {Meaning.AGREE: 0.4, Meaning.DISAGREE: 0.15, Meaning.NEUTRAL: 0.0}


@dataclass(frozen=True)
class Reading:
    """What one text says. `label` is the default category, and not `clear`, where nothing is said clearly.

    `margin` is the lead of the best category, 0..1; `corrects`: the text takes back what was said before it.
    """

    label: str
    strength: Strength
    margin: float
    clear: bool
    scores: dict[str, float]
    hits: tuple[Hit, ...]
    corrects: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether it says too little to take back an earlier text: "ok", "nice", a question."""
        return self.strength in BARE or not self.clear


def reading(parts: Sequence[Clause], found: Sequence[Hit], lexicon: Lexicon) -> Reading | None:
    """What the hits of one text say together; None when there is none that says anything."""
    said = _counting([hit for hit in found if hit.label], lexicon)
    if not said:
        return None
    taken_back = _taken_back(parts, lexicon)
    weights = [(hit, _weight(hit, said[0], taken_back, parts)) for hit in said]
    scores = _scores(weights)
    label = best(scores, lexicon)
    margin = lead(scores, label)
    strength = _strength(label, weights)
    clear = margin >= NEEDED[lexicon.meaning(label)]
    corrects = taken_back is not None
    if not clear:
        label = lexicon.default
    return Reading(label, strength, margin, clear, scores, tuple(said), corrects)


def best(scores: dict[str, float], lexicon: Lexicon) -> str:
    """The category with the highest score; of equals the one with the first priority."""
    return max(scores, key=lambda label: (scores[label], -lexicon.category(label).priority))


def lead(scores: dict[str, float], label: str) -> float:
    """By how much of its score `label` is ahead of the next."""
    second = max((score for other, score in scores.items() if other != label), default=0.0)
    return max(0.0, 1 - second / scores[label]) if scores[label] else 0.0


def _counting(found: list[Hit], lexicon: Lexicon) -> list[Hit]:
    """Those that count beside the others: "good" beside nothing else, "ok" beside no answer, praise not in a refusal.

    What belongs to another matter counts only where nothing was said before.
    """
    here = [hit for hit in found if not hit.clause.aside] or found
    answers = [hit for hit in here if hit.strength is not Strength.SOFT] or here
    answers = [hit for hit in answers if hit.strength is not Strength.ACKNOWLEDGE] or answers
    return [hit for hit in answers if not _is_praise_in_refusal(hit, answers, lexicon)]


def _is_praise_in_refusal(hit: Hit, others: Sequence[Hit], lexicon: Lexicon) -> bool:
    if lexicon.meaning(hit.label) != Meaning.AGREE or hit.strength in (Strength.EXPLICIT, Strength.PROTECTED):
        return False
    beside = (other for other in others if other.clause is hit.clause)
    return any(lexicon.categories[hit.label].opposite == other.label for other in beside)


def _taken_back(parts: Sequence[Clause], lexicon: Lexicon) -> int | None:
    """The clause from which on the text counts, because of a word like "wait" in it."""
    corrections = lexicon.groups[LexiconKind.CORRECTION]
    marked = [number for number, part in enumerate(parts) if not corrections.isdisjoint(part.words)]
    return marked[-1] if marked else None


def _weight(hit: Hit, first: Hit, taken_back: int | None, parts: Sequence[Clause]) -> float:
    weight = WEIGHTS[hit.strength]
    if hit is first:
        weight *= OPENING
    if hit.clause.contrast:
        weight *= CONTRASTED
    if taken_back is not None and any(hit.clause is part for part in parts[:taken_back]):
        weight *= TAKEN_BACK
    return weight


def _scores(weights: Sequence[tuple[Hit, float]]) -> dict[str, float]:
    by_label: dict[str, list[float]] = {}
    for hit, weight in weights:
        by_label.setdefault(hit.label, []).append(weight)
    return {
        label: max(each) + FURTHER * min(len(each) - 1, MAX_FURTHER) * min(1.0, max(each))
        for label, each in by_label.items()
    }


def _strength(label: str, weights: Sequence[tuple[Hit, float]]) -> Strength:
    """That of the best ground for `label`."""
    return max(((weight, hit.strength) for hit, weight in weights if hit.label == label), key=lambda w: w[0])[1]

