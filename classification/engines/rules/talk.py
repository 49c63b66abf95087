"""What is told behind a yes, and takes nothing back of it."""

from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.matching import CONDITION, Hit
from classification.labels import Meaning


def without_talk(found: list[Hit], lexicon: Lexicon) -> list[Hit]:
    """Without what the sentences behind a yes that opened the text tell of others: "ok. she is busy"."""
    if not found or not _opens(found[0], lexicon):
        return found
    return [hit for hit in found if not _is_talk(hit, found, lexicon)]


def _opens(answer: Hit, lexicon: Lexicon) -> bool:
    return (
        answer.clause.sentence == 0
        and lexicon.groups[LexiconKind.FILLER].issuperset(answer.before)
        and answer.strength in (Strength.EXPLICIT, Strength.ACKNOWLEDGE)
        and lexicon.meaning(answer.label) == Meaning.AGREE
    )


def _is_talk(hit: Hit, found: list[Hit], lexicon: Lexicon) -> bool:
    """Whether it is others' condition or reason. Who names nobody speaks of himself: "ok. busy that day"."""
    answer = found[0]
    ours, others = (_members(lexicon, *names) for names in (("speaker", "ours"), ("others", "addressed")))
    if hit.clause.sentence == answer.clause.sentence or not ours.isdisjoint(hit.clause.words):
        return False
    if (
        hit.rule == CONDITION
    ):  # "the bus will wait if it rains"; "attending if we are paid" is about the answer
        agreed = any(other.clause is hit.clause and other.label == answer.label for other in found)
        return hit.at > 0 and not hit.clause.contrast and not agreed
    refuses = hit.label == lexicon.categories[answer.label].opposite
    return refuses and hit.strength is Strength.ACKNOWLEDGE and not others.isdisjoint(hit.before)


def _members(lexicon: Lexicon, *names: str) -> frozenset[str]:
    return frozenset[str]().union(*(lexicon.classes.get(name, ()) for name in names))
