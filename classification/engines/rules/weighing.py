"""Whether what was found is an answer: in long talk the words of a yes or a no often decide nothing.

A few marks of the conversation are summed up, as in a logistic regression. The weights were fitted to 5,000 labelled
replies (private messages, replies to organisations, answers typed and spoken) read with the shipped rule set.
"""

from collections.abc import Sequence
from itertools import chain

from classification.engines.rules.document import Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.line import Line
from classification.engines.rules.matching import Hit
from classification.engines.rules.scoring import WEIGHTS, Reading
from classification.engines.rules.story import around, is_of_the_writer
from classification.labels import Meaning

NEEDED = -0.85  # log-odds: three in ten
BEFORE_ALL = 0.8
EACH_WORD, MOST_WORDS = -0.09, 30
UNKNOWN = -1.65  # for all of them; the share of the words counts
OPENS, ENDS = 1.5, 0.7
PLAIN, PHRASE = 0.65, -0.9
EACH_WORD_OF_IT, MOST_WORDS_OF_IT = 0.3, 4
EACH_HIT, MOST_HITS = 0.9, 4
EACH_CONTRARY, MOST_CONTRARY = -0.6, 3
CORRECTS = 0.85
FORMAL = 0.4


def is_answer(standing: Reading, lines: Sequence[Line], lexicon: Lexicon) -> bool:
    """Whether a yes or a no is likely enough to be one.

    What says neither always is, and so are idioms, what a text says as a whole, and what an operator's own rule finds:
    the weights know nothing of it.
    """
    if not standing.clear or lexicon.meaning(standing.label) is Meaning.NEUTRAL:
        return True
    hits = list(chain.from_iterable(line.hits for line in lines))
    said = [hit for hit in hits if hit.label == standing.label]
    best = max(said, key=lambda hit: WEIGHTS[hit.strength])
    here = next((line for line in lines if any(clause is best.clause for clause in line.clauses)), None)
    own = not lexicon.own_rules.isdisjoint(hit.rule for hit in said)
    if own or here is None or best.strength is Strength.PROTECTED:
        return True
    weight = BEFORE_ALL + _of_the_talk(lines, lexicon) + _of_the_hits(standing, hits, lexicon)
    return weight + _of_the_place(best, here, lines, lexicon) >= NEEDED


def _of_the_talk(lines: Sequence[Line], lexicon: Lexicon) -> float:
    """How much is said, how much of it is unknown, and whether it is written as letters are."""
    words = [word for line in lines for word in line.words]
    unknown = sum(word not in lexicon.vocabulary for word in words) / max(len(words), 1)
    names = ("apologizing", "formal", "pleading")
    formal = any(not lexicon.classes.get(name, frozenset()).isdisjoint(words) for name in names)
    return EACH_WORD * min(len(words), MOST_WORDS) + UNKNOWN * unknown + FORMAL * formal


def _of_the_hits(standing: Reading, hits: Sequence[Hit], lexicon: Lexicon) -> float:
    """How often it is said, how often something else is, and whether somebody takes back what he said before."""
    said = [hit for hit in hits if hit.label == standing.label]
    contrary = sum(bool(hit.label) and hit.label != standing.label for hit in hits)
    corrects = standing.corrects and any(
        is_of_the_writer(hit, lexicon) or not hit.clause.contrast for hit in said
    )
    counted = EACH_HIT * min(len(said), MOST_HITS) + EACH_CONTRARY * min(contrary, MOST_CONTRARY)
    return counted + CORRECTS * corrects


def _of_the_place(best: Hit, here: Line, lines: Sequence[Line], lexicon: Lexicon) -> float:
    """How plain its best words are, and whether they begin or end what is said."""
    length = len(best.words.split())
    plain = length == 1 and best.strength in (Strength.EXPLICIT, Strength.ACKNOWLEDGE)
    first = here is lines[0] and best.clause is here.clauses[0]
    opens = first and lexicon.transparent.issuperset(best.before)
    ends = here is lines[-1] and around(best, here, lexicon)[1] == 0
    words = EACH_WORD_OF_IT * min(length, MOST_WORDS_OF_IT)
    return PLAIN * plain + PHRASE * (best.strength is Strength.PHRASE) + words + OPENS * opens + ENDS * ends
