"""Short replies with the label that they ought to get: what a new rule set is measured by before it is published.

The sentences are this project's own, in English (en.csv) and in the languages of the Philippines (ph.csv). Lines
within one text are texts that followed one another.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from classification.csv_rows import rows


@dataclass(frozen=True)
class Example:
    """One conversation. `label` is one of the shipped categories; `source` is the kind of talk it is taken from."""

    text: str
    label: str
    lang: str
    source: str


@cache
def golden() -> tuple[Example, ...]:
    """Every example that ships with the software."""
    return tuple(
        Example(**row)
        for path in sorted(Path(__file__).parent.glob("*.csv"))
        for _, row in rows(path, ("text", "label", "lang", "source"))
    )
