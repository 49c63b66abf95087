"""The matters of one conversation. Most have exactly one."""

from collections.abc import Sequence

from classification.engines.base import Matter
from classification.engines.rules.clauses import Clause
from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.matching import Hit
from classification.engines.rules.scoring import BARE, are_rivals
from classification.labels import Meaning

MAX_MATTERS = 5
# A conversation longer than this is searched for matters in its last lines only.
MAX_LINES, MAX_HITS = 30, 60
MAX_CHARACTERS = 300
# A sentence of fewer words without anything that the rules know is no matter of its own.
FEWEST_WORDS = 4


def matters(
    label: str, lines: Sequence[Sequence[Clause]], found: Sequence[Hit], lexicon: Lexicon
) -> tuple[Matter, ...]:
    """The verdict's own matter first, then the others: those with the first priority, then in their order."""
    asides = [
        aside
        for line in lines[-MAX_LINES:]
        for aside in _sentences(line)
        if _is_aside(aside, label, found[-MAX_HITS:], lexicon)
    ]
    others = [Matter(lexicon.default, _text(aside)) for aside in asides]
    others += _other_categories(label, found[-MAX_HITS:], asides, lexicon)
    others.sort(key=lambda matter: lexicon.categories[matter.label].priority)
    if not any(lines):
        return ()
    main = Matter(label, _main_text(label, found[-MAX_HITS:], asides, lines[-MAX_LINES:]))
    distinct = dict.fromkeys([main, *(other for other in others if other.label != label)])
    return tuple(distinct)[:MAX_MATTERS]


def _sentences(line: Sequence[Clause]) -> list[list[Clause]]:
    """The clauses of a line by sentence; an opener begins one of its own."""
    found: dict[tuple[int, bool], list[Clause]] = {}
    for clause in line:
        found.setdefault((clause.sentence, clause.aside), []).append(clause)
    return list(found.values())


def _is_aside(sentence: Sequence[Clause], label: str, found: Sequence[Hit], lexicon: Lexicon) -> bool:
    """Whether it speaks of something else than the answer: so it says itself, or the rules know nothing of it."""
    here = [hit for hit in found if hit.label and any(hit.clause is clause for clause in sentence)]
    elsewhere = any(hit.label == label and hit not in here for hit in found)
    if not elsewhere or label == lexicon.default or _has_own_name(here, lexicon):
        return False
    if sentence[0].aside:
        return _length(sentence, lexicon) >= FEWEST_WORDS - 1
    return (
        lexicon.meaning(label) != Meaning.DISAGREE
        and not any(clause.asks for clause in sentence)
        and all(hit.strength is Strength.SOFT for hit in here)
        and _length(sentence, lexicon) >= FEWEST_WORDS
        and not _explains(sentence, lexicon)
    )


def _has_own_name(here: Sequence[Hit], lexicon: Lexicon) -> bool:
    """Whether a category of its own is named for it."""
    return any(hit.label in lexicon.own and hit.strength not in BARE for hit in here)


def _explains(sentence: Sequence[Clause], lexicon: Lexicon) -> bool:
    """Whether it gives a reason, or the person still speaks of himself."""
    words = {word for clause in sentence for word in clause.words}
    return bool(lexicon.begins(sentence[0].words, LexiconKind.REASON)) or not words.isdisjoint(
        lexicon.classes.get("speaker", ())
    )


def _other_categories(
    label: str, found: Sequence[Hit], asides: Sequence[Sequence[Clause]], lexicon: Lexicon
) -> list[Matter]:
    """What the rules say firmly beside the answer, and not against it."""
    inside = {id(clause) for aside in asides for clause in aside}
    return [
        Matter(hit.label, hit.clause.text[:MAX_CHARACTERS])
        for hit in found
        if hit.label not in ("", label, lexicon.default)
        and not are_rivals(label, hit.label, lexicon)
        and hit.strength not in BARE
        and id(hit.clause) not in inside
    ]


def _main_text(
    label: str,
    found: Sequence[Hit],
    asides: Sequence[Sequence[Clause]],
    lines: Sequence[Sequence[Clause]],
) -> str:
    """The clauses that say it; everything when none does."""
    elsewhere = {id(clause) for aside in asides for clause in aside}
    saying = [hit.clause.text for hit in found if hit.label == label and id(hit.clause) not in elsewhere]
    everything = (clause.text for line in lines for clause in line)
    return " ".join(dict.fromkeys(saying or everything))[:MAX_CHARACTERS]


def _text(sentence: Sequence[Clause]) -> str:
    return " ".join(dict.fromkeys(clause.text for clause in sentence))[:MAX_CHARACTERS]


def _length(sentence: Sequence[Clause], lexicon: Lexicon) -> int:
    fillers = lexicon.groups[LexiconKind.FILLER]
    return sum(word not in fillers for clause in sentence for word in clause.words)
