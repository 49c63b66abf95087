"""Texts whose meaning people have confirmed: two reviewers agree, and nobody says otherwise."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from time import perf_counter

from django.conf import settings
from django.db.models import Count, Max

from classification.asking import ask, milliseconds
from classification.decision import EngineAttempt, Turn
from classification.engines.base import Context, Matter, Verdict
from classification.engines.untrusted import visible
from classification.models import Correction

ENGINE = "memory"
# Longer conversations are hardly ever written twice.
MAX_CHARACTERS = 80
REVIEWERS = 2

# Marks that change nothing; a question mark does, and a smiley, too.
_MARKS = re.compile(r"[\s.,;!…]+")
_REPEATED = re.compile(r"\?+")


def text_key(texts: Sequence[str], question: str) -> str:
    """The same (SHA-256, in hexadecimal) for conversations that differ in case, spacing and marks alone.

    `texts` are the conversation's, in order; `question` is what was asked, empty where that is not known.
    """
    parts = [_squeezed(question), *_squeezed_all(texts)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def recall(texts: Sequence[str], context: Context) -> Turn | None:
    """What people have said that this conversation means, if it is short and they agree; the label is a live one.

    One query by an index, and none unless CLASSIFICATION_MEMORY is on.
    """
    if not settings.CLASSIFICATION_MEMORY or sum(map(len, _squeezed_all(texts))) > MAX_CHARACTERS:
        return None
    start = perf_counter()
    said = Correction.objects.filter(text_key=text_key(texts, context.question)).aggregate(
        labels=Count("corrected", distinct=True),
        reviewers=Count("reviewer", distinct=True),
        label=Max("corrected"),
    )
    label = said["label"]
    agreed = said["labels"] == 1 and said["reviewers"] >= REVIEWERS
    if not agreed or not context.live.document.category(label):
        return None
    matters = _matters(label, texts, context)
    verdict = Verdict(label, matters=matters, trace={"reviewers": said["reviewers"]})
    return Turn(EngineAttempt(ENGINE, latency_ms=milliseconds(start), label=label), verdict)


def _matters(label: str, texts: Sequence[str], context: Context) -> tuple[Matter, ...]:
    """Reviewers say what is to be answered and no more; what else there is the rules tell, if they read it so, too."""
    read = ask("rules", texts, context).verdict
    return read.matters if read and read.label == label else ()


def _squeezed_all(texts: Sequence[str]) -> list[str]:
    return [squeezed for text in texts if (squeezed := _squeezed(text))]


def _squeezed(text: str) -> str:
    folded = unicodedata.normalize("NFKC", visible(text, len(text))).casefold()
    return _MARKS.sub(" ", _REPEATED.sub("?", folded)).strip()
