"""Texts that are written to steer the model rather than to answer. What gives them away is data: markers.toml.

A marker is no proof, and a text without one no warrant: what the model may do at worst is bounded elsewhere
(openai_answer.py, safety.py). Markers tell when its agreement is not to be believed by itself.
"""

import re
import tomllib
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from typing import Any

from classification.engines.untrusted import last_readable

MARKERS = Path(__file__).with_name("markers.toml")
MAX_WORDS = 120  # characters of a marker that are told


def preload() -> None:
    """Read and compile the markers, which takes a tenth of a second."""
    _markers()


@dataclass(frozen=True)
class Marker:
    """The number of the text in which it begins (0 is the first), and its words as they were written."""

    at: int
    words: str


def first_marked(texts: Sequence[str]) -> Marker | None:
    """The marker that begins first, None when there is none.

    It may be spread over several texts. Looked at is what a model would be given: the last texts.
    """
    cleaned = last_readable(texts)
    first = min([*_of_shape(cleaned), *_of_words(cleaned)], key=itemgetter(0), default=None)
    if first is None:
        return None
    at, words = first
    return Marker(at + len(texts) - len(cleaned), " ".join(words.split())[:MAX_WORDS])


def _of_shape(texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    shapes, _ = _markers()
    found = ((number, shapes.search(text)) for number, text in enumerate(texts))
    return ((number, shape.group()) for number, shape in found if shape)


def _of_words(texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    """In letters alone, so that neither spaces, marks and line ends nor look-alikes hide a phrase."""
    _, words = _markers()
    letters = [_letters(text) for text in texts]
    starts = list(accumulate(map(len, letters), initial=0))
    phrase = words.search("".join(letters))
    if phrase:
        yield bisect_right(starts, phrase.start()) - 1, _as_written(texts, *phrase.span())


def _as_written(texts: Sequence[str], start: int, end: int) -> str:
    """The part of the texts whose letters are numbers `start` to `end` of all of them."""
    whole = "\n".join(texts)
    letters_so_far = list(accumulate(len(_letters(char)) for char in whole))
    return whole[bisect_right(letters_so_far, start) : bisect_left(letters_so_far, end) + 1]


def _letters(text: str) -> str:
    """`text` with only its letters, without accents, in lower case, look-alikes written as what they look like."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_look_alikes()))
    return "".join(char for char in plain.translate(_look_alikes()) if char.isalpha())


@cache
def _look_alikes() -> dict[int, str]:
    return str.maketrans(_data()["look_alikes"])


@cache
def _markers() -> tuple[re.Pattern[str], re.Pattern[str]]:
    data = _data()
    shapes = re.compile("|".join(f"(?:{shape})" for shape in data["shapes"]), re.IGNORECASE | re.MULTILINE)
    words = re.compile("|".join(f"(?:{phrase.replace(' ', '')})" for phrase in data["phrases"]))
    return shapes, words


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(MARKERS.read_text(encoding="utf-8"))
