"""The rule set in force."""

from dataclasses import dataclass
from functools import cache

from classification.engines.rules.document import Document
from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped


@dataclass(frozen=True)
class Live:
    """A published rule set, compiled. `id` is its row's, None for the shipped one that is not in the database."""

    id: int | None
    number: int
    rules: Rules

    @property
    def document(self) -> Document:
        return self.rules.document


@cache
def live() -> Live:
    """The rule set in force."""
    return Live(None, 0, Rules(shipped()))
