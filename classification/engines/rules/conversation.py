"""What several texts of one person say together."""

from collections.abc import Sequence

from classification.engines.rules.document import Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.scoring import Reading
from classification.labels import Meaning


def answer(readings: Sequence[Reading], lexicon: Lexicon) -> Reading | None:
    """The reading that stands in the end: a later text may take back an earlier one, a bare "ok" does not."""
    standing: Reading | None = None
    for later in readings:
        if standing is None or _takes_over(later, standing, lexicon):
            standing = later
    return standing


def _takes_over(later: Reading, standing: Reading, lexicon: Lexicon) -> bool:
    if later.label == standing.label:
        return later.clear and later.margin > standing.margin
    if not later.clear or later.strength is Strength.SOFT:
        return False
    if standing.strength is Strength.SOFT or not standing.clear:
        return True
    if later.is_bare:
        return False
    doubts = lexicon.meaning(later.label) == Meaning.NEUTRAL and later.label == lexicon.default
    return later.corrects or not doubts or standing.strength is not Strength.EXPLICIT
