"""One text of a conversation, read by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from classification.engines.rules.clauses import Clause
from classification.engines.rules.matching import Hit
from classification.engines.rules.scoring import Reading


@dataclass(frozen=True)
class Line:
    """One text of a conversation. `is_understood`: every word of it is known, even if it answers nothing."""

    clauses: Sequence[Clause]
    hits: Sequence[Hit]
    reading: Reading | None
    timed_out: Sequence[str] = ()
    is_understood: bool = True

    @property
    def words(self) -> list[str]:
        """Those of all its clauses."""
        return [word for clause in self.clauses for word in clause.words]

    def holds(self, words: frozenset[str]) -> bool:
        """Whether it has one of these words."""
        return not words.isdisjoint(self.words)
