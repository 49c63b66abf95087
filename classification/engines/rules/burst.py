"""What the texts of a burst leave of each other, before one of them is the answer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from classification.engines.rules.document import Strength
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.line import Line
from classification.engines.rules.matching import QUESTION
from classification.engines.rules.scoring import BARE, Reading, is_marked
from classification.engines.rules.story import comes_late, content
from classification.labels import Meaning

PASSING = 3  # words about something else that an answer may have around it
SHORT = 2  # letters: "2 to 5" tells nothing


def readings(lines: Sequence[Line], lexicon: Lexicon) -> Iterator[Reading]:
    """What the lines say, in order. A "wait" of its own takes back what was said, like one before the words."""
    waiting, before, told = False, "", 0
    overturning = lexicon.classes.get("overturning", frozenset())
    for line in lines:
        marked = any(is_marked(clause, lexicon) for clause in line.clauses)
        if line.reading is None:
            waiting = waiting or marked
        elif not (_is_incidental(line, lines, lexicon) or (not before and comes_late(line, told, lexicon))):
            yield replace(line.reading, corrects=line.reading.corrects or waiting)
            waiting = marked and line.reading.label == before and line.holds(overturning)
            before = line.reading.label
        told += content(line.words, lexicon)


def _is_incidental(line: Line, lines: Sequence[Line], lexicon: Lexicon) -> bool:
    others = [other for other in lines if other is not line]
    return _cheers(line, others, lexicon) or (
        _is_mere_reason(line, lines, lexicon)
        and (any(map(_tells, others)) or any(map(_asks, lines)) or _tells_more(line, lexicon))
    )


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


def _is_mere_reason(line: Line, lines: Sequence[Line], lexicon: Lexicon) -> bool:
    """Whether what might be a reason to refuse is told without a sorry.

    Told among other things ("tired", "12 hour shift", "bed"), or with a question that it explains ("kids down with flu,
    what about the exams?"), it refuses nothing.
    """
    reading, sorry = line.reading, lexicon.classes.get("apologizing", frozenset())
    if not reading or lexicon.meaning(reading.label) != Meaning.DISAGREE or reading.strength not in BARE:
        return False
    return not any(each.holds(sorry) for each in lines)


def _asks(line: Line) -> bool:
    return any(hit.rule == QUESTION for hit in line.hits)


def _tells_more(line: Line, lexicon: Lexicon) -> bool:
    """Whether the reason is told in passing, among more that is no answer."""
    known = sum(content(hit.words.split(), lexicon) for hit in line.hits)
    return content(line.words, lexicon) - known > PASSING


def _tells(line: Line) -> bool:
    """Whether it says something that the rules know nothing of, and not just when."""
    telling = any(len(word) > SHORT and word.isalpha() for word in line.words)
    return line.reading is None and not line.is_understood and telling
