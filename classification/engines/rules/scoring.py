"""What one text says: a score for each category, and how clear the best of them is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classification.engines.rules.clauses import Clause
from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.matching import CONDITION, QUESTION, Hit
from classification.engines.rules.talk import without_talk
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
# In a longer text "good" or "right" is about something else.
MOST_WORDS_AROUND_A_GUESS = 6
# A category's second and third word add to its first.
FURTHER, MAX_FURTHER = 0.25, 2
# What opens a text counts more; what follows "but" much more, and what is before it less; what "wait" takes back least.
OPENING, CONTRASTED, OUTWEIGHED, TAKEN_BACK = 1.2, 1.9, 0.6, 0.2
# An "if" that begins only after the answer's own sentence may be about something else.
AFTERTHOUGHT = 0.5
# The lead that the best category needs, as a share of its score. Agreement is acted upon: it must be clearest.
NEEDED = {Meaning.AGREE: 0.4, Meaning.DISAGREE: 0.15, Meaning.NEUTRAL: 0.0}
# Over its opposite each needs more: to take one for the other costs more than to leave it open.
NEEDED_OVER_OPPOSITE = NEEDED | {Meaning.AGREE: 0.5, Meaning.DISAGREE: 0.17}

Weighed = Sequence[tuple[Hit, float]]


@dataclass(frozen=True)
class Reading:
    """What one text says. `label` is the default category, and not `clear`, where nothing is said clearly.

    `margin` is the lead over the categories that speak against it, 0..1; `corrects`: the text takes back what was
    said before it; `aside`: it is all about another matter, or explains what was said; `limited`: it is the answer to
    one thing of several ("yes to the first").
    """

    label: str
    strength: Strength
    margin: float
    clear: bool
    scores: Mapping[str, float]
    corrects: bool = False
    aside: bool = False
    limited: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether it says too little to take back an earlier text: "ok", "nice", a question."""
        return self.strength in BARE or not self.clear


def reading(parts: Sequence[Clause], found: Sequence[Hit], lexicon: Lexicon) -> Reading | None:
    """What the hits of one text say together; None when there is none that says anything."""
    said = _counting(_not_lost([hit for hit in found if hit.label], parts), lexicon)
    if not said:
        return None
    taken_back = _taken_back(parts, lexicon)
    weighed = _weighed(said, parts[:taken_back], lexicon)
    scores = _scores(weighed)
    label = _main(scores, weighed, lexicon)
    margin = _lead(scores, label, lexicon)
    clear = margin >= _needed(label, scores, lexicon) and not _is_both(said, lexicon)
    return Reading(
        label if clear else lexicon.default,
        _strength(label, weighed),
        margin,
        clear,
        scores,
        corrects=taken_back > 0
        or any(is_marked(part, lexicon) for part in parts[:1])  # a text without words has none
        or any(hit.clause.contrast and hit.label == label for hit in said),
        aside=all(hit.clause.aside or hit.explains for hit in said),
        limited=any(hit.label == label and _is_limited(hit, lexicon) for hit in said),
    )


def _needed(label: str, scores: Mapping[str, float], lexicon: Lexicon) -> float:
    contested = lexicon.categories[label].opposite in scores
    return (NEEDED_OVER_OPPOSITE if contested else NEEDED)[lexicon.meaning(label)]


def are_rivals(one: str, other: str, lexicon: Lexicon) -> bool:
    """Whether two categories cannot both be meant: opposites, yes and no, an answer and nothing in particular."""
    first, second = lexicon.categories[one], lexicon.categories[other]
    return (
        (lexicon.default in (one, other) and lexicon.own.isdisjoint((one, other)))
        or other == first.opposite
        or one == second.opposite
        or {first.counts_as, second.counts_as} == {Meaning.AGREE, Meaning.DISAGREE}
    )


def _not_lost(found: list[Hit], parts: Sequence[Clause]) -> list[Hit]:
    """Without the guesses, in a text that is too long for them."""
    if sum(len(part.words) for part in parts) <= MOST_WORDS_AROUND_A_GUESS:
        return found
    return [hit for hit in found if hit.strength is not Strength.SOFT or hit.rule == QUESTION]


def _counting(found: list[Hit], lexicon: Lexicon) -> list[Hit]:
    """Those that count beside the others: "good" beside nothing else, "ok" beside no answer, praise not in a refusal.

    What follows "but" is weighed apart. What explains an answer or belongs to another matter counts only where nothing
    else is said, unless it is of a category that stands beside answers: the first of those by priority is replied to.
    """
    found = without_talk(_without_hedge(found, lexicon), lexicon)
    here = [hit for hit in found if not hit.clause.aside or hit.label in lexicon.own] or found
    start = _contrast(here)
    answers = [*_strongest(_unexplained(here[:start])), *_strongest(_unexplained(here[start:]))]
    return [hit for hit in answers if not _is_praise_in_refusal(hit, answers, lexicon)]


def _without_hedge(found: list[Hit], lexicon: Lexicon) -> list[Hit]:
    """Without the "I don't know" that only begins a plain refusal: "I don't know, I don't agree"."""
    hedging = lexicon.classes.get("hedging", frozenset())
    if not found or hedging.isdisjoint(found[0].words.split()):
        return found
    first, *rest = found
    alone = (lexicon.groups[LexiconKind.FILLER] | set(first.words.split())).issuperset(first.clause.words)
    firm = any(hit.strength is Strength.EXPLICIT for hit in rest)
    refuses = all(lexicon.meaning(hit.label) == Meaning.DISAGREE for hit in rest)
    return rest if alone and firm and refuses else found


def _unexplained(found: list[Hit]) -> list[Hit]:
    """Without what explains an answer, where there is one: "ok because ..." is none."""
    said = [hit for hit in found if not hit.explains]
    return said if any(hit.strength not in BARE for hit in said) else found


def _strongest(found: list[Hit]) -> list[Hit]:
    answers = [hit for hit in found if hit.strength is not Strength.SOFT] or found
    return [hit for hit in answers if hit.strength is not Strength.ACKNOWLEDGE] or answers


def _contrast(found: Sequence[Hit]) -> int:
    """The number of the first hit that follows "but"; 0 when none does."""
    return next((number for number, hit in enumerate(found) if hit.clause.contrast), 0)


def _is_praise_in_refusal(hit: Hit, others: Sequence[Hit], lexicon: Lexicon) -> bool:
    if lexicon.meaning(hit.label) != Meaning.AGREE or hit.strength in (Strength.EXPLICIT, Strength.PROTECTED):
        return False
    opposite = lexicon.categories[hit.label].opposite
    return any(other.label == opposite and other.clause is hit.clause for other in others)


def _taken_back(parts: Sequence[Clause], lexicon: Lexicon) -> int:
    """How many clauses the last word like "wait" takes back."""
    return max((number for number, part in enumerate(parts) if is_marked(part, lexicon)), default=0)


def is_marked(part: Clause, lexicon: Lexicon) -> bool:
    """Whether it takes back what was said before ("wait"), and does not go on with it ("I would actually ...")."""
    before = ("", *part.words)
    return any(
        word in lexicon.groups[LexiconKind.CORRECTION] and before[at] not in lexicon.carrying_on
        for at, word in enumerate(part.words)
    )


def _weighed(said: Sequence[Hit], taken_back: Sequence[Clause], lexicon: Lexicon) -> Weighed:
    contrast = 0 if _stays_refused(said, lexicon) else _contrast(said)
    gone = {id(part) for part in taken_back}
    weighed = []
    for number, hit in enumerate(said):
        weight = WEIGHTS[hit.strength] * (OPENING if number == 0 else 1)
        if contrast:
            weight *= CONTRASTED if hit.clause.contrast else OUTWEIGHED if number < contrast else 1
        weight *= AFTERTHOUGHT if _is_afterthought(hit, said[0], lexicon) else 1
        weighed.append((hit, weight * (TAKEN_BACK if id(hit.clause) in gone else 1)))
    return weighed


def _stays_refused(said: Sequence[Hit], lexicon: Lexicon) -> bool:
    """Whether what follows leaves a plain refusal as it is: "no, but I need help", "I can't, so yes, cancel"."""
    if lexicon.meaning(said[0].label) != Meaning.DISAGREE or said[0].strength in BARE:
        return False
    after = said[_contrast(said) :]
    concludes = after[0].clause.words[:1] and after[0].clause.words[0] in lexicon.classes.get(
        "concluding", ()
    )
    firm = said[0].strength is Strength.EXPLICIT
    return bool(firm and concludes) or all(hit.label == lexicon.default for hit in after)


def _is_both(said: Sequence[Hit], lexicon: Lexicon) -> bool:
    """Whether one thing is agreed to and another refused: "yes for lunch but no for dinner"."""
    limited = {lexicon.meaning(hit.label) for hit in said if _is_limited(hit, lexicon)}
    return limited == {Meaning.AGREE, Meaning.DISAGREE}


def _is_limited(hit: Hit, lexicon: Lexicon) -> bool:
    limiting = lexicon.classes.get("limiting", frozenset())
    return not limiting.isdisjoint([*hit.before[:1], hit.words.split()[-1], *hit.behind[:1]])


def _is_afterthought(hit: Hit, answer: Hit, lexicon: Lexicon) -> bool:
    """Whether a condition is none of the answer: of another sentence, or why it was refused ("no la, if I ...")."""
    if hit.rule != CONDITION or hit.clause.contrast:
        return False
    refused = lexicon.meaning(answer.label) == Meaning.DISAGREE and answer.strength not in BARE
    return hit.clause.sentence > answer.clause.sentence or (refused and hit.clause is not answer.clause)


def _scores(weighed: Weighed) -> dict[str, float]:
    by_label: dict[str, list[float]] = {}
    for hit, weight in weighed:
        by_label.setdefault(hit.label, []).append(weight)
    return {
        label: max(each) + FURTHER * min(len(each) - 1, MAX_FURTHER) * min(1.0, max(each))
        for label, each in by_label.items()
    }


def _main(scores: Mapping[str, float], weighed: Weighed, lexicon: Lexicon) -> str:
    """The category with the highest score; of several matters the one that comes first by priority."""
    best = max(scores, key=lambda label: (scores[label], -lexicon.categories[label].priority))
    others = [
        label
        for label in scores
        if not are_rivals(best, label, lexicon) and _strength(label, weighed) not in BARE
    ]
    return min([best, *others], key=lambda label: lexicon.categories[label].priority)


def _lead(scores: Mapping[str, float], label: str, lexicon: Lexicon) -> float:
    """By how much of its score `label` is ahead of those that speak against it."""
    against = (
        score for other, score in scores.items() if other != label and are_rivals(label, other, lexicon)
    )
    return max(0.0, 1 - max(against, default=0.0) / scores[label])


def _strength(label: str, weighed: Weighed) -> Strength:
    """That of the best ground for `label`."""
    return max(((weight, hit.strength) for hit, weight in weighed if hit.label == label), key=lambda w: w[0])[
        1
    ]
