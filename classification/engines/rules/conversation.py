"""What several texts of one person say together."""

from collections.abc import Sequence
from dataclasses import replace

from classification.engines.rules.document import Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.scoring import BARE, Reading, are_rivals
from classification.labels import Meaning


def answer(readings: Sequence[Reading], lexicon: Lexicon) -> Reading | None:
    """The reading that stands in the end: a later text may take back an earlier one, a bare "ok" does not.

    Of two that do not speak against each other, the one whose category comes first by priority stands. Who has said
    both yes and no is believed that he does not know; yes to one thing and no to another is neither.
    """
    standing: Reading | None = None
    wavers = False
    for later in readings:
        doubts = wavers and later.label == lexicon.default and later.strength is Strength.PROTECTED
        if standing is None or doubts or _takes_over(later, standing, lexicon):
            wavers = standing is not None and not later.corrects and _are_opposite(later, standing, lexicon)
            both = wavers and standing is not None and standing.limited and later.limited
            standing = replace(later, label=lexicon.default, clear=False) if both else later
    return standing


def _are_opposite(one: Reading, other: Reading, lexicon: Lexicon) -> bool:
    return {lexicon.meaning(reading.label) for reading in (one, other)} == {Meaning.AGREE, Meaning.DISAGREE}


def _takes_over(later: Reading, standing: Reading, lexicon: Lexicon) -> bool:
    if later.label == standing.label:
        firmer = standing.strength in BARE and later.strength not in BARE
        return later.clear and (firmer or later.margin > standing.margin)
    if not later.clear or later.strength is Strength.SOFT or later.aside:
        return False
    if standing.strength is Strength.SOFT or not standing.clear:
        return True
    if not are_rivals(later.label, standing.label, lexicon):
        ranks = [lexicon.categories[reading.label].priority for reading in (later, standing)]
        return ranks[0] < ranks[1] and not later.is_bare
    if later.is_bare and not later.corrects:
        return standing.is_bare and lexicon.meaning(later.label) != Meaning.AGREE
    doubts = later.label == lexicon.default
    return later.corrects or not doubts or standing.strength is not Strength.EXPLICIT
