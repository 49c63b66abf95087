"""Texts whose meaning people have confirmed: two reviewers agree, and nobody says otherwise."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence

from classification.engines.untrusted import visible

# Marks that change nothing; a question mark does, and a smiley, too.
_MARKS = re.compile(r"[\s.,;!…]+")
_REPEATED = re.compile(r"\?+")


def text_key(texts: Sequence[str], question: str) -> str:
    """The same (SHA-256, in hexadecimal) for conversations that differ in case, spacing and marks alone.

    `texts` are the conversation's, in order; `question` is what was asked, empty where that is not known.
    """
    parts = [_squeezed(question), *_squeezed_all(texts)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _squeezed_all(texts: Sequence[str]) -> list[str]:
    return [squeezed for text in texts if (squeezed := _squeezed(text))]


def _squeezed(text: str) -> str:
    folded = unicodedata.normalize("NFKC", visible(text, len(text))).casefold()
    return _MARKS.sub(" ", _REPEATED.sub("?", folded)).strip()
