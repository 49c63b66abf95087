"""The lexicon's spelling of a word as people type it."""

import re
from collections.abc import Iterable, Iterator, Mapping

_DOUBLED = re.compile(r"(\w)\1+")
_VOWELS = re.compile(r"[aeiou]")
_TWICE = re.compile(r"^([^\W\d_]{2,})2$")
_TWO_LETTERS = re.compile(r"[a-z].*[a-z]")
# Shorter words are one slip away from too many others.
SHORTEST_WITH_SLIP = 7
SHORTEST_SKELETON = 3
# Whatever people type: the answers that are kept to save time must not fill the memory.
MAX_REMEMBERED = 20_000


class Spelling:
    """Finds the word that was meant. A word of the vocabulary always stands for itself or its variant."""

    def __init__(
        self, vocabulary: frozenset[str], variants: Mapping[str, str], sounds: Mapping[str, str]
    ) -> None:
        self._vocabulary = vocabulary
        self._variants = variants
        self._sounds = sounds
        self._skeletons = _by_skeleton(vocabulary)
        self._slips = _by_slip(vocabulary - variants.keys())
        self._remembered: dict[str, str] = {}

    def __call__(self, word: str) -> str:
        """`word` in the lexicon's spelling; itself when it is not known."""
        found = self._remembered.get(word)
        if found is None:
            found = next(self._meant(word), word)
            found = self._variants.get(found, found)
            if len(self._remembered) < MAX_REMEMBERED:
                self._remembered[word] = found
        return found

    def _meant(self, word: str) -> Iterator[str]:
        """As typed, drawn out ("yesss"), as it sounds, said twice ("cge2"), without vowels, or with one slip."""
        yield from self._known(
            [word, _DOUBLED.sub(r"\1", word), *self._sounding(word), *_TWICE.findall(word)]
        )
        if word.isalpha():
            yield from self._full(word)
            yield from self._slipped(word)

    def _known(self, spellings: Iterable[str]) -> Iterator[str]:
        return (spelling for spelling in spellings if spelling in self._vocabulary)

    def _sounding(self, word: str) -> Iterator[str]:
        """Each way of respelling alone, then all at once: "aqoh" is "ako". Numbers stay numbers."""
        if not _TWO_LETTERS.search(word):
            return
        together = word
        for letters, meant in self._sounds.items():
            if letters in word and len(word) > len(letters):
                together = together.replace(letters, meant)
                yield word.replace(letters, meant)
        if together != word:
            yield together
            yield _DOUBLED.sub(r"\1", together)

    def _full(self, word: str) -> Iterator[str]:
        """The one word that this is without some of its vowels: "ppnta" is "pupunta"."""
        found = [full for full in self._skeletons.get(_skeleton(word), ()) if _is_within(word, full)]
        if len({self._variants.get(full, full) for full in found}) == 1:
            yield found[0]

    def _slipped(self, word: str) -> Iterator[str]:
        """Words one letter away, with the same first letter."""
        if len(word) >= SHORTEST_WITH_SLIP:
            meant = (self._slips.get(form, "") for form in sorted(_shortened(word)))
            yield from (full for full in meant if full[:1] == word[0] and is_slip(word, full))


def _skeleton(word: str) -> str:
    return word[0] + _VOWELS.sub("", word[1:])


def _is_within(short: str, full: str) -> bool:
    """Whether `short` is `full` with at least half of its inner vowels left out."""
    letters = iter(full)
    missing = len(full) - len(short)
    return missing * 2 >= len(full) - len(_skeleton(full)) and all(letter in letters for letter in short)


def _by_skeleton(vocabulary: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in sorted(vocabulary):
        skeleton = _skeleton(word)
        if word.isascii() and SHORTEST_SKELETON <= len(skeleton) < len(word):
            found.setdefault(skeleton, []).append(word)
    return found


def _by_slip(vocabulary: Iterable[str]) -> dict[str, str]:
    """Long words by every form with one letter left out: words that share one are at most one slip apart."""
    long_words = (word for word in sorted(vocabulary) if len(word) >= SHORTEST_WITH_SLIP and word.isalpha())
    return {form: word for word in long_words for form in _shortened(word)}


def is_slip(typed: str, full: str) -> bool:
    """Whether one letter is missing, too much or wrong, or two neighbours changed places."""
    start = _shared(typed, full)
    end = _shared(typed[start:][::-1], full[start:][::-1])
    ours, theirs = typed[start : len(typed) - end], full[start : len(full) - end]
    return max(len(ours), len(theirs)) <= 1 or (len(ours) == 2 and ours == theirs[::-1])


def _shared(one: str, other: str) -> int:
    """How many first letters are the same."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _shortened(word: str) -> set[str]:
    return {word} | {word[:i] + word[i + 1 :] for i in range(len(word))}
