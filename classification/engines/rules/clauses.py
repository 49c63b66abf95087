"""From a text as it was typed to clauses of plain words."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from classification.engines.rules.document import LexiconKind
from classification.engines.rules.lexicon import Lexicon, shortened

# A clause without end is no clause: words further apart than this have nothing to do with each other.
MAX_WORDS = 60
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u00b4": "'"})
# What only changes the look of the sign before it: variation selectors, skin tones.
_LOOKS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_SENTENCE = re.compile(r"[^.!?;,\n…()]+[.!?;,\n…()]*")
_SPACED_QUOTE = re.compile(r"(?<=\w) ' (?=\w)")
_REPEATED = re.compile(r"(\w)\1{2,}")
_DOUBLED = re.compile(r"(\w)\1+")
_NUMBER_STOP = re.compile(r"(?<=\d)[.,](?=\d)")


@dataclass(frozen=True)
class Clause:
    """A piece of a text that can say yes or no on its own. `contrast`: it began with "but" or the like."""

    words: tuple[str, ...]
    asks: bool = False
    contrast: bool = False

    def __str__(self) -> str:
        return " ".join(self.words)


def clauses(text: str, lexicon: Lexicon) -> list[Clause]:
    """The clauses of one text, in order."""
    found: list[Clause] = []
    for piece in _SENTENCE.findall(_plain(text)):
        words = tuple(_words(piece, lexicon))
        parts = list(_split_at_contrast(words, lexicon))
        for number, (part, contrast) in enumerate(parts):
            asks = "?" in piece and number == len(parts) - 1
            found.append(Clause(part, asks or _is_question(part, lexicon), contrast))
    return [clause for clause in found if clause.words]


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).lower()
    text = _SPACED_QUOTE.sub("'", _LOOKS.sub("", text))
    return _NUMBER_STOP.sub("", _REPEATED.sub(r"\1\1", text))


def _words(piece: str, lexicon: Lexicon) -> Iterator[str]:
    for token in lexicon.signs.findall(piece):
        for word in _expanded(token, lexicon).split():
            known = _known(word, lexicon)
            if known not in lexicon.group(LexiconKind.NOISE):
                yield known


def _expanded(token: str, lexicon: Lexicon) -> str:
    """A short form as its words: "can't" is "can not"."""
    if token in lexicon.contractions:
        return lexicon.contractions[token]
    for ending, word in lexicon.endings.items():
        if token.endswith(ending):
            return token.removesuffix(ending) + word
    return token.replace("'", "")


def _known(word: str, lexicon: Lexicon) -> str:
    """The word in the lexicon's spelling: a variant, with letters drawn out ("yesss"), or one typing error away."""
    for spelling in (word, _DOUBLED.sub(r"\1", word)):
        if spelling in lexicon.vocabulary:
            return lexicon.variants.get(spelling, spelling)
    if len(word) >= 6:
        return next(
            (lexicon.long_words[form] for form in sorted(shortened(word)) if form in lexicon.long_words), word
        )
    return word


def _split_at_contrast(words: tuple[str, ...], lexicon: Lexicon) -> Iterator[tuple[tuple[str, ...], bool]]:
    start, contrast = 0, False
    for at, word in enumerate(words):
        if word in lexicon.group(LexiconKind.CONTRAST):
            yield words[start:at], contrast
            start, contrast = at + 1, True
        elif at - start == MAX_WORDS:
            yield words[start:at], contrast
            start = at
    yield words[start:], contrast


def _is_question(words: tuple[str, ...], lexicon: Lexicon) -> bool:
    """Without a question mark: a question word or "can you" at its head, or a particle anywhere."""
    if lexicon.group(LexiconKind.PARTICLE).intersection(words):
        return True
    head = [word for word in words if word not in lexicon.group(LexiconKind.FILLER)][:2]
    if not head:
        return False
    return head[0] in lexicon.group(LexiconKind.QUESTION) or (
        head[0] in lexicon.group(LexiconKind.AUXILIARY)
        and len(head) > 1
        and head[1] in lexicon.group(LexiconKind.PRONOUN)
    )
