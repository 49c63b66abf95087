"""What is wrong with a word of the lexicon, told before it is saved: it would never be found, or never be asked for."""

import re
from collections.abc import Iterable, Iterator, Mapping

from classification.engines.rules.document import LexiconKind, Word
from classification.engines.rules.lexicon import WORD
from classification.engines.rules.packs import shipped

# Looked for at the beginning of a clause, among so many words (Lexicon.begins).
BEGINNINGS = frozenset({LexiconKind.OPENER, LexiconKind.REASON, LexiconKind.QUESTION})
MAX_WORDS = 3
# Of any length: short forms are written out, and a statement may be a whole clause.
FREE = frozenset({LexiconKind.CONTRACTION, LexiconKind.STATEMENT})
_CLASS = re.compile(r"@([^\s|()]+)")


def problems(word: Word, variants: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Field and sentence for whatever keeps it from being found. `variants` are the other spellings of the draft."""
    most = MAX_WORDS if word.kind in BEGINNINGS else 1
    if word.kind not in FREE and _length(word.term) > most:
        allowed = f"{most} words at most" if most > 1 else "single words"
        yield "term", f"Words of this kind are looked for as {allowed}: “{word.term}” would never be found."
    if word.kind == LexiconKind.VARIANT:
        yield from _misspelt(word, variants)


def _misspelt(word: Word, variants: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A spelling is replaced once, by one word."""
    if _length(word.becomes) > 1:
        told = f"A spelling stands for one word; for several choose “{LexiconKind.CONTRACTION.label}”."
        yield "becomes", told
    if word.becomes in variants:
        final = _final(word.becomes, variants)
        yield "becomes", f"“{word.becomes}” is itself a spelling of another word: write “{final}”."
    if spelt := sorted(term for term, becomes in variants.items() if becomes == word.term):
        yield "term", f"“{spelt[0]}” is a spelling of it: let that one become “{word.becomes}” first."


def unnamed(classes: str, patterns: Iterable[str]) -> list[str]:
    """Those of a word's classes that do nothing: no pattern names them, nor did they come with the software."""
    named = {name for text in patterns for name in _CLASS.findall(text.lower())}
    ours = {
        name for word in shipped().lexicon if word.kind == LexiconKind.CLASS for name in word.becomes.split()
    }
    return [name for name in classes.split() if name not in named | ours]


def _length(text: str) -> int:
    """How many words the rules make of it; a hyphen parts two."""
    return len(WORD.findall(text))


def _final(word: str, variants: Mapping[str, str]) -> str:
    """The last spelling of a chain; in one that goes round it stops where it began."""
    passed: set[str] = set()
    while word in variants and word not in passed:
        passed.add(word)
        word = variants[word]
    return word
