"""Example replies whose right label is known, by which rule sets are measured."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Example:
    """A text as people type it. `lang` is its language's code, `source` the file it stands in."""

    text: str
    label: str
    lang: str
    source: str


@cache
def golden() -> list[Example]:
    """All examples, file by file."""
    return [example for path in sorted(Path(__file__).parent.glob("*.csv")) for example in _read(path)]


def _read(path: Path) -> list[Example]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Example(row["text"], row["label"], row["lang"], path.stem) for row in csv.DictReader(file)]
