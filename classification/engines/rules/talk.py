"""What is told behind a yes, and takes nothing back of it."""

from collections.abc import Sequence

from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.matching import CONDITION, Hit
from classification.labels import Meaning

# The word classes of what is decided about.
DEEDS = ("commit", "doing", "fit", "deciding")


def without_talk(found: list[Hit], lexicon: Lexicon) -> list[Hit]:
    """Without what the sentences behind a yes that opened the text tell of other things: "ok. she is busy"."""
    if not found or not _opens(found[0], lexicon):
        return found
    return [hit for hit in found if not _is_talk(hit, found[0], lexicon)]


def _opens(answer: Hit, lexicon: Lexicon) -> bool:
    return (
        answer.clause.sentence == 0
        and lexicon.groups[LexiconKind.FILLER].issuperset(answer.before)
        and answer.strength in (Strength.EXPLICIT, Strength.ACKNOWLEDGE)
        and lexicon.meaning(answer.label) == Meaning.AGREE
    )


def _is_talk(hit: Hit, answer: Hit, lexicon: Lexicon) -> bool:
    """Whether it is a condition late in its sentence, somebody else's reason, or what somebody else does not do."""
    if hit.clause.sentence == answer.clause.sentence or hit.clause.contrast:
        return False
    if hit.rule == CONDITION:
        return hit.at > 0
    refuses = hit.label == lexicon.categories[answer.label].opposite
    said_of_others = lexicon.classes.get("speaker", frozenset()).isdisjoint(hit.clause.words)
    return refuses and said_of_others and (hit.strength is Strength.ACKNOWLEDGE or _is_no_deed(hit, lexicon))


def _is_no_deed(hit: Hit, lexicon: Lexicon) -> bool:
    """Whether its "not" belongs to a verb that decides nothing: "cannot resist", and not "cannot come"."""
    return hit.words.endswith("not") and bool(hit.behind) and not decides(hit.behind[:2], lexicon)


def decides(words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether some of them are what people agree to or refuse: "come", "available"."""
    return any(not lexicon.classes.get(name, frozenset()).isdisjoint(words) for name in DEEDS)
