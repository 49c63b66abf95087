"""Texts that are written to steer the model rather than to answer. What gives them away is data: markers.toml.

A marker is no proof, and a text without one no warrant: what the model may do at worst is bounded elsewhere
(openai_answer.py, safety.py). Markers tell when its agreement is not to be believed by itself.
"""

import re
import tomllib
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from classification.engines.untrusted import last_readable

MARKERS = Path(__file__).with_name("markers.toml")


def preload() -> None:
    """Read and compile the markers, which takes a tenth of a second."""
    _markers()


def first_marked(texts: Sequence[str]) -> int | None:
    """The index of the first text in which a marker begins, None when there is none.

    A marker may be spread over several texts. Looked at is what a model would be given: the last texts.
    """
    cleaned = last_readable(texts)
    begins = [*_of_shape(cleaned), *_of_words(cleaned)]
    return min(begins) + len(texts) - len(cleaned) if begins else None


def _of_shape(texts: Sequence[str]) -> Iterator[int]:
    shapes, _ = _markers()
    return (number for number, text in enumerate(texts) if shapes.search(text))


def _of_words(texts: Sequence[str]) -> Iterator[int]:
    """In letters alone, so that neither spaces, marks and line ends nor look-alikes hide a phrase."""
    _, words = _markers()
    letters = [_letters(text) for text in texts]
    starts = list(accumulate(map(len, letters), initial=0))
    return (bisect_right(starts, found.start()) - 1 for found in words.finditer("".join(letters)))


def _letters(text: str) -> str:
    """`text` with only its letters, without accents, in lower case, look-alikes written as what they look like."""
    table = str.maketrans(_data()["look_alikes"])
    plain = unicodedata.normalize("NFKD", text.casefold().translate(table))
    return "".join(char for char in plain.translate(table) if char.isalpha())


@cache
def _markers() -> tuple[re.Pattern[str], re.Pattern[str]]:
    data = _data()
    shapes = re.compile("|".join(f"(?:{shape})" for shape in data["shapes"]), re.IGNORECASE | re.MULTILINE)
    words = re.compile("|".join(f"(?:{phrase.replace(' ', '')})" for phrase in data["phrases"]))
    return shapes, words


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(MARKERS.read_text(encoding="utf-8"))
