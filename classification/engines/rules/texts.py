"""The texts of a conversation as they were meant: which of them go on with the one before, and slips put right."""

import re
from collections.abc import Iterator, Sequence

from classification.engines.rules.clauses import plain
from classification.engines.rules.document import LexiconKind
from classification.engines.rules.lexicon import Lexicon
from classification.engines.rules.spelling import is_slip

# "*account", "court*": the word that was meant.
_PUT_RIGHT = re.compile(r"\s*(?:\*\s?([\w']+)|([\w']+)\s?\*)\s*")
_WORD = re.compile(r"[\w']+")
# A condition of more words has its own consequence in it.
LONGEST_CONDITION = 6


def said(conversation: str, lexicon: Lexicon) -> list[str]:
    """The texts, one for each thing said."""
    texts = conversation.split("\n")
    return list(_joined(texts, lexicon)) if len(texts) > 1 else texts


def _joined(texts: Sequence[str], lexicon: Lexicon) -> Iterator[str]:
    before, words = texts[0], lexicon.spelled(plain(texts[0]))
    for text in texts[1:]:
        following = lexicon.spelled(plain(text))
        if mended := _mended(before, text):
            before, words = mended, lexicon.spelled(plain(mended))
        elif _goes_on(following, lexicon) or _is_open(before, words, lexicon):
            before, words = f"{before} {text}", words + following
        else:
            yield before
            before, words = text, following
    yield before


def _mended(before: str, text: str) -> str:
    """The text before with the word that this one puts right; empty where it puts none right."""
    fix = _PUT_RIGHT.fullmatch(text)
    if not fix:
        return ""
    meant = (fix[1] or fix[2]).lower()
    slips = [
        word
        for word in _WORD.finditer(before)
        if word[0].lower() != meant and is_slip(word[0].lower(), meant)
    ]
    return f"{before[: slips[-1].start()]}{meant}{before[slips[-1].end() :]}" if slips else ""


def _goes_on(words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a text that begins with "but", or is nothing but "please" or "and you", goes on with the one before."""
    if words and words[0] in lexicon.groups[LexiconKind.CONTRAST]:
        return True
    attaching = lexicon.classes.get("attaching", frozenset())
    return not attaching.isdisjoint(words) and (attaching | lexicon.groups[LexiconKind.FILLER]).issuperset(
        words
    )


def _is_open(text: str, words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether it is an "if ..." alone: what it is the condition of comes in the next text."""
    if not words or len(words) > LONGEST_CONDITION or any(mark in text for mark in ",?!."):
        return False
    return words[0] in lexicon.groups[LexiconKind.CONDITIONAL]
