"""What the texts of a burst leave of each other, before one of them is the answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

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
    beside = Beside.of(lines, lexicon)
    for line in lines:
        marked = any(is_marked(clause, lexicon) for clause in line.clauses)
        if line.reading is None:
            waiting = waiting or marked
        elif not (beside.is_incidental(line, lexicon) or (not before and comes_late(line, told, lexicon))):
            yield replace(line.reading, corrects=line.reading.corrects or waiting)
            waiting = marked and line.reading.label == before and line.holds(overturning)
            before = line.reading.label
        told += content(line.words, lexicon)


@dataclass(frozen=True)
class Beside:
    """What a whole conversation holds, looked at once: how many lines cheer and tell, whether one asks or is sorry."""

    cheering: int
    telling: int
    asks: bool
    sorry: bool

    @classmethod
    def of(cls, lines: Sequence[Line], lexicon: Lexicon) -> Self:
        cheering, sorry = (lexicon.classes.get(name, frozenset()) for name in ("cheering", "apologizing"))
        return cls(
            cheering=sum(line.holds(cheering) for line in lines),
            telling=sum(map(_tells, lines)),
            asks=any(map(_asks, lines)),
            sorry=any(line.holds(sorry) for line in lines),
        )

    def is_incidental(self, line: Line, lexicon: Lexicon) -> bool:
        """Whether what it says is no answer beside the others."""
        if self._cheers(line, lexicon):
            return True
        told = self.telling > _tells(line) or self.asks or _tells_more(line, lexicon)
        return told and not self.sorry and _is_mere_reason(line, lexicon)

    def _cheers(self, line: Line, lexicon: Lexicon) -> bool:
        """Whether its "yes" greets good news of another line: "yesss", "we won"."""
        reading, cheering = line.reading, lexicon.classes.get("cheering", frozenset())
        if not reading or lexicon.meaning(reading.label) != Meaning.AGREE:
            return False
        firm = reading.strength is Strength.EXPLICIT and line.is_understood
        return firm and self.cheering > line.holds(cheering)


def _is_mere_reason(line: Line, lexicon: Lexicon) -> bool:
    """Whether it is what might be a reason to refuse, and no more.

    Told without a sorry among other things ("tired", "12 hour shift", "bed"), or with a question that it explains
    ("kids down with flu, what about the exams?"), it refuses nothing.
    """
    reading = line.reading
    return (
        reading is not None
        and lexicon.meaning(reading.label) == Meaning.DISAGREE
        and reading.strength in BARE
    )


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
