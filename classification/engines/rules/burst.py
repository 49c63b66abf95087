"""What the texts of a burst leave of each other, before one of them is the answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from classification.engines.rules.clauses import Clause
from classification.engines.rules.document import LexiconKind, Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.matching import Hit
from classification.engines.rules.scoring import BARE, Reading, is_marked
from classification.labels import Meaning

SHORT = 2  # letters: "2 to 5" tells nothing
# Words that are no fillers: behind so many of them somebody tells something and does not answer ...
STORY = 6
SMALL_TALK = 4  # ... and behind so many an "ok" only ends a sentence.
FOLLOWED = 2  # With fewer behind it, it is the end of what was said, and an answer.


@dataclass(frozen=True)
class Line:
    """One text of a conversation. `is_understood`: every word of it is known, even if it answers nothing."""

    clauses: Sequence[Clause]
    hits: Sequence[Hit]
    reading: Reading | None
    timed_out: Sequence[str] = ()
    is_understood: bool = True

    def holds(self, words: frozenset[str]) -> bool:
        """Whether it has one of these words."""
        return any(not words.isdisjoint(clause.words) for clause in self.clauses)


def readings(lines: Sequence[Line], lexicon: Lexicon) -> Iterator[Reading]:
    """What the lines say, in order. A "wait" of its own takes back what was said, like one before the words."""
    waiting, before, told = False, "", 0
    overturning = lexicon.classes.get("overturning", frozenset())
    for line in lines:
        marked = any(is_marked(clause, lexicon) for clause in line.clauses)
        if line.reading is None:
            waiting = waiting or marked
        elif not (_is_incidental(line, lines, lexicon) or (not before and _comes_late(line, told, lexicon))):
            yield replace(line.reading, corrects=line.reading.corrects or waiting)
            waiting = marked and line.reading.label == before and line.holds(overturning)
            before = line.reading.label
        told += _content([word for clause in line.clauses for word in clause.words], lexicon)


def _comes_late(line: Line, told: int, lexicon: Lexicon) -> bool:
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
    before, after = _around(said[0], line, lexicon)
    if reading.strength is Strength.ACKNOWLEDGE:
        return bool(before) and told + before >= SMALL_TALK
    if after < FOLLOWED or (not before and reading.strength is Strength.EXPLICIT):
        return False  # the last words: "Juan Cruz, grade 4, section Rizal, cannot come"; or a text that begins with it
    return told + before >= STORY


def _is_an_answer(hit: Hit, line: Line, lexicon: Lexicon) -> bool:
    """Whether it is one however late: about the speaker, the conclusion of what was told, with a sorry, or formal."""
    speaker, concluding, sorry, formal = (
        lexicon.classes.get(name, frozenset()) for name in ("speaker", "concluding", "apologizing", "formal")
    )
    concludes = not (concluding | lexicon.groups[LexiconKind.CONTRAST]).isdisjoint(_words_before(hit))
    own = not speaker.isdisjoint(_sentence(hit, line))
    return own or concludes or hit.clause.contrast or line.holds(sorry | formal)


def _sentence(hit: Hit, line: Line) -> list[str]:
    """The words of its sentence, of all clauses of it."""
    here = [clause for clause in line.clauses if clause.sentence == hit.clause.sentence] or [hit.clause]
    return [word for clause in here for word in clause.words]


def _words_before(hit: Hit) -> list[str]:
    return " ".join(hit.clause.words).partition(hit.words)[0].split()


def _around(hit: Hit, line: Line, lexicon: Lexicon) -> tuple[int, int]:
    """How many words of the line that are no fillers stand before it, and how many behind."""
    here = len(_words_before(hit))
    ahead = [*hit.clause.words[:here]]
    behind = [*hit.clause.words[here + len(hit.words.split()) :]]
    at = next((n for n, clause in enumerate(line.clauses) if clause is hit.clause), None)
    if at is not None:  # else it was found in all clauses together
        ahead += [word for clause in line.clauses[:at] for word in clause.words]
        behind += [word for clause in line.clauses[at + 1 :] for word in clause.words]
    return _content(ahead, lexicon), _content(behind, lexicon)


def _content(words: Sequence[str], lexicon: Lexicon) -> int:
    return sum(word not in lexicon.transparent for word in words)


def _is_incidental(line: Line, lines: Sequence[Line], lexicon: Lexicon) -> bool:
    others = [other for other in lines if other is not line]
    return _cheers(line, others, lexicon) or _chats(line, others, lexicon)


def _cheers(line: Line, others: Sequence[Line], lexicon: Lexicon) -> bool:
    """Whether its "yes" greets good news: "yesss", "we won"."""
    reading, cheering = line.reading, lexicon.classes.get("cheering", frozenset())
    if (
        not reading
        or lexicon.meaning(reading.label) != Meaning.AGREE
        or reading.strength is not Strength.EXPLICIT
    ):
        return False
    return line.is_understood and any(other.holds(cheering) for other in others)


def _chats(line: Line, others: Sequence[Line], lexicon: Lexicon) -> bool:
    """Whether what might be a reason to refuse is told among other things: "tired", "12 hour shift", "bed"."""
    reading = line.reading
    if not reading or lexicon.meaning(reading.label) != Meaning.DISAGREE or reading.strength not in BARE:
        return False
    sorry = lexicon.classes.get("apologizing", frozenset())
    return not any(each.holds(sorry) for each in (line, *others)) and any(map(_tells, others))


def _tells(line: Line) -> bool:
    """Whether it says something that the rules know nothing of, and not just when."""
    words = [word for clause in line.clauses for word in clause.words]
    return (
        line.reading is None
        and not line.is_understood
        and any(len(word) > SHORT and word.isalpha() for word in words)
    )
