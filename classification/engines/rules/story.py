"""What stands in the middle of a story is no answer."""

from collections.abc import Sequence

from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.line import Line
from classification.engines.rules.matching import Hit
from classification.labels import Meaning

# Words that are no fillers: behind so many of them somebody tells something and does not answer ...
STORY = 6
TOLD = 5  # ... behind so many a phrase that is no plain yes is of the story even at its end ...
SMALL_TALK = 4  # ... and behind so many an "ok" only ends a sentence.
NEAR = 3  # Words beside an answer among which the one stands whose answer it is.
FOLLOWED = 2  # With fewer behind it, it is the end of what was said, and an answer.


def comes_late(line: Line, told: int, lexicon: Lexicon) -> bool:
    """Whether the words for what it says stand in a story: behind `told` words and more of it."""
    reading = line.reading
    if (
        not reading
        or reading.strength is Strength.PROTECTED
        or lexicon.meaning(reading.label) is Meaning.NEUTRAL
    ):
        return False  # an emergency is one wherever it is told
    said = [hit for hit in line.hits if hit.label == reading.label]
    if not said or any(_is_an_answer(hit, line, lexicon) for hit in said):
        return False
    before, after = around(said[0], line, lexicon)
    if reading.strength is Strength.ACKNOWLEDGE:
        return bool(before) and told + before >= SMALL_TALK
    agrees = lexicon.meaning(reading.label) is Meaning.AGREE
    if agrees and reading.strength is Strength.PHRASE and before > 1 and told + before >= TOLD:
        return True
    if after < FOLLOWED or (not before and reading.strength is Strength.EXPLICIT):
        return False  # the last words: "Juan Cruz, grade 4, section Rizal, cannot come"; or a text that begins with it
    return told + before >= STORY


def _is_an_answer(hit: Hit, line: Line, lexicon: Lexicon) -> bool:
    """Whether it is one however late: about the speaker, what was told it for, asked for, with a sorry, or formal."""
    concluding, pleading, sorry, formal = (
        lexicon.classes.get(name, frozenset()) for name in ("concluding", "pleading", "apologizing", "formal")
    )
    concludes = not (concluding | pleading | lexicon.groups[LexiconKind.CONTRAST]).isdisjoint(
        (*hit.before, *hit.words.split()[:1])
    )
    return is_of_the_writer(hit, lexicon) or concludes or hit.clause.contrast or line.holds(sorry | formal)


def is_of_the_writer(hit: Hit, lexicon: Lexicon) -> bool:
    """Whether who writes says it of himself: he is named in it or beside it."""
    beside = (*hit.before[-NEAR:], *hit.words.split(), *hit.behind[:NEAR])
    return not lexicon.classes.get("speaker", frozenset()).isdisjoint(beside)


def around(hit: Hit, line: Line, lexicon: Lexicon) -> tuple[int, int]:
    """How many words of the line that are no fillers stand before it, and how many behind."""
    ahead, behind = [*hit.before], [*hit.behind]
    at = next((n for n, clause in enumerate(line.clauses) if clause is hit.clause), None)
    if at is not None:  # else it was found in all clauses together
        ahead += [word for clause in line.clauses[:at] for word in clause.words]
        behind += [word for clause in line.clauses[at + 1 :] for word in clause.words]
    return content(ahead, lexicon), content(behind, lexicon)


def content(words: Sequence[str], lexicon: Lexicon) -> int:
    """How many of them are no fillers."""
    return sum(word not in lexicon.transparent for word in words)
