"""From a text as it was typed to clauses of plain words."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from classification.engines.rules.document import LexiconKind
from classification.engines.rules.lexicon import Lexicon

# A clause without end is no clause: words further apart than this have nothing to do with each other.
MAX_WORDS = 60
_QUOTES = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u00b4": "'"}
    | {"。": ".", "、": ",", "，": ",", "？": "?", "！": "!"}
)
# What only changes the look of the sign before it: variation selectors, skin tones.
_LOOKS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_ENDS = ".!?;,:\n…()"
_PIECE = re.compile(
    rf"(?:[^{_ENDS}—–-]|(?<=\d)[.,:](?=\d)|(?<!\s)-|-(?!\s))+(?:[{_ENDS}—–]|-(?=\s))*|[{_ENDS}—–-]+"
)
_SENTENCE_END = re.compile(r"[.!?;\n…]")
# "don ' t", "let 's", "do n't": short forms as corpora and dictation split them.
_SPLIT_SHORT = re.compile(r"(?<=\w) ' (?=\w)|(?<=\w) '(?=(?:s|t|m|d|re|ll|ve)\b)")
_SPLIT_NOT = re.compile(r"(?<=\w) n't\b")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_NUMBER_STOP = re.compile(r"(?<=\d)[.,](?=\d)")
# "file no. 12", "loan no. HL/2231".
_NUMBER_OF = re.compile(r"(?<=\w )no\. ?(?=[a-z/#-]{0,6}\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Clause:
    """A piece of a text that can say something on its own.

    `text` is how it was typed. `asks`: it is a question; `contrast`: it follows a "but" of its sentence; `aside`: it
    belongs to another matter ("also ..."); `sentence` counts the sentences of the text.
    """

    words: tuple[str, ...]
    text: str = ""
    asks: bool = False
    contrast: bool = False
    aside: bool = False
    sentence: int = 0

    def __str__(self) -> str:
        return " ".join(self.words)


def clauses(text: str, lexicon: Lexicon) -> list[Clause]:
    """The clauses of one text, in order."""
    found: list[Clause] = []
    sentence, aside, contrast = 0, False, False
    for piece in _PIECE.findall(_NUMBER_OF.sub("number ", text.translate(_QUOTES))):
        parts = [part for part in _parts(piece, lexicon) if part.words]
        for part in parts:
            aside = aside or bool(lexicon.begins(part.words, LexiconKind.OPENER))
            contrast = contrast or part.contrast
            found.append(replace(part, aside=aside, contrast=contrast, sentence=sentence))
        if _SENTENCE_END.search(piece) and found:
            sentence, aside, contrast = sentence + 1, False, False
    return found


def plain(text: str) -> str:
    """The tidy text with letters drawn out cut to two, and numbers without stops."""
    return _NUMBER_STOP.sub("", _REPEATED.sub(r"\1\1", tidy(text)))


def tidy(text: str) -> str:
    """The text in plain characters and lower case."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).lower()
    return _SPLIT_NOT.sub("n't", _SPLIT_SHORT.sub("'", _LOOKS.sub("", text)))


def _parts(piece: str, lexicon: Lexicon) -> Iterator[Clause]:
    noise = lexicon.groups[LexiconKind.NOISE]
    words = tuple(word for word in lexicon.spelled(plain(piece)) if word not in noise)
    parts = list(_split_at_contrast(words, lexicon))
    for number, (part, contrast) in enumerate(parts):
        asks = "?" in piece and number == len(parts) - 1
        asked = asks or _is_question(part, lexicon)
        concluded = not asked and _concludes(part, lexicon)
        yield Clause(part, piece.strip(), asked, contrast or concluded)


def _concludes(words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether it begins with what all before was told for: "so yes ...", "so I am out"."""
    concluding, speaker, answers = (
        lexicon.classes.get(name, frozenset()) for name in ("concluding", "speaker", "plain")
    )
    return len(words) > 1 and words[0] in concluding and words[1] in speaker | answers


def _split_at_contrast(words: tuple[str, ...], lexicon: Lexicon) -> Iterator[tuple[tuple[str, ...], bool]]:
    start, contrast = 0, False
    for at, word in enumerate(words):
        if word in lexicon.groups[LexiconKind.CONTRAST]:
            yield words[start:at], contrast
            start, contrast = at + 1, True
        elif at - start == MAX_WORDS:
            yield words[start:at], contrast
            start = at
    yield words[start:], contrast


def _is_question(words: tuple[str, ...], lexicon: Lexicon) -> bool:
    """Without a question mark: a question word or "can you" at its head, or a particle anywhere.

    Of what begins a question and what begins a statement the longer counts: "isn't it" asks, "isn't ready" does not.
    """
    start = next((at for at, word in enumerate(words) if word not in lexicon.idle), len(words))
    head = words[start : start + 3]
    statement, question = (
        lexicon.begins(head, kind) for kind in (LexiconKind.STATEMENT, LexiconKind.QUESTION)
    )
    said_whole = " ".join(words) in lexicon.groups[LexiconKind.STATEMENT]  # "so do I"
    if not head or said_whole or statement >= max(question, 1):
        return False
    if question or not lexicon.groups[LexiconKind.PARTICLE].isdisjoint(words):
        return True
    return head[0] in lexicon.groups[LexiconKind.AUXILIARY] and not lexicon.groups[
        LexiconKind.PRONOUN
    ].isdisjoint(head[1:2])
