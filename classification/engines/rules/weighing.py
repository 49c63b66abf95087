"""Whether what was found is an answer: in long talk the words of a yes or a no often decide nothing.

A few marks of the conversation are summed up, as in a logistic regression. The weights were fitted to 5,000 labelled
replies (private messages, replies to organisations, answers typed and spoken); what words they were of is not in them.
"""

from collections.abc import Iterator, Sequence

from classification.engines.rules.document import Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.line import Line
from classification.engines.rules.matching import Hit
from classification.engines.rules.scoring import WEIGHTS, Reading
from classification.engines.rules.story import around
from classification.labels import Meaning

NEEDED = -0.85  # log-odds: three in ten
BEFORE_ALL = 0.8
MOST_WORDS, MOST_HITS, MOST_CONTRARY, MOST_IN_ONE = 30, 4, 3, 4
NEAR = 3  # words beside a hit, among which the one stands whose answer it is


def is_answer(standing: Reading, lines: Sequence[Line], lexicon: Lexicon) -> bool:
    """Whether a yes or a no is likely enough to be one. What says neither always is."""
    if lexicon.meaning(standing.label) is Meaning.NEUTRAL:
        return True
    return BEFORE_ALL + sum(weight * mark for weight, mark in marks(standing, lines, lexicon)) >= NEEDED


def marks(standing: Reading, lines: Sequence[Line], lexicon: Lexicon) -> Iterator[tuple[float, float]]:
    """The marks of an answer and of talk, each behind its weight."""
    said = [hit for line in lines for hit in line.hits if hit.label == standing.label]
    words = [word for line in lines for word in line.words]
    best = max(said, key=lambda hit: WEIGHTS[hit.strength])
    length = len(best.words.split())
    contrary = sum(bool(hit.label) and hit.label != standing.label for line in lines for hit in line.hits)
    yield -0.09, min(len(words), MOST_WORDS)
    yield -1.65, sum(word not in lexicon.vocabulary for word in words) / max(len(words), 1)
    yield 1.5, _opens(best, lines[0], lexicon)
    yield 0.65, length == 1 and best.strength in (Strength.EXPLICIT, Strength.ACKNOWLEDGE)
    yield -0.9, best.strength is Strength.PHRASE
    yield 0.3, min(length, MOST_IN_ONE)
    yield 0.9, min(len(said), MOST_HITS)
    yield -0.6, min(contrary, MOST_CONTRARY)
    yield 0.85, standing.corrects and any(_is_own(hit, lexicon) or not hit.clause.contrast for hit in said)
    yield 0.7, _ends(best, lines[-1], lexicon)
    yield 0.4, any(line.holds(_formal(lexicon)) for line in lines)


def _opens(hit: Hit, line: Line, lexicon: Lexicon) -> bool:
    first = bool(line.clauses) and hit.clause is line.clauses[0]
    return first and lexicon.transparent.issuperset(hit.before)


def _ends(hit: Hit, line: Line, lexicon: Lexicon) -> bool:
    return hit in line.hits and around(hit, line, lexicon)[1] == 0


def _formal(lexicon: Lexicon) -> frozenset[str]:
    names = ("apologizing", "formal", "pleading")
    return frozenset[str]().union(*(lexicon.classes.get(name, ()) for name in names))


def _is_own(hit: Hit, lexicon: Lexicon) -> bool:
    """Whether who writes says it of himself."""
    beside = (*hit.before[-NEAR:], *hit.words.split(), *hit.behind[:NEAR])
    return not lexicon.classes.get("speaker", frozenset()).isdisjoint(beside)
